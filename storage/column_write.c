/* What a column of a segment becomes. First its form for the whole segment: codes of a dictionary, integers, or values as they
 * are; then each block for itself (block.c). Numbers get a dictionary if that makes the segment clearly smaller; text if it
 * repeats. */
#include "storage/column_write.h"

#include "core/hash.h"
#include "storage/block.h"
#include "storage/dictionary.h"
#include "storage/distinct.h"
#include "storage/encodings/pack.h"
#include "storage/zone_map.h"

#include <stdlib.h>

/* What the column is for the time of writing. */
typedef struct ColumnForm {
    uint32_t rows;
    uint64_t *validity; /* in segment order; owned; NULL: no NULLs */
    int64_t *integers;  /* in segment order, NULL rows filled; owned; NULL: values are not integers */
    __int128 wide_base;
    void *dictionary; /* array of the class; owned; NULL: integers are not codes */
    uint32_t dictionary_size;
} ColumnForm;

static void form_free(ColumnForm *form) {
    mem_free(form->validity);
    mem_free(form->integers);
    mem_free(form->dictionary);
}

static uint32_t source_row(const ColumnWrite *w, uint32_t row) {
    return w->order == NULL ? row : w->order[row];
}

static Status order_validity(const Context *cx, const ColumnWrite *w, ColumnForm *form) {
    if (w->buffer->nulls == 0) {
        return OK;
    }
    TRY_ALLOC_ZEROED(cx, form->validity, BITS_WORDS(form->rows) * 8);
    for (uint32_t i = 0; i < form->rows; i++) {
        bit_put(form->validity, i, bit_get(w->buffer->validity, source_row(w, i)));
    }
    return OK;
}

/* NULL rows take the value before them, those at the start the first value. */
static void fill_nulls(ColumnForm *form) {
    uint32_t first = 0;
    if (form->validity == NULL) {
        return;
    }
    while (first < form->rows && !bit_get(form->validity, first)) {
        first++;
    }
    int64_t value = first < form->rows ? form->integers[first] : 0;
    for (uint32_t i = 0; i < form->rows; i++) {
        value = bit_get(form->validity, i) ? form->integers[i] : value;
        form->integers[i] = value;
    }
}

/* ------------------------------------------------------------------------------------------------------------------ numbers */

#define WIDEN(class_, ctype)                                                                                                   \
    case class_:                                                                                                               \
        for (uint32_t i = 0; i < form->rows; i++) {                                                                            \
            form->integers[i] = (int64_t)((const ctype *)(const void *)w->buffer->values)[source_row(w, i)];                   \
        }                                                                                                                      \
        return true

/* Decimals of 128 bits: less their minimum, if the range fits in 63 bits. */
static bool integers_of_wide(const ColumnWrite *w, ColumnForm *form) {
    const __int128 *values = (const __int128 *)(const void *)w->buffer->values;
    __int128 min = 0, max = 0;
    bool is_first = true;
    for (uint32_t i = 0; i < form->rows; i++) {
        if (w->buffer->validity == NULL || bit_get(w->buffer->validity, i)) {
            min = is_first || values[i] < min ? values[i] : min;
            max = is_first || values[i] > max ? values[i] : max;
            is_first = false;
        }
    }
    if ((unsigned __int128)max - (unsigned __int128)min > INT64_MAX) {
        return false;
    }
    form->wide_base = min;
    for (uint32_t i = 0; i < form->rows; i++) {
        form->integers[i] = (int64_t)(values[source_row(w, i)] - min);
    }
    return true;
}

/* False if the values cannot be integers. */
static bool integers_of_class(const ColumnWrite *w, ColumnForm *form) {
    switch (type_class(w->buffer->type)) {
        WIDEN(CLASS_BOOL, uint8_t);
        WIDEN(CLASS_I16, int16_t);
        WIDEN(CLASS_I32, int32_t);
        WIDEN(CLASS_I64, int64_t);
        WIDEN(CLASS_F32, uint32_t); /* bit patterns */
        WIDEN(CLASS_F64, int64_t);
    case CLASS_I128: return integers_of_wide(w, form);
    default: return false;
    }
}

