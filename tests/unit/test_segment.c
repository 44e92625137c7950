/* Segments: every encoding, type, shape of values and pattern of NULLs goes through the writer and comes back the same, by
 * decoding and by gathering. */
#include "storage/encodings/symbol_texts.h"
#include "table_fixture.h"

static Fixture f;
static void setup(void) {
    fixture_open(&f, 1, 1, 0);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(segment, .init = setup, .fini = teardown, .timeout = 300);

/* ------------------------------------------------------------------------------------------------------- values to write */

typedef enum Shape { SHAPE_CONSTANT, SHAPE_RUNS, SHAPE_FEW, SHAPE_CLIMB, SHAPE_NARROW, SHAPE_WIDE, SHAPE_COUNT } Shape;
typedef enum Nulls { NULLS_NONE, NULLS_SOME, NULLS_MOST, NULLS_ALL, NULLS_BLOCK, NULLS_COUNT } Nulls;

static uint64_t noise(uint64_t i) {
    return hash_u64(i * 7 + 1);
}

/* The integer behind row i. */
static int64_t shape_integer(Shape shape, uint64_t i) {
    switch (shape) {
    case SHAPE_CONSTANT: return 42;
    case SHAPE_RUNS: return (int64_t)(noise(i / 37) % 1000) - 500;
    case SHAPE_FEW: return (int64_t)(noise(noise(i) % 11));
    case SHAPE_CLIMB: return (int64_t)(i * 3 + noise(i) % 3);
    case SHAPE_NARROW: return (int64_t)(noise(i) % 777) - 5;
    default: return (int64_t)noise(i) ^ (i % 5 == 0 ? INT64_MIN : 0);
    }
}

static bool is_null_row(Nulls nulls, uint64_t i) {
    switch (nulls) {
    case NULLS_SOME: return noise(i + 99) % 7 == 0;
    case NULLS_MOST: return noise(i + 99) % 97 != 0;
    case NULLS_ALL: return true;
    case NULLS_BLOCK: return i / 2048 % 2 == 0;
    default: return false;
    }
}

static Value shape_value(Type type, Shape shape, Nulls nulls, uint64_t i, char *text) {
    int64_t n = shape_integer(shape, i);
    Value value = {.type = type};
    if (is_null_row(nulls, i)) {
        return value_null(type);
    }
    switch (type_class(type)) {
    case CLASS_BOOL: value.i64 = n & 1; break;
    case CLASS_I16: value.i64 = (int16_t)n; break;
    case CLASS_I32: value.i64 = (int32_t)n; break;
    case CLASS_I64: value.i64 = n; break;
    case CLASS_I128: value.i128 = shape == SHAPE_WIDE ? (__int128)n * n * (n & 1 ? -1 : 1) : ((__int128)1 << 80) + n; break;
    case CLASS_F32: value.f64 = (double)(float)((double)n / 4); break;
    case CLASS_F64:
        value.f64 = shape == SHAPE_WIDE && i % 50 == 0 ? (i % 100 == 0 ? -0.0 : __builtin_nan("")) : (double)n / 8;
        break;
    case CLASS_INTERVAL: value.interval = (Interval){(int32_t)(n % 13), (int32_t)(n % 29), n}; break;
    default: {
        static const char *const pads[] = {"", "x", "äöü, longer than twelve bytes: ", "0123456789"};
        int bytes = snprintf(
            text, 200, "%s%lld%s", pads[(uint64_t)n % 4], (long long)n,
            shape == SHAPE_WIDE && i % 9 == 0 ? "................................................................" : "");
        value.text = text_view(text, shape == SHAPE_WIDE && i % 31 == 0 ? 0 : (uint32_t)bytes);
    }
    }
    return value;
}

typedef struct Rows {
    Type type;
    Shape shape;
    Nulls nulls;
    uint64_t count;
    Vector vector;
    char *text;
} Rows;

static bool next_rows(void *rows_, uint64_t number, Batch *batch) {
    Rows *rows = rows_;
    uint64_t first = number * BATCH_ROWS_MAX;
    if (first >= rows->count) {
        return false;
    }
    uint32_t count = rows->count - first < BATCH_ROWS_MAX ? (uint32_t)(rows->count - first) : BATCH_ROWS_MAX;
    MUST(&f, vector_prepare_flat(&f.cx, &rows->vector, rows->type));
    memset(rows->vector.data, 0, (size_t)BATCH_ROWS_MAX * type_bytes(rows->type));
    if (rows->nulls != NULLS_NONE) {
        MUST(&f, vector_prepare_validity(&f.cx, &rows->vector, true));
    }
    for (uint32_t i = 0; i < count; i++) {
        Value value = shape_value(rows->type, rows->shape, rows->nulls, first + i, rows->text + (size_t)i * 200);
        if (value.is_null) {
            bit_clear(rows->vector.validity, i);
        } else {
            value_store(&value, rows->vector.data, i);
        }
    }
    *batch = (Batch){.rows = count, .column_count = 1, .columns = &rows->vector};
    return true;
}

/* -------------------------------------------------------------------------------------------------------- reading them back */

static void check_value(const Rows *rows, const Value *got, uint64_t i, const char *how) {
    char text[200];
    Value want = shape_value(rows->type, rows->shape, rows->nulls, i, text);
    bool same = got->is_null == want.is_null && (want.is_null || value_compare(got, &want) == 0);
    if (same && !want.is_null && type_class(rows->type) == CLASS_INTERVAL) {
        same = memcmp(&got->interval, &want.interval, sizeof got->interval) == 0;
    }
    char name[32];
    cr_assert(same, "%s: row %llu of %s, shape %d, nulls %d differs", how, (unsigned long long)i, type_name(rows->type, name),
              (int)rows->shape, (int)rows->nulls);
}

static void check_vector(const Rows *rows, const Vector *vector, uint64_t first, const uint16_t *picked, uint32_t count,
                         const char *how) {
    for (uint32_t i = 0; i < count; i++) {
        Value got = vector_value(vector, i);
        check_value(rows, &got, first + (picked == NULL ? i : picked[i]), how);
    }
    if (vector->kind == VECTOR_FLAT && vector->validity != NULL) {
        static const uint8_t zeros[16];
        uint32_t bytes = type_bytes(vector->type);
        for (uint32_t i = 0; i < count; i++) {
            cr_assert(bit_get(vector->validity, i) || memcmp((uint8_t *)vector->data + (size_t)i * bytes, zeros, bytes) == 0,
                      "a NULL lane is not zero");
        }
    }
}

static uint32_t symbol_blocks; /* that were read and kept as symbols */

static void check_block(const Rows *rows, SegmentReader *reader, uint32_t block, uint64_t first, const Dictionary *query) {
    ColumnBlock open;
    Vector vector;
    vector_init(&vector, rows->type);
    MUST(&f, column_block_open(&f.cx, reader, 0, block, query, &open));
    symbol_blocks += open.encoding == &symbol_texts_encoding;
    ColumnRange range;
    MUST(&f, segment_block_range(&f.cx, reader, 0, block, &range));
    for (uint32_t at = 0; at < open.rows; at += BATCH_ROWS_MAX) {
        uint32_t count = open.rows - at < BATCH_ROWS_MAX ? open.rows - at : BATCH_ROWS_MAX;
        MUST(&f, column_block_decode(&f.cx, &open, at, count, &vector));
        check_vector(rows, &vector, first + at, NULL, count, "decode");
        if (vector.kind == VECTOR_CODES && query != NULL && open.dictionary != NULL) {
            cr_assert_eq(vector.dictionary, query);
        }
    }
    if (open.rows > 192) {
        MUST(&f, column_block_decode(&f.cx, &open, 128, 7, &vector));
        check_vector(rows, &vector, first + 128, NULL, 7, "decode in the middle");
    }
    for (uint32_t step = 1; step < 4000; step = step * 5 + 2) {
        uint16_t picked[BATCH_ROWS_MAX];
        uint32_t count = 0;
        for (uint32_t row = step / 2; row < open.rows && count < BATCH_ROWS_MAX; row += step) {
            picked[count++] = (uint16_t)row;
        }
        MUST(&f, column_block_gather(&f.cx, &open, picked, count, &vector));
        check_vector(rows, &vector, first, picked, count, "gather");
    }
    for (uint32_t i = 0; i < open.rows; i++) {
        char text[200];
        Value value = shape_value(rows->type, rows->shape, rows->nulls, first + i, text);
        if (!value.is_null) {
            cr_assert(range.has_range && value_compare(&range.min, &value) <= 0, "minimum is not true");
            cr_assert(range.max_is_truncated || value_compare(&range.max, &value) >= 0, "maximum is not true");
        }
    }
    column_block_close(&open);
    vector_free(&vector);
}

static void check_table(const Rows *rows, const char *name, bool with_query_dictionary) {
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, f.warehouse, &snapshot));
    const TableVersion *table = snapshot_find_table(snapshot, "public", name);
    cr_assert_not_null(table);
    cr_assert_eq(table->rows, rows->count);
    const Dictionary *query = NULL;
    if (with_query_dictionary) {
        MUST(&f, table_dictionary(&f.cx, snapshot, table, 0, &query));
    }
    uint64_t first = 0;
    for (uint32_t s = 0; s < table->segment_count; s++) {
        SegmentReader *reader;
        MUST(&f, segment_open(&f.cx, snapshot, table, &table->segments[s], &reader));
        for (uint32_t block = 0; block < segment_block_count(reader); block++) {
            check_block(rows, reader, block, first, query);
            first += segment_block_row_count(reader, block);
        }
        segment_close(reader);
    }
    cr_assert_eq(first, rows->count);
    snapshot_release(snapshot);
}

