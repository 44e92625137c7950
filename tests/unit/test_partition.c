/* Transforms of values and vectors, names of directories, and pruning: never a partition too few. */
#include "storage_fixture.h"

#include "core/datetime.h"
#include "storage/partition.h"
#include "storage/segment_read.h"

#include <stdlib.h>

static Fixture f;
static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(partition, .init = setup, .fini = teardown);

static const Type integer = {.id = TYPE_INTEGER}, bigint = {.id = TYPE_BIGINT}, date = {.id = TYPE_DATE},
                  timestamp = {.id = TYPE_TIMESTAMP}, timestamptz = {.id = TYPE_TIMESTAMPTZ}, varchar = {.id = TYPE_VARCHAR};

static Value text(const char *data) {
    return value_text(varchar, text_view(data, (uint32_t)strlen(data)));
}

static int64_t key_of(PartitionTransform transform, int64_t parameter, Value value) {
    PartitionKey key = {transform, 0, parameter};
    return partition_of_value(&key, &value).i64;
}

Test(partition, transforms_of_values) {
    int32_t day = days_from_civil(1995, 3, 17);
    cr_assert_eq(key_of(PARTITION_YEAR, 0, value_i64(date, day)), 1995);
    cr_assert_eq(key_of(PARTITION_MONTH, 0, value_i64(date, day)), 25 * 12 + 2);
    cr_assert_eq(key_of(PARTITION_DAY, 0, value_i64(date, day)), day);
    cr_assert_eq(key_of(PARTITION_YEAR, 0, value_i64(timestamp, -1)), 1969);
    cr_assert_eq(key_of(PARTITION_MONTH, 0, value_i64(date, -1)), -1);
    cr_assert_eq(key_of(PARTITION_TRUNCATE, 10000, value_i64(integer, 19950317)), 19950000);
    cr_assert_eq(key_of(PARTITION_TRUNCATE, 10, value_i64(integer, -1)), -10);
    cr_assert_eq(key_of(PARTITION_TRUNCATE, 10, value_i64(integer, -10)), -10);
    cr_assert_eq(key_of(PARTITION_TRUNCATE, 10, value_i64(integer, INT32_MIN)), INT32_MIN);
    cr_assert_eq(key_of(PARTITION_TRUNCATE, INT64_MAX, value_i64(bigint, INT64_MIN)), INT64_MIN);
    cr_assert_eq(key_of(PARTITION_BUCKET, 16, value_i64(integer, 5)), key_of(PARTITION_BUCKET, 16, value_i64(bigint, 5)));
    PartitionKey key = {PARTITION_TRUNCATE, 0, 2};
    Value value = text("äöü"), cut = partition_of_value(&key, &value);
    cr_assert_eq(cut.text.bytes, 4);
    Value null = value_null(date);
    key.transform = PARTITION_YEAR;
    cr_assert(partition_of_value(&key, &null).is_null);
}

Test(partition, checks_what_a_transform_takes) {
    ColumnDef number = {.name = "n", .type = integer}, real = {.name = "r", .type = {.id = TYPE_REAL}};
    PartitionKey key = {PARTITION_YEAR, 0, 0};
    cr_assert_eq(partition_key_check(&f.cx, &key, &number), INVALID_TABLE_DEFINITION);
    key = (PartitionKey){PARTITION_BUCKET, 0, 0};
    cr_assert_eq(partition_key_check(&f.cx, &key, &number), INVALID_TABLE_DEFINITION);
    key = (PartitionKey){PARTITION_TRUNCATE, 0, 10};
    cr_assert_eq(partition_key_check(&f.cx, &key, &real), INVALID_TABLE_DEFINITION);
    MUST(&f, partition_key_check(&f.cx, &key, &number));
}

static void check_vector(const PartitionKey *key, const Vector *in, uint32_t rows) {
    Vector out;
    vector_init(&out, in->type);
    MUST(&f, partition_of_vector(&f.cx, key, in, rows, &out));
    for (uint32_t i = 0; i < rows; i++) {
        Value value = vector_value(in, i), want = partition_of_value(key, &value), got = vector_value(&out, i);
        cr_assert(partition_values_equal(&want, &got, 1));
    }
    vector_free(&out);
}

