/* Merge join: both sides are scans of segments that are sorted by the key, and partners are on the same node. No hash table is
 * built and nothing is sorted; memory is a few batches per task, and one key's inner rows where a key has very many.
 *
 *   unit    a slice (or a node, where slices do not keep partners together) and a span of keys, cut at block boundaries that
 * the zone maps name; so several tasks work on one slice. Units are taken from an atomic counter. outer   one cursor per
 * segment. An equality join does not care in which order outer rows come, so segments that overlap are not merged: each cursor
 * takes its turn with the window. inner   one cursor per segment; the window (merge_window.c) gets all their rows up to the
 * least of their batches' last keys, the bound. Below the bound the window is whole. step    match the outer rows below the
 * bound, batch by batch; then drop what lies below the next outer key and move on.
 *
 * Each side skips blocks between the other side's keys, unless its unmatched rows come out. Keys beyond the first, and texts,
 * whose key is only their beginning, are compared pair by pair. */
#include "core/settings.h"
#include "exec/merge_window.h"
#include "exec/pipeline.h"
#include "exec/scan_cursor.h"

#include <stdlib.h>

/* Blocks of both sides in a unit. It does not depend on the number of threads, and so no counter does. */
#define UNIT_BLOCKS 32

enum { OUTER, INNER };

/* Segments [first, end) of a scan. */
typedef struct SegmentRange {
    uint32_t first, end;
} SegmentRange;

typedef struct MergeUnit {
    KeySpan span;
    uint32_t group;
    SegmentRange segments[2];
} MergeUnit;

typedef struct MergeShared {
    SortedScan sides[2];
    bool drops_unmatched;
    bool is_exact; /* one key of an integer class: the same keys are the same values */
    bool has_affinity;
    uint32_t group_count;
    uint32_t unit_count, unit_capacity;
    MergeUnit *units; /* owned */
    _Atomic(uint32_t) next_unit;
} MergeShared;

typedef struct OuterState {
    bool wants_batch, has_mark;
    MergeMark mark;
    uint64_t matched[VALIDITY_WORDS];
} OuterState;

typedef struct MergeLocal {
    uint32_t next_unit; /* with slice_affinity */
    bool has_unit;
    uint32_t counts[2], capacities[2];
    ScanCursor **cursors[2]; /* owned, kept from unit to unit */
    OuterState *outer;       /* per outer cursor; owned */
    int64_t bound;           /* the window has all inner rows with lesser keys … */
    bool inner_is_over;      /* … or simply all */
    MergeWindow window;
    JoinEmitter emitter;
    JoinPairs *pairs; /* owned */
} MergeLocal;

/* ----------------------------------------------------------------------------------------------------------------- units */

/* Where a block begins, and what it weighs. */
typedef struct BlockStart {
    int64_t key;
    uint32_t rows;
} BlockStart;

static int compare_starts(const void *a, const void *b) {
    int64_t x = ((const BlockStart *)a)->key, y = ((const BlockStart *)b)->key;
    return x < y ? -1 : x > y;
}

static uint32_t list_starts(const SortedScan *scan, SegmentRange range, BlockStart *starts) {
    uint32_t count = 0;
    for (uint32_t i = range.first; i < range.end; i++) {
        const ScanSegment *segment = &scan->shared->segments[i];
        for (uint32_t b = 0; b < segment_block_count(segment->reader); b++) {
            const BlockKeys *keys = &scan->blocks[segment->first_block + b];
            if (keys->has_keys) {
                starts[count++] = (BlockStart){keys->low, segment_block_row_count(segment->reader, b)};
            }
        }
    }
    return count;
}

static Status add_unit(const Context *cx, MergeShared *shared, const MergeUnit *unit) {
    TRY_MEM_APPEND(cx, shared->units, shared->unit_capacity, shared->unit_count, *unit);
    return OK;
}

