/* A warehouse in a directory of the host, and several processes at it: readers beside a writer, a writer that is killed. */
#include "storage_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static Fixture f;
static char path[64];

static void setup(void) {
    fixture_open(&f);
    snprintf(path, sizeof path, "/tmp/depot-test-XXXXXX");
    cr_assert_not_null(mkdtemp(path));
}
static void teardown(void) {
    char command[128];
    fixture_close(&f);
    snprintf(command, sizeof command, "rm -r %s", path);
    cr_assert_eq(system(command), 0);
}
TestSuite(warehouse_disk, .init = setup, .fini = teardown, .timeout = 120);

static Warehouse *open_warehouse(bool read_only) {
    Warehouse *warehouse;
    WarehouseOptions options = {.create = !read_only, .read_only = read_only, .topology = {1, 2}};
    MUST(&f, warehouse_open(&f.cx, path, &options, &warehouse));
    return warehouse;
}

static void create_table(Warehouse *warehouse) {
    TableSchema schema = fixture_schema("orders", false);
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    MUST(&f, commit_create_table(&f.cx, commit, &schema));
    MUST(&f, commit_finish(&f.cx, commit));
}

/* Replaces all of orders by two segments of `rows` rows each: a version is whole if both have the same. */
static Status replace(Warehouse *warehouse, uint32_t rows) {
    Commit *commit;
    TRY(commit_begin(&f.cx, warehouse, &commit));
    const TableVersion *orders = commit_find_table(commit, "public", "orders");
    uint64_t id = orders->id;
    Status status = OK;
    for (uint32_t i = 0; i < orders->segment_count && status == OK; i++) {
        status = commit_remove_segment(&f.cx, commit, id, orders->segments[i].id);
    }
    for (uint32_t slice = 0; slice < 2 && status == OK; slice++) {
        status = fixture_add_segment(&f.cx, commit, id, slice, 400, 0, rows, rows % 2 == 0);
    }
    if (status != OK) {
        commit_abort(commit);
        return status;
    }
    return commit_finish(&f.cx, commit);
}

static bool segment_is_there(FileSystem *files, const TableVersion *table, const Segment *segment) {
    char file[FILE_PATH_MAX];
    uint8_t *data;
    size_t bytes;
    segment_file_path(table, segment, segment->is_packed ? SEGMENT_FILE_PACKED : 2, file);
    if (file_read_all(&f.cx, files, file, 100, &data, &bytes) != OK) {
        return false;
    }
    mem_free(data);
    return bytes == 11;
}

/* Reads the newest version and looks at all its files. */
static bool version_is_whole(Warehouse *warehouse) {
    Snapshot *snapshot;
    if (warehouse_snapshot(&f.cx, warehouse, &snapshot) != OK) {
        fprintf(stderr, "%s\n", f.error.message);
        return false;
    }
    const TableVersion *orders = snapshot_find_table(snapshot, "public", "orders");
    bool is_whole =
        orders->segment_count == 0 || (orders->segment_count == 2 && orders->segments[0].rows == orders->segments[1].rows);
    for (uint32_t i = 0; i < orders->segment_count; i++) {
        is_whole = is_whole && segment_is_there(warehouse_files(warehouse), orders, &orders->segments[i]);
    }
    snapshot_release(snapshot);
    return is_whole;
}

static uint32_t count_files(const char *below) {
    Warehouse *warehouse = open_warehouse(true);
    uint32_t count = fixture_count(&f, warehouse_files(warehouse), below);
    warehouse_close(warehouse);
    return count;
}

Test(warehouse_disk, is_made_read_and_tidied) {
    Warehouse *warehouse = open_warehouse(false);
    cr_assert_str_eq(warehouse_path(warehouse), path);
    create_table(warehouse);
    MUST(&f, replace(warehouse, 10));
    MUST(&f, replace(warehouse, 11));
    cr_assert(version_is_whole(warehouse));
    warehouse_close(warehouse);
    cr_assert_eq(count_files("manifests"), 2);
    cr_assert_eq(count_files("tables/orders-1"), 6);
    warehouse = open_warehouse(true);
    cr_assert(version_is_whole(warehouse));
    warehouse_close(warehouse);
}

Test(warehouse_disk, missing_directories_are_told) {
    Warehouse *warehouse;
    WarehouseOptions options = {.create = true};
    cr_assert_eq(warehouse_open(&f.cx, "/tmp/depot-no-such-directory/below", &options, &warehouse), UNDEFINED_FILE);
    options.create = false;
    cr_assert_eq(warehouse_open(&f.cx, "/tmp/depot-no-such-directory", &options, &warehouse), UNDEFINED_FILE);
    cr_assert_eq(warehouse_open(&f.cx, "/dev/null", &options, &warehouse), IO_ERROR);
}

Test(warehouse_disk, readers_see_whole_versions_while_one_writes) {
    Warehouse *warehouse = open_warehouse(false);
    create_table(warehouse);
    pid_t readers[2];
    for (int i = 0; i < 2; i++) {
        readers[i] = fork();
        if (readers[i] == 0) {
            Warehouse *mine = open_warehouse(true);
            bool is_whole = true;
            for (int round = 0; round < 400 && is_whole; round++) {
                is_whole = version_is_whole(mine);
            }
            _exit(is_whole ? 0 : 1);
        }
    }
    int ended = 0;
    for (uint32_t rows = 1; ended < 2; rows++) {
        MUST(&f, replace(warehouse, rows));
        for (int i = 0; i < 2; i++) {
            int status;
            if (readers[i] != 0 && waitpid(readers[i], &status, WNOHANG) == readers[i]) {
                cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
                readers[i] = 0;
                ended++;
            }
        }
    }
    MUST(&f, replace(warehouse, 10));
    warehouse_close(warehouse);
    cr_assert_eq(count_files("manifests"), 2);
    cr_assert_eq(count_files("tables/orders-1"), 2);
}

