/* EXPLAIN in Redshift's shape (design: TEACHING.md): one line per operator with estimates, details below it, children behind
 * "->". A join's build side stands under a Hash line, a gather that keeps order under a Merge line. Projects that only pass
 * columns on are not shown. Shared subplans follow below the tree that reads them. */
#include "plan/explain.h"

#include "plan/columns.h"

#include <stdarg.h>
#include <stdio.h>

#define INDENT_CHILD 6  /* of a child's text, behind "  ->  ", against its parent's */
#define INDENT_DETAIL 2 /* of details against their operator's text */

/* ---------------------------------------------------------------------------------------------------------------------- lines
 */

static Status add_line(Explainer *e, const char *line) {
    if (e->count == e->capacity) {
        uint32_t capacity = e->capacity == 0 ? 64 : e->capacity * 2;
        const char **lines;
        TRY_NEW_ARRAY(e->cx, e->arena, lines, capacity);
        if (e->count > 0) {
            memcpy(lines, e->lines, e->count * sizeof *lines);
        }
        e->lines = lines;
        e->capacity = capacity;
    }
    e->lines[e->count++] = line;
    return OK;
}

/* indent spaces, then the text. */
static Status format_text(Explainer *e, uint32_t indent, const char *format, va_list args, char **out) {
    va_list again;
    va_copy(again, args);
    int bytes = vsnprintf(NULL, 0, format, again);
    va_end(again);
    TRY_NEW_ARRAY(e->cx, e->arena, *out, indent + (uint32_t)bytes + 1);
    memset(*out, ' ', indent);
    vsnprintf(*out + indent, (size_t)bytes + 1, format, args);
    return OK;
}

Status explain_line(Explainer *e, uint32_t indent, const char *format, ...) {
    char *line;
    va_list args;
    va_start(args, format);
    Status status = format_text(e, indent, format, args, &line);
    va_end(args);
    TRY(status);
    return add_line(e, line);
}

Status explain_append(Explainer *e, const char **text, const char *separator, const char *format, ...) {
    char *more;
    va_list args;
    va_start(args, format);
    Status status = format_text(e, 0, format, args, &more);
    va_end(args);
    TRY(status);
    *text = *text == NULL ? more : arena_format(e->cx, e->arena, "%s%s%s", *text, separator, more);
    return *text == NULL ? OUT_OF_MEMORY : OK;
}

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
    return node->kind == PHYSICAL_AGGREGATE && node->aggregate.group_count == 0 ? "Aggregate" : labels[node->kind];
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

/* --------------------------------------------------------------------------------------------------------------------- details
 */

static Status print_expr(Explainer *e, const Expr *expr, const char **text) {
    *text = expr_print(e->cx, e->arena, expr);
    return *text == NULL ? OUT_OF_MEMORY : OK;
}

static Status print_slots(Explainer *e, const PhysicalNode *input, const uint32_t *slots, uint32_t count, const char **text) {
    *text = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = input->columns[slots[i]].name;
        TRY(explain_append(e, text, ", ", "%s", name == NULL ? "?" : name));
    }
    return OK;
}

static Status print_sort_slots(Explainer *e, const PhysicalNode *input, const SortSlot *slots, uint32_t count,
                               const char **text) {
    *text = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = input->columns[slots[i].slot].name;
        const char *nulls = slots[i].nulls_first == slots[i].is_descending ? ""
                            : slots[i].nulls_first                         ? " NULLS FIRST"
                                                                           : " NULLS LAST";
        TRY(explain_append(e, text, ", ", "%s%s%s", name == NULL ? "?" : name, slots[i].is_descending ? " DESC" : "", nulls));
    }
    return OK;
}

static Status print_value(Explainer *e, const Value *value, const char **text) {
    char buffer[VALUE_PRINT_MAX];
    const char *data;
    size_t bytes;
    value_print(value, buffer, &data, &bytes);
    bool is_quoted = type_is_text(value->type) || type_is_moment(value->type) || value->type.id == TYPE_TIME;
    const char *quote = is_quoted ? "'" : "";
    *text = value->is_null ? "NULL" : arena_format(e->cx, e->arena, "%s%.*s%s", quote, (int)bytes, data, quote);
    return *text == NULL ? OUT_OF_MEMORY : OK;
}

