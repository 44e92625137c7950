/* depot check. Opens the warehouse a second time, so that every byte comes from the files again and not from a cache, and walks
 * tables, segments, columns and blocks. One damaged thing does not hide the next. */
#include "storage/check.h"

#include "storage/distribute.h"
#include "storage/encodings/encoding.h"
#include "storage/partition.h"
#include "storage/segment_read.h"
#include "storage/table_cache.h"

#include <stdio.h>

#define CHECK_CACHE_BYTES ((int64_t)64 << 20)

typedef struct Checker {
    Snapshot *snapshot;
    const TableVersion *table;
    const Segment *segment;
    SegmentReader *reader;
    Topology topology;
    CheckVisit *visit;
    void *argument;
} Checker;

static Status report(const Context *cx, const Checker *c, uint32_t which, int64_t block, const char *problem) {
    char path[FILE_PATH_MAX];
    bool is_column = which != SEGMENT_FILE_DELETES;
    segment_file_path(c->table, c->segment, is_column && c->segment->is_packed ? SEGMENT_FILE_PACKED : which, path);
    CheckProblem found = {.file = path, .block = block, .problem = problem};
    return c->visit(cx, c->argument, &found);
}

/* Damage becomes a row, and the check goes on; what is not damage ends it. */
static Status report_failure(const Context *cx, const Checker *c, uint32_t which, int64_t block, Status status) {
    if (status == OK || status == QUERY_CANCELED || status == OUT_OF_MEMORY) {
        return status;
    }
    Error error = *cx->error;
    error_clear(cx->error);
    return report(cx, c, which, block, error.message);
}

/* ------------------------------------------------------------------------------------------------------------------- blocks */

/* What has been seen of a block's values. */
typedef struct Seen {
    uint32_t nulls;
    bool out_of_range, out_of_order, has_previous;
    Value previous;
    Arena arena; /* its text between batches */
} Seen;

static void see_values(const Vector *vector, uint32_t count, const ColumnRange *range, Seen *seen) {
    for (uint32_t i = 0; i < count; i++) {
        Value value = vector_value(vector, i);
        if (value.is_null) {
            seen->nulls++;
            continue;
        }
        bool below = !range->has_range || value_compare(&value, &range->min) < 0;
        bool above = !below && !range->max_is_truncated && value_compare(&value, &range->max) > 0;
        seen->out_of_range = seen->out_of_range || below || above;
        seen->out_of_order = seen->out_of_order || (seen->has_previous && value_compare(&seen->previous, &value) > 0);
        seen->previous = value;
        seen->has_previous = true;
    }
}

static Status see_block(const Context *cx, const ColumnBlock *block, const ColumnRange *range, Vector *vector, Seen *seen) {
    for (uint32_t first = 0; first < block->rows; first += BATCH_ROWS_MAX) {
        uint32_t count = block->rows - first < BATCH_ROWS_MAX ? block->rows - first : BATCH_ROWS_MAX;
        TRY(check_cancel(cx));
        TRY(column_block_decode(cx, block, first, count, vector));
        see_values(vector, count, range, seen);
        if (seen->has_previous) {
            TRY(value_copy(cx, &seen->arena, &seen->previous, &seen->previous)); /* the vector's is overwritten by the next */
        }
    }
    return OK;
}

static const char *block_problem(const BlockEntry *entry, const Seen *seen) {
    if (seen->nulls != entry->nulls) {
        return "the number of NULLs is not what the footer says";
    }
    if (seen->out_of_range) {
        return "a value is not between minimum and maximum";
    }
    if ((entry->flags & BLOCK_IS_SORTED) != 0 && (seen->out_of_order || seen->nulls > 0)) {
        return "it is said to be sorted and is not";
    }
    return NULL;
}