/* Bit pattern of a float → an integer that orders as the float does. */
static int64_t order_of_f64(int64_t pattern) {
    return pattern ^ (pattern >> 63 & INT64_MAX);
}
static int64_t order_of_f32(int64_t pattern) {
    int32_t narrow = (int32_t)(uint32_t)pattern;
    return narrow ^ (narrow >> 31 & INT32_MAX);
}

/* -0 equals 0 and NaNs equal each other, whatever their bits: codes would tell them apart. */
static bool floats_are_plain(const ColumnForm *form, StorageClass class_) {
    for (uint32_t i = 0; i < form->rows; i++) {
        double value;
        if (class_ == CLASS_F32) {
            uint32_t bits = (uint32_t)form->integers[i];
            float narrow;
            memcpy(&narrow, &bits, sizeof narrow);
            value = (double)narrow;
        } else {
            memcpy(&value, &form->integers[i], sizeof value);
        }
        if (value != value || (value == 0 && __builtin_signbit(value))) {
            return false;
        }
    }
    return true;
}

/* Entries of a dictionary of numbers from their integers. */
static Status number_entries(const Context *cx, const ColumnWrite *w, const DistinctSet *set, ColumnForm *form) {
    uint32_t bytes = type_bytes(w->buffer->type);
    TRY_ALLOC(cx, form->dictionary, (size_t)set->size * bytes);
    for (uint32_t i = 0; i < set->size; i++) {
        __int128 value = form->wide_base + set->sorted[i];
        memcpy((uint8_t *)form->dictionary + (size_t)i * bytes, &value, bytes); /* little-endian: the low bytes */
    }
    form->dictionary_size = set->size;
    return OK;
}

/* Costs in percent of bytes, as encoding_choose() weighs them. `limit_bits`: codes of blocks are at most that wide. */
static uint64_t cost_of_blocks(const ColumnWrite *w, const ColumnForm *form, uint32_t limit_bits, bool as_codes) {
    uint64_t cost = 0;
    for (uint32_t first = 0; first < form->rows; first += w->block_rows) {
        uint32_t rows = form->rows - first < w->block_rows ? form->rows - first : w->block_rows;
        IntegerStats stats = unpack_kernels->stats(form->integers + first, rows);
        uint32_t bits = bits_needed((uint64_t)stats.max - (uint64_t)stats.min);
        bits = bits < limit_bits ? bits : limit_bits;
        uint64_t packed = pack_bytes(bits, rows) * 100;
        uint64_t runs = (pack_bytes(bits, stats.runs) + pack_bytes(bits_needed(rows / stats.runs), stats.runs) +
                         (uint64_t)stats.runs * ENCODING_RUN_BYTES) *
                        100;
        uint64_t deltas =
            pack_bytes(bits_needed((uint64_t)stats.delta_max - (uint64_t)stats.delta_min), rows) * ENCODING_DELTA_PERCENT;
        uint64_t best = packed < runs ? packed : runs;
        cost += as_codes || best < deltas ? best : deltas;
    }
    return cost;
}

enum { DICTIONARY_SIZE_MAX = 1 << 16, FORCED_DICTIONARY_SIZE_MAX = 1 << 22, DICTIONARY_PERCENT_MAX = 90 };

static void sketch_integers(const int64_t *integers, uint32_t count, __int128 wide_base, uint8_t *sketch) {
    uint64_t hashes[1024];
    for (uint32_t at = 0; at < count; at += 1024) {
        uint32_t here = count - at < 1024 ? count - at : 1024;
        for (uint32_t i = 0; i < here; i++) {
            hashes[i] = hash_u64((uint64_t)(wide_base + integers[at + i]));
        }
        hll_add_hashes(sketch, hashes, here);
    }
}

static bool dictionary_pays(const ColumnWrite *w, const ColumnForm *form, uint32_t size) {
    uint64_t direct = cost_of_blocks(w, form, 64, false);
    uint64_t codes = cost_of_blocks(w, form, bits_needed(size - 1), true);
    return codes + (uint64_t)size * type_bytes(w->buffer->type) * 100 < direct / 100 * DICTIONARY_PERCENT_MAX;
}

