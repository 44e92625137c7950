/* Placement: fixed for ever, equal for equal numbers, the same for every kind of vector. */
#include "storage_fixture.h"

#include "storage/distribute.h"

static Fixture f;
static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(distribute, .init = setup, .fini = teardown);

enum { ROWS = 500 };

static void check_hashes(const Vector *vector, uint32_t rows) {
    uint64_t hashes[BATCH_ROWS_MAX];
    MUST(&f, placement_hash_vector(&f.cx, vector, rows, PLACEMENT_SEED, hashes));
    for (uint32_t i = 0; i < rows; i++) {
        Value value = vector_value(vector, i);
        cr_assert_eq(hashes[i], value_placement_hash(&value, PLACEMENT_SEED));
    }
}

Test(distribute, flat_vectors_hash_as_their_values) {
    Type types[] = {{.id = TYPE_BOOLEAN}, {.id = TYPE_SMALLINT},  {.id = TYPE_INTEGER}, {.id = TYPE_BIGINT},
                    {.id = TYPE_DATE},    type_decimal(12, 2),    type_decimal(30, 4),  {.id = TYPE_REAL},
                    {.id = TYPE_DOUBLE},  {.id = TYPE_TIMESTAMP}, {.id = TYPE_TIME},    {.id = TYPE_TIMESTAMPTZ}};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        Vector vector;
        vector_init(&vector, types[t]);
        MUST(&f, vector_prepare_flat(&f.cx, &vector, types[t]));
        for (uint32_t i = 0; i < ROWS; i++) {
            bool is_float = types[t].id == TYPE_REAL || types[t].id == TYPE_DOUBLE;
            int64_t number = types[t].id == TYPE_BOOLEAN ? i % 2 : (int64_t)i * 10 - 900;
            Value value = is_float ? value_f64(types[t], (double)number / 4) : value_i64(types[t], number);
            value_store(&value, vector.data, i);
        }
        check_hashes(&vector, ROWS);
        vector_free(&vector);
    }
}

Test(distribute, codes_hash_as_their_values) {
    Vector vector;
    Type type = {.id = TYPE_BIGINT};
    vector_init(&vector, type);
    MUST(&f, vector_prepare_codes(&f.cx, &vector, type, 2));
    vector.base = -100000;
    for (uint32_t i = 0; i < ROWS; i++) {
        ((uint16_t *)vector.data)[i] = (uint16_t)(i * 131);
    }
    check_hashes(&vector, ROWS);
    vector.type = type_decimal(10, 2);
    check_hashes(&vector, ROWS);
    Text words[] = {text_view("one", 3), text_view("three", 5), text_view("twenty-one and more", 19)};
    Dictionary dictionary = {.type = {.id = TYPE_VARCHAR}, .size = 3, .values = words};
    vector.type = dictionary.type;
    vector.dictionary = &dictionary;
    for (uint32_t i = 0; i < ROWS; i++) {
        ((uint16_t *)vector.data)[i] = (uint16_t)(i % 3);
    }
    check_hashes(&vector, ROWS);
    check_hashes(&vector, 2); /* fewer rows than entries */
    vector_free(&vector);
}

Test(distribute, constants_hash_as_their_value) {
    Vector vector;
    Type type = {.id = TYPE_INTEGER};
    vector_init(&vector, type);
    Value value = value_i64(type, 42);
    MUST(&f, vector_set_constant(&f.cx, &vector, &value));
    check_hashes(&vector, ROWS);
    vector_free(&vector);
}

/* XXH3 with seed 1 of the number as 64 bits: files on disk depend on these. */
Test(distribute, placement_never_changes) {
    Value values[] = {value_i64(type_make(TYPE_INTEGER), 1), value_i64(type_make(TYPE_SMALLINT), 1),
                      value_i64(type_make(TYPE_BIGINT), 1),  value_i64(type_decimal(10, 2), 100),
                      value_i64(type_decimal(38, 0), 1),     value_i64(type_make(TYPE_DATE), 1)};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        cr_assert_eq(value_placement_hash(&values[i], PLACEMENT_SEED), UINT64_C(0x85671091eda75eb5), "%llx",
                     (unsigned long long)value_placement_hash(&values[i], PLACEMENT_SEED));
    }
    Value padded = value_text(type_char(5), text_view("EU   ", 5)), plain = value_text(type_varchar(0), text_view("EU", 2));
    cr_assert_eq(value_placement_hash(&padded, PLACEMENT_SEED), UINT64_C(0x2790d8e000d75bad), "%llx",
                 (unsigned long long)value_placement_hash(&padded, PLACEMENT_SEED));
    cr_assert_eq(value_placement_hash(&plain, PLACEMENT_SEED), UINT64_C(0x2790d8e000d75bad));
    Value zero = value_f64(type_make(TYPE_DOUBLE), 0.0), negative = value_f64(type_make(TYPE_DOUBLE), -0.0);
    cr_assert_eq(value_placement_hash(&zero, PLACEMENT_SEED), value_placement_hash(&negative, PLACEMENT_SEED));
}

Test(distribute, keys_spread_evenly) {
    uint32_t counts[8] = {0};
    for (int64_t key = 1; key <= 80000; key++) {
        Value value = value_i64(type_make(TYPE_INTEGER), key);
        counts[slice_of_hash(value_placement_hash(&value, PLACEMENT_SEED), 8)]++;
    }
    for (int i = 0; i < 8; i++) {
        cr_assert(counts[i] > 9500 && counts[i] < 10500, "slice %d has %u", i, counts[i]);
    }
}
