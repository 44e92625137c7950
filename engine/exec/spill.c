/* Spilled rows: gathering them by part, chunks as bytes, reading them back (spill.h).
 *
 * A chunk on disk, as exec/row_store.h keeps it in memory:
 *     for each column: data | validity, if a byte before says so | long texts, in the order of the rows */
#include "exec/spill.h"

#include "exec/pipeline.h"

#define CHUNK_BYTES_MAX ((int64_t)1 << 16) /* what is worth a write */
#define CHUNK_BYTES_MIN ((int64_t)1 << 13)
#define WORTH_SHARE 32    /* of the memory that is left, what is no use to spill */
#define GATHERED_SHARE 16 /* of the memory that is left, what one writer may gather */

bool query_should_spill(const Task *task, uint64_t kept_bytes) {
    return task->cx.settings->force_spill ||
           (memory_is_tight(task->cx.memory) && (int64_t)(kept_bytes * WORTH_SHARE) > memory_left(task->cx.memory));
}

bool query_is_tight(const Task *task) {
    return task->cx.settings->force_spill || memory_is_tight(task->cx.memory);
}

/* ----------------------------------------------------------------------------------------------------------------- parts */

static Status part_reserve(const Context *cx, SpillPart *part, uint32_t more) {
    if (part->count + more > part->capacity) {
        uint32_t capacity = part->capacity == 0 ? 16 : part->capacity;
        while (capacity < part->count + more) {
            capacity *= 2;
        }
        SpillChunk *chunks = mem_resize(cx, part->chunks, sizeof *chunks * capacity);
        if (chunks == NULL) {
            return OUT_OF_MEMORY;
        }
        part->chunks = chunks;
        part->capacity = capacity;
    }
    return OK;
}

Status spill_part_join(const Context *cx, SpillPart *to, SpillPart *from) {
    TRY(part_reserve(cx, to, from->count));
    if (from->count > 0) {
        memcpy(to->chunks + to->count, from->chunks, sizeof *from->chunks * from->count);
    }
    to->count += from->count;
    to->rows += from->rows;
    to->stored_bytes += from->stored_bytes;
    spill_part_free(from);
    return OK;
}

void spill_part_free(SpillPart *part) {
    mem_free(part->chunks);
    *part = (SpillPart){0};
}

uint64_t spill_part_bytes(const SpillPart *part) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < part->count; i++) {
        bytes += part->chunks[i].extent.bytes;
    }
    return bytes;
}

/* --------------------------------------------------------------------------------------------------------- chunks as bytes */

static bool has_texts(const ColumnFormat *format) {
    return format->kind == VECTOR_FLAT && format->storage_class == CLASS_TEXT;
}

static size_t chunk_bytes(const RowFormat *format, const RowChunk *chunk, uint64_t text_bytes) {
    size_t bytes = text_bytes;
    for (uint32_t c = 0; c < format->column_count; c++) {
        bytes += (size_t)chunk->rows * format->columns[c].width + 1;
        bytes += chunk->columns[c].validity != NULL ? BITS_WORDS(chunk->rows) * 8 : 0;
    }
    return bytes;
}

static uint8_t *write_texts(const Text *texts, uint32_t count, uint8_t *to) {
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i].bytes > TEXT_INLINE_MAX) {
            memcpy(to, texts[i].pointer, texts[i].bytes);
            to += texts[i].bytes;
        }
    }
    return to;
}

/* The end of what was written. */
static const uint8_t *write_chunk(const RowFormat *format, const RowChunk *chunk, uint8_t *to) {
    for (uint32_t c = 0; c < format->column_count; c++) {
        const KeptColumn *column = &chunk->columns[c];
        size_t bytes = (size_t)chunk->rows * format->columns[c].width;
        memcpy(to, column->data, bytes);
        to += bytes;
        *to++ = column->validity != NULL;
        if (column->validity != NULL) {
            memcpy(to, column->validity, BITS_WORDS(chunk->rows) * 8);
            to += BITS_WORDS(chunk->rows) * 8;
        }
        if (has_texts(&format->columns[c])) {
            to = write_texts(column->data, chunk->rows, to);
        }
    }
    return to;
}

/* Long texts stand one after the other behind the views. */
static Status read_texts(const Context *cx, RowBuffer *buffer, Text *texts, uint32_t count, const uint8_t **from) {
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i].bytes > TEXT_INLINE_MAX) {
            texts[i].pointer = (const char *)*from;
            *from += texts[i].bytes;
        }
    }
    return row_buffer_own_text(cx, buffer, texts, count);
}

/* Arrays have room for whole batches, so that views of them may be read like any vector. */
static Status read_column(const Context *cx, RowBuffer *buffer, const ColumnFormat *format, RowChunk *chunk, uint32_t c,
                          const uint8_t **from) {
    KeptColumn *column = &chunk->columns[c];
    size_t bytes = (size_t)chunk->rows * format->width;
    TRY_ALLOC(cx, column->data, (size_t)chunk->capacity * format->width);
    memcpy(column->data, *from, bytes);
    *from += bytes;
    bool has_nulls = *(*from)++ != 0;
    if (has_nulls) {
        TRY_ALLOC(cx, column->validity, BITS_WORDS(chunk->capacity) * 8);
        memcpy(column->validity, *from, BITS_WORDS(chunk->rows) * 8);
        *from += BITS_WORDS(chunk->rows) * 8;
    }
    return has_texts(format) ? read_texts(cx, buffer, column->data, chunk->rows, from) : OK;
}