/* Turns integers into codes if a dictionary is asked for or pays; counts distinct values in any case. */
static Status consider_dictionary(const Context *cx, const ColumnWrite *w, ColumnForm *form, uint8_t *sketch) {
    StorageClass class_ = type_class(w->buffer->type);
    bool is_float = class_ == CLASS_F32 || class_ == CLASS_F64, is_forced = w->want.encoding == ENCODING_DICT;
    bool may = class_ != CLASS_BOOL && (w->want.encoding == ENCODING_AUTO || is_forced);
    IntegerStats stats = unpack_kernels->stats(form->integers, form->rows);
    DistinctSet set = {0};
    bool found = false;
    if (may && (!is_float || floats_are_plain(form, class_))) {
        int64_t (*order)(int64_t) = !is_float ? NULL : class_ == CLASS_F32 ? order_of_f32 : order_of_f64;
        TRY(distinct_find(cx, form->integers, form->rows, &stats, is_forced ? FORCED_DICTIONARY_SIZE_MAX : DICTIONARY_SIZE_MAX,
                          is_forced, order, &set, &found));
    }
    if (!found) {
        sketch_integers(form->integers, form->rows, form->wide_base, sketch);
        return OK;
    }
    sketch_integers(set.sorted, set.size, form->wide_base, sketch);
    Status status = OK;
    if (is_forced || dictionary_pays(w, form, set.size)) {
        status = number_entries(cx, w, &set, form);
        distinct_encode(&set, form->integers, form->rows);
    }
    distinct_free(&set);
    return status;
}

static Status form_of_numbers(const Context *cx, const ColumnWrite *w, ColumnForm *form, uint8_t *sketch) {
    TRY_ALLOC(cx, form->integers, sizeof *form->integers * form->rows);
    if (!integers_of_class(w, form)) {
        mem_free(form->integers);
        form->integers = NULL;
        return OK;
    }
    fill_nulls(form);
    return w->buffer->nulls == form->rows ? OK : consider_dictionary(cx, w, form, sketch);
}

/* --------------------------------------------------------------------------------------------------------------------- text */

static int compare_entries(const void *a, const void *b, void *entries_) {
    const Text *entries = entries_;
    return text_compare(&entries[*(const uint32_t *)a], &entries[*(const uint32_t *)b]);
}

/* Numbers of the entries that some row that is not NULL uses. */
static Status used_entries(const Context *cx, const ColumnBuffer *buffer, uint32_t **used, uint32_t *count) {
    uint32_t size = buffer->texts.size;
    uint64_t *seen;
    TRY_ALLOC(cx, *used, sizeof **used * size);
    seen = mem_alloc_zeroed(cx, BITS_WORDS(size) * 8);
    if (seen == NULL) {
        mem_free(*used);
        return OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < buffer->rows; i++) {
        if (buffer->validity == NULL || bit_get(buffer->validity, i)) {
            bit_set(seen, column_buffer_entry(buffer, i));
        }
    }
    *count = 0;
    for (uint32_t e = 0; e < size; e++) {
        if (bit_get(seen, e)) {
            (*used)[(*count)++] = e;
        }
    }
    mem_free(seen);
    return OK;
}

static void sketch_texts(const Text *entries, const uint32_t *used, uint32_t count, uint8_t *sketch) {
    for (uint32_t i = 0; i < count; i++) {
        const Text *text = &entries[used[i]];
        uint64_t hash = hash_bytes(text_data(text), text->bytes, 3);
        hll_add_hashes(sketch, &hash, 1);
    }
}

/* Sorted entries and each row's code. `used` is sorted by number and comes back sorted by text. */
static Status code_texts(const Context *cx, const ColumnWrite *w, uint32_t *used, uint32_t count, ColumnForm *form) {
    const Text *entries = w->buffer->texts.entries;
    uint32_t *codes;
    qsort_r(used, count, sizeof *used, compare_entries, (void *)(uintptr_t)entries);
    TRY_ALLOC(cx, form->integers, sizeof *form->integers * form->rows);
    TRY_ALLOC(cx, form->dictionary, sizeof(Text) * count);
    TRY_ALLOC_ZEROED(cx, codes, sizeof *codes * w->buffer->texts.size);
    uint32_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        Text *out = form->dictionary;
        if (size == 0 || !text_equal(&out[size - 1], &entries[used[i]])) {
            out[size++] = entries[used[i]];
        }
        codes[used[i]] = size - 1;
    }
    form->dictionary_size = size;
    for (uint32_t i = 0; i < form->rows; i++) {
        form->integers[i] = codes[column_buffer_entry(w->buffer, source_row(w, i))];
    }
    mem_free(codes);
    fill_nulls(form);
    return OK;
}