Test(partition, vectors_transform_as_their_values) {
    enum { ROWS = 300 };
    Type types[] = {date, timestamp, timestamptz, integer, bigint, {.id = TYPE_SMALLINT}};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        Vector flat, codes, constant;
        vector_init(&flat, types[t]);
        vector_init(&codes, types[t]);
        vector_init(&constant, types[t]);
        MUST(&f, vector_prepare_flat(&f.cx, &flat, types[t]));
        MUST(&f, vector_prepare_validity(&f.cx, &flat, true));
        MUST(&f, vector_prepare_codes(&f.cx, &codes, types[t], 1));
        MUST(&f, vector_prepare_validity(&f.cx, &codes, true));
        codes.base = -77;
        for (uint32_t i = 0; i < ROWS; i++) {
            Value value = value_i64(
                types[t],
                ((int64_t)i - 150) * (types[t].id == TYPE_TIMESTAMP || types[t].id == TYPE_TIMESTAMPTZ ? 7777777777777 : 97));
            value_store(&value, flat.data, i);
            ((uint8_t *)codes.data)[i] = (uint8_t)i;
            bit_put(flat.validity, i, i % 7 != 0);
            bit_put(codes.validity, i, i % 5 != 0);
        }
        Value one = value_i64(types[t], 4711);
        MUST(&f, vector_set_constant(&f.cx, &constant, &one));
        for (PartitionTransform transform = PARTITION_IDENTITY; transform <= PARTITION_TRUNCATE; transform++) {
            PartitionKey key = {transform, 0, 12};
            ColumnDef column = {.name = "c", .type = types[t]};
            if (partition_key_check(&f.cx, &key, &column) == OK) {
                check_vector(&key, &flat, ROWS);
                check_vector(&key, &codes, ROWS);
                check_vector(&key, &constant, ROWS);
            }
        }
        vector_free(&flat);
        vector_free(&codes);
        vector_free(&constant);
    }
}

static void check_directory(PartitionTransform transform, const char *column, Value value, const char *want) {
    PartitionKey key = {transform, 0, 10};
    ColumnDef definition = {.name = column, .type = value.type};
    TableSchema schema = {.column_count = 1, .columns = &definition, .partition_key_count = 1, .partition_keys = &key};
    char path[FILE_PATH_MAX];
    MUST(&f, partition_directory(&f.cx, &schema, &value, path));
    cr_assert_str_eq(path, want);
}

Test(partition, directories_are_readable) {
    check_directory(PARTITION_YEAR, "d", value_i64(integer, 1995), "year_d=1995");
    check_directory(PARTITION_MONTH, "d", value_i64(integer, 302), "month_d=1995-03");
    check_directory(PARTITION_MONTH, "d", value_i64(integer, -1), "month_d=1969-12");
    check_directory(PARTITION_DAY, "d", value_i64(integer, 0), "day_d=1970-01-01");
    check_directory(PARTITION_TRUNCATE, "lo_orderdate", value_i64(integer, 19950000), "truncate_lo_orderdate=19950000");
    check_directory(PARTITION_IDENTITY, "region", text("MIDDLE EAST"), "region=MIDDLE%20EAST");
    check_directory(PARTITION_IDENTITY, "region", text("../a=b%"), "region=%2E.%2Fa%3Db%25");
    check_directory(PARTITION_IDENTITY, "region", text(""), "region=");
    check_directory(PARTITION_IDENTITY, "region", value_null(varchar), "region=%null");
    check_directory(PARTITION_IDENTITY, "a b/c", value_null(integer), "a%20b%2Fc=%null");
}

Test(partition, long_values_make_short_directories) {
    char long_text[300], path[FILE_PATH_MAX], other[FILE_PATH_MAX];
    memset(long_text, '/', sizeof long_text);
    long_text[299] = '\0';
    PartitionKey key = {PARTITION_IDENTITY, 0, 0};
    ColumnDef column = {.name = "c", .type = varchar};
    TableSchema schema = {.column_count = 1, .columns = &column, .partition_key_count = 1, .partition_keys = &key};
    Value value = text(long_text);
    MUST(&f, partition_directory(&f.cx, &schema, &value, path));
    long_text[298] = '!';
    MUST(&f, partition_directory(&f.cx, &schema, &value, other));
    cr_assert_lt(strlen(path), 130);
    cr_assert_str_neq(path, other);
}