Test(warehouse_disk, a_killed_writer_leaves_a_whole_version) {
    Warehouse *warehouse = open_warehouse(false);
    create_table(warehouse);
    warehouse_close(warehouse);
    srand(7);
    for (int round = 0; round < 100; round++) {
        pid_t writer = fork();
        if (writer == 0) {
            Warehouse *mine = open_warehouse(false);
            for (uint32_t rows = 1;; rows++) {
                if (replace(mine, rows) != OK) {
                    _exit(1);
                }
            }
        }
        struct timespec wait = {.tv_nsec = rand() % 20000000};
        nanosleep(&wait, NULL);
        kill(writer, SIGKILL);
        int status;
        waitpid(writer, &status, 0);
        cr_assert(WIFSIGNALED(status));
        warehouse = open_warehouse(round % 2 == 0); /* reading works beside the leftovers, writing removes them */
        cr_assert(version_is_whole(warehouse));
        warehouse_close(warehouse);
    }
    warehouse = open_warehouse(false);
    MUST(&f, replace(warehouse, 10));
    warehouse_close(warehouse);
    cr_assert_eq(count_files("manifests"), 2);
    cr_assert_eq(count_files("tables/orders-1"), 2);
    cr_assert_eq(count_files(""), 4);
}

/* A reader that opens during a commit removes nothing of it, and a second writer is told who is at work. */
Test(warehouse_disk, opening_beside_a_writer_removes_nothing) {
    Warehouse *warehouse = open_warehouse(false);
    create_table(warehouse);
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    uint64_t id = commit_find_table(commit, "public", "orders")->id;
    MUST(&f, fixture_add_segment(&f.cx, commit, id, 0, 400, 0, 10, false));
    Warehouse *reader = open_warehouse(true), *writer = open_warehouse(false);
    cr_assert_eq(count_files("tables/orders-1"), 3);
    warehouse_close(reader);
    warehouse_close(writer);
    MUST(&f, commit_finish(&f.cx, commit));
    cr_assert_eq(count_files("tables/orders-1"), 3);
    warehouse_close(warehouse);
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* 84 partitions × 8 slices of 17 columns: what EXPLAIN has to read. */
Test(warehouse_disk, opens_many_partitions_quickly) {
    enum { COLUMNS = 17, PARTITIONS = 84, SLICES = 8 };
    Type integer = {.id = TYPE_INTEGER}, varchar = {.id = TYPE_VARCHAR};
    Warehouse *warehouse;
    WarehouseOptions options = {.create = true, .topology = {4, 2}};
    MUST(&f, warehouse_open(&f.cx, path, &options, &warehouse));
    ColumnDef columns[COLUMNS];
    SegmentColumn parts[COLUMNS];
    uint8_t sketch[HLL_BYTES];
    const uint8_t *sketches[COLUMNS];
    memset(sketch, 3, sizeof sketch);
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = (ColumnDef){.name = "column", .type = i % 4 == 0 ? varchar : integer};
        Value value =
            i % 4 == 0 ? value_text(varchar, text_view("a text of twenty-odd bytes", 26)) : value_i64(integer, 19941231);
        parts[i] = (SegmentColumn){.file_bytes = 100000, .range = {true, false, 10000, 0, value, value}};
        sketches[i] = sketch;
    }
    PartitionKey key = {.transform = PARTITION_IDENTITY, .column = 1};
    TableSchema schema = fixture_schema("lineorder", false);
    schema.column_count = COLUMNS;
    schema.columns = columns;
    schema.partition_key_count = 1;
    schema.partition_keys = &key;
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    MUST(&f, commit_create_table(&f.cx, commit, &schema));
    uint64_t id = commit_find_table(commit, "public", "lineorder")->id;
    for (int i = 0; i < PARTITIONS * SLICES; i++) {
        Segment segment = {.slice = (uint32_t)(i % SLICES), .rows = 10000, .block_rows = 8192, .columns = parts};
        Value value = value_i64(integer, i / SLICES);
        MUST(&f, commit_partition(&f.cx, commit, id, &value, &segment.partition));
        segment.id = commit_new_id(commit);
        MUST(&f, commit_add_segment(&f.cx, commit, id, &segment));
    }
    MUST(&f, commit_merge_sketches(&f.cx, commit, id, sketches));
    MUST(&f, commit_finish(&f.cx, commit));
    warehouse_close(warehouse);
    double best_ms = 1e9;
    for (int i = 0; i < 10; i++) {
        double start = now_ms();
        warehouse = open_warehouse(true);
        Snapshot *snapshot;
        MUST(&f, warehouse_snapshot(&f.cx, warehouse, &snapshot));
        double took = now_ms() - start;
        best_ms = took < best_ms ? took : best_ms;
        cr_assert_eq(snapshot_table(snapshot, 0)->segment_count, PARTITIONS * SLICES);
        snapshot_release(snapshot);
        warehouse_close(warehouse);
    }
    cr_log_info("opening takes %.2f ms", best_ms);
    cr_assert_lt(best_ms, 20, "opening takes %.2f ms", best_ms);
}
