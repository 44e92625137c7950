/* Kept rows: converting vectors to the stored format, chunks, tables, gathering. See row_store.h. */
#include "exec/row_store.h"

#include "kernels/gather_kernels.h"

#include <assert.h>

#define CHUNK_ROWS_FIRST 512

/* --------------------------------------------------------------------------------------------------------------- formats */

static uint8_t width_for(uint64_t greatest_code) {
    return greatest_code <= 0xff ? 1 : greatest_code <= 0xffff ? 2 : 4;
}

void column_format_init(ColumnFormat *format, const PhysicalColumn *column) {
    const ColumnDomain *domain = &column->domain;
    StorageClass storage_class = type_class(column->type);
    *format = (ColumnFormat){.type = column->type,
                             .storage_class = (uint8_t)storage_class,
                             .kind = VECTOR_FLAT,
                             .width = (uint8_t)class_bytes(storage_class)};
    if (domain->dictionary != NULL && domain->dictionary->is_shared && domain->dictionary->size > 0) {
        format->kind = VECTOR_CODES;
        format->width = width_for(domain->dictionary->size - 1);
        format->dictionary = domain->dictionary;
        return;
    }
    if (domain->has_range && class_is_integer(storage_class) && domain->min <= domain->max) {
        uint64_t range = (uint64_t)domain->max - (uint64_t)domain->min;
        if (range <= UINT32_MAX && width_for(range) < format->width) {
            format->kind = VECTOR_CODES;
            format->width = width_for(range);
            format->base = domain->min;
        }
    }
}

Status row_format_init(const Context *cx, RowFormat *format, const PhysicalColumn *columns, uint32_t column_count,
                       bool with_extra) {
    format->column_count = column_count + with_extra;
    TRY_ALLOC_ZEROED(cx, format->columns, sizeof *format->columns * format->column_count);
    for (uint32_t c = 0; c < column_count; c++) {
        column_format_init(&format->columns[c], &columns[c]);
    }
    if (with_extra) {
        column_format_init(&format->columns[column_count], &(PhysicalColumn){.type = type_make(TYPE_BIGINT)});
    }
    return OK;
}

void row_format_free(RowFormat *format) {
    mem_free(format->columns);
    format->columns = NULL;
}

uint64_t row_format_bytes(const RowFormat *format) {
    uint64_t bytes = 0;
    for (uint32_t c = 0; c < format->column_count; c++) {
        bytes += format->columns[c].width;
    }
    return bytes;
}

static uint32_t log2_of(uint32_t width) {
    return (uint32_t)__builtin_ctz(width);
}

/* The INPUT_* of a flat array of the class; -1 if it is no integer class. */
static int input_of_class(StorageClass storage_class) {
    switch (storage_class) {
    case CLASS_BOOL: return INPUT_U8;
    case CLASS_I16: return INPUT_I16;
    case CLASS_I32: return INPUT_I32;
    default: return INPUT_I64; /* only integer classes are asked for */
    }
}

static void fill_elements(void *out, uint32_t width, const void *element, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        memcpy((uint8_t *)out + (size_t)i * width, element, width);
    }
}

static Status fail_outside_domain(const Context *cx) {
    return fail(cx, INTERNAL_ERROR, "a value lies outside what the plan knows of its column");
}

/* A constant as a code of the format. */
static Status code_of_constant(const Context *cx, const ColumnFormat *format, const Value *value, uint32_t *code) {
    *code = 0;
    if (value->is_null) {
        return OK;
    }
    if (format->dictionary != NULL) {
        bool found;
        *code = dictionary_lower_bound(format->dictionary, value, &found);
        return found ? OK : fail_outside_domain(cx);
    }
    uint64_t distance = (uint64_t)value->i64 - (uint64_t)format->base;
    if (format->width < 4 ? distance >> (format->width * 8) != 0 : distance > UINT32_MAX) {
        return fail_outside_domain(cx);
    }
    *code = (uint32_t)distance;
    return OK;
}

/* Rare ways to dictionary codes: constants, and vectors that lost their dictionary. */
static Status store_codes_by_value(const Context *cx, const ColumnFormat *format, const Vector *vector, uint32_t first,
                                   uint32_t count, void *out) {
    for (uint32_t i = 0; i < count; i++) {
        Value value = vector_value(vector, vector->kind == VECTOR_CONSTANT ? 0 : first + i);
        uint32_t code;
        TRY(code_of_constant(cx, format, &value, &code));
        if (vector->kind == VECTOR_CONSTANT) {
            fill_elements(out, format->width, &code, count);
            return OK;
        }
        memcpy((uint8_t *)out + (size_t)i * format->width, &code, format->width);
    }
    return OK;
}

