/* Normalising sort keys. See sort_key.h. */
#include "exec/sort_key.h"

#include <assert.h>

#define TEXT_BITS 100 /* 12 bytes and 4 bits of length */
#define SIGN_BIT ((uint64_t)1 << 63)

static uint32_t bits_of(uint64_t greatest) {
    return greatest == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(greatest);
}

static void set_integer_bits(SortField *field, const PhysicalColumn *column) {
    static const uint32_t class_bits[CLASS_COUNT] = {[CLASS_BOOL] = 1, [CLASS_I16] = 16, [CLASS_I32] = 32, [CLASS_I64] = 64};
    const ColumnDomain *domain = &column->domain;
    if (field->format.dictionary != NULL) {
        field->bits = bits_of(field->format.dictionary->size - 1);
    } else if (domain->has_range && domain->min <= domain->max) {
        field->min = domain->min;
        field->bits = bits_of((uint64_t)domain->max - (uint64_t)domain->min);
    } else {
        field->bits = class_bits[field->format.storage_class];
        field->min = field->bits == 1 ? 0 : (int64_t)(0 - ((uint64_t)1 << (field->bits - 1)));
    }
}

static bool text_may_be_long(Type type) {
    return type.length == 0 || (uint64_t)type.length * 4 > TEXT_INLINE_MAX; /* a character has up to four bytes */
}

static bool field_is_integer(const SortField *field) {
    return field->format.kind == VECTOR_CODES || class_is_integer(field->format.storage_class);
}

static void set_bits(SortField *field, const PhysicalColumn *column) {
    if (field_is_integer(field)) {
        set_integer_bits(field, column);
        return;
    }
    switch (field->format.storage_class) {
    case CLASS_F32: field->bits = 32; break;
    case CLASS_F64: field->bits = 64; break;
    case CLASS_TEXT: field->bits = TEXT_BITS; break;
    default: field->bits = 128; break; /* I128, INTERVAL */
    }
}

Status sort_encoding_init(const Context *cx, SortEncoding *encoding, const PhysicalColumn *columns, const SortSlot *keys,
                          uint32_t key_count) {
    TRY_ALLOC_ZEROED(cx, encoding->fields, sizeof *encoding->fields * key_count);
    encoding->key_count = key_count;
    encoding->is_exact = true;
    uint32_t place = 0;
    for (uint32_t k = 0; k < key_count; k++) {
        SortField *field = &encoding->fields[k];
        field->slot = keys[k].slot;
        field->is_descending = keys[k].is_descending;
        field->nulls_first = keys[k].nulls_first;
        column_format_init(&field->format, &columns[keys[k].slot]);
        if (!encoding->is_exact) {
            continue; /* only compared by value */
        }
        set_bits(field, &columns[keys[k].slot]);
        field->place = place;
        place += 1 + field->bits;
        encoding->field_count++;
        if (!field_is_integer(field) && field->format.storage_class == CLASS_TEXT && text_may_be_long(field->format.type)) {
            encoding->is_exact = false;
            encoding->tie_from = k;
        }
    }
    encoding->words = place == 0 ? 1 : (place + 63) / 64;
    return OK;
}

void sort_encoding_free(SortEncoding *encoding) {
    mem_free(encoding->fields);
    encoding->fields = NULL;
}

Status sort_encoder_init(const Context *cx, SortEncoder *encoder) {
    vector_init(&encoder->scratch, type_make(TYPE_BIGINT));
    TRY_ALLOC(cx, encoder->values, sizeof *encoder->values * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, encoder->stored, (size_t)BATCH_ROWS_MAX * 16);
    return OK;
}

void sort_encoder_free(SortEncoder *encoder) {
    mem_free(encoder->values);
    mem_free(encoder->stored);
    vector_free(&encoder->scratch);
}

/* ------------------------------------------------------------------------------------------------------------- encoding */

/* ORs `bits` bits of each value into the rows' words, `place` bits from the start. */
static void put_bits(uint64_t *words, uint32_t words_per_row, uint32_t place, uint32_t bits, const uint64_t *values,
                     uint32_t rows) {
    if (bits == 0) {
        return;
    }
    uint64_t *word = words + place / 64;
    int shift = 64 - (int)(place % 64) - (int)bits;
    if (shift >= 0) {
        for (uint32_t i = 0; i < rows; i++) {
            word[(size_t)i * words_per_row] |= values[i] << shift;
        }
        return;
    }
    for (uint32_t i = 0; i < rows; i++) {
        word[(size_t)i * words_per_row] |= values[i] >> -shift;
        word[(size_t)i * words_per_row + 1] |= values[i] << (64 + shift);
    }
}

/* Values of a key in its format. */
typedef struct StoredKey {
    const void *data;
    const uint64_t *validity; /* NULL: no NULLs */
    uint32_t first;           /* bit of the first value */
} StoredKey;

static bool is_valid(const StoredKey *stored, uint32_t row) {
    return stored->validity == NULL || bit_get(stored->validity, stored->first + row);
}

