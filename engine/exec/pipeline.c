/* Cuts the physical plan into pipelines and links what must wait for what.
 *
 * Walking down from the root, operators that are stages are collected until a source is met; an operator that needs all of its
 * input first (a breaker: its class has a sink) ends one pipeline and begins another:
 *
 *     Result ← Project ← Hash Join ← Scan lineorder          pipeline 2, waits for the join's build
 *                            └────── Scan dates              pipeline 1, sink: the join
 *
 * A shared subplan ends in a breaker without a source, the Materialize; the scans of it wait for that.
 * With one node an exchange is nothing: its child takes its place. */
#include "exec/pipeline.h"

#include "exec/join_build.h"
/* The stages between the operator at hand and the sink, nearest first; on the walker's stack. */
typedef struct Chain {
    const PhysicalNode *stage;
    const struct Chain *above;
} Chain;

typedef struct Cutter {
    Query *query;
    Pipeline **last;
    const PhysicalNode **publishers; /* per filter id: the join that publishes it, or NULL */
} Cutter;

static const char *operator_label(const PhysicalNode *op) {
    static const char *const labels[] = {
#define OPERATOR(tag, label) [PHYSICAL_##tag] = label,
#include "plan/operators.def"
#undef OPERATOR
    };
    return labels[op->kind];
}

void operator_placement(const Query *query, const PhysicalNode *op, uint32_t *first, uint32_t *count) {
    uint32_t nodes = query->plan->topology.nodes;
    *first = nodes > 1 && op->on_leader ? nodes : 0;
    *count = nodes > 1 && !op->on_leader ? nodes : 1;
}

static Status run_list_add(const Context *cx, Arena *arena, RunList *list, Run *run) {
    TRY_APPEND(cx, arena, list->runs, list->capacity, list->count, run);
    return OK;
}

/* The sink of `op` on a node, made on first use. */
static Status sink_of(Query *query, const PhysicalNode *op, uint32_t node, SinkState **sink) {
    OperatorState *state = operator_state(query, op, node);
    if (state->sink == NULL) {
        const OperatorClass *class_ = operator_class(op);
        TRY_NEW(&query->cx, &query->arena, state->sink);
        state->sink->query = query;
        state->sink->op = op;
        state->sink->class_ = class_->sink;
        state->sink->state = class_->spans_nodes ? operator_state(query, op, 0) : state;
        state->sink->node = node;
    }
    *sink = state->sink;
    return OK;
}

static Status pipeline_add_runs(Query *query, Pipeline *pipeline) {
    uint32_t first;
    operator_placement(query, pipeline->source, &first, &pipeline->run_count);
    TRY_NEW_ARRAY(&query->cx, &query->arena, pipeline->runs, pipeline->run_count);
    for (uint32_t i = 0; i < pipeline->run_count; i++) {
        Run *run = &pipeline->runs[i];
        run->query = query;
        run->pipeline = pipeline;
        run->node = first + i;
        atomic_init(&run->waits, 1); /* held until everything is linked */
        atomic_init(&run->done_level, -1);
        run_prepare(run);
        if (pipeline->sink != NULL) {
            TRY(sink_of(query, pipeline->sink, run->node, &run->sink));
            atomic_fetch_add(&run->sink->feeders, 1);
        } else {
            atomic_fetch_add(&query->result_feeders, 1);
        }
    }
    return OK;
}

static Status add_pipeline(Cutter *cutter, const PhysicalNode *source, const SourceClass *class_, const Chain *chain,
                           const PhysicalNode *sink) {
    Query *query = cutter->query;
    Pipeline *pipeline;
    TRY_NEW(&query->cx, &query->arena, pipeline);
    pipeline->source = source;
    pipeline->source_class = class_;
    for (const Chain *link = chain; link != NULL; link = link->above) {
        pipeline->stage_count++;
    }
    TRY_NEW_ARRAY(&query->cx, &query->arena, pipeline->stages, pipeline->stage_count + 1);
    TRY_NEW_ARRAY(&query->cx, &query->arena, pipeline->stage_classes, pipeline->stage_count + 1);
    uint32_t i = 0;
    for (const Chain *link = chain; link != NULL; link = link->above) {
        if (query->plan->topology.nodes > 1 && link->stage->on_leader != source->on_leader) {
            return fail(&query->cx, INTERNAL_ERROR, "the plan has \"%s\" where its input is not", operator_label(link->stage));
        }
        pipeline->stages[i] = link->stage;
        pipeline->stage_classes[i++] = operator_class(link->stage)->stage;
    }
    pipeline->sink = sink;
    *cutter->last = pipeline;
    cutter->last = &pipeline->next;
    return pipeline_add_runs(query, pipeline);
}

