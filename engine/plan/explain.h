/* Inside EXPLAIN: the lines being written (explain.c) and what ANALYZE adds to them (explain_profile.c). */
#ifndef DEPOT_PLAN_EXPLAIN_H
#define DEPOT_PLAN_EXPLAIN_H

#include "plan/physical.h"

typedef struct Explainer {
    const Context *cx;
    Arena *arena;
    const PhysicalPlan *plan;
    const PlanProfile *profile; /* NULL: estimates only */
    const ExplainOptions *options;
    const char **lines;
    uint32_t count, capacity;
    const PhysicalNode **publishers; /* by filter id */
    uint32_t dearest[3];             /* operator ids by exclusive time, UINT32_MAX: none */
} Explainer;

/* One line with `indent` spaces before it. */
Status explain_line(Explainer *e, uint32_t indent, const char *format, ...) FORMAT_LIKE_PRINTF(3, 4);
/* Appends to *text, which may be NULL; `separator` stands between. */
Status explain_append(Explainer *e, const char **text, const char *separator, const char *format, ...) FORMAT_LIKE_PRINTF(4, 5);
/* "lo_revenue" of "lineorder.lo_revenue"; "?" if there is no name. */
const char *explain_short_name(const char *name);

/* " (actual rows=…)", "" without a profile. `is_cut`: a LIMIT above stops this operator early, at a point that varies. */
Status explain_actual(Explainer *e, const PhysicalNode *node, bool is_cut, const char **text);
/* Partitions that the scan read, or by plan has to: join filters prune more while running. */
uint32_t explain_partitions_read(const Explainer *e, const PhysicalNode *scan);
/* The counted details under an operator's line. */
Status explain_counters(Explainer *e, const PhysicalNode *node, uint32_t indent, bool is_cut);
/* Planning Time … Modelled. */
Status explain_totals(Explainer *e);
void explain_find_dearest(Explainer *e);

#endif
