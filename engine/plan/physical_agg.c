/* Lowering of aggregation. Between nodes: rows that are grouped where they are aggregate at once. Else, by cost: each node
 * aggregates what it has and the partial results meet on the leader (few groups) or by a hash exchange, or the rows themselves
 * go by the hash of their groups (nearly as many groups as rows). DISTINCT aggregates and those that cannot be split move
 * the rows. */
#include "plan/cost.h"
#include "plan/distribution.h"
#include "plan/estimate.h"
#include "plan/expr_range.h"
#include "plan/join_cost.h"
#include "plan/moment_domain.h"
#include "plan/narrow.h"

#include "core/settings.h"

#include <unistd.h>

#define DIRECT_ENTRIES_FREE ((uint64_t)1 << 18)
#define DIRECT_ENTRIES_MAX ((uint64_t)1 << 22)
#define DIRECT_BITS_FREE ((uint64_t)1 << 21)
#define DIRECT_BITS_PER_ROW 256
#define DIRECT_BITS_MAX ((uint64_t)1 << 28)
#define DIRECT_STATES_SHARE 8 /* of memory_limit: the states of all tasks of a node, which cannot spill */
#define COLLECTED_BYTES 8     /* beside each value: what lists and hash tables add */
#define COLLECTED_SHARE 4     /* of memory_limit: values that aggregates may collect in memory */
#define DIRECT_BITS_SHARE 16  /* of memory_limit: the bits of all tasks of a node */

typedef struct AggregateBuild {
    const LogicalNode *node;
    Subplan input;
    uint32_t *groups;     /* slots of the input */
    AggregateItem *items; /* over slots of the input */
    AggregateSplit *splits;
    Expr **finishes; /* over SLOT 0, 1: a call's finals; NULL: the first final itself */
    bool can_split;
} AggregateBuild;

/* ------------------------------------------------------------------------------------------------------------------ arguments
 */

/* All its values are integers of 64 bits that would fit in 32. */
static bool has_small_values(const Subplan *input, const Expr *expr) {
    ColumnDomain domain = expr_domain(input, expr);
    return type_class(expr->type) == CLASS_I64 && (type_is_integer(expr->type) || expr->type.id == TYPE_DECIMAL) &&
           domain.has_range && domain.min >= INT32_MIN && domain.max <= INT32_MAX;
}

/* Sums and means of decimals take their argument (exprs[first]) in 64 bits where it fits, and states are narrow where its
 * values are small; their results stay as they were bound. */
static Status narrow_argument(Lowering *low, const Subplan *input, const AggregateCall *call, const ExprList *exprs,
                              uint32_t first, const Aggregate **aggregate) {
    *aggregate = call->aggregate;
    if ((call->aggregate->id != AGGREGATE_SUM && call->aggregate->id != AGGREGATE_AVG) || call->is_distinct) {
        return OK;
    }
    Expr **argument = &exprs->items[first];
    TRY(narrow_decimals(low, input, call->args[0], argument));
    bool is_small = has_small_values(input, *argument);
    if (*argument == call->args[0] && !is_small) {
        return OK;
    }
    Aggregate *narrower;
    TRY(aggregate_define(low->cx, low->arena, call->aggregate->id, &(*argument)->type, 1, &narrower));
    narrower->result = call->aggregate->result;
    if (is_small) {
        aggregate_narrow_sum(narrower);
    }
    *aggregate = narrower;
    return OK;
}