static Status check_block(const Context *cx, const Checker *c, uint32_t column, uint32_t block, Vector *vector) {
    ColumnBlock open;
    ColumnRange range;
    Seen seen = {0};
    arena_init(&seen.arena);
    Status status = column_block_open(cx, c->reader, column, block, NULL, &open);
    if (status != OK) {
        return report_failure(cx, c, column, block, status);
    }
    status = segment_block_range(cx, c->reader, column, block, &range);
    if (status == OK) {
        status = see_block(cx, &open, &range, vector, &seen);
    }
    const char *problem = status == OK ? block_problem(open.entry, &seen) : NULL;
    arena_free(&seen.arena);
    column_block_close(&open);
    TRY(report_failure(cx, c, column, block, status));
    return problem == NULL ? OK : report(cx, c, column, block, problem);
}

static Status check_against_manifest(const Context *cx, const Checker *c, uint32_t column, const ColumnMeta *meta) {
    const SegmentColumn *said = &c->segment->columns[column];
    ColumnRange sum = {0}, range;
    for (uint32_t b = 0; b < meta->tail.block_count; b++) {
        column_meta_range(meta, b, &range);
        column_range_merge(&sum, &range);
    }
    const char *problem = NULL;
    if (sum.nulls != said->range.nulls || sum.rows != c->segment->rows) {
        problem = "the number of rows or NULLs is not what the manifest says";
    } else if (sum.has_range != said->range.has_range || (sum.has_range && (value_compare(&sum.min, &said->range.min) != 0 ||
                                                                            value_compare(&sum.max, &said->range.max) != 0))) {
        problem = "minimum or maximum is not what the manifest says";
    } else if (meta->tail.dictionary_size != said->dictionary_size) {
        problem = "the dictionary is not of the size that the manifest says";
    }
    return problem == NULL ? OK : report(cx, c, column, -1, problem);
}

static Status check_dictionary(const Context *cx, const Checker *c, uint32_t column) {
    const Dictionary *dictionary;
    Status status = segment_dictionary(cx, c->reader, column, &dictionary);
    if (status != OK) {
        return report_failure(cx, c, column, -1, status);
    }
    for (uint32_t i = 1; i < dictionary->size; i++) {
        Value a = value_load(dictionary->type, dictionary->values, i - 1),
              b = value_load(dictionary->type, dictionary->values, i);
        if (value_compare(&a, &b) >= 0) {
            return report(cx, c, column, -1, "the dictionary is not sorted");
        }
    }
    return OK;
}

static Status check_column(const Context *cx, const Checker *c, uint32_t column) {
    const ColumnMeta *meta;
    Status status = segment_column_meta(cx, c->reader, column, &meta);
    if (status != OK) {
        return report_failure(cx, c, column, -1, status);
    }
    TRY(check_against_manifest(cx, c, column, meta));
    if (meta->tail.dictionary_size > 0) {
        TRY(check_dictionary(cx, c, column));
    }
    Vector vector;
    vector_init(&vector, meta->type);
    for (uint32_t block = 0; status == OK && block < meta->tail.block_count; block++) {
        status = check_block(cx, c, column, block, &vector);
    }
    vector_free(&vector);
    return status;
}

/* ----------------------------------------------------------------------------------------------- order, slices, partitions */

/* Some columns of a block, decoded side by side. */
typedef struct Lockstep {
    uint32_t count;          /* of columns */
    const uint32_t *columns; /* numbers in the table */
    ColumnBlock *blocks;
    Vector *vectors;
} Lockstep;

typedef Status RowsCheck(const Context *cx, const Checker *c, const Lockstep *step, uint32_t rows, void *state,
                         const char **problem);