Status spill_read(Task *task, const SpillPart *part, uint32_t number, RowBuffer *buffer) {
    SpillFile *file;
    TRY(query_spill_file(task, &file));
    return spill_read_from(task, file, part, number, buffer);
}

Status spill_read_from(Task *task, SpillFile *file, const SpillPart *part, uint32_t number, RowBuffer *buffer) {
    const Context *cx = &task->cx;
    const SpillChunk *stored = &part->chunks[number];
    uint8_t *bytes;
    RowChunk *chunk;
    TRY(check_cancel(cx));
    TRY_ALLOC(cx, bytes, stored->extent.bytes);
    Status status = spill_file_read(cx, file, &stored->extent, bytes);
    const uint8_t *from = bytes;
    status = status == OK ? row_buffer_add_chunk(cx, buffer, &chunk) : status;
    if (status == OK) {
        chunk->rows = stored->rows;
        chunk->capacity = (stored->rows + BATCH_ROWS_MAX - 1) / BATCH_ROWS_MAX * BATCH_ROWS_MAX;
        buffer->rows += stored->rows;
        for (uint32_t c = 0; c < buffer->format->column_count && status == OK; c++) {
            status = read_column(cx, buffer, &buffer->format->columns[c], chunk, c, &from);
        }
    }
    mem_free(bytes);
    return status;
}

void row_chunk_view(const RowFormat *format, const RowChunk *chunk, uint32_t first, uint32_t rows, Batch *out) {
    for (uint32_t c = 0; c < format->column_count; c++) {
        const ColumnFormat *column = &format->columns[c];
        const KeptColumn *kept = &chunk->columns[c];
        Vector view = {.type = column->type,
                       .kind = column->kind,
                       .code_bytes = column->kind == VECTOR_CODES ? column->width : 0,
                       .base = column->base,
                       .dictionary = column->dictionary,
                       .data = (uint8_t *)kept->data + (size_t)first * column->width,
                       .validity = kept->validity == NULL ? NULL : kept->validity + first / 64};
        vector_borrow(&out->columns[c], &view);
    }
    out->rows = rows;
}

/* `view`: of the rows' columns. */
static Status visit_chunk(Task *task, const RowFormat *format, const RowChunk *chunk, Batch *view, SpillVisit *visit,
                          void *argument) {
    for (uint32_t first = 0; first < chunk->rows; first += BATCH_ROWS_MAX) {
        uint32_t left = chunk->rows - first;
        row_chunk_view(format, chunk, first, left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX, view);
        TRY(visit(task, argument, view));
    }
    return OK;
}

Status row_chunks_each_batch(Task *task, const PhysicalNode *op, const RowFormat *format, RowChunk *const *chunks,
                             uint32_t count, SpillVisit *visit, void *argument) {
    Batch view;
    TRY(batch_init_like(&task->cx, op, &view));
    Status status = OK;
    for (uint32_t c = 0; c < count && status == OK; c++) {
        status = visit_chunk(task, format, chunks[c], &view, visit, argument);
    }
    batch_free(&view);
    return status;
}

Status spill_reader_open(const Context *cx, SpillReader *reader, const PhysicalNode *op, const RowFormat *format) {
    row_buffer_init(&reader->rows, format);
    return batch_init_like(cx, op, &reader->view);
}

void spill_reader_start(SpillReader *reader, const SpillPart *part, uint32_t begin, uint32_t end) {
    row_buffer_free(&reader->rows);
    reader->part = part;
    reader->chunk = begin;
    reader->end = end;
    reader->row = 0;
}

bool spill_reader_is_over(const SpillReader *reader) {
    return reader->chunk == reader->end && reader->row == reader->rows.rows;
}

Status spill_reader_next(Task *task, SpillReader *reader, uint32_t most, const Batch **out) {
    *out = NULL;
    if (spill_reader_is_over(reader)) {
        return OK;
    }
    if (reader->row == reader->rows.rows) {
        row_buffer_free(&reader->rows);
        reader->row = 0;
        TRY(spill_read(task, reader->part, reader->chunk++, &reader->rows));
    }
    uint32_t left = (uint32_t)reader->rows.rows - reader->row, rows = left < most ? left : most;
    row_chunk_view(reader->rows.format, reader->rows.chunks[0], reader->row, rows, &reader->view);
    reader->row += rows;
    *out = &reader->view;
    return OK;
}

void spill_reader_close(SpillReader *reader) {
    if (reader->rows.format != NULL) {
        row_buffer_free(&reader->rows);
    }
    batch_free(&reader->view);
}

