/* Aggregation, hashed and direct, against naive grouping. */
#include "operator_driver.h"

typedef struct AggCase {
    const char *name;
    uint32_t rows;
    uint32_t group_count; /* of the columns below */
    Type types[2];
    uint64_t ranges[2];
    bool uses_domains; /* dictionary or range known */
    bool is_direct, is_distinct;
} AggCase;

/* Columns: two groups, the argument, a filter. */
static Rows make_rows(const AggCase *c) {
    Rows rows = rows_new(c->rows, (Type[]){c->types[0], c->types[1], type_make(TYPE_INTEGER), type_make(TYPE_BOOLEAN)}, 4);
    uint64_t random = 77;
    for (uint32_t i = 0; i < c->rows; i++) {
        for (uint32_t g = 0; g < 2; g++) {
            uint64_t key = driver_random(&random) % c->ranges[g];
            if (driver_random(&random) % 12 == 0) {
                continue;
            }
            *cell(&rows, i, g) = type_is_text(c->types[g])       ? value_text(c->types[g], driver_text((uint32_t)key))
                                 : c->types[g].id == TYPE_DOUBLE ? value_f64(c->types[g], key == 0   ? -0.0
                                                                                          : key == 1 ? 0.0
                                                                                                     : (double)key)
                                                                 : value_i64(c->types[g], (int64_t)key - 3);
        }
        if (driver_random(&random) % 8 != 0) {
            *cell(&rows, i, 2) = value_i64(type_make(TYPE_INTEGER), (int64_t)(driver_random(&random) % 50));
        }
        if (driver_random(&random) % 8 != 0) {
            *cell(&rows, i, 3) = value_i64(type_make(TYPE_BOOLEAN), (int64_t)(driver_random(&random) % 2));
        }
    }
    rows.columns[2].domain.can_be_null = true;
    for (uint32_t g = 0; g < 2 && c->uses_domains; g++) {
        if (type_is_text(c->types[g])) {
            rows.columns[g].domain.dictionary = driver_dictionary();
        } else {
            rows.columns[g].domain =
                (ColumnDomain){.has_range = true, .min = -3, .max = (int64_t)c->ranges[g] - 4, .can_be_null = true};
        }
    }
    return rows;
}

static bool same_value(const Value *a, const Value *b) {
    return a->is_null || b->is_null ? a->is_null && b->is_null : value_compare(a, b) == 0;
}

static bool same_group(const AggCase *c, const Rows *rows, uint32_t a, uint32_t b) {
    for (uint32_t g = 0; g < c->group_count; g++) {
        if (!same_value(cell(rows, a, g), cell(rows, b, g))) {
            return false;
        }
    }
    return true;
}

/* True if an earlier row of the group has the same argument (and passes the filter, if that is asked). */
static bool seen_before(const AggCase *c, const Rows *rows, uint32_t row, bool filtered) {
    for (uint32_t i = 0; i < row; i++) {
        const Value *filter = cell(rows, i, 3);
        if (same_group(c, rows, i, row) && same_value(cell(rows, i, 2), cell(rows, row, 2)) &&
            (!filtered || (!filter->is_null && filter->i64))) {
            return true;
        }
    }
    return false;
}

/* Items: count(*), sum(arg), count([DISTINCT] arg), sum([DISTINCT] arg) FILTER (WHERE filter). */
static void naive_groups(const AggCase *c, const Rows *rows, Lines *lines) {
    for (uint32_t first = 0; first < rows->count || (first == 0 && c->group_count == 0); first++) {
        bool is_first = true;
        for (uint32_t i = 0; i < first && is_first; i++) {
            is_first = !same_group(c, rows, i, first);
        }
        if (!is_first) {
            continue;
        }
        int64_t stars = 0, total = 0, values = 0, distinct = 0, filtered = 0, filtered_count = 0;
        for (uint32_t i = first; i < rows->count; i++) {
            if (!same_group(c, rows, i, first)) {
                continue;
            }
            const Value *argument = cell(rows, i, 2), *filter = cell(rows, i, 3);
            stars++;
            if (argument->is_null) {
                continue;
            }
            values++;
            total += argument->i64;
            distinct += !c->is_distinct || !seen_before(c, rows, i, false);
            if (!filter->is_null && filter->i64 && (!c->is_distinct || !seen_before(c, rows, i, true))) {
                filtered += argument->i64;
                filtered_count++;
            }
        }
        char line[512] = "";
        for (uint32_t g = 0; g < c->group_count; g++) {
            Value value = *cell(rows, first, g);
            value.f64 = value.type.id == TYPE_DOUBLE && value.f64 == 0 ? 0 : value.f64;
            line_append_value(line, sizeof line, &value);
        }
        Type bigint = type_make(TYPE_BIGINT);
        Value results[] = {value_i64(bigint, stars), values > 0 ? value_i64(bigint, total) : value_null(bigint),
                           value_i64(bigint, distinct), filtered_count > 0 ? value_i64(bigint, filtered) : value_null(bigint)};
        for (uint32_t i = 0; i < 4; i++) {
            line_append_value(line, sizeof line, &results[i]);
        }
        lines_add(lines, line);
    }
}

static const Aggregate *define(const Driver *driver, Arena *arena, AggregateId id, uint32_t arguments) {
    Aggregate *aggregate = NULL;
    Type type = type_make(TYPE_INTEGER);
    cr_assert_eq(aggregate_define(&driver->cx, arena, id, &type, arguments, &aggregate), OK);
    return aggregate;
}