static bool join_keeps_build_rows(const PhysicalNode *op) {
    return (op->kind == PHYSICAL_HASH_JOIN || op->kind == PHYSICAL_NESTED_LOOP) && join_preserves_build(op->join.kind);
}

static Status cut(Cutter *cutter, const PhysicalNode *op, const Chain *above, const PhysicalNode *sink);

static Status add_after_probe(Cutter *cutter, const PhysicalNode *op, const SourceClass *source, const Chain *above,
                              const PhysicalNode *sink) {
    Pipeline **at = cutter->last;
    TRY(add_pipeline(cutter, op, source, above, sink));
    for (uint32_t i = 0; i < (*at)->run_count; i++) {
        Run *run = &(*at)->runs[i];
        OperatorState *state = operator_state(cutter->query, op, run->node);
        TRY(run_list_add(&cutter->query->cx, &cutter->query->arena, &state->after_probe, run));
    }
    return OK;
}

static Status cut_join(Cutter *cutter, const PhysicalNode *op, const OperatorClass *class_, const Chain *above,
                       const PhysicalNode *sink) {
    if (op->join.publishes_filter && op->join.filter_id < cutter->query->plan->filter_count) {
        cutter->publishers[op->join.filter_id] = op;
        TRY(op->join.filter_crosses ? join_filter_open(&cutter->query->cx, cutter->query, op) : OK);
    }
    Chain chain = {op, above};
    TRY(cut(cutter, op->children[1], NULL, op));
    TRY(cut(cutter, op->children[0], &chain, sink));
    if (class_->unmatched != NULL && join_keeps_build_rows(op)) {
        TRY(add_after_probe(cutter, op, class_->unmatched, above, sink));
    }
    return class_->spilled != NULL ? add_after_probe(cutter, op, class_->spilled, above, sink) : OK;
}

static Status cut(Cutter *cutter, const PhysicalNode *op, const Chain *above, const PhysicalNode *sink) {
    while (op->kind == PHYSICAL_EXCHANGE && cutter->query->plan->topology.nodes == 1) {
        op = op->children[0];
    }
    const OperatorClass *class_ = operator_class(op);
    if (class_ == NULL) {
        return fail_unsupported(&cutter->query->cx, POS_NONE, operator_label(op));
    }
    if (class_->stage != NULL && class_->sink != NULL) {
        return cut_join(cutter, op, class_, above, sink);
    }
    if (class_->sink != NULL) {
        TRY(cut(cutter, op->children[0], NULL, op));
        return class_->source != NULL ? add_pipeline(cutter, op, class_->source, above, sink) : OK;
    }
    if (class_->stage == NULL) {
        return add_pipeline(cutter, op, class_->source, above, sink);
    }
    Chain chain = {op, above};
    for (uint32_t i = 0; i < op->child_count; i++) { /* several: UNION */
        TRY(cut(cutter, op->children[i], &chain, sink));
    }
    return OK;
}

static Status wait_for_sink_on(Query *query, Run *run, const PhysicalNode *op, uint32_t node) {
    SinkState *sink;
    TRY(sink_of(query, op, node, &sink));
    atomic_fetch_add(&run->waits, 1);
    return run_list_add(&query->cx, &query->arena, &sink->dependents, run);
}

static Status wait_for_sink(Query *query, Run *run, const PhysicalNode *op) {
    return wait_for_sink_on(query, run, op, run->node);
}

/* Waits for the shared subplans of this query that a tree reads, wherever it runs; it may read them through subplans of the
 * rounds. */
static Status wait_for_shared(Query *query, Run *run, const PhysicalNode *op) {
    if (op->kind == PHYSICAL_SHARED_SCAN && !query_owns_shared(query, op->shared_scan.shared)) {
        return wait_for_shared(query, run, op->shared_scan.shared);
    }
    if (op->kind == PHYSICAL_SHARED_SCAN) {
        uint32_t first, count;
        operator_placement(query, op, &first, &count);
        for (uint32_t i = 0; i < count; i++) {
            TRY(wait_for_sink_on(query, run, op->shared_scan.shared, first + i));
        }
    }
    for (uint32_t i = 0; i < op->child_count; i++) {
        TRY(wait_for_shared(query, run, op->children[i]));
    }
    return OK;
}

