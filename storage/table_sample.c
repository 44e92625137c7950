/* From sampled values to what is known of a column: sort, count equal ones, take the most common, cut the rest evenly. */
#include "storage/table_sample.h"

#include "core/text.h"

#include <math.h>
#include <stdlib.h>

Status table_sample_create(const Context *cx, uint32_t column_count, TableSample **sample_out) {
    TableSample *sample;
    TRY_ALLOC_ZEROED(cx, sample, sizeof *sample);
    arena_init(&sample->arena);
    atomic_init(&sample->references, 1);
    sample->column_count = column_count;
    sample->columns = arena_alloc(cx, &sample->arena, sizeof *sample->columns * column_count);
    if (sample->columns == NULL) {
        table_sample_release(sample);
        return OUT_OF_MEMORY;
    }
    *sample_out = sample;
    return OK;
}

TableSample *table_sample_retain(TableSample *sample) {
    if (sample != NULL) {
        atomic_fetch_add(&sample->references, 1);
    }
    return sample;
}

void table_sample_release(TableSample *sample) {
    if (sample != NULL && atomic_fetch_sub(&sample->references, 1) == 1) {
        arena_free(&sample->arena);
        mem_free(sample);
    }
}

Status column_sample_copy(const Context *cx, Arena *arena, const ColumnSample *from, ColumnSample *to) {
    CommonValue *common;
    Value *bounds;
    TRY_NEW_ARRAY(cx, arena, common, from->common_count);
    TRY_NEW_ARRAY(cx, arena, bounds, from->bound_count);
    for (uint32_t i = 0; i < from->common_count; i++) {
        common[i].share = from->common[i].share;
        TRY(value_copy(cx, arena, &from->common[i].value, &common[i].value));
    }
    for (uint32_t i = 0; i < from->bound_count; i++) {
        TRY(value_copy(cx, arena, &from->bounds[i], &bounds[i]));
    }
    *to = *from;
    to->common = common;
    to->bounds = bounds;
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- sorting */

/* `key` orders like the value; values with the same key are compared themselves, unless the type's keys say all. */
typedef struct Ranked {
    uint64_t key;
    const Value *value; /* in the order of rows: ties stay in it */
} Ranked;

static uint64_t key_of_i64(int64_t x) {
    return (uint64_t)x ^ (uint64_t)1 << 63;
}

static uint64_t key_of_f64(double x) {
    uint64_t bits;
    x = x != x ? (double)NAN : x + 0.0; /* one NaN, above all; no -0 */
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static uint64_t key_of_text(const Text *text) {
    uint64_t key = 0;
    const char *data = text_data(text);
    for (uint32_t i = 0; i < 8; i++) {
        key = key << 8 | (i < text->bytes ? (uint8_t)data[i] : 0);
    }
    return key;
}

static uint64_t sort_key(const Value *value, StorageClass class_) {
    switch (class_) {
    case CLASS_F32:
    case CLASS_F64: return key_of_f64(value->f64);
    case CLASS_TEXT: return key_of_text(&value->text);
    case CLASS_I128:
        return key_of_i64(value->i128 > INT64_MAX ? INT64_MAX : value->i128 < INT64_MIN ? INT64_MIN : (int64_t)value->i128);
    case CLASS_INTERVAL: return 0;
    default: return key_of_i64(value->i64);
    }
}

static int compare_keys(const void *a_, const void *b_) {
    const Ranked *a = a_, *b = b_;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return (a->value > b->value) - (a->value < b->value);
}

static int compare_values(const void *a_, const void *b_) {
    const Ranked *a = a_, *b = b_;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    int order = value_compare(a->value, b->value);
    return order != 0 ? order : (a->value > b->value) - (a->value < b->value);
}

/* The values that are not NULL, ascending. */
static uint32_t sort_values(const SampledColumn *in, Ranked *ranked) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < in->count; i++) {
        if (!in->values[i].is_null) {
            ranked[count++] = (Ranked){sort_key(&in->values[i], type_class(in->values[i].type)), &in->values[i]};
        }
    }
    if (count > 0) {
        StorageClass class_ = type_class(ranked[0].value->type);
        bool keys_say_all = class_is_integer(class_) || class_ == CLASS_BOOL || class_ == CLASS_F32 || class_ == CLASS_F64;
        qsort(ranked, count, sizeof *ranked, keys_say_all && class_ != CLASS_I128 ? compare_keys : compare_values);
    }
    return count;
}

/* ----------------------------------------------------------------------------------------------------------- common values */

typedef struct Group { /* of equal values */
    uint32_t first, count;
    bool is_common;
} Group;

