/* EXPLAIN in Redshift's shape (design: TEACHING.md): one line per operator with estimates, details below it, children behind
 * "->". A join's build side stands under a Hash line, a gather that keeps order under a Merge line. Projects that only pass
 * columns on are not shown. Shared subplans follow below the tree that reads them. FORMAT JSON walks the same tree and writes
 * PostgreSQL's keys instead (explain_json.c). */
#include "plan/explain.h"

#include "core/settings.h"
#include "plan/alerts.h"

#define INDENT_CHILD 6  /* of a child's text, behind "  ->  ", against its parent's */
#define INDENT_DETAIL 2 /* of details against their operator's text */

const char *explain_short_name(const char *name) {
    const char *dot = name == NULL || strchr(name, '(') != NULL ? NULL : strrchr(name, '.');
    return name == NULL ? "?" : dot == NULL ? name : dot + 1;
}

/* -------------------------------------------------------------------------------------------------------------------- headings
 */

static const char *operator_label(const PhysicalNode *node) {
    static const char *const labels[] = {
#define OPERATOR(tag, label) [PHYSICAL_##tag] = label,
#include "plan/operators.def"
#undef OPERATOR
    };
    if (node->kind == PHYSICAL_AGGREGATE && node->aggregate.group_count == 0) {
        return "Aggregate";
    }
    return node->kind == PHYSICAL_AGGREGATE && node->aggregate.is_sorted ? "GroupAggregate" : labels[node->kind];
}

static const char *join_word(JoinKind kind) {
    switch (kind) {
    case JOIN_INNER: return "";
    case JOIN_LEFT: return " Left";
    case JOIN_RIGHT: return " Right";
    case JOIN_FULL: return " Full";
    case JOIN_SEMI: return " IN";
    case JOIN_ANTI: return " Anti";
    case JOIN_ANTI_NULL: return " NOT IN";
    case JOIN_MARK: return " Mark";
    case JOIN_EXISTS: return " Exists";
    case JOIN_SINGLE: return " Single";
    case JOIN_RIGHT_SEMI: return " Right IN";
    case JOIN_RIGHT_ANTI: return " Right Anti";
    }
    return "";
}

/* "Seq Scan on lineorder", "Hash Left Join DS_BCAST_INNER". */
static Status heading(Explainer *e, const PhysicalNode *node, const char **text) {
    const char *label = operator_label(node);
    *text = label;
    switch (node->kind) {
    case PHYSICAL_SCAN: {
        const char *name = node->scan.table->schema->name, *alias = node->scan.alias;
        bool is_same = alias == NULL || strcmp(alias, name) == 0;
        *text = arena_format(e->cx, e->arena, "%s on %s%s%s", label, name, is_same ? "" : " ", is_same ? "" : alias);
        break;
    }
    case PHYSICAL_HASH_JOIN:
        *text = arena_format(e->cx, e->arena, "Hash%s Join %s", join_word(node->join.kind), node->join.dist_label);
        break;
    case PHYSICAL_MERGE_JOIN:
        *text = arena_format(e->cx, e->arena, "Merge%s Join %s", join_word(node->join.kind), node->join.dist_label);
        break;
    case PHYSICAL_NESTED_LOOP:
        if (node->join.algorithm == JOIN_BY_RANGE) {
            *text = arena_format(e->cx, e->arena, "Range%s Join %s", join_word(node->join.kind), node->join.dist_label);
            break;
        }
        *text = arena_format(e->cx, e->arena, "%s%s%s %s", label, join_word(node->join.kind),
                             node->join.kind == JOIN_INNER ? "" : " Join", node->join.dist_label);
        break;
    case PHYSICAL_TABLE_FUNCTION:
        *text = arena_format(e->cx, e->arena, "%s on %s",
                             node->table_function.system != NULL ? "System Scan"
                             : node->table_function.file != NULL ? "File Scan"
                                                                 : label,
                             node->table_function.name);
        break;
    case PHYSICAL_FUNCTION_JOIN: *text = arena_format(e->cx, e->arena, "%s with %s", label, node->function_join.name); break;
    case PHYSICAL_MATERIALIZE: *text = arena_format(e->cx, e->arena, "%s %s", label, node->materialize.name); break;
    case PHYSICAL_SHARED_SCAN:
        *text = arena_format(e->cx, e->arena, "%s on %s", label, node->shared_scan.shared->materialize.name);
        break;
    case PHYSICAL_CHANGE: {
        static const char *const names[] = {[CHANGE_DELETE] = "Delete", [CHANGE_UPDATE] = "Update", [CHANGE_MERGE] = "Merge"};
        *text = arena_format(e->cx, e->arena, "%s on %s", names[node->change.kind], node->change.table->schema->name);
        break;
    }
    case PHYSICAL_INSERT: *text = arena_format(e->cx, e->arena, "%s on %s", label, node->insert.table->schema->name); break;
    default: break;
    }
    return *text == NULL ? OUT_OF_MEMORY : OK;
}

