/* Window functions against naive evaluation: all functions, several frames, with NULLs, ties, FILTER. */
#include "operator_driver.h"

enum { COLUMN_PART, COLUMN_ORDER, COLUMN_VALUE, COLUMN_FILTER, COLUMN_OFFSET, COLUMN_TWO, COLUMN_ID, INPUTS };
#define ITEMS_MAX 20

typedef struct WindowCase {
    const char *name;
    uint32_t rows;
    Type part_type;
    uint64_t parts, orders;
    bool has_partition, has_order, order_is_unique; /* ordered by the id, too */
    WindowFrame frame;
} WindowCase;

static Rows make_rows(const WindowCase *c) {
    Type integer = type_make(TYPE_INTEGER), bigint = type_make(TYPE_BIGINT);
    Rows rows =
        rows_new(c->rows, (Type[]){c->part_type, integer, integer, type_make(TYPE_BOOLEAN), bigint, integer, bigint}, INPUTS);
    uint64_t random = 4711;
    for (uint32_t i = 0; i < c->rows; i++) {
        uint64_t part = driver_random(&random) % c->parts;
        if (driver_random(&random) % 15 != 0) {
            *cell(&rows, i, COLUMN_PART) = type_is_text(c->part_type) ? value_text(c->part_type, driver_text((uint32_t)part))
                                                                      : value_i64(c->part_type, (int64_t)part);
        }
        if (driver_random(&random) % 10 != 0) {
            *cell(&rows, i, COLUMN_ORDER) = value_i64(integer, (int64_t)(driver_random(&random) % c->orders));
        }
        if (driver_random(&random) % 6 != 0) {
            *cell(&rows, i, COLUMN_VALUE) = value_i64(integer, (int64_t)(driver_random(&random) % 1000) - 500);
        }
        if (driver_random(&random) % 6 != 0) {
            *cell(&rows, i, COLUMN_FILTER) = value_i64(type_make(TYPE_BOOLEAN), (int64_t)(driver_random(&random) % 2));
        }
        if (driver_random(&random) % 9 != 0) {
            *cell(&rows, i, COLUMN_OFFSET) = value_i64(bigint, (int64_t)(driver_random(&random) % 7) - 2);
        }
        *cell(&rows, i, COLUMN_TWO) = value_i64(integer, 2);
        *cell(&rows, i, COLUMN_ID) = value_i64(bigint, i);
    }
    return rows;
}

/* ----------------------------------------------------------------------------------------------------------------- naive */

static const Rows *sorted_rows;
static const WindowCase *sorted_case;

static int compare_cells(const Value *a, const Value *b) {
    if (a->is_null || b->is_null) {
        return (int)a->is_null - (int)b->is_null;
    }
    return value_compare(a, b);
}

static int compare_parts(uint32_t a, uint32_t b) {
    return sorted_case->has_partition ? compare_cells(cell(sorted_rows, a, COLUMN_PART), cell(sorted_rows, b, COLUMN_PART)) : 0;
}

static int compare_peers(uint32_t a, uint32_t b) {
    int order =
        sorted_case->has_order ? compare_cells(cell(sorted_rows, b, COLUMN_ORDER), cell(sorted_rows, a, COLUMN_ORDER)) : 0;
    return order != 0 || !sorted_case->order_is_unique ? order : (a > b) - (a < b);
}

static int compare_all(const void *x, const void *y) {
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    int order = compare_parts(a, b);
    order = order != 0 ? order : compare_peers(a, b);
    return order != 0 ? order : (a > b) - (a < b);
}

typedef struct Place {
    const uint32_t *order;
    int64_t first, end, peers, next, at, start, stop; /* partition, peers, the row, its frame */
} Place;