static Status store_codes(const Context *cx, const ColumnFormat *format, const Vector *vector, uint32_t first, uint32_t count,
                          Vector *scratch, void *out) {
    bool is_dictionary = format->dictionary != NULL;
    if (vector->kind == VECTOR_CONSTANT ||
        (is_dictionary && !(vector->kind == VECTOR_CODES && vector->dictionary == format->dictionary))) {
        return store_codes_by_value(cx, format, vector, first, count, out);
    }
    if (!is_dictionary && vector->kind == VECTOR_CODES && vector->dictionary != NULL) {
        TRY(vector_flatten(cx, vector, first + count, scratch));
        vector = scratch;
    }
    bool is_codes = vector->kind == VECTOR_CODES;
    int input = is_codes ? (int)log2_of(vector->code_bytes) : input_of_class(type_class(vector->type));
    uint32_t in_bytes = is_codes ? vector->code_bytes : type_bytes(vector->type);
    int64_t offset = is_dictionary ? 0 : (int64_t)((uint64_t)(is_codes ? vector->base : 0) - (uint64_t)format->base);
    uint64_t all = gather_kernels->rebase[input][log2_of(format->width)](
        (const uint8_t *)vector->data + (size_t)first * in_bytes, offset, count, out);
    if (all >> (format->width * 8 - 1) > 1) { /* some lane does not fit: perhaps only a NULL's */
        return vector->validity == NULL ? fail_outside_domain(cx) : store_codes_by_value(cx, format, vector, first, count, out);
    }
    return OK;
}

/* NULL lanes of codes hold some code; as values they are zero. */
static void zero_null_lanes(const Vector *vector, uint32_t first, uint32_t count, uint32_t width, void *out) {
    for (uint32_t i = 0; vector->validity != NULL && i < count; i++) {
        if (!bit_get(vector->validity, first + i)) {
            memset((uint8_t *)out + (size_t)i * width, 0, width);
        }
    }
}

Status column_format_store(const Context *cx, const ColumnFormat *format, const Vector *vector, uint32_t first, uint32_t count,
                           Vector *scratch, void *out) {
    if (format->kind == VECTOR_CODES) {
        return store_codes(cx, format, vector, first, count, scratch, out);
    }
    if (vector->kind == VECTOR_CONSTANT) {
        fill_elements(out, format->width, vector->data, count);
        return OK;
    }
    if (vector->kind == VECTOR_CODES && vector->dictionary == NULL && class_is_integer(format->storage_class)) {
        const uint8_t *codes = (const uint8_t *)vector->data + (size_t)first * vector->code_bytes;
        if (format->width == 8) {
            gather_kernels->widen[log2_of(vector->code_bytes)](codes, vector->base, count, out);
        } else {
            gather_kernels->rebase[log2_of(vector->code_bytes)][log2_of(format->width)](codes, vector->base, count, out);
        }
        zero_null_lanes(vector, first, count, format->width, out);
        return OK;
    }
    if (vector->kind != VECTOR_FLAT) {
        TRY(vector_flatten(cx, vector, first + count, scratch));
        vector = scratch;
    }
    memcpy(out, (const uint8_t *)vector->data + (size_t)first * format->width, (size_t)count * format->width);
    return OK;
}

void column_format_load_i64(const ColumnFormat *format, const void *data, uint32_t count, int64_t *out) {
    int input = format->kind == VECTOR_CODES ? (int)log2_of(format->width) : input_of_class(format->storage_class);
    gather_kernels->widen[input](data, format->kind == VECTOR_CODES ? format->base : 0, count, out);
}