/* Group keys, arguments and filters become slots, by one Project if any is an expression. */
static Status aggregate_inputs(Lowering *low, AggregateBuild *build) {
    const LogicalNode *node = build->node;
    uint32_t groups = node->aggregate.group_count, calls = node->aggregate.call_count;
    ExprList exprs = {0};
    TRY_NEW_ARRAY(low->cx, low->arena, build->items, calls + 1);
    for (uint32_t i = 0; i < groups; i++) {
        TRY(expr_list_add(low->cx, low->arena, &exprs, node->aggregate.groups[i]));
    }
    for (uint32_t i = 0; i < calls; i++) {
        const AggregateCall *call = &node->aggregate.calls[i];
        uint32_t first = exprs.count;
        TRY(lower_call_exprs(low, call->args, call->arg_count, call->filter, &exprs));
        TRY(narrow_argument(low, &build->input, call, &exprs, first, &build->items[i].aggregate));
    }
    uint32_t *slots;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, exprs.count + 1);
    TRY(lower_exprs(low, &build->input, exprs.items, exprs.count, false, slots));
    build->groups = slots;
    uint32_t next = groups;
    for (uint32_t i = 0; i < calls; i++) {
        const AggregateCall *call = &node->aggregate.calls[i];
        AggregateItem *item = &build->items[i];
        *item = (AggregateItem){.aggregate = item->aggregate,
                                .is_distinct = call->is_distinct,
                                .arg_count = call->arg_count,
                                .args = slots + next,
                                .has_filter = call->filter != NULL};
        next += call->arg_count;
        item->filter = item->has_filter ? slots[next++] : 0;
    }
    return OK;
}

/* The values of every DISTINCT aggregate have so small a domain that a bit per group and value will do. */
static bool sets_are_small(const AggregateSpec *spec, const PhysicalNode *input, uint64_t entries, uint64_t bits_max) {
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const AggregateItem *item = &spec->items[i];
        if (!item->is_distinct) {
            continue;
        }
        uint64_t size = item->arg_count == 1 ? column_domain_size(&input->columns[item->args[0]]) : 0;
        if (size == 0 || size > bits_max || entries * (size + 64) > bits_max) {
            return false;
        }
    }
    return true;
}

static bool has_sets(const AggregateSpec *spec) {
    bool has = false;
    for (uint32_t i = 0; i < spec->item_count; i++) {
        has |= spec->items[i].is_distinct;
    }
    return has;
}

static uint64_t task_count(const Settings *settings) {
    long count = settings->threads > 0 ? (long)settings->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (uint64_t)count;
}

/* What the values of an item that takes them in order, or only different ones, are worth in bytes per row. */
static uint32_t collected_width(const AggregateItem *item, const PhysicalNode *input) {
    uint32_t width = 0;
    bool collects = item->aggregate->collects || (item->is_distinct && item->arg_count > 0);
    for (uint32_t a = 0; a < item->arg_count && collects; a++) {
        width += type_width(input->columns[item->args[a]].type) + COLLECTED_BYTES;
    }
    return width;
}

/* Groups whose aggregates collect values are sorted where these values may take too much of the memory: then they are never all
 * there at once. */
static void choose_sorted(const Settings *settings, PhysicalNode *node, const PhysicalNode *input) {
    AggregateSpec *spec = &node->aggregate;
    double bytes = 0;
    for (uint32_t i = 0; i < spec->item_count; i++) {
        bool has_bits = spec->is_direct && !spec->items[i].aggregate->collects;
        bytes += has_bits ? 0 : input->rows * collected_width(&spec->items[i], input);
    }
    bool is_large = settings->memory_limit > 0 && bytes > (double)settings->memory_limit / COLLECTED_SHARE;
    spec->is_sorted = (bytes > 0 && (is_large || settings->force_spill)) ||
                      (!settings->enable_hashagg && (bytes > 0 || spec->group_count > 0));
    spec->is_direct &= !spec->is_sorted;
}

/* Every task has states of all items, and a byte that says whether an entry is used. */
static uint64_t direct_states_max(const Settings *settings, const AggregateSpec *spec) {
    uint64_t bytes = 1;
    if (settings->memory_limit <= 0) {
        return DIRECT_ENTRIES_MAX;
    }
    for (uint32_t i = 0; i < spec->item_count; i++) {
        bytes += spec->items[i].aggregate->state_bytes;
    }
    uint64_t most = (uint64_t)settings->memory_limit / DIRECT_STATES_SHARE / task_count(settings) / bytes;
    return most < DIRECT_ENTRIES_MAX ? most : DIRECT_ENTRIES_MAX;
}

/* Arrays instead of a hash table where every combination of group values has a small number: of states, or of bits where only
 * the groups themselves are wanted. Every task has its own, and they cannot spill. The one group of an aggregation without
 * GROUP BY needs no array, but its sets may. */
