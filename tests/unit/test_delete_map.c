/* Delete maps: what is marked comes back, in every pattern; a map that is replaced or not needed leaves no file; every damaged
 * byte is told with the file's name; small last segments lose their deleted rows when they are rewritten. */
#include "storage/check.h"
#include "table_fixture.h"

static Fixture f;
static void setup(void) {
    fixture_open(&f, 1, 1, 1 << 24);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(delete_map, .init = setup, .fini = teardown, .timeout = 240);

enum { BLOCK_ROWS = 2048 };
static ColumnDef column;
static TableSchema schema;

typedef struct Numbers {
    int64_t first, rows;
    Vector vector;
} Numbers;

static bool next_numbers(void *numbers_, uint64_t number, Batch *batch) {
    Numbers *n = numbers_;
    int64_t at = (int64_t)number * BATCH_ROWS_MAX;
    if (at >= n->rows) {
        return false;
    }
    MUST(&f, vector_prepare_flat(&f.cx, &n->vector, column.type));
    batch->rows = n->rows - at < BATCH_ROWS_MAX ? (uint32_t)(n->rows - at) : BATCH_ROWS_MAX;
    batch->column_count = 1;
    batch->columns = &n->vector;
    for (uint32_t i = 0; i < batch->rows; i++) {
        ((int64_t *)n->vector.data)[i] = n->first + at + i;
    }
    return true;
}

/* Numbers 0, 1, 2 …: the number is the row. */
static void write_numbers(int64_t first, int64_t rows) {
    Numbers numbers = {.first = first, .rows = rows};
    schema = one_column_schema(&column, "t", type_make(TYPE_BIGINT), BLOCK_ROWS);
    vector_init(&numbers.vector, column.type);
    write_rows(&f, &schema, first == 0, next_numbers, &numbers);
    vector_free(&numbers.vector);
}

typedef bool Pattern(uint64_t row, uint64_t rows);
static bool one(uint64_t row, uint64_t rows) {
    return row == rows / 2;
}
static bool first_and_last(uint64_t row, uint64_t rows) {
    return row == 0 || row == rows - 1;
}
static bool every_other(uint64_t row, uint64_t rows) {
    (void)rows;
    return row % 2 == 1;
}
static bool a_run(uint64_t row, uint64_t rows) {
    return row > 100 && row < rows - 100;
}
static bool all_but_one(uint64_t row, uint64_t rows) {
    return row != rows / 3;
}
static bool scattered(uint64_t row, uint64_t rows) {
    (void)rows;
    return hash_u64(row) % 10 == 0;
}
static bool all(uint64_t row, uint64_t rows) {
    return row < rows;
}

static const TableVersion *newest(Snapshot **snapshot) {
    MUST(&f, warehouse_snapshot(&f.cx, f.warehouse, snapshot));
    return snapshot_find_table(*snapshot, "public", "t");
}

/* Deletes rows of the first segment that match, besides those that are deleted already. */
static void delete_rows(Pattern *pattern) {
    Snapshot *snapshot;
    Commit *commit;
    SegmentReader *reader;
    DeleteMap *before, *map;
    MUST(&f, commit_begin(&f.cx, f.warehouse, &commit));
    const TableVersion *table = newest(&snapshot);
    const Segment *segment = &table->segments[0];
    MUST(&f, segment_open(&f.cx, snapshot, table, segment, &reader));
    MUST(&f, segment_deletes(&f.cx, reader, segment, &before));
    MUST(&f, delete_map_create(&f.cx, segment->rows, before, &map));
    for (uint64_t row = 0; row < segment->rows; row++) {
        if (pattern(row, segment->rows)) {
            delete_map_add(map, row);
        }
    }
    MUST(&f, commit_delete_rows(&f.cx, commit, table->id, segment, map));
    MUST(&f, commit_finish(&f.cx, commit));
    delete_map_release(before);
    delete_map_release(map);
    segment_close(reader);
    snapshot_release(snapshot);
}

static void expect_pattern(Pattern *pattern) {
    Snapshot *snapshot;
    SegmentReader *reader;
    DeleteMap *map;
    const TableVersion *table = newest(&snapshot);
    const Segment *segment = &table->segments[0];
    uint64_t deleted = 0;
    MUST(&f, segment_open(&f.cx, snapshot, table, segment, &reader));
    MUST(&f, segment_deletes(&f.cx, reader, segment, &map));
    uint8_t live[BLOCK_ROWS];
    for (uint64_t first = 0; first < segment->rows; first += BLOCK_ROWS) {
        uint32_t rows = segment->rows - first < BLOCK_ROWS ? (uint32_t)(segment->rows - first) : BLOCK_ROWS, kept = 0;
        uint32_t said = delete_map_live(map, first, rows, live);
        for (uint32_t i = 0; i < rows; i++) {
            cr_assert_eq(live[i], !pattern(first + i, segment->rows), "row %llu", (unsigned long long)(first + i));
            kept += live[i];
        }
        cr_assert_eq(said, kept);
        cr_assert_eq(delete_map_count(map, first, rows), rows - kept);
        deleted += rows - kept;
    }
    cr_assert_eq(segment->deleted_rows, deleted);
    cr_assert_eq(table->rows, segment->rows - deleted);
    delete_map_release(map);
    segment_close(reader);
    snapshot_release(snapshot);
}

static Status count_visit(const Context *cx, void *argument, const char *name, bool is_directory);
typedef struct FileCount {
    char path[FILE_PATH_MAX];
    uint32_t maps, others;
    char map[FILE_PATH_MAX]; /* the last one seen */
} FileCount;
static Status count_visit(const Context *cx, void *argument, const char *name, bool is_directory) {
    FileCount *count = argument;
    char outer[FILE_PATH_MAX];
    strcpy(outer, count->path);
    cr_assert_lt(snprintf(count->path, sizeof count->path, "%.500s/%.200s", outer, name), FILE_PATH_MAX);
    if (is_directory) {
        TRY(file_list(cx, f.files, count->path, count_visit, count));
    } else if (strstr(name, ".d") != NULL) {
        count->maps++;
        strcpy(count->map, count->path);
    } else {
        count->others++;
    }
    strcpy(count->path, outer);
    return OK;
}

static FileCount files_there(void) {
    FileCount count = {.path = "tables"};
    MUST(&f, file_list(&f.cx, f.files, count.path, count_visit, &count));
    return count;
}

static Status no_problem(const Context *cx, void *argument, const CheckProblem *problem) {
    (void)cx, (void)argument;
    cr_assert_fail("%s: %s", problem->file, problem->problem);
    return OK;
}

Test(delete_map, patterns_come_back) {
    static Pattern *const patterns[] = {one, first_and_last, every_other, a_run, all_but_one, scattered};
    static const int64_t sizes[] = {3, 64, 1000, 70001, 300001};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
            if ((patterns[p] == a_run && sizes[s] < 300) || (patterns[p] == scattered && sizes[s] < 64)) {
                continue;
            }
            write_numbers(0, sizes[s]);
            delete_rows(patterns[p]);
            expect_pattern(patterns[p]);
            fixture_reopen(&f);
            expect_pattern(patterns[p]);
            MUST(&f, warehouse_check(&f.cx, f.files, no_problem, NULL));
            Commit *commit;
            MUST(&f, commit_begin(&f.cx, f.warehouse, &commit));
            MUST(&f, commit_drop_table(&f.cx, commit, "public", "t"));
            MUST(&f, commit_finish(&f.cx, commit));
        }
    }
    FileCount left = files_there();
    cr_assert_eq(left.maps + left.others, 0);
}