static void round_trip(const char *name, Type type, Shape shape, Nulls nulls, uint64_t count) {
    ColumnDef column;
    TableSchema schema = one_column_schema(&column, name, type, 2048);
    Rows rows = {.type = type, .shape = shape, .nulls = nulls, .count = count, .text = malloc(200 * BATCH_ROWS_MAX)};
    vector_init(&rows.vector, type);
    write_rows(&f, &schema, true, next_rows, &rows);
    check_table(&rows, name, false);
    check_table(&rows, name, true);
    vector_free(&rows.vector);
    free(rows.text);
}

static void walk(const char *encoding, const char *codec) {
    const Type more[] = {type_decimal(38, 4), type_char(10)};
    Type types[TYPE_COUNT - 1 + sizeof more / sizeof *more];
    for (int id = 1; id < TYPE_COUNT; id++) {
        types[id - 1] = id == TYPE_DECIMAL   ? type_decimal(12, 2)
                        : id == TYPE_VARCHAR ? type_varchar(200)
                                             : type_make((TypeId)id);
    }
    memcpy(types + TYPE_COUNT - 1, more, sizeof more);
    const uint64_t counts[] = {1, 700, 2048, 5003};
    uint32_t made = 0;
    set(&f, "force_encoding", encoding);
    set(&f, "force_codec", codec);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (Shape shape = 0; shape < SHAPE_COUNT; shape++) {
            for (Nulls nulls = 0; nulls < NULLS_COUNT; nulls++) {
                char name[32];
                snprintf(name, sizeof name, "t%u", made);
                round_trip(name, types[t], shape, nulls, counts[made % 4]);
                made++;
            }
        }
    }
}