/* "lo_discount between 1 and 3" */
static Status print_range(Explainer *e, const char *name, const Predicate *p, const char **text) {
    const char *low = NULL, *high = NULL;
    if (p->has_low) {
        TRY(print_value(e, &p->low, &low));
    }
    if (p->has_high) {
        TRY(print_value(e, &p->high, &high));
    }
    if (low != NULL && high != NULL && strcmp(low, high) == 0) {
        return explain_append(e, text, ", ", "%s = %s", name, low);
    }
    if (low != NULL && high != NULL && p->low_inclusive && p->high_inclusive) {
        return explain_append(e, text, ", ", "%s between %s and %s", name, low, high);
    }
    if (low != NULL) {
        TRY(explain_append(e, text, ", ", "%s %s %s", name, p->low_inclusive ? ">=" : ">", low));
    }
    if (high != NULL) {
        const char *separator = low != NULL ? " and " : ", ";
        TRY(explain_append(e, text, separator, "%s %s %s", name, p->high_inclusive ? "<=" : "<", high));
    }
    return OK;
}

#define VALUES_SHOWN 8

static Status print_in(Explainer *e, const char *name, const Predicate *p, const char **text) {
    const char *values = NULL;
    for (uint32_t i = 0; i < p->value_count && i < VALUES_SHOWN; i++) {
        const char *value;
        TRY(print_value(e, &p->values[i], &value));
        TRY(explain_append(e, &values, ", ", "%s", value));
    }
    return explain_append(e, text, ", ", "%s in (%s%s)", name, values == NULL ? "" : values,
                          p->value_count > VALUES_SHOWN ? ", …" : "");
}

static Status print_predicates(Explainer *e, const ScanSpec *scan, const char **text) {
    *text = NULL;
    for (uint32_t i = 0; i < scan->predicate_count; i++) {
        const Predicate *p = &scan->predicates[i];
        const char *name = scan->table->schema->columns[p->column].name;
        switch (p->kind) {
        case PREDICATE_RANGE: TRY(print_range(e, name, p, text)); break;
        case PREDICATE_IN: TRY(print_in(e, name, p, text)); break;
        case PREDICATE_IS_NULL: TRY(explain_append(e, text, ", ", "%s is null", name)); break;
        case PREDICATE_NOT_NULL: TRY(explain_append(e, text, ", ", "%s is not null", name)); break;
        case PREDICATE_KEYS: break;
        }
    }
    return OK;
}

/* "lo_orderdate in d_datekey": the scan's column, and the build key whose values it must have. */
static Status print_join_filters(Explainer *e, const ScanSpec *scan, const char **text) {
    *text = NULL;
    for (uint32_t i = 0; i < scan->join_filter_count; i++) {
        const PhysicalNode *join = e->publishers[scan->join_filters[i].filter_id];
        const char *key = "?";
        if (join != NULL) {
            key = explain_short_name(join->children[1]->columns[join->join.build_keys[join->join.filter_key]].name);
        }
        uint32_t column = scan->columns[scan->join_filters[i].column];
        TRY(explain_append(e, text, ", ", "%s in %s", scan->table->schema->columns[column].name, key));
    }
    return OK;
}

static Status partition_columns(Explainer *e, const TableSchema *schema, const char **text) {
    *text = NULL;
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        TRY(explain_append(e, text, ", ", "%s", schema->columns[schema->partition_keys[i].column].name));
    }
    return OK;
}

static Status scan_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const ScanSpec *scan = &node->scan;
    const char *filters = NULL, *text;
    for (uint32_t i = 0; i < scan->filter_count; i++) {
        TRY(print_expr(e, scan->filters[i].condition, &text));
        bool is_wrapped = text[0] == '(';
        TRY(explain_append(e, &filters, " AND ", is_wrapped ? "%s" : "(%s)", text));
    }
    if (filters != NULL) {
        TRY(explain_line(e, indent, scan->filter_count > 1 ? "Filter: (%s)" : "Filter: %s", filters));
    }
    if (scan->table->schema->partition_key_count > 0) {
        TRY(partition_columns(e, scan->table->schema, &text));
        TRY(explain_line(e, indent, "Partitions: %u of %u (%s)", explain_partitions_read(e, node), scan->table->partition_count,
                         text));
    }
    TRY(print_predicates(e, scan, &text));
    if (text != NULL) {
        TRY(explain_line(e, indent, "Zone maps:  %s", text));
    }
    TRY(print_join_filters(e, scan, &text));
    return text == NULL ? OK : explain_line(e, indent, "Join filters: %s", text);
}

static bool label_moves(const char *label) {
    return strcmp(label, "DS_DIST_NONE") != 0 && strcmp(label, "DS_DIST_ALL_NONE") != 0;
}