static void choose_direct(const Settings *settings, PhysicalNode *node, const PhysicalNode *input) {
    AggregateSpec *spec = &node->aggregate;
    uint64_t limit = settings->memory_limit > 0 ? (uint64_t)settings->memory_limit : UINT64_MAX;
    uint64_t bits_max = DIRECT_BITS_FREE + (uint64_t)(input->rows * DIRECT_BITS_PER_ROW);
    bits_max = bits_max < DIRECT_BITS_MAX ? bits_max : DIRECT_BITS_MAX;
    uint64_t bits_left = limit / DIRECT_BITS_SHARE / task_count(settings) * 8;
    bits_max = bits_max < bits_left ? bits_max : bits_left;
    uint64_t entries = 1, numbers = 1, most = spec->item_count == 0 ? bits_max : direct_states_max(settings, spec);
    for (uint32_t i = 0; i < spec->group_count; i++) {
        const PhysicalColumn *column = &input->columns[spec->groups[i]];
        uint64_t size = column_domain_size(column);
        if (size == 0 || size > most || (entries *= size + column->domain.can_be_null) > most ||
            (numbers *= size + 1) >= INT32_MAX) {
            return;
        }
    }
    bool is_small = spec->item_count == 0 || entries <= DIRECT_ENTRIES_FREE || (double)entries <= 4 * input->rows;
    bool has_use = spec->group_count > 0 || has_sets(spec);
    spec->is_direct = has_use && is_small && sets_are_small(spec, input, numbers, bits_max);
    spec->direct_entries = spec->is_direct ? entries : 0;
}

static void choose_method(const Settings *settings, PhysicalNode *node, const PhysicalNode *input) {
    choose_direct(settings, node, input);
    choose_sorted(settings, node, input);
}

/* ----------------------------------------------------------------------------------------------------------------- the phases
 */

/* An Aggregate over `input` with room for `items` columns behind the groups, which carry their domains on. */
static Status aggregate_over(Lowering *low, const Subplan *input, AggregatePhase phase, const uint32_t *groups,
                             uint32_t group_count, uint32_t items, Subplan *out) {
    TRY(lower_new(low, PHYSICAL_AGGREGATE, 1, group_count + items, out));
    out->node->children[0] = input->node;
    out->node->on_leader = input->node->on_leader;
    out->placement = input->placement;
    AggregateSpec *spec = &out->node->aggregate;
    spec->phase = phase;
    spec->group_count = group_count;
    spec->groups = groups;
    for (uint32_t i = 0; i < group_count; i++) {
        out->node->columns[i] = input->node->columns[groups[i]];
        out->layout[i] = input->layout[groups[i]];
    }
    return OK;
}

static void aggregate_empty_sets(const LogicalNode *node, PhysicalNode *out) {
    out->aggregate.is_early = node->aggregate.is_early;
    out->aggregate.empty_set_count = node->aggregate.empty_set_count;
    out->aggregate.empty_sets = node->aggregate.empty_sets;
}

