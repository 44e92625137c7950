/* Packed keys, group hash tables and lists of records. See group_table.h. */
#include "exec/group_table.h"

#include "core/hash.h"

#include <math.h>

#define GROUPS_FIRST 16
#define BLOCK_RECORDS_FIRST 16
#define PREFETCH_SLOT_BITS 13                 /* 64 KB of slots: larger tables are not in the first cache */
#define BLOCK_BYTES_MAX ((uint32_t)143 << 10) /* nine pages of the pool, with what stands before the records */

/* --------------------------------------------------------------------------------------------------------------- layout */

static uint32_t round_up(uint32_t bytes, uint32_t to) {
    return (bytes + to - 1) / to * to;
}

static bool format_compares_values(const ColumnFormat *format) {
    return format->kind == VECTOR_FLAT && (format->storage_class == CLASS_TEXT || format->storage_class == CLASS_INTERVAL);
}

/* Sets the record's shape once the key is known. */
static void set_record_shape(GroupLayout *layout, uint32_t state_bytes) {
    layout->key_bytes = round_up(layout->key_bytes, 8);
    layout->states_offset = round_up(GROUP_KEY_OFFSET + layout->key_bytes, 16);
    layout->record_bytes = layout->states_offset + round_up(state_bytes, 16);
}

/* Fields for the columns from `start` of the key on, NULL bits first; returns where they end. */
static uint32_t add_fields(GroupLayout *layout, uint32_t first, const PhysicalColumn *columns, const uint32_t *slots,
                           uint32_t slot_count, uint32_t start) {
    uint32_t offset = start + (slot_count + 7) / 8;
    for (uint32_t f = 0; f < slot_count; f++) {
        KeyField *field = &layout->fields[first + f];
        column_format_init(&field->format, &columns[slots[f]]);
        field->null_byte = start + f / 8;
        field->null_mask = 1u << f % 8;
        field->offset = offset;
        offset += field->format.width;
        layout->compares_values |= format_compares_values(&field->format);
    }
    return offset;
}

Status group_layout_init(const Context *cx, GroupLayout *layout, const PhysicalColumn *columns, const uint32_t *slots,
                         uint32_t slot_count, uint32_t state_bytes) {
    layout->field_count = slot_count;
    TRY_ALLOC_ZEROED(cx, layout->fields, sizeof *layout->fields * slot_count);
    layout->key_bytes = add_fields(layout, 0, columns, slots, slot_count, 0);
    set_record_shape(layout, state_bytes);
    return OK;
}

Status group_layout_init_distinct(const Context *cx, GroupLayout *layout, const GroupLayout *group,
                                  const PhysicalColumn *columns, const uint32_t *slots, uint32_t slot_count) {
    uint32_t shift = 8; /* the group's hash stands before its key */
    layout->field_count = group->field_count + slot_count;
    TRY_ALLOC_ZEROED(cx, layout->fields, sizeof *layout->fields * layout->field_count);
    for (uint32_t f = 0; f < group->field_count; f++) {
        layout->fields[f] = group->fields[f];
        layout->fields[f].offset += shift;
        layout->fields[f].null_byte += shift;
    }
    layout->compares_values = group->compares_values;
    layout->key_bytes = add_fields(layout, group->field_count, columns, slots, slot_count, shift + group->key_bytes);
    layout->partition_offset = group->field_count == 0 ? 0 : GROUP_KEY_OFFSET;
    set_record_shape(layout, 0);
    return OK;
}

void group_layout_free(GroupLayout *layout) {
    mem_free(layout->fields);
    layout->fields = NULL;
}

/* -------------------------------------------------------------------------------------------------------------- encoding */

Status key_encoder_init(const Context *cx, KeyEncoder *encoder, const GroupLayout *layout) {
    vector_init(&encoder->scratch, type_make(TYPE_BIGINT));
    TRY_ALLOC(cx, encoder->keys, (size_t)BATCH_ROWS_MAX * layout->key_bytes);
    TRY_ALLOC(cx, encoder->hashes, sizeof *encoder->hashes * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, encoder->column, (size_t)BATCH_ROWS_MAX * 16);
    return OK;
}

void key_encoder_free(KeyEncoder *encoder) {
    mem_free(encoder->keys);
    mem_free(encoder->hashes);
    mem_free(encoder->column);
    vector_free(&encoder->scratch);
}

