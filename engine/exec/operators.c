/* Which file runs an operator. The plan has already decided (array or hash join, direct or hashed groups, Top-N or sort), so
 * this is the only place where an algorithm is looked up; the operators themselves hold no choice. */
#include "exec/exec.h"

/* Above this many rows a heap of kept rows is slower than sorting them all. */
#define TOPN_ROWS_MAX 8192

static const OperatorClass *join_class(const PhysicalNode *op) {
    (void)op;
#if __has_include("exec/array_join.c")
    if (op->join.algorithm == JOIN_BY_ARRAY) {
        return &array_join_operator;
    }
#endif
#if __has_include("exec/hash_join.c")
    return &hash_join_operator;
#else
    return NULL;
#endif
}

static const OperatorClass *aggregate_class(const PhysicalNode *op) {
    (void)op;
#if __has_include("exec/direct_agg.c")
    if (op->aggregate.is_direct) {
        return &direct_agg_operator;
    }
#endif
#if __has_include("exec/hash_agg.c")
    return &hash_agg_operator;
#else
    return NULL;
#endif
}

static const OperatorClass *sort_class(const PhysicalNode *op) {
    (void)op;
#if __has_include("exec/topn.c")
    if (op->sort.limit >= 0 && op->sort.limit <= TOPN_ROWS_MAX) {
        return &topn_operator;
    }
#endif
#if __has_include("exec/sort.c")
    return &sort_operator;
#else
    return NULL;
#endif
}

const OperatorClass *operator_class(const PhysicalNode *op) {
    switch (op->kind) {
    case PHYSICAL_SCAN: return &scan_operator;
    case PHYSICAL_VALUES: return &values_operator;
    case PHYSICAL_TABLE_FUNCTION: return &table_function_operator;
    case PHYSICAL_FILTER: return &filter_operator;
    case PHYSICAL_PROJECT: return &project_operator;
    case PHYSICAL_HASH_JOIN: return join_class(op);
#if __has_include("exec/nested_join.c")
    case PHYSICAL_NESTED_LOOP: return &nested_join_operator;
#endif
    case PHYSICAL_AGGREGATE: return aggregate_class(op);
    case PHYSICAL_SORT: return sort_class(op);
    case PHYSICAL_LIMIT: return &limit_operator;
#if __has_include("exec/window.c")
    case PHYSICAL_WINDOW: return &window_operator;
#endif
    case PHYSICAL_UNION: return &union_operator;
    case PHYSICAL_EXCHANGE: return &exchange_operator;
    case PHYSICAL_INSERT: return &insert_operator;
    default: return NULL;
    }
}

Status batch_init_like(const Context *cx, const PhysicalNode *op, Batch *batch) {
    Type *types;
    TRY_ALLOC(cx, types, sizeof *types * op->column_count);
    for (uint32_t i = 0; i < op->column_count; i++) {
        types[i] = op->columns[i].type;
    }
    Status status = batch_init(cx, batch, types, op->column_count);
    mem_free(types);
    return status;
}
