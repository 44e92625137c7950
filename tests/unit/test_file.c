/* Both kinds of file system behave alike; then counting, faults and the log. */
#include "storage_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static Fixture f;
static char root[64];

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(file, .init = setup, .fini = teardown);

static FileSystem *open_kind(bool in_memory) {
    FileSystem *files;
    if (in_memory) {
        MUST(&f, file_system_memory(&f.cx, &files));
    } else {
        snprintf(root, sizeof root, "/tmp/depot-test-XXXXXX");
        cr_assert_not_null(mkdtemp(root));
        MUST(&f, file_system_host(&f.cx, root, &files));
    }
    return files;
}

static void close_kind(FileSystem *files, bool in_memory) {
    file_system_free(files);
    if (!in_memory) {
        char command[128];
        snprintf(command, sizeof command, "rm -r %s", root);
        cr_assert_eq(system(command), 0);
    }
}

typedef void Check(FileSystem *files);

/* Runs a check on both kinds. */
static void on_both(Check *check) {
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        FileSystem *files = open_kind(in_memory);
        check(files);
        close_kind(files, in_memory);
    }
}

static void write_text(FileSystem *files, const char *path, const char *text) {
    File *file;
    MUST(&f, file_open(&f.cx, files, path, FILE_CREATE, &file));
    MUST(&f, file_append(&f.cx, file, text, strlen(text)));
    MUST(&f, file_sync(&f.cx, file));
    file_close(file);
}

static void check_text(FileSystem *files, const char *path, const char *text) {
    uint8_t *data;
    size_t bytes;
    MUST(&f, file_read_all(&f.cx, files, path, 1000, &data, &bytes));
    cr_assert(bytes == strlen(text) && memcmp(data, text, bytes) == 0);
    mem_free(data);
}

static void check_appends(FileSystem *files) {
    File *file;
    char piece[1000], large[200000], got[1000];
    memset(large, 'L', sizeof large);
    MUST(&f, file_open(&f.cx, files, "a", FILE_CREATE, &file));
    for (int i = 0; i < 300; i++) {
        memset(piece, 'a' + i % 26, sizeof piece);
        MUST(&f, file_append(&f.cx, file, piece, sizeof piece));
    }
    MUST(&f, file_append(&f.cx, file, large, sizeof large));
    MUST(&f, file_append(&f.cx, file, "end", 3));
    cr_assert_eq(file_appended(file), 500003);
    uint64_t bytes;
    MUST(&f, file_size(&f.cx, file, &bytes));
    cr_assert_eq(bytes, 500003);
    MUST(&f, file_flush(&f.cx, file));
    file_close(file);
    MUST(&f, file_open(&f.cx, files, "a", FILE_READ, &file));
    MUST(&f, file_read(&f.cx, file, 27000, got, 1000));
    cr_assert_eq(got[0], 'b');
    cr_assert_eq(got[999], 'b');
    MUST(&f, file_read(&f.cx, file, 499999, got, 4));
    cr_assert_eq(memcmp(got, "Lend", 4), 0);
    size_t count;
    MUST(&f, file_read_some(&f.cx, file, 500000, got, 10, &count));
    cr_assert_eq(count, 3);
    cr_assert_eq(file_read(&f.cx, file, 500000, got, 10), DATA_CORRUPTED);
    cr_assert_not_null(strstr(f.error.message, "\"a\" ends at byte 500003"));
    file_close(file);
}
Test(file, appends_and_reads) {
    on_both(check_appends);
}

static void check_names(FileSystem *files) {
    bool made, exists, removed;
    File *file;
    cr_assert_eq(file_open(&f.cx, files, "missing", FILE_READ, &file), UNDEFINED_FILE);
    cr_assert_eq(file_open(&f.cx, files, "no/directory", FILE_CREATE, &file), UNDEFINED_FILE);
    MUST(&f, file_make_directory(&f.cx, files, "d", &made));
    cr_assert(made);
    MUST(&f, file_make_directory(&f.cx, files, "d", &made));
    cr_assert_not(made);
    cr_assert_eq(file_open(&f.cx, files, "d", FILE_READ, &file), IO_ERROR);
    write_text(files, "d/x", "one");
    write_text(files, "d/y", "two");
    MUST(&f, file_rename(&f.cx, files, "d/x", "d/y"));
    check_text(files, "d/y", "one");
    MUST(&f, file_exists(&f.cx, files, "d/x", &exists));
    cr_assert_not(exists);
    cr_assert_eq(file_rename(&f.cx, files, "d/x", "d/z"), UNDEFINED_FILE);
    MUST(&f, file_remove_directory(&f.cx, files, "d", &removed));
    cr_assert_not(removed);
    cr_assert_eq(fixture_count(&f, files, ""), 1);
    cr_assert_eq(fixture_count(&f, files, "d"), 1);
    MUST(&f, file_remove(&f.cx, files, "d/y"));
    MUST(&f, file_remove(&f.cx, files, "d/y"));
    MUST(&f, file_sync_directory(&f.cx, files, "d"));
    MUST(&f, file_remove_directory(&f.cx, files, "d", &removed));
    cr_assert(removed);
    char name[2 * FILE_PATH_MAX];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    cr_assert_eq(file_open(&f.cx, files, name, FILE_CREATE, &file), INVALID_NAME);
}
Test(file, keeps_names) {
    on_both(check_names);
}