/* -0 becomes 0 and every NaN the same, so that equal values have equal bytes. */
static void normalise_floats(const ColumnFormat *format, void *data, uint32_t rows) {
    if (format->storage_class == CLASS_F64) {
        double *values = data;
        for (uint32_t i = 0; i < rows; i++) {
            values[i] = values[i] == 0 ? 0 : values[i] != values[i] ? (double)NAN : values[i];
        }
    } else if (format->storage_class == CLASS_F32) {
        float *values = data;
        for (uint32_t i = 0; i < rows; i++) {
            values[i] = values[i] == 0 ? 0 : values[i] != values[i] ? NAN : values[i];
        }
    }
}

static inline __attribute__((always_inline)) void scatter(const uint8_t *from, uint8_t *to, size_t stride, uint32_t rows,
                                                          uint32_t width) {
    for (uint32_t i = 0; i < rows; i++) {
        memcpy(to + i * stride, from + (size_t)i * width, width);
    }
}

static void scatter_column(const void *from, uint8_t *to, size_t stride, uint32_t rows, uint32_t width) {
    switch (width) {
    case 1: scatter(from, to, stride, rows, 1); break;
    case 2: scatter(from, to, stride, rows, 2); break;
    case 4: scatter(from, to, stride, rows, 4); break;
    case 8: scatter(from, to, stride, rows, 8); break;
    default: scatter(from, to, stride, rows, 16); break;
    }
}

static void encode_nulls(const Vector *vector, const KeyField *field, uint8_t *keys, size_t stride, uint32_t rows) {
    for (uint32_t i = 0; i < rows; i++) {
        if (!vector_is_valid(vector, i)) {
            uint8_t *key = keys + i * stride;
            memset(key + field->offset, 0, field->format.width);
            key[field->null_byte] |= (uint8_t)field->null_mask;
        }
    }
}

Status key_encode_field(const Context *cx, KeyEncoder *encoder, const KeyField *field, uint32_t key_bytes, const Vector *vector,
                        uint32_t rows) {
    TRY(column_format_store(cx, &field->format, vector, 0, rows, &encoder->scratch, encoder->column));
    if (field->format.kind == VECTOR_FLAT) {
        normalise_floats(&field->format, encoder->column, rows);
    }
    scatter_column(encoder->column, encoder->keys + field->offset, key_bytes, rows, field->format.width);
    if (vector->validity != NULL) {
        encode_nulls(vector, field, encoder->keys, key_bytes, rows);
    }
    return OK;
}

static void hash_words(const uint8_t *keys, uint32_t words, uint32_t rows, uint64_t *hashes) {
    const uint64_t *key = (const uint64_t *)(const void *)keys;
    if (words == 1) {
        for (uint32_t i = 0; i < rows; i++) {
            hashes[i] = hash_u64(key[i]);
        }
        return;
    }
    for (uint32_t i = 0; i < rows; i++, key += words) {
        uint64_t hash = 0;
        for (uint32_t w = 0; w < words; w++) {
            hash = hash_combine(hash, key[w]);
        }
        hashes[i] = hash;
    }
}

Status key_encode_batch(const Context *cx, KeyEncoder *encoder, const GroupLayout *layout, const Batch *in,
                        const uint32_t *slots) {
    memset(encoder->keys, 0, (size_t)in->rows * layout->key_bytes);
    for (uint32_t f = 0; f < layout->field_count; f++) {
        TRY(key_encode_field(cx, encoder, &layout->fields[f], layout->key_bytes, &in->columns[slots[f]], in->rows));
    }
    if (!layout->compares_values) {
        hash_words(encoder->keys, layout->key_bytes / 8, in->rows, encoder->hashes);
        return OK;
    }
    for (uint32_t f = 0; f < layout->field_count; f++) {
        TRY(hash_vector(cx, &in->columns[slots[f]], in->rows, f > 0, encoder->hashes));
    }
    return OK;
}

static inline __attribute__((always_inline)) void collect(const uint8_t *from, size_t stride, uint32_t count, uint32_t width,
                                                          uint8_t *to) {
    for (uint32_t i = 0; i < count; i++) {
        memcpy(to + (size_t)i * width, from + i * stride, width);
    }
}

static void collect_column(const uint8_t *from, size_t stride, uint32_t count, uint32_t width, void *to) {
    switch (width) {
    case 1: collect(from, stride, count, 1, to); break;
    case 2: collect(from, stride, count, 2, to); break;
    case 4: collect(from, stride, count, 4, to); break;
    case 8: collect(from, stride, count, 8, to); break;
    default: collect(from, stride, count, 16, to); break;
    }
}

