/* The lines under an operator's heading that the plan alone decides: conditions, keys, pruning. */
#include "plan/explain.h"

#define VALUES_SHOWN 8

static Status print_expr(Explainer *e, const Expr *expr, const char **text) {
    *text = expr_print(e->cx, e->arena, expr);
    return *text == NULL ? OUT_OF_MEMORY : OK;
}

/* "Group Key: a, b" of the input's columns; nothing if there are none. */
static Status slots_property(Explainer *e, uint32_t indent, const char *key, const PhysicalNode *input, const uint32_t *slots,
                             uint32_t count) {
    const char **names;
    TRY_NEW_ARRAY(e->cx, e->arena, names, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = input->columns[slots[i]].name;
        names[i] = name == NULL ? "?" : name;
    }
    return count == 0 ? OK : explain_list(e, indent, key, names, count);
}

Status explain_sort_keys(Explainer *e, uint32_t indent, const char *key, const PhysicalNode *input, const SortSlot *slots,
                         uint32_t count) {
    const char **texts;
    TRY_NEW_ARRAY(e->cx, e->arena, texts, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = input->columns[slots[i].slot].name;
        const char *nulls = slots[i].nulls_first == slots[i].is_descending ? ""
                            : slots[i].nulls_first                         ? " NULLS FIRST"
                                                                           : " NULLS LAST";
        texts[i] =
            arena_format(e->cx, e->arena, "%s%s%s", name == NULL ? "?" : name, slots[i].is_descending ? " DESC" : "", nulls);
        if (texts[i] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    return explain_list(e, indent, key, texts, count);
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
        bool is_bloom = join != NULL && join->join.filter_bloom_words > 0;
        const char *where = is_bloom                             ? " of all nodes (Bloom filter)"
                            : scan->join_filters[i].of_all_nodes ? " of all nodes"
                                                                 : "";
        TRY(explain_append(e, text, ", ", "%s in %s%s", scan->table->schema->columns[column].name, key, where));
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
        TRY(explain_property(e, indent, "Filter", scan->filter_count > 1 ? "(%s)" : "%s", filters));
    }
    if (scan->table->schema->partition_key_count > 0) {
        TRY(partition_columns(e, scan->table->schema, &text));
        TRY(explain_line(e, indent, "Partitions: %u of %u (%s)", explain_partitions_read(e, node), scan->table->partition_count,
                         text));
        TRY(explain_fact_text(e, "Partition Key", text));
        TRY(explain_fact(e, "Partitions Read", explain_partitions_read(e, node)));
        TRY(explain_fact(e, "Partitions Total", scan->table->partition_count));
    }
    TRY(print_predicates(e, scan, &text));
    if (text != NULL) {
        TRY(explain_line(e, indent, "Zone maps:  %s", text));
        TRY(explain_fact_text(e, "Zone Maps", text));
    }
    TRY(print_join_filters(e, scan, &text));
    return text == NULL ? OK : explain_property(e, indent, "Join filters", "%s", text);
}

static bool label_moves(const char *label) {
    return strcmp(label, "DS_DIST_NONE") != 0 && strcmp(label, "DS_DIST_ALL_NONE") != 0;
}

static Status join_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const JoinSpec *join = &node->join;
    const char *text;
    if (join->condition_text != NULL) {
        TRY(explain_property(e, indent,
                             join->algorithm == JOIN_BY_RANGE   ? "Range Cond"
                             : join->algorithm == JOIN_BY_MERGE ? "Merge Cond"
                                                                : "Hash Cond",
                             "%s", join->condition_text));
    }
    if (join->residual != NULL) {
        TRY(print_expr(e, join->residual, &text));
        TRY(explain_property(e, indent, "Join Filter", text[0] == '(' ? "%s" : "(%s)", text));
    }
    if (join->pair_count > 0) {
        TRY(explain_property(e, indent, "Partition-wise", "%u pairs of partitions%s", join->pair_count,
                             join->pairs_by_slice ? ", slice by slice" : ""));
    }
    if (e->options->verbose && join->algorithm == JOIN_BY_ARRAY) {
        TRY(explain_property(e, indent, "Array", "keys %lld to %lld", (long long)join->key_min, (long long)join->key_max));
    }
    if (e->plan->topology.nodes == 1 && label_moves(join->dist_label)) {
        e->has_idle_moves = true;
        TRY(explain_line(e, indent, "moved 0 bytes: one node"));
    }
    return explain_alternatives(e, join, indent);
}