/* Renames the output's columns to the logical node's. The group columns keep the ids that placements know. */
static Status aggregate_name(Lowering *low, const LogicalNode *node, Subplan *out) {
    uint32_t groups = node->aggregate.group_count;
    Expr **passed;
    TRY_NEW_ARRAY(low->cx, low->arena, passed, groups + 1);
    for (uint32_t i = 0; i < groups; i++) {
        passed[i] = expr_column(low->cx, low->arena, out->layout[i], out->node->columns[i].type, NULL, POS_NONE);
        if (passed[i] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    Placement placement = out->placement;
    TRY(placement_project(low, &placement, node->columns, passed, groups, &out->placement));
    for (uint32_t i = 0; i < groups; i++) {
        out->layout[i] = node->columns[i];
    }
    return OK;
}

/* The least and the greatest are values of the argument. */
static void result_domain(const PhysicalNode *input, const AggregateItem *item, PhysicalColumn *column) {
    bool picks = item->aggregate->id == AGGREGATE_MIN || item->aggregate->id == AGGREGATE_MAX;
    if (picks && item->arg_count == 1 && type_equal(column->type, input->columns[item->args[0]].type)) {
        column->domain = input->columns[item->args[0]].domain;
        column->domain.dictionary = NULL; /* its texts come as values */
        column->domain.can_be_null = true;
    }
}

static Status aggregate_single(Lowering *low, AggregateBuild *build, Subplan *out) {
    const LogicalNode *node = build->node;
    uint32_t groups = node->aggregate.group_count, calls = node->aggregate.call_count;
    TRY(aggregate_over(low, &build->input, PHASE_SINGLE, build->groups, groups, calls, out));
    out->node->aggregate.item_count = calls;
    out->node->aggregate.items = build->items;
    aggregate_empty_sets(node, out->node);
    for (uint32_t i = 0; i < calls; i++) {
        lower_column(low, out, groups + i, node->aggregate.calls[i].output);
        result_domain(build->input.node, &build->items[i], &out->node->columns[groups + i]);
    }
    out->node->rows = node->rows;
    choose_method(low->cx->settings, out->node, build->input.node);
    TRY(aggregate_name(low, node, out));
    lower_finish(low, out);
    return OK;
}

/* Partial results on each node: groups, then one or two columns per call. */
static Status aggregate_partial(Lowering *low, AggregateBuild *build, uint32_t items, Subplan *out) {
    const LogicalNode *node = build->node;
    uint32_t groups = node->aggregate.group_count;
    TRY(aggregate_over(low, &build->input, PHASE_PARTIAL, build->groups, groups, items, out));
    AggregateItem *partial;
    TRY_NEW_ARRAY(low->cx, low->arena, partial, items + 1);
    uint32_t next = 0;
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        for (uint32_t k = 0; k < build->splits[i].count; k++) {
            partial[next] = build->items[i];
            partial[next].aggregate = build->splits[i].partial[k];
            partial[next].arg_count = build->splits[i].partial[k]->argument_count;
            out->node->columns[groups + next] = (PhysicalColumn){.type = build->splits[i].partial[k]->result,
                                                                 .name = node->aggregate.calls[i].text,
                                                                 .domain = {.can_be_null = true}};
            result_domain(build->input.node, &partial[next], &out->node->columns[groups + next]);
            out->layout[groups + next++] = low->next_column++;
        }
    }
    out->node->aggregate.item_count = items;
    out->node->aggregate.items = partial;
    Cluster cluster = cluster_of(low->cx->settings, low->plan->topology.nodes);
    out->node->rows = partial_groups(&cluster, build->input.node->rows, node->rows);
    choose_method(low->cx->settings, out->node, build->input.node);
    lower_finish(low, out);
    return OK;
}

static Status aggregate_final(Lowering *low, AggregateBuild *build, const Subplan *partial, uint32_t items, Subplan *out) {
    const LogicalNode *node = build->node;
    uint32_t groups = node->aggregate.group_count;
    uint32_t *slots;
    AggregateItem *final;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, groups + items + 1);
    TRY_NEW_ARRAY(low->cx, low->arena, final, items + 1);
    for (uint32_t i = 0; i < groups + items; i++) {
        slots[i] = i;
    }
    TRY(aggregate_over(low, partial, PHASE_FINAL, slots, groups, items, out));
    uint32_t next = 0;
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        for (uint32_t k = 0; k < build->splits[i].count; k++) {
            final[next] =
                (AggregateItem){.aggregate = build->splits[i].final[k], .arg_count = 1, .args = slots + groups + next};
            out->node->columns[groups + next] = partial->node->columns[groups + next];
            out->node->columns[groups + next].type = final[next].aggregate->result;
            out->layout[groups + next] = build->finishes[i] == NULL ? node->aggregate.calls[i].output : low->next_column++;
            next++;
        }
    }
    out->node->aggregate.item_count = items;
    out->node->aggregate.items = final;
    aggregate_empty_sets(node, out->node);
    out->node->rows = node->rows;
    choose_method(low->cx->settings, out->node, partial->node);
    lower_finish(low, out);
    return OK;
}

static Expr *shift_slot(const Context *cx, Arena *arena, const Expr *expr, void *argument) {
    const Subplan *final = ((void **)argument)[0];
    uint32_t first = *(uint32_t *)((void **)argument)[1];
    if (expr->kind != EXPR_SLOT) {
        return NULL;
    }
    return expr_slot(cx, arena, first + expr->slot, expr->type, final->node->columns[first + expr->slot].name);
}