typedef struct Maker {
    const Context *cx;
    Arena *arena;
    const SampledColumn *in;
    uint32_t count; /* values that are not NULL */
    Ranked *ranked;
    uint32_t group_count;
    Group *groups; /* ascending by value */
    Group **by_count;
} Maker;

static void find_groups(Maker *maker) {
    for (uint32_t i = 0; i < maker->count; i++) {
        bool is_new = i == 0 || maker->ranked[i].key != maker->ranked[i - 1].key ||
                      value_compare(maker->ranked[i].value, maker->ranked[i - 1].value) != 0;
        if (is_new) {
            maker->groups[maker->group_count++] = (Group){.first = i};
        }
        maker->groups[maker->group_count - 1].count++;
    }
}

static int compare_counts(const void *a_, const void *b_) {
    const Group *a = *(Group *const *)a_, *b = *(Group *const *)b_;
    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    return a->first < b->first ? -1 : a->first > b->first;
}

static bool is_too_long(const Value *value) {
    return type_is_text(value->type) && value->text.bytes > SAMPLE_TEXT_BYTES_MAX;
}

/* Groups by falling count that may be common values; *rest is how many sampled values are in none of them. */
static uint32_t candidates(Maker *maker, bool takes_single) {
    uint32_t count = 0;
    for (uint32_t g = 0; g < maker->group_count; g++) {
        Group *group = &maker->groups[g];
        if ((takes_single || group->count > 1) && !is_too_long(maker->ranked[group->first].value)) {
            maker->by_count[count++] = group;
        }
    }
    qsort(maker->by_count, count, sizeof *maker->by_count, compare_counts);
    return count < COMMON_VALUES_MAX ? count : COMMON_VALUES_MAX;
}

/* The chance to meet a value `met` times or more, if `expected` times are the average (Poisson; met > expected). */
static double chance_of(double met, double expected) {
    int sign;
    return exp(met * log(expected) - expected - lgamma_r(met + 1, &sign)) / (1 - expected / (met + 1));
}

/* A value is common if it was met more often than chance explains: were all values that are left out equally frequent, not
 * even one of them would be expected to be met so often. The rarest go until one holds. */
static uint32_t keep_significant(const Maker *maker, uint32_t kept, double distinct) {
    double left = maker->count;
    for (uint32_t i = 0; i < kept; i++) {
        left -= maker->by_count[i]->count;
    }
    while (kept > 0) {
        double others = distinct - kept < 1 ? 1 : distinct - kept, met = maker->by_count[kept - 1]->count;
        double expected = (left > 1 ? left : 1) / others;
        if (met > expected && others * chance_of(met, expected) < 0.5) {
            break;
        }
        left += met;
        kept--;
    }
    return kept;
}