static Status walk_block(const Context *cx, const Checker *c, Lockstep *step, uint32_t block, RowsCheck *check, void *state,
                         const char **problem) {
    uint32_t opened = 0, block_rows = segment_block_row_count(c->reader, block);
    Status status = OK;
    for (; status == OK && opened < step->count; opened++) {
        status = column_block_open(cx, c->reader, step->columns[opened], block, NULL, &step->blocks[opened]);
        opened -= status != OK;
    }
    for (uint32_t first = 0; status == OK && *problem == NULL && first < block_rows; first += BATCH_ROWS_MAX) {
        uint32_t count = block_rows - first < BATCH_ROWS_MAX ? block_rows - first : BATCH_ROWS_MAX;
        for (uint32_t k = 0; status == OK && k < step->count; k++) {
            status = column_block_decode(cx, &step->blocks[k], first, count, &step->vectors[k]);
        }
        if (status == OK) {
            status = check(cx, c, step, count, state, problem);
        }
    }
    for (uint32_t k = 0; k < opened; k++) {
        column_block_close(&step->blocks[k]);
    }
    return status;
}

/* Damaged blocks have been reported already: they end the walk quietly. */
static Status walk_rows(const Context *cx, const Checker *c, const uint32_t *columns, uint32_t count, RowsCheck *check,
                        void *state) {
    Lockstep step = {.count = count, .columns = columns};
    const char *problem = NULL;
    Status status = OK;
    if (count == 0) {
        return OK;
    }
    TRY_ALLOC_ZEROED(cx, step.blocks, sizeof *step.blocks * count);
    step.vectors = mem_alloc_zeroed(cx, sizeof *step.vectors * count);
    status = step.vectors == NULL ? OUT_OF_MEMORY : OK;
    for (uint32_t k = 0; status == OK && k < count; k++) {
        vector_init(&step.vectors[k], c->table->schema->columns[columns[k]].type);
    }
    for (uint32_t block = 0; status == OK && problem == NULL && block < segment_block_count(c->reader); block++) {
        status = walk_block(cx, c, &step, block, check, state, &problem);
        if (status == OK && problem != NULL) {
            status = report(cx, c, columns[0], block, problem);
        }
    }
    for (uint32_t k = 0; step.vectors != NULL && k < count; k++) {
        vector_free(&step.vectors[k]);
    }
    mem_free(step.vectors);
    mem_free(step.blocks);
    if (status == DATA_CORRUPTED) {
        error_clear(cx->error);
        return OK;
    }
    return status;
}

static int compare_nulls_last(const Value *a, const Value *b) {
    if (a->is_null || b->is_null) {
        return (int)a->is_null - (int)b->is_null;
    }
    return value_compare(a, b);
}

/* Rows within a batch; a segment's batches meet at their ends by the blocks' zone maps. */
static Status check_order(const Context *cx, const Checker *c, const Lockstep *step, uint32_t rows, void *state,
                          const char **problem) {
    (void)cx, (void)c, (void)state;
    for (uint32_t i = 1; i < rows && *problem == NULL; i++) {
        int order = 0;
        for (uint32_t k = 0; k < step->count && order == 0; k++) {
            Value a = vector_value(&step->vectors[k], i - 1), b = vector_value(&step->vectors[k], i);
            order = compare_nulls_last(&a, &b);
        }
        if (order > 0) {
            *problem = "rows are not in the order of the sort key";
        }
    }
    return OK;
}

static Status check_slice(const Context *cx, const Checker *c, const Lockstep *step, uint32_t rows, void *state,
                          const char **problem) {
    (void)state;
    uint64_t hashes[BATCH_ROWS_MAX];
    uint32_t slices = c->topology.nodes * c->topology.slices_per_node;
    TRY(placement_hash_vector(cx, &step->vectors[0], rows, 1, hashes));
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_valid(&step->vectors[0], i) && slice_of_hash(hashes[i], slices) != c->segment->slice) {
            *problem = "a row is on another slice than its distribution key says";
        }
    }
    return OK;
}