static Status join_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const JoinSpec *join = &node->join;
    const char *text;
    if (join->condition_text != NULL) {
        TRY(explain_line(e, indent, join->algorithm == JOIN_BY_RANGE ? "Range Cond: %s" : "Hash Cond: %s",
                         join->condition_text));
    }
    if (join->residual != NULL) {
        TRY(print_expr(e, join->residual, &text));
        TRY(explain_line(e, indent, text[0] == '(' ? "Join Filter: %s" : "Join Filter: (%s)", text));
    }
    if (e->options->verbose && join->algorithm == JOIN_BY_ARRAY) {
        TRY(explain_line(e, indent, "Array: keys %lld to %lld", (long long)join->key_min, (long long)join->key_max));
    }
    return e->plan->topology.nodes == 1 && label_moves(join->dist_label) ? explain_line(e, indent, "moved 0 bytes: one node")
                                                                         : OK;
}

static Status aggregate_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const AggregateSpec *spec = &node->aggregate;
    const char *text;
    if (spec->phase != PHASE_SINGLE) {
        TRY(explain_line(e, indent, "Phase: %s", spec->phase == PHASE_PARTIAL ? "partial, per node" : "final"));
    }
    TRY(print_slots(e, node->children[0], spec->groups, spec->group_count, &text));
    if (text != NULL) {
        TRY(explain_line(e, indent, "Group Key: %s", text));
    }
    if (e->options->verbose && spec->is_direct) {
        TRY(explain_line(e, indent, "Array: %llu groups", (unsigned long long)spec->direct_entries));
    }
    return OK;
}

/* "(a, b), (a), ()" */
static Status expand_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const ExpandSpec *spec = &node->expand;
    const char *all = NULL;
    for (uint32_t s = 0; s < spec->set_count && s < VALUES_SHOWN; s++) {
        const char *set = NULL;
        for (uint32_t k = 0; k < spec->key_count; k++) {
            if (spec->has_key[(size_t)s * spec->key_count + k]) {
                TRY(explain_append(e, &set, ", ", "%s", node->children[0]->columns[spec->keys[k]].name));
            }
        }
        TRY(explain_append(e, &all, ", ", "(%s)", set == NULL ? "" : set));
    }
    return explain_line(e, indent, "Sets: %s%s", all, spec->set_count > VALUES_SHOWN ? ", …" : "");
}

static Status window_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const char *text;
    TRY(print_slots(e, node->children[0], node->window.partitions, node->window.partition_count, &text));
    if (text != NULL) {
        TRY(explain_line(e, indent, "Partition: %s", text));
    }
    TRY(print_sort_slots(e, node->children[0], node->window.keys, node->window.key_count, &text));
    if (text != NULL) {
        TRY(explain_line(e, indent, "Order: %s", text));
    }
    if (node->window.row_limit > 0) {
        TRY(explain_line(e, indent, "Keeps: %lld rows per partition%s", (long long)node->window.row_limit,
                         node->window.limit_keeps_ties ? " and their ties" : ""));
    }
    return node->window.is_sorted ? explain_line(e, indent, "Sort: none, rows come sorted") : OK;
}

static Status project_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const char *all = NULL, *text;
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (node->project.exprs[i]->kind != EXPR_SLOT) {
            TRY(print_expr(e, node->project.exprs[i], &text));
            TRY(explain_append(e, &all, ", ", "%s", text));
        }
    }
    return all == NULL ? OK : explain_line(e, indent, "Output: %s", all);
}

static Status exchange_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const char *text;
    switch (node->exchange.kind) {
    case EXCHANGE_GATHER: return explain_line(e, indent, "Send to leader");
    case EXCHANGE_BROADCAST: return explain_line(e, indent, "Broadcast");
    case EXCHANGE_HASH:
        TRY(print_slots(e, node, node->exchange.keys, node->exchange.key_count, &text));
        return explain_line(e, indent, "Distribute by %s", text);
    }
    return OK;
}

static Status sort_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const char *text;
    TRY(print_sort_slots(e, node, node->sort.keys, node->sort.key_count, &text));
    TRY(explain_line(e, indent, "Sort Key: %s", text == NULL ? "" : text));
    return node->sort.limit < 0 ? OK : explain_line(e, indent, "Top-N: keeps %lld rows", (long long)node->sort.limit);
}