static uint64_t next_deleted;
static bool is_next(uint64_t row, uint64_t rows) {
    (void)rows;
    return row == next_deleted;
}
static bool up_to_next(uint64_t row, uint64_t rows) {
    (void)rows;
    return row <= next_deleted;
}

Test(delete_map, many_small_deletes_keep_one_file) {
    write_numbers(0, 5000);
    for (next_deleted = 0; next_deleted < 200; next_deleted++) {
        delete_rows(is_next);
        cr_assert_eq(files_there().maps, 1);
    }
    next_deleted = 199;
    expect_pattern(up_to_next);
    delete_rows(all); /* the segment goes, and its map */
    Snapshot *snapshot;
    cr_assert_eq(newest(&snapshot)->segment_count, 0);
    snapshot_release(snapshot);
    FileCount left = files_there();
    cr_assert_eq(left.maps + left.others, 0);
}

/* A reader of an older version still finds the map that it names. */
Test(delete_map, old_versions_keep_theirs) {
    write_numbers(0, 5000);
    delete_rows(one);
    Snapshot *old;
    const TableVersion *table = newest(&old);
    delete_rows(first_and_last);
    cr_assert_eq(files_there().maps, 2);
    SegmentReader *reader;
    DeleteMap *map;
    MUST(&f, segment_open(&f.cx, old, table, &table->segments[0], &reader));
    MUST(&f, segment_deletes(&f.cx, reader, &table->segments[0], &map));
    cr_assert_eq(delete_map_count(map, 0, 5000), 1);
    delete_map_release(map);
    segment_close(reader);
    snapshot_release(old);
    delete_rows(every_other);
    cr_assert_eq(files_there().maps, 1);
}