/* ------------------------------------------------------------------------------------------------------------------ pruning */

enum { VALUES = 400 };

/* A table of one column with a partition per key of `values`, one segment each, whose range is unknown: pruning is by the
 * partition alone. */
typedef struct Pruning {
    Arena arena;
    PartitionKey key;
    ColumnDef column;
    TableSchema schema;
    TableVersion table;
    uint32_t partition_of[VALUES];
} Pruning;

static uint32_t add_key(Pruning *p, Partition *partitions, const Value *key) {
    for (uint32_t i = 0; i < p->table.partition_count; i++) {
        if (partition_values_equal(partitions[i].values, key, 1)) {
            return i;
        }
    }
    Value *copy = arena_alloc(&f.cx, &p->arena, sizeof *copy);
    *copy = *key;
    partitions[p->table.partition_count] = (Partition){.directory = "", .key_count = 1, .values = copy};
    return p->table.partition_count++;
}

static void pruning_open(Pruning *p, PartitionKey key, Type type, const Value *values) {
    memset(p, 0, sizeof *p);
    p->key = key;
    p->column = (ColumnDef){.name = "c", .type = type};
    p->schema = (TableSchema){.column_count = 1, .columns = &p->column, .partition_key_count = 1, .partition_keys = &p->key};
    Partition *partitions = arena_alloc(&f.cx, &p->arena, VALUES * sizeof *partitions);
    Segment *segments = arena_alloc(&f.cx, &p->arena, VALUES * sizeof *segments);
    SegmentColumn *unknown = arena_alloc(&f.cx, &p->arena, sizeof *unknown);
    unknown->range = (ColumnRange){.rows = 10, .nulls = 5};
    for (uint32_t i = 0; i < VALUES; i++) {
        Value made = partition_of_value(&key, &values[i]);
        p->partition_of[i] = add_key(p, partitions, &made);
    }
    for (uint32_t i = 0; i < p->table.partition_count; i++) {
        segments[i] = (Segment){.id = i, .partition = i, .rows = 10, .columns = unknown};
    }
    p->table.schema = &p->schema;
    p->table.segment_count = p->table.partition_count;
    p->table.segments = segments;
    p->table.partitions = partitions;
}

static bool satisfies(const Predicate *predicate, const Value *value) {
    ColumnRange alone = {.rows = 1, .nulls = value->is_null, .has_range = !value->is_null, .min = *value, .max = *value};
    return predicate_may_match(predicate, &alone);
}

/* Every value that satisfies the predicate lies in a partition that survives. Returns how many do. */
static uint32_t check_prune(const Pruning *p, const Predicate *predicate, const Value *values) {
    uint8_t survives[VALUES];
    uint32_t partitions, segments;
    table_prune(&p->table, predicate, 1, survives, &partitions, &segments);
    cr_assert_eq(partitions, segments);
    for (uint32_t i = 0; i < VALUES; i++) {
        cr_assert(!satisfies(predicate, &values[i]) || survives[p->partition_of[i]]);
    }
    return partitions;
}

static Value random_value(Type type, uint32_t i) {
    static const char *const words[] = {
        "", "a", "ab", "abc", "abcd", "abd", "b", "ä", "äöü", "zebra", "zebras and more of them"};
    int64_t number = rand() % 3000 - 1000;
    if (i % 50 == 7) {
        return value_null(type);
    }
    if (type.id == TYPE_VARCHAR) {
        return text(words[rand() % 11]);
    }
    return value_i64(type, type.id == TYPE_TIMESTAMP || type.id == TYPE_TIMESTAMPTZ ? number * 40000000000 + rand() : number);
}

