/* Sort and Top-N against a naive stable sort, over all orders, NULL places and key types. */
#include "operator_driver.h"

typedef struct SortCase {
    const char *name;
    uint32_t rows;
    Type types[3];
    uint64_t range;
    bool uses_domains;
    uint32_t key_count;
    int64_t limit;
} SortCase;

static Value random_value(Type type, uint64_t key) {
    if (type_is_text(type)) {
        static char texts[256][64];
        char *text = texts[key % 256];
        int bytes = key % 4 == 0 ? snprintf(text, 64, "k%03u", (unsigned)(key % 256))
                                 : snprintf(text, 64, "a common beginning %u", (unsigned)(key % 256));
        return value_text(type, text_view(text, (uint32_t)bytes));
    }
    if (type.id == TYPE_DOUBLE || type.id == TYPE_REAL) {
        return value_f64(type, key % 17 == 0   ? __builtin_nan("")
                               : key % 19 == 0 ? -__builtin_inf()
                                               : (double)(int64_t)(key % 1000) - 500);
    }
    if (type_class(type) == CLASS_I128) {
        Value value = value_null(type);
        value.is_null = false;
        value.i128 = (__int128)((int64_t)(key % 100) - 50) * ((__int128)1 << 64) + (__int128)(key % 7);
        return value;
    }
    return value_i64(type, (int64_t)key - 100);
}

static Rows make_rows(const SortCase *c) {
    Type types[4] = {c->types[0], c->types[1], c->types[2], type_make(TYPE_BIGINT)};
    Rows rows = rows_new(c->rows, types, 4);
    uint64_t random = 99;
    for (uint32_t i = 0; i < c->rows; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            uint64_t key = driver_random(&random) % c->range;
            if (driver_random(&random) % 9 != 0) {
                *cell(&rows, i, k) = c->uses_domains && type_is_text(c->types[k])
                                         ? value_text(c->types[k], driver_text((uint32_t)key))
                                         : random_value(c->types[k], key);
            }
        }
        *cell(&rows, i, 3) = value_i64(type_make(TYPE_BIGINT), i);
    }
    for (uint32_t k = 0; k < 3 && c->uses_domains; k++) {
        rows.columns[k].domain =
            (ColumnDomain){.has_range = true, .min = -100, .max = (int64_t)c->range - 101, .can_be_null = true};
        if (type_is_text(c->types[k])) {
            rows.columns[k].domain = (ColumnDomain){.dictionary = driver_dictionary(), .can_be_null = true};
        }
    }
    return rows;
}

static const Rows *compared_rows;
static const SortSlot *compared_keys;
static uint32_t compared_key_count;

static int compare_rows(uint32_t x, uint32_t y) {
    for (uint32_t k = 0; k < compared_key_count; k++) {
        const Value *a = cell(compared_rows, x, compared_keys[k].slot), *b = cell(compared_rows, y, compared_keys[k].slot);
        if (a->is_null || b->is_null) {
            if (a->is_null != b->is_null) {
                return a->is_null == compared_keys[k].nulls_first ? -1 : 1;
            }
            continue;
        }
        int order = value_compare(a, b);
        if (order != 0) {
            return compared_keys[k].is_descending ? -order : order;
        }
    }
    return 0;
}

static int compare_row_numbers(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = compare_rows(x, y);
    return order != 0 ? order : x < y ? -1 : 1;
}

/* Ties may come in any order: rows are checked to be a permutation, ordered by the keys, and the best ones. */
static void check(const SortCase *c, Lines *got, const char *what) {
    uint32_t *order = malloc(sizeof *order * (c->rows + 1));
    bool *seen = calloc(c->rows + 1, 1);
    for (uint32_t i = 0; i < c->rows; i++) {
        order[i] = i;
    }
    qsort(order, c->rows, sizeof *order, compare_row_numbers);
    uint32_t expected = c->limit >= 0 && (uint64_t)c->limit < c->rows ? (uint32_t)c->limit : c->rows;
    cr_assert_eq(got->count, expected, "%s: %u rows, expected %u", what, got->count, expected);
    for (uint32_t i = 0; i < got->count; i++) {
        char *line = got->lines[i];
        line[strlen(line) - 1] = 0;
        uint32_t row = (uint32_t)atoi(strrchr(line, '|') + 1);
        cr_assert(!seen[row], "%s: row %u twice", what, row);
        seen[row] = true;
        cr_assert_eq(compare_rows(row, order[i]), 0, "%s: place %u has row %u, expected %u", what, i, row, order[i]);
    }
    free(order);
    free(seen);
    lines_free(got);
}

