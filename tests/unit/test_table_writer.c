/* The table writer: slices, partitions, order, sort keys, small last segments, DISTSTYLE AUTO and ALL; and depot check over
 * what it made, damaged and not. */
#include "storage/check.h"
#include "table_fixture.h"

#include <errno.h>

static Fixture f;
static void setup(void) {
    fixture_open(&f, 2, 2, 0);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(table_writer, .init = setup, .fini = teardown, .timeout = 300);

/* sales(id bigint, day date, city varchar, price decimal(10,2)) */
static const ColumnDef columns[] = {{.name = "id", .type = {.id = TYPE_BIGINT}, .not_null = true},
                                    {.name = "day", .type = {.id = TYPE_DATE}},
                                    {.name = "city", .type = {.id = TYPE_VARCHAR}},
                                    {.name = "price", .type = {.id = TYPE_DECIMAL, .precision = 10, .scale = 2}}};
static const uint32_t sort_keys[] = {2, 0};
static const PartitionKey by_year = {.transform = PARTITION_YEAR, .column = 1};

static TableSchema sales(DistStyle style, bool is_sorted, bool is_partitioned) {
    return (TableSchema){.schema_name = "public",
                         .name = "sales",
                         .column_count = 4,
                         .columns = columns,
                         .dist_style = style,
                         .sort_key_count = is_sorted ? 2 : 0,
                         .sort_keys = sort_keys,
                         .partition_key_count = is_partitioned,
                         .partition_keys = &by_year,
                         .block_rows = 2048};
}

static int32_t day_of(uint64_t id) {
    return (int32_t)(hash_u64(id) % 1200);
}
static bool day_is_null(uint64_t id) {
    return id % 11 == 3;
}
static const char *city_of(uint64_t id) {
    static const char *const cities[] = {"Oslo", "Rome", "San Carlos de Bariloche", "Ulm", "Llanfairpwllgwyngyll"};
    return cities[hash_u64(id + 5) % 5];
}
static int64_t price_of(uint64_t id) {
    return (int64_t)(hash_u64(id * 3) % 1000000);
}

typedef struct Sales {
    uint64_t first, end; /* ids */
    uint32_t batch_rows;
    Vector vectors[4];
} Sales;

static bool next_sales(void *sales_, uint64_t number, Batch *batch) {
    Sales *s = sales_;
    uint64_t id = s->first + number * s->batch_rows;
    if (id >= s->end) {
        return false;
    }
    uint32_t rows = s->end - id < s->batch_rows ? (uint32_t)(s->end - id) : s->batch_rows;
    for (uint32_t c = 0; c < 4; c++) {
        MUST(&f, vector_prepare_flat(&f.cx, &s->vectors[c], columns[c].type));
    }
    MUST(&f, vector_prepare_validity(&f.cx, &s->vectors[1], true));
    for (uint32_t i = 0; i < rows; i++, id++) {
        const char *city = city_of(id);
        ((int64_t *)s->vectors[0].data)[i] = (int64_t)id;
        ((int32_t *)s->vectors[1].data)[i] = day_is_null(id) ? 0 : day_of(id);
        bit_put(s->vectors[1].validity, i, !day_is_null(id));
        ((Text *)s->vectors[2].data)[i] = text_view(city, (uint32_t)strlen(city));
        ((int64_t *)s->vectors[3].data)[i] = price_of(id);
    }
    *batch = (Batch){.rows = rows, .column_count = 4, .columns = s->vectors};
    return true;
}

static void load(const TableSchema *schema, bool create, uint64_t first, uint64_t end, uint32_t batch_rows) {
    Sales s = {.first = first, .end = end, .batch_rows = batch_rows};
    for (uint32_t c = 0; c < 4; c++) {
        vector_init(&s.vectors[c], columns[c].type);
    }
    write_rows(&f, schema, create, next_sales, &s);
    for (uint32_t c = 0; c < 4; c++) {
        vector_free(&s.vectors[c]);
    }
}

/* Reads everything; fails the reading with a status, or checks each row against its id. Returns the rows. */
static Status read_segment(Snapshot *snapshot, const TableVersion *table, const Segment *segment, uint8_t *seen) {
    SegmentReader *reader;
    Status status;
    TRY(segment_open(&f.cx, snapshot, table, segment, &reader));
    Vector vectors[4];
    for (uint32_t c = 0; c < 4; c++) {
        vector_init(&vectors[c], columns[c].type);
    }
    for (uint32_t b = 0; b < segment_block_count(reader); b++) {
        ColumnBlock blocks[4] = {0};
        status = OK;
        for (uint32_t c = 0; status == OK && c < 4; c++) {
            status = column_block_open(&f.cx, reader, c, b, NULL, &blocks[c]);
            status = status == OK ? column_block_decode(&f.cx, &blocks[c], 0, blocks[c].rows, &vectors[c]) : status;
        }
        for (uint32_t i = 0; status == OK && i < blocks[0].rows; i++) {
            uint64_t id = (uint64_t)vector_value(&vectors[0], i).i64;
            Value day = vector_value(&vectors[1], i), city = vector_value(&vectors[2], i), price = vector_value(&vectors[3], i);
            cr_assert_eq(day.is_null, day_is_null(id));
            cr_assert(day.is_null || day.i64 == day_of(id));
            Text want = text_view(city_of(id), (uint32_t)strlen(city_of(id)));
            cr_assert(text_equal(&city.text, &want));
            cr_assert_eq(price.i64, price_of(id));
            seen[id]++;
        }
        for (uint32_t c = 0; c < 4; c++) {
            column_block_close(&blocks[c]);
        }
        if (status != OK) {
            break;
        }
    }
    for (uint32_t c = 0; c < 4; c++) {
        vector_free(&vectors[c]);
    }
    segment_close(reader);
    return status;
}

static Status read_sales(uint64_t ids, uint8_t times) {
    Snapshot *snapshot;
    TRY(warehouse_snapshot(&f.cx, f.warehouse, &snapshot));
    const TableVersion *table = snapshot_find_table(snapshot, "public", "sales");
    Status status = OK;
    uint8_t *seen = calloc(ids + 1, 1);
    cr_assert_not_null(table);
    for (uint32_t s = 0; status == OK && s < table->segment_count; s++) {
        status = read_segment(snapshot, table, &table->segments[s], seen);
    }
    for (uint64_t id = 0; status == OK && id < ids; id++) {
        cr_assert_eq(seen[id], times, "row %llu was seen %d times", (unsigned long long)id, seen[id]);
    }
    free(seen);
    snapshot_release(snapshot);
    return status;
}

static Status no_problem(const Context *cx, void *argument, const CheckProblem *problem) {
    (void)cx, (void)argument;
    cr_assert(false, "%s, block %lld: %s", problem->file, (long long)problem->block, problem->problem);
    return OK;
}

static Status count_problem(const Context *cx, void *argument, const CheckProblem *problem) {
    (void)cx, (void)problem;
    (*(uint32_t *)argument)++;
    return OK;
}

static void expect_rows(uint64_t ids, uint8_t times) {
    MUST(&f, read_sales(ids, times));
    MUST(&f, warehouse_check(&f.cx, f.files, no_problem, NULL));
    fixture_reopen(&f);
    MUST(&f, read_sales(ids, times));
}

static uint32_t segment_count(void) {
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, f.warehouse, &snapshot));
    uint32_t count = snapshot_find_table(snapshot, "public", "sales")->segment_count;
    snapshot_release(snapshot);
    return count;
}