/* The last step of calls such as avg: an expression over their finals. */
static Status aggregate_finish(Lowering *low, AggregateBuild *build, Subplan *final) {
    const LogicalNode *node = build->node;
    uint32_t groups = node->aggregate.group_count, calls = node->aggregate.call_count;
    bool is_needed = false;
    for (uint32_t i = 0; i < calls; i++) {
        is_needed |= build->finishes[i] != NULL;
    }
    if (!is_needed) {
        return OK;
    }
    Subplan out;
    TRY(lower_new(low, PHYSICAL_PROJECT, 1, groups + calls, &out));
    TRY_NEW_ARRAY(low->cx, low->arena, out.node->project.exprs, groups + calls + 1);
    uint32_t slot = groups;
    for (uint32_t i = 0; i < groups + calls; i++) {
        bool is_finished = i >= groups && build->finishes[i - groups] != NULL;
        uint32_t from = i < groups ? i : slot;
        void *argument[] = {final, &slot};
        lower_column(low, &out, i, node->columns[i]);
        out.node->columns[i].domain = final->node->columns[from].domain;
        out.node->project.exprs[i] =
            is_finished ? expr_transform(low->cx, low->arena, build->finishes[i - groups], shift_slot, argument)
                        : expr_slot(low->cx, low->arena, from, out.node->columns[i].type, out.node->columns[i].name);
        if (out.node->project.exprs[i] == NULL) {
            return OUT_OF_MEMORY;
        }
        slot += i < groups ? 0 : build->splits[i - groups].count;
    }
    out.node->children[0] = final->node;
    out.node->on_leader = final->node->on_leader;
    out.node->rows = final->node->rows;
    out.placement = final->placement;
    lower_finish(low, &out);
    *final = out;
    return OK;
}

static Status aggregate_splits(Lowering *low, AggregateBuild *build, uint32_t *items) {
    uint32_t calls = build->node->aggregate.call_count;
    TRY_NEW_ARRAY(low->cx, low->arena, build->splits, calls + 1);
    TRY_NEW_ARRAY(low->cx, low->arena, build->finishes, calls + 1);
    build->can_split = true;
    *items = 0;
    for (uint32_t i = 0; i < calls; i++) {
        TRY(aggregate_split(low->cx, low->arena, build->items[i].aggregate, &build->splits[i], &build->finishes[i]));
        build->can_split &= build->splits[i].count > 0 && !build->items[i].is_distinct;
        *items += build->splits[i].count;
    }
    return OK;
}

/* Rows of one group on one node: by their group columns, or on the leader, where it can be known that there are none. */
Status bring_together(Lowering *low, Subplan *input, const uint32_t *slots, uint32_t count, bool is_large) {
    if (count == 0 || !is_large) {
        return exchange_to_leader(low, input);
    }
    return exchange_hash(low, input, slots, count, NULLS_MEET);
}

/* Bytes of the groups and of a partial result for each call. */
static double partial_width(const AggregateBuild *build, uint32_t items) {
    double width = 16.0 * items;
    for (uint32_t i = 0; i < build->node->aggregate.group_count; i++) {
        width += type_width(build->input.node->columns[build->groups[i]].type);
    }
    return width;
}

/* The cheapest way that is possible, or what the setting aggregate_phases asks for. A set () that must give a row without any
 * input is finished on the leader, and so is a single group. */
static GroupingWay choose_way(const Lowering *low, const AggregateBuild *build, uint32_t items) {
    const LogicalNode *node = build->node;
    if (node->aggregate.group_count == 0 || node->aggregate.empty_set_count > 0) {
        return GROUP_ON_LEADER;
    }
    const char *phases = low->cx->settings->aggregate_phases;
    bool may_one = strcmp(phases, "two") != 0, may_two = strcmp(phases, "one") != 0;
    Cluster cluster = cluster_of(low->cx->settings, planned_nodes(low->logical, low->plan->topology.nodes));
    const PhysicalNode *input = build->input.node;
    JoinSide side = {build->input.placement.kind, input->rows, input->width};
    double best_ns = 0;
    GroupingWay best = GROUPING_WAY_COUNT;
    for (GroupingWay way = 0; way < GROUPING_WAY_COUNT; way++) {
        double ns = price_grouping(&cluster, way, &side, node->rows, partial_width(build, items)).nanoseconds;
        bool is_asked = way == GROUP_ONE_PHASE ? may_one : may_two;
        if (is_asked && (best == GROUPING_WAY_COUNT || ns < best_ns)) {
            best = way;
            best_ns = ns;
        }
    }
    return best;
}

