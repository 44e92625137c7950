/* The warehouse directory: create, commit, read, take back, clean up; over files in memory and on disk. */
#include "storage_fixture.h"

static Fixture f;
static Warehouse *warehouse;

static void open_warehouse(void) {
    WarehouseOptions options = {.create = true, .topology = {2, 2}};
    MUST(&f, warehouse_open_on(&f.cx, f.files, &options, &warehouse));
}
static void setup(void) {
    fixture_open(&f);
    open_warehouse();
}
static void teardown(void) {
    warehouse_close(warehouse);
    fixture_close(&f);
}
TestSuite(warehouse, .init = setup, .fini = teardown);

static void create_table(const char *name, bool is_partitioned) {
    TableSchema schema = fixture_schema(name, is_partitioned);
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    MUST(&f, commit_create_table(&f.cx, commit, &schema));
    MUST(&f, commit_finish(&f.cx, commit));
}

static void add_segment(const char *name, uint32_t slice, int32_t day, int32_t first, uint32_t rows) {
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    uint64_t id = commit_find_table(commit, "public", name)->id;
    MUST(&f, fixture_add_segment(&f.cx, commit, id, slice, day, first, rows, rows < 100));
    MUST(&f, commit_finish(&f.cx, commit));
}

Test(warehouse, starts_empty) {
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, warehouse, &snapshot));
    cr_assert_eq(snapshot_version(snapshot), 1);
    cr_assert_eq(snapshot_table_count(snapshot), 0);
    cr_assert_null(snapshot_find_table(snapshot, "public", "orders"));
    cr_assert_eq(warehouse_topology(warehouse).nodes, 2);
    cr_assert(warehouse_was_created(warehouse));
    snapshot_release(snapshot);
}

static void check_orders(const TableVersion *table) {
    cr_assert_not_null(table);
    cr_assert_eq(table->rows, 1050);
    cr_assert_eq(table->segment_count, 2);
    cr_assert_eq(table->partition_count, 2);
    cr_assert_str_eq(table->partitions[0].directory, "year_day=1971");
    cr_assert_eq(table->partitions[1].rows, 50);
    cr_assert_eq(table->segments[0].slice, 1);
    cr_assert(table->segments[1].is_packed);
    cr_assert_eq(table->statistics[0].range.min.i64, -5);
    cr_assert_eq(table->statistics[0].range.max.i64, 999);
    cr_assert_eq(table->statistics[2].range.nulls, 525);
    cr_assert_float_eq(table->statistics[2].average_bytes, 10, 1e-9);
    Text min = table->statistics[2].range.min.text;
    cr_assert_eq(memcmp(text_data(&min), "a note of some length", min.bytes), 0);
    cr_assert_str_eq(table->schema->columns[2].default_sql, "'none'");
    cr_assert_eq(table->schema->sort_key_count, 2);
}

Test(warehouse, keeps_what_was_committed) {
    create_table("orders", true);
    add_segment("orders", 1, 400, 0, 1000);
    add_segment("orders", 2, 800, -5, 50);
    for (int round = 0; round < 2; round++) { /* as committed, then as read from the files */
        Snapshot *snapshot;
        MUST(&f, warehouse_snapshot(&f.cx, warehouse, &snapshot));
        cr_assert_eq(snapshot_version(snapshot), 4);
        check_orders(snapshot_find_table(snapshot, "public", "orders"));
        snapshot_release(snapshot);
        warehouse_close(warehouse);
        open_warehouse();
    }
}

Test(warehouse, refuses_a_second_table_of_a_name) {
    create_table("orders", false);
    TableSchema schema = fixture_schema("orders", false);
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    cr_assert_eq(commit_create_table(&f.cx, commit, &schema), DUPLICATE_TABLE);
    MUST(&f, commit_drop_table(&f.cx, commit, "public", "orders"));
    MUST(&f, commit_create_table(&f.cx, commit, &schema));
    cr_assert_eq(commit_drop_table(&f.cx, commit, "public", "nothing"), UNDEFINED_TABLE);
    MUST(&f, commit_finish(&f.cx, commit));
}

Test(warehouse, forgets_what_is_aborted) {
    create_table("orders", true);
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    uint64_t id = commit_find_table(commit, "public", "orders")->id;
    MUST(&f, fixture_add_segment(&f.cx, commit, id, 0, 400, 0, 1000, false));
    cr_assert_eq(commit_find_table(commit, "public", "orders")->rows, 1000);
    cr_assert_eq(fixture_count(&f, f.files, "tables"), 1);
    commit_abort(commit);
    cr_assert_eq(fixture_count(&f, f.files, "tables"), 0);
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, warehouse, &snapshot));
    cr_assert_eq(snapshot_find_table(snapshot, "public", "orders")->rows, 0);
    snapshot_release(snapshot);
}