/* Cuts the keys of a group where a block begins and enough rows have gone by. */
static Status cut_group(const Context *cx, MergeShared *shared, MergeUnit *unit, BlockStart *starts) {
    uint32_t count = list_starts(&shared->sides[OUTER], unit->segments[OUTER], starts);
    count += list_starts(&shared->sides[INNER], unit->segments[INNER], starts + count);
    qsort(starts, count, sizeof *starts, compare_starts);
    uint32_t outer_rows = shared->sides[OUTER].shared->block_rows_max, inner_rows = shared->sides[INNER].shared->block_rows_max;
    uint64_t rows = 0, enough = (uint64_t)UNIT_BLOCKS * (outer_rows > inner_rows ? outer_rows : inner_rows);
    unit->span = (KeySpan){.low = INT64_MIN};
    for (uint32_t i = 0; i < count; i++) {
        if (rows >= enough && starts[i].key > unit->span.low) {
            unit->span.high = starts[i].key;
            TRY(add_unit(cx, shared, unit));
            unit->span.low = starts[i].key;
            rows = 0;
        }
        rows += starts[i].rows;
    }
    unit->span.high = INT64_MAX;
    unit->span.to_end = true;
    return add_unit(cx, shared, unit);
}

/* Segments stand by slice. */
static SegmentRange segments_of_slice(const ScanShared *scan, uint32_t slice) {
    SegmentRange range = {0, 0};
    while (range.first < scan->segment_count && scan->segments[range.first].segment->slice < slice) {
        range.first++;
    }
    range.end = range.first;
    while (range.end < scan->segment_count && scan->segments[range.end].segment->slice == slice) {
        range.end++;
    }
    return range;
}

static Status cut_units(Task *task, const PhysicalNode *op, MergeShared *shared) {
    const Topology *topology = &query_plan(task->query)->topology;
    const ScanShared *scans[2] = {shared->sides[OUTER].shared, shared->sides[INNER].shared};
    uint32_t groups = op->join.merges_by_slice ? topology->nodes * topology->slices_per_node : 1;
    BlockStart *starts;
    TRY_ALLOC(&task->cx, starts, sizeof *starts * (scans[OUTER]->block_count + (size_t)scans[INNER]->block_count + 1));
    Status status = OK;
    for (uint32_t g = 0; status == OK && g < groups; g++) {
        MergeUnit unit = {.group = shared->group_count};
        for (uint32_t side = OUTER; side <= INNER; side++) {
            unit.segments[side] =
                op->join.merges_by_slice ? segments_of_slice(scans[side], g) : (SegmentRange){0, scans[side]->segment_count};
        }
        bool has_outer = unit.segments[OUTER].first < unit.segments[OUTER].end;
        bool has_inner = unit.segments[INNER].first < unit.segments[INNER].end;
        if (has_outer && (has_inner || !shared->drops_unmatched)) {
            shared->group_count++;
            status = cut_group(&task->cx, shared, &unit, starts);
        }
    }
    mem_free(starts);
    return status;
}

static Status merge_open(Task *task, const PhysicalNode *op, void *shared_) {
    MergeShared *shared = shared_;
    const PhysicalNode *outer = op->children[0], *inner = op->children[1];
    uint32_t outer_key = op->join.probe_keys[0], inner_key = op->join.build_keys[0];
    shared->drops_unmatched = op->join.kind == JOIN_INNER || op->join.kind == JOIN_SEMI;
    shared->is_exact = op->join.key_count == 1 && !type_is_text(outer->columns[outer_key].type);
    shared->has_affinity = task->cx.settings->slice_affinity;
    TRY(sorted_scan_open(task, outer, outer_key, !shared->drops_unmatched, &shared->sides[OUTER]));
    TRY(sorted_scan_open(task, inner, inner_key, false, &shared->sides[INNER]));
    return cut_units(task, op, shared);
}

static uint32_t merge_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    (void)task, (void)op;
    const MergeShared *shared = shared_;
    return shared->has_affinity ? shared->group_count : shared->unit_count;
}

static const MergeUnit *take_unit(const Task *task, MergeShared *shared, MergeLocal *local) {
    if (!shared->has_affinity) {
        uint32_t number = atomic_fetch_add_explicit(&shared->next_unit, 1, memory_order_relaxed);
        return number < shared->unit_count ? &shared->units[number] : NULL;
    }
    while (local->next_unit < shared->unit_count) {
        const MergeUnit *unit = &shared->units[local->next_unit++];
        if (unit->group % task->task_count == task->index) {
            return unit;
        }
    }
    return NULL;
}