Test(table_writer, even_slices) {
    TableSchema schema = sales(DIST_EVEN, false, false);
    load(&schema, true, 0, 30000, 2048);
    cr_assert_eq(segment_count(), 4);
    expect_rows(30000, 1);
}

Test(table_writer, key_slices_sorted_and_partitioned) {
    TableSchema schema = sales(DIST_KEY, true, true);
    load(&schema, true, 0, 50000, 1000);
    expect_rows(50000, 1);
}

Test(table_writer, all_nodes) {
    TableSchema schema = sales(DIST_ALL, true, false);
    load(&schema, true, 0, 5000, 7);
    cr_assert_eq(segment_count(), 2);
    expect_rows(5000, 2);
}

Test(table_writer, auto_small_goes_to_all_nodes) {
    TableSchema schema = sales(DIST_AUTO, false, false);
    load(&schema, true, 0, 3000, 500);
    expect_rows(3000, 2);
}

Test(table_writer, auto_large_is_spread) {
    TableSchema schema = sales(DIST_AUTO, false, false);
    load(&schema, true, 0, 70000, 2048);
    expect_rows(70000, 1);
}

Test(table_writer, small_loads_do_not_pile_up_files) {
    TableSchema schema = sales(DIST_EVEN, true, false);
    load(&schema, true, 0, 100, 100);
    for (uint64_t id = 100; id < 160; id++) {
        load(&schema, false, id, id + 1, 1);
    }
    cr_assert_eq(segment_count(), 4);
    load(&schema, false, 160, 20000, 2048);
    cr_assert_eq(segment_count(), 4);
    expect_rows(20000, 1);
}