Status vector_load_i64(const Context *cx, const Vector *vector, uint32_t rows, Vector *scratch, int64_t *out) {
    if (vector->kind == VECTOR_CONSTANT) {
        Value value = vector_value(vector, 0);
        for (uint32_t i = 0; i < rows; i++) {
            out[i] = value.is_null ? 0 : value.i64;
        }
        return OK;
    }
    if (vector->kind == VECTOR_CODES && vector->dictionary == NULL) {
        gather_kernels->widen[log2_of(vector->code_bytes)](vector->data, vector->base, rows, out);
        return OK;
    }
    if (vector->kind == VECTOR_CODES) {
        TRY(vector_flatten(cx, vector, rows, scratch));
        vector = scratch;
    }
    gather_kernels->widen[input_of_class(type_class(vector->type))](vector->data, 0, rows, out);
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- buffers */

void row_buffer_init(RowBuffer *buffer, const RowFormat *format) {
    memset(buffer, 0, sizeof *buffer);
    buffer->format = format;
    arena_init(&buffer->text);
    vector_init(&buffer->scratch, type_make(TYPE_BIGINT));
}

void row_chunk_free(RowChunk *chunk, uint32_t column_count) {
    if (chunk != NULL) {
        for (uint32_t c = 0; c < column_count; c++) {
            mem_free(chunk->columns[c].data);
            mem_free(chunk->columns[c].validity);
        }
        mem_free(chunk);
    }
}

void row_buffer_free(RowBuffer *buffer) {
    for (uint32_t i = 0; i < buffer->chunk_count; i++) {
        row_chunk_free(buffer->chunks[i], buffer->format->column_count);
    }
    mem_free(buffer->chunks);
    arena_free(&buffer->text);
    vector_free(&buffer->scratch);
    buffer->chunks = NULL;
    buffer->chunk_count = buffer->chunk_capacity = 0;
    buffer->rows = buffer->text_bytes = 0;
}

uint64_t row_buffer_bytes(const RowBuffer *buffer) {
    return buffer->rows * row_format_bytes(buffer->format) + buffer->text_bytes;
}

Status row_buffer_add_chunk(const Context *cx, RowBuffer *buffer, RowChunk **added) {
    RowChunk *chunk;
    TRY_MEM_GROW(cx, buffer->chunks, buffer->chunk_capacity, buffer->chunk_count);
    TRY_ALLOC_ZEROED(cx, chunk, sizeof *chunk + sizeof(KeptColumn) * buffer->format->column_count);
    buffer->chunks[buffer->chunk_count++] = chunk;
    *added = chunk;
    return OK;
}

static void empty_chunk(RowChunk *chunk, uint32_t column_count) {
    for (uint32_t c = 0; c < column_count; c++) {
        mem_free(chunk->columns[c].validity);
        chunk->columns[c].validity = NULL;
    }
    chunk->rows = 0;
}

/* The last chunk, which is not full; a new one has no arrays yet. */
static Status chunk_with_room(const Context *cx, RowBuffer *buffer, RowChunk **chunk) {
    *chunk = buffer->chunk_count == 0 ? NULL : buffer->chunks[buffer->chunk_count - 1];
    return *chunk == NULL || (*chunk)->rows == ROW_CHUNK_ROWS ? row_buffer_add_chunk(cx, buffer, chunk) : OK;
}

static Status grow_chunk(const Context *cx, const RowFormat *format, RowChunk *chunk, uint32_t rows) {
    uint32_t capacity = chunk->capacity == 0 ? CHUNK_ROWS_FIRST : chunk->capacity;
    while (capacity < rows) {
        capacity *= 2;
    }
    for (uint32_t c = 0; c < format->column_count; c++) {
        KeptColumn *column = &chunk->columns[c];
        void *data = mem_resize(cx, column->data, (size_t)capacity * format->columns[c].width);
        if (data == NULL) {
            return OUT_OF_MEMORY;
        }
        column->data = data;
        if (column->validity != NULL) {
            uint64_t *validity = mem_resize(cx, column->validity, BITS_WORDS(capacity) * 8);
            if (validity == NULL) {
                return OUT_OF_MEMORY;
            }
            column->validity = validity;
        }
    }
    chunk->capacity = capacity;
    return OK;
}

/* Bits of rows [first, first + count) of the vector go to bits `at` … of the column. */
static Status append_validity(const Context *cx, KeptColumn *column, uint32_t capacity, uint32_t at, const Vector *vector,
                              uint32_t first, uint32_t count) {
    if (column->validity == NULL) {
        if (vector->validity == NULL) {
            return OK;
        }
        TRY_ALLOC(cx, column->validity, BITS_WORDS(capacity) * 8);
        bits_fill(column->validity, at);
    }
    bool is_constant = vector->kind == VECTOR_CONSTANT;
    for (uint32_t i = 0; i < count; i++) {
        bit_put(column->validity, at + i, vector->validity == NULL || bit_get(vector->validity, is_constant ? 0 : first + i));
    }
    return OK;
}

Status row_buffer_own_text(const Context *cx, RowBuffer *buffer, Text *texts, uint32_t count) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes += texts[i].bytes > TEXT_INLINE_MAX ? texts[i].bytes : 0;
    }
    if (bytes == 0) {
        return OK;
    }
    char *to = arena_alloc(cx, &buffer->text, bytes);
    if (to == NULL) {
        return OUT_OF_MEMORY;
    }
    buffer->text_bytes += bytes;
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i].bytes > TEXT_INLINE_MAX) {
            memcpy(to, texts[i].pointer, texts[i].bytes);
            texts[i].pointer = to;
            to += texts[i].bytes;
        }
    }
    return OK;
}