Status group_decode_field(const Context *cx, const KeyField *field, const uint8_t *records, size_t stride, uint32_t count,
                          Vector *out) {
    const ColumnFormat *format = &field->format;
    if (format->kind == VECTOR_FLAT) {
        TRY(vector_prepare_flat(cx, out, format->type));
    } else {
        TRY(vector_prepare_codes(cx, out, format->type, format->width));
        out->dictionary = format->dictionary;
        out->base = format->base;
    }
    const uint8_t *key = records + GROUP_KEY_OFFSET;
    bool has_null = false;
    collect_column(key + field->offset, stride, count, format->width, out->data);
    for (uint32_t i = 0; i < count; i++) {
        has_null |= (key[i * stride + field->null_byte] & field->null_mask) != 0;
    }
    if (has_null) {
        TRY(vector_prepare_validity(cx, out, true));
        for (uint32_t i = 0; i < count; i++) {
            bit_put(out->validity, i, (key[i * stride + field->null_byte] & field->null_mask) == 0);
        }
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- tables */

/* Slow comparison for keys with text or intervals whose bytes differ. */
static bool keys_equal_by_value(const GroupLayout *layout, const uint8_t *a, const uint8_t *b) {
    for (uint32_t f = 0; f < layout->field_count; f++) {
        const KeyField *field = &layout->fields[f];
        if ((a[field->null_byte] & field->null_mask) != (b[field->null_byte] & field->null_mask)) {
            return false;
        }
        if (memcmp(a + field->offset, b + field->offset, field->format.width) == 0) {
            continue;
        }
        if (!format_compares_values(&field->format)) {
            return false;
        }
        _Alignas(16) Text views[2]; /* aligned; an Interval is as large */
        memcpy(&views[0], a + field->offset, sizeof views[0]);
        memcpy(&views[1], b + field->offset, sizeof views[1]);
        Value value_a = value_load(field->format.type, views, 0);
        Value value_b = value_load(field->format.type, views, 1);
        if (value_compare(&value_a, &value_b) != 0) {
            return false;
        }
    }
    return true;
}

static inline __attribute__((always_inline)) bool keys_equal(const GroupLayout *layout, const uint8_t *a, const uint8_t *b,
                                                             uint32_t words) {
    const uint64_t *x = (const uint64_t *)(const void *)a, *y = (const uint64_t *)(const void *)b;
    uint64_t difference = 0;
    for (uint32_t w = 0; w < words; w++) {
        difference |= x[w] ^ y[w];
    }
    return difference == 0 || (layout->compares_values && keys_equal_by_value(layout, a, b));
}

bool group_keys_equal(const GroupLayout *layout, const uint8_t *a, const uint8_t *b) {
    return keys_equal(layout, a, b, layout->key_bytes / 8);
}

static Status own_key_text(const Context *cx, const GroupLayout *layout, uint8_t *key, Arena *arena) {
    for (uint32_t f = 0; f < layout->field_count; f++) {
        const KeyField *field = &layout->fields[f];
        if (field->format.kind != VECTOR_FLAT || field->format.storage_class != CLASS_TEXT) {
            continue;
        }
        Text text;
        memcpy(&text, key + field->offset, sizeof text);
        if (text.bytes > TEXT_INLINE_MAX) {
            char *copy = arena_copy_text(cx, arena, text.pointer, text.bytes);
            if (copy == NULL) {
                return OUT_OF_MEMORY;
            }
            text.pointer = copy;
            memcpy(key + field->offset, &text, sizeof text);
        }
    }
    return OK;
}

/* Records are a few words: loops over words of a known size beat calls for bytes. */
static inline __attribute__((always_inline)) uint8_t *add_group(GroupTable *table, const uint8_t *key, uint64_t hash,
                                                                uint32_t key_words) {
    const GroupLayout *layout = table->layout;
    uint8_t *record = table->records + (size_t)table->count++ * layout->record_bytes;
    uint32_t used = GROUP_KEY_OFFSET + key_words * 8;
    memcpy(record, &hash, 8);
    for (uint32_t w = 0; w < key_words; w++) {
        memcpy(record + GROUP_KEY_OFFSET + w * 8, key + w * 8, 8);
    }
    for (uint32_t at = used; at < layout->record_bytes; at += 8) {
        memset(record + at, 0, 8);
    }
    return record;
}

static inline void copy_record(uint8_t *to, const uint8_t *from, uint32_t record_bytes) {
    for (uint32_t at = 0; at < record_bytes; at += 16) {
        memcpy(to + at, from + at, 16);
    }
}

static inline __attribute__((always_inline)) Status find_groups(const Context *cx, GroupTable *table, const uint8_t *keys,
                                                                size_t stride, const uint64_t *hashes, uint32_t count,
                                                                Arena *text, uint32_t *groups, uint32_t words) {
    const GroupLayout *layout = table->layout;
    uint32_t mask = ((uint32_t)1 << table->slot_bits) - 1;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *key = keys + i * stride;
        uint32_t tag = (uint32_t)(hashes[i] >> 32);
        uint32_t at = (uint32_t)hashes[i] & mask;
        if (i > 0 && hashes[i] == hashes[i - 1] && keys_equal(layout, key, key - stride, words)) {
            groups[i] = groups[i - 1]; /* rows of a group often stand together */
            continue;
        }
        for (;; at = (at + 1) & mask) {
            GroupSlot *slot = &table->slots[at];
            if (slot->group == 0) {
                uint8_t *record = add_group(table, key, hashes[i], words);
                *slot = (GroupSlot){.tag = tag, .group = table->count};
                groups[i] = table->count - 1;
                if (layout->compares_values && text != NULL) {
                    TRY(own_key_text(cx, layout, record + GROUP_KEY_OFFSET, text));
                }
                break;
            }
            const uint8_t *there = table->records + (size_t)(slot->group - 1) * layout->record_bytes + GROUP_KEY_OFFSET;
            if (slot->tag == tag && keys_equal(layout, key, there, words)) {
                groups[i] = slot->group - 1;
                break;
            }
        }
    }
    return OK;
}

/* Brings the lines that the lookups will touch: slots first, then the records that they point to. */
static void prefetch_groups(const GroupTable *table, const uint64_t *hashes, uint32_t count) {
    uint32_t mask = ((uint32_t)1 << table->slot_bits) - 1;
    for (uint32_t i = 0; i < count; i++) {
        __builtin_prefetch(&table->slots[(uint32_t)hashes[i] & mask]);
    }
    for (uint32_t i = 0; i < count; i++) {
        GroupSlot slot = table->slots[(uint32_t)hashes[i] & mask];
        if (slot.tag == (uint32_t)(hashes[i] >> 32) && slot.group != 0) {
            __builtin_prefetch(table->records + (size_t)(slot.group - 1) * table->layout->record_bytes);
        }
    }
}

void group_table_append(GroupTable *table, const uint8_t *keys, size_t stride, const uint64_t *hashes, uint32_t count,
                        uint32_t *groups) {
    for (uint32_t i = 0; i < count; i++) {
        groups[i] = table->count;
        add_group(table, keys + i * stride, hashes[i], table->layout->key_bytes / 8);
    }
}

Status group_table_own_text(const Context *cx, GroupTable *table, uint32_t first, Arena *text) {
    for (uint32_t g = first; table->layout->compares_values && g < table->count; g++) {
        uint8_t *record = table->records + (size_t)g * table->layout->record_bytes;
        TRY(own_key_text(cx, table->layout, record + GROUP_KEY_OFFSET, text));
    }
    return OK;
}

Status group_table_find(const Context *cx, GroupTable *table, const uint8_t *keys, size_t stride, const uint64_t *hashes,
                        uint32_t count, Arena *text, uint32_t *groups) {
    uint32_t words = table->layout->key_bytes / 8;
    if (table->slot_bits > PREFETCH_SLOT_BITS) {
        prefetch_groups(table, hashes, count);
    }
    switch (words) {
    case 1: return find_groups(cx, table, keys, stride, hashes, count, text, groups, 1);
    case 2: return find_groups(cx, table, keys, stride, hashes, count, text, groups, 2);
    default: return find_groups(cx, table, keys, stride, hashes, count, text, groups, words);
    }
}

static void insert_all(GroupTable *table) {
    uint32_t mask = ((uint32_t)1 << table->slot_bits) - 1;
    for (uint32_t g = 0; g < table->count; g++) {
        uint64_t hash;
        memcpy(&hash, table->records + (size_t)g * table->layout->record_bytes, 8);
        uint32_t at = (uint32_t)hash & mask;
        while (table->slots[at].group != 0) {
            at = (at + 1) & mask;
        }
        table->slots[at] = (GroupSlot){.tag = (uint32_t)(hash >> 32), .group = g + 1};
    }
}

/* What it has if there is room for `more` groups already. */
static uint64_t capacity_for(const GroupTable *table, uint32_t more) {
    uint64_t wanted = (uint64_t)table->count + more;
    if (wanted <= table->capacity) {
        return table->capacity;
    }
    uint64_t capacity = (uint64_t)table->capacity * 2 > wanted ? (uint64_t)table->capacity * 2 : wanted;
    return capacity < GROUPS_FIRST ? GROUPS_FIRST : capacity;
}

static uint32_t slot_bits_of(uint64_t capacity) {
    return 64 - (uint32_t)__builtin_clzll(capacity * 2 - 1);
}

uint64_t group_table_growth(const GroupTable *table, uint32_t more) {
    uint64_t capacity = capacity_for(table, more);
    return capacity == table->capacity
               ? 0
               : capacity * table->layout->record_bytes + ((uint64_t)sizeof(GroupSlot) << slot_bits_of(capacity));
}

Status group_table_reserve(const Context *cx, GroupTable *table, uint32_t more) {
    uint64_t capacity = capacity_for(table, more);
    if (capacity == table->capacity) {
        return OK;
    }
    if ((uint64_t)table->count + more > UINT32_MAX / 4) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "too many groups");
    }
    uint8_t *records = mem_resize(cx, table->records, capacity * table->layout->record_bytes);
    if (records == NULL) {
        return OUT_OF_MEMORY;
    }
    table->records = records;
    mem_free(table->slots);
    table->slots = NULL;
    table->slot_bits = slot_bits_of(capacity);
    TRY_ALLOC_ZEROED(cx, table->slots, sizeof *table->slots << table->slot_bits);
    table->capacity = (uint32_t)capacity;
    insert_all(table);
    return OK;
}