static void check_unlinked(FileSystem *files) {
    File *file;
    bool unlinked;
    char got[3];
    write_text(files, "x", "one");
    write_text(files, "y", "two");
    MUST(&f, file_open(&f.cx, files, "x", FILE_READ, &file));
    MUST(&f, file_is_unlinked(&f.cx, file, &unlinked));
    cr_assert_not(unlinked);
    MUST(&f, file_rename(&f.cx, files, "y", "x"));
    MUST(&f, file_is_unlinked(&f.cx, file, &unlinked));
    cr_assert(unlinked);
    MUST(&f, file_read(&f.cx, file, 0, got, 3));
    cr_assert_eq(memcmp(got, "one", 3), 0);
    file_close(file);
    check_text(files, "x", "two");
}
Test(file, an_open_file_outlives_its_name) {
    on_both(check_unlinked);
}

static void check_update(FileSystem *files) {
    File *file;
    cr_assert_eq(file_open(&f.cx, files, "x", FILE_UPDATE, &file), UNDEFINED_FILE);
    MUST(&f, file_open(&f.cx, files, "x", FILE_UPDATE_OR_MAKE, &file));
    MUST(&f, file_overwrite(&f.cx, file, "long text", 9));
    MUST(&f, file_overwrite(&f.cx, file, "short", 5));
    file_close(file);
    MUST(&f, file_open(&f.cx, files, "x", FILE_UPDATE, &file));
    file_close(file);
    check_text(files, "x", "short");
    uint8_t *data;
    size_t bytes;
    cr_assert_eq(file_read_all(&f.cx, files, "x", 4, &data, &bytes), DATA_CORRUPTED);
}
Test(file, overwrites_in_place) {
    on_both(check_update);
}

static void check_locks(FileSystem *files) {
    File *a, *b;
    bool acquired;
    write_text(files, "x", "");
    MUST(&f, file_open(&f.cx, files, "x", FILE_UPDATE, &a));
    MUST(&f, file_open(&f.cx, files, "x", FILE_UPDATE, &b));
    MUST(&f, file_lock(&f.cx, a, FILE_LOCK_SHARED, &acquired));
    cr_assert(acquired);
    MUST(&f, file_lock(&f.cx, b, FILE_LOCK_SHARED, &acquired));
    cr_assert(acquired);
    MUST(&f, file_lock(&f.cx, a, FILE_LOCK_EXCLUSIVE, &acquired));
    cr_assert_not(acquired);
    MUST(&f, file_lock(&f.cx, b, FILE_LOCK_NONE, &acquired));
    MUST(&f, file_lock(&f.cx, a, FILE_LOCK_EXCLUSIVE, &acquired));
    cr_assert(acquired);
    MUST(&f, file_lock(&f.cx, b, FILE_LOCK_SHARED, &acquired));
    cr_assert_not(acquired);
    file_close(a);
    MUST(&f, file_lock(&f.cx, b, FILE_LOCK_EXCLUSIVE, &acquired));
    cr_assert(acquired);
    file_close(b);
}
Test(file, locks_exclude_each_other) {
    on_both(check_locks);
}

Test(file, counts_fails_and_logs) {
    FileSystem *files = open_kind(true);
    FileCounts before, after;
    file_system_counts(files, &before);
    file_system_log(files, true);
    write_text(files, "x", "one");
    file_system_counts(files, &after);
    cr_assert_eq(after.ops[FILE_OP_WRITE] - before.ops[FILE_OP_WRITE], 1);
    cr_assert_eq(after.ops[FILE_OP_SYNC] - before.ops[FILE_OP_SYNC], 1);
    cr_assert_eq(after.written_bytes - before.written_bytes, 3);
    size_t count;
    const FileLogEntry *log = file_system_log_entries(files, &count);
    cr_assert_eq(count, 3);
    cr_assert_eq(log[0].op, FILE_OP_OPEN);
    cr_assert(log[1].op == FILE_OP_WRITE && log[1].bytes == 3 && memcmp(log[1].data, "one", 3) == 0);
    cr_assert_eq(log[2].op, FILE_OP_SYNC);
    file_system_log(files, false);
    bool exists;
    file_system_fail_nth(files, 2, EIO);
    MUST(&f, file_exists(&f.cx, files, "x", &exists));
    cr_assert_eq(file_exists(&f.cx, files, "x", &exists), IO_ERROR);
    MUST(&f, file_exists(&f.cx, files, "x", &exists));
    file_system_fail_from(files, 1, ENOSPC);
    cr_assert_eq(file_remove(&f.cx, files, "x"), DISK_FULL);
    cr_assert_eq(file_remove(&f.cx, files, "x"), DISK_FULL);
    file_system_fail_nth(files, 0, 0);
    MUST(&f, file_remove(&f.cx, files, "x"));
    close_kind(files, true);
}

/* Each allocation fails once: no crash, no leak. */
Test(file, survives_without_memory) {
    for (int64_t nth = 1; nth < 12; nth++) {
        FileSystem *files = open_kind(true);
        File *file = NULL;
        bool made;
        memory_fail_nth(nth);
        Status status = file_make_directory(&f.cx, files, "d", &made);
        status = status == OK ? file_open(&f.cx, files, "d/x", FILE_CREATE, &file) : status;
        status = status == OK ? file_append(&f.cx, file, "text", 4) : status;
        status = status == OK ? file_flush(&f.cx, file) : status;
        status = status == OK ? file_rename(&f.cx, files, "d/x", "d/y") : status;
        memory_fail_nth(0);
        cr_assert(status == OK || status == OUT_OF_MEMORY);
        file_close(file);
        close_kind(files, true);
    }
}