static void run_case(const AggCase *c, uint32_t threads, uint32_t batch_rows, const Lines *expected) {
    static const uint32_t slots[] = {0, 1}, values[] = {2};
    Rows rows = make_rows(c);
    Driver driver;
    Arena arena;
    driver_open(&driver, threads, batch_rows);
    arena_init(&arena);
    const Aggregate *sum = define(&driver, &arena, AGGREGATE_SUM, 1), *count = define(&driver, &arena, AGGREGATE_COUNT, 1);
    AggregateItem items[] = {
        {.aggregate = define(&driver, &arena, AGGREGATE_COUNT_STAR, 0)},
        {.aggregate = sum, .arg_count = 1, .args = values},
        {.aggregate = count, .arg_count = 1, .args = values, .is_distinct = c->is_distinct},
        {.aggregate = sum, .arg_count = 1, .args = values, .is_distinct = c->is_distinct, .has_filter = true, .filter = 3}};
    PhysicalColumn columns[6];
    for (uint32_t i = 0; i < 6; i++) {
        columns[i] = i < c->group_count ? rows.columns[i] : (PhysicalColumn){.type = type_make(TYPE_BIGINT)};
    }
    PhysicalNode child = {.column_count = 4, .columns = rows.columns}, *children[] = {&child};
    PhysicalNode op = {.kind = PHYSICAL_AGGREGATE,
                       .child_count = 1,
                       .children = children,
                       .column_count = c->group_count + 4,
                       .columns = columns,
                       .aggregate = {.group_count = c->group_count, .groups = slots, .item_count = 4, .items = items}};
    const OperatorClass *operator= c->is_direct ? &direct_agg_operator : & hash_agg_operator;
    Lines got = {.lock = PTHREAD_MUTEX_INITIALIZER}, copy = {0};
    cr_assert_eq(driver_sink(&driver, &op, operator->sink, &rows), OK, "%s", driver.error.message);
    cr_assert_eq(driver_source(&driver, &op, operator->source, &got), OK, "%s", driver.error.message);
    for (uint32_t i = 0; i < expected->count; i++) {
        lines_add(&copy, expected->lines[i]);
    }
    char what[128];
    snprintf(what, sizeof what, "%s threads %u batch %u", c->name, threads, batch_rows);
    assert_same_lines(&got, &copy, false, what);
    arena_free(&arena);
    driver_close(&driver, &op, operator->sink);
    free(rows.cells);
}

static void run_all(const AggCase *c) {
    static const uint32_t threads[] = {1, 2, 8}, sizes[] = {1, 7, 2048};
    Lines expected = {0};
    Rows rows = make_rows(c);
    naive_groups(c, &rows, &expected);
    free(rows.cells);
    for (uint32_t t = 0; t < 3; t++) {
        for (uint32_t s = 0; s < 3; s++) {
            run_case(c, threads[t], sizes[s], &expected);
        }
    }
    lines_free(&expected);
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

Test(aggregate, one_integer) {
    run_all(&(AggCase){"integer", 3000, 1, {INTEGER_TYPE, INTEGER_TYPE}, {40, 1}, false, false, false});
}
Test(aggregate, many_groups) {
    run_all(&(AggCase){"many", 6000, 2, {BIGINT_TYPE, INTEGER_TYPE}, {100000, 3}, false, false, false});
}
Test(aggregate, text_and_double) {
    run_all(&(AggCase){"text", 3000, 2, {VARCHAR_TYPE, DOUBLE_TYPE}, {64, 6}, false, false, false});
}
Test(aggregate, known_domains) {
    run_all(&(AggCase){"domains", 3000, 2, {VARCHAR_TYPE, SMALLINT_TYPE}, {64, 20}, true, false, false});
}
Test(aggregate, direct) {
    run_all(&(AggCase){"direct", 3000, 2, {VARCHAR_TYPE, INTEGER_TYPE}, {64, 20}, true, true, false});
}
Test(aggregate, direct_one_column) {
    run_all(&(AggCase){"direct one", 3000, 1, {BIGINT_TYPE, INTEGER_TYPE}, {3000, 20}, true, true, false});
}
Test(aggregate, direct_without_rows) {
    run_all(&(AggCase){"direct empty", 0, 1, {BIGINT_TYPE, INTEGER_TYPE}, {3000, 20}, true, true, false});
}
Test(aggregate, without_groups) {
    run_all(&(AggCase){"ungrouped", 3000, 0, {BIGINT_TYPE, INTEGER_TYPE}, {30, 20}, false, false, false});
}
Test(aggregate, without_groups_or_rows) {
    run_all(&(AggCase){"nothing", 0, 0, {BIGINT_TYPE, INTEGER_TYPE}, {30, 20}, false, false, false});
}
Test(aggregate, groups_without_rows) {
    run_all(&(AggCase){"no rows", 0, 1, {BIGINT_TYPE, INTEGER_TYPE}, {30, 20}, false, false, false});
}
Test(aggregate, distinct) {
    run_all(&(AggCase){"distinct", 1500, 2, {VARCHAR_TYPE, INTEGER_TYPE}, {8, 3}, false, false, true});
}
Test(aggregate, distinct_without_groups) {
    run_all(&(AggCase){"distinct ungrouped", 1500, 0, {VARCHAR_TYPE, INTEGER_TYPE}, {8, 3}, false, false, true});
}
