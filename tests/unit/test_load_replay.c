/* One load through the table writer, and one change of rows (some deleted, some added, twice in one commit), replayed: after
 * every prefix of its logged writes, syncs and renames, with unsynced writes kept, dropped or torn, the table has the rows from
 * before or all of them, and every block can be read. */
#include "disk_model.h"

#include "storage/segment_read.h"
#include "storage/table_writer.h"

static Fixture f;
static WorkerPool *pool;

static void setup(void) {
    fixture_open(&f);
    MUST(&f, worker_pool_create(&f.cx, 1, &pool));
}
static void teardown(void) {
    worker_pool_free(pool);
    fixture_close(&f);
}
TestSuite(load_replay, .init = setup, .fini = teardown, .timeout = 240);

static Warehouse *open_on(FileSystem *files) {
    Warehouse *warehouse;
    WarehouseOptions options = {.create = true, .topology = {1, 2}, .cache_bytes_max = 1 << 20};
    MUST(&f, warehouse_open_on(&f.cx, files, &options, &warehouse));
    return warehouse;
}

/* Rows first, first + 1 …: id, a day in one of three years, a note. */
static void fill_batch(Batch *batch, int32_t first, uint32_t rows) {
    const Type types[] = {{.id = TYPE_INTEGER}, {.id = TYPE_DATE}, {.id = TYPE_VARCHAR}};
    MUST(&f, batch_init(&f.cx, batch, types, 3));
    for (int column = 0; column < 3; column++) {
        MUST(&f, vector_prepare_flat(&f.cx, &batch->columns[column], types[column]));
    }
    for (uint32_t i = 0; i < rows; i++) {
        int32_t number = first + (int32_t)i;
        ((int32_t *)batch->columns[0].data)[i] = number;
        ((int32_t *)batch->columns[1].data)[i] = number * 7 % 900;
        ((Text *)batch->columns[2].data)[i] = number % 2 ? text_view("odd", 3) : text_view("an even number of rows", 22);
    }
    batch->rows = rows;
}

static void load(Warehouse *warehouse, int32_t first, uint32_t rows) {
    Commit *commit;
    TableWriter *writer;
    WriteReport report;
    Batch batch;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    TableSchema schema = fixture_schema("orders", true);
    if (commit_find_table(commit, "public", "orders") == NULL) {
        MUST(&f, commit_create_table(&f.cx, commit, &schema));
    }
    const TableVersion *table = commit_find_table(commit, "public", "orders");
    MUST(&f, table_writer_open(&f.cx, commit, table, pool, 1, &writer));
    fill_batch(&batch, first, rows);
    MUST(&f, table_writer_append(&f.cx, writer, 0, &batch, true));
    MUST(&f, table_writer_finish(&f.cx, writer, &report));
    MUST(&f, commit_finish(&f.cx, commit));
    batch_free(&batch);
}

static int64_t sum_block(SegmentReader *reader, const DeleteMap *deletes, uint32_t block) {
    ColumnBlock column;
    Vector vector;
    int64_t sum = 0;
    vector_init(&vector, (Type){.id = TYPE_INTEGER});
    MUST(&f, column_block_open(&f.cx, reader, 0, block, NULL, &column));
    for (uint32_t first = 0; first < column.rows; first += BATCH_ROWS_MAX) {
        uint32_t count = column.rows - first < BATCH_ROWS_MAX ? column.rows - first : BATCH_ROWS_MAX;
        MUST(&f, column_block_decode(&f.cx, &column, first, count, &vector));
        uint8_t live[BATCH_ROWS_MAX];
        memset(live, 1, sizeof live);
        if (deletes != NULL) {
            delete_map_live(deletes, (uint64_t)block * 8192 + first, count, live);
        }
        for (uint32_t i = 0; i < count; i++) {
            sum += live[i] ? vector_value(&vector, i).i64 : 0;
        }
    }
    column_block_close(&column);
    vector_free(&vector);
    return sum;
}

