/* Partition-wise hash join: both sides are scans of tables that are partitioned alike by join keys, so that a partition's rows
 * find their partners in one partition of the other side. Pairs of partitions (of a slice, where slices keep partners together)
 * are joined one by one, each with a table of its own, built and probed by the hash join's code; so at most one pair's table
 * per task is in memory. Pairs are taken from an atomic counter.
 *
 * A pair whose inner side has no row, and blocks outside of the range of its keys, are not read where unmatched rows drop. */
#include "exec/hash_join.h"
#include "exec/join_spill.h"
#include "exec/pipeline.h"
#include "exec/scan_block.h"

enum { OUTER, INNER };

typedef struct PairShared {
    ScanShared *scans[2]; /* of the children, which close them */
    OperatorProfile *profiles[2];
    bool drops_unmatched;
    uint32_t first_slice, slice_count; /* 1: all slices of the node together */
    _Atomic(uint32_t) next_unit;
} PairShared;

/* One side of the pair at hand, batch by batch. */
typedef struct SideReader {
    bool is_open;
    ScanLocal local;
    uint32_t segment, next_block;
    uint64_t rows, batches;
    Effort spent;
} SideReader;

typedef struct PairLocal {
    const PartitionPair *pair; /* NULL: take the next */
    uint32_t slice;
    SideReader sides[2];
    JoinShared *build; /* owned; of this pair */
    ProbeLocal probe;
    void *spilled;   /* what was spilled of the pair is joined by this source's local state; owned; NULL: not yet */
    const Batch *in; /* the probe has more for it, else NULL */
    uint64_t built_rows, spilled_bytes;
    size_t bytes_peak;
} PairLocal;

/* Partitions without a partner are pruned: their segments are in no unit. */
static Status count_pruned(Task *task, const PhysicalNode *op, uint32_t side, ScanShared *scan) {
    uint32_t count = op->children[side]->scan.table->partition_count;
    uint8_t *is_paired, *is_counted;
    TRY_ALLOC_ZEROED(&task->cx, is_paired, 2 * (size_t)count + 1);
    is_counted = is_paired + count;
    for (uint32_t i = 0; i < op->join.pair_count; i++) {
        uint32_t partition = side == OUTER ? op->join.pairs[i].outer : op->join.pairs[i].inner;
        if (partition < count) {
            is_paired[partition] = 1;
        }
    }
    for (uint32_t i = 0; i < scan->segment_count; i++) {
        uint32_t partition = scan->segments[i].segment->partition;
        if (!is_paired[partition]) {
            scan->profile.blocks_pruned += segment_block_count(scan->segments[i].reader);
            scan->profile.partitions_read -= !is_counted[partition];
            is_counted[partition] = 1;
        }
    }
    mem_free(is_paired);
    return OK;
}

static Status pair_open(Task *task, const PhysicalNode *op, void *shared_) {
    PairShared *shared = shared_;
    const Topology *topology = &query_plan(task->query)->topology;
    for (uint32_t side = OUTER; side <= INNER; side++) {
        shared->scans[side] = query_operator_state(task->query, op->children[side], task->node);
        shared->profiles[side] = profile_of(task->query, op->children[side], task->node);
        TRY(count_pruned(task, op, side, shared->scans[side]));
    }
    shared->drops_unmatched = op->join.kind == JOIN_INNER || op->join.kind == JOIN_SEMI;
    bool is_on_leader = task->node == topology->nodes; /* it reads the slices of all nodes */
    shared->first_slice = is_on_leader ? 0 : task->node * topology->slices_per_node;
    shared->slice_count = !op->join.pairs_by_slice ? 1 : topology->slices_per_node * (is_on_leader ? topology->nodes : 1);
    return OK;
}

static uint32_t unit_count(const PhysicalNode *op, const PairShared *shared) {
    return op->join.pair_count * shared->slice_count;
}

static uint32_t pair_task_limit(Task *task, const PhysicalNode *op, void *shared) {
    (void)task;
    return unit_count(op, shared);
}

/* --------------------------------------------------------------------------------------------------------------- reading */

static bool is_of_unit(const PhysicalNode *op, const PairLocal *local, uint32_t side, const Segment *segment) {
    uint32_t partition = side == OUTER ? local->pair->outer : local->pair->inner;
    return segment->partition == partition && (!op->join.pairs_by_slice || segment->slice == local->slice);
}

/* Sets segment and block of the next block of the side; false after the last. */
static bool next_position(const PhysicalNode *op, const PairShared *shared, PairLocal *local, uint32_t side) {
    const ScanShared *scan = shared->scans[side];
    SideReader *reader = &local->sides[side];
    for (; reader->segment < scan->segment_count; reader->segment++) {
        const ScanSegment *segment = &scan->segments[reader->segment];
        if (is_of_unit(op, local, side, segment->segment) && reader->next_block < segment_block_count(segment->reader)) {
            reader->local.segment = reader->segment;
            reader->local.block = reader->next_block++;
            return true;
        }
        reader->next_block = 0;
    }
    return false;
}

