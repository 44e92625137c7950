/* The scan against a row-by-row reference: tests on codes, dictionaries, NULLs, several columns, join filters; skipping. */
#include "expr/functions.h"
#include "hand_plan.h"
#include "storage/segment_read.h"
#include "storage/table_writer.h"

#define ROWS 50000
#define BLOCK_ROWS 2048

enum { ID, K, S, N, D, COLUMNS };

static const ColumnDef columns[COLUMNS] = {{.name = "id", .type = {.id = TYPE_INTEGER}},
                                           {.name = "k", .type = {.id = TYPE_BIGINT}},
                                           {.name = "s", .type = {.id = TYPE_VARCHAR}},
                                           {.name = "n", .type = {.id = TYPE_SMALLINT}},
                                           {.name = "d", .type = {.id = TYPE_DOUBLE}}};

static int64_t k_of(int64_t id) {
    return 1000000 + id * 7919 % 1000;
}
static int64_t n_of(int64_t id) {
    return id % 11 - 5;
}
static bool n_is_null(int64_t id) {
    return id % 3 == 0;
}
static double d_of(int64_t id) {
    return (double)(id * 31 % 977) / 2;
}
static const char *s_of(int64_t id) {
    static const char *const words[] = {"apple", "banana", "a text that is longer than twelve bytes", "cherry", "date", ""};
    return words[id * 13 / 7 % 6];
}

/* ---------------------------------------------------------------------------------------------------------------- a table */

typedef struct Stored {
    Warehouse *warehouse;
    Snapshot *snapshot;
    const TableVersion *table;
} Stored;

static void fill(HandPlan *h, Batch *batch, int64_t first, uint32_t rows) {
    for (uint32_t c = 0; c < COLUMNS; c++) {
        cr_assert_eq(vector_prepare_flat(&h->cx, &batch->columns[c], columns[c].type), OK);
    }
    cr_assert_eq(vector_prepare_validity(&h->cx, &batch->columns[N], true), OK);
    for (uint32_t i = 0; i < rows; i++) {
        int64_t id = first + i;
        ((int32_t *)batch->columns[ID].data)[i] = (int32_t)id;
        ((int64_t *)batch->columns[K].data)[i] = k_of(id);
        ((Text *)batch->columns[S].data)[i] = text_view(s_of(id), (uint32_t)strlen(s_of(id)));
        ((int16_t *)batch->columns[N].data)[i] = n_is_null(id) ? 0 : (int16_t)n_of(id);
        ((double *)batch->columns[D].data)[i] = d_of(id);
        bit_put(batch->columns[N].validity, i, !n_is_null(id));
    }
    batch->rows = rows;
}

#define MUST(call) cr_assert_eq(call, OK, "%s: %s", #call, h->error.message)

static void store(HandPlan *h, Stored *stored) {
    TableSchema schema = {.schema_name = "public",
                          .name = "t",
                          .column_count = COLUMNS,
                          .columns = columns,
                          .dist_style = DIST_EVEN,
                          .block_rows = BLOCK_ROWS};
    WarehouseOptions options = {.create = true, .topology = {.nodes = 1, .slices_per_node = 2}};
    Commit *commit;
    TableWriter *writer;
    WriteReport report;
    Batch batch;
    Type types[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        types[c] = columns[c].type;
    }
    MUST(warehouse_open(&h->cx, NULL, &options, &stored->warehouse));
    MUST(commit_begin(&h->cx, stored->warehouse, &commit));
    MUST(commit_create_table(&h->cx, commit, &schema));
    MUST(table_writer_open(&h->cx, commit, commit_find_table(commit, "public", "t"), h->pool, 1, &writer));
    MUST(batch_init(&h->cx, &batch, types, COLUMNS));
    uint64_t sequence = 0;
    for (int64_t first = 0; first < ROWS; first += BATCH_ROWS_MAX) {
        fill(h, &batch, first, ROWS - first < BATCH_ROWS_MAX ? (uint32_t)(ROWS - first) : BATCH_ROWS_MAX);
        MUST(table_writer_append(&h->cx, writer, sequence++, &batch, true));
    }
    batch_free(&batch);
    MUST(table_writer_finish(&h->cx, writer, &report));
    MUST(commit_finish(&h->cx, commit));
    MUST(warehouse_snapshot(&h->cx, stored->warehouse, &stored->snapshot));
    stored->table = snapshot_find_table(stored->snapshot, "public", "t");
    cr_assert_eq(stored->table->rows, ROWS);
}