static void find_frame(const WindowFrame *frame, Place *place) {
    bool by_rows = frame->mode == FRAME_ROWS;
    int64_t at = place->at;
    place->start = frame->start == BOUND_UNBOUNDED_PRECEDING ? place->first
                   : frame->start == BOUND_PRECEDING         ? at - frame->start_offset
                   : frame->start == BOUND_FOLLOWING         ? at + frame->start_offset
                   : by_rows                                 ? at
                                                             : place->peers;
    place->stop = frame->end == BOUND_UNBOUNDED_FOLLOWING ? place->end
                  : frame->end == BOUND_PRECEDING         ? at - frame->end_offset + 1
                  : frame->end == BOUND_FOLLOWING         ? at + frame->end_offset + 1
                  : by_rows                               ? at + 1
                                                          : place->next;
    place->start = place->start < place->first ? place->first : place->start;
    place->stop = place->stop > place->end ? place->end : place->stop;
}

static Value naive_aggregate(const Rows *rows, const Place *place, const WindowItem *item) {
    int64_t count = 0, sum = 0, least = INT64_MAX, greatest = INT64_MIN;
    for (int64_t i = place->start; i < place->stop; i++) {
        const Value *value = cell(rows, place->order[i], COLUMN_VALUE), *filter = cell(rows, place->order[i], COLUMN_FILTER);
        if (item->has_filter && (filter->is_null || !filter->i64)) {
            continue;
        }
        if (item->aggregate->id == AGGREGATE_COUNT_STAR) {
            count++;
        } else if (!value->is_null) {
            count++;
            sum += value->i64;
            least = value->i64 < least ? value->i64 : least;
            greatest = value->i64 > greatest ? value->i64 : greatest;
        }
    }
    switch (item->aggregate->id) {
    case AGGREGATE_SUM: return count == 0 ? value_null(item->type) : value_i64(item->type, sum);
    case AGGREGATE_MIN: return count == 0 ? value_null(item->type) : value_i64(item->type, least);
    case AGGREGATE_MAX: return count == 0 ? value_null(item->type) : value_i64(item->type, greatest);
    case AGGREGATE_AVG: return count == 0 ? value_null(item->type) : value_f64(item->type, (double)sum / (double)count);
    default: return value_i64(item->type, count);
    }
}

static Value naive_item(const Rows *rows, const Place *place, const WindowItem *item) {
    int64_t at = place->at, size = place->end - place->first, number = at - place->first;
    uint32_t row = place->order[at];
    int64_t picked = -1;
    int64_t dense = 1;
    switch (item->id) {
    case WINDOW_AGGREGATE: return naive_aggregate(rows, place, item);
    case WINDOW_ROW_NUMBER: return value_i64(item->type, number + 1);
    case WINDOW_RANK: return value_i64(item->type, place->peers - place->first + 1);
    case WINDOW_DENSE_RANK:
        for (int64_t i = place->first + 1; i <= at; i++) {
            dense += compare_peers(place->order[i - 1], place->order[i]) != 0;
        }
        return value_i64(item->type, dense);
    case WINDOW_PERCENT_RANK:
        return value_f64(item->type, size == 1 ? 0 : (double)(place->peers - place->first) / (double)(size - 1));
    case WINDOW_CUME_DIST: return value_f64(item->type, (double)(place->next - place->first) / (double)size);
    case WINDOW_NTILE: /* into two: the first half is the larger one */
        return value_i64(item->type, number < (size + 1) / 2 ? 1 : 2);
    case WINDOW_LAG:
    case WINDOW_LEAD: {
        const Value *offset = item->arg_count > 1 ? cell(rows, row, item->args[1]) : NULL;
        if (offset != NULL && offset->is_null) {
            return value_null(item->type);
        }
        int64_t distance = offset == NULL ? 1 : offset->i64;
        picked = item->id == WINDOW_LAG ? at - distance : at + distance;
        if (picked < place->first || picked >= place->end) {
            return item->arg_count > 2 ? *cell(rows, row, item->args[2]) : value_null(item->type);
        }
        break;
    }
    case WINDOW_FIRST_VALUE: picked = place->start < place->stop ? place->start : -1; break;
    case WINDOW_LAST_VALUE: picked = place->start < place->stop ? place->stop - 1 : -1; break;
    case WINDOW_NTH_VALUE: picked = place->start + 1 < place->stop ? place->start + 1 : -1; break;
    default: break;
    }
    return picked < 0 ? value_null(item->type) : *cell(rows, place->order[picked], item->args[0]);
}

