/* Streams, segments and steps of a plan, and what was counted in each. See query_steps.h. */
#include "plan/query_steps.h"

#include "plan/alerts.h"

#include <string.h>

typedef struct PlanStep {
    uint32_t stream, segment, step;
    const PhysicalNode *node;
    bool is_hash; /* the build side of the join `node` arrives */
} PlanStep;

typedef struct StepList {
    const Context *cx;
    Arena *arena;
    PlanStep *steps;
    uint32_t count, capacity;
    uint32_t next_segment;
} StepList;

/* Where the operator above goes. */
typedef struct Position {
    uint32_t stream, segment, step;
} Position;

static Status add_step(StepList *list, const PhysicalNode *node, bool is_hash, Position *at) {
    TRY_APPEND(list->cx, list->arena, list->steps, list->capacity, list->count,
               (PlanStep){at->stream, at->segment, at->step++, node, is_hash});
    return OK;
}

static Position new_segment(StepList *list, uint32_t stream) {
    return (Position){.stream = stream, .segment = list->next_segment++};
}

static Status walk(StepList *list, const PhysicalNode *node, uint32_t stream, Position *at);

static Status walk_join(StepList *list, const PhysicalNode *node, uint32_t stream, Position *at) {
    Position build;
    TRY(walk(list, node->children[1], stream, &build));
    TRY(add_step(list, node, true, &build));
    TRY(walk(list, node->children[0], build.stream + 1, at));
    return add_step(list, node, false, at);
}

/* Each input is a segment; what they have in common goes on in the last. */
static Status walk_inputs(StepList *list, const PhysicalNode *node, uint32_t stream, Position *at) {
    *at = node->child_count == 0 ? new_segment(list, stream) : (Position){0};
    for (uint32_t i = 0; i < node->child_count; i++) {
        uint32_t reached = at->stream;
        TRY(walk(list, node->children[i], stream, at));
        at->stream = at->stream < reached ? reached : at->stream;
    }
    return add_step(list, node, false, at);
}

static Status walk(StepList *list, const PhysicalNode *node, uint32_t stream, Position *at) {
    switch (node->kind) {
    case PHYSICAL_HASH_JOIN:
    case PHYSICAL_NESTED_LOOP: return walk_join(list, node, stream, at);
    case PHYSICAL_AGGREGATE:
    case PHYSICAL_SORT:
    case PHYSICAL_WINDOW:
        TRY(walk_inputs(list, node, stream, at));
        *at = new_segment(list, at->stream + 1);
        return OK;
    case PHYSICAL_EXCHANGE:
        TRY(walk_inputs(list, node, stream, at));
        *at = new_segment(list, at->stream);
        return OK;
    default: return walk_inputs(list, node, stream, at);
    }
}

/* In the order of streams and segments; in the arena. */
static Status plan_steps(const Context *cx, Arena *arena, const PhysicalPlan *plan, PlanStep **steps, uint32_t *count) {
    StepList list = {.cx = cx, .arena = arena};
    Position at;
    uint32_t stream = 0;
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(walk(&list, plan->shared[i], stream, &at));
        stream = at.stream + 1;
    }
    TRY(walk(&list, plan->root, stream, &at));
    *steps = list.steps;
    *count = list.count;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------- what was counted */

static const TableVersion *table_of(const PhysicalNode *node) {
    switch (node->kind) {
    case PHYSICAL_SCAN: return node->scan.table;
    case PHYSICAL_INSERT: return node->insert.table;
    case PHYSICAL_CHANGE: return node->change.table;
    default: return NULL;
    }
}

static const char *exchange_name(const ExchangeSpec *exchange) {
    switch (exchange->kind) {
    case EXCHANGE_BROADCAST: return "bcast";
    case EXCHANGE_HASH: return "dist";
    case EXCHANGE_GATHER: return exchange->merge_key_count > 0 ? "merge" : "return";
    }
    return "return";
}