/* "XN <heading>  (cost=… rows=… width=…)" behind the arrow of its depth. */
static Status heading_line(Explainer *e, uint32_t indent, const char *text, const PhysicalNode *node, double start,
                           double total, const char *actual) {
    const char *arrow = indent == 0 ? "" : "->  ";
    return explain_line(e, indent == 0 ? 0 : indent - 4, "%sXN %s  (cost=%.2f..%.2f rows=%.0f width=%u)%s", arrow, text, start,
                        total, node->rows, node->width, actual);
}

/* ------------------------------------------------------------------------------------------------------------------------ tree
 */

static uint32_t detail_indent(uint32_t indent) {
    return indent + INDENT_DETAIL;
}

/* A Project is worth a line where it computes something that the reader asked to see. */
static bool is_shown(const Explainer *e, const PhysicalNode *node) {
    if (node->kind != PHYSICAL_PROJECT) {
        return true;
    }
    bool computes = false;
    for (uint32_t i = 0; i < node->column_count; i++) {
        computes |= node->project.exprs[i]->kind != EXPR_SLOT;
    }
    return computes && (e->options->verbose || e->options->analyze);
}

bool explain_cuts_child(const PhysicalNode *node, uint32_t child, bool is_cut) {
    switch (node->kind) {
    case PHYSICAL_LIMIT: return node->limit.limit >= 0;
    case PHYSICAL_SORT: return node->sort.publishes_bound;
    case PHYSICAL_AGGREGATE:
    case PHYSICAL_MATERIALIZE:
    case PHYSICAL_RECURSION:
    case PHYSICAL_WINDOW: return false;
    case PHYSICAL_HASH_JOIN:
    case PHYSICAL_NESTED_LOOP: return is_cut && child == 0;
    default: return is_cut;
    }
}

/* Where a node stands: under `indent` spaces, below a LIMIT that stops it early or not, in which role to its parent. */
typedef struct Place {
    uint32_t indent;
    bool is_cut;
    const char *key, *relationship; /* in JSON */
} Place;

static Status show_node(Explainer *e, const PhysicalNode *node, Place place);

/* The build side stands below a Hash. */
static Status show_build(Explainer *e, const PhysicalNode *build, Place place) {
    TRY(heading_line(e, place.indent, "Hash", build, build->cost_total, build->cost_total, ""));
    place.indent += INDENT_CHILD;
    if (e->json == NULL) {
        return show_node(e, build, place);
    }
    TRY(explain_json_hash(e, build, place.is_cut));
    TRY(json_open(e->json, "Plans", '['));
    place.relationship = "Outer";
    TRY(show_node(e, build, place));
    TRY(json_close(e->json, ']'));
    return json_close(e->json, '}');
}

/* In JSON the shared subplans are the root's first children, as PostgreSQL's InitPlans are. */
static Status show_shared(Explainer *e) {
    for (uint32_t i = 0; i < e->plan->shared_count; i++) {
        TRY(show_node(e, e->plan->shared[i], (Place){.relationship = "InitPlan"}));
    }
    return OK;
}

static Status show_children(Explainer *e, const PhysicalNode *node, Place place, bool is_root) {
    bool has_list = e->json != NULL && node->child_count + (is_root ? e->plan->shared_count : 0) > 0;
    TRY(has_list ? json_open(e->json, "Plans", '[') : OK);
    TRY(has_list && is_root ? show_shared(e) : OK);
    for (uint32_t i = 0; i < node->child_count; i++) {
        Place below = {.indent = place.indent + INDENT_CHILD,
                       .is_cut = explain_cuts_child(node, i, place.is_cut),
                       .relationship = node->child_count > 2 ? "Member"
                                       : i == 0              ? "Outer"
                                                             : "Inner"};
        TRY(node->kind == PHYSICAL_HASH_JOIN && i == 1 ? show_build(e, node->children[i], below)
                                                       : show_node(e, node->children[i], below));
    }
    return has_list ? json_close(e->json, ']') : OK;
}

/* A gather of sorted inputs: Merge over Network; in JSON it is one node. */
static Status show_merge(Explainer *e, const PhysicalNode *node, uint32_t *indent) {
    if (node->kind != PHYSICAL_EXCHANGE || node->exchange.merge_key_count == 0) {
        return OK;
    }
    TRY(heading_line(e, *indent, "Merge", node, node->cost_start, node->cost_total, ""));
    TRY(explain_sort_keys(e, detail_indent(*indent), "Merge Key", node, node->exchange.merge_keys,
                          node->exchange.merge_key_count));
    *indent += INDENT_CHILD;
    return OK;
}