static Status append_column(const Context *cx, RowBuffer *buffer, RowChunk *chunk, uint32_t c, const Vector *vector,
                            uint32_t first, uint32_t count) {
    const ColumnFormat *format = &buffer->format->columns[c];
    KeptColumn *column = &chunk->columns[c];
    uint8_t *out = (uint8_t *)column->data + (size_t)chunk->rows * format->width;
    TRY(column_format_store(cx, format, vector, first, count, &buffer->scratch, out));
    TRY(append_validity(cx, column, chunk->capacity, chunk->rows, vector, first, count));
    if (format->kind == VECTOR_FLAT && format->storage_class == CLASS_TEXT) {
        TRY(row_buffer_own_text(cx, buffer, (Text *)(void *)out, count));
    }
    return OK;
}

Status row_buffer_append_rows(const Context *cx, RowBuffer *buffer, const Batch *batch, const Vector *extra, uint32_t first,
                              uint32_t end) {
    while (first < end) {
        RowChunk *chunk;
        TRY(chunk_with_room(cx, buffer, &chunk));
        uint32_t count = end - first;
        count = count > ROW_CHUNK_ROWS - chunk->rows ? ROW_CHUNK_ROWS - chunk->rows : count;
        if (chunk->rows + count > chunk->capacity) {
            TRY(grow_chunk(cx, buffer->format, chunk, chunk->rows + count));
        }
        for (uint32_t c = 0; c < buffer->format->column_count; c++) {
            const Vector *vector = c < batch->column_count ? &batch->columns[c] : extra;
            TRY(append_column(cx, buffer, chunk, c, vector, first, count));
        }
        chunk->rows += count;
        buffer->rows += count;
        first += count;
    }
    return OK;
}

Status row_buffer_append(const Context *cx, RowBuffer *buffer, const Batch *batch, const Vector *extra) {
    return row_buffer_append_rows(cx, buffer, batch, extra, 0, batch->rows);
}

void row_buffer_clear(RowBuffer *buffer) {
    uint32_t columns = buffer->format->column_count;
    for (uint32_t i = 1; i < buffer->chunk_count; i++) {
        row_chunk_free(buffer->chunks[i], columns);
    }
    buffer->chunk_count = buffer->chunk_count > 0;
    if (buffer->chunk_count > 0) {
        empty_chunk(buffer->chunks[0], columns);
    }
    buffer->rows = 0;
    arena_free(&buffer->text);
}

/* Room for all rows up to `rows`. */
static Status reserve_rows(const Context *cx, RowBuffer *buffer, uint64_t rows) {
    while (buffer->rows < rows) {
        RowChunk *chunk;
        TRY(chunk_with_room(cx, buffer, &chunk));
        uint64_t wanted = rows - buffer->rows + chunk->rows, filled = wanted < ROW_CHUNK_ROWS ? wanted : ROW_CHUNK_ROWS;
        if (filled > chunk->capacity) {
            TRY(grow_chunk(cx, buffer->format, chunk, (uint32_t)filled));
        }
        buffer->rows += filled - chunk->rows;
        chunk->rows = (uint32_t)filled;
    }
    return OK;
}

static Status put_validity(const Context *cx, RowBuffer *buffer, uint32_t c, const Vector *vector, uint16_t row,
                           uint32_t target) {
    RowChunk *chunk = buffer->chunks[target >> ROW_CHUNK_BITS];
    KeptColumn *column = &chunk->columns[c];
    bool valid = vector_is_valid(vector, row);
    if (column->validity == NULL && !valid) {
        TRY_ALLOC(cx, column->validity, BITS_WORDS(chunk->capacity) * 8);
        bits_fill(column->validity, chunk->capacity);
    }
    if (column->validity != NULL) {
        bit_put(column->validity, target & (ROW_CHUNK_ROWS - 1), valid);
    }
    return OK;
}