/* A dictionary must be used at least twice per entry; small ones are always welcome, since they keep the column in codes. */
enum { WELCOME_SIZE_MAX = 256 };

static bool text_takes_dictionary(const ColumnWrite *w, uint32_t distinct) {
    uint32_t want = w->want.encoding;
    if (want == ENCODING_DICT || want == ENCODING_RUNLENGTH) {
        return true;
    }
    return want == ENCODING_AUTO && w->buffer->texts.is_distinct &&
           (distinct <= WELCOME_SIZE_MAX || distinct <= w->buffer->rows / 2);
}

static Status form_of_text(const Context *cx, const ColumnWrite *w, ColumnForm *form, uint8_t *sketch) {
    uint32_t *used, count;
    if (w->buffer->nulls == form->rows) {
        return OK;
    }
    TRY(used_entries(cx, w->buffer, &used, &count));
    sketch_texts(w->buffer->texts.entries, used, count, sketch);
    Status status = text_takes_dictionary(w, count) ? code_texts(cx, w, used, count, form) : OK;
    mem_free(used);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------------- blocks */

#define COPY_ORDERED(bytes, ctype)                                                                                             \
    case bytes:                                                                                                                \
        for (uint32_t i = 0; i < rows; i++) {                                                                                  \
            ((ctype *)out)[i] = ((const ctype *)(const void *)w->buffer->values)[w->order[first + i]];                         \
        }                                                                                                                      \
        break

/* Values of a block as they are. NULL rows hold zeros: they do in the buffer. */
static void block_values(const ColumnWrite *w, uint32_t first, uint32_t rows, void *out) {
    uint32_t bytes = w->buffer->element_bytes;
    if (column_buffer_is_text(w->buffer)) {
        for (uint32_t i = 0; i < rows; i++) {
            ((Text *)out)[i] = w->buffer->texts.entries[column_buffer_entry(w->buffer, source_row(w, first + i))];
        }
    } else if (w->order == NULL) {
        memcpy(out, w->buffer->values + (size_t)first * bytes, (size_t)rows * bytes);
    } else {
        switch (bytes) {
            COPY_ORDERED(1, uint8_t);
            COPY_ORDERED(2, uint16_t);
            COPY_ORDERED(4, uint32_t);
            COPY_ORDERED(8, uint64_t);
            COPY_ORDERED(16, Interval);
        }
    }
}

static BlockInput block_input(const ColumnWrite *w, const ColumnForm *form, uint32_t first, void *values) {
    uint32_t rows = form->rows - first < w->block_rows ? form->rows - first : w->block_rows;
    BlockInput in = {.type = w->buffer->type, .rows = rows, .is_codes = form->dictionary != NULL, .wide_base = form->wide_base};
    if (form->validity != NULL) {
        in.validity = form->validity + first / 64; /* block_rows is a multiple of 64 */
        in.nulls = rows - (uint32_t)bits_count(in.validity, rows);
        in.validity = in.nulls == 0 ? NULL : in.validity;
    }
    if (form->integers != NULL) {
        in.integers = form->integers + first;
        in.stats = unpack_kernels->stats(in.integers, rows);
    }
    if (!in.is_codes) {
        block_values(w, first, rows, values);
        in.values = values;
    }
    return in;
}

/* Text of minimum and maximum hangs on buffers of the writer: the segment's is copied. */
static Status keep_range(const Context *cx, Arena *arena, ColumnRange *range) {
    if (range->has_range && type_is_text(range->min.type)) {
        TRY(value_copy(cx, arena, &range->min, &range->min));
        TRY(value_copy(cx, arena, &range->max, &range->max));
    }
    return OK;
}

/* Blocks of a column that one thread writes: the first of them chooses the codec for all (block.c). */
enum { PART_BLOCKS = 16 };

typedef struct BlockPart {
    ByteBuffer image, range_text; /* owned; the entries' offsets count from their starts */
    ColumnRange range;            /* text is borrowed from the buffer or the dictionary */
    uint32_t encodings;
    Status status;
    Error error;
} BlockPart;

/* What the threads that write parts share. */
typedef struct BlockWriting {
    const Context *cx;
    const ColumnWrite *write;
    const ColumnForm *form;
    BlockEntry *entries; /* owned; of all blocks */
    uint32_t block_count;
    BlockPart *parts; /* owned */
    uint32_t part_count;
} BlockWriting;

static Status write_block(const Context *cx, const BlockWriting *blocks, uint32_t block, void *values, CodecState *codecs,
                          BlockPart *part) {
    const ColumnWrite *w = blocks->write;
    BlockEntry *entry = &blocks->entries[block];
    BlockInput in = block_input(w, blocks->form, block * w->block_rows, values);
    ColumnRange range;
    bool is_sorted;
    TRY(check_cancel(cx));
    TRY(block_write(cx, &in, w->want, codecs, &part->image, entry));
    part->encodings |= 1U << entry->encoding;
    zone_map_measure(&in, blocks->form->dictionary, &range, &is_sorted);
    zone_map_cut(&range);
    TRY(zone_map_store(cx, &range, is_sorted, &part->range_text, entry));
    column_range_merge(&part->range, &range);
    return OK;
}

static Status write_part_blocks(const Context *cx, const BlockWriting *blocks, uint32_t first, BlockPart *part) {
    void *values; /* of one block */
    CodecState codecs = {0};
    Status status = OK;
    TRY_ALLOC(cx, values, (size_t)blocks->write->block_rows * type_bytes(blocks->write->buffer->type));
    for (uint32_t b = first; status == OK && b < first + PART_BLOCKS && b < blocks->block_count; b++) {
        status = write_block(cx, blocks, b, values, &codecs, part);
    }
    mem_free(values);
    codec_state_free(&codecs);
    return status;
}

static void write_part(void *blocks_, uint32_t i) {
    const BlockWriting *blocks = blocks_;
    BlockPart *part = &blocks->parts[i];
    Context own = *blocks->cx;
    own.error = &part->error;
    part->status = write_part_blocks(&own, blocks, i * PART_BLOCKS, part);
}

static void write_parts(BlockWriting *blocks) {
    const SharedLoops *loops = blocks->write->loops;
    if (loops != NULL && blocks->part_count > 1) {
        loops->run(loops->owner, blocks->part_count, write_part, blocks);
        return;
    }
    for (uint32_t i = 0; i < blocks->part_count; i++) {
        write_part(blocks, i);
    }
}

static bool has_range_text(const BlockWriting *blocks, const BlockEntry *entry) {
    return type_is_text(blocks->write->buffer->type) && (entry->flags & BLOCK_HAS_RANGE) != 0;
}

/* What is stored of a bound of text: its place in the footer's text, first. */
static void move_bound(uint8_t *stored, uint32_t by) {
    uint32_t at;
    memcpy(&at, stored, sizeof at);
    at += by;
    memcpy(stored, &at, sizeof at);
}

static void move_entries(const BlockWriting *blocks, uint32_t first, uint64_t image_by, uint32_t text_by) {
    for (uint32_t b = first; b < first + PART_BLOCKS && b < blocks->block_count; b++) {
        BlockEntry *entry = &blocks->entries[b];
        entry->offset += image_by;
        if (has_range_text(blocks, entry)) {
            move_bound(entry->min, text_by);
            move_bound(entry->max, text_by);
        }
    }
}

/* Puts the parts one behind the other. */
static Status join_parts(const Context *cx, BlockWriting *blocks, ByteBuffer *range_text, ColumnWritten *out) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < blocks->part_count; i++) {
        if (blocks->parts[i].status != OK) {
            *cx->error = blocks->parts[i].error;
            return blocks->parts[i].status;
        }
        bytes += blocks->parts[i].image.used;
    }
    TRY(byte_buffer_reserve(cx, &out->image, bytes));
    for (uint32_t i = 0; i < blocks->part_count; i++) {
        BlockPart *part = &blocks->parts[i];
        move_entries(blocks, i * PART_BLOCKS, out->image.used, (uint32_t)range_text->used);
        TRY(byte_buffer_append(cx, &out->image, part->image.data, part->image.used));
        TRY(byte_buffer_append(cx, range_text, part->range_text.data, part->range_text.used));
        byte_buffer_free(&part->image);
        out->encodings |= part->encodings;
        column_range_merge(&out->column.range, &part->range);
    }
    return OK;
}

