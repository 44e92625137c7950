/* A commit that is cut short anywhere leaves the version before or the version after: by a failing operation, by the death of
 * the process, by the loss of what was not synced. And damaged manifests are told, never believed. */
#include "disk_model.h"

#include <errno.h>

static Fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(commit_crash, .init = setup, .fini = teardown, .timeout = 120);

static Warehouse *open_on(FileSystem *files) {
    Warehouse *warehouse;
    WarehouseOptions options = {.create = true, .topology = {1, 2}};
    MUST(&f, warehouse_open_on(&f.cx, files, &options, &warehouse));
    return warehouse;
}

/* orders with a packed and a whole segment, and a table that will be dropped. */
static void make_first_version(FileSystem *files) {
    Warehouse *warehouse = open_on(files);
    TableSchema orders = fixture_schema("orders", true), doomed = fixture_schema("doomed", false);
    Commit *commit;
    MUST(&f, commit_begin(&f.cx, warehouse, &commit));
    MUST(&f, commit_create_table(&f.cx, commit, &orders));
    MUST(&f, commit_create_table(&f.cx, commit, &doomed));
    uint64_t id = commit_find_table(commit, "public", "orders")->id;
    MUST(&f, fixture_add_segment(&f.cx, commit, id, 0, 400, 0, 1000, false));
    MUST(&f, fixture_add_segment(&f.cx, commit, id, 1, 800, 0, 10, true));
    id = commit_find_table(commit, "public", "doomed")->id;
    MUST(&f, fixture_add_segment(&f.cx, commit, id, 0, 400, 0, 1000, false));
    MUST(&f, commit_finish(&f.cx, commit));
    warehouse_close(warehouse);
}

static uint64_t newest_segment(const TableVersion *table) {
    uint64_t newest = 0;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        newest = table->segments[i].id > newest ? table->segments[i].id : newest;
    }
    return newest;
}

static Status change_tables(Commit *commit) {
    TableSchema fresh = fixture_schema("fresh", true);
    TRY(commit_create_table(&f.cx, commit, &fresh));
    TRY(commit_drop_table(&f.cx, commit, "public", "doomed"));
    const TableVersion *orders = commit_find_table(commit, "public", "orders");
    if (orders == NULL) {
        return OUT_OF_MEMORY;
    }
    uint64_t id = orders->id, packed = 0;
    for (uint32_t i = 0; i < orders->segment_count; i++) {
        packed = orders->segments[i].is_packed ? orders->segments[i].id : packed;
    }
    TRY(commit_remove_segment(&f.cx, commit, id, packed)); /* the tail is rewritten with the new rows */
    TRY(fixture_add_segment(&f.cx, commit, id, 1, 800, 0, 30, true));
    TRY(fixture_add_segment(&f.cx, commit, id, 0, 800, 0, 40, false)); /* written and taken back */
    orders = commit_find_table(commit, "public", "orders");
    if (orders == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(commit_remove_segment(&f.cx, commit, id, newest_segment(orders)));
    return fixture_add_segment(&f.cx, commit, id, 1, 1200, 0, 500, false);
}

static Status make_second_version(Warehouse *warehouse) {
    Commit *commit;
    TRY(commit_begin(&f.cx, warehouse, &commit));
    Status status = change_tables(commit);
    if (status != OK) {
        commit_abort(commit);
        return status;
    }
    return commit_finish(&f.cx, commit);
}

static void check_file(FileSystem *files, const TableVersion *table, const Segment *segment, uint32_t which) {
    char path[FILE_PATH_MAX];
    uint8_t *data;
    size_t bytes;
    segment_file_path(table, segment, which, path);
    MUST(&f, file_read_all(&f.cx, files, path, 100, &data, &bytes));
    cr_assert(bytes == 11 && memcmp(data, "column data", 11) == 0, "%s has lost its data", path);
    mem_free(data);
}

static uint32_t check_files(FileSystem *files, const TableVersion *table) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const Segment *segment = &table->segments[i];
        for (uint32_t column = 0; column < (segment->is_packed ? 1 : 3); column++) {
            check_file(files, table, segment, segment->is_packed ? SEGMENT_FILE_PACKED : column);
            count++;
        }
    }
    return count;
}