static Status put_column(const Context *cx, RowBuffer *buffer, uint32_t c, const Batch *batch, const uint16_t *rows,
                         const uint32_t *targets, uint32_t count) {
    const ColumnFormat *format = &buffer->format->columns[c];
    const Vector *vector = &batch->columns[c];
    _Alignas(16) uint8_t stored[BATCH_ROWS_MAX * 16];
    TRY(column_format_store(cx, format, vector, 0, batch->rows, &buffer->scratch, stored));
    bool is_text = format->kind == VECTOR_FLAT && format->storage_class == CLASS_TEXT;
    for (uint32_t i = 0; i < count; i++) {
        KeptColumn *column = &buffer->chunks[targets[i] >> ROW_CHUNK_BITS]->columns[c];
        uint8_t *to = (uint8_t *)column->data + (size_t)(targets[i] & (ROW_CHUNK_ROWS - 1)) * format->width;
        memcpy(to, stored + (size_t)rows[i] * format->width, format->width);
        if (is_text) {
            TRY(row_buffer_own_text(cx, buffer, (Text *)(void *)to, 1));
        }
        if (vector->validity != NULL || column->validity != NULL) {
            TRY(put_validity(cx, buffer, c, vector, rows[i], targets[i]));
        }
    }
    return OK;
}

Status row_buffer_put(const Context *cx, RowBuffer *buffer, const Batch *batch, const uint16_t *rows, const uint32_t *targets,
                      uint32_t count) {
    uint64_t last = 0;
    for (uint32_t i = 0; i < count; i++) {
        last = targets[i] + UINT64_C(1) > last ? targets[i] + UINT64_C(1) : last;
    }
    TRY(reserve_rows(cx, buffer, last));
    for (uint32_t c = 0; c < buffer->format->column_count && count > 0; c++) {
        TRY(put_column(cx, buffer, c, batch, rows, targets, count));
    }
    return OK;
}

static Status permute_column(const Context *cx, KeptColumn *column, uint32_t width, uint32_t rows, const uint32_t *order) {
    void *data;
    TRY_ALLOC(cx, data, (size_t)rows * width);
    gather_kernels->gather[log2_of(width)](column->data, order, rows, data);
    mem_free(column->data);
    column->data = data;
    if (column->validity == NULL) {
        return OK;
    }
    uint64_t *validity;
    TRY_ALLOC_ZEROED(cx, validity, BITS_WORDS(rows) * 8);
    for (uint32_t i = 0; i < rows; i++) {
        validity[i / 64] |= (uint64_t)bit_get(column->validity, order[i]) << (i % 64);
    }
    mem_free(column->validity);
    column->validity = validity;
    return OK;
}

Status row_buffer_permute(const Context *cx, RowBuffer *buffer, uint32_t chunk, const uint32_t *order) {
    RowChunk *permuted = buffer->chunks[chunk];
    for (uint32_t c = 0; c < buffer->format->column_count; c++) {
        TRY(permute_column(cx, &permuted->columns[c], buffer->format->columns[c].width, permuted->rows, order));
    }
    permuted->capacity = permuted->rows;
    return OK;
}

/* Elements order[0 … count) of `from` go to `to`, from element `at` on. */
static Status gather_column(const Context *cx, const KeptColumn *from, uint32_t width, const uint32_t *order, uint32_t count,
                            KeptColumn *to, uint32_t at, uint32_t capacity) {
    gather_kernels->gather[log2_of(width)](from->data, order, count, (uint8_t *)to->data + (size_t)at * width);
    if (from->validity == NULL && to->validity == NULL) {
        return OK;
    }
    if (to->validity == NULL) {
        TRY_ALLOC(cx, to->validity, BITS_WORDS(capacity) * 8);
        bits_fill(to->validity, at);
    }
    for (uint32_t i = 0; i < count; i++) {
        bit_put(to->validity, at + i, from->validity == NULL || bit_get(from->validity, order[i]));
    }
    return OK;
}

/* A buffer that has filled a chunk will likely fill the next. */
static Status reserve_dealt(const Context *cx, const RowBuffer *buffer, RowChunk *chunk, uint32_t rows) {
    if (rows <= chunk->capacity) {
        return OK;
    }
    return grow_chunk(cx, buffer->format, chunk, buffer->chunk_count > 1 ? ROW_CHUNK_ROWS : rows);
}