/* The values' low `bits` bits, inverted for DESC. */
static void order_values(const SortField *field, uint32_t bits, uint64_t *values, uint32_t rows) {
    uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    uint64_t invert = field->is_descending ? mask : 0;
    for (uint32_t i = 0; i < rows; i++) {
        values[i] = (values[i] ^ invert) & mask;
    }
}

/* Orders, zeroes NULLs, and puts. */
static void put_values(const SortField *field, const StoredKey *stored, uint32_t place, uint32_t bits, uint64_t *values,
                       uint32_t rows, uint64_t *words, uint32_t words_per_row) {
    order_values(field, bits, values, rows);
    if (stored->validity != NULL) {
        for (uint32_t i = 0; i < rows; i++) {
            values[i] = is_valid(stored, i) ? values[i] : 0;
        }
    }
    put_bits(words, words_per_row, place, bits, values, rows);
}

static void put_nulls(const SortField *field, const StoredKey *stored, uint64_t *values, uint32_t rows, uint64_t *words,
                      uint32_t words_per_row) {
    if (stored->validity == NULL && !field->nulls_first) {
        return;
    }
    for (uint32_t i = 0; i < rows; i++) {
        values[i] = is_valid(stored, i) == field->nulls_first;
    }
    put_bits(words, words_per_row, field->place, 1, values, rows);
}

