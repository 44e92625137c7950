/* Samples of tables: what is found of columns with known distributions, that it is found again the same, kept by manifests and
 * carried over by commits. */
#include "table_fixture.h"

#include "storage/manifest.h"
#include "storage/table_sample.h"

static Fixture f;
static void setup(void) {
    fixture_open(&f, 1, 1, 0);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(table_sample, .init = setup, .fini = teardown, .timeout = 300);

/* ------------------------------------------------------------------------------------------------------- from values alone */

static ColumnSample make(const Value *values, uint32_t count, uint64_t table_rows, double distinct) {
    uint32_t *section = calloc(count + 1, sizeof *section);
    SampledColumn in = {.count = count, .values = values, .section = section, .table_rows = table_rows, .distinct = distinct};
    ColumnSample sample;
    MUST(&f, column_sample_make(&f.cx, &f.arena, &in, &sample, NULL));
    free(section);
    return sample;
}

static ColumnSample make_integers(int64_t (*of)(uint64_t), uint32_t count, uint64_t table_rows, double distinct) {
    Value *values = calloc(count + 1, sizeof *values);
    for (uint32_t i = 0; i < count; i++) {
        values[i] = value_i64(type_make(TYPE_INTEGER), of(i));
    }
    ColumnSample sample = make(values, count, table_rows, distinct);
    free(values);
    return sample;
}

static int64_t seventh(uint64_t i) {
    return (int64_t)(i % 7);
}
static int64_t climb(uint64_t i) {
    return (int64_t)i;
}
static int64_t fall(uint64_t i) {
    return -(int64_t)i;
}
static int64_t shuffled(uint64_t i) {
    return (int64_t)(hash_u64(i + 1) % 1000000);
}
static int64_t skewed(uint64_t i) { /* a third is 5, a sixth is 9, the rest differs */
    return i % 3 == 0 ? 5 : i % 6 == 1 ? 9 : (int64_t)(100 + i);
}

Test(table_sample, few_values_are_all_known) {
    ColumnSample sample = make_integers(seventh, 7000, 700000, 7);
    cr_assert_eq(sample.common_count, 7);
    cr_assert_eq(sample.bound_count, 0);
    for (uint32_t i = 0; i < 7; i++) {
        cr_assert_float_eq(sample.common[i].share, 1.0 / 7, 1e-9);
        cr_assert_eq(sample.common[i].value.i64, i, "equal counts stand in the order of values");
    }
}

Test(table_sample, unique_values_have_a_histogram) {
    ColumnSample sample = make_integers(shuffled, 20000, 2000000, 900000);
    cr_assert_eq(sample.common_count, 0, "%u", sample.common_count);
    cr_assert_eq(sample.bound_count, HISTOGRAM_BOUNDS_MAX);
    for (uint32_t i = 1; i < sample.bound_count; i++) {
        cr_assert_float_eq((double)sample.bounds[i].i64, i * 10000.0, 12000);
        cr_assert_leq(sample.bounds[i - 1].i64, sample.bounds[i].i64);
    }
    cr_assert_float_eq(sample.correlation, 0, 0.05);
}

Test(table_sample, common_values_leave_the_histogram) {
    ColumnSample sample = make_integers(skewed, 6000, 600000, 300002);
    cr_assert_eq(sample.common_count, 2, "%u", sample.common_count);
    cr_assert(sample.common[0].value.i64 == 5 && sample.common[1].value.i64 == 9);
    cr_assert_float_eq(sample.common[0].share, 1.0 / 3, 1e-3);
    cr_assert_float_eq(sample.common[1].share, 1.0 / 6, 1e-3);
    cr_assert_gt(sample.bounds[0].i64, 99);
}

/* Values that chance brings twice are not common. */
Test(table_sample, chance_is_not_common) {
    ColumnSample sample = make_integers(shuffled, 30000, 10000000, 1000000);
    cr_assert_eq(sample.common_count, 0, "%u", sample.common_count);
}

Test(table_sample, correlation_is_that_of_order) {
    cr_assert_float_eq(make_integers(climb, 5000, 5000, 5000).correlation, 1, 1e-6);
    cr_assert_float_eq(make_integers(fall, 5000, 5000, 5000).correlation, -1, 1e-6);
    cr_assert_float_eq(make_integers(seventh, 1, 1, 1).correlation, 0, 0);
    cr_assert_eq(make_integers(seventh, 0, 0, 0).common_count, 0);
}

/* Each section sorted in itself: all of them together are not. */
Test(table_sample, correlation_is_within_sections) {
    Value values[4000];
    uint32_t section[4000];
    for (uint32_t i = 0; i < 4000; i++) {
        values[i] = value_i64(type_make(TYPE_BIGINT), i % 1000 * 10 + i / 1000);
        section[i] = i / 1000;
    }
    SampledColumn in = {.count = 4000, .values = values, .section = section, .table_rows = 4000, .distinct = 4000};
    ColumnSample sample;
    MUST(&f, column_sample_make(&f.cx, &f.arena, &in, &sample, NULL));
    cr_assert_float_eq(sample.correlation, 1, 1e-6);
}

Test(table_sample, all_types_sort_as_they_compare) {
    static const double numbers[] = {-0.0, 0.0, 1.5, -1.5, 1e300, -1e300, __builtin_inf(), -__builtin_inf()};
    Value values[200];
    for (uint32_t i = 0; i < 200; i++) {
        values[i] = value_f64(type_make(TYPE_DOUBLE), i < 8 ? numbers[i] : (double)(hash_u64(i) % 1000) - 500);
    }
    values[8] = value_f64(type_make(TYPE_DOUBLE), __builtin_nan(""));
    ColumnSample sample = make(values, 200, 100000, 90000);
    for (uint32_t i = 1; i < sample.bound_count; i++) {
        cr_assert_leq(value_compare(&sample.bounds[i - 1], &sample.bounds[i]), 0);
    }
    cr_assert(__builtin_isnan(sample.bounds[sample.bound_count - 1].f64));
    cr_assert_eq(sample.bounds[0].f64, -__builtin_inf());
    Type wide = {.id = TYPE_DECIMAL, .precision = 38};
    for (uint32_t i = 0; i < 200; i++) {
        values[i] = value_null(wide);
        values[i].is_null = i % 4 == 3;
        values[i].i128 = (__int128)(int64_t)hash_u64(i) * (i % 2 == 0 ? 1 : INT64_C(1) << 40);
    }
    sample = make(values, 200, 100000, 90000);
    cr_assert_gt(sample.bound_count, 90);
    for (uint32_t i = 1; i < sample.bound_count; i++) {
        cr_assert_lt(value_compare(&sample.bounds[i - 1], &sample.bounds[i]), 0);
    }
}

Test(table_sample, long_text_is_cut_at_a_character) {
    static char text[300][400];
    Value values[300];
    for (uint32_t i = 0; i < 300; i++) { /* a letter of two bytes stands across the limit */
        snprintf(text[i], sizeof text[i], "%03u", i % 100);
        for (size_t at = 3; at < 300; at += 2) {
            memcpy(text[i] + at, "\xc3\xa4", 2);
        }
        values[i] = value_text(type_make(TYPE_VARCHAR), text_view(text[i], 301));
    }
    ColumnSample sample = make(values, 300, 300, 100);
    cr_assert_eq(sample.common_count, 0);
    cr_assert_eq(sample.bound_count, 100);
    for (uint32_t i = 0; i < sample.bound_count; i++) {
        const Text *bound = &sample.bounds[i].text;
        cr_assert_eq(bound->bytes, SAMPLE_TEXT_BYTES_MAX - 1);
        cr_assert(utf8_valid(text_data(bound), bound->bytes));
    }
}

/* ------------------------------------------------------------------------------------------------------ dependent columns */

enum { PEOPLE = 12000, COLUMNS = 6 };

static double dependence(const ColumnDependence *pairs, uint32_t count, uint32_t a, uint32_t b) {
    TableVersion table = {.sample = {.dependence_count = count, .dependences = pairs}};
    cr_assert_eq(table_dependence(&table, a, b), table_dependence(&table, b, a));
    return table_dependence(&table, a, b);
}

/* city, its nation, something of its own, a constant, half nation and half chance, a climbing number */
Test(table_sample, dependence_is_measured) {
    static uint8_t codes[COLUMNS][PEOPLE];
    uint8_t *columns[COLUMNS];
    for (uint32_t i = 0; i < PEOPLE; i++) {
        uint32_t city = (uint32_t)(hash_u64(i + 1) % 250);
        codes[0][i] = (uint8_t)city;
        codes[1][i] = (uint8_t)(city / 10);
        codes[2][i] = (uint8_t)(hash_u64(i + 77777777) % 40);
        codes[3][i] = 7;
        codes[4][i] = (uint8_t)(i % 2 == 0 ? city / 10 : hash_u64(i + 55555555) % 25);
        codes[5][i] = (uint8_t)(i * 64 / PEOPLE);
    }
    for (uint32_t c = 0; c < COLUMNS; c++) {
        columns[c] = codes[c];
    }
    uint32_t count;
    const ColumnDependence *pairs;
    MUST(&f, sample_dependences(&f.cx, &f.arena, columns, COLUMNS, PEOPLE, &count, &pairs));
    cr_assert_float_eq(dependence(pairs, count, 0, 1), 1, 0.02);
    cr_assert_float_eq(dependence(pairs, count, 0, 2), 0, 0.05);
    cr_assert_float_eq(dependence(pairs, count, 1, 3), 0, 0);
    cr_assert_float_eq(dependence(pairs, count, 2, 5), 0, 0.05);
    cr_assert(dependence(pairs, count, 1, 4) > 0.4 && dependence(pairs, count, 1, 4) < 0.8);
    MUST(&f, sample_dependences(&f.cx, &f.arena, columns, COLUMNS, 1, &count, &pairs));
    cr_assert_eq(count, 0);
}

/* ------------------------------------------------------------------------------------------------------------- from tables */

#define ROWS 200000

static bool next_numbers(void *argument, uint64_t number, Batch *batch) {
    static int32_t data[BATCH_ROWS_MAX];
    static Vector vector;
    uint64_t first = number * BATCH_ROWS_MAX, rows = *(const uint64_t *)argument;
    if (first >= rows) {
        return false;
    }
    *batch = (Batch){.rows = rows - first < BATCH_ROWS_MAX ? (uint32_t)(rows - first) : BATCH_ROWS_MAX,
                     .column_count = 1,
                     .columns = &vector};
    vector_init(&vector, type_make(TYPE_INTEGER));
    vector.data = data;
    for (uint32_t i = 0; i < batch->rows; i++) {
        uint64_t row = first + i;
        data[i] = row % 4 == 0 ? 77 : (int32_t)(hash_u64(row) % 1000000);
    }
    return true;
}

static void load(uint64_t rows, bool create) {
    ColumnDef column;
    TableSchema schema = one_column_schema(&column, "t", type_make(TYPE_INTEGER), 8192);
    write_rows(&f, &schema, create, next_numbers, &rows);
}

static Snapshot *look(const TableVersion **table) {
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, f.warehouse, &snapshot));
    *table = snapshot_find_table(snapshot, "public", "t");
    return snapshot;
}