/* Few values that were all met are all kept: what is not among them is not there. */
static Status take_common(Maker *maker, ColumnSample *out) {
    const SampledColumn *in = maker->in;
    double distinct = in->distinct > maker->group_count ? in->distinct : maker->group_count;
    bool is_all = in->count >= in->table_rows || distinct < maker->group_count * 1.03 + 0.5;
    bool takes_all = is_all && maker->group_count <= COMMON_VALUES_MAX;
    uint32_t kept = candidates(maker, takes_all);
    kept = takes_all ? kept : keep_significant(maker, kept, distinct);
    CommonValue *common;
    TRY_NEW_ARRAY(maker->cx, maker->arena, common, kept);
    for (uint32_t i = 0; i < kept; i++) {
        Group *group = maker->by_count[i];
        group->is_common = true;
        common[i].share = (double)group->count / in->count;
        TRY(value_copy(maker->cx, maker->arena, maker->ranked[group->first].value, &common[i].value));
    }
    out->common_count = kept;
    out->common = common;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- histogram */

/* A prefix at or below the value, whole characters. */
static Value cut_text(const Value *value) {
    Value cut = *value;
    if (is_too_long(value)) {
        const char *data = text_data(&value->text);
        uint32_t bytes = SAMPLE_TEXT_BYTES_MAX;
        while (bytes > 0 && ((uint8_t)data[bytes] & 0xc0) == 0x80) {
            bytes--;
        }
        cut.text = text_view(data, bytes);
    }
    return cut;
}

/* Leaves what is not common in `ranked`; returns how many values that are, *distinct how many different ones. */
static uint32_t drop_common(Maker *maker, uint32_t *distinct) {
    uint32_t count = 0;
    *distinct = 0;
    for (uint32_t g = 0; g < maker->group_count; g++) {
        const Group *group = &maker->groups[g];
        for (uint32_t i = 0; !group->is_common && i < group->count; i++) {
            maker->ranked[count++] = maker->ranked[group->first + i];
        }
        *distinct += !group->is_common;
    }
    return count;
}

static Status take_bounds(Maker *maker, ColumnSample *out) {
    uint32_t distinct, count = drop_common(maker, &distinct);
    if (distinct < 2) {
        return OK;
    }
    uint32_t bound_count = distinct < HISTOGRAM_BOUNDS_MAX ? distinct : HISTOGRAM_BOUNDS_MAX;
    Value *bounds;
    TRY_NEW_ARRAY(maker->cx, maker->arena, bounds, bound_count);
    for (uint32_t i = 0; i < bound_count; i++) {
        Value bound = cut_text(maker->ranked[(uint64_t)i * (count - 1) / (bound_count - 1)].value);
        TRY(value_copy(maker->cx, maker->arena, &bound, &bounds[i]));
    }
    out->bound_count = bound_count;
    out->bounds = bounds;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- correlation */

typedef struct Moments {
    double count, x, y, xx, yy, xy;
} Moments;

static void add_section(const Moments *m, double *weighted, double *weight) {
    double spread_x = m->count * m->xx - m->x * m->x, spread_y = m->count * m->yy - m->y * m->y;
    if (m->count > 1 && spread_x > 0 && spread_y > 0) {
        *weighted += m->count * (m->count * m->xy - m->x * m->y) / sqrt(spread_x * spread_y);
        *weight += m->count;
    }
}

/* Of the rank of a value (equal ones share the middle of theirs) with the place of its row, section by section. */
static double correlate(const SampledColumn *in, const double *ranks) {
    double weighted = 0, weight = 0;
    Moments m = {0};
    for (uint32_t i = 0; i < in->count; i++) {
        if (i > 0 && in->section[i] != in->section[i - 1]) {
            add_section(&m, &weighted, &weight);
            m = (Moments){0};
        }
        if (!in->values[i].is_null) {
            double x = m.count, y = ranks[i]; /* places count from the section's start */
            m = (Moments){m.count + 1, m.x + x, m.y + y, m.xx + x * x, m.yy + y * y, m.xy + x * y};
        }
    }
    add_section(&m, &weighted, &weight);
    double r = weight > 0 ? weighted / weight : 0;
    return r < -1 ? -1 : r > 1 ? 1 : r;
}

static Status find_correlation(const Maker *maker, ColumnSample *out) {
    double *ranks;
    TRY_ALLOC_ZEROED(maker->cx, ranks, sizeof *ranks * (maker->in->count + 1));
    for (uint32_t g = 0; g < maker->group_count; g++) {
        const Group *group = &maker->groups[g];
        for (uint32_t i = group->first; i < group->first + group->count; i++) {
            ranks[maker->ranked[i].value - maker->in->values] = group->first + group->count / 2.0;
        }
    }
    out->correlation = correlate(maker->in, ranks);
    mem_free(ranks);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- codes */

#define CODE_STRETCHES 64

/* Code 0 is NULL. Few values have a code each, of many a stretch has one. */
static void code_rows(const Maker *maker, uint8_t *codes) {
    memset(codes, 0, maker->in->count);
    for (uint32_t g = 0; g < maker->group_count; g++) {
        const Group *group = &maker->groups[g];
        uint64_t stretch = (uint64_t)group->first * CODE_STRETCHES / maker->count;
        uint64_t code = 1 + (maker->group_count < SAMPLE_CODES_MAX ? g : stretch);
        for (uint32_t i = group->first; i < group->first + group->count; i++) {
            codes[maker->ranked[i].value - maker->in->values] = (uint8_t)code;
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------------- entry */

static Status make(Maker *maker, ColumnSample *out, uint8_t *codes) {
    maker->count = sort_values(maker->in, maker->ranked);
    find_groups(maker);
    if (codes != NULL) {
        code_rows(maker, codes);
    }
    TRY(find_correlation(maker, out));
    TRY(take_common(maker, out));
    return take_bounds(maker, out);
}

Status column_sample_make(const Context *cx, Arena *arena, const SampledColumn *in, ColumnSample *out, uint8_t *codes) {
    Maker maker = {.cx = cx, .arena = arena, .in = in};
    size_t count = in->count + 1;
    *out = (ColumnSample){0};
    maker.ranked = mem_alloc(cx, sizeof *maker.ranked * count);
    maker.groups = mem_alloc(cx, sizeof *maker.groups * count);
    maker.by_count = mem_alloc(cx, sizeof *maker.by_count * count);
    bool has_memory = maker.ranked != NULL && maker.groups != NULL && maker.by_count != NULL;
    Status status = has_memory ? make(&maker, out, codes) : OUT_OF_MEMORY;
    mem_free(maker.ranked);
    mem_free(maker.groups);
    mem_free(maker.by_count);
    return status;
}
