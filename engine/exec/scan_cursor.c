/* Cursors over sorted segments: see scan_cursor.h. Zone maps say which blocks a span of keys touches; where it begins or ends
 * within a block, the block's key column is searched before anything else of it is read. */
#include "exec/scan_cursor.h"

#include "exec/pipeline.h"
#include "exec/row_store.h"

/* ------------------------------------------------------------------------------------------------------------------ keys */

static int64_t key_of_text(const Text *text) {
    uint64_t head = 0;
    memcpy(&head, text_data(text), text->bytes < sizeof head ? text->bytes : sizeof head);
    return (int64_t)(__builtin_bswap64(head) ^ ((uint64_t)1 << 63));
}

static int64_t key_of_value(const Value *value) {
    return type_is_text(value->type) ? key_of_text(&value->text) : value->i64;
}

/* Keys of the rows that have one; NULLs stand behind them. */
static Status load_keys(const Context *cx, const Vector *vector, uint32_t rows, Vector *scratch, int64_t *keys,
                        uint32_t *keyed) {
    *keyed = rows;
    if (vector->validity != NULL) {
        bool is_constant = vector->kind == VECTOR_CONSTANT;
        *keyed = !is_constant ? (uint32_t)bits_count(vector->validity, rows) : bit_get(vector->validity, 0) ? rows : 0;
    }
    if (!type_is_text(vector->type)) {
        return vector_load_i64(cx, vector, rows, scratch, keys);
    }
    if (vector->kind == VECTOR_CONSTANT) {
        int64_t key = *keyed == 0 ? 0 : key_of_text(vector->data);
        for (uint32_t i = 0; i < rows; i++) {
            keys[i] = key;
        }
        return OK;
    }
    TRY(vector_flatten(cx, vector, rows, scratch));
    const Text *texts = scratch->data;
    for (uint32_t i = 0; i < *keyed; i++) {
        keys[i] = key_of_text(&texts[i]);
    }
    return OK;
}

uint32_t key_lower_bound(const int64_t *keys, uint32_t count, int64_t key) {
    uint32_t low = 0;
    while (count > 0) {
        uint32_t half = count / 2;
        bool is_less = keys[low + half] < key;
        low += is_less ? half + 1 : 0;
        count = is_less ? count - half - 1 : half;
    }
    return low;
}

/* ---------------------------------------------------------------------------------------------------------- sorted scans */

static Status read_block_keys(const Context *cx, const SortedScan *scan, const ScanSegment *segment, uint32_t block,
                              BlockKeys *keys) {
    ColumnRange range;
    TRY(segment_block_range(cx, segment->reader, scan->op->scan.columns[scan->column], block, &range));
    *keys = (BlockKeys){.has_keys = range.has_range, .has_nulls = range.nulls > 0};
    if (range.has_range) {
        keys->low = key_of_value(&range.min);
        keys->high = key_of_value(&range.max);
    }
    return OK;
}

Status sorted_scan_open(Task *task, const PhysicalNode *op, uint32_t column, bool keeps_nulls, SortedScan *scan) {
    ScanShared *shared = query_operator_state(task->query, op, task->node);
    *scan = (SortedScan){.op = op,
                         .shared = shared,
                         .profile = profile_of(task->query, op, task->node),
                         .column = column,
                         .keeps_nulls = keeps_nulls};
    TRY_ALLOC_ZEROED(&task->cx, scan->blocks, sizeof *scan->blocks * (shared->block_count + 1));
    TRY_ALLOC_ZEROED(&task->cx, scan->touched, sizeof *scan->touched * (shared->block_count + 1));
    for (uint32_t i = 0; i < shared->segment_count; i++) {
        const ScanSegment *segment = &shared->segments[i];
        for (uint32_t b = 0; b < segment_block_count(segment->reader); b++) {
            TRY(read_block_keys(&task->cx, scan, segment, b, &scan->blocks[segment->first_block + b]));
        }
    }
    return OK;
}

/* Blocks that no cursor wanted were skipped for the other side's sake. */
void sorted_scan_close(SortedScan *scan) {
    for (uint32_t i = 0; scan->touched != NULL && scan->profile != NULL && i < scan->shared->block_count; i++) {
        scan->profile->scan.blocks_skipped_join += !atomic_load_explicit(&scan->touched[i], memory_order_relaxed);
    }
    mem_free(scan->blocks);
    mem_free(scan->touched);
}

/* --------------------------------------------------------------------------------------------------------------- cursors */

Status scan_cursor_start(Task *task, const SortedScan *scan, uint32_t segment, KeySpan span, ScanCursor *cursor) {
    if (!cursor->is_open) {
        cursor->is_open = true;
        vector_init(&cursor->scratch, type_make(TYPE_BIGINT));
        TRY(scan_local_open(task, scan->op, scan->shared, &cursor->local));
        TRY_ALLOC(&task->cx, cursor->keys, sizeof *cursor->keys * BATCH_ROWS_MAX);
    }
    cursor->local.segment = segment;
    cursor->local.has_block = cursor->is_over = false;
    cursor->next_block = cursor->at = cursor->keyed = 0;
    cursor->span = span;
    cursor->seek = span.low;
    return OK;
}