static void naive_window(const WindowCase *c, const Rows *rows, const WindowItem *items, uint32_t item_count, Lines *lines) {
    uint32_t *order = malloc(sizeof *order * (c->rows + 1));
    for (uint32_t i = 0; i < c->rows; i++) {
        order[i] = i;
    }
    sorted_rows = rows;
    sorted_case = c;
    qsort(order, c->rows, sizeof *order, compare_all);
    Place place = {.order = order};
    for (place.at = 0; place.at < c->rows; place.at++) {
        if (place.at == place.end) {
            place.first = place.at;
            for (place.end = place.at; place.end < c->rows && compare_parts(order[place.at], order[place.end]) == 0;
                 place.end++) {
            }
            place.next = place.first;
        }
        if (place.at == place.next) {
            place.peers = place.at;
            for (place.next = place.at; place.next < place.end && compare_peers(order[place.at], order[place.next]) == 0;
                 place.next++) {
            }
        }
        find_frame(&c->frame, &place);
        char line[512] = "";
        for (uint32_t column = 0; column < INPUTS; column++) {
            line_append_value(line, sizeof line, cell(rows, order[place.at], column));
        }
        for (uint32_t i = 0; i < item_count; i++) {
            Value value = naive_item(rows, &place, &items[i]);
            line_append_value(line, sizeof line, &value);
        }
        lines_add(lines, line);
    }
    free(order);
}

/* --------------------------------------------------------------------------------------------------------------- running */

static WindowItem aggregate_item(Driver *driver, Arena *arena, const char *name, bool has_argument, bool has_filter) {
    static const uint32_t value_slot[] = {COLUMN_VALUE};
    Expr argument = {.kind = EXPR_SLOT, .type = type_make(TYPE_INTEGER), .slot = COLUMN_VALUE}, *args[] = {&argument};
    const Aggregate *aggregate = NULL;
    cr_assert_eq(aggregate_bind(&driver->cx, arena, name, args, has_argument, POS_NONE, &aggregate), OK, "%s",
                 driver->error.message);
    return (WindowItem){.id = WINDOW_AGGREGATE,
                        .type = aggregate->result,
                        .aggregate = aggregate,
                        .arg_count = has_argument,
                        .args = value_slot,
                        .has_filter = has_filter,
                        .filter = COLUMN_FILTER};
}