static void check_known(const TableVersion *table) {
    const ColumnStatistics *column = &table->statistics[0];
    cr_assert(table->sample.is_taken);
    cr_assert_eq(column->common_count, 1, "%u", column->common_count);
    cr_assert_eq(column->common[0].value.i64, 77);
    cr_assert_float_eq(column->common[0].share, 0.25, 0.01);
    cr_assert_eq(column->bound_count, HISTOGRAM_BOUNDS_MAX);
    cr_assert_float_eq((double)column->bounds[50].i64, 500000, 25000);
}

Test(table_sample, loading_takes_one) {
    const TableVersion *table;
    load(ROWS, true);
    Snapshot *snapshot = look(&table);
    check_known(table);
    cr_assert_eq(table->sample.table_rows, ROWS);
    cr_assert_eq(table->sample.sampled_rows, SAMPLE_ROWS_MAX);
    cr_assert_float_eq(table_stats_off(table), 0, 0);
    snapshot_release(snapshot);
}

Test(table_sample, the_same_rows_give_the_same_sample) {
    const TableVersion *table;
    load(ROWS, true);
    Snapshot *snapshot = look(&table);
    SampleReport report;
    TableSample *sample;
    MUST(&f, table_sample_take(&f.cx, snapshot, table, NULL, NULL, 1, &report, &sample));
    cr_assert_eq(report.blocks, (ROWS + 8191) / 8192);
    cr_assert_eq(report.blocks_read, report.blocks);
    for (uint32_t i = 0; i < HISTOGRAM_BOUNDS_MAX; i++) {
        cr_assert_eq(sample->columns[0].bounds[i].i64, table->statistics[0].bounds[i].i64);
    }
    cr_assert_eq(sample->columns[0].correlation, table->statistics[0].correlation);
    table_sample_release(sample);
    snapshot_release(snapshot);
}