Test(table_writer, refuses_null_in_not_null_column) {
    TableSchema schema = sales(DIST_EVEN, false, false);
    Commit *commit;
    TableWriter *writer;
    Vector vectors[4];
    Value null = value_null(columns[0].type);
    MUST(&f, commit_begin(&f.cx, f.warehouse, &commit));
    MUST(&f, commit_create_table(&f.cx, commit, &schema));
    MUST(&f, table_writer_open(&f.cx, commit, commit_find_table(commit, "public", "sales"), NULL, 1, &writer));
    for (uint32_t c = 0; c < 4; c++) {
        null = value_null(columns[c].type);
        vector_init(&vectors[c], columns[c].type);
        MUST(&f, vector_set_constant(&f.cx, &vectors[c], &null));
    }
    Batch batch = {.rows = 10, .column_count = 4, .columns = vectors};
    cr_assert_eq(table_writer_append(&f.cx, writer, 0, &batch, true), NOT_NULL_VIOLATION);
    cr_assert_not_null(strstr(f.error.message, "\"id\""));
    table_writer_abort(writer);
    commit_abort(commit);
    for (uint32_t c = 0; c < 4; c++) {
        vector_free(&vectors[c]);
    }
}

/* ------------------------------------------------------------------------------------------------------------------ threads */

typedef struct Appender {
    TableWriter *writer;
    uint64_t first_sequence, step, ids;
    Context cx;
    Error error;
    Status status;
} Appender;

enum { APPENDERS = 3, APPEND_ROWS = 1500 };

/* Every third batch, in two calls each. */
static void *append_share(void *appender_) {
    Appender *a = appender_;
    a->cx = f.cx;
    a->cx.error = &a->error;
    for (uint64_t n = a->first_sequence; a->status == OK && n * APPEND_ROWS < a->ids; n += a->step) {
        Sales s = {.first = n * APPEND_ROWS, .end = (n + 1) * APPEND_ROWS, .batch_rows = APPEND_ROWS / 2};
        s.end = s.end < a->ids ? s.end : a->ids;
        Batch batch;
        for (uint32_t c = 0; c < 4; c++) {
            vector_init(&s.vectors[c], columns[c].type);
        }
        for (uint64_t part = 0; a->status == OK && next_sales(&s, part, &batch); part++) {
            a->status = table_writer_append(&a->cx, a->writer, n, &batch, s.first + (part + 1) * s.batch_rows >= s.end);
        }
        for (uint32_t c = 0; c < 4; c++) {
            vector_free(&s.vectors[c]);
        }
    }
    return NULL;
}

static uint64_t load_by_threads(const TableSchema *schema, uint64_t ids, uint64_t threads) {
    Commit *commit;
    TableWriter *writer;
    WriteReport report;
    pthread_t running[APPENDERS];
    Appender appenders[APPENDERS] = {0};
    MUST(&f, commit_begin(&f.cx, f.warehouse, &commit));
    MUST(&f, commit_create_table(&f.cx, commit, schema));
    MUST(&f, table_writer_open(&f.cx, commit, commit_find_table(commit, "public", schema->name), NULL, 1, &writer));
    for (uint64_t t = 0; t < threads; t++) {
        appenders[t] = (Appender){.writer = writer, .first_sequence = t, .step = threads, .ids = ids};
        cr_assert_eq(pthread_create(&running[t], NULL, append_share, &appenders[t]), 0);
    }
    for (uint64_t t = 0; t < threads; t++) {
        pthread_join(running[t], NULL);
        cr_assert_eq(appenders[t].status, OK, "%s", appenders[t].error.message);
    }
    MUST(&f, table_writer_finish(&f.cx, writer, &report));
    MUST(&f, commit_finish(&f.cx, commit));
    cr_assert_eq(report.rows, ids);
    return report.bytes;
}

static void expect_same_by_threads(uint32_t block_rows, const char *memory, uint64_t ids) {
    TableSchema schema = sales(DIST_EVEN, false, false);
    schema.block_rows = block_rows;
    set(&f, "memory_limit", memory);
    f.cx.settings = &f.settings;
    uint64_t bytes = load_by_threads(&schema, ids, APPENDERS);
    uint32_t segments = segment_count();
    expect_rows(ids, 1);
    fixture_close(&f);
    fixture_open(&f, 2, 2, 0);
    set(&f, "memory_limit", memory);
    cr_assert_eq(load_by_threads(&schema, ids, 1), bytes);
    cr_assert_eq(segment_count(), segments);
    cr_assert_gt(segments, 4);
}