/* Partial results, groups first, meet and become the node's columns. */
static Status aggregate_partials(Lowering *low, AggregateBuild *build, Subplan *partial, uint32_t items, bool by_hash,
                                 Subplan *out) {
    uint32_t groups = build->node->aggregate.group_count;
    uint32_t *slots;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, groups + 1);
    for (uint32_t i = 0; i < groups; i++) {
        slots[i] = i;
    }
    if (moves_rows(low) && partial->placement.kind != PLACED_LEADER && partial->placement.kind != PLACED_REPLICATED) {
        TRY(bring_together(low, partial, slots, groups, by_hash));
    }
    TRY(aggregate_final(low, build, partial, items, out));
    TRY(aggregate_name(low, build->node, out));
    return aggregate_finish(low, build, out);
}

static Status aggregate_in_two_phases(Lowering *low, AggregateBuild *build, uint32_t items, bool by_hash, Subplan *out) {
    Subplan partial;
    TRY(aggregate_partial(low, build, items, &partial));
    return aggregate_partials(low, build, &partial, items, by_hash, out);
}

/* ------------------------------------------------------------------------------------------------------------- grouping sets
 */

static Status expand_over(Lowering *low, const LogicalNode *node, const Subplan *input, Subplan *out) {
    uint32_t keys = node->expand.key_count, passed = input->node->column_count;
    const ColumnId *added = node->columns + node->column_count - keys - 1;
    uint32_t *slots;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, keys + 1);
    TRY(lower_over(low, PHYSICAL_EXPAND, input, keys + 1, out));
    for (uint32_t k = 0; k < keys; k++) {
        TRY(subplan_slot(low, input, node->expand.keys[k], &slots[k]));
        lower_column(low, out, passed + k, added[k]);
        out->node->columns[passed + k].domain = input->node->columns[slots[k]].domain;
        out->node->columns[passed + k].domain.can_be_null = true;
    }
    lower_column(low, out, passed + keys, added[keys]);
    out->node->columns[passed + keys].domain = (ColumnDomain){.has_range = true, .max = node->expand.set_count - 1};
    out->node->expand = (ExpandSpec){keys, slots, node->expand.set_count, node->expand.has_key};
    out->node->rows = input->node->rows * node->expand.set_count;
    if (out->placement.kind == PLACED_HASHED) {
        out->placement = (Placement){.kind = PLACED_RANDOM};
    }
    lower_finish(low, out);
    return OK;
}

Status lower_expand(Lowering *low, const LogicalNode *node, Subplan *out) {
    Subplan input;
    TRY(lower_node(low, node->children[0], &input));
    return expand_over(low, node, &input, out);
}