/* Is no key of the outer block within the range of the inner keys? */
static Status misses_keys(Task *task, const PhysicalNode *op, const PairShared *shared, const PairLocal *local, bool *misses) {
    const JoinShared *build = local->build;
    const ScanLocal *at = &local->sides[OUTER].local;
    *misses = false;
    if (!shared->drops_unmatched || !build->is_integer) {
        return OK;
    }
    ColumnRange range;
    uint32_t column = op->children[0]->scan.columns[op->join.probe_keys[0]];
    TRY(segment_block_range(&task->cx, shared->scans[OUTER]->segments[at->segment].reader, column, at->block, &range));
    *misses = !range.has_range || range.max.i64 < build->key_min || range.min.i64 > build->key_max;
    return OK;
}

static Status next_block(Task *task, const PhysicalNode *op, const PairShared *shared, PairLocal *local, uint32_t side,
                         bool *over) {
    ScanShared *scan = shared->scans[side];
    const PhysicalNode *child = op->children[side];
    ScanLocal *reader = &local->sides[side].local;
    bool skip = false;
    *over = !next_position(op, shared, local, side);
    if (*over) {
        return OK;
    }
    if (side == OUTER) {
        TRY(misses_keys(task, op, shared, local, &skip));
        reader->profile.blocks_skipped_join += skip;
    }
    if (!skip) {
        TRY(scan_block_open(task, child, scan, reader, &skip));
        query_progress_add(task->query, reader->block_rows);
    }
    if (skip) {
        return OK;
    }
    reader->profile.blocks_read++;
    return scan_block_filter(task, child, scan, reader);
}

/* NULL after the last batch of the side. */
static Status next_batch(Task *task, const PhysicalNode *op, const PairShared *shared, PairLocal *local, uint32_t side,
                         const Batch **out) {
    SideReader *reader = &local->sides[side];
    Effort start = effort_now(task);
    bool over = false;
    *out = NULL;
    while (!reader->local.has_block && !over) {
        TRY(check_cancel(&task->cx));
        TRY(next_block(task, op, shared, local, side, &over));
    }
    if (!over) {
        TRY(scan_block_emit(task, op->children[side], shared->scans[side], &reader->local));
        *out = &reader->local.out;
        reader->rows += (*out)->rows;
        reader->batches++;
    }
    effort_add(&reader->spent, effort_since(task, start));
    return OK;
}