Status spill_each_batch(Task *task, const PhysicalNode *op, const RowFormat *format, const SpillPart *part, SpillVisit *visit,
                        void *argument) {
    SpillReader reader = {0};
    const Batch *in;
    Status status = spill_reader_open(&task->cx, &reader, op, format);
    TRY_GOTO(status);
    spill_reader_start(&reader, part, 0, part->count);
    do {
        TRY_GOTO(spill_reader_next(task, &reader, BATCH_ROWS_MAX, &in));
        TRY_GOTO(in == NULL ? OK : visit(task, argument, in));
    } while (in != NULL);
done:
    spill_reader_close(&reader);
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- writing */

Status spill_writer_open(const Context *cx, SpillWriter *writer, const PhysicalNode *op, const RowFormat *format,
                         uint32_t part_count) {
    int64_t share = memory_left(cx->memory) / GATHERED_SHARE / part_count;
    share = share < CHUNK_BYTES_MIN ? CHUNK_BYTES_MIN : share > CHUNK_BYTES_MAX ? CHUNK_BYTES_MAX : share;
    *writer = (SpillWriter){.format = format, .chunk_bytes = (uint64_t)share};
    TRY(batch_init_like(cx, op, &writer->selected));
    TRY_ALLOC_ZEROED(cx, writer->parts, sizeof *writer->parts * part_count);
    TRY_ALLOC(cx, writer->rows, sizeof *writer->rows * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, writer->buffers, sizeof *writer->buffers * part_count);
    for (uint32_t p = 0; p < part_count; p++) {
        row_buffer_init(&writer->buffers[p], format);
    }
    writer->part_count = part_count;
    return OK;
}

/* The rows of one chunk at most; the buffer is empty afterwards. */
static Status write_part(Task *task, SpillWriter *writer, uint32_t p) {
    const Context *cx = &task->cx;
    RowBuffer *buffer = &writer->buffers[p];
    SpillPart *part = &writer->parts[p];
    SpillFile *file;
    uint8_t *bytes;
    TRY(check_cancel(cx));
    TRY(query_spill_file(task, &file));
    TRY(part_reserve(cx, part, 1));
    const RowChunk *chunk = buffer->chunks[0];
    TRY_ALLOC(cx, bytes, chunk_bytes(writer->format, chunk, buffer->text_bytes));
    size_t size = (size_t)(write_chunk(writer->format, chunk, bytes) - bytes);
    SpillChunk stored = {.rows = chunk->rows};
    Status status = spill_file_write(cx, file, bytes, (uint32_t)size, &stored.extent);
    mem_free(bytes);
    TRY(status);
    part->chunks[part->count++] = stored;
    part->rows += stored.rows;
    part->stored_bytes += stored.extent.stored_bytes;
    row_buffer_free(buffer);
    return OK;
}

static Status add_to_part(Task *task, SpillWriter *writer, const Batch *in, uint32_t p) {
    RowBuffer *buffer = &writer->buffers[p];
    TRY(row_buffer_append(&task->cx, buffer, in, NULL));
    bool is_worth_it = row_buffer_bytes(buffer) >= writer->chunk_bytes;
    return is_worth_it || buffer->rows > ROW_CHUNK_ROWS - BATCH_ROWS_MAX ? write_part(task, writer, p) : OK;
}

Status spill_writer_add(Task *task, SpillWriter *writer, const Batch *in, const uint8_t *parts) {
    uint32_t begins[SPILL_PARTS + 1] = {0};
    if (parts == NULL) {
        return add_to_part(task, writer, in, 0);
    }
    for (uint32_t i = 0; i < in->rows; i++) {
        begins[parts[i] + 1]++;
    }
    for (uint32_t p = 0; p < SPILL_PARTS; p++) {
        begins[p + 1] += begins[p];
    }
    uint32_t next[SPILL_PARTS];
    memcpy(next, begins, sizeof next);
    for (uint32_t i = 0; i < in->rows; i++) {
        writer->rows[next[parts[i]]++] = (uint16_t)i;
    }
    for (uint32_t p = 0; p < writer->part_count; p++) {
        writer->selected.rows = begins[p + 1] - begins[p];
        for (uint32_t c = 0; writer->selected.rows > 0 && c < in->column_count; c++) {
            TRY(vector_gather(&task->cx, &in->columns[c], writer->rows + begins[p], writer->selected.rows,
                              &writer->selected.columns[c]));
        }
        if (writer->selected.rows > 0) {
            TRY(add_to_part(task, writer, &writer->selected, p));
        }
    }
    return OK;
}

Status spill_writer_flush(Task *task, SpillWriter *writer) {
    for (uint32_t p = 0; p < writer->part_count; p++) {
        if (writer->buffers[p].rows > 0) {
            TRY(write_part(task, writer, p));
        }
    }
    return OK;
}

void spill_writer_close(SpillWriter *writer) {
    for (uint32_t p = 0; p < writer->part_count; p++) {
        row_buffer_free(&writer->buffers[p]);
        spill_part_free(&writer->parts[p]);
    }
    mem_free(writer->buffers);
    mem_free(writer->parts);
    mem_free(writer->rows);
    batch_free(&writer->selected);
    *writer = (SpillWriter){0};
}
