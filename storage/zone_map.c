/* Zone maps. Integers know theirs from the pass that chose the encoding; other values are compared one by one. */
#include "storage/zone_map.h"

#include "storage/column_file.h"

static Value value_of_integer(const BlockInput *in, const void *dictionary, int64_t integer) {
    if (in->is_codes) {
        return value_load(in->type, dictionary, (uint32_t)integer);
    }
    __int128 value = in->wide_base + integer;
    return value_load(in->type, &value, 0);
}

static bool integers_order_as_values(const BlockInput *in) {
    return in->integers != NULL &&
           (in->is_codes || class_is_integer(type_class(in->type)) || type_class(in->type) == CLASS_I128);
}

static void measure_values(const BlockInput *in, ColumnRange *range, bool *is_sorted) {
    Value previous = {0};
    bool is_first = true;
    *is_sorted = true;
    for (uint32_t i = 0; i < in->rows; i++) {
        if (in->validity != NULL && !bit_get(in->validity, i)) {
            continue;
        }
        Value value = value_load(in->type, in->values, i);
        int order = is_first ? 0 : value_compare(&previous, &value);
        *is_sorted = *is_sorted && order <= 0;
        if (is_first) {
            range->min = range->max = value;
        } else if (order < 0) {
            range->max = value_compare(&value, &range->max) > 0 ? value : range->max;
        } else if (order > 0) {
            range->min = value_compare(&value, &range->min) < 0 ? value : range->min;
        }
        previous = value;
        is_first = false;
    }
}

void zone_map_measure(const BlockInput *in, const void *dictionary, ColumnRange *range, bool *is_sorted) {
    *range = (ColumnRange){.rows = in->rows, .nulls = in->nulls, .min = value_null(in->type), .max = value_null(in->type)};
    *is_sorted = false;
    if (in->nulls == in->rows) {
        return;
    }
    range->has_range = true;
    if (integers_order_as_values(in)) {
        range->min = value_of_integer(in, dictionary, in->stats.min);
        range->max = value_of_integer(in, dictionary, in->stats.max);
        *is_sorted = in->stats.is_sorted;
    } else {
        measure_values(in, range, is_sorted);
    }
    *is_sorted = *is_sorted && in->nulls == 0;
}

/* At most RANGE_TEXT_BYTES_MAX bytes, not in the middle of a character. */
static bool cut_text(Value *value) {
    uint32_t bytes = RANGE_TEXT_BYTES_MAX;
    if (value->text.bytes <= bytes) {
        return false;
    }
    const char *data = text_data(&value->text);
    while (bytes > 0 && ((uint8_t)data[bytes] & 0xc0) == 0x80) {
        bytes--;
    }
    value->text = text_view(data, bytes);
    return true;
}

void zone_map_cut(ColumnRange *range) {
    if (range->has_range && type_is_text(range->min.type)) {
        bool min_is_cut = cut_text(&range->min), max_is_cut = cut_text(&range->max);
        range->max_is_truncated = range->max_is_truncated || min_is_cut || max_is_cut;
    }
}

static Status store_value(const Context *cx, const Value *value, ByteBuffer *range_text, uint8_t *stored) {
    if (type_is_text(value->type)) {
        uint32_t at[2] = {(uint32_t)range_text->used, value->text.bytes};
        memcpy(stored, at, sizeof at);
        return byte_buffer_append(cx, range_text, text_data(&value->text), value->text.bytes);
    }
    uint8_t aligned[16] __attribute__((aligned(16))) = {0};
    value_store(value, aligned, 0);
    memcpy(stored, aligned, sizeof aligned);
    return OK;
}

Status zone_map_store(const Context *cx, const ColumnRange *range, bool is_sorted, ByteBuffer *range_text, BlockEntry *entry) {
    entry->flags |= (uint8_t)((range->has_range ? BLOCK_HAS_RANGE : 0) | (is_sorted ? BLOCK_IS_SORTED : 0) |
                              (range->max_is_truncated ? BLOCK_RANGE_IS_CUT : 0));
    if (range->has_range) {
        TRY(store_value(cx, &range->min, range_text, entry->min));
        TRY(store_value(cx, &range->max, range_text, entry->max));
    }
    return OK;
}
