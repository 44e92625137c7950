/* Taking a sample: which rows, then column by column their values. The rows are spread over all blocks of a table, in each
 * block one from every stretch of equal length, at a place in it that depends on the numbers of block and stretch alone. */
#include "core/hash.h"
#include "storage/catalog.h"
#include "storage/segment_read.h"

#include <stdlib.h>

typedef struct SampledBlock {
    SegmentReader *reader;
    uint32_t section; /* number of the segment */
    uint32_t block;
    uint32_t rows;         /* in the block */
    uint32_t first, count; /* of Sampler.rows */
} SampledBlock;

typedef struct Sampler {
    const Context *cx;
    const TableVersion *table;
    const bool *columns;
    uint32_t block_count;
    SampledBlock *blocks;
    uint32_t *order; /* columns, the largest first: no thread is left alone with one at the end */
    uint16_t *rows;  /* within their blocks, ascending */
    uint32_t row_count;
    uint32_t *sections;                     /* of each row */
    uint8_t *codes[DEPENDENCE_COLUMNS_MAX]; /* owned; by column, of each row */
    TableSample *sample;
    pthread_mutex_t lock; /* guards what follows and the sample's arena */
    Status status;        /* the first failure */
    Error error;
} Sampler;

/* A number from 0 to below 1 that is always the same. */
static double jitter(uint64_t a, uint64_t b) {
    return (double)(hash_combine(a, b) >> 11) * 0x1p-53;
}

/* -------------------------------------------------------------------------------------------------------------- which rows */

static uint64_t count_blocks(const TableVersion *table) {
    uint64_t blocks = 0;
    for (uint32_t s = 0; s < table->segment_count; s++) {
        const Segment *segment = &table->segments[s];
        if (table_counts_segment(table, segment)) {
            blocks += (segment->rows + segment->block_rows - 1) / segment->block_rows;
        }
    }
    return blocks;
}

/* All blocks of the table up to a limit, beyond it one of every stretch of them. */
static Status choose_blocks(const Context *cx, Snapshot *snapshot, Sampler *s, uint64_t blocks) {
    const TableVersion *table = s->table;
    uint64_t wanted = blocks < SAMPLE_BLOCKS_MAX ? blocks : SAMPLE_BLOCKS_MAX, ordinal = 0;
    TRY_ALLOC_ZEROED(cx, s->blocks, sizeof *s->blocks * (wanted + 1));
    for (uint32_t i = 0; i < table->segment_count && s->block_count < wanted; i++) {
        SegmentReader *reader;
        if (!table_counts_segment(table, &table->segments[i])) {
            continue;
        }
        TRY(segment_open(cx, snapshot, table, &table->segments[i], &reader));
        for (uint32_t b = 0; b < segment_block_count(reader) && s->block_count < wanted; b++, ordinal++) {
            uint32_t n = s->block_count;
            uint64_t next = wanted == blocks ? n : (uint64_t)((n + jitter(n, blocks)) * (double)blocks / (double)wanted);
            if (ordinal == next) {
                s->blocks[s->block_count++] =
                    (SampledBlock){.reader = reader, .section = i, .block = b, .rows = segment_block_row_count(reader, b)};
            }
        }
    }
    return OK;
}

static bool is_deleted(const DeleteMap *map, uint64_t row) {
    return map != NULL && (atomic_load_explicit(&map->words[row >> 6], memory_order_relaxed) >> (row & 63) & 1) != 0;
}

/* `count` rows of the block; those that are deleted are not taken. */
static Status choose_rows(const Context *cx, Sampler *s, SampledBlock *block, uint32_t count) {
    const Segment *segment = &s->table->segments[block->section];
    DeleteMap *deleted;
    TRY(segment_deletes(cx, block->reader, segment, &deleted));
    block->first = s->row_count;
    for (uint32_t i = 0; i < count; i++) {
        double place =
            count == block->rows ? i : (i + jitter(block->block * UINT64_C(65536) + i, block->section)) * block->rows / count;
        if (!is_deleted(deleted, (uint64_t)block->block * segment->block_rows + (uint64_t)place)) {
            s->sections[s->row_count] = block->section;
            s->rows[s->row_count++] = (uint16_t)place;
        }
    }
    block->count = s->row_count - block->first;
    delete_map_release(deleted);
    return OK;
}