Test(warehouse, shows_a_commit_its_own_changes) {
    create_table("orders", true);
    Commit *commit;
    Snapshot *snapshot;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    uint64_t id = commit_find_table(commit, "public", "orders")->id;
    MUST(&f, fixture_add_segment(&f.cx, commit, id, 0, 400, 0, 1000, false));
    MUST(&f, commit_snapshot(&f.cx, commit, &snapshot));
    cr_assert_eq(snapshot_find_table(snapshot, "public", "orders")->rows, 1000);
    snapshot_release(snapshot);
    MUST(&f, commit_finish(&f.cx, commit));
}

/* Segments that are replaced go when the last reader of their version has gone, not before. */
Test(warehouse, keeps_files_while_a_reader_needs_them) {
    create_table("orders", false);
    add_segment("orders", 0, 400, 0, 10);
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, warehouse, &snapshot));
    const TableVersion *table = snapshot_find_table(snapshot, "public", "orders");
    char path[FILE_PATH_MAX];
    segment_file_path(table, &table->segments[0], SEGMENT_FILE_PACKED, path);
    bool exists;
    for (int i = 0; i < 3; i++) {
        Commit *commit;
        MUST(&f, commit_begin(&f.cx, warehouse, &commit));
        const TableVersion *now = commit_find_table(commit, "public", "orders");
        MUST(&f, commit_remove_segment(&f.cx, commit, now->id, now->segments[0].id));
        MUST(&f, fixture_add_segment(&f.cx, commit, now->id, 0, 400, 0, 10 + i, true));
        MUST(&f, commit_finish(&f.cx, commit));
        MUST(&f, file_exists(&f.cx, f.files, path, &exists));
        cr_assert(exists);
    }
    cr_assert_eq(fixture_count(&f, f.files, "tables/orders-1"), 2); /* those in between are gone */
    cr_assert_eq(fixture_count(&f, f.files, "manifests"), 4);
    snapshot_release(snapshot);
    MUST(&f, file_exists(&f.cx, f.files, path, &exists));
    cr_assert_not(exists);
    cr_assert_eq(fixture_count(&f, f.files, "manifests"), 2);
}

static void add_delete_map(void) {
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    const TableVersion *orders = commit_find_table(commit, "public", "orders");
    Segment segment = orders->segments[0];
    segment.delete_map_id = commit_new_id(commit);
    segment.deleted_rows++;
    MUST(&f, fixture_write(&f.cx, commit, orders->id, &segment, SEGMENT_FILE_DELETES));
    MUST(&f, commit_remove_segment(&f.cx, commit, orders->id, segment.id));
    MUST(&f, commit_add_segment(&f.cx, commit, orders->id, &segment));
    MUST(&f, commit_finish(&f.cx, commit));
}

/* A segment stays the same one under a new delete map: its files are kept for readers from before the map. */
Test(warehouse, replaces_delete_maps) {
    create_table("orders", false);
    add_segment("orders", 0, 400, 0, 10);
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, warehouse, &snapshot));
    add_delete_map();
    add_delete_map();
    cr_assert_eq(fixture_count(&f, f.files, "tables/orders-1"), 3); /* a map is taken to be as old as its segment */
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    cr_assert_eq(commit_find_table(commit, "public", "orders")->rows, 8);
    MUST(&f, commit_drop_table(&f.cx, commit, "public", "orders"));
    MUST(&f, commit_finish(&f.cx, commit));
    const TableVersion *orders = snapshot_find_table(snapshot, "public", "orders");
    char path[FILE_PATH_MAX];
    bool exists;
    segment_file_path(orders, &orders->segments[0], SEGMENT_FILE_PACKED, path);
    MUST(&f, file_exists(&f.cx, f.files, path, &exists));
    cr_assert(exists);
    snapshot_release(snapshot); /* the last reader takes them along */
    cr_assert_eq(fixture_count(&f, f.files, "tables"), 0);
    cr_assert_eq(fixture_count(&f, f.files, "manifests"), 1);
}

Test(warehouse, removes_the_files_of_a_dropped_table) {
    create_table("orders", true);
    add_segment("orders", 1, 400, 0, 1000);
    add_segment("orders", 2, 800, -5, 50);
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    MUST(&f, commit_drop_table(&f.cx, commit, "public", "orders"));
    MUST(&f, commit_finish(&f.cx, commit));
    cr_assert_eq(fixture_count(&f, f.files, "tables"), 0);
    cr_assert_eq(fixture_count(&f, f.files, "manifests"), 1);
}

Test(warehouse, has_one_writer) {
    Commit *commit, *second;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    cr_assert_eq(commit_begin(&f.cx, warehouse, &second), LOCK_NOT_AVAILABLE);
    cr_assert_not_null(strstr(f.error.message, "process"));
    commit_abort(commit);
}