static Status append_dealt(const Context *cx, RowBuffer *buffer, const RowChunk *from, const uint32_t *order, uint32_t count) {
    while (count > 0) {
        RowChunk *chunk;
        TRY(chunk_with_room(cx, buffer, &chunk));
        uint32_t room = ROW_CHUNK_ROWS - chunk->rows, taken = count < room ? count : room;
        TRY(reserve_dealt(cx, buffer, chunk, chunk->rows + taken));
        for (uint32_t c = 0; c < buffer->format->column_count; c++) {
            TRY(gather_column(cx, &from->columns[c], buffer->format->columns[c].width, order, taken, &chunk->columns[c],
                              chunk->rows, chunk->capacity));
        }
        chunk->rows += taken;
        buffer->rows += taken;
        order += taken;
        count -= taken;
    }
    return OK;
}

/* The last one's arrays are kept for the next rows. */
static void remove_first_chunk(RowBuffer *buffer) {
    buffer->rows -= buffer->chunks[0]->rows;
    if (buffer->chunk_count == 1) {
        empty_chunk(buffer->chunks[0], buffer->format->column_count);
        return;
    }
    row_chunk_free(buffer->chunks[0], buffer->format->column_count);
    buffer->chunk_count--;
    memmove(buffer->chunks, buffer->chunks + 1, sizeof(RowChunk *) * buffer->chunk_count);
}