/* Keeps the memory. */
static void group_table_clear(GroupTable *table) {
    table->count = 0;
    if (table->slots != NULL) {
        memset(table->slots, 0, sizeof *table->slots << table->slot_bits);
    }
}

void group_table_free(GroupTable *table) {
    mem_free(table->records);
    mem_free(table->slots);
    table->records = NULL;
    table->slots = NULL;
    table->count = table->capacity = 0;
}

/* ----------------------------------------------------------------------------------------------------------------- lists */

static Status add_block(const Context *cx, RecordList *list, uint32_t record_bytes) {
    uint32_t most = BLOCK_BYTES_MAX / record_bytes;
    uint32_t capacity = list->last == NULL ? BLOCK_RECORDS_FIRST : list->last->capacity * 2;
    capacity = capacity > most ? most : capacity;
    capacity = capacity < BLOCK_RECORDS_FIRST ? BLOCK_RECORDS_FIRST : capacity;
    RecordBlock *block;
    TRY_ALLOC(cx, block, sizeof *block + (size_t)capacity * record_bytes);
    block->next = NULL;
    block->count = 0;
    block->capacity = capacity;
    if (list->last == NULL) {
        list->first = block;
    } else {
        list->last->next = block;
    }
    list->last = block;
    return OK;
}

Status record_list_add(const Context *cx, RecordList *list, const GroupLayout *layout, const uint8_t *record) {
    if (list->last == NULL || list->last->count == list->last->capacity) {
        TRY(add_block(cx, list, layout->record_bytes));
    }
    copy_record(list->last->records + (size_t)list->last->count++ * layout->record_bytes, record, layout->record_bytes);
    list->count++;
    return OK;
}