static int64_t live_sum(void) {
    Snapshot *snapshot;
    int64_t sum = 0;
    const TableVersion *table = newest(&snapshot);
    for (uint32_t s = 0; s < table->segment_count; s++) {
        SegmentReader *reader;
        DeleteMap *map;
        ColumnBlock block;
        Vector read;
        uint8_t live[BLOCK_ROWS];
        vector_init(&read, column.type);
        MUST(&f, segment_open(&f.cx, snapshot, table, &table->segments[s], &reader));
        MUST(&f, segment_deletes(&f.cx, reader, &table->segments[s], &map));
        for (uint32_t b = 0; b < segment_block_count(reader); b++) {
            MUST(&f, column_block_open(&f.cx, reader, 0, b, NULL, &block));
            MUST(&f, column_block_decode(&f.cx, &block, 0, block.rows, &read));
            memset(live, 1, sizeof live);
            if (map != NULL) {
                delete_map_live(map, (uint64_t)b * BLOCK_ROWS, block.rows, live);
            }
            for (uint32_t i = 0; i < block.rows; i++) {
                sum += live[i] ? vector_value(&read, i).i64 : 0;
            }
            column_block_close(&block);
        }
        vector_free(&read);
        delete_map_release(map);
        segment_close(reader);
    }
    snapshot_release(snapshot);
    return sum;
}

Test(delete_map, a_small_last_segment_is_rewritten_without) {
    write_numbers(0, 1000);
    delete_rows(every_other);
    cr_assert_eq(live_sum(), 2 * 499 * 500 / 2);
    write_numbers(1000, 10);
    Snapshot *snapshot;
    const TableVersion *table = newest(&snapshot);
    cr_assert_eq(table->segment_count, 1);
    cr_assert_eq(table->segments[0].rows, 510);
    cr_assert_eq(table->segments[0].deleted_rows, 0);
    snapshot_release(snapshot);
    cr_assert_eq(files_there().maps, 0);
    cr_assert_eq(live_sum(), 499 * 500 + 10045);
}