static const char *step_name(const PlanStep *step) {
    const PhysicalNode *node = step->node;
    switch (node->kind) {
    case PHYSICAL_HASH_JOIN: return step->is_hash ? "hash" : "hjoin";
    case PHYSICAL_NESTED_LOOP: return step->is_hash ? "save" : "nloop";
    case PHYSICAL_AGGREGATE: return "aggr";
    case PHYSICAL_SORT: return "sort";
    case PHYSICAL_WINDOW: return "window";
    case PHYSICAL_LIMIT: return "limit";
    case PHYSICAL_PROJECT:
    case PHYSICAL_EXPAND:
    case PHYSICAL_FUNCTION_JOIN: return "project";
    case PHYSICAL_FILTER: return "filter";
    case PHYSICAL_EXCHANGE: return exchange_name(&node->exchange);
    case PHYSICAL_MATERIALIZE: return "save";
    case PHYSICAL_INSERT: return "insert";
    case PHYSICAL_CHANGE: return node->change.kind == CHANGE_DELETE ? "delete" : "update";
    case PHYSICAL_VALUES: return "result";
    case PHYSICAL_UNION:
    case PHYSICAL_RECURSION: return "append";
    default: return "scan";
    }
}

/* Rows that reached the step's end on a node: a hash step takes what the build side gave. */
static const OperatorProfile *output_of(const PlanStep *step, const PlanProfile *profile, uint32_t place) {
    const PhysicalNode *node = step->is_hash ? step->node->children[1] : step->node;
    return operator_profile(profile, node->id, place);
}

static Status scan_parts(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                         const PlanStep *step, LoggedStep *out) {
    uint32_t slices = plan->topology.nodes * plan->topology.slices_per_node;
    TRY_NEW_ARRAY(cx, arena, out->parts, slices);
    out->part_count = slices;
    for (uint32_t s = 0; s < slices; s++) {
        const OperatorProfile *node = output_of(step, profile, s / plan->topology.slices_per_node);
        LoggedPart *part = &out->parts[s];
        *part = (LoggedPart){.slice = (int32_t)s, .nanoseconds = node->spent.nanoseconds};
        if (node->scan.slices != NULL) {
            const ScanSlice *slice = &node->scan.slices[s];
            part->rows = slice->rows;
            part->bytes = slice->bytes;
            part->rows_pre_filter = slice->rows_scanned;
            part->rows_pre_user_filter = slice->rows_scanned - slice->rows_deleted;
        }
    }
    return OK;
}

static bool did_something(const OperatorProfile *profile) {
    return profile->spent.nanoseconds + profile->batches + profile->rows + profile->memory_bytes > 0;
}

/* One part per node; the leader's slice has no number. */
static Status node_parts(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                         const PlanStep *step, LoggedStep *out) {
    TRY_NEW_ARRAY(cx, arena, out->parts, profile->node_count);
    for (uint32_t place = 0; place < profile->node_count; place++) {
        const OperatorProfile *output = output_of(step, profile, place);
        const OperatorProfile *own = operator_profile(profile, step->node->id, place);
        bool is_leader = place == plan->topology.nodes;
        if (step->node->on_leader != is_leader && !did_something(output)) {
            continue;
        }
        LoggedPart *part = &out->parts[out->part_count++];
        part->slice = is_leader ? LEADER_SLICE : (int32_t)(place * plan->topology.slices_per_node);
        part->rows = output->rows;
        part->nanoseconds = step->is_hash ? 0 : own->spent.nanoseconds;
        part->bytes = step->node->kind == PHYSICAL_EXCHANGE ? own->exchange.bytes_sent : 0;
        bool holds_memory = step->is_hash || step->node->child_count < 2; /* a join's is its hash table */
        out->memory_bytes += holds_memory ? own->memory_bytes : 0;
        out->spilled_bytes += holds_memory ? own->spilled_bytes : 0;
    }
    return OK;
}

static void sum_parts(LoggedStep *step) {
    for (uint32_t i = 0; i < step->part_count; i++) {
        const LoggedPart *part = &step->parts[i];
        step->rows += part->rows;
        step->bytes += part->bytes;
        step->rows_pre_filter += part->rows_pre_filter;
        step->rows_pre_user_filter += part->rows_pre_user_filter;
    }
}

static void sum_blocks(const PlanStep *step, const PlanProfile *profile, LoggedStep *out) {
    uint64_t blocks = 0;
    for (uint32_t place = 0; place < profile->node_count; place++) {
        const ScanProfile *scan = &output_of(step, profile, place)->scan;
        blocks += scan->blocks;
        out->blocks_read += scan->blocks_read;
    }
    out->is_range_restricted = out->blocks_read < blocks;
}