/* Later commits keep it, and it is told how far it is off; the manifest keeps it; ten times the rows give a new one. */
Test(table_sample, it_grows_stale_and_is_taken_again) {
    const TableVersion *table;
    load(ROWS, true);
    load(ROWS, false);
    fixture_reopen(&f);
    Snapshot *snapshot = look(&table);
    check_known(table);
    cr_assert_eq(table->rows, 2 * ROWS);
    cr_assert_eq(table->sample.table_rows, ROWS);
    cr_assert_float_eq(table_stats_off(table), 50, 1e-9);
    snapshot_release(snapshot);
    load(8 * ROWS, false);
    snapshot = look(&table);
    check_known(table);
    cr_assert_eq(table->sample.table_rows, 10 * ROWS);
    snapshot_release(snapshot);
}

Test(table_sample, faked_rows_stay_until_the_next_sample) {
    const TableVersion *table;
    Commit *commit;
    SampleReport report;
    TableSample *sample;
    load(ROWS, true);
    MUST(&f, commit_begin(&f.cx, f.warehouse, &commit));
    MUST(&f, commit_fake_rows(&f.cx, commit, commit_find_table(commit, "public", "t")->id, 1000));
    MUST(&f, commit_finish(&f.cx, commit));
    load(ROWS, false);
    fixture_reopen(&f);
    Snapshot *snapshot = look(&table);
    cr_assert_eq(table_planned_rows(table), 1000);
    cr_assert_eq(table->rows, 2 * ROWS);
    cr_assert_float_eq(table_stats_off(table), 99.75, 1e-9);
    MUST(&f, commit_begin(&f.cx, f.warehouse, &commit));
    MUST(&f, table_sample_take(&f.cx, snapshot, table, NULL, NULL, 1, &report, &sample));
    MUST(&f, commit_set_sample(&f.cx, commit, table->id, sample));
    MUST(&f, commit_finish(&f.cx, commit));
    snapshot_release(snapshot);
    snapshot = look(&table);
    cr_assert_eq(table_planned_rows(table), 2 * ROWS);
    cr_assert_float_eq(table_stats_off(table), 0, 0);
    snapshot_release(snapshot);
}

/* A manifest of version 2 ends before the sample. */
Test(table_sample, older_manifests_have_none) {
    const TableVersion *table;
    ColumnDef column;
    TableSchema schema = one_column_schema(&column, "t", type_make(TYPE_INTEGER), 8192);
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, f.warehouse, &commit));
    MUST(&f, commit_create_table(&f.cx, commit, &schema));
    MUST(&f, commit_finish(&f.cx, commit));
    Snapshot *snapshot = look(&table);
    ByteWriter writer;
    uint64_t checksum;
    MUST(&f, table_manifest_encode(&f.cx, (const TableState *)table, &writer, &checksum));
    writer.bytes -= sizeof checksum + 1; /* the flags of the sample are the last byte */
    writer.data[8] = 2;
    MUST(&f, manifest_seal(&writer, &checksum));
    TableState *old;
    MUST(&f, table_state_create(&f.cx, &old));
    MUST(&f, table_manifest_decode(&f.cx, "old", writer.data, writer.bytes, old));
    cr_assert(!old->table.sample.is_taken && !old->table.sample.rows_are_faked && old->sample == NULL);
    table_state_release(old);
    mem_free(writer.data);
    snapshot_release(snapshot);
}
