/* Joins that only add to left rows or choose among them move to the lowest input that has what they ask of (rewrite.h). */
#include "plan/rewrite.h"

static bool has_all(const LogicalNode *node, const ColumnSet *columns) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < node->column_count; i++) {
        found += column_set_has(columns, node->columns[i]);
    }
    return found == bits_count(columns->bits, columns->capacity);
}

LogicalNode **rewrite_lower_place(LogicalNode **place, const ColumnSet *columns) {
    LogicalNode *node = *place;
    bool is_join = node->kind == LOGICAL_JOIN, is_inner = is_join && node->join.kind == JOIN_INNER;
    bool passes = is_join ? node->join.kind != JOIN_RIGHT && node->join.kind != JOIN_FULL
                          : node->kind == LOGICAL_FILTER && !expr_is_volatile(node->filter.condition);
    for (uint32_t i = 0; passes && i < (is_inner ? 2 : 1); i++) {
        if (has_all(node->children[i], columns)) {
            return &node->children[i];
        }
    }
    return NULL;
}

Status rewrite_set_columns(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    const LogicalNode *left = node->children[0];
    bool is_join = node->kind == LOGICAL_JOIN, takes_right = is_join && !join_only_asks(node->join.kind);
    bool adds_mark = is_join && join_adds_mark(node->join.kind);
    uint32_t right_count = takes_right ? node->children[1]->column_count : 0;
    node->column_count = left->column_count + right_count + adds_mark;
    TRY_NEW_ARRAY(cx, plan->arena, node->columns, node->column_count + 1);
    memcpy(node->columns, left->columns, left->column_count * sizeof *left->columns);
    if (right_count > 0) {
        memcpy(node->columns + left->column_count, node->children[1]->columns, right_count * sizeof *node->columns);
    }
    if (adds_mark) {
        node->columns[node->column_count - 1] = node->join.mark;
    }
    return OK;
}

Status rewrite_sink_join(const Context *cx, LogicalPlan *plan, LogicalNode **place, LogicalNode *join,
                         const ColumnSet *columns) {
    LogicalNode **lower = rewrite_lower_place(place, columns);
    if (lower != NULL) {
        TRY(rewrite_sink_join(cx, plan, lower, join, columns));
        return rewrite_set_columns(cx, plan, *place);
    }
    join->children[0] = *place;
    *place = join;
    return rewrite_set_columns(cx, plan, join);
}