Test(warehouse, read_only_cannot_write_or_create) {
    Warehouse *reader;
    WarehouseOptions options = {.read_only = true};
    MUST(&f, warehouse_open_on(&f.cx, f.files, &options, &reader));
    Commit *commit;
    cr_assert_eq(commit_begin(&f.cx, reader, &commit), READ_ONLY_TRANSACTION);
    create_table("orders", false); /* by the other */
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, reader, &snapshot));
    cr_assert_not_null(snapshot_find_table(snapshot, "public", "orders"));
    snapshot_release(snapshot);
    warehouse_close(reader);
    FileSystem *empty;
    MUST(&f, file_system_memory(&f.cx, &empty));
    cr_assert_eq(warehouse_open_on(&f.cx, empty, &options, &reader), UNDEFINED_FILE);
    file_system_free(empty);
}

Test(warehouse, does_not_make_one_among_other_files) {
    FileSystem *files;
    File *file;
    Warehouse *other;
    WarehouseOptions options = {.create = true};
    MUST(&f, file_system_memory(&f.cx, &files));
    MUST(&f, file_open(&f.cx, files, "letter.txt", FILE_CREATE, &file));
    file_close(file);
    cr_assert_eq(warehouse_open_on(&f.cx, files, &options, &other), UNDEFINED_FILE);
    cr_assert_eq(fixture_count(&f, files, ""), 1);
    file_system_free(files);
}

Test(warehouse, limits_partitions_per_load) {
    create_table("orders", true);
    f.settings.max_partitions_per_load = 3;
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    uint64_t id = commit_find_table(commit, "public", "orders")->id;
    uint32_t partition;
    Status status = OK;
    for (int year = 2000; year < 2004; year++) {
        Value value = value_i64(type_make(TYPE_INTEGER), year);
        status = commit_partition(&f.cx, commit, id, &value, &partition);
    }
    cr_assert_eq(status, CONFIGURATION_LIMIT_EXCEEDED);
    cr_assert_not_null(strstr(f.error.hint, "max_partitions_per_load"));
    commit_abort(commit);
}

Test(warehouse, resolves_auto_by_the_first_load) {
    TableSchema schema = fixture_schema("small", false);
    schema.dist_style = DIST_AUTO;
    Commit *commit;
    DistStyle style;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    MUST(&f, commit_create_table(&f.cx, commit, &schema));
    schema.name = "large";
    MUST(&f, commit_create_table(&f.cx, commit, &schema));
    uint64_t small = commit_find_table(commit, "public", "small")->id;
    uint64_t large = commit_find_table(commit, "public", "large")->id;
    cr_assert(commit_find_table(commit, "public", "small")->dist_is_open);
    MUST(&f, commit_resolve_distribution(&f.cx, commit, small, 10, &style));
    cr_assert_eq(style, DIST_ALL);
    MUST(&f, commit_resolve_distribution(&f.cx, commit, large, AUTO_ALL_ROWS_MAX + 1, &style));
    cr_assert_eq(style, DIST_EVEN);
    MUST(&f, commit_resolve_distribution(&f.cx, commit, small, 1000000, &style));
    cr_assert_eq(style, DIST_ALL);
    MUST(&f, fixture_add_segment(&f.cx, commit, small, 0, 1, 0, 10, true)); /* a copy on each node */
    MUST(&f, fixture_add_segment(&f.cx, commit, small, 2, 1, 0, 10, true));
    cr_assert_eq(commit_find_table(commit, "public", "small")->rows, 10);
    MUST(&f, commit_finish(&f.cx, commit));
}

/* A commit does not cost more because many went before: no growing lists, no directories read. */
Test(warehouse, commits_stay_as_cheap_as_the_first) {
    create_table("orders", false);
    FileCounts before, after;
    uint64_t first = 0, last = 0;
    add_segment("orders", 0, 400, 0, 10);
    for (int i = 0; i < 200; i++) {
        file_system_counts(f.files, &before);
        Commit *commit;
        MUST(&f, commit_begin(&f.cx, warehouse, &commit));
        const TableVersion *now = commit_find_table(commit, "public", "orders");
        MUST(&f, commit_remove_segment(&f.cx, commit, now->id, now->segments[0].id));
        MUST(&f, fixture_add_segment(&f.cx, commit, now->id, 0, 400, 0, 10, true));
        MUST(&f, commit_finish(&f.cx, commit));
        file_system_counts(f.files, &after);
        cr_assert_eq(after.ops[FILE_OP_LIST], before.ops[FILE_OP_LIST]);
        cr_assert_leq(after.ops[FILE_OP_SYNC], before.ops[FILE_OP_SYNC] + 4);
        last = after.written_bytes - before.written_bytes;
        first = first == 0 ? last : first;
    }
    cr_assert_leq(last, first + 64);
    cr_assert_eq(fixture_count(&f, f.files, "manifests"), 2);
    cr_assert_eq(fixture_count(&f, f.files, "tables/orders-1"), 1);
}