/* One version whole: 1 for the first, 2 for the second. Counts the files that it names below tables/. */
static int check_version(FileSystem *files, Warehouse *warehouse, uint32_t *named) {
    Snapshot *snapshot;
    MUST(&f, warehouse_snapshot(&f.cx, warehouse, &snapshot));
    const TableVersion *orders = snapshot_find_table(snapshot, "public", "orders");
    bool is_second = snapshot_find_table(snapshot, "public", "fresh") != NULL;
    cr_assert_eq(orders->rows, is_second ? 1530 : 1010);
    cr_assert_eq(snapshot_find_table(snapshot, "public", "doomed") == NULL, is_second);
    cr_assert_eq(snapshot_table_count(snapshot), 2);
    *named = 0;
    for (uint32_t i = 0; i < 2; i++) {
        *named += check_files(files, snapshot_table(snapshot, i));
    }
    snapshot_release(snapshot);
    return is_second ? 2 : 1;
}

typedef struct Counting {
    FileSystem *files;
    const char *path;
    uint32_t files_found;
} Counting;

static Status count_visit(const Context *cx, void *argument, const char *name, bool is_directory) {
    Counting *counting = argument;
    char path[200];
    snprintf(path, sizeof path, "%s/%s", counting->path, name);
    if (!is_directory) {
        counting->files_found++;
        return OK;
    }
    Counting below = {counting->files, path, 0};
    TRY(file_list(cx, counting->files, path, count_visit, &below));
    cr_assert_gt(below.files_found, 0, "empty directory %s is left", path);
    counting->files_found += below.files_found;
    return OK;
}

/* Nothing is on the disk that the version does not name. */
static void check_nothing_left(FileSystem *files, uint32_t named) {
    Counting tables = {files, "tables", 0};
    MUST(&f, file_list(&f.cx, files, "tables", count_visit, &tables));
    cr_assert_eq(tables.files_found, named);
    cr_assert_eq(fixture_count(&f, files, "manifests"), 3); /* the root and two tables */
    bool exists;
    MUST(&f, file_exists(&f.cx, files, "CURRENT.new", &exists));
    cr_assert_not(exists);
}

static void check_after(FileSystem *files, bool must_be_clean) {
    uint32_t named;
    Warehouse *warehouse = open_on(files);
    int version = check_version(files, warehouse, &named);
    if (must_be_clean) {
        check_nothing_left(files, named);
    }
    if (version == 1) { /* and it can go on */
        MUST(&f, make_second_version(warehouse));
        cr_assert_eq(check_version(files, warehouse, &named), 2);
    }
    warehouse_close(warehouse);
}

typedef void Inject(FileSystem *files, int64_t nth, int error);

static uint64_t ops_of(FileSystem *files) {
    FileCounts counts;
    file_system_counts(files, &counts);
    uint64_t ops = 0;
    for (int op = 0; op < FILE_OP_COUNT; op++) {
        ops += counts.ops[op];
    }
    return ops;
}

/* Makes the second version while the n-th operation fails. Tells the commit's answer and whether it had fewer operations. */
static FileSystem *commit_with_fault(Inject *inject, int64_t nth, int error, Status *status, bool *went_through) {
    FileSystem *files;
    MUST(&f, file_system_memory(&f.cx, &files));
    make_first_version(files);
    Warehouse *warehouse = open_on(files);
    uint64_t ops = ops_of(files);
    inject(files, nth, error);
    *status = make_second_version(warehouse);
    *went_through = (int64_t)(ops_of(files) - ops) < nth;
    cr_assert(*status == OK || *status == (error == ENOSPC ? DISK_FULL : IO_ERROR), "%s: %s", status_name(*status),
              f.error.message);
    warehouse_close(warehouse);
    file_system_fail_nth(files, 0, 0);
    return files;
}

/* The number of the last operation whose failure keeps the new version away. */
static int64_t find_last_before_commit(void) {
    for (int64_t nth = 1;; nth++) {
        Status status;
        bool went_through;
        uint32_t named;
        FileSystem *files = commit_with_fault(file_system_fail_from, nth, EIO, &status, &went_through);
        Warehouse *warehouse = open_on(files);
        int version = check_version(files, warehouse, &named);
        warehouse_close(warehouse);
        file_system_free(files);
        if (version == 2) {
            return nth - 1;
        }
    }
}

/* The n-th operation fails, for each n until the commit goes through. */
static void fail_everywhere(Inject *inject, int error) {
    int64_t last_before = find_last_before_commit();
    bool went_through = false;
    for (int64_t nth = 1; !went_through; nth++) {
        Status status;
        FileSystem *files = commit_with_fault(inject, nth, error, &status, &went_through);
        cr_assert(status != OK || nth > last_before, "failure of operation %lld was not told", (long long)nth);
        cr_assert(!went_through || status == OK);
        check_after(files, true);
        file_system_free(files);
    }
}