static Status start_side(Task *task, const PhysicalNode *op, const PairShared *shared, PairLocal *local, uint32_t side) {
    SideReader *reader = &local->sides[side];
    if (!reader->is_open) {
        reader->is_open = true;
        TRY(scan_local_open(task, op->children[side], shared->scans[side], &reader->local));
    }
    reader->segment = reader->next_block = 0;
    reader->local.has_block = false;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- a pair */

static Status keep_inner_rows(Task *task, const PhysicalNode *op, const PairShared *shared, PairLocal *local) {
    BuildLocal rows = {0};
    const Batch *batch;
    Flow flow;
    Status status = join_side_open_local(task, op, local->build, &rows);
    do {
        status = status == OK ? next_batch(task, op, shared, local, INNER, &batch) : status;
        if (status == OK && batch != NULL) {
            status = join_side_consume(task, op, local->build, &rows, batch, &flow);
        }
    } while (status == OK && batch != NULL);
    status = status == OK ? join_side_merge(task, op, local->build, &rows) : status;
    join_side_close_local(op, local->build, &rows, NULL);
    return status;
}

static Status build_pair(Task *task, const PhysicalNode *op, const PairShared *shared, PairLocal *local) {
    uint32_t steps;
    TRY_ALLOC_ZEROED(&task->cx, local->build, sizeof *local->build);
    JoinShared *build = local->build;
    TRY(join_side_open(task, op, build));
    TRY(keep_inner_rows(task, op, shared, local));
    TRY(join_side_finish(task, op, build, &steps));
    for (uint32_t step = 0; step < steps; step++) {
        TRY(join_side_part(task, op, build, step));
    }
    row_table_drop_chunks(&build->build.table);
    size_t bytes = join_build_bytes(&build->build) + join_index_bytes(&build->index);
    local->bytes_peak = bytes > local->bytes_peak ? bytes : local->bytes_peak;
    local->built_rows += build->build.table.rows;
    return OK;
}

static void end_pair(const PhysicalNode *op, PairLocal *local) {
    if (local->spilled != NULL) {
        join_spilled_source.close_local(op, local->build, local->spilled, NULL);
        mem_free(local->spilled);
        local->spilled = NULL;
    }
    if (local->build != NULL) {
        uint64_t piece_bytes = join_spill_piece_bytes(local->build->build.spill);
        local->bytes_peak = piece_bytes > local->bytes_peak ? piece_bytes : local->bytes_peak;
        local->spilled_bytes += join_spill_bytes(local->build->build.spill);
        join_side_close(op, local->build, NULL);
        mem_free(local->build);
        local->build = NULL;
    }
    local->pair = NULL;
    local->in = NULL;
    local->probe.is_in_batch = false;
    local->probe.writer = NULL;
    key_finder_forget(&local->probe.finder);
}

/* What the pair's outer side would have read. */
static void skip_outer(const PhysicalNode *op, const PairShared *shared, PairLocal *local) {
    while (next_position(op, shared, local, OUTER)) {
        local->sides[OUTER].local.profile.blocks_skipped_join++;
    }
}

static Status start_pair(Task *task, const PhysicalNode *op, PairShared *shared, PairLocal *local, bool *over) {
    uint32_t number = atomic_fetch_add_explicit(&shared->next_unit, 1, memory_order_relaxed);
    *over = number >= unit_count(op, shared);
    if (*over) {
        return OK;
    }
    local->pair = &op->join.pairs[number / shared->slice_count];
    local->slice = shared->first_slice + number % shared->slice_count;
    TRY(start_side(task, op, shared, local, INNER));
    TRY(start_side(task, op, shared, local, OUTER));
    TRY(build_pair(task, op, shared, local));
    if (shared->drops_unmatched && !local->build->build.has_rows) {
        skip_outer(op, shared, local);
        end_pair(op, local);
    }
    return OK;
}

/* Joins what went to disk, after the outer side; or there is nothing. */
static Status start_spilled(Task *task, const PhysicalNode *op, PairLocal *local) {
    if (local->build->build.spill == NULL) {
        end_pair(op, local);
        return OK;
    }
    TRY_ALLOC_ZEROED(&task->cx, local->spilled, join_spilled_source.local_size);
    return join_spilled_source.open_local(task, op, local->build, local->spilled);
}

static Status next_spilled(Task *task, const PhysicalNode *op, PairLocal *local, const Batch **out) {
    Flow flow;
    TRY(join_spilled_source.next(task, op, local->build, local->spilled, out, &flow));
    if (flow == DONE) {
        end_pair(op, local);
    }
    return OK;
}

static Status probe_pair(Task *task, const PhysicalNode *op, const PairShared *shared, PairLocal *local, const Batch **out) {
    Flow flow;
    if (local->spilled != NULL) {
        return next_spilled(task, op, local, out);
    }
    if (local->in == NULL) {
        TRY(next_batch(task, op, shared, local, OUTER, &local->in));
        if (local->in == NULL) {
            return start_spilled(task, op, local);
        }
    }
    TRY(join_probe_push(task, op, local->build, &local->probe, local->in, out, &flow));
    local->in = flow == MORE_OUTPUT ? local->in : NULL;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- source */

static Status pair_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    return join_probe_open_local(task, op, shared, &((PairLocal *)local_)->probe);
}

static Status pair_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    PairShared *shared = shared_;
    PairLocal *local = local_;
    bool over = false;
    *out = NULL;
    if (local->pair == NULL) {
        TRY(start_pair(task, op, shared, local, &over));
    } else {
        TRY(probe_pair(task, op, shared, local, out));
    }
    *flow = over ? DONE : *out != NULL ? MORE_OUTPUT : NEED_INPUT;
    return OK;
}

/* Times are exclusive: what the reading of the sides took is the scans'. */
static void pair_close_local(const PhysicalNode *op, void *shared_, void *local_, OperatorProfile *profile) {
    PairShared *shared = shared_;
    PairLocal *local = local_;
    end_pair(op, local);
    join_probe_close_local(op, shared, &local->probe, profile);
    for (uint32_t side = OUTER; side <= INNER; side++) {
        SideReader *reader = &local->sides[side];
        if (!reader->is_open) {
            continue;
        }
        OperatorProfile *own = shared->profiles[side];
        own->rows += reader->rows;
        own->batches += reader->batches;
        effort_add(&own->spent, reader->spent);
        effort_subtract(&profile->spent, reader->spent);
        scan_local_close(op->children[side], shared->scans[side], &reader->local, &own->scan);
    }
    profile->memory_bytes += local->bytes_peak;
    profile->groups += local->built_rows;
    profile->spilled_bytes += local->spilled_bytes;
}

static const SourceClass pair_source = {.name = "Hash Join",
                                        .shared_size = sizeof(PairShared),
                                        .local_size = sizeof(PairLocal),
                                        .open = pair_open,
                                        .open_local = pair_open_local,
                                        .next = pair_next,
                                        .close_local = pair_close_local,
                                        .task_limit = pair_task_limit};
const OperatorClass partition_join_operator = {.source = &pair_source, .drives_children = true};