/* Can rows be aggregated by all keys first, so that only those few results are expanded? `finest` is that aggregation. */
static Status aggregates_before_expand(Lowering *low, const LogicalNode *node, LogicalNode *finest, bool *can) {
    const LogicalNode *expand = node->children[0];
    *can = expand->expand.key_count + 1 == node->aggregate.group_count;
    for (uint32_t i = 0; i < node->aggregate.call_count && *can; i++) {
        AggregateSplit split;
        Expr *finish;
        TRY(aggregate_split(low->cx, low->arena, node->aggregate.calls[i].aggregate, &split, &finish));
        *can = split.count > 0 && !node->aggregate.calls[i].is_distinct;
    }
    *finest = *node;
    finest->aggregate.empty_set_count = 0;
    finest->aggregate.group_count = expand->expand.key_count;
    TRY_NEW_ARRAY(low->cx, low->arena, finest->aggregate.groups, expand->expand.key_count);
    for (uint32_t k = 0; k < expand->expand.key_count; k++) {
        const LogicalColumn *column = &low->logical->columns[expand->expand.keys[k]];
        finest->aggregate.groups[k] = expr_column(low->cx, low->arena, column->id, column->type, column->name, POS_NONE);
        if (finest->aggregate.groups[k] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    double rows = expand->children[0]->rows;
    TRY(estimate_groups(low->cx, low->logical, finest->aggregate.groups, finest->aggregate.group_count, expand->children[0],
                        &finest->rows));
    *can = *can && finest->rows * 2 <= rows;
    return OK;
}

/* The groups as the Expand made them, then the partial results. */
static Status order_expanded(Lowering *low, const LogicalNode *node, uint32_t items, Subplan *expanded) {
    uint32_t groups = node->aggregate.group_count, keys = groups - 1;
    Subplan out;
    TRY(lower_new(low, PHYSICAL_PROJECT, 1, groups + items, &out));
    TRY_NEW_ARRAY(low->cx, low->arena, out.node->project.exprs, groups + items + 1);
    for (uint32_t i = 0; i < groups + items; i++) {
        uint32_t from = i >= groups ? keys + i - groups : UINT32_MAX;
        if (i < groups) {
            TRY(subplan_slot(low, expanded, node->aggregate.groups[i]->column, &from));
        }
        TRY(lower_pass(low, expanded, from, &out, i));
    }
    out.node->children[0] = expanded->node;
    out.node->on_leader = expanded->node->on_leader;
    out.node->rows = expanded->node->rows;
    out.placement = expanded->placement;
    lower_finish(low, &out);
    *expanded = out;
    return OK;
}

static Status aggregate_from_finest(Lowering *low, const LogicalNode *node, const LogicalNode *finest, Subplan *out) {
    AggregateBuild build = {.node = finest};
    const LogicalNode *expand = node->children[0];
    Subplan partial, expanded;
    uint32_t items;
    TRY(lower_node(low, expand->children[0], &build.input));
    TRY(aggregate_inputs(low, &build));
    TRY(aggregate_splits(low, &build, &items));
    TRY(aggregate_partial(low, &build, items, &partial));
    TRY(expand_over(low, expand, &partial, &expanded));
    TRY(order_expanded(low, node, items, &expanded));
    build.node = node;
    bool by_hash = choose_way(low, &build, items) != GROUP_ON_LEADER;
    return aggregate_partials(low, &build, &expanded, items, by_hash, out);
}

/* ------------------------------------------------------------------------------------------------------------- aggregation */

Status lower_aggregate(Lowering *low, const LogicalNode *node, Subplan *out) {
    AggregateBuild build = {.node = node};
    if (node->children[0]->kind == LOGICAL_EXPAND) {
        LogicalNode finest;
        bool can;
        TRY(aggregates_before_expand(low, node, &finest, &can));
        if (can) {
            return aggregate_from_finest(low, node, &finest, out);
        }
    }
    TRY(lower_node(low, node->children[0], &build.input));
    TRY(aggregate_inputs(low, &build));
    uint32_t groups = node->aggregate.group_count, items;
    PlacementKind kind = build.input.placement.kind;
    if (!moves_rows(low) || kind == PLACED_LEADER || kind == PLACED_REPLICATED ||
        (groups > 0 && placement_groups(&build.input, build.groups, groups))) {
        bool stays = kind == PLACED_REPLICATED || (groups > 0 && placement_groups(&build.input, build.groups, groups));
        TRY(aggregate_single(low, &build, out));
        if (!stays) {
            out->placement = (Placement){.kind = PLACED_LEADER};
        }
        return OK;
    }
    TRY(aggregate_splits(low, &build, &items));
    GroupingWay way = build.can_split ? choose_way(low, &build, items) : GROUP_ONE_PHASE;
    if (way != GROUP_ONE_PHASE) {
        return aggregate_in_two_phases(low, &build, items, way == GROUP_BY_HASH, out);
    }
    TRY(bring_together(low, &build.input, build.groups, groups, node->aggregate.empty_set_count == 0));
    return aggregate_single(low, &build, out);
}