static uint32_t make_items(Driver *driver, Arena *arena, const WindowCase *c, WindowItem *items) {
    static const uint32_t shifted[] = {COLUMN_VALUE, COLUMN_OFFSET, COLUMN_TWO}, second[] = {COLUMN_VALUE, COLUMN_TWO},
                          two[] = {COLUMN_TWO};
    Type bigint = type_make(TYPE_BIGINT), integer = type_make(TYPE_INTEGER), number = type_make(TYPE_DOUBLE);
    uint32_t count = 0;
    items[count++] = (WindowItem){.id = WINDOW_RANK, .type = bigint};
    items[count++] = (WindowItem){.id = WINDOW_DENSE_RANK, .type = bigint};
    items[count++] = (WindowItem){.id = WINDOW_PERCENT_RANK, .type = number};
    items[count++] = (WindowItem){.id = WINDOW_CUME_DIST, .type = number};
    if (c->order_is_unique || c->frame.mode == FRAME_RANGE ||
        (c->frame.start == BOUND_UNBOUNDED_PRECEDING && c->frame.end == BOUND_UNBOUNDED_FOLLOWING)) {
        items[count++] = aggregate_item(driver, arena, "sum", true, false);
        items[count++] = aggregate_item(driver, arena, "count", false, false);
        items[count++] = aggregate_item(driver, arena, "min", true, false);
        items[count++] = aggregate_item(driver, arena, "max", true, true);
        items[count++] = aggregate_item(driver, arena, "avg", true, true);
    }
    if (c->order_is_unique) { /* these depend on the order of ties */
        items[count++] = (WindowItem){.id = WINDOW_ROW_NUMBER, .type = bigint};
        items[count++] = (WindowItem){.id = WINDOW_NTILE, .type = bigint, .arg_count = 1, .args = two};
        items[count++] = (WindowItem){.id = WINDOW_LAG, .type = integer, .arg_count = 1, .args = shifted};
        items[count++] = (WindowItem){.id = WINDOW_LEAD, .type = integer, .arg_count = 2, .args = shifted};
        items[count++] = (WindowItem){.id = WINDOW_LAG, .type = integer, .arg_count = 3, .args = shifted};
        items[count++] = (WindowItem){.id = WINDOW_FIRST_VALUE, .type = integer, .arg_count = 1, .args = shifted};
        items[count++] = (WindowItem){.id = WINDOW_LAST_VALUE, .type = integer, .arg_count = 1, .args = shifted};
        items[count++] = (WindowItem){.id = WINDOW_NTH_VALUE, .type = integer, .arg_count = 2, .args = second};
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i].frame = c->frame;
        items[i].partition_keys = c->has_partition;
        items[i].peer_keys = (uint32_t)c->has_partition + c->has_order + c->order_is_unique;
    }
    return count;
}

static void run_case(const WindowCase *c, uint32_t threads, uint32_t batch_rows) {
    static const uint32_t partitions[] = {COLUMN_PART};
    Driver driver;
    Arena arena;
    WindowItem items[ITEMS_MAX];
    Lines got = {.lock = PTHREAD_MUTEX_INITIALIZER}, expected = {0};
    Rows rows = make_rows(c);
    SortSlot keys[] = {{.slot = COLUMN_ORDER, .is_descending = true, .nulls_first = true}, {.slot = COLUMN_ID}};
    arena_init(&arena);
    driver_open(&driver, threads, batch_rows);
    uint32_t item_count = make_items(&driver, &arena, c, items);
    PhysicalColumn columns[INPUTS + ITEMS_MAX];
    memcpy(columns, rows.columns, sizeof *columns * INPUTS);
    for (uint32_t i = 0; i < item_count; i++) {
        columns[INPUTS + i] = (PhysicalColumn){.type = items[i].type};
    }
    PhysicalNode child = {.column_count = INPUTS, .columns = rows.columns}, *children[] = {&child};
    PhysicalNode op = {.kind = PHYSICAL_WINDOW,
                       .child_count = 1,
                       .children = children,
                       .column_count = INPUTS + item_count,
                       .columns = columns,
                       .window = {.partition_count = c->has_partition,
                                  .partitions = partitions,
                                  .key_count = (uint32_t)c->has_order + c->order_is_unique,
                                  .keys = c->has_order ? keys : keys + 1,
                                  .item_count = item_count,
                                  .items = items}};
    cr_assert_eq(driver_sink(&driver, &op, window_operator.sink, &rows), OK, "%s", driver.error.message);
    cr_assert_eq(driver_source(&driver, &op, window_operator.source, &got), OK, "%s", driver.error.message);
    naive_window(c, &rows, items, item_count, &expected);
    char what[128];
    snprintf(what, sizeof what, "%s threads %u batch %u", c->name, threads, batch_rows);
    assert_same_lines(&got, &expected, false, what);
    arena_free(&arena);
    driver_close(&driver, &op, window_operator.sink);
    free(rows.cells);
}

static void run_all(const WindowCase *c) {
    static const uint32_t threads[] = {1, 2, 8}, sizes[] = {1, 7, 2048};
    for (uint32_t t = 0; t < 3; t++) {
        for (uint32_t s = 0; s < 3; s++) {
            run_case(c, threads[t], sizes[s]);
        }
    }
}

