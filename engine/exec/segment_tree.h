/* A segment tree over aggregate states: the state of any run of rows from O(log rows) merges, for frames that slide and
 * aggregates that cannot be taken back. Level 0 has one state per row; each further level merges FANOUT states of the one
 * below. Borrowed level 0, owned rest. */
#ifndef DEPOT_EXEC_SEGMENT_TREE_H
#define DEPOT_EXEC_SEGMENT_TREE_H

#include "expr/aggregates.h"

#define SEGMENT_TREE_LEVELS_MAX 16

typedef struct SegmentTree {
    const Aggregate *aggregate;
    size_t stride;
    uint32_t level_count;
    const uint8_t *levels[SEGMENT_TREE_LEVELS_MAX];
    uint8_t *owned[SEGMENT_TREE_LEVELS_MAX];
} SegmentTree;

Status segment_tree_build(const Context *cx, SegmentTree *tree, const Aggregate *aggregate, const uint8_t *leaves,
                          size_t stride, uint32_t count, Arena *text) MUST_CHECK;
/* Leaf `at` of `count` was changed in place. */
Status segment_tree_update(const Context *cx, const SegmentTree *tree, uint32_t at, uint32_t count, Arena *text) MUST_CHECK;
void segment_tree_free(SegmentTree *tree);
/* Merges the states of rows [start, end) into `state`, in order. */
Status segment_tree_query(const Context *cx, const SegmentTree *tree, uint32_t start, uint32_t end, uint8_t *state,
                          Arena *text) MUST_CHECK;

#endif