void record_list_free(RecordList *list) {
    for (RecordBlock *block = list->first; block != NULL;) {
        RecordBlock *next = block->next;
        mem_free(block);
        block = next;
    }
    *list = (RecordList){0};
}

void record_list_join(RecordList *list, RecordList *more) {
    if (more->first == NULL) {
        return;
    }
    if (list->last == NULL) {
        list->first = more->first;
    } else {
        list->last->next = more->first;
    }
    list->last = more->last;
    list->count += more->count;
    *more = (RecordList){0};
}

static Status add_to_partition(const Context *cx, const GroupLayout *layout, const uint8_t *record, uint32_t level,
                               RecordList *partitions) {
    uint64_t hash;
    memcpy(&hash, record + layout->partition_offset, 8);
    return record_list_add(cx, &partitions[group_partition(hash, level)], layout, record);
}

Status record_list_split(const Context *cx, RecordList *list, const GroupLayout *layout, uint32_t level,
                         RecordList *partitions) {
    while (list->first != NULL) {
        RecordBlock *block = list->first;
        TRY(check_cancel(cx));
        for (uint32_t i = 0; i < block->count; i++) {
            TRY(add_to_partition(cx, layout, block->records + (size_t)i * layout->record_bytes, level, partitions));
        }
        list->first = block->next;
        mem_free(block);
    }
    *list = (RecordList){0};
    return OK;
}

Status group_table_flush(const Context *cx, GroupTable *table, RecordList *partitions) {
    const GroupLayout *layout = table->layout;
    for (uint32_t g = 0; g < table->count; g++) {
        TRY(add_to_partition(cx, layout, table->records + (size_t)g * layout->record_bytes, 0, partitions));
    }
    group_table_clear(table);
    return OK;
}