/* Every other column must at least come through its checksum. */
static void touch_block(SegmentReader *reader, uint32_t block) {
    for (uint32_t number = 1; number < 3; number++) {
        ColumnBlock column;
        MUST(&f, column_block_open(&f.cx, reader, number, block, NULL, &column));
        column_block_close(&column);
    }
}

static int64_t sum_table(Snapshot *snapshot, const TableVersion *table) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        SegmentReader *reader;
        DeleteMap *deletes;
        MUST(&f, segment_open(&f.cx, snapshot, table, &table->segments[i], &reader));
        MUST(&f, segment_deletes(&f.cx, reader, &table->segments[i], &deletes));
        for (uint32_t block = 0; block < segment_block_count(reader); block++) {
            sum += sum_block(reader, deletes, block);
            touch_block(reader, block);
        }
        delete_map_release(deletes);
        segment_close(reader);
    }
    return sum;
}

enum { FIRST = 100, SECOND = 1900 };

static int64_t sum_to(int64_t n) {
    return n * (n + 1) / 2;
}

/* Tells whether the second load is there. */
static bool check_whole(FileSystem *files) {
    Warehouse *warehouse = open_on(files);
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, warehouse, &snapshot));
    const TableVersion *table = snapshot_find_table(snapshot, "public", "orders");
    bool has_second = table->rows != FIRST;
    int64_t rows = has_second ? FIRST + SECOND : FIRST;
    cr_assert_eq((int64_t)table->rows, rows);
    cr_assert_eq(sum_table(snapshot, table), sum_to(rows));
    snapshot_release(snapshot);
    warehouse_close(warehouse);
    return has_second;
}

static FileSystem *make_first_version(void) {
    FileSystem *files;
    MUST(&f, file_system_memory(&f.cx, &files));
    Warehouse *warehouse = open_on(files);
    load(warehouse, 1, FIRST);
    warehouse_close(warehouse);
    return files;
}

Test(load_replay, every_prefix_leaves_a_whole_table) {
    FileSystem *files = make_first_version(), *before = make_first_version();
    Warehouse *warehouse = open_on(files);
    file_system_log(files, true);
    load(warehouse, FIRST + 1, SECOND);
    warehouse_close(warehouse);
    size_t count;
    const FileLogEntry *log = file_system_log_entries(files, &count);
    uint32_t with_second = 0;
    for (size_t prefix = 0; prefix <= count; prefix++) {
        DiskModel *model = model_of(&f, before);
        for (size_t i = 0; i < prefix; i++) {
            model_apply(model, &log[i]);
        }
        for (CrashMode mode = 0; mode < CRASH_MODES; mode++) {
            FileSystem *crashed = model_crash(&f, model, mode);
            bool has_second = check_whole(crashed);
            cr_assert(prefix < count || has_second, "mode %d loses a finished load", mode);
            with_second += has_second;
            file_system_free(crashed);
        }
        model_free(model);
    }
    cr_assert_gt(with_second, 0);
    cr_assert_lt(with_second, count * CRASH_MODES);
    file_system_log(files, false);
    file_system_free(before);
    file_system_free(files);
}

/* ----------------------------------------------------------------------------------------------------- deletes and inserts */

/* Deletes the first live row of every segment. */
static void delete_some(Commit *commit) {
    Snapshot *snapshot;
    MUST(&f, commit_snapshot(&f.cx, commit, &snapshot));
    const TableVersion *table = snapshot_find_table(snapshot, "public", "orders");
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const Segment *segment = &table->segments[i];
        SegmentReader *reader;
        DeleteMap *before, *map;
        MUST(&f, segment_open(&f.cx, snapshot, table, segment, &reader));
        MUST(&f, segment_deletes(&f.cx, reader, segment, &before));
        MUST(&f, delete_map_create(&f.cx, segment->rows, before, &map));
        for (uint64_t row = 0; row < segment->rows; row++) {
            if (delete_map_add(map, row)) {
                break;
            }
        }
        MUST(&f, commit_delete_rows(&f.cx, commit, table->id, segment, map));
        delete_map_release(before);
        delete_map_release(map);
        segment_close(reader);
    }
    snapshot_release(snapshot);
}

