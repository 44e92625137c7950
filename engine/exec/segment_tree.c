/* Segment trees over aggregate states. See segment_tree.h. */
#include "exec/segment_tree.h"

#define FANOUT_BITS 3
#define FANOUT (1u << FANOUT_BITS)

Status segment_tree_build(const Context *cx, SegmentTree *tree, const Aggregate *aggregate, const uint8_t *leaves,
                          size_t stride, uint32_t count, Arena *text) {
    *tree = (SegmentTree){.aggregate = aggregate, .stride = stride, .level_count = 1, .levels = {leaves}};
    uint32_t parents[BATCH_ROWS_MAX];
    while (count > FANOUT) {
        uint32_t above = (count + FANOUT - 1) / FANOUT;
        uint8_t *level;
        TRY_ALLOC_ZEROED(cx, level, above * stride);
        tree->owned[tree->level_count] = level;
        const uint8_t *below = tree->levels[tree->level_count - 1];
        for (uint32_t first = 0; first < count; first += BATCH_ROWS_MAX) {
            uint32_t rows = count - first < BATCH_ROWS_MAX ? count - first : BATCH_ROWS_MAX;
            for (uint32_t i = 0; i < rows; i++) {
                parents[i] = (first + i) >> FANOUT_BITS;
            }
            TRY(check_cancel(cx));
            TRY(aggregate->merge(cx, aggregate, level, stride, parents, below + first * stride, stride, rows, text));
        }
        tree->levels[tree->level_count++] = level;
        count = above;
    }
    return OK;
}

Status segment_tree_update(const Context *cx, const SegmentTree *tree, uint32_t at, uint32_t count, Arena *text) {
    static const uint32_t zeros[FANOUT];
    for (uint32_t l = 1; l < tree->level_count; l++) {
        at >>= FANOUT_BITS;
        uint32_t first = at << FANOUT_BITS, below = count - first < FANOUT ? count - first : FANOUT;
        uint8_t *parent = tree->owned[l] + at * tree->stride;
        memset(parent, 0, tree->stride);
        TRY(tree->aggregate->merge(cx, tree->aggregate, parent, tree->stride, zeros, tree->levels[l - 1] + first * tree->stride,
                                   tree->stride, below, text));
        count = (count + FANOUT - 1) / FANOUT;
    }
    return OK;
}

void segment_tree_free(SegmentTree *tree) {
    for (uint32_t l = 0; l < SEGMENT_TREE_LEVELS_MAX; l++) {
        mem_free(tree->owned[l]);
    }
    *tree = (SegmentTree){0};
}

static Status merge_run(const Context *cx, const SegmentTree *tree, uint32_t level, uint32_t start, uint32_t end,
                        uint8_t *state, Arena *text) {
    static const uint32_t zeros[FANOUT * 2];
    while (start < end) {
        uint32_t count = end - start < FANOUT * 2 ? end - start : FANOUT * 2;
        TRY(tree->aggregate->merge(cx, tree->aggregate, state, tree->stride, zeros, tree->levels[level] + start * tree->stride,
                                   tree->stride, count, text));
        start += count;
    }
    return OK;
}

/* Rows before the first whole node, the nodes of the level above, the rows after the last: keeps the order of the rows. */
static Status query_level(const Context *cx, const SegmentTree *tree, uint32_t level, uint32_t start, uint32_t end,
                          uint8_t *state, Arena *text) {
    uint32_t first = (start + FANOUT - 1) >> FANOUT_BITS, last = end >> FANOUT_BITS;
    if (level + 1 == tree->level_count || first >= last) {
        return merge_run(cx, tree, level, start, end, state, text);
    }
    TRY(merge_run(cx, tree, level, start, first << FANOUT_BITS, state, text));
    TRY(query_level(cx, tree, level + 1, first, last, state, text));
    return merge_run(cx, tree, level, last << FANOUT_BITS, end, state, text);
}

Status segment_tree_query(const Context *cx, const SegmentTree *tree, uint32_t start, uint32_t end, uint8_t *state,
                          Arena *text) {
    return start >= end ? OK : query_level(cx, tree, 0, start, end, state, text);
}