static Status check_partition(const Context *cx, const Checker *c, const Lockstep *step, uint32_t rows, void *state,
                              const char **problem) {
    (void)cx, (void)state;
    const TableSchema *schema = c->table->schema;
    const Partition *partition = &c->table->partitions[c->segment->partition];
    for (uint32_t k = 0; k < step->count; k++) {
        for (uint32_t i = 0; i < rows && *problem == NULL; i++) {
            Value value = vector_value(&step->vectors[k], i);
            Value key = partition_of_value(&schema->partition_keys[k], &value);
            if (compare_nulls_last(&key, &partition->values[k]) != 0) {
                *problem = "a row is in another partition than its key says";
            }
        }
    }
    return OK;
}

static Status check_partitions(const Context *cx, const Checker *c) {
    const TableSchema *schema = c->table->schema;
    uint32_t *columns;
    TRY_ALLOC(cx, columns, sizeof *columns * (schema->partition_key_count + 1));
    for (uint32_t k = 0; k < schema->partition_key_count; k++) {
        columns[k] = schema->partition_keys[k].column;
    }
    Status status = walk_rows(cx, c, columns, schema->partition_key_count, check_partition, NULL);
    mem_free(columns);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------------- the walk */

static Status check_deletes(const Context *cx, const Checker *c) {
    DeleteMap *map;
    Status status = segment_deletes(cx, c->reader, c->segment, &map);
    if (status == OK) {
        delete_map_release(map);
        return OK;
    }
    return report_failure(cx, c, SEGMENT_FILE_DELETES, -1, status);
}

static Status check_segment(const Context *cx, Checker *c) {
    const TableSchema *schema = c->table->schema;
    Status status = segment_open(cx, c->snapshot, c->table, c->segment, &c->reader);
    if (status != OK) {
        return report_failure(cx, c, 0, -1, status);
    }
    status = check_deletes(cx, c);
    for (uint32_t column = 0; status == OK && column < schema->column_count; column++) {
        status = check_column(cx, c, column);
    }
    if (status == OK && c->segment->is_sorted) {
        status = walk_rows(cx, c, schema->sort_keys, schema->sort_key_count, check_order, NULL);
    }
    if (status == OK && c->table->dist_style == DIST_KEY) {
        status = walk_rows(cx, c, &schema->dist_column, 1, check_slice, NULL);
    }
    if (status == OK) {
        status = check_partitions(cx, c);
    }
    segment_close(c->reader);
    return status;
}

static Status check_snapshot(const Context *cx, Checker *c) {
    for (uint32_t t = 0; t < snapshot_table_count(c->snapshot); t++) {
        c->table = snapshot_table(c->snapshot, t);
        for (uint32_t s = 0; s < c->table->segment_count; s++) {
            c->segment = &c->table->segments[s];
            TRY(check_segment(cx, c));
        }
    }
    return OK;
}

/* Manifests are read by opening the warehouse: what is wrong with them is the error of that. */
static Status report_unopenable(const Context *cx, CheckVisit *visit, void *argument, Status status) {
    if (status == QUERY_CANCELED || status == OUT_OF_MEMORY) {
        return status;
    }
    Error error = *cx->error;
    error_clear(cx->error);
    CheckProblem found = {.file = "CURRENT", .block = -1, .problem = error.message};
    return visit(cx, argument, &found);
}

Status warehouse_check(const Context *cx, FileSystem *files, CheckVisit *visit, void *argument) {
    WarehouseOptions options = {.read_only = true, .cache_bytes_max = CHECK_CACHE_BYTES};
    Warehouse *warehouse = NULL;
    Checker checker = {.visit = visit, .argument = argument};
    Status status = warehouse_open_on(cx, files, &options, &warehouse);
    if (status == OK) {
        status = warehouse_snapshot(cx, warehouse, &checker.snapshot);
    }
    if (status != OK) {
        warehouse_close(warehouse);
        return report_unopenable(cx, visit, argument, status);
    }
    checker.topology = snapshot_topology(checker.snapshot);
    status = check_snapshot(cx, &checker);
    snapshot_release(checker.snapshot);
    warehouse_close(warehouse);
    return status;
}
