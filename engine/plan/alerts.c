/* Every alert of the list is looked for in every operator that ran to its end. The checks stand in alerts_scan.c,
 * alerts_pruning.c and alerts_move.c. */
#include "plan/alerts.h"

#include "plan/explain.h"

static const char *const events[] = {
#define ALERT(name, event) [ALERT_##name] = event,
#include "plan/alerts.def"
#undef ALERT
};

typedef Status AlertCheck(AlertFinder *finder, const PhysicalNode *node);
static AlertCheck *const checks[] = {
#define ALERT(name, event) [ALERT_##name] = alert_##name,
#include "plan/alerts.def"
#undef ALERT
};

Status alert_raise(AlertFinder *f, const PhysicalNode *node, const char *details, const char *solution) {
    const char *event = details == NULL || solution == NULL ? NULL : ALERT_TEXT(f, "%s: %s", events[f->kind], details);
    if (event == NULL) {
        return OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        if (strcmp(f->alerts[i].event, event) == 0) {
            return OK;
        }
    }
    TRY_APPEND(f->cx, f->arena, f->alerts, f->capacity, f->count,
               (Alert){.kind = f->kind, .node = node, .event = event, .solution = solution});
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------------- walk */

typedef Status NodeVisit(AlertFinder *finder, const PhysicalNode *node);

static Status walk(AlertFinder *f, const PhysicalNode *node, bool is_cut, NodeVisit *visit) {
    TRY(is_cut ? OK : visit(f, node));
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(walk(f, node->children[i], explain_cuts_child(node, i, is_cut), visit));
    }
    return OK;
}

static Status walk_plan(AlertFinder *f, NodeVisit *visit) {
    TRY(walk(f, f->plan->root, false, visit));
    for (uint32_t i = 0; i < f->plan->shared_count; i++) {
        TRY(walk(f, f->plan->shared[i], false, visit));
    }
    return OK;
}

static Status note_table(AlertFinder *f, const PhysicalNode *node) {
    if (node->kind == PHYSICAL_SCAN && node->scan.table->rows > f->largest_rows) {
        f->largest_rows = node->scan.table->rows;
        f->largest = node->scan.table->schema->name;
    }
    return OK;
}

Status alerts_find(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile, const Alert **alerts,
                   uint32_t *count) {
    AlertFinder finder = {.cx = cx, .arena = arena, .plan = plan, .profile = profile, .largest = ""};
    TRY(walk_plan(&finder, note_table));
    for (int kind = 0; kind < ALERT_COUNT; kind++) {
        finder.kind = (AlertKind)kind;
        TRY(walk_plan(&finder, checks[kind]));
    }
    *alerts = finder.alerts;
    *count = finder.count;
    return OK;
}