Status row_buffer_deal(const Context *cx, RowBuffer *buffer, const uint32_t *order, const uint32_t *begins, RowBuffer *targets,
                       uint32_t target_count) {
    for (uint32_t i = 0; i < target_count; i++) {
        TRY(append_dealt(cx, &targets[i], buffer->chunks[0], order + begins[i], begins[i + 1] - begins[i]));
    }
    remove_first_chunk(buffer);
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- tables */

Status row_table_take_text(const Context *cx, RowTable *table, RowBuffer *buffer) {
    TRY_MEM_APPEND(cx, table->arenas, table->arena_capacity, table->arena_count, buffer->text);
    arena_init(&buffer->text);
    return OK;
}

Status row_table_take(const Context *cx, RowTable *table, RowBuffer *buffer, uint32_t *first_chunk) {
    table->format = buffer->format;
    *first_chunk = table->chunk_count;
    TRY(row_table_take_text(cx, table, buffer));
    for (uint32_t i = 0; i < buffer->chunk_count; i++) {
        TRY_MEM_APPEND(cx, table->chunks, table->chunk_capacity, table->chunk_count, buffer->chunks[i]);
        buffer->chunks[i] = NULL;
    }
    table->rows += buffer->rows;
    buffer->chunk_count = 0;
    buffer->rows = 0;
    return OK;
}

static Status fail_too_many_rows(const Context *cx) {
    return fail(cx, PROGRAM_LIMIT_EXCEEDED, "an operator cannot keep more than 4,294,967,294 rows");
}

/* Points the table's columns at those of its chunks. */
static Status list_columns(const Context *cx, RowTable *table) {
    uint32_t column_count = table->format == NULL ? 0 : table->format->column_count;
    TRY_ALLOC_ZEROED(cx, table->columns, sizeof *table->columns * column_count);
    for (uint32_t c = 0; c < column_count; c++) {
        TableColumn *column = &table->columns[c];
        TRY_ALLOC_ZEROED(cx, column->data, sizeof(void *) * table->chunk_count);
        bool has_nulls = false;
        for (uint32_t i = 0; i < table->chunk_count; i++) {
            column->data[i] = table->chunks[i]->columns[c].data;
            has_nulls |= table->chunks[i]->columns[c].validity != NULL;
        }
        if (has_nulls) {
            TRY_ALLOC_ZEROED(cx, column->validity, sizeof(uint64_t *) * table->chunk_count);
            for (uint32_t i = 0; i < table->chunk_count; i++) {
                column->validity[i] = table->chunks[i]->columns[c].validity;
            }
        }
    }
    return OK;
}

static void free_columns(RowTable *table) {
    uint32_t column_count = table->format == NULL ? 0 : table->format->column_count;
    for (uint32_t c = 0; table->columns != NULL && c < column_count; c++) {
        mem_free(table->columns[c].data);
        mem_free(table->columns[c].validity);
    }
    mem_free(table->columns);
    table->columns = NULL;
}

Status row_table_open(const Context *cx, RowTable *table) {
    if (table->chunk_count > UINT32_MAX >> ROW_CHUNK_BITS) {
        return fail_too_many_rows(cx);
    }
    return list_columns(cx, table);
}

Status row_table_view(const Context *cx, RowTable *table, const RowBuffer *buffer) {
    if (buffer->rows >= ROW_NONE) {
        return fail_too_many_rows(cx);
    }
    free_columns(table);
    table->format = buffer->format;
    table->rows = buffer->rows;
    table->chunk_count = buffer->chunk_count;
    table->chunks = buffer->chunks;
    return list_columns(cx, table);
}

void row_table_view_free(RowTable *table) {
    free_columns(table);
    memset(table, 0, sizeof *table);
}

Status row_table_prepare_layout(const Context *cx, RowTable *table) {
    if (table->rows >= ROW_NONE) {
        return fail_too_many_rows(cx);
    }
    uint32_t column_count = table->format == NULL ? 0 : table->format->column_count;
    table->is_contiguous = true;
    TRY_ALLOC_ZEROED(cx, table->columns, sizeof *table->columns * column_count);
    TRY_ALLOC_ZEROED(cx, table->laid_out, sizeof *table->laid_out * column_count);
    TRY_ALLOC_ZEROED(cx, table->laid_out_data, sizeof(void *) * column_count);
    return OK;
}

static Status lay_out_validity(const Context *cx, RowTable *table, uint32_t c, KeptColumn *out) {
    bool has_nulls = false;
    for (uint32_t i = 0; i < table->chunk_count; i++) {
        has_nulls |= table->chunks[i]->columns[c].validity != NULL;
    }
    if (!has_nulls) {
        return OK;
    }
    TRY_ALLOC(cx, out->validity, BITS_WORDS(table->rows) * 8);
    bits_fill(out->validity, table->rows);
    uint64_t at = 0;
    for (uint32_t i = 0; i < table->chunk_count; i++) {
        const RowChunk *chunk = table->chunks[i];
        const uint64_t *validity = chunk->columns[c].validity;
        for (uint32_t row = 0; validity != NULL && row < chunk->rows; row++) {
            if (!bit_get(validity, row)) {
                bit_clear(out->validity, at + row);
            }
        }
        at += chunk->rows;
    }
    return OK;
}

Status row_table_lay_out_column(const Context *cx, RowTable *table, uint32_t c) {
    KeptColumn *out = &table->laid_out[c];
    if (table->chunk_count == 1) { /* nothing to join: the chunk's arrays are taken over (see row_table_drop_chunks) */
        *out = table->chunks[0]->columns[c];
    } else {
        uint32_t width = table->format->columns[c].width;
        TRY_ALLOC(cx, out->data, table->rows * width);
        uint8_t *at = out->data;
        for (uint32_t i = 0; i < table->chunk_count; i++) {
            TRY(check_cancel(cx));
            size_t bytes = (size_t)table->chunks[i]->rows * width;
            memcpy(at, table->chunks[i]->columns[c].data, bytes);
            at += bytes;
        }
        TRY(lay_out_validity(cx, table, c, out));
    }
    TableColumn *column = &table->columns[c];
    table->laid_out_data[c] = out->data;
    column->data = &table->laid_out_data[c];
    column->validity = out->validity == NULL ? NULL : &out->validity;
    return OK;
}

void row_table_drop_chunks(RowTable *table) {
    for (uint32_t c = 0; table->laid_out != NULL && table->chunk_count == 1 && c < table->format->column_count; c++) {
        if (table->laid_out[c].data == table->chunks[0]->columns[c].data) {
            table->chunks[0]->columns[c] = (KeptColumn){0};
        }
    }
    for (uint32_t i = 0; i < table->chunk_count; i++) {
        row_chunk_free(table->chunks[i], table->format->column_count);
    }
    table->chunk_count = 0;
}

void row_table_drop_chunk(RowTable *table, uint32_t chunk) {
    for (uint32_t c = 0; c < table->format->column_count; c++) {
        KeptColumn *column = &table->chunks[chunk]->columns[c];
        mem_free(column->data);
        mem_free(column->validity);
        *column = (KeptColumn){0};
        table->columns[c].data[chunk] = NULL;
        if (table->columns[c].validity != NULL) {
            table->columns[c].validity[chunk] = NULL;
        }
    }
}

void row_table_free(RowTable *table) {
    row_table_drop_chunks(table);
    for (uint32_t c = 0; table->laid_out != NULL && c < table->format->column_count; c++) {
        mem_free(table->laid_out[c].data);
        mem_free(table->laid_out[c].validity);
    }
    if (table->laid_out == NULL) {
        free_columns(table);
    }
    for (uint32_t i = 0; i < table->arena_count; i++) {
        arena_free(&table->arenas[i]);
    }
    mem_free(table->chunks);
    mem_free(table->arenas);
    mem_free(table->columns);
    mem_free(table->laid_out);
    mem_free(table->laid_out_data);
    memset(table, 0, sizeof *table);
}

/* --------------------------------------------------------------------------------------------------------------- reading */

static Status prepare_like_format(const Context *cx, const ColumnFormat *format, Vector *out) {
    if (format->kind == VECTOR_FLAT) {
        return vector_prepare_flat(cx, out, format->type);
    }
    TRY(vector_prepare_codes(cx, out, format->type, format->width));
    out->dictionary = format->dictionary;
    out->base = format->base;
    return OK;
}

/* Sets the validity of gathered rows; NULL lanes of flat vectors are zero already, as they are in the table. */
static Status gather_validity(const Context *cx, const RowTable *table, uint32_t column, const uint32_t *rows, uint32_t count,
                              bool may_miss, Vector *out) {
    if (table->columns[column].validity == NULL && !may_miss) {
        return OK;
    }
    TRY(vector_prepare_validity(cx, out, true));
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i] == ROW_NONE || !row_table_is_valid(table, column, rows[i])) {
            bit_clear(out->validity, i);
        }
    }
    return OK;
}