static bool is_wanted(const SortedScan *scan, const ScanCursor *cursor, const BlockKeys *keys) {
    return (keys->has_keys && keys->high >= cursor->seek) || (keys->has_nulls && cursor->span.to_end && scan->keeps_nulls);
}

/* Finds the rows of the open block that the span asks for. */
static Status narrow_to_span(Task *task, const SortedScan *scan, const BlockKeys *keys, ScanCursor *cursor) {
    const KeySpan *span = &cursor->span;
    ScanLocal *local = &cursor->local;
    bool is_whole_low = !keys->has_keys || keys->low >= span->low;
    bool is_whole_high = span->to_end || (keys->high < span->high && !keys->has_nulls);
    if (is_whole_low && is_whole_high) {
        return OK;
    }
    const ColumnBlock *block;
    uint32_t below = 0, within = 0;
    TRY(scan_block_column(task, scan->op, scan->shared, local, scan->column, &block));
    for (uint32_t first = 0; first < local->block_rows && within == first; first += BATCH_ROWS_MAX) {
        uint32_t left = local->block_rows - first, rows = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX, keyed;
        TRY(column_block_decode(&task->cx, block, first, rows, &local->loaded));
        TRY(load_keys(&task->cx, &local->loaded, rows, &cursor->scratch, cursor->keys, &keyed));
        below += key_lower_bound(cursor->keys, keyed, span->low);
        within += span->to_end ? rows : key_lower_bound(cursor->keys, keyed, span->high);
    }
    local->row_first = below;
    local->row_end = within;
    return OK;
}

/* Zone maps are asked and counted once per block, also where several cursors read parts of it. */
static Status open_block(Task *task, const SortedScan *scan, ScanCursor *cursor, uint32_t number, bool *skip) {
    ScanProfile *profile = &cursor->local.profile;
    uint64_t by_zone = profile->blocks_skipped_zone, by_join = profile->blocks_skipped_join;
    bool is_first = atomic_exchange_explicit(&scan->touched[number], 1, memory_order_relaxed) == 0;
    TRY(scan_block_open(task, scan->op, scan->shared, &cursor->local, skip));
    if (!is_first) {
        profile->blocks_skipped_zone = by_zone;
        profile->blocks_skipped_join = by_join;
    } else if (!*skip) {
        profile->blocks_read++;
    }
    return OK;
}

/* Opens the next block that has rows of the span, if one is left. */
static Status next_block(Task *task, const SortedScan *scan, ScanCursor *cursor) {
    ScanLocal *local = &cursor->local;
    const ScanSegment *segment = &scan->shared->segments[local->segment];
    uint32_t count = segment_block_count(segment->reader);
    while (!local->has_block && cursor->next_block < count) {
        local->block = cursor->next_block++;
        uint32_t number = segment->first_block + local->block;
        const BlockKeys *keys = &scan->blocks[number];
        bool skip;
        if (!cursor->span.to_end && keys->has_keys && keys->low >= cursor->span.high) {
            cursor->next_block = count;
            break;
        }
        if (!is_wanted(scan, cursor, keys)) {
            continue;
        }
        TRY(check_cancel(&task->cx));
        TRY(open_block(task, scan, cursor, number, &skip));
        if (skip) {
            continue;
        }
        TRY(narrow_to_span(task, scan, keys, cursor));
        if (local->row_first < local->row_end) {
            query_progress_add(task->query, local->row_end - local->row_first);
            TRY(scan_block_filter(task, scan->op, scan->shared, local));
        }
    }
    return OK;
}

static Status find_batch(Task *task, const SortedScan *scan, ScanCursor *cursor) {
    ScanLocal *local = &cursor->local;
    do {
        if (!local->has_block) {
            TRY(next_block(task, scan, cursor));
        }
        if (!local->has_block) {
            cursor->is_over = true;
            return OK;
        }
        TRY(scan_block_emit(task, scan->op, scan->shared, local));
        TRY(load_keys(&task->cx, &local->out.columns[scan->column], local->out.rows, &cursor->scratch, cursor->keys,
                      &cursor->keyed));
    } while (cursor->keyed == 0 && !scan->keeps_nulls);
    cursor->at = 0;
    cursor->rows += local->out.rows;
    cursor->batches++;
    return OK;
}

Status scan_cursor_next(Task *task, const SortedScan *scan, ScanCursor *cursor) {
    Effort start = effort_now(task);
    TRY(find_batch(task, scan, cursor));
    effort_add(&cursor->spent, effort_since(task, start));
    return OK;
}

void scan_cursor_close(const SortedScan *scan, ScanCursor *cursor) {
    if (!cursor->is_open) {
        return;
    }
    scan_local_close(scan->op, scan->shared, &cursor->local, &scan->profile->scan);
    scan->profile->rows += cursor->rows;
    scan->profile->batches += cursor->batches;
    effort_add(&scan->profile->spent, cursor->spent);
    mem_free(cursor->keys);
    vector_free(&cursor->scratch);
}

size_t scan_cursor_bytes(const ScanCursor *cursor) {
    size_t bytes = sizeof *cursor + mem_size(cursor->keys) + mem_size(cursor->local.rows) + mem_size(cursor->local.bits);
    for (uint32_t i = 0; cursor->local.out.columns != NULL && i < cursor->local.out.column_count; i++) {
        bytes += cursor->local.out.columns[i].owned_bytes;
    }
    return bytes;
}