static void check_random_predicates(const Pruning *p, Type type, const Value *values) {
    for (int round = 0; round < 200; round++) {
        Value low = values[rand() % VALUES], high = values[rand() % VALUES];
        if (low.is_null || high.is_null) {
            continue;
        }
        Predicate range = {.kind = PREDICATE_RANGE,
                           .has_low = rand() % 4 != 0,
                           .has_high = rand() % 4 != 0,
                           .low_inclusive = rand() % 2,
                           .high_inclusive = rand() % 2,
                           .low = low,
                           .high = high};
        check_prune(p, &range, values);
        Predicate equal = {.kind = PREDICATE_RANGE,
                           .has_low = true,
                           .has_high = true,
                           .low_inclusive = true,
                           .high_inclusive = true,
                           .low = low,
                           .high = low};
        cr_assert_eq(check_prune(p, &equal, values), 1);
        Value two[] = {low, high};
        if (value_compare(&low, &high) < 0) {
            Predicate in = {.kind = PREDICATE_IN, .value_count = 2, .values = two};
            cr_assert_leq(check_prune(p, &in, values), 2);
        }
        uint64_t bitmap[64] = {0};
        if (type.id != TYPE_VARCHAR && type.id != TYPE_TIMESTAMP && type.id != TYPE_TIMESTAMPTZ) {
            int64_t min = low.i64 < high.i64 ? low.i64 : high.i64, max = low.i64 < high.i64 ? high.i64 : low.i64;
            bit_set(bitmap, 0);
            bit_set(bitmap, (uint64_t)(max - min));
            KeyFilter filter = {.min = min, .max = max, .bitmap = bitmap, .keys = 2};
            Predicate keys = {.kind = PREDICATE_KEYS, .keys = &filter};
            cr_assert_leq(check_prune(p, &keys, values), 2);
        }
    }
    Predicate is_null = {.kind = PREDICATE_IS_NULL}, not_null = {.kind = PREDICATE_NOT_NULL};
    KeyFilter empty = {.is_empty = true};
    Predicate no_keys = {.kind = PREDICATE_KEYS, .keys = &empty};
    cr_assert_eq(check_prune(p, &is_null, values), 1);
    cr_assert_eq(check_prune(p, &not_null, values), p->table.partition_count - 1);
    cr_assert_eq(check_prune(p, &no_keys, values), 0);
}

Test(partition, pruning_loses_nothing_and_is_exact_for_one_value) {
    Type types[] = {date, timestamp, timestamptz, integer, varchar};
    srand(11);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        Value values[VALUES];
        for (uint32_t i = 0; i < VALUES; i++) {
            values[i] = random_value(types[t], i);
        }
        for (PartitionTransform transform = PARTITION_IDENTITY; transform <= PARTITION_TRUNCATE; transform++) {
            PartitionKey key = {transform, 0, transform == PARTITION_TRUNCATE && types[t].id == TYPE_VARCHAR ? 2 : 30};
            ColumnDef column = {.name = "c", .type = types[t]};
            Pruning p;
            if (partition_key_check(&f.cx, &key, &column) != OK) {
                continue;
            }
            pruning_open(&p, key, types[t], values);
            check_random_predicates(&p, types[t], values);
            arena_free(&p.arena);
        }
    }
}

Test(partition, segments_are_pruned_by_their_ranges) {
    SegmentColumn columns[3];
    Segment segments[3];
    for (int i = 0; i < 3; i++) {
        columns[i].range = (ColumnRange){true, false, 10, 0, value_i64(integer, i * 10), value_i64(integer, i * 10 + 9)};
        segments[i] = (Segment){.rows = 10, .columns = &columns[i]};
    }
    ColumnDef column = {.name = "c", .type = integer};
    Partition whole = {.directory = ""};
    TableSchema schema = {.column_count = 1, .columns = &column};
    TableVersion table = {
        .schema = &schema, .segment_count = 3, .segments = segments, .partition_count = 1, .partitions = &whole};
    Predicate above = {.kind = PREDICATE_RANGE, .has_low = true, .low = value_i64(integer, 19)};
    uint8_t survives[3];
    uint32_t partitions, left;
    table_prune(&table, &above, 1, survives, &partitions, &left);
    cr_assert(!survives[0] && !survives[1] && survives[2] && partitions == 1 && left == 1);
    table_prune(&table, NULL, 0, survives, &partitions, &left);
    cr_assert_eq(left, 3);
    segments[1].deleted_rows = 10;
    table_prune(&table, NULL, 0, survives, &partitions, &left);
    cr_assert_eq(left, 2);
}