static void zero_lanes_without_row(const uint32_t *rows, uint32_t count, uint32_t width, void *out) {
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i] == ROW_NONE) {
            memset((uint8_t *)out + (size_t)i * width, 0, width);
        }
    }
}

/* Rows to read in place of those that are not there: one of the others, since its chunk is. False: there are no others. */
static bool stand_in(const uint32_t *rows, uint32_t count, uint32_t *present) {
    uint32_t first = 0;
    while (first < count && rows[first] == ROW_NONE) {
        first++;
    }
    for (uint32_t i = 0; first < count && i < count; i++) {
        present[i] = rows[i] == ROW_NONE ? rows[first] : rows[i];
    }
    return first < count;
}

Status row_table_gather(const Context *cx, const RowTable *table, uint32_t column, const uint32_t *rows, uint32_t count,
                        bool may_miss, Vector *out) {
    const ColumnFormat *format = &table->format->columns[column];
    if (table->rows == 0) {
        Value null = value_null(format->type);
        return vector_set_constant(cx, out, &null);
    }
    TRY(prepare_like_format(cx, format, out));
    const TableColumn *from = &table->columns[column];
    uint32_t present[BATCH_ROWS_MAX];
    const uint32_t *at = rows;
    if (may_miss) {
        if (!stand_in(rows, count, present)) {
            memset(out->data, 0, (size_t)count * format->width);
            return gather_validity(cx, table, column, rows, count, may_miss, out);
        }
        at = present;
    }
    if (table->is_contiguous || table->chunk_count == 1) {
        gather_kernels->gather[log2_of(format->width)](from->data[0], at, count, out->data);
    } else {
        gather_kernels->gather_chunked[log2_of(format->width)](from->data, at, count, out->data);
    }
    if (may_miss && format->kind == VECTOR_FLAT) {
        zero_lanes_without_row(rows, count, format->width, out->data);
    }
    return gather_validity(cx, table, column, rows, count, may_miss, out);
}

Value row_table_value(const RowTable *table, uint32_t column, uint32_t row) {
    const ColumnFormat *format = &table->format->columns[column];
    if (!row_table_is_valid(table, column, row)) {
        return value_null(format->type);
    }
    uint32_t chunk = table->is_contiguous ? 0 : row >> ROW_CHUNK_BITS;
    uint32_t at = table->is_contiguous ? row : row & (ROW_CHUNK_ROWS - 1);
    return column_format_value(format, table->columns[column].data[chunk], at);
}

Value column_format_value(const ColumnFormat *format, const void *data, uint32_t at) {
    if (format->kind == VECTOR_FLAT) {
        return value_load(format->type, data, at);
    }
    uint32_t code = 0;
    memcpy(&code, (const uint8_t *)data + (size_t)at * format->width, format->width);
    return format->dictionary != NULL ? value_load(format->type, format->dictionary->values, code)
                                      : value_i64(format->type, format->base + code);
}