/* Each block gives rows in proportion to those that it has. */
static Status choose(const Context *cx, Snapshot *snapshot, Sampler *s, SampleReport *report) {
    uint64_t all = 0, before = 0, blocks = count_blocks(s->table);
    TRY(choose_blocks(cx, snapshot, s, blocks));
    *report = (SampleReport){.blocks = blocks, .blocks_read = s->block_count};
    for (uint32_t b = 0; b < s->block_count; b++) {
        all += s->blocks[b].rows;
    }
    uint64_t wanted = all < SAMPLE_ROWS_MAX ? all : SAMPLE_ROWS_MAX;
    TRY_ALLOC(cx, s->rows, sizeof *s->rows * (wanted + 1));
    TRY_ALLOC(cx, s->sections, sizeof *s->sections * (wanted + 1));
    for (uint32_t b = 0; b < s->block_count; b++) {
        uint64_t after = before + s->blocks[b].rows;
        TRY(choose_rows(cx, s, &s->blocks[b], (uint32_t)(after * wanted / all - before * wanted / all)));
        before = after;
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- one column */

typedef struct ColumnReading {
    Arena arena; /* of long text */
    Vector vector;
    Value *values;
} ColumnReading;

static Status read_block(const Context *cx, const Sampler *s, uint32_t column, const SampledBlock *block, ColumnReading *in) {
    ColumnBlock open;
    Status status = OK;
    if (block->count == 0) {
        return OK;
    }
    TRY(check_cancel(cx));
    TRY(column_block_open_for_once(cx, block->reader, column, block->block, &open));
    for (uint32_t first = 0; first < block->count && status == OK; first += BATCH_ROWS_MAX) {
        uint32_t left = block->count - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        uint32_t at = block->first + first;
        status = column_block_gather(cx, &open, s->rows + at, count, &in->vector);
        for (uint32_t i = 0; i < count && status == OK; i++) {
            Value value = vector_value(&in->vector, i);
            in->values[at + i] = value;
            status = value.is_null ? OK : value_copy(cx, &in->arena, &value, &in->values[at + i]);
        }
    }
    column_block_close_unkept(block->reader, &open); /* each block is read once: a load would leave the cache full of them */
    return status;
}

/* The sample's arena is shared by all columns. */
static Status keep_sample(const Context *cx, Sampler *s, uint32_t column, const ColumnSample *made) {
    pthread_mutex_lock(&s->lock);
    Status status = column_sample_copy(cx, &s->sample->arena, made, &s->sample->columns[column]);
    pthread_mutex_unlock(&s->lock);
    return status;
}

static Status read_column(const Context *cx, Sampler *s, uint32_t column, ColumnReading *in) {
    TRY_ALLOC(cx, in->values, sizeof *in->values * (s->row_count + 1));
    for (uint32_t b = 0; b < s->block_count; b++) {
        TRY(read_block(cx, s, column, &s->blocks[b], in));
    }
    SampledColumn sampled = {.count = s->row_count,
                             .values = in->values,
                             .section = s->sections,
                             .table_rows = s->table->rows,
                             .distinct = s->table->statistics[column].distinct};
    ColumnSample made;
    bool is_coded = s->columns == NULL && column < DEPENDENCE_COLUMNS_MAX;
    if (is_coded) {
        TRY_ALLOC(cx, s->codes[column], s->row_count + 1);
    }
    TRY(column_sample_make(cx, &in->arena, &sampled, &made, is_coded ? s->codes[column] : NULL));
    return keep_sample(cx, s, column, &made);
}

static Status sample_column(const Context *cx, Sampler *s, uint32_t column) {
    const TableSample *before = ((const TableState *)s->table)->sample;
    if (s->columns != NULL && !s->columns[column]) {
        return before == NULL ? OK : keep_sample(cx, s, column, &before->columns[column]);
    }
    ColumnReading in = {0};
    arena_init(&in.arena);
    vector_init(&in.vector, s->table->schema->columns[column].type);
    Status status = read_column(cx, s, column, &in);
    vector_free(&in.vector);
    arena_free(&in.arena);
    mem_free(in.values);
    return status;
}

static void sample_one(void *sampler, uint32_t i) {
    Sampler *s = sampler;
    uint32_t column = s->order[i];
    Error error = {0};
    Context cx = *s->cx;
    cx.error = &error;
    Status status = sample_column(&cx, s, column);
    if (status != OK) {
        pthread_mutex_lock(&s->lock);
        if (s->status == OK) {
            s->status = status;
            s->error = error;
        }
        pthread_mutex_unlock(&s->lock);
    }
}

typedef struct ColumnSize {
    uint64_t bytes;
    uint32_t column;
} ColumnSize;

static int compare_sizes(const void *a_, const void *b_) {
    const ColumnSize *a = a_, *b = b_;
    return a->bytes != b->bytes ? (a->bytes < b->bytes ? 1 : -1) : (a->column > b->column) - (a->column < b->column);
}

static Status order_columns(const Context *cx, Sampler *s) {
    uint32_t count = s->table->schema->column_count;
    ColumnSize *sizes;
    TRY_ALLOC(cx, s->order, sizeof *s->order * count);
    TRY_ALLOC_ZEROED(cx, sizes, sizeof *sizes * count);
    for (uint32_t c = 0; c < count; c++) {
        sizes[c].column = c;
        for (uint32_t i = 0; i < s->table->segment_count; i++) {
            sizes[c].bytes += s->table->segments[i].columns[c].file_bytes;
        }
    }
    qsort(sizes, count, sizeof *sizes, compare_sizes);
    for (uint32_t i = 0; i < count; i++) {
        s->order[i] = sizes[i].column;
    }
    mem_free(sizes);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- entry */

/* If not all columns were read, what was known before holds. */
static Status find_dependences(const Context *cx, Sampler *s) {
    const SampleInfo *before = &s->table->sample;
    TableSample *sample = s->sample;
    ColumnDependence *copy;
    if (s->columns == NULL) {
        return sample_dependences(cx, &sample->arena, s->codes, sample->column_count, s->row_count, &sample->dependence_count,
                                  &sample->dependences);
    }
    TRY_NEW_ARRAY(cx, &sample->arena, copy, before->dependence_count + 1);
    memcpy(copy, before->dependences == NULL ? copy : before->dependences, sizeof *copy * before->dependence_count);
    sample->dependence_count = before->dependence_count;
    sample->dependences = copy;
    return OK;
}

static Status take(const Context *cx, Snapshot *snapshot, Sampler *s, WorkerPool *pool, uint32_t threads,
                   SampleReport *report) {
    uint32_t columns = s->table->schema->column_count;
    TRY(choose(cx, snapshot, s, report));
    TRY(order_columns(cx, s));
    s->sample->table_rows = s->table->rows;
    s->sample->sampled_rows = s->row_count;
    if (pool != NULL) {
        workers_for_each(pool, threads, columns, sample_one, s);
    } else {
        for (uint32_t c = 0; c < columns && s->status == OK; c++) {
            sample_one(s, c);
        }
    }
    if (s->status != OK) {
        *cx->error = s->error;
        return s->status;
    }
    return find_dependences(s->cx, s);
}

Status table_sample_take(const Context *cx, Snapshot *snapshot, const TableVersion *table, const bool *columns,
                         WorkerPool *pool, uint32_t threads, SampleReport *report, TableSample **sample) {
    /* What outlives the statement is charged to the warehouse. */
    Context own = *cx;
    own.memory = warehouse_memory(table_warehouse(table));
    Sampler s = {.cx = &own, .table = table, .columns = columns};
    TRY(table_sample_create(&own, table->schema->column_count, &s.sample));
    pthread_mutex_init(&s.lock, NULL);
    Status status = take(cx, snapshot, &s, pool, threads, report);
    pthread_mutex_destroy(&s.lock);
    mem_free(s.blocks);
    mem_free(s.order);
    mem_free(s.rows);
    mem_free(s.sections);
    for (uint32_t c = 0; c < DEPENDENCE_COLUMNS_MAX; c++) {
        mem_free(s.codes[c]);
    }
    if (status != OK) {
        table_sample_release(s.sample);
        return status;
    }
    *sample = s.sample;
    return OK;
}