static Status details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const char *text;
    switch (node->kind) {
    case PHYSICAL_SCAN: return scan_details(e, node, indent);
    case PHYSICAL_HASH_JOIN:
    case PHYSICAL_NESTED_LOOP: return join_details(e, node, indent);
    case PHYSICAL_AGGREGATE: return aggregate_details(e, node, indent);
    case PHYSICAL_EXPAND: return expand_details(e, node, indent);
    case PHYSICAL_WINDOW: return window_details(e, node, indent);
    case PHYSICAL_PROJECT: return project_details(e, node, indent);
    case PHYSICAL_EXCHANGE: return exchange_details(e, node, indent);
    case PHYSICAL_SORT: return sort_details(e, node, indent);
    case PHYSICAL_LIMIT:
        TRY(print_slots(e, node, node->limit.tie_slots, node->limit.tie_slot_count, &text));
        return text == NULL ? OK : explain_line(e, indent, "With Ties: %s", text);
    case PHYSICAL_FILTER:
        TRY(print_expr(e, node->filter.condition, &text));
        return explain_line(e, indent, text[0] == '(' ? "Filter: %s" : "Filter: (%s)", text);
    default: return OK;
    }
}

/* ------------------------------------------------------------------------------------------------------------------------ tree
 */

static Status node_lines(Explainer *e, const PhysicalNode *node, uint32_t indent, bool is_cut);

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

/* Whether a LIMIT stops the child early. Operators that take all their input first are not cut short. */
static bool cuts_child(const PhysicalNode *node, uint32_t child, bool is_cut) {
    switch (node->kind) {
    case PHYSICAL_LIMIT: return node->limit.limit >= 0;
    case PHYSICAL_SORT:
    case PHYSICAL_AGGREGATE:
    case PHYSICAL_MATERIALIZE:
    case PHYSICAL_RECURSION:
    case PHYSICAL_WINDOW: return false;
    case PHYSICAL_HASH_JOIN:
    case PHYSICAL_NESTED_LOOP: return is_cut && child == 0;
    default: return is_cut;
    }
}

static Status children_lines(Explainer *e, const PhysicalNode *node, uint32_t indent, bool is_cut) {
    for (uint32_t i = 0; i < node->child_count; i++) {
        const PhysicalNode *child = node->children[i];
        uint32_t at = indent + INDENT_CHILD;
        if (node->kind == PHYSICAL_HASH_JOIN && i == 1) {
            TRY(heading_line(e, at, "Hash", child, child->cost_total, child->cost_total, ""));
            at += INDENT_CHILD;
        }
        TRY(node_lines(e, child, at, cuts_child(node, i, is_cut)));
    }
    return OK;
}

/* A gather of sorted inputs: Merge over Network. */
static Status merge_line(Explainer *e, const PhysicalNode *node, uint32_t *indent) {
    const char *text;
    if (node->kind != PHYSICAL_EXCHANGE || node->exchange.merge_key_count == 0) {
        return OK;
    }
    TRY(heading_line(e, *indent, "Merge", node, node->cost_start, node->cost_total, ""));
    TRY(print_sort_slots(e, node, node->exchange.merge_keys, node->exchange.merge_key_count, &text));
    TRY(explain_line(e, detail_indent(*indent), "Merge Key: %s", text));
    *indent += INDENT_CHILD;
    return OK;
}

static Status node_lines(Explainer *e, const PhysicalNode *node, uint32_t indent, bool is_cut) {
    if (!is_shown(e, node)) {
        return node_lines(e, node->children[0], indent, is_cut);
    }
    const char *text, *actual;
    TRY(merge_line(e, node, &indent));
    TRY(heading(e, node, &text));
    TRY(explain_actual(e, node, is_cut, &actual));
    TRY(heading_line(e, indent, text, node, node->cost_start, node->cost_total, actual));
    TRY(details(e, node, detail_indent(indent)));
    TRY(explain_counters(e, node, detail_indent(indent), is_cut));
    return children_lines(e, node, indent, is_cut);
}

static void find_publishers(Explainer *e, const PhysicalNode *node) {
    if (node->kind == PHYSICAL_HASH_JOIN && node->join.publishes_filter) {
        e->publishers[node->join.filter_id] = node;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        find_publishers(e, node->children[i]);
    }
}

Status explain_lines(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                     const ExplainOptions *options, const char ***lines, uint32_t *count) {
    Explainer e = {.cx = cx, .arena = arena, .plan = plan, .profile = profile, .options = options};
    TRY_NEW_ARRAY(cx, arena, e.publishers, plan->filter_count + 1);
    find_publishers(&e, plan->root);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        find_publishers(&e, plan->shared[i]);
    }
    explain_find_dearest(&e);
    TRY(node_lines(&e, plan->root, 0, false));
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(node_lines(&e, plan->shared[i], 0, false));
    }
    TRY(explain_totals(&e));
    *lines = e.lines;
    *count = e.count;
    return OK;
}