#define INTEGER_TYPE                                                                                                           \
    { .id = TYPE_INTEGER }
#define VARCHAR_TYPE                                                                                                           \
    { .id = TYPE_VARCHAR }
#define DEFAULT_FRAME                                                                                                          \
    { .mode = FRAME_RANGE, .start = BOUND_UNBOUNDED_PRECEDING, .end = BOUND_CURRENT_ROW }
#define WHOLE_FRAME                                                                                                            \
    { .mode = FRAME_ROWS, .start = BOUND_UNBOUNDED_PRECEDING, .end = BOUND_UNBOUNDED_FOLLOWING }

Test(window, default_frame) {
    run_all(&(WindowCase){"default", 600, INTEGER_TYPE, 12, 9, true, true, false, DEFAULT_FRAME});
}
Test(window, default_frame_unique) {
    run_all(&(WindowCase){"unique", 600, INTEGER_TYPE, 12, 9, true, true, true, DEFAULT_FRAME});
}
Test(window, text_partitions) {
    run_all(&(WindowCase){"text", 600, VARCHAR_TYPE, 20, 9, true, true, true, WHOLE_FRAME});
}
Test(window, without_partition) {
    run_all(&(WindowCase){"no partition", 400, INTEGER_TYPE, 20, 9, false, true, true, DEFAULT_FRAME});
}
Test(window, without_order) {
    run_all(&(WindowCase){"no order", 400, INTEGER_TYPE, 20, 9, true, false, false, WHOLE_FRAME});
}
Test(window, over_nothing) {
    run_all(&(WindowCase){"()", 400, INTEGER_TYPE, 20, 9, false, false, false, WHOLE_FRAME});
}
Test(window, without_rows) {
    run_all(&(WindowCase){"no rows", 0, INTEGER_TYPE, 20, 9, true, true, true, WHOLE_FRAME});
}
Test(window, sliding_rows) {
    WindowFrame frame = {
        .mode = FRAME_ROWS, .start = BOUND_PRECEDING, .start_offset = 3, .end = BOUND_FOLLOWING, .end_offset = 2};
    run_all(&(WindowCase){"sliding", 600, INTEGER_TYPE, 4, 9, true, true, true, frame});
}
Test(window, long_sliding_rows) {
    WindowFrame frame = {
        .mode = FRAME_ROWS, .start = BOUND_PRECEDING, .start_offset = 150, .end = BOUND_PRECEDING, .end_offset = 3};
    run_all(&(WindowCase){"long", 900, INTEGER_TYPE, 2, 9, true, true, true, frame});
}
Test(window, rows_ahead) {
    WindowFrame frame = {.mode = FRAME_ROWS, .start = BOUND_FOLLOWING, .start_offset = 1, .end = BOUND_UNBOUNDED_FOLLOWING};
    run_all(&(WindowCase){"ahead", 600, INTEGER_TYPE, 4, 9, true, true, true, frame});
}
Test(window, running_rows) {
    WindowFrame frame = {.mode = FRAME_ROWS, .start = BOUND_UNBOUNDED_PRECEDING, .end = BOUND_PRECEDING, .end_offset = 1};
    run_all(&(WindowCase){"running", 600, INTEGER_TYPE, 4, 9, true, true, true, frame});
}
Test(window, peers_to_the_end) {
    WindowFrame frame = {.mode = FRAME_RANGE, .start = BOUND_CURRENT_ROW, .end = BOUND_UNBOUNDED_FOLLOWING};
    run_all(&(WindowCase){"peers", 600, INTEGER_TYPE, 4, 9, true, true, false, frame});
}
Test(window, many_parts) {
    WindowFrame frame = {.mode = FRAME_ROWS, .start = BOUND_PRECEDING, .start_offset = 2, .end = BOUND_CURRENT_ROW};
    WindowCase c = {"many", 40000, INTEGER_TYPE, 5000, 9, true, true, true, frame};
    run_case(&c, 1, 2048);
    run_case(&c, 8, 100);
}