static Status fill_step(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                        const PlanStep *step, LoggedStep *out) {
    const TableVersion *table = table_of(step->node);
    *out = (LoggedStep){.stream = step->stream, .segment = step->segment, .step = step->step, .name = step_name(step)};
    if (table != NULL) {
        out->table_id = table->id;
        out->table_name = arena_copy_text(cx, arena, table->schema->name, strlen(table->schema->name));
        if (out->table_name == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    if (step->node->kind == PHYSICAL_SCAN) {
        TRY(scan_parts(cx, arena, plan, profile, step, out));
        sum_blocks(step, profile, out);
        out->filters_sort_key = scan_filters_sort_key(&step->node->scan);
    } else {
        TRY(node_parts(cx, arena, plan, profile, step, out));
    }
    sum_parts(out);
    return OK;
}

Status logged_steps(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile, LoggedStep **steps,
                    uint32_t *count) {
    PlanStep *plan_list;
    TRY(plan_steps(cx, arena, plan, &plan_list, count));
    TRY_NEW_ARRAY(cx, arena, *steps, *count + 1);
    for (uint32_t i = 0; i < *count; i++) {
        TRY(fill_step(cx, arena, plan, profile, &plan_list[i], &(*steps)[i]));
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ plan as text */

static uint32_t indent_of(const char *line) {
    return (uint32_t)strspn(line, " ");
}

static bool is_heading(const char *line) {
    line += indent_of(line);
    return strncmp(line, "->  XN ", 7) == 0 || strncmp(line, "XN ", 3) == 0;
}

/* The nearest operator above that stands further to the left: of the one before, or of those above that. */
static uint32_t parent_of(const LoggedNode *nodes, const uint32_t *indents, uint32_t count) {
    uint32_t parent = count;
    while (parent > 0 && indents[parent - 1] >= indents[count]) {
        parent = nodes[parent - 1].parent;
    }
    return parent;
}

Status logged_nodes(const Context *cx, Arena *arena, const PhysicalPlan *plan, LoggedNode **nodes, uint32_t *count) {
    static const ExplainOptions estimates_only = {0};
    const char **lines;
    uint32_t line_count, *indents; /* of the nodes' headings */
    TRY(explain_lines(cx, arena, plan, NULL, &estimates_only, &lines, &line_count));
    TRY_NEW_ARRAY(cx, arena, *nodes, line_count + 1);
    TRY_NEW_ARRAY(cx, arena, indents, line_count + 1);
    *count = 0;
    for (uint32_t i = 0; i < line_count; i++) {
        if (is_heading(lines[i])) {
            indents[*count] = indent_of(lines[i]);
            uint32_t parent = parent_of(*nodes, indents, *count);
            (*nodes)[*count] = (LoggedNode){.id = *count + 1, .parent = parent, .heading = lines[i]};
            ++*count;
        } else if (*count > 0) {
            LoggedNode *node = &(*nodes)[*count - 1];
            const char *line = lines[i] + indent_of(lines[i]);
            node->info = node->info == NULL ? line : arena_format(cx, arena, "%s; %s", node->info, line);
            if (node->info == NULL) {
                return OUT_OF_MEMORY;
            }
        }
    }
    return OK;
}

Status logged_alerts(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                     LoggedAlert **alerts, uint32_t *count) {
    const Alert *found;
    PlanStep *steps;
    uint32_t step_count;
    TRY(alerts_find(cx, arena, plan, profile, &found, count));
    TRY(plan_steps(cx, arena, plan, &steps, &step_count));
    TRY_NEW_ARRAY(cx, arena, *alerts, *count + 1);
    for (uint32_t i = 0; i < *count; i++) {
        LoggedAlert *alert = &(*alerts)[i];
        *alert = (LoggedAlert){
            .slice = found[i].node->on_leader ? LEADER_SLICE : 0, .event = found[i].event, .solution = found[i].solution};
        for (uint32_t s = 0; s < step_count; s++) {
            if (steps[s].node == found[i].node) {
                alert->segment = steps[s].segment;
                alert->step = steps[s].step;
            }
        }
    }
    return OK;
}