Test(commit_crash, survives_every_failing_operation) {
    fail_everywhere(file_system_fail_nth, EIO);
}
Test(commit_crash, survives_a_full_disk_at_every_operation) {
    fail_everywhere(file_system_fail_nth, ENOSPC);
}
Test(commit_crash, survives_a_disk_that_goes_away_at_every_operation) {
    fail_everywhere(file_system_fail_from, EIO);
}

/* The n-th allocation of opening, committing and reading fails: an error or success, and nothing leaks. */
Test(commit_crash, survives_without_memory) {
    bool went_through = false;
    for (int64_t nth = 1; !went_through; nth++) {
        FileSystem *files;
        MUST(&f, file_system_memory(&f.cx, &files));
        make_first_version(files);
        Warehouse *warehouse = NULL;
        Snapshot *snapshot = NULL;
        WarehouseOptions options = {.create = true};
        memory_fail_nth(nth);
        Status status = warehouse_open_on(&f.cx, files, &options, &warehouse);
        Status committed = status == OK ? make_second_version(warehouse) : status;
        status = committed == OK ? warehouse_snapshot(&f.cx, warehouse, &snapshot) : committed;
        void *probe = mem_alloc(&f.cx, 1); /* fails if the injected failure is still to come */
        went_through = probe == NULL || nth > 5000;
        memory_fail_nth(0);
        mem_free(probe);
        cr_assert(status == OK || status == OUT_OF_MEMORY, "%s: %s", status_name(status), f.error.message);
        if (status == OK) {
            snapshot_release(snapshot);
        }
        warehouse_close(warehouse);
        check_after(files, true);
        file_system_free(files);
    }
}

static size_t index_of_rename(const FileLogEntry *log, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (log[i].op == FILE_OP_RENAME) {
            return i;
        }
    }
    cr_assert_fail("a commit renames its pointer");
    return count;
}

/* Each prefix of a commit's log, with each way of losing what was not synced. */
Test(commit_crash, survives_every_prefix_of_its_log) {
    FileSystem *files;
    MUST(&f, file_system_memory(&f.cx, &files));
    make_first_version(files);
    Warehouse *warehouse = open_on(files);
    file_system_log(files, true);
    MUST(&f, make_second_version(warehouse));
    warehouse_close(warehouse);
    size_t count;
    const FileLogEntry *log = file_system_log_entries(files, &count);
    size_t renamed = index_of_rename(log, count);
    FileSystem *before;
    MUST(&f, file_system_memory(&f.cx, &before));
    make_first_version(before); /* the same as `files` was: ids and names do not depend on the run */
    for (size_t prefix = 0; prefix <= count; prefix++) {
        DiskModel *model = model_of(&f, before);
        for (size_t i = 0; i < prefix; i++) {
            model_apply(model, &log[i]);
        }
        for (CrashMode mode = 0; mode < CRASH_MODES; mode++) {
            FileSystem *crashed = model_crash(&f, model, mode);
            uint32_t named;
            Warehouse *found = open_on(crashed);
            int version = check_version(crashed, found, &named);
            warehouse_close(found);
            cr_assert(version == 1 || prefix > renamed, "prefix %zu shows the new version before the rename", prefix);
            bool is_synced = prefix > renamed + 1; /* the directory's sync follows the rename */
            cr_assert(version == 2 || !is_synced, "prefix %zu, mode %d: a durable commit was lost", prefix, mode);
            check_after(crashed, mode == CRASH_KEEPS_ALL);
            file_system_free(crashed);
        }
        model_free(model);
    }
    file_system_free(before);
    file_system_log(files, false);
    file_system_free(files);
}

/* The same for making a warehouse: what is found is empty or not begun, and can be used. */
Test(commit_crash, making_one_survives_every_prefix_of_its_log) {
    FileSystem *files, *empty;
    MUST(&f, file_system_memory(&f.cx, &files));
    MUST(&f, file_system_memory(&f.cx, &empty));
    file_system_log(files, true);
    warehouse_close(open_on(files));
    size_t count;
    const FileLogEntry *log = file_system_log_entries(files, &count);
    for (size_t prefix = 0; prefix <= count; prefix++) {
        DiskModel *model = model_of(&f, empty);
        for (size_t i = 0; i < prefix; i++) {
            model_apply(model, &log[i]);
        }
        for (CrashMode mode = 0; mode < CRASH_MODES; mode++) {
            FileSystem *crashed = model_crash(&f, model, mode);
            make_first_version(crashed);
            check_after(crashed, true);
            file_system_free(crashed);
        }
        model_free(model);
    }
    file_system_log(files, false);
    file_system_free(empty);
    file_system_free(files);
}