/* Little memory, so that segments are cut and written while others append. */
Test(table_writer, threads_write_what_one_writes) {
    expect_same_by_threads(2048, "4 MB", 120000);
}

/* Columns of many blocks, which are shared out. */
Test(table_writer, threads_write_one_column_together) {
    expect_same_by_threads(2048, "128 MB", 480000);
}

/* ------------------------------------------------------------------------------------------------------------------- faults */

/* Loads 3,000 rows; on any error takes everything back. */
static Status try_load(const TableSchema *schema, Vector *vectors) {
    Commit *commit = NULL;
    TableWriter *writer = NULL;
    WriteReport report;
    Sales s = {.first = 0, .end = 3000, .batch_rows = 2048};
    memcpy(s.vectors, vectors, sizeof s.vectors);
    Batch batch;
    Status status = commit_begin(&f.cx, f.warehouse, &commit);
    status = status == OK ? commit_create_table(&f.cx, commit, schema) : status;
    if (status == OK) {
        const TableVersion *table = commit_find_table(commit, "public", schema->name);
        status = table == NULL ? OUT_OF_MEMORY : table_writer_open(&f.cx, commit, table, NULL, 1, &writer);
    }
    for (uint64_t number = 0; status == OK && next_sales(&s, number, &batch); number++) {
        status = table_writer_append(&f.cx, writer, number, &batch, true);
    }
    if (status == OK) {
        status = table_writer_finish(&f.cx, writer, &report);
        writer = NULL;
    }
    table_writer_abort(writer);
    if (status == OK) {
        return commit_finish(&f.cx, commit);
    }
    commit_abort(commit);
    return status;
}

/* The n-th operation fails, for every n until none is left to fail: an error each time, nothing lost, nothing kept. */
static void load_with_faults(bool in_memory) {
    TableSchema schema = sales(DIST_KEY, true, true);
    Vector vectors[4];
    Status status = OUT_OF_MEMORY;
    int64_t nth = 0;
    for (uint32_t c = 0; c < 4; c++) {
        vector_init(&vectors[c], columns[c].type);
        MUST(&f, vector_prepare_flat(&f.cx, &vectors[c], columns[c].type));
        MUST(&f, vector_prepare_validity(&f.cx, &vectors[c], true));
    }
    while (status != OK) {
        nth++;
        in_memory ? memory_fail_nth(nth) : file_system_fail_nth(f.files, nth, EIO);
        status = try_load(&schema, vectors);
        memory_fail_nth(0);
        file_system_fail_nth(f.files, 0, 0);
        if (status == DUPLICATE_TABLE) { /* what failed before came after the rename: the load is there */
            break;
        }
        cr_assert(status == OK || status == (in_memory ? OUT_OF_MEMORY : IO_ERROR), "%lld: %s", (long long)nth,
                  f.error.message);
    }
    cr_assert_gt(nth, 30);
    for (uint32_t c = 0; c < 4; c++) {
        vector_free(&vectors[c]);
    }
    expect_rows(3000, 1);
}

Test(table_writer, survives_every_failing_allocation) {
    load_with_faults(true);
}
Test(table_writer, survives_every_failing_file_operation) {
    load_with_faults(false);
}

/* Reading, likewise: an error, and the next reading is right. */
Test(table_writer, reading_survives_failing_allocations) {
    TableSchema schema = sales(DIST_EVEN, false, false);
    load(&schema, true, 0, 9000, 2048);
    Status status = OUT_OF_MEMORY;
    for (int64_t nth = 1; status != OK; nth++) {
        fixture_reopen(&f);
        memory_fail_nth(nth);
        status = read_sales(9000, 1);
        memory_fail_nth(0);
        cr_assert(status == OK || status == OUT_OF_MEMORY, "%s", f.error.message);
    }
    expect_rows(9000, 1);
}

/* ------------------------------------------------------------------------------------------------------------------- damage */

typedef struct FileNames {
    char paths[64][FILE_PATH_MAX];
    uint32_t count;
    char directory[FILE_PATH_MAX];
} FileNames;