static Status make_parts(const Context *cx, BlockWriting *blocks) {
    blocks->block_count = (blocks->form->rows + blocks->write->block_rows - 1) / blocks->write->block_rows;
    blocks->part_count = (blocks->block_count + PART_BLOCKS - 1) / PART_BLOCKS;
    TRY_ALLOC(cx, blocks->entries, sizeof *blocks->entries * blocks->block_count);
    TRY_ALLOC_ZEROED(cx, blocks->parts, sizeof *blocks->parts * blocks->part_count);
    return OK;
}

static void free_parts(BlockWriting *blocks) {
    for (uint32_t i = 0; blocks->parts != NULL && i < blocks->part_count; i++) {
        byte_buffer_free(&blocks->parts[i].image);
        byte_buffer_free(&blocks->parts[i].range_text);
    }
    mem_free(blocks->parts);
    mem_free(blocks->entries);
}

/* Lengths added up; NULL rows hold empty text. */
static uint64_t text_bytes(const ColumnBuffer *buffer) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; column_buffer_is_text(buffer) && i < buffer->rows; i++) {
        bytes += buffer->texts.entries[column_buffer_entry(buffer, i)].bytes;
    }
    return bytes;
}

/* The parts, the dictionary and the footer. */
static Status finish_image(const Context *cx, Arena *arena, BlockWriting *blocks, ByteBuffer *range_text, ColumnWritten *out) {
    const ColumnWrite *w = blocks->write;
    const ColumnForm *form = blocks->form;
    TRY(join_parts(cx, blocks, range_text, out));
    TRY(keep_range(cx, arena, &out->column.range));
    ColumnTail tail = {.segment_id = w->segment_id, .rows = form->rows, .column = w->column, .block_rows = w->block_rows};
    tail.dictionary_codec = CODEC_NONE;
    tail.dictionary_offset = out->image.used;
    if (form->dictionary != NULL) {
        TRY(dictionary_write(cx, w->buffer->type, form->dictionary, form->dictionary_size, w->want.codec, &out->image, &tail));
    }
    TRY(column_image_finish(cx, &out->image, w->buffer->type, blocks->entries, blocks->block_count, range_text, &tail));
    out->column.file_bytes = out->image.used;
    out->column.dictionary_size = form->dictionary_size;
    out->column.text_bytes = text_bytes(w->buffer);
    return OK;
}