static uint64_t bend_f64(double x) {
    x = x == 0 ? 0 : x != x ? __builtin_nan("") : x;
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static uint64_t bend_f32(float x) {
    x = x == 0 ? 0 : x != x ? __builtin_nanf("") : x;
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits >> 31 ? (uint32_t)~bits : bits | UINT32_C(0x80000000);
}

static __int128 interval_micros(const Interval *interval) {
    return ((__int128)interval->months * 30 + interval->days) * INT64_C(86400000000) + interval->micros;
}

/* Bytes [from, from + 8) of the text, big-endian, zero beyond its end. */
static uint64_t text_word(const Text *text, uint32_t from) {
    uint64_t word = 0;
    if (text->bytes > from) {
        uint32_t bytes = text->bytes - from < 8 ? text->bytes - from : 8;
        memcpy(&word, text_data(text) + from, bytes);
    }
    return __builtin_bswap64(word);
}

/* Part `part` (from the most significant) of what a field encodes to: values and their bits. Integers have one part. */
static uint32_t load_part(const SortField *field, const void *stored, uint32_t part, uint32_t rows, uint64_t *values) {
    if (field_is_integer(field)) {
        column_format_load_i64(&field->format, stored, rows, (int64_t *)values);
        for (uint32_t i = 0; i < rows; i++) {
            values[i] -= (uint64_t)field->min;
        }
        return field->bits;
    }
    switch (field->format.storage_class) {
    case CLASS_F32:
        for (uint32_t i = 0; i < rows; i++) {
            values[i] = bend_f32(((const float *)stored)[i]);
        }
        return 32;
    case CLASS_F64:
        for (uint32_t i = 0; i < rows; i++) {
            values[i] = bend_f64(((const double *)stored)[i]);
        }
        return 64;
    case CLASS_TEXT:
        for (uint32_t i = 0; i < rows; i++) {
            const Text *text = (const Text *)stored + i;
            uint32_t length = text->bytes > TEXT_INLINE_MAX ? TEXT_INLINE_MAX + 1 : text->bytes;
            values[i] = part == 0 ? text_word(text, 0) : (text_word(text, 8) >> 32) << 4 | length;
        }
        return part == 0 ? 64 : 36;
    default:
        for (uint32_t i = 0; i < rows; i++) {
            __int128 value = field->format.storage_class == CLASS_INTERVAL ? interval_micros((const Interval *)stored + i)
                                                                           : ((const __int128 *)stored)[i];
            values[i] = part == 0 ? (uint64_t)(value >> 64) ^ SIGN_BIT : (uint64_t)value;
        }
        return 64;
    }
}

static void encode_stored(const SortField *field, const StoredKey *stored, uint64_t *values, uint32_t rows, uint64_t *words,
                          uint32_t words_per_row) {
    put_nulls(field, stored, values, rows, words, words_per_row);
    uint32_t place = field->place + 1, end = place + field->bits;
    for (uint32_t part = 0; place < end; part++) {
        uint32_t bits = load_part(field, stored->data, part, rows, values);
        put_values(field, stored, place, bits, values, rows, words, words_per_row);
        place += bits;
    }
}

static Status encode_field(const Context *cx, const SortField *field, SortEncoder *encoder, const Vector *vector, uint32_t rows,
                           uint64_t *words, uint32_t words_per_row) {
    static const uint64_t all_null[BATCH_ROWS_MAX / 64] = {0};
    StoredKey stored = {.data = encoder->stored, .validity = vector->validity};
    if (vector->kind == VECTOR_CONSTANT) {
        stored.validity = vector_is_valid(vector, 0) ? NULL : all_null;
    }
    TRY(column_format_store(cx, &field->format, vector, 0, rows, &encoder->scratch, encoder->stored));
    encode_stored(field, &stored, encoder->values, rows, words, words_per_row);
    return OK;
}

Status sort_encode_heads(const Context *cx, const SortEncoding *encoding, SortEncoder *encoder, const Batch *in,
                         uint64_t *heads) {
    const SortField *field = &encoding->fields[0];
    const Vector *vector = &in->columns[field->slot];
    TRY(column_format_store(cx, &field->format, vector, 0, in->rows, &encoder->scratch, encoder->stored));
    uint32_t bits = load_part(field, encoder->stored, 0, in->rows, heads);
    order_values(field, bits, heads, in->rows);
    uint64_t valid_bit = (uint64_t)field->nulls_first << 63, null_bit = (uint64_t)!field->nulls_first << 63;
    int shift = 63 - (int)bits;
    for (uint32_t i = 0; i < in->rows; i++) {
        heads[i] = valid_bit | (shift >= 0 ? heads[i] << shift : heads[i] >> 1);
    }
    for (uint32_t i = 0; vector->validity != NULL && i < in->rows; i++) {
        heads[i] = vector_is_valid(vector, i) ? heads[i] : null_bit;
    }
    return OK;
}

Status sort_encode(const Context *cx, const SortEncoding *encoding, SortEncoder *encoder, const Batch *in, uint64_t *words) {
    memset(words, 0, sizeof *words * encoding->words * in->rows);
    for (uint32_t f = 0; f < encoding->field_count; f++) {
        const SortField *field = &encoding->fields[f];
        TRY(encode_field(cx, field, encoder, &in->columns[field->slot], in->rows, words, encoding->words));
    }
    return OK;
}

void sort_encode_kept(const SortEncoding *encoding, SortEncoder *encoder, const RowChunk *chunk, uint32_t from, uint32_t rows,
                      uint64_t *words) {
    memset(words, 0, sizeof *words * encoding->words * rows);
    for (uint32_t first = 0; first < rows; first += BATCH_ROWS_MAX) {
        uint32_t count = rows - first < BATCH_ROWS_MAX ? rows - first : BATCH_ROWS_MAX;
        for (uint32_t f = 0; f < encoding->field_count; f++) {
            const SortField *field = &encoding->fields[f];
            const KeptColumn *column = &chunk->columns[field->slot];
            StoredKey stored = {.data = (const uint8_t *)column->data + (size_t)(from + first) * field->format.width,
                                .validity = column->validity,
                                .first = from + first};
            encode_stored(field, &stored, encoder->values, count, words + (size_t)first * encoding->words, encoding->words);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------ comparing */

static Value kept_value(const ColumnFormat *format, const KeptColumn *column, uint32_t at) {
    if (column->validity != NULL && !bit_get(column->validity, at)) {
        return value_null(format->type);
    }
    if (format->kind == VECTOR_FLAT) {
        return value_load(format->type, column->data, at);
    }
    uint32_t code = 0;
    memcpy(&code, (const uint8_t *)column->data + (size_t)at * format->width, format->width);
    return value_i64(type_make(TYPE_BIGINT), (int64_t)((uint64_t)format->base + code)); /* codes compare as values do */
}

uint64_t sort_text_word(const SortEncoding *encoding, RowChunk *const *chunks, uint32_t row, uint32_t from, uint32_t *bytes) {
    const KeptColumn *column = &chunks[row >> ROW_CHUNK_BITS]->columns[encoding->fields[encoding->tie_from].slot];
    uint32_t at = row & (ROW_CHUNK_ROWS - 1);
    if (column->validity != NULL && !bit_get(column->validity, at)) {
        *bytes = 0;
        return 0;
    }
    const Text *text = (const Text *)column->data + at;
    *bytes = text->bytes;
    return text_word(text, from);
}

int sort_compare_rows(const SortEncoding *encoding, uint32_t from, uint32_t to, RowChunk *const *chunks, uint32_t a,
                      uint32_t b) {
    for (uint32_t k = from; k < to; k++) {
        const SortField *field = &encoding->fields[k];
        const KeptColumn *column_a = &chunks[a >> ROW_CHUNK_BITS]->columns[field->slot];
        const KeptColumn *column_b = &chunks[b >> ROW_CHUNK_BITS]->columns[field->slot];
        Value value_a = kept_value(&field->format, column_a, a & (ROW_CHUNK_ROWS - 1));
        Value value_b = kept_value(&field->format, column_b, b & (ROW_CHUNK_ROWS - 1));
        if (value_a.is_null || value_b.is_null) {
            if (value_a.is_null != value_b.is_null) {
                return value_a.is_null == field->nulls_first ? -1 : 1;
            }
            continue;
        }
        int order = value_compare(&value_a, &value_b);
        if (order != 0) {
            return field->is_descending ? -order : order;
        }
    }
    return 0;
}
