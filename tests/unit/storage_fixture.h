/* What the tests of the warehouse directory share: a context, a small schema, segments whose files hold a few bytes. */
#ifndef DEPOT_TESTS_STORAGE_FIXTURE_H
#define DEPOT_TESTS_STORAGE_FIXTURE_H

#include "core/settings.h"
#include "storage/warehouse.h"

#include <criterion/criterion.h>
#include <stdio.h>

typedef struct Fixture {
    Error error;
    MemoryAccount memory;
    Settings settings;
    Context cx;
    FileSystem *files; /* in memory */
} Fixture;

static inline void fixture_open(Fixture *f) {
    memset(f, 0, sizeof *f);
    memory_account_init(&f->memory, NULL, "test", 0);
    settings_init(&f->settings);
    f->cx = (Context){.error = &f->error, .memory = &f->memory, .settings = &f->settings};
    cr_assert_eq(file_system_memory(&f->cx, &f->files), OK);
}

/* Everything must have been given back. */
static inline void fixture_close(Fixture *f) {
    file_system_free(f->files);
    cr_assert_eq(atomic_load(&f->memory.used_bytes), 0, "%lld bytes are left", (long long)f->memory.used_bytes);
    memory_account_close(&f->memory);
}

#define MUST(f, call)                                                                                                          \
    do {                                                                                                                       \
        Status must_ = (call);                                                                                                 \
        cr_assert_eq(must_, OK, "%s: %s %s", #call, status_name(must_), (f)->error.message);                                   \
    } while (0)

static const PartitionKey fixture_partition = {.transform = PARTITION_YEAR, .column = 1};

/* orders(id integer, day date, note varchar), partitioned by year(day) if asked. */
static inline TableSchema fixture_schema(const char *name, bool is_partitioned) {
    static const ColumnDef columns[] = {{.name = "id", .type = {.id = TYPE_INTEGER}, .not_null = true},
                                        {.name = "day", .type = {.id = TYPE_DATE}},
                                        {.name = "note", .type = {.id = TYPE_VARCHAR}, .default_sql = "'none'"}};
    static const uint32_t sort_keys[] = {1, 0};
    return (TableSchema){.schema_name = "public",
                         .name = name,
                         .column_count = 3,
                         .columns = columns,
                         .dist_style = DIST_KEY,
                         .dist_column = 0,
                         .sort_key_count = 2,
                         .sort_keys = sort_keys,
                         .partition_key_count = is_partitioned,
                         .partition_keys = &fixture_partition,
                         .block_rows = 8192};
}

static inline Status fixture_write(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment,
                                   uint32_t which) {
    File *file;
    TRY(commit_create_file(cx, commit, table_id, segment, which, &file));
    Status status = file_append(cx, file, "column data", 11);
    if (status == OK) {
        status = file_flush(cx, file);
    }
    file_close(file);
    return status;
}

/* A segment of `rows` rows of fixture_schema: id from `first`, day `day`, note null in half of them. */
static inline Status fixture_add_segment(const Context *cx, Commit *commit, uint64_t table_id, uint32_t slice, int32_t day,
                                         int32_t first, uint32_t rows, bool is_packed) {
    Type integer = {.id = TYPE_INTEGER}, date = {.id = TYPE_DATE}, varchar = {.id = TYPE_VARCHAR};
    SegmentColumn columns[3] = {
        {.file_bytes = 11,
         .range = {true, false, rows, 0, value_i64(integer, first), value_i64(integer, first + (int32_t)rows - 1)}},
        {.file_bytes = 11, .range = {true, false, rows, 0, value_i64(date, day), value_i64(date, day)}},
        {.file_bytes = 11,
         .text_bytes = rows * 5,
         .dictionary_size = 2,
         .range = {true, false, rows, rows / 2, value_text(varchar, text_view("a note of some length", 21)),
                   value_text(varchar, text_view("z", 1))}}};
    Segment segment = {.slice = slice,
                       .rows = rows,
                       .bytes = 33,
                       .block_rows = 8192,
                       .is_packed = is_packed,
                       .is_sorted = true,
                       .columns = columns};
    Value year = value_i64(integer, 1970 + day / 366);
    TRY(commit_partition(cx, commit, table_id, &year, &segment.partition));
    segment.id = commit_new_id(commit);
    for (uint32_t which = 0; which < (is_packed ? 1 : 3); which++) {
        TRY(fixture_write(cx, commit, table_id, &segment, is_packed ? SEGMENT_FILE_PACKED : which));
    }
    return commit_add_segment(cx, commit, table_id, &segment);
}

/* Number of files and directories below `path`. */
static inline Status fixture_count_visit(const Context *cx, void *count, const char *name, bool is_directory) {
    (void)cx, (void)name, (void)is_directory;
    ++*(uint32_t *)count;
    return OK;
}
static inline uint32_t fixture_count(Fixture *f, FileSystem *files, const char *path) {
    uint32_t count = 0;
    if (file_list(&f->cx, files, path, fixture_count_visit, &count) == UNDEFINED_FILE) {
        return 0;
    }
    return count;
}

#endif
