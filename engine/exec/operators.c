/* Which file runs an operator. The plan has already decided (array or hash join, direct or hashed groups, Top-N or sort), so
 * this is the only place where an algorithm is looked up; the operators themselves hold no choice. */
#include "exec/exec.h"

#include <string.h>

/* Top-N keeps a few times as many rows per task, in memory; above this many all rows are sorted, on disk where they must. */
#define TOPN_ROWS_MAX 32768

static const OperatorClass *aggregate_class(const PhysicalNode *op) {
    const AggregateSpec *spec = &op->aggregate;
    if (spec->is_sorted) {
        return &group_agg_operator;
    }
    return !spec->is_direct ? &hash_agg_operator : spec->item_count == 0 ? &direct_groups_operator : &direct_agg_operator;
}

static const OperatorClass *sort_class(const PhysicalNode *op) {
    return op->sort.limit >= 0 && op->sort.limit <= TOPN_ROWS_MAX ? &topn_operator : &sort_operator;
}

static const OperatorClass *table_function_class(const PhysicalNode *op) {
    if (op->table_function.system != NULL) {
        return &system_table_operator;
    }
    if (op->table_function.file != NULL) {
        return &file_scan_operator;
    }
    return strcmp(op->table_function.name, "generate_series") == 0 ? &table_function_operator : &storage_function_operator;
}

const OperatorClass *operator_class(const PhysicalNode *op) {
    switch (op->kind) {
    case PHYSICAL_SCAN: return &scan_operator;
    case PHYSICAL_VALUES: return &values_operator;
    case PHYSICAL_TABLE_FUNCTION: return table_function_class(op);
    case PHYSICAL_FUNCTION_JOIN: return &function_join_operator;
    case PHYSICAL_FILTER: return &filter_operator;
    case PHYSICAL_PROJECT: return &project_operator;
    case PHYSICAL_HASH_JOIN:
        return op->join.pair_count > 0 ? &partition_join_operator
                                       : &hash_join_operator; /* picks array or hash by the keys that came */
    case PHYSICAL_MERGE_JOIN: return &merge_join_operator;
    case PHYSICAL_NESTED_LOOP: return &nested_join_operator;
    case PHYSICAL_AGGREGATE: return aggregate_class(op);
    case PHYSICAL_EXPAND: return &expand_operator;
    case PHYSICAL_SORT: return sort_class(op);
    case PHYSICAL_LIMIT: return &limit_operator;
    case PHYSICAL_WINDOW: return &window_operator;
    case PHYSICAL_UNION: return &union_operator;
    case PHYSICAL_MATERIALIZE: return &materialize_operator;
    case PHYSICAL_SHARED_SCAN: return &shared_scan_operator;
    case PHYSICAL_RECURSION: return &recursion_operator;
    case PHYSICAL_WORKING_SCAN: return &working_scan_operator;
    case PHYSICAL_EXCHANGE: return &exchange_operator;
    case PHYSICAL_INSERT: return &insert_operator;
    case PHYSICAL_CHANGE: return &change_operator;
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
