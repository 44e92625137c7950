/* Alerts: what a finished query says of its tables' design, each with its cure. Found in the plan and in what was counted;
 * thresholds are the settings alert_*. */
#ifndef DEPOT_PLAN_ALERTS_H
#define DEPOT_PLAN_ALERTS_H

#include "plan/physical.h"

typedef enum AlertKind {
#define ALERT(name, event) ALERT_##name,
#include "plan/alerts.def"
#undef ALERT
    ALERT_COUNT
} AlertKind;

typedef struct Alert {
    AlertKind kind;
    const PhysicalNode *node;
    const char *event;    /* "Very selective query filter: ratio=…" */
    const char *solution; /* what cures it, as a statement where there is one */
} Alert;

/* In the order of alerts.def, then of the plan; in the arena. Operators that a LIMIT stopped early are left out. */
Status alerts_find(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile, const Alert **alerts,
                   uint32_t *count);

/* --------------------------------------------------------------------------------------------- for the checks themselves */

typedef struct AlertFinder {
    const Context *cx;
    Arena *arena;
    const PhysicalPlan *plan;
    const PlanProfile *profile;
    uint64_t largest_rows; /* of the tables that the plan reads … */
    const char *largest;   /* … and its name */
    AlertKind kind;        /* that is being looked for */
    Alert *alerts;
    uint32_t count, capacity;
} AlertFinder;

/* `details` follow the event's words and a colon; the same event is told once. */
Status alert_raise(AlertFinder *finder, const PhysicalNode *node, const char *details, const char *solution);
/* A text in the arena; NULL without memory, which alert_raise passes on. */
#define ALERT_TEXT(finder, ...) arena_format((finder)->cx, (finder)->arena, __VA_ARGS__)
static inline const OperatorProfile *alert_profile(const AlertFinder *finder, const PhysicalNode *node, uint32_t place) {
    return operator_profile(finder->profile, node->id, place);
}
/* The operator's counters over all nodes. */
static inline OperatorProfile alert_sum(const AlertFinder *finder, const PhysicalNode *node) {
    return operator_profile_sum(finder->profile, node->id);
}

/* Does the scan leave out blocks or rows by the leading sort-key column? */
bool scan_filters_sort_key(const ScanSpec *scan);

#define ALERT(name, event) Status alert_##name(AlertFinder *finder, const PhysicalNode *node);
#include "plan/alerts.def"
#undef ALERT

#endif