static Status show_heading(Explainer *e, const PhysicalNode *node, Place *place) {
    const char *text, *actual;
    if (e->json != NULL) {
        TRY(explain_json_node(e, node, place->key, place->relationship));
        TRY(explain_actual_facts(e, node, place->is_cut));
        return show_merge(e, node, &place->indent);
    }
    TRY(show_merge(e, node, &place->indent));
    TRY(heading(e, node, &text));
    TRY(explain_actual(e, node, place->is_cut, &actual));
    return heading_line(e, place->indent, text, node, node->cost_start, node->cost_total, actual);
}

static Status show_node(Explainer *e, const PhysicalNode *node, Place place) {
    if (!is_shown(e, node)) {
        return show_node(e, node->children[0], place);
    }
    bool is_root = place.key != NULL;
    TRY(show_heading(e, node, &place));
    TRY(explain_details(e, node, detail_indent(place.indent)));
    TRY(explain_counters(e, node, detail_indent(place.indent), place.is_cut));
    TRY(show_children(e, node, place, is_root));
    return e->json == NULL ? OK : json_close(e->json, '}');
}

static void find_publishers(Explainer *e, const PhysicalNode *node) {
    if (node->kind == PHYSICAL_HASH_JOIN && node->join.publishes_filter) {
        e->publishers[node->join.filter_id] = node;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        find_publishers(e, node->children[i]);
    }
}

/* What the plan was made under, and what it does not do. */
static Status show_notes(Explainer *e) {
    const PhysicalPlan *plan = e->plan;
    for (uint32_t i = 0; i < plan->unfollowed_count; i++) {
        TRY(explain_line(e, 0, "Hint not followed: %s", plan->unfollowed[i]));
    }
    if (e->json != NULL && plan->unfollowed_count > 0) {
        TRY(explain_list(e, 0, "Hints Not Followed", plan->unfollowed, plan->unfollowed_count));
    }
    if (plan->eliminated != NULL) {
        TRY(explain_property(e, 0, "Joins Eliminated", "%s", plan->eliminated));
    }
    return plan->supposed == NULL ? OK : explain_property(e, 0, "Supposed", "%s", plan->supposed);
}

/* ALERT: and HINT: lines; in JSON an array. */
static Status show_alerts(Explainer *e) {
    const Alert *alerts;
    uint32_t count;
    TRY(alerts_find(e->cx, e->arena, e->plan, e->profile, &alerts, &count));
    TRY(e->json == NULL ? OK : json_open(e->json, "Alerts", '['));
    for (uint32_t i = 0; i < count; i++) {
        TRY(explain_line(e, 0, "ALERT: %s", alerts[i].event));
        TRY(explain_line(e, 0, "HINT:  %s", alerts[i].solution));
        if (e->json != NULL) {
            TRY(json_open(e->json, NULL, '{'));
            TRY(json_text(e->json, "Event", alerts[i].event));
            TRY(json_text(e->json, "Solution", alerts[i].solution));
            TRY(json_close(e->json, '}'));
        }
    }
    return e->json == NULL ? OK : json_close(e->json, ']');
}

static Status show_plan(Explainer *e) {
    TRY_NEW_ARRAY(e->cx, e->arena, e->publishers, e->plan->filter_count + 1);
    find_publishers(e, e->plan->root);
    for (uint32_t i = 0; i < e->plan->shared_count; i++) {
        find_publishers(e, e->plan->shared[i]);
    }
    explain_find_dearest(e);
    TRY(show_node(e, e->plan->root, (Place){.key = "Plan"}));
    TRY(e->json == NULL ? show_shared(e) : OK);
    TRY(show_notes(e));
    TRY(explain_totals(e));
    TRY(e->has_idle_moves ? explain_line(e, 0, "HINT:  EXPLAIN (NODES 4) q shows what would move") : OK);
    return e->profile == NULL || !e->cx->settings->alerts ? OK : show_alerts(e);
}

Status explain_lines(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                     const ExplainOptions *options, const char ***lines, uint32_t *count) {
    Explainer e = {.cx = cx, .arena = arena, .plan = plan, .profile = profile, .options = options};
    TRY(show_plan(&e));
    *lines = e.lines;
    *count = e.count;
    return OK;
}

Status explain_json(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                    const ExplainOptions *options, const char **text) {
    JsonWriter json;
    json_writer_init(cx, arena, &json);
    Explainer e = {.cx = cx, .arena = arena, .plan = plan, .profile = profile, .options = options, .json = &json};
    TRY(json_open(&json, NULL, '['));
    TRY(json_open(&json, NULL, '{'));
    TRY(show_plan(&e));
    TRY(json_close(&json, '}'));
    TRY(json_close(&json, ']'));
    *text = json.text;
    return OK;
}