static Status add_name(const Context *cx, void *names_, const char *name, bool is_directory) {
    FileNames *names = names_;
    char path[FILE_PATH_MAX * 2], above[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%s%s%s", names->directory, names->directory[0] == 0 ? "" : "/", name);
    if (!is_directory) {
        cr_assert_lt(names->count, 64);
        memcpy(names->paths[names->count++], path, FILE_PATH_MAX);
        return OK;
    }
    memcpy(above, names->directory, sizeof above);
    memcpy(names->directory, path, sizeof names->directory);
    Status status = file_list(cx, f.files, names->directory, add_name, names);
    memcpy(names->directory, above, sizeof above);
    return status;
}

static void overwrite(const char *path, const uint8_t *data, size_t bytes) {
    File *file;
    MUST(&f, file_open(&f.cx, f.files, path, FILE_UPDATE, &file));
    MUST(&f, file_overwrite(&f.cx, file, data, bytes));
    file_close(file);
}

/* Opens and reads with the damage in place: an error, or the same answer. */
static bool damage_is_noticed(uint64_t ids) {
    WarehouseOptions options = {.read_only = true};
    warehouse_close(f.warehouse);
    f.warehouse = NULL;
    if (warehouse_open_on(&f.cx, f.files, &options, &f.warehouse) != OK) {
        return true;
    }
    return read_sales(ids, 1) != OK;
}

/* One byte after the other of every segment file. */
static void flip_all(uint64_t ids) {
    FileNames *names = calloc(1, sizeof *names);
    uint64_t flips = 0, noticed = 0;
    MUST(&f, file_list(&f.cx, f.files, "", add_name, names));
    for (uint32_t n = 0; n < names->count; n++) {
        uint8_t *data;
        size_t bytes;
        if (strncmp(names->paths[n], "tables/", 7) != 0) {
            continue;
        }
        MUST(&f, file_read_all(&f.cx, f.files, names->paths[n], 1 << 24, &data, &bytes));
        size_t step = bytes / 700 + 1;
        for (size_t at = 0; at < bytes; at += step) {
            data[at] ^= (uint8_t)(1u << (at % 8));
            overwrite(names->paths[n], data, bytes);
            bool is_noticed = damage_is_noticed(ids);
            noticed += is_noticed;
            if (is_noticed) {
                cr_assert_eq(f.error.status, DATA_CORRUPTED, "%s", f.error.message);
                cr_assert_not_null(strstr(f.error.message, names->paths[n]), "%s does not name %s", f.error.message,
                                   names->paths[n]);
            }
            data[at] ^= (uint8_t)(1u << (at % 8));
            flips++;
        }
        overwrite(names->paths[n], data, bytes);
        mem_free(data);
    }
    cr_assert_gt(flips, 1000);
    cr_assert_eq(noticed, flips, "%llu of %llu flipped bits were noticed", (unsigned long long)noticed,
                 (unsigned long long)flips);
    free(names);
}

Test(table_writer, notices_every_flipped_byte_of_columns) {
    TableSchema schema = sales(DIST_EVEN, false, false);
    load(&schema, true, 0, 9000, 2048);
    flip_all(9000);
}

Test(table_writer, notices_every_flipped_byte_of_packed_files) {
    TableSchema schema = sales(DIST_KEY, true, false);
    load(&schema, true, 0, 1000, 2048);
    flip_all(1000);
}

Test(table_writer, check_reports_damage) {
    TableSchema schema = sales(DIST_EVEN, false, false);
    FileNames *names = calloc(1, sizeof *names);
    uint32_t problems = 0;
    load(&schema, true, 0, 9000, 2048);
    memcpy(names->directory, "tables", 7);
    MUST(&f, file_list(&f.cx, f.files, "tables", add_name, names));
    for (uint32_t n = 0; n < names->count; n++) {
        uint8_t *data;
        size_t bytes;
        MUST(&f, file_read_all(&f.cx, f.files, names->paths[n], 1 << 24, &data, &bytes));
        data[0] ^= 1;
        overwrite(names->paths[n], data, bytes);
        mem_free(data);
    }
    MUST(&f, warehouse_check(&f.cx, f.files, count_problem, &problems));
    cr_assert_geq(problems, names->count);
    free(names);
}

static Status see_block(const Context *cx, void *argument, const BlockDescription *block) {
    (void)cx;
    *(uint64_t *)argument += block->range.rows;
    return OK;
}

Test(table_writer, inspects_files) {
    TableSchema schema = sales(DIST_EVEN, false, false);
    FileNames *names = calloc(1, sizeof *names);
    uint64_t rows = 0;
    load(&schema, true, 0, 9000, 2048);
    memcpy(names->directory, "tables", 7);
    MUST(&f, file_list(&f.cx, f.files, "tables", add_name, names));
    for (uint32_t n = 0; n < names->count; n++) {
        MUST(&f, file_inspect(&f.cx, f.files, names->paths[n], see_block, &rows));
    }
    cr_assert_eq(rows, 9000 * 4);
    cr_assert_eq(file_inspect(&f.cx, f.files, "CURRENT", see_block, &rows), WRONG_OBJECT_TYPE);
    free(names);
}