static Status aggregate_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const AggregateSpec *spec = &node->aggregate;
    if (spec->phase != PHASE_SINGLE) {
        TRY(explain_property(e, indent, "Phase", "%s", spec->phase == PHASE_PARTIAL ? "partial, per node" : "final"));
    }
    TRY(slots_property(e, indent, "Group Key", node->children[0], spec->groups, spec->group_count));
    if (spec->is_early) {
        TRY(explain_property(e, indent, "Early", "rows are grouped before they are joined"));
    }
    if (spec->is_sorted && spec->group_count == 0) {
        TRY(explain_property(e, indent, "Values", "sorted"));
    }
    if (e->options->verbose && spec->is_direct) {
        TRY(explain_property(e, indent, "Array", "%llu groups", (unsigned long long)spec->direct_entries));
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
    return explain_property(e, indent, "Sets", "%s%s", all, spec->set_count > VALUES_SHOWN ? ", …" : "");
}

static Status window_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    TRY(slots_property(e, indent, "Partition", node->children[0], node->window.partitions, node->window.partition_count));
    if (node->window.key_count > 0) {
        TRY(explain_sort_keys(e, indent, "Order", node->children[0], node->window.keys, node->window.key_count));
    }
    if (node->window.row_limit > 0) {
        TRY(explain_property(e, indent, "Keeps", "%lld rows per partition%s", (long long)node->window.row_limit,
                             node->window.limit_keeps_ties ? " and their ties" : ""));
    }
    return node->window.is_sorted ? explain_property(e, indent, "Sort", "none, rows come sorted") : OK;
}

static Status project_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const char **texts;
    uint32_t count = 0;
    TRY_NEW_ARRAY(e->cx, e->arena, texts, node->column_count + 1);
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (node->project.exprs[i]->kind != EXPR_SLOT) {
            TRY(print_expr(e, node->project.exprs[i], &texts[count++]));
        }
    }
    return count == 0 ? OK : explain_list(e, indent, "Output", texts, count);
}

static Status salt_details(Explainer *e, const ExchangeSpec *spec, uint32_t indent) {
    const char *what = spec->salt == SALT_SPREAD ? "spread over all slices" : "copied to all nodes";
    if (spec->salt == SALT_NONE) {
        return OK;
    }
    TRY(explain_fact_text(e, "Salt", spec->salt == SALT_SPREAD ? "spread" : "copy"));
    TRY(explain_fact(e, "Hot Keys", spec->hot_count));
    return explain_line(e, indent, "Salted: rows of %u hot key%s are %s", spec->hot_count, spec->hot_count == 1 ? "" : "s",
                        what);
}

static Status exchange_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    switch (node->exchange.kind) {
    case EXCHANGE_GATHER: return explain_line(e, indent, "Send to leader");
    case EXCHANGE_BROADCAST: return explain_line(e, indent, "Broadcast");
    case EXCHANGE_HASH: {
        const char *text = NULL;
        for (uint32_t i = 0; i < node->exchange.key_count; i++) {
            const char *name = node->columns[node->exchange.keys[i]].name;
            TRY(explain_append(e, &text, ", ", "%s", name == NULL ? "?" : name));
        }
        TRY(explain_fact_text(e, "Distribution Key", text));
        TRY(explain_line(e, indent, "Distribute by %s", text));
        return salt_details(e, &node->exchange, indent);
    }
    }
    return OK;
}

static Status sort_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    TRY(explain_sort_keys(e, indent, "Sort Key", node, node->sort.keys, node->sort.key_count));
    return node->sort.limit < 0 ? OK : explain_property(e, indent, "Top-N", "keeps %lld rows", (long long)node->sort.limit);
}

Status explain_details(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const char *text;
    switch (node->kind) {
    case PHYSICAL_SCAN: return scan_details(e, node, indent);
    case PHYSICAL_HASH_JOIN:
    case PHYSICAL_MERGE_JOIN:
    case PHYSICAL_NESTED_LOOP: return join_details(e, node, indent);
    case PHYSICAL_AGGREGATE: return aggregate_details(e, node, indent);
    case PHYSICAL_EXPAND: return expand_details(e, node, indent);
    case PHYSICAL_WINDOW: return window_details(e, node, indent);
    case PHYSICAL_PROJECT: return project_details(e, node, indent);
    case PHYSICAL_EXCHANGE: return exchange_details(e, node, indent);
    case PHYSICAL_SORT: return sort_details(e, node, indent);
    case PHYSICAL_LIMIT: return slots_property(e, indent, "With Ties", node, node->limit.tie_slots, node->limit.tie_slot_count);
    case PHYSICAL_FILTER:
        TRY(print_expr(e, node->filter.condition, &text));
        return explain_property(e, indent, "Filter", text[0] == '(' ? "%s" : "(%s)", text);
    default: return OK;
    }
}
