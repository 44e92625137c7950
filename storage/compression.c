/* Each slice's rows become one column image per candidate, as a segment of them would have. */
#include "storage/compression.h"

#include "core/arena.h"
#include "storage/column_write.h"
#include "storage/encodings/encoding.h"
#include "storage/segment_read.h"
#include "storage/statistics.h"

/* What ENCODE can ask for, in the order of liking: a later one must be smaller. */
static const ColumnEncoding candidates[] = {
    {ENCODING_RAW, CODEC_NONE},   {ENCODING_BITPACK, CODEC_AUTO}, {ENCODING_DICT, CODEC_AUTO}, {ENCODING_RUNLENGTH, CODEC_AUTO},
    {ENCODING_DELTA, CODEC_AUTO}, {ENCODING_AUTO, CODEC_LZ4},     {ENCODING_AUTO, CODEC_ZSTD},
};
#define SECOND_STAGE_PERCENT 90 /* lz4 and zstd are to be undone by every read: they must be clearly smaller */
#define CANDIDATES (sizeof candidates / sizeof *candidates)

typedef struct Measuring {
    Snapshot *snapshot;
    const TableVersion *table;
    uint32_t column;
    uint64_t sizes[CANDIDATES];
    bool fits[CANDIDATES]; /* the values have always been stored as asked for */
} Measuring;

static Status read_block(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t b, uint32_t rows,
                         ColumnBuffer *buffer) {
    Type type = buffer->type;
    ColumnBlock block;
    Vector decoded, flat;
    TRY(column_block_open(cx, reader, column, b, NULL, &block));
    vector_init(&decoded, type);
    vector_init(&flat, type);
    Status status = OK;
    for (uint32_t first = 0; first < rows && status == OK; first += BATCH_ROWS_MAX) {
        uint32_t count = rows - first < BATCH_ROWS_MAX ? rows - first : BATCH_ROWS_MAX;
        status = column_block_decode(cx, &block, first, count, &decoded);
        status = status == OK ? vector_flatten(cx, &decoded, count, &flat) : status;
        status = status == OK ? column_buffer_append(cx, buffer, &flat, NULL, count) : status;
    }
    vector_free(&flat);
    vector_free(&decoded);
    column_block_close(&block);
    return status;
}

static Status read_segment(const Context *cx, const Measuring *m, const Segment *segment, uint64_t rows_max,
                           ColumnBuffer *buffer) {
    SegmentReader *reader;
    TRY(segment_open(cx, m->snapshot, m->table, segment, &reader));
    Status status = OK;
    for (uint32_t b = 0; b < segment_block_count(reader) && buffer->rows < rows_max && status == OK; b++) {
        uint64_t left = rows_max - buffer->rows;
        uint32_t rows = segment_block_row_count(reader, b);
        status = check_cancel(cx);
        status = status == OK ? read_block(cx, reader, m->column, b, rows < left ? rows : (uint32_t)left, buffer) : status;
    }
    segment_close(reader);
    return status;
}

static Status measure_candidate(const Context *cx, Measuring *m, const ColumnBuffer *buffer, uint32_t candidate) {
    uint8_t sketch[HLL_BYTES] = {0};
    ColumnWrite write = {.buffer = buffer,
                         .want = candidates[candidate],
                         .segment_id = 1,
                         .column = m->column,
                         .block_rows = m->table->schema->block_rows};
    ColumnWritten written = {.sketch = sketch};
    Arena arena;
    arena_init(&arena);
    Status status = column_write(cx, &arena, &write, &written);
    uint32_t wanted = 1U << ENCODING_CONSTANT | 1U << candidates[candidate].encoding;
    m->sizes[candidate] += written.column.file_bytes;
    m->fits[candidate] &= candidates[candidate].encoding == ENCODING_AUTO || (written.encodings & ~wanted) == 0;
    byte_buffer_free(&written.image);
    arena_free(&arena);
    return status;
}

static Status measure_slice(const Context *cx, Measuring *m, uint32_t slice, uint64_t rows_max, uint64_t *rows) {
    Type type = m->table->schema->columns[m->column].type;
    ColumnBuffer buffer;
    Status status = OK;
    column_buffer_init(&buffer, type);
    for (uint32_t s = 0; s < m->table->segment_count && buffer.rows < rows_max && status == OK; s++) {
        const Segment *segment = &m->table->segments[s];
        status = segment->slice == slice ? read_segment(cx, m, segment, rows_max, &buffer) : OK;
    }
    for (uint32_t i = 0; i < CANDIDATES && buffer.rows > 0 && status == OK; i++) {
        bool may = candidates[i].encoding == ENCODING_AUTO || encoding_takes_type(candidates[i].encoding, type);
        m->fits[i] &= may;
        status = may ? measure_candidate(cx, m, &buffer, i) : OK;
    }
    *rows += buffer.rows;
    column_buffer_free(&buffer);
    return status;
}

Status compression_measure(const Context *cx, Snapshot *snapshot, const TableVersion *table, uint32_t column, uint64_t rows_max,
                           CompressionFinding *finding) {
    Topology topology = snapshot_topology(snapshot);
    uint32_t slices = table->dist_style == DIST_ALL ? 1 : topology.nodes * topology.slices_per_node;
    uint64_t per_slice = rows_max / slices == 0 ? 1 : rows_max / slices;
    Measuring m = {.snapshot = snapshot, .table = table, .column = column};
    *finding = (CompressionFinding){.best = candidates[0]};
    memset(m.fits, true, sizeof m.fits);
    for (uint32_t slice = 0; slice < slices; slice++) {
        TRY(measure_slice(cx, &m, slice, per_slice, &finding->rows));
    }
    finding->raw_bytes = finding->best_bytes = m.sizes[0];
    for (uint32_t i = 1; i < CANDIDATES; i++) {
        uint32_t percent = candidates[i].encoding == ENCODING_AUTO ? SECOND_STAGE_PERCENT : 100;
        if (m.fits[i] && m.sizes[i] * 100 < finding->best_bytes * percent) {
            finding->best_bytes = m.sizes[i];
            finding->best = candidates[i];
        }
    }
    return OK;
}
