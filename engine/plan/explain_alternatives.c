/* EXPLAIN (ALTERNATIVES): below each join, the ways in which its sides could have met, what the optimizer thinks each costs and
 * moves, and why it was not taken. The prices are the optimizer's own (join_cost.h), not those of the plan's lines. */
#include "plan/explain.h"

#include "plan/join_cost.h"

#include "core/settings.h"

/* "DS_DIST_BOTH salted" */
static Status name_of(Explainer *e, const JoinAlternative *way, const char **name) {
    *name = way->way.is_salted ? arena_format(e->cx, e->arena, "%s salted", way->label) : way->label;
    return *name == NULL ? OUT_OF_MEMORY : OK;
}

/* What became of a way that would have been right. */
static Status fate_of(Explainer *e, const JoinAlternatives *all, const JoinAlternative *way, const char **fate) {
    double taken = all->taken->nanoseconds;
    bool is_cheaper = way->nanoseconds < taken;
    *fate = "taken";
    if (way->is_taken) {
        bool is_asked = move_of_setting(e->cx->settings) == way->way.move;
        *fate = is_asked ? "taken, as join_move asks" : "taken";
    } else if (is_cheaper) {
        *fate = "cheaper here, but asked for or planned otherwise";
    } else {
        *fate = arena_format(e->cx, e->arena, "%.2f times the cost", taken > 0 ? way->nanoseconds / taken : 1);
    }
    return *fate == NULL ? OUT_OF_MEMORY : OK;
}

static Status json_alternative(Explainer *e, const JoinAlternative *way, const char *name, const char *fate) {
    TRY(json_open(e->json, NULL, '{'));
    TRY(json_text(e->json, "Distribution", name));
    TRY(json_boolean(e->json, "Possible", way->why_not == NULL));
    TRY(json_boolean(e->json, "Taken", way->is_taken));
    if (way->why_not == NULL) {
        TRY(json_real(e->json, "Inside Cost", way->nanoseconds / 1e6, 3));
        TRY(json_real(e->json, "Bytes Moved", way->bytes, 0));
    }
    TRY(json_text(e->json, "Verdict", fate));
    return json_close(e->json, '}');
}

static Status line_alternative(Explainer *e, uint32_t indent, const JoinAlternative *way, const char *name, const char *fate) {
    if (way->why_not != NULL) {
        return explain_line(e, indent, "%-24s not possible: %s", name, fate);
    }
    return explain_line(e, indent, "%-24s %.3f ms, %.0f bytes moved: %s", name, way->nanoseconds / 1e6, way->bytes, fate);
}

Status explain_alternatives(Explainer *e, const JoinSpec *join, uint32_t indent) {
    const JoinAlternatives *all = &join->weighed;
    if (!e->options->alternatives) {
        return OK;
    }
    bool is_one_node = e->plan->topology.nodes == 1;
    TRY(e->json != NULL ? json_open(e->json, "Alternatives", '[')
        : is_one_node   ? explain_line(e, indent, "Alternatives, as on %d nodes:", NODES_LABELLED)
                        : explain_line(e, indent, "Alternatives:"));
    for (uint32_t i = 0; i < all->count; i++) {
        const char *name, *fate = all->items[i].why_not;
        TRY(name_of(e, &all->items[i], &name));
        if (fate == NULL) {
            TRY(fate_of(e, all, &all->items[i], &fate));
        }
        TRY((e->json != NULL) ? json_alternative(e, &all->items[i], name, fate)
                              : line_alternative(e, indent + 2, &all->items[i], name, fate));
    }
    return e->json != NULL ? json_close(e->json, ']') : OK;
}