/* --------------------------------------------------------------------------------------------------------------- a unit */

static Status reserve_cursors(const Context *cx, MergeLocal *local, uint32_t side, uint32_t count) {
    if (count <= local->capacities[side]) {
        return OK;
    }
    ScanCursor **cursors = mem_resize(cx, local->cursors[side], count * sizeof *cursors);
    if (cursors == NULL) {
        return OUT_OF_MEMORY;
    }
    local->cursors[side] = cursors;
    while (local->capacities[side] < count) {
        TRY_ALLOC_ZEROED(cx, cursors[local->capacities[side]], sizeof **cursors);
        local->capacities[side]++;
    }
    if (side == OUTER) {
        OuterState *outer = mem_resize(cx, local->outer, count * sizeof *outer);
        if (outer == NULL) {
            return OUT_OF_MEMORY;
        }
        local->outer = outer;
    }
    return OK;
}

/* Does the segment have a block that the span may touch? */
static bool segment_is_touched(const SortedScan *scan, uint32_t index, const KeySpan *span) {
    const ScanSegment *segment = &scan->shared->segments[index];
    const BlockKeys *blocks = &scan->blocks[segment->first_block];
    for (uint32_t b = 0; b < segment_block_count(segment->reader); b++) {
        bool has_keys = blocks[b].has_keys && blocks[b].high >= span->low && (span->to_end || blocks[b].low < span->high);
        if (has_keys || (blocks[b].has_nulls && span->to_end && scan->keeps_nulls)) {
            return true;
        }
    }
    return false;
}

static Status start_side(Task *task, const MergeShared *shared, MergeLocal *local, const MergeUnit *unit, uint32_t side) {
    const SortedScan *scan = &shared->sides[side];
    local->counts[side] = 0;
    for (uint32_t i = unit->segments[side].first; i < unit->segments[side].end; i++) {
        if (segment_is_touched(scan, i, &unit->span)) {
            uint32_t at = local->counts[side];
            TRY(reserve_cursors(&task->cx, local, side, at + 1));
            TRY(scan_cursor_start(task, scan, i, unit->span, local->cursors[side][at]));
            local->counts[side]++;
        }
    }
    return OK;
}

static Status start_unit(Task *task, const MergeShared *shared, MergeLocal *local, const MergeUnit *unit) {
    TRY(start_side(task, shared, local, unit, OUTER));
    TRY(start_side(task, shared, local, unit, INNER));
    for (uint32_t i = 0; i < local->counts[OUTER]; i++) {
        local->outer[i] = (OuterState){.wants_batch = true};
    }
    merge_window_clear(&local->window);
    local->bound = INT64_MIN;
    local->inner_is_over = local->counts[INNER] == 0;
    local->has_unit = !(shared->drops_unmatched && local->inner_is_over);
    return merge_window_seal(&task->cx, &local->window);
}

/* --------------------------------------------------------------------------------------------------------------- inner */

/* Rows below `key` are behind the cursor. */
static Status skip_to(Task *task, const SortedScan *scan, ScanCursor *cursor, int64_t key) {
    cursor->seek = key > cursor->seek ? key : cursor->seek;
    while (!cursor->is_over) {
        cursor->at += key_lower_bound(cursor->keys + cursor->at, cursor->keyed - cursor->at, key);
        if (cursor->at < cursor->keyed) {
            return OK;
        }
        TRY(scan_cursor_next(task, scan, cursor));
    }
    return OK;
}