/* ------------------------------------------------------------------------------------------------------------------- damage */

static void overwrite(FileSystem *files, const char *path, const uint8_t *data, size_t bytes) {
    File *file;
    MUST(&f, file_open(&f.cx, files, path, FILE_CREATE, &file));
    MUST(&f, file_append(&f.cx, file, data, bytes));
    MUST(&f, file_flush(&f.cx, file));
    file_close(file);
}

/* An error that names the file, or the answer as before. */
static void check_told(FileSystem *files, const char *path, bool may_be_right) {
    Warehouse *warehouse;
    WarehouseOptions options = {.read_only = true};
    Status status = warehouse_open_on(&f.cx, files, &options, &warehouse);
    if (status == OK) {
        uint32_t named;
        cr_assert(may_be_right, "damage of %s was not seen", path);
        cr_assert_eq(check_version(files, warehouse, &named), 2);
        warehouse_close(warehouse);
        return;
    }
    cr_assert_eq(status, DATA_CORRUPTED, "%s: %s", path, f.error.message);
    cr_assert_not_null(strstr(f.error.message, path), "%s is not named in: %s", path, f.error.message);
}

static void damage_file(FileSystem *files, const char *path) {
    uint8_t *data;
    size_t bytes;
    MUST(&f, file_read_all(&f.cx, files, path, 1 << 20, &data, &bytes));
    bool may_be_right = strcmp(path, "LOCK") == 0; /* a reader does not look at it */
    static const uint8_t changes[] = {1, 0x80, 0xff};
    for (size_t i = 0; i < bytes; i++) {
        for (size_t change = 0; change < sizeof changes; change++) {
            data[i] ^= changes[change];
            overwrite(files, path, data, bytes);
            check_told(files, path, may_be_right);
            data[i] ^= changes[change];
        }
        overwrite(files, path, data, i);
        check_told(files, path, may_be_right);
    }
    overwrite(files, path, data, bytes);
    mem_free(data);
}

static Status damage_visit(const Context *cx, void *files, const char *name, bool is_directory) {
    (void)cx, (void)is_directory;
    char path[200];
    snprintf(path, sizeof path, "manifests/%s", name);
    damage_file(files, path);
    return OK;
}

Test(commit_crash, tells_every_damage_of_a_manifest) {
    FileSystem *files;
    MUST(&f, file_system_memory(&f.cx, &files));
    make_first_version(files);
    Warehouse *warehouse = open_on(files);
    MUST(&f, make_second_version(warehouse));
    warehouse_close(warehouse);
    damage_file(files, "CURRENT");
    damage_file(files, "LOCK");
    MUST(&f, file_list(&f.cx, files, "manifests", damage_visit, files));
    check_after(files, true);
    file_system_free(files);
}

Test(commit_crash, tells_a_missing_manifest) {
    FileSystem *files;
    MUST(&f, file_system_memory(&f.cx, &files));
    make_first_version(files);
    WarehouseOptions options = {.read_only = true};
    Warehouse *warehouse;
    MUST(&f, file_remove(&f.cx, files, "manifests/table-1-2"));
    cr_assert_eq(warehouse_open_on(&f.cx, files, &options, &warehouse), DATA_CORRUPTED);
    MUST(&f, file_remove(&f.cx, files, "manifests/root-2"));
    cr_assert_eq(warehouse_open_on(&f.cx, files, &options, &warehouse), DATA_CORRUPTED);
    MUST(&f, file_remove(&f.cx, files, "CURRENT"));
    cr_assert_eq(warehouse_open_on(&f.cx, files, &options, &warehouse), UNDEFINED_FILE);
    options = (WarehouseOptions){.create = true}; /* what lost its pointer is not taken for an empty one */
    bool made;
    MUST(&f, file_make_directory(&f.cx, files, "manifests", &made));
    overwrite(files, "manifests/root-2", (const uint8_t *)"x", 1);
    cr_assert_eq(warehouse_open_on(&f.cx, files, &options, &warehouse), DATA_CORRUPTED);
    file_system_free(files);
}