static void discard(Stored *stored) {
    snapshot_release(stored->snapshot);
    warehouse_close(stored->warehouse);
}

/* ----------------------------------------------------------------------------------------------------------------- plans */

static PhysicalNode *scan_of(HandPlan *h, const Stored *stored, bool with_dictionaries) {
    static const uint32_t all[COLUMNS] = {ID, K, S, N, D};
    PhysicalNode *op = hand_node(h, PHYSICAL_SCAN, COLUMNS, type_make(TYPE_INTEGER), NULL, NULL);
    const Dictionary **dictionaries = hand_alloc(h, sizeof *dictionaries * COLUMNS);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        op->columns[c].type = columns[c].type;
        if (with_dictionaries) {
            MUST(table_dictionary(&h->cx, stored->snapshot, stored->table, c, &dictionaries[c]));
        }
    }
    op->scan = (ScanSpec){.table = stored->table, .column_count = COLUMNS, .columns = all, .dictionaries = dictionaries};
    op->scan.filters = hand_alloc(h, sizeof *op->scan.filters * 8);
    op->scan.predicates = hand_alloc(h, sizeof *op->scan.predicates * 8);
    h->plan.snapshot = stored->snapshot;
    return op;
}

static Expr *column(HandPlan *h, uint32_t slot) {
    return expr_slot(&h->cx, &h->arena, slot, columns[slot].type, NULL);
}
static Expr *number(HandPlan *h, Type type, int64_t value) {
    Value boxed = value_i64(type, value);
    return expr_constant(&h->cx, &h->arena, &boxed, POS_NONE);
}
static Expr *text(HandPlan *h, const char *value) {
    Value boxed = value_text(columns[S].type, text_view(value, (uint32_t)strlen(value)));
    return expr_constant(&h->cx, &h->arena, &boxed, POS_NONE);
}
static Expr *compare(HandPlan *h, CompareOp op, uint32_t slot, int64_t value) {
    return expr_compare(&h->cx, &h->arena, op, column(h, slot), number(h, columns[slot].type, value));
}

static void add_filter(HandPlan *h, PhysicalNode *op, Expr *condition, uint32_t count, const uint32_t *slots) {
    uint32_t *copy = hand_alloc(h, sizeof *copy * (count + 1));
    memcpy(copy, slots, sizeof *copy * count);
    op->scan.filters[op->scan.filter_count++] = (ScanFilter){.condition = condition, .column_count = count, .columns = copy};
}
static void add_filter_on(HandPlan *h, PhysicalNode *op, uint32_t slot, Expr *condition) {
    add_filter(h, op, condition, 1, &slot);
}

/* Every column of every row is what it should be, and the rows are those that `passes` names. */
static void check_rows(HandPlan *h, Query *query, bool (*passes)(int64_t id)) {
    uint8_t *seen = hand_alloc(h, ROWS);
    const Batch *batch;
    for (;;) {
        MUST(query_next(&h->cx, query, &batch));
        if (batch == NULL) {
            break;
        }
        for (uint32_t i = 0; i < batch->rows; i++) {
            int64_t id = vector_value(&batch->columns[ID], i).i64;
            cr_assert(id >= 0 && id < ROWS && !seen[id]);
            seen[id] = 1;
            Value k = vector_value(&batch->columns[K], i), s = vector_value(&batch->columns[S], i);
            Value n = vector_value(&batch->columns[N], i), d = vector_value(&batch->columns[D], i);
            cr_assert_eq(k.i64, k_of(id));
            Text word = text_view(s_of(id), (uint32_t)strlen(s_of(id)));
            cr_assert(text_equal(&s.text, &word));
            cr_assert_eq(n.is_null, n_is_null(id));
            cr_assert(n.is_null || n.i64 == n_of(id));
            cr_assert_eq(d.f64, d_of(id));
        }
    }
    for (int64_t id = 0; id < ROWS; id++) {
        cr_assert_eq(seen[id], passes(id), "row %lld", (long long)id);
    }
}

typedef struct Case {
    void (*build)(HandPlan *h, PhysicalNode *op);
    bool (*passes)(int64_t id);
} Case;