static void run_case(const SortCase *c, uint32_t directions, uint32_t threads, uint32_t batch_rows) {
    Rows rows = make_rows(c);
    SortSlot keys[3];
    for (uint32_t k = 0; k < 3; k++) {
        keys[k] = (SortSlot){.slot = k, .is_descending = directions >> k & 1, .nulls_first = directions >> (k + 1) & 1};
    }
    PhysicalNode child = {.column_count = 4, .columns = rows.columns}, *children[] = {&child};
    PhysicalNode op = {.kind = PHYSICAL_SORT,
                       .child_count = 1,
                       .children = children,
                       .column_count = 4,
                       .columns = rows.columns,
                       .sort = {.key_count = c->key_count, .keys = keys, .limit = c->limit}};
    const OperatorClass *operator= c->limit >= 0 ? &topn_operator : & sort_operator;
    compared_rows = &rows;
    compared_keys = keys;
    compared_key_count = c->key_count;
    Driver driver;
    Lines got = {.lock = PTHREAD_MUTEX_INITIALIZER};
    driver_open(&driver, threads, batch_rows);
    cr_assert_eq(driver_sink(&driver, &op, operator->sink, &rows), OK, "%s", driver.error.message);
    cr_assert_eq(driver_source(&driver, &op, operator->source, &got), OK, "%s", driver.error.message);
    char what[128];
    snprintf(what, sizeof what, "%s directions %u threads %u batch %u", c->name, directions, threads, batch_rows);
    check(c, &got, what);
    driver_close(&driver, &op, operator->sink);
    free(rows.cells);
}

static void run_all(const SortCase *c) {
    static const uint32_t threads[] = {1, 2, 8}, sizes[] = {1, 7, 2048};
    for (uint32_t directions = 0; directions < 16; directions += 5) {
        for (uint32_t t = 0; t < 3; t++) {
            for (uint32_t s = 0; s < 3; s++) {
                run_case(c, directions, threads[t], sizes[s]);
            }
        }
    }
}

#define INTEGER_TYPE                                                                                                           \
    { .id = TYPE_INTEGER }
#define BIGINT_TYPE                                                                                                            \
    { .id = TYPE_BIGINT }
#define SMALLINT_TYPE                                                                                                          \
    { .id = TYPE_SMALLINT }
#define VARCHAR_TYPE                                                                                                           \
    { .id = TYPE_VARCHAR }
#define DOUBLE_TYPE                                                                                                            \
    { .id = TYPE_DOUBLE }
#define REAL_TYPE                                                                                                              \
    { .id = TYPE_REAL }
#define WIDE_TYPE                                                                                                              \
    { .id = TYPE_DECIMAL, .precision = 30 }

Test(sort, integers) {
    run_all(&(SortCase){"integers", 3000, {BIGINT_TYPE, INTEGER_TYPE, SMALLINT_TYPE}, 300, false, 3, -1});
}
Test(sort, known_domains) {
    run_all(&(SortCase){"domains", 3000, {BIGINT_TYPE, VARCHAR_TYPE, SMALLINT_TYPE}, 64, true, 3, -1});
}
Test(sort, text_first) {
    run_all(&(SortCase){"text", 1500, {VARCHAR_TYPE, INTEGER_TYPE, VARCHAR_TYPE}, 256, false, 3, -1});
}
Test(sort, text_last) {
    run_all(&(SortCase){"text last", 1500, {SMALLINT_TYPE, VARCHAR_TYPE, VARCHAR_TYPE}, 20, false, 2, -1});
}
Test(sort, floats) {
    run_all(&(SortCase){"floats", 2000, {REAL_TYPE, DOUBLE_TYPE, WIDE_TYPE}, 2000, false, 3, -1});
}
Test(sort, wide_decimals) {
    run_all(&(SortCase){"decimals", 2000, {WIDE_TYPE, DOUBLE_TYPE, INTEGER_TYPE}, 2000, false, 2, -1});
}
Test(sort, no_rows) {
    run_all(&(SortCase){"no rows", 0, {INTEGER_TYPE, DOUBLE_TYPE, INTEGER_TYPE}, 2000, false, 2, -1});
}
Test(sort, topn) {
    run_all(&(SortCase){"top", 30000, {INTEGER_TYPE, DOUBLE_TYPE, VARCHAR_TYPE}, 100000, false, 2, 10});
}
Test(sort, topn_text) {
    run_all(&(SortCase){"top text", 20000, {VARCHAR_TYPE, INTEGER_TYPE, VARCHAR_TYPE}, 256, false, 2, 1000});
}
Test(sort, topn_of_few) {
    run_all(&(SortCase){"top few", 5, {INTEGER_TYPE, DOUBLE_TYPE, VARCHAR_TYPE}, 1000, false, 2, 10});
}
Test(sort, topn_of_none) {
    run_all(&(SortCase){"top 0", 50, {INTEGER_TYPE, DOUBLE_TYPE, VARCHAR_TYPE}, 1000, false, 2, 0});
}
Test(sort, several_parts) {
    SortCase c = {"parts", 200000, {INTEGER_TYPE, BIGINT_TYPE, VARCHAR_TYPE}, 50000, false, 2, -1};
    run_case(&c, 2, 1, 2048);
    run_case(&c, 5, 4, 2048);
}