static void add_some(Commit *commit) {
    TableWriter *writer;
    WriteReport report;
    Batch batch;
    MUST(&f, table_writer_open(&f.cx, commit, commit_find_table(commit, "public", "orders"), pool, 1, &writer));
    table_writer_take_tails_last(writer);
    fill_batch(&batch, 5000, 40);
    MUST(&f, table_writer_append(&f.cx, writer, 0, &batch, true));
    delete_some(commit);
    MUST(&f, table_writer_finish(&f.cx, writer, &report));
    batch_free(&batch);
}

/* As UPDATE does: rows go, rows come, and the small last segments are rewritten; then rows go once more. */
static void change(Warehouse *warehouse) {
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    delete_some(commit);
    add_some(commit);
    MUST(&f, commit_tidy(&f.cx, commit));
    delete_some(commit);
    MUST(&f, commit_finish(&f.cx, commit));
}

static int64_t sum_of(FileSystem *files, uint64_t *rows) {
    Warehouse *warehouse = open_on(files);
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, warehouse, &snapshot));
    const TableVersion *table = snapshot_find_table(snapshot, "public", "orders");
    int64_t sum = sum_table(snapshot, table);
    *rows = table->rows;
    snapshot_release(snapshot);
    warehouse_close(warehouse);
    return sum;
}

Test(load_replay, every_prefix_of_a_change_leaves_a_whole_table) {
    FileSystem *files = make_first_version(), *before = make_first_version();
    uint64_t rows_before, rows_after, rows;
    for (uint32_t i = 0; i < 2; i++) { /* delete maps are there, so that they are replaced */
        Warehouse *warehouse = open_on(i == 0 ? files : before);
        Commit *commit;
        MUST(&f, commit_begin(&f.cx, warehouse, &commit));
        delete_some(commit);
        MUST(&f, commit_finish(&f.cx, commit));
        warehouse_close(warehouse);
    }
    int64_t sum_before = sum_of(before, &rows_before);
    Warehouse *warehouse = open_on(files);
    file_system_log(files, true);
    change(warehouse);
    warehouse_close(warehouse);
    size_t count;
    const FileLogEntry *log = file_system_log_entries(files, &count);
    DiskModel *whole = model_of(&f, before);
    for (size_t i = 0; i < count; i++) {
        model_apply(whole, &log[i]);
    }
    FileSystem *after = model_crash(&f, whole, CRASH_KEEPS_ALL);
    int64_t sum_after = sum_of(after, &rows_after);
    cr_assert_neq(sum_before, sum_after);
    uint32_t changed = 0;
    for (size_t prefix = 0; prefix <= count; prefix++) {
        DiskModel *model = model_of(&f, before);
        for (size_t i = 0; i < prefix; i++) {
            model_apply(model, &log[i]);
        }
        for (CrashMode mode = 0; mode < CRASH_MODES; mode++) {
            FileSystem *crashed = model_crash(&f, model, mode);
            int64_t sum = sum_of(crashed, &rows);
            bool is_new = sum == sum_after;
            cr_assert(is_new ? rows == rows_after : sum == sum_before && rows == rows_before, "mode %d after %zu", mode,
                      prefix);
            cr_assert(prefix < count || is_new, "mode %d loses a finished change", mode);
            changed += is_new;
            file_system_free(crashed);
        }
        model_free(model);
    }
    cr_assert_gt(changed, 0);
    cr_assert_lt(changed, count * CRASH_MODES);
    model_free(whole);
    file_system_log(files, false);
    file_system_free(after);
    file_system_free(before);
    file_system_free(files);
}
