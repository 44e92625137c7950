/* For tests of segments: a warehouse in memory, tables of generated rows written by the table writer, and reading them back. */
#ifndef DEPOT_TESTS_TABLE_FIXTURE_H
#define DEPOT_TESTS_TABLE_FIXTURE_H

#include "core/hash.h"
#include "core/notice.h"
#include "core/settings.h"
#include "storage/encodings/encoding.h"
#include "storage/segment_read.h"
#include "storage/table_writer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Fixture {
    MemoryAccount memory;
    Settings settings;
    Error error;
    Context cx;
    FileSystem *files;
    Warehouse *warehouse;
    Arena arena;
} Fixture;

#define MUST(f, call)                                                                                                          \
    do {                                                                                                                       \
        Status must_ = (call);                                                                                                 \
        cr_assert_eq(must_, OK, "%s: %s", status_name(must_), (f)->error.message);                                             \
    } while (0)

static inline void fixture_open(Fixture *f, uint32_t nodes, uint32_t slices, int64_t cache_bytes_max) {
    memset(f, 0, sizeof *f);
    memory_account_init(&f->memory, NULL, "test", 0);
    settings_init(&f->settings);
    f->cx = (Context){.error = &f->error, .memory = &f->memory, .settings = &f->settings};
    arena_init(&f->arena);
    MUST(f, file_system_memory(&f->cx, &f->files));
    WarehouseOptions options = {.create = true, .topology = {nodes, slices}, .cache_bytes_max = cache_bytes_max};
    MUST(f, warehouse_open_on(&f->cx, f->files, &options, &f->warehouse));
}

static inline void fixture_reopen(Fixture *f) {
    warehouse_close(f->warehouse);
    WarehouseOptions options = {0};
    MUST(f, warehouse_open_on(&f->cx, f->files, &options, &f->warehouse));
}

static inline void fixture_close(Fixture *f) {
    warehouse_close(f->warehouse);
    file_system_free(f->files);
    arena_free(&f->arena);
    memory_account_close(&f->memory);
}

static inline void set(Fixture *f, const char *name, const char *value) {
    MUST(f, settings_set(&f->cx, &f->settings, name, value));
}

static inline TableSchema one_column_schema(ColumnDef *column, const char *name, Type type, uint32_t block_rows) {
    *column = (ColumnDef){.name = "v", .type = type};
    return (TableSchema){.schema_name = "public",
                         .name = name,
                         .column_count = 1,
                         .columns = column,
                         .dist_style = DIST_EVEN,
                         .block_rows = block_rows};
}

/* Creates the table and writes vectors from `next` (batch number → batch, false at the end). */
typedef bool NextBatch(void *argument, uint64_t number, Batch *batch);

static inline void write_rows(Fixture *f, const TableSchema *schema, bool create, NextBatch *next, void *argument) {
    Commit *commit;
    TableWriter *writer;
    WriteReport report;
    Batch batch;
    MUST(f, commit_begin(&f->cx, f->warehouse, &commit));
    if (create) {
        MUST(f, commit_create_table(&f->cx, commit, schema));
    }
    const TableVersion *table = commit_find_table(commit, "public", schema->name);
    MUST(f, table_writer_open(&f->cx, commit, table, NULL, 1, &writer));
    for (uint64_t number = 0; next(argument, number, &batch); number++) {
        MUST(f, table_writer_append(&f->cx, writer, number, &batch, true));
    }
    MUST(f, table_writer_finish(&f->cx, writer, &report));
    MUST(f, commit_finish(&f->cx, commit));
}

#endif
