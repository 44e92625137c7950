/* RANGE frames with offsets: a row's frame has the rows whose key lies within a distance of its own key.
 *
 * Keys become numbers that ascend with the rows (DESC: their complements), so that a bound is one search: a row's key moved by
 * the distance, and the first row at or past that. Rows with a NULL key are peers of each other and of nobody else. */
#include "core/datetime.h"
#include "core/interval.h"
#include "core/value_datetime.h"
#include "exec/window_part.h"

#include <math.h>

#define NAME(f) narrow_##f
#define T int64_t
#define T_MIN INT64_MIN
#define T_MAX INT64_MAX
#include "exec/window_range.inc.h"
#define NAME(f) wide_##f
#define T __int128
#define T_MIN ((__int128)1 << 127)
#define T_MAX (~((__int128)1 << 127))
#include "exec/window_range.inc.h"

/* ---------------------------------------------------------------------------------------------------------------- numbers */

/* And back. */
static double double_of_number(int64_t number) {
    int64_t bits = number < 0 ? number ^ INT64_MAX : number;
    double x;
    memcpy(&x, &bits, 8);
    return x;
}

static SortSlot key_slot(const WindowSpec *spec, uint32_t key) {
    return key < spec->partition_count ? (SortSlot){.slot = spec->partitions[key]} : spec->keys[key - spec->partition_count];
}

static bool is_wide(Type type) {
    return type_class(type) == CLASS_I128 || type.id == TYPE_INTERVAL;
}

static bool asks_for_numbers(const WindowItem *item) {
    return item->frame.mode == FRAME_RANGE && (bound_has_offset(item->frame.start) || bound_has_offset(item->frame.end));
}

static Status allocate_range_keys(const Context *cx, const WindowSpec *spec, const RowFormat *format, const WindowItem *item,
                                  WindowPart *part) {
    RangeKeys *keys = &part->range_keys[item->peer_keys];
    if (!asks_for_numbers(item) || keys->narrow != NULL || keys->wide != NULL) {
        return OK;
    }
    if (is_wide(format->columns[key_slot(spec, item->peer_keys - 1).slot].type)) {
        TRY_ALLOC(cx, keys->wide, sizeof *keys->wide * part->count);
    } else {
        TRY_ALLOC(cx, keys->narrow, sizeof *keys->narrow * part->count);
    }
    return OK;
}

Status window_part_open(const Context *cx, const WindowSpec *spec, const RowFormat *format, WindowPart *part) {
    part->key_count = spec->partition_count + spec->key_count;
    TRY_ALLOC_ZEROED(cx, part->starts, sizeof *part->starts * (part->key_count + 1));
    TRY_ALLOC_ZEROED(cx, part->range_keys, sizeof *part->range_keys * (part->key_count + 1));
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const WindowItem *item = &spec->items[i];
        uint32_t wanted[2] = {item->partition_keys, item->peer_keys};
        for (uint32_t w = 0; w < 2; w++) {
            if (part->starts[wanted[w]] == NULL) {
                TRY_ALLOC_ZEROED(cx, part->starts[wanted[w]], BITS_WORDS(part->count) * 8);
            }
        }
        TRY(allocate_range_keys(cx, spec, format, item, part));
    }
    return OK;
}

void window_part_free(WindowPart *part) {
    for (uint32_t k = 0; k <= part->key_count; k++) {
        if (part->starts != NULL) {
            mem_free(part->starts[k]);
        }
        if (part->range_keys != NULL) {
            mem_free(part->range_keys[k].narrow);
            mem_free(part->range_keys[k].wide);
        }
    }
    mem_free(part->starts);
    mem_free(part->range_keys);
    mem_free(part->rows);
    *part = (WindowPart){0};
}

static void number_floats(const Vector *flat, uint32_t count, int64_t *out) {
    bool is_real = flat->type.id == TYPE_REAL;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = window_number_of_double(is_real ? ((const float *)flat->data)[i] : ((const double *)flat->data)[i]);
    }
}

static void number_wide(const Vector *flat, uint32_t count, __int128 *out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = flat->type.id == TYPE_INTERVAL ? interval_order(((const Interval *)flat->data)[i])
                                                : ((const __int128 *)flat->data)[i];
    }
}

static Status number_batch(const Context *cx, const Vector *vector, Vector *flat, uint32_t count, bool is_descending,
                           const RangeKeys *keys, uint32_t first) {
    if (keys->wide != NULL) {
        TRY(vector_flatten(cx, vector, count, flat));
        number_wide(flat, count, keys->wide + first);
    } else if (class_is_integer(type_class(vector->type))) {
        TRY(vector_load_i64(cx, vector, count, flat, keys->narrow + first));
    } else {
        TRY(vector_flatten(cx, vector, count, flat));
        number_floats(flat, count, keys->narrow + first);
    }
    for (uint32_t i = first; i < first + count && vector->type.id == TYPE_DATE; i++) {
        keys->narrow[i] *= MICROS_PER_DAY;
    }
    for (uint32_t i = first; i < first + count && is_descending; i++) {
        if (keys->wide != NULL) {
            keys->wide[i] = ~keys->wide[i];
        } else {
            keys->narrow[i] = ~keys->narrow[i];
        }
    }
    return OK;
}