/* The outer side has come to `key`: the window begins there and gets at least one batch more. */
static Status advance_window(Task *task, const MergeShared *shared, MergeLocal *local, int64_t key) {
    const SortedScan *scan = &shared->sides[INNER];
    local->inner_is_over = true;
    local->bound = INT64_MAX;
    TRY(merge_window_drop(&task->cx, &local->window, key));
    for (uint32_t i = 0; i < local->counts[INNER]; i++) {
        ScanCursor *cursor = local->cursors[INNER][i];
        TRY(skip_to(task, scan, cursor, key));
        if (!cursor->is_over) {
            int64_t last = cursor->keys[cursor->keyed - 1];
            local->bound = last < local->bound ? last : local->bound;
            local->inner_is_over = false;
        }
    }
    for (uint32_t i = 0; i < local->counts[INNER] && !local->inner_is_over; i++) {
        ScanCursor *cursor = local->cursors[INNER][i];
        if (!cursor->is_over) {
            uint32_t end = cursor->at + key_upper_bound(cursor->keys + cursor->at, cursor->keyed - cursor->at, local->bound);
            TRY(merge_window_add(&task->cx, &local->window, &cursor->local.out, cursor->keys, cursor->at, end));
            cursor->at = end;
        }
    }
    for (uint32_t i = 0; i < local->counts[OUTER]; i++) {
        local->outer[i].has_mark = false;
    }
    return merge_window_seal(&task->cx, &local->window);
}

/* --------------------------------------------------------------------------------------------------------------- outer */

/* Where unmatched rows do not come out: rows between the keys of the inner side need not be read. */
static void skip_unmatched(const MergeLocal *local, ScanCursor *cursor) {
    const MergeWindow *window = &local->window;
    if (window->first == window->count) {
        cursor->is_over = local->inner_is_over;
        return;
    }
    int64_t least = window->keys[window->first], greatest = window->keys[window->count - 1];
    cursor->seek = least > cursor->seek ? least : cursor->seek;
    cursor->is_over = local->inner_is_over && cursor->keyed > 0 && cursor->keys[cursor->keyed - 1] > greatest;
}

static Status next_outer_batch(Task *task, const MergeShared *shared, MergeLocal *local, uint32_t i) {
    ScanCursor *cursor = local->cursors[OUTER][i];
    OuterState *outer = &local->outer[i];
    if (shared->drops_unmatched) {
        skip_unmatched(local, cursor);
    }
    if (cursor->is_over) {
        return OK;
    }
    TRY(scan_cursor_next(task, &shared->sides[OUTER], cursor));
    outer->wants_batch = outer->has_mark = false;
    memset(outer->matched, 0, sizeof outer->matched);
    return OK;
}

/* Rows of the cursor's batch that the window can answer. */
static uint32_t outer_limit(const MergeLocal *local, const ScanCursor *cursor) {
    return local->inner_is_over ? cursor->keyed : key_lower_bound(cursor->keys, cursor->keyed, local->bound);
}

static void note_matches(OuterState *outer, const JoinPairs *pairs) {
    for (uint32_t i = 0; i < pairs->count; i++) {
        bit_set(outer->matched, pairs->probe[i]);
    }
}

static Status match_rows(Task *task, const PhysicalNode *op, const MergeShared *shared, MergeLocal *local, uint32_t i,
                         uint32_t limit, const Batch **out) {
    const Context *cx = &task->cx;
    ScanCursor *cursor = local->cursors[OUTER][i];
    OuterState *outer = &local->outer[i];
    const Batch *in = &cursor->local.out;
    JoinPairs *pairs = local->pairs;
    bool only_asks = join_only_asks(op->join.kind), is_single;
    if (!outer->has_mark) {
        outer->mark = merge_window_mark(&local->window, cursor->at, cursor->keys[cursor->at]);
        outer->has_mark = true;
    }
    merge_window_match(&local->window, cursor->keys, limit, only_asks && shared->is_exact && op->join.residual == NULL,
                       (uint32_t)cx->settings->batch_rows, &outer->mark, pairs, &is_single);
    cursor->at = outer->mark.row;
    if (!shared->is_exact) {
        TRY(join_verify_pairs(cx, &local->emitter, op, in, &local->window.table, pairs));
    }
    TRY(join_filter_pairs(cx, &local->emitter, op, in, &local->window.table, pairs));
    if (op->join.kind != JOIN_INNER) {
        note_matches(outer, pairs);
    }
    if (only_asks || pairs->count == 0) {
        return OK;
    }
    *out = &local->emitter.out;
    return join_emit_pairs(cx, &local->emitter, op, in, &local->window.table, pairs, false,
                           is_single && pairs->count == in->rows);
}

