/* One value for all rows, or nothing but NULLs. Integers and codes stand in the entry's base and take no bytes; other values
 * stand as they are (text: its bytes). */
#include "storage/encodings/encoding_classes.h"

static bool all_equal(const BlockInput *in) {
    if (type_class(in->type) == CLASS_TEXT) {
        const Text *texts = in->values;
        for (uint32_t i = 1; i < in->rows; i++) {
            if (!text_equal(&texts[0], &texts[i])) {
                return false;
            }
        }
        return true;
    }
    uint32_t bytes = type_bytes(in->type);
    return memcmp(in->values, (const uint8_t *)in->values + bytes, (size_t)(in->rows - 1) * bytes) == 0;
}

static uint64_t constant_size(const BlockInput *in) {
    if (in->nulls == in->rows) {
        return 0;
    }
    if (in->nulls > 0) {
        return ENCODING_CANNOT;
    }
    if (in->integers != NULL) {
        return in->stats.min == in->stats.max ? 0 : ENCODING_CANNOT;
    }
    if (!all_equal(in)) {
        return ENCODING_CANNOT;
    }
    return type_class(in->type) == CLASS_TEXT ? ((const Text *)in->values)->bytes : type_bytes(in->type);
}

static void constant_encode(const BlockInput *in, BlockEntry *entry, uint8_t *out) {
    if (in->nulls == in->rows) {
        return;
    }
    if (in->integers != NULL) {
        block_entry_set_base(entry, in->wide_base + in->stats.min);
    } else if (type_class(in->type) == CLASS_TEXT) {
        memcpy(out, text_data(in->values), ((const Text *)in->values)->bytes);
    } else {
        memcpy(out, in->values, type_bytes(in->type));
    }
}

/* Is the value in the entry's base (an integer or a code), not in the payload? A wide decimal's may be in either. */
static bool is_in_base(const BlockEntry *entry, Type type, uint64_t bytes) {
    StorageClass class_ = type_class(type);
    return entry->nulls == entry->rows || (entry->flags & BLOCK_IS_CODES) != 0 ||
           (class_ != CLASS_TEXT && class_ != CLASS_INTERVAL && bytes == 0);
}

static bool constant_check(const BlockEntry *entry, Type type, const uint8_t *values, uint64_t bytes) {
    (void)values;
    if (entry->nulls != 0 && entry->nulls != entry->rows) {
        return false;
    }
    if (is_in_base(entry, type, bytes)) {
        return bytes == 0;
    }
    return type_class(type) == CLASS_TEXT ? bytes <= UINT32_MAX : bytes == type_bytes(type);
}

static Value constant_value(const ColumnBlock *block) {
    const BlockEntry *entry = block->entry;
    StorageClass class_ = type_class(block->type);
    if (entry->nulls == entry->rows) {
        return value_null(block->type);
    }
    if (block->segment_dictionary != NULL) {
        return value_load(block->type, block->segment_dictionary->values, (uint32_t)entry->base[0]);
    }
    uint64_t bytes = entry->plain_bytes;
    if (is_in_base(entry, block->type, bytes)) {
        __int128 base = block_entry_base(entry); /* aligned */
        return value_load(block->type, &base, 0);
    }
    if (class_ == CLASS_TEXT) {
        return value_text(block->type, text_view((const char *)block->data, (uint32_t)bytes));
    }
    return value_load(block->type, block->data, 0);
}

static Status constant_decode(const Context *cx, const ColumnBlock *block, uint32_t first, uint32_t count, Vector *out) {
    (void)first, (void)count;
    Value value = constant_value(block);
    return vector_set_constant(cx, out, &value);
}

static Status constant_gather(const Context *cx, const ColumnBlock *block, const uint16_t *rows, uint32_t count, Vector *out) {
    (void)rows, (void)count;
    Value value = constant_value(block);
    return vector_set_constant(cx, out, &value);
}

const EncodingClass constant_encoding = {
    .name = "constant",
    .size = constant_size,
    .encode = constant_encode,
    .check = constant_check,
    .decode = constant_decode,
    .gather = constant_gather,
};