Test(delete_map, every_damaged_byte_is_told) {
    write_numbers(0, 3000);
    delete_rows(scattered);
    FileCount there = files_there();
    uint8_t *data;
    size_t bytes;
    MUST(&f, file_read_all(&f.cx, f.files, there.map, 1 << 20, &data, &bytes));
    for (size_t at = 0; at < bytes; at++) {
        File *file;
        data[at] ^= (uint8_t)(1 << at % 8);
        MUST(&f, file_open(&f.cx, f.files, there.map, FILE_UPDATE, &file));
        MUST(&f, file_overwrite(&f.cx, file, data, bytes));
        file_close(file);
        data[at] ^= (uint8_t)(1 << at % 8);
        fixture_reopen(&f); /* nothing of it is cached */
        Snapshot *snapshot;
        SegmentReader *reader;
        DeleteMap *map;
        const TableVersion *table = newest(&snapshot);
        MUST(&f, segment_open(&f.cx, snapshot, table, &table->segments[0], &reader));
        cr_assert_eq(segment_deletes(&f.cx, reader, &table->segments[0], &map), DATA_CORRUPTED, "byte %zu", at);
        cr_assert_not_null(strstr(f.error.message, there.map), "%s", f.error.message);
        error_clear(&f.error);
        segment_close(reader);
        snapshot_release(snapshot);
    }
    mem_free(data);
}

Test(delete_map, a_missing_file_is_told) {
    write_numbers(0, 3000);
    delete_rows(scattered);
    MUST(&f, file_remove(&f.cx, f.files, files_there().map));
    fixture_reopen(&f);
    Snapshot *snapshot;
    SegmentReader *reader;
    DeleteMap *map;
    const TableVersion *table = newest(&snapshot);
    MUST(&f, segment_open(&f.cx, snapshot, table, &table->segments[0], &reader));
    cr_assert_eq(segment_deletes(&f.cx, reader, &table->segments[0], &map), DATA_CORRUPTED);
    snapshot_release(snapshot);
}

/* What a wrong program could write: bitmaps that make no sense under a checksum that is right. */
Test(delete_map, forged_bitmaps_are_refused_or_read) {
    static Pattern *const patterns[] = {scattered, a_run, every_other, one};
    enum { HEADER_BYTES = 56, CHECKSUM_BYTES = 8, FORGERIES = 4000 };
    uint64_t state = 7;
    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        write_numbers(0, 70001);
        delete_rows(patterns[p]);
        Snapshot *snapshot;
        const TableVersion *table = newest(&snapshot);
        FileCount there = files_there();
        uint8_t *sound, *data;
        size_t bytes;
        MUST(&f, file_read_all(&f.cx, f.files, there.map, 1 << 20, &sound, &bytes));
        data = malloc(bytes);
        for (uint32_t i = 0; i < FORGERIES; i++) {
            memcpy(data, sound, bytes);
            for (uint32_t k = 0; k <= i % 3; k++) {
                state = hash_u64(state + i + k);
                size_t room = bytes - HEADER_BYTES - CHECKSUM_BYTES;
                size_t at = HEADER_BYTES + state % (i % 2 == 0 && room > 24 ? 24 : room); /* headers more often */
                data[at] = i % 5 == 0 ? 0xff : (uint8_t)(state >> 32);
            }
            uint64_t checksum = hash_bytes(data, bytes - CHECKSUM_BYTES, 0);
            memcpy(data + bytes - CHECKSUM_BYTES, &checksum, CHECKSUM_BYTES);
            File *file;
            MUST(&f, file_open(&f.cx, f.files, there.map, FILE_UPDATE, &file));
            MUST(&f, file_overwrite(&f.cx, file, data, bytes));
            file_close(file);
            DeleteMap *map;
            Status status = delete_map_read(&f.cx, f.files, table, &table->segments[0], &map);
            cr_assert(status == OK || status == DATA_CORRUPTED);
            if (status == OK) {
                cr_assert_eq(delete_map_count(map, 0, 70001), table->segments[0].deleted_rows);
                delete_map_release(map);
            }
            error_clear(&f.error);
        }
        free(data);
        mem_free(sound);
        snapshot_release(snapshot);
        Commit *commit;
        MUST(&f, commit_begin(&f.cx, f.warehouse, &commit));
        MUST(&f, commit_drop_table(&f.cx, commit, "public", "t"));
        MUST(&f, commit_finish(&f.cx, commit));
    }
}