static void run_case(const Case *test) {
    static const uint32_t threads[] = {1, 2, 8}, sizes[] = {1, 7, 2048};
    for (uint32_t round = 0; round < 9; round++) {
        HandPlan h;
        Stored stored;
        hand_init(&h, threads[round / 3], sizes[round % 3]);
        store(&h, &stored);
        for (uint32_t with_dictionaries = 0; with_dictionaries < 2; with_dictionaries++) {
            h.plan.operator_count = 0;
            h.settings.slice_affinity = round % 2 == 1;
            PhysicalNode *op = scan_of(&h, &stored, with_dictionaries);
            test->build(&h, op);
            Query *query = hand_start(&h, threads[round / 3]);
            check_rows(&h, query, test->passes);
            query_close(query);
        }
        discard(&stored);
        hand_free(&h);
    }
}

#define SCAN_TEST(name)                                                                                                        \
    Test(scan, name) {                                                                                                         \
        run_case(&(Case){name##_build, name##_passes});                                                                        \
    }

static void all_build(HandPlan *h, PhysicalNode *op) {
    (void)h, (void)op;
}
static bool all_passes(int64_t id) {
    return id >= 0;
}
SCAN_TEST(all)

static void range_build(HandPlan *h, PhysicalNode *op) {
    add_filter_on(h, op, K, compare(h, COMPARE_GE, K, 1000100));
    add_filter_on(h, op, K, compare(h, COMPARE_LT, K, 1000200));
}
static bool range_passes(int64_t id) {
    return k_of(id) >= 1000100 && k_of(id) < 1000200;
}
SCAN_TEST(range)

static void unequal_build(HandPlan *h, PhysicalNode *op) {
    add_filter_on(h, op, N, compare(h, COMPARE_NE, N, 2));
    add_filter_on(h, op, K, compare(h, COMPARE_NE, K, 5));
}
static bool unequal_passes(int64_t id) {
    return !n_is_null(id) && n_of(id) != 2;
}
SCAN_TEST(unequal)

static void nothing_build(HandPlan *h, PhysicalNode *op) {
    add_filter_on(h, op, K, compare(h, COMPARE_LT, K, 10));
    add_filter_on(h, op, ID, compare(h, COMPARE_GT, ID, 0));
}
static bool nothing_passes(int64_t id) {
    return id < 0;
}
SCAN_TEST(nothing)

static void members_build(HandPlan *h, PhysicalNode *op) {
    Expr *in = expr_new(&h->cx, &h->arena, EXPR_IN, type_make(TYPE_BOOLEAN), POS_NONE, 4);
    in->args[0] = column(h, N);
    in->args[1] = number(h, columns[N].type, -5);
    in->args[2] = number(h, columns[N].type, 3);
    in->args[3] = number(h, columns[N].type, 300);
    add_filter_on(h, op, N, in);
}
static bool members_passes(int64_t id) {
    return !n_is_null(id) && (n_of(id) == -5 || n_of(id) == 3);
}
SCAN_TEST(members)

static void nulls_build(HandPlan *h, PhysicalNode *op) {
    Expr *is_null = expr_new(&h->cx, &h->arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), POS_NONE, 1);
    is_null->args[0] = column(h, N);
    add_filter_on(h, op, N, is_null);
}
static bool nulls_passes(int64_t id) {
    return n_is_null(id);
}
SCAN_TEST(nulls)

static void words_build(HandPlan *h, PhysicalNode *op) {
    Expr *first = expr_compare(&h->cx, &h->arena, COMPARE_EQ, column(h, S), text(h, "apple"));
    Expr *second = expr_compare(&h->cx, &h->arena, COMPARE_EQ, column(h, S), text(h, "date"));
    add_filter_on(
        h, op, S,
        expr_not(&h->cx, &h->arena,
                 expr_and(&h->cx, &h->arena, expr_not(&h->cx, &h->arena, first), expr_not(&h->cx, &h->arena, second))));
    add_filter_on(h, op, K, compare(h, COMPARE_LE, K, 1000500));
}
static bool words_passes(int64_t id) {
    return (strcmp(s_of(id), "apple") == 0 || strcmp(s_of(id), "date") == 0) && k_of(id) <= 1000500;
}
SCAN_TEST(words)

static void two_columns_build(HandPlan *h, PhysicalNode *op) {
    static const uint32_t both[] = {ID, K};
    Expr *wide = expr_cast(&h->cx, &h->arena, column(h, ID), columns[K].type);
    Expr *sum = NULL;
    MUST(operator_bind(&h->cx, &h->arena, "+", wide, number(h, columns[K].type, 980000), POS_NONE, &sum));
    add_filter(h, op, expr_compare(&h->cx, &h->arena, COMPARE_LT, column(h, K), sum), 2, both);
    add_filter_on(h, op, ID, compare(h, COMPARE_LT, ID, 30000));
}
static bool two_columns_passes(int64_t id) {
    return k_of(id) < id + 980000 && id < 30000;
}
SCAN_TEST(two_columns)

/* ----------------------------------------------------------------------------------------------------- skipping and joins */

static KeyFilter *keys_of(HandPlan *h, int64_t min, int64_t max, int64_t step) {
    KeyFilter *keys = mem_alloc_zeroed(&h->cx, sizeof *keys);
    keys->min = min;
    keys->max = max;
    keys->bitmap = mem_alloc_zeroed(&h->cx, BITS_WORDS(max - min + 1) * 8);
    for (int64_t key = min; key <= max; key += step) {
        bit_set(keys->bitmap, (uint64_t)(key - min));
        keys->keys++;
    }
    return keys;
}

static bool seventh_passes(int64_t id) {
    return id >= 20000 && id <= 20500 && id % 7 == 20000 % 7;
}

static void join_filter_runs(HandPlan *h, uint32_t threads) {
    Stored stored;
    ScanJoinFilter filter = {.column = ID, .filter_id = 0};
    store(h, &stored);
    PhysicalNode *op = scan_of(h, &stored, true);
    op->scan.join_filter_count = 1;
    op->scan.join_filters = &filter;
    h->plan.filter_count = 1;
    Query *query = hand_start(h, threads);
    query_publish_filter(query, 0, 0, keys_of(h, 20000, 20500, 7));
    check_rows(h, query, seventh_passes);
    const ScanProfile *profile = &query_profile(query)->operators[0].scan;
    cr_assert_eq(profile->blocks_read + profile->blocks_skipped_join + profile->blocks_pruned, profile->blocks);
    cr_assert_leq(profile->blocks_read, 4, "only blocks that can hold a key are read");
    cr_assert_gt(profile->rows_removed_join_filter, 0);
    query_close(query);
    discard(&stored);
}
Test(scan, join_filter) {
    hand_each(join_filter_runs);
}

static bool head_passes(int64_t id) {
    return id < 100;
}

static void zone_maps_run(HandPlan *h, uint32_t threads) {
    Stored stored;
    store(h, &stored);
    PhysicalNode *op = scan_of(h, &stored, true);
    add_filter_on(h, op, ID, compare(h, COMPARE_LT, ID, 100));
    op->scan.predicates[op->scan.predicate_count++] =
        (Predicate){.kind = PREDICATE_RANGE, .column = ID, .has_high = true, .high = value_i64(columns[ID].type, 100)};
    Query *query = hand_start(h, threads);
    check_rows(h, query, head_passes);
    const ScanProfile *profile = &query_profile(query)->operators[0].scan;
    cr_assert_leq(profile->blocks_read, 2);
    cr_assert_gt(profile->blocks_skipped_zone, 10);
    cr_assert_gt(profile->column_bytes[ID], 0);
    query_close(query);
    discard(&stored);
}
Test(scan, zone_maps) {
    hand_each(zone_maps_run);
}

static void count_runs(HandPlan *h, uint32_t threads) {
    Stored stored;
    store(h, &stored);
    PhysicalNode *op = scan_of(h, &stored, false);
    op->column_count = op->scan.column_count = 0;
    Query *query = hand_start(h, threads);
    cr_assert_eq(hand_drain(h, query).rows, ROWS);
    cr_assert_eq(query_profile(query)->bytes_scanned, 0, "no column is opened");
    query_close(query);
    discard(&stored);
}
Test(scan, count_without_columns) {
    hand_each(count_runs);
}

static void starve(HandPlan *h, uint32_t threads) {
    Stored stored;
    store(h, &stored);
    PhysicalNode *op = scan_of(h, &stored, true);
    words_build(h, op);
    two_columns_build(h, op);
    members_build(h, op);
    hand_starve(h, threads);
    discard(&stored);
}
Test(scan, out_of_memory) {
    hand_each(starve);
}