/* A scan of a shared subplan waits for it on its node, a recursion for what its terms read. */
static Status wait_for_source(Query *query, Run *run) {
    const PhysicalNode *source = run->pipeline->source;
    if (source->kind == PHYSICAL_SHARED_SCAN) {
        const PhysicalNode *shared = source->shared_scan.shared;
        return query_owns_shared(query, shared) ? wait_for_sink(query, run, shared) : OK;
    }
    for (uint32_t i = 0; source->kind == PHYSICAL_RECURSION && i < source->child_count; i++) {
        TRY(wait_for_shared(query, run, source->children[i]));
    }
    return OK;
}

/* Build rows without a match, and what was spilled, are known when every probe on that node is over. */
static Status let_wait_for_probe(Query *query, Run *probe, const PhysicalNode *join) {
    const RunList *waiting = &operator_state(query, join, probe->node)->after_probe;
    for (uint32_t i = 0; i < waiting->count; i++) {
        atomic_fetch_add(&waiting->runs[i]->waits, 1);
        TRY(run_list_add(&query->cx, &query->arena, &probe->dependents, waiting->runs[i]));
    }
    return OK;
}

static Status wait_for_sinks(Query *query, Run *run, const PhysicalNode *op) {
    uint32_t first, count;
    operator_placement(query, op, &first, &count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(wait_for_sink_on(query, run, op, first + i));
    }
    return OK;
}

/* A scan reads the join filters when it opens; the joins that publish them come first, on its node or on all. That cannot go
 * round in circles: the scan is on the probe side of those joins, and no build side depends on its own probe side. */
static Status wait_for_filters(Cutter *cutter, Run *run, const PhysicalNode *source) {
    for (uint32_t i = 0; source->kind == PHYSICAL_SCAN && i < source->scan.join_filter_count; i++) {
        const PhysicalNode *join = cutter->publishers[source->scan.join_filters[i].filter_id];
        if (join != NULL && source->scan.join_filters[i].of_all_nodes) {
            TRY(wait_for_sinks(cutter->query, run, join));
        } else if (join != NULL && (join->on_leader == source->on_leader || cutter->query->plan->topology.nodes == 1)) {
            TRY(wait_for_sink(cutter->query, run, join));
        }
    }
    for (uint32_t i = 0; operator_class(source)->drives_children && i < source->child_count; i++) {
        TRY(wait_for_filters(cutter, run, source->children[i]));
    }
    return OK;
}

static Status link_run(Cutter *cutter, Run *run) {
    const Pipeline *pipeline = run->pipeline;
    for (uint32_t i = 0; i < pipeline->stage_count; i++) {
        if (operator_class(pipeline->stages[i])->sink != NULL) {
            TRY(wait_for_sink(cutter->query, run, pipeline->stages[i]));
            TRY(let_wait_for_probe(cutter->query, run, pipeline->stages[i]));
        }
    }
    const OperatorClass *source = operator_class(pipeline->source);
    if (source->sink != NULL && !source->spans_nodes) {
        TRY(wait_for_sink(cutter->query, run, pipeline->source));
    }
    TRY(wait_for_source(cutter->query, run));
    return wait_for_filters(cutter, run, pipeline->source);
}

Status pipelines_build(Query *query) {
    const PhysicalPlan *plan = query->plan;
    Cutter cutter = {.query = query, .last = &query->pipelines};
    TRY_NEW_ARRAY(&query->cx, &query->arena, query->states, (size_t)plan->operator_count * query->place_count);
    TRY_NEW_ARRAY(&query->cx, &query->arena, query->filters, (size_t)plan->filter_count * query->place_count);
    TRY_NEW_ARRAY(&query->cx, &query->arena, query->crossing, plan->filter_count);
    TRY_NEW_ARRAY(&query->cx, &query->arena, query->bounds, (size_t)plan->bound_count * query->place_count);
    for (uint32_t i = 0; i < plan->bound_count * query->place_count; i++) {
        atomic_init(&query->bounds[i], NO_BOUND);
    }
    TRY_NEW_ARRAY(&query->cx, &query->arena, cutter.publishers, plan->filter_count);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        if (query_owns_shared(query, plan->shared[i])) {
            TRY(cut(&cutter, plan->shared[i], NULL, NULL));
        }
    }
    TRY(cut(&cutter, plan->root, NULL, NULL));
    for (Pipeline *pipeline = query->pipelines; pipeline != NULL; pipeline = pipeline->next) {
        for (uint32_t i = 0; i < pipeline->run_count; i++) {
            TRY(link_run(&cutter, &pipeline->runs[i]));
        }
    }
    return OK;
}