static Status write_image(const Context *cx, Arena *arena, const ColumnWrite *w, const ColumnForm *form, ColumnWritten *out) {
    BlockWriting blocks = {.cx = cx, .write = w, .form = form};
    ByteBuffer range_text = {0};
    Status status = make_parts(cx, &blocks);
    if (status == OK) {
        write_parts(&blocks);
        status = finish_image(cx, arena, &blocks, &range_text, out);
    }
    free_parts(&blocks);
    byte_buffer_free(&range_text);
    return status;
}

/* Values that are not integers: intervals and wide decimals. */
static void sketch_values(const ColumnBuffer *buffer, uint8_t *sketch) {
    for (uint32_t i = 0; i < buffer->rows; i++) {
        if (buffer->validity == NULL || bit_get(buffer->validity, i)) {
            uint64_t words[2];
            memcpy(words, buffer->values + (size_t)i * sizeof words, sizeof words);
            uint64_t hash = type_class(buffer->type) == CLASS_I128 ? hash_u64(words[0]) : hash_combine(words[0], words[1]);
            hll_add_hashes(sketch, &hash, 1);
        }
    }
}

Status column_write(const Context *cx, Arena *arena, const ColumnWrite *w, ColumnWritten *out) {
    ColumnForm form = {.rows = w->buffer->rows};
    Status status = order_validity(cx, w, &form);
    if (status == OK && column_buffer_is_text(w->buffer)) {
        status = form_of_text(cx, w, &form, out->sketch);
    } else if (status == OK) {
        status = form_of_numbers(cx, w, &form, out->sketch);
        if (status == OK && form.integers == NULL) {
            sketch_values(w->buffer, out->sketch);
        }
    }
    if (status == OK) {
        status = write_image(cx, arena, w, &form, out);
    }
    form_free(&form);
    return status;
}