Test(segment, round_trip_auto) {
    walk("auto", "");
}
Test(segment, round_trip_raw) {
    walk("raw", "none");
}
Test(segment, round_trip_constant) {
    walk("constant", "");
}
Test(segment, round_trip_runlength) {
    walk("runlength", "lz4");
}
Test(segment, round_trip_dict) {
    walk("dict", "zstd");
}
Test(segment, round_trip_bitpack) {
    walk("bitpack", "");
}
Test(segment, round_trip_bitpack_repeats) {
    walk("bitpack", "repeats");
}
Test(segment, round_trip_dict_repeats) {
    walk("dict", "repeats");
}
Test(segment, round_trip_delta) {
    walk("delta", "zstd");
}

Test(segment, round_trip_symbols) {
    set(&f, "force_encoding", "raw");
    for (Nulls nulls = 0; nulls < NULLS_COUNT; nulls++) {
        char name[8];
        uint32_t before = symbol_blocks;
        snprintf(name, sizeof name, "s%d", (int)nulls);
        round_trip(name, type_varchar(200), SHAPE_WIDE, nulls, 100001);
        bool is_large = nulls != NULLS_MOST && nulls != NULLS_ALL;
        cr_assert_eq(symbol_blocks > before, is_large, "NULLs %d", (int)nulls);
    }
}