Status window_load_range_keys(const Context *cx, const WindowSpec *spec, const RowTable *table, const WindowPart *part,
                              uint32_t from, uint32_t to) {
    Vector vector, flat;
    Status status = OK;
    vector_init(&vector, type_make(TYPE_BIGINT));
    vector_init(&flat, type_make(TYPE_BIGINT));
    for (uint32_t k = 1; k <= part->key_count; k++) {
        const RangeKeys *keys = &part->range_keys[k];
        SortSlot key = key_slot(spec, k - 1);
        for (uint32_t first = from; first < to && (keys->narrow != NULL || keys->wide != NULL); first += BATCH_ROWS_MAX) {
            uint32_t count = to - first < BATCH_ROWS_MAX ? to - first : BATCH_ROWS_MAX;
            TRY_GOTO(row_table_gather(cx, table, key.slot, part->rows + first, count, false, &vector));
            TRY_GOTO(number_batch(cx, &vector, &flat, count, key.is_descending, keys, first));
        }
    }
done:
    vector_free(&vector);
    vector_free(&flat);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- targets */

/* One bound of the frames of rows [from, to), all with a key that is not NULL. */
typedef struct RangeBound {
    TypeId key;
    bool is_descending;
    bool goes_back; /* PRECEDING */
    bool past;      /* the frame's end */
    const Value *distance;
} RangeBound;

/* What is no number, an infinite key an infinite distance away, has all keys within its distance. */
static void shift_doubles(const RangeBound *bound, const int64_t *keys, uint32_t count, int64_t *targets) {
    double distance = bound->distance->f64;
    bool subtracts = bound->goes_back != bound->is_descending;
    for (uint32_t i = 0; i < count; i++) {
        double key = double_of_number(bound->is_descending ? ~keys[i] : keys[i]);
        double moved = subtracts ? key - distance : key + distance;
        if (moved != moved && key == key) {
            moved = bound->past != bound->is_descending ? INFINITY : -INFINITY;
        }
        int64_t number = window_number_of_double(moved);
        targets[i] = bound->is_descending ? ~number : number;
    }
}

/* Months have no fixed length, nor have days where clocks are set. */
static void shift_moments(const Context *cx, const RangeBound *bound, const int64_t *keys, uint32_t count, int64_t *targets) {
    bool subtracts = bound->goes_back != bound->is_descending, is_zoned = bound->key == TYPE_TIMESTAMPTZ;
    Interval interval = bound->distance->interval;
    bool fits = !subtracts || interval_negate(interval, &interval);
    for (uint32_t i = 0; i < count; i++) {
        int64_t moved = 0, key = bound->is_descending ? ~keys[i] : keys[i];
        bool good = fits && (is_zoned ? timestamptz_add_interval(cx->zone, key, interval, &moved)
                                      : timestamp_add_interval(key, interval, &moved));
        moved = good ? moved : subtracts ? INT64_MIN : INT64_MAX;
        targets[i] = bound->is_descending ? ~moved : moved;
    }
}

static int64_t micros_of(Interval interval) {
    __int128 micros = (__int128)interval.days * MICROS_PER_DAY + interval.micros;
    return micros > INT64_MAX ? INT64_MAX : (int64_t)micros;
}

/* The distance, if it is the same number everywhere. */
static bool fixed_distance(TypeId key, const Value *distance, int64_t *out) {
    switch ((TypeId)distance->type.id) {
    case TYPE_DOUBLE: return false;
    case TYPE_INTERVAL:
        *out = micros_of(distance->interval);
        return distance->interval.months == 0 && (key != TYPE_TIMESTAMPTZ || distance->interval.days == 0);
    case TYPE_DECIMAL: *out = distance->i128 > INT64_MAX ? INT64_MAX : (int64_t)distance->i128; return true;
    default: *out = distance->i64; return true;
    }
}

/* Rows [from, to) of the part against the keys of [range.start, range.end). */
static Status search_narrow(const Context *cx, const RangeBound *bound, const int64_t *keys, WindowRange range, uint32_t from,
                            uint32_t to, uint32_t *out) {
    uint32_t count = to - from;
    int64_t distance = 0, *targets;
    bool is_fixed = fixed_distance(bound->key, bound->distance, &distance), leaves = false;
    TRY_ALLOC(cx, targets, sizeof *targets * count);
    if (is_fixed) {
        leaves = narrow_shift(keys + from, count, distance, bound->goes_back, targets);
    } else if (bound->distance->type.id == TYPE_DOUBLE) {
        shift_doubles(bound, keys + from, count, targets);
    } else {
        shift_moments(cx, bound, keys + from, count, targets);
    }
    narrow_search(keys, range.start, range.end, targets, count, bound->past, out);
    if (leaves) {
        narrow_leave(keys + from, count, distance, bound->goes_back, bound->goes_back ? range.start : range.end, out);
    }
    mem_free(targets);
    return OK;
}

static Status search_wide(const Context *cx, const RangeBound *bound, const __int128 *keys, WindowRange range, uint32_t from,
                          uint32_t to, uint32_t *out) {
    uint32_t count = to - from;
    const Value *value = bound->distance;
    __int128 distance = value->type.id == TYPE_INTERVAL  ? interval_order(value->interval)
                        : value->type.id == TYPE_DECIMAL ? value->i128
                                                         : value->i64;
    __int128 *targets;
    TRY_ALLOC(cx, targets, sizeof *targets * count);
    bool leaves = wide_shift(keys + from, count, distance, bound->goes_back, targets);
    wide_search(keys, range.start, range.end, targets, count, bound->past, out);
    if (leaves) {
        wide_leave(keys + from, count, distance, bound->goes_back, bound->goes_back ? range.start : range.end, out);
    }
    mem_free(targets);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- partitions */

/* The rows of the partition whose key is not NULL: NULLs stand at one end. */
static WindowRange rows_with_keys(const WindowSlice *slice, const WindowItem *item, const PartitionSpan *span, SortSlot key) {
    const uint64_t *peer_starts = slice->part->starts[item->peer_keys];
    const uint32_t *rows = slice->part->rows;
    WindowRange range = {span->first, span->end};
    if (key.nulls_first && !row_table_is_valid(slice->table, key.slot, rows[span->first])) {
        range.start = window_next_start(peer_starts, span->first + 1, span->end);
    } else if (!key.nulls_first && !row_table_is_valid(slice->table, key.slot, rows[span->end - 1])) {
        range.end = window_start_of(peer_starts, span->end - 1);
    }
    return range;
}

static void fill_positions(uint32_t value, uint32_t from, uint32_t to, uint32_t *out) {
    for (uint32_t at = from; at < to; at++) {
        out[at] = value;
    }
}

typedef struct BoundRows {
    WindowRange keyed;
    uint32_t from, to;     /* rows of the slice with a key */
    uint32_t group, after; /* the group of rows without one */
} BoundRows;

/* `out` is indexed by row - span->from. */
static Status bound_rows(const Context *cx, const WindowItem *item, const WindowSlice *slice, const PartitionSpan *span,
                         const BoundRows *rows, bool is_start, uint32_t *out) {
    const WindowFrame *frame = &item->frame;
    FrameBound kind = is_start ? frame->start : frame->end;
    uint32_t count = span->to - span->from;
    if (kind == BOUND_UNBOUNDED_PRECEDING || kind == BOUND_UNBOUNDED_FOLLOWING) {
        fill_positions(is_start ? span->first : span->end, 0, count, out);
        return OK;
    }
    SortSlot key = key_slot(&slice->op->window, item->peer_keys - 1);
    Value none = {.type = type_make(TYPE_BIGINT)}; /* CURRENT ROW: no distance */
    RangeBound bound = {.key = (TypeId)slice->table->format->columns[key.slot].type.id,
                        .is_descending = key.is_descending,
                        .goes_back = kind == BOUND_PRECEDING,
                        .past = !is_start,
                        .distance = !bound_has_offset(kind) ? &none
                                    : is_start              ? &frame->start_range
                                                            : &frame->end_range};
    uint32_t nulls = is_start ? rows->group : rows->after;
    fill_positions(nulls, 0, rows->from - span->from, out);
    fill_positions(nulls, rows->to - span->from, count, out);
    const RangeKeys *keys = &slice->part->range_keys[item->peer_keys];
    out += rows->from - span->from;
    return keys->narrow != NULL ? search_narrow(cx, &bound, keys->narrow, rows->keyed, rows->from, rows->to, out)
                                : search_wide(cx, &bound, keys->wide, rows->keyed, rows->from, rows->to, out);
}

Status window_range_bounds(const Context *cx, const WindowItem *item, const WindowSlice *slice, const PartitionSpan *span,
                           uint32_t *starts, uint32_t *ends) {
    SortSlot key = key_slot(&slice->op->window, item->peer_keys - 1);
    BoundRows rows = {.keyed = rows_with_keys(slice, item, span, key)};
    rows.from = rows.keyed.start > span->from ? rows.keyed.start : span->from;
    rows.to = rows.keyed.end < span->to ? rows.keyed.end : span->to;
    if (rows.from >= rows.to) { /* only NULLs here */
        rows.from = rows.to = span->to;
    }
    rows.group = key.nulls_first ? span->first : rows.keyed.end;
    rows.after = key.nulls_first ? rows.keyed.start : span->end;
    TRY(bound_rows(cx, item, slice, span, &rows, true, starts));
    return bound_rows(cx, item, slice, span, &rows, false, ends);
}