/* One step of the unit: some pairs, the end of an outer batch, or a new window. *over: nothing is left. */
static Status unit_step(Task *task, const PhysicalNode *op, const MergeShared *shared, MergeLocal *local, const Batch **out,
                        bool *over) {
    int64_t next_key = INT64_MAX;
    *over = true;
    for (uint32_t i = 0; i < local->counts[OUTER]; i++) {
        ScanCursor *cursor = local->cursors[OUTER][i];
        OuterState *outer = &local->outer[i];
        if (outer->wants_batch && !cursor->is_over) {
            TRY(next_outer_batch(task, shared, local, i));
        }
        if (cursor->is_over) {
            continue;
        }
        *over = false;
        uint32_t limit = outer_limit(local, cursor);
        if (cursor->at < limit) {
            return match_rows(task, op, shared, local, i, limit, out);
        }
        if (cursor->at == cursor->keyed) {
            outer->wants_batch = true;
            return join_finish_batch(&task->cx, &local->emitter, op, &cursor->local.out, &local->window.table, outer->matched,
                                     NULL, out);
        }
        next_key = cursor->keys[cursor->at] < next_key ? cursor->keys[cursor->at] : next_key;
    }
    return *over ? OK : advance_window(task, shared, local, next_key);
}

/* --------------------------------------------------------------------------------------------------------------- source */

static Status merge_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    MergeLocal *local = local_;
    TRY_ALLOC(&task->cx, local->pairs, sizeof *local->pairs);
    TRY(merge_window_open(&task->cx, &local->window, op->children[1]));
    return join_emitter_open(&task->cx, &local->emitter, op);
}

static Status merge_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    MergeShared *shared = shared_;
    MergeLocal *local = local_;
    bool over;
    *out = NULL;
    if (!local->has_unit) {
        const MergeUnit *unit = take_unit(task, shared, local);
        if (unit == NULL) {
            *flow = DONE;
            return OK;
        }
        TRY(start_unit(task, shared, local, unit));
    }
    if (local->has_unit) {
        TRY(unit_step(task, op, shared, local, out, &over));
        local->has_unit = !over;
    }
    *flow = *out != NULL ? MORE_OUTPUT : NEED_INPUT;
    return OK;
}

/* Times are exclusive: what the cursors took is the scans'. */
static void merge_close_local(const PhysicalNode *op, void *shared_, void *local_, OperatorProfile *profile) {
    (void)op;
    MergeShared *shared = shared_;
    MergeLocal *local = local_;
    for (uint32_t side = OUTER; side <= INNER; side++) {
        for (uint32_t i = 0; i < local->capacities[side]; i++) {
            ScanCursor *cursor = local->cursors[side][i];
            profile->memory_bytes += cursor->is_open ? scan_cursor_bytes(cursor) : 0;
            effort_subtract(&profile->spent, cursor->spent);
            scan_cursor_close(&shared->sides[side], cursor);
            mem_free(cursor);
        }
        mem_free(local->cursors[side]);
    }
    profile->memory_bytes += local->window.bytes_peak;
    mem_free(local->outer);
    mem_free(local->pairs);
    merge_window_close(&local->window);
    join_emitter_close(&local->emitter);
}

static void merge_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op, (void)profile;
    MergeShared *shared = shared_;
    sorted_scan_close(&shared->sides[OUTER]);
    sorted_scan_close(&shared->sides[INNER]);
    mem_free(shared->units);
}

static const SourceClass merge_source = {.name = "Merge Join",
                                         .shared_size = sizeof(MergeShared),
                                         .local_size = sizeof(MergeLocal),
                                         .open = merge_open,
                                         .open_local = merge_open_local,
                                         .next = merge_next,
                                         .close_local = merge_close_local,
                                         .close = merge_close,
                                         .task_limit = merge_task_limit};
const OperatorClass merge_join_operator = {.source = &merge_source, .drives_children = true};
