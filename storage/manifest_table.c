/* Table manifests as bytes: schema, partitions, segments with what is known of their columns, sketches. Content is in the order
 * of the put_ functions here; each has its get_ twin below it. */
#include "storage/manifest.h"
#include "storage/partition.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files hold little-endian numbers, copied as they are");

static const char table_magic[8] = "DEPOTTAB";

/* ---------------------------------------------------------------------------------------------------------- values */

static void put_type(ByteWriter *writer, Type type) {
    put_u8(writer, type.id);
    put_u8(writer, type.precision);
    put_u8(writer, type.scale);
    put_varint(writer, type.length);
}

static Type get_type(ByteReader *reader) {
    Type type = {.id = get_u8(reader), .precision = get_u8(reader), .scale = get_u8(reader)};
    type.length = get_limited(reader, UINT32_MAX);
    bool is_decimal = type.id == TYPE_DECIMAL;
    if (type.id >= TYPE_COUNT ||
        (is_decimal && (type.precision == 0 || type.precision > DECIMAL_PRECISION_MAX || type.scale > type.precision))) {
        reader->is_damaged = true;
        return type_make(TYPE_NULL);
    }
    return type;
}

/* A value that is not NULL, by the storage class of its type. */
static void put_value(ByteWriter *writer, const Value *value) {
    switch (type_class(value->type)) {
    case CLASS_I128: put_bytes(writer, &value->i128, sizeof value->i128); break;
    case CLASS_F32:
    case CLASS_F64: put_bytes(writer, &value->f64, sizeof value->f64); break;
    case CLASS_TEXT: put_text(writer, text_data(&value->text), value->text.bytes); break;
    case CLASS_INTERVAL:
        put_zigzag(writer, value->interval.months);
        put_zigzag(writer, value->interval.days);
        put_zigzag(writer, value->interval.micros);
        break;
    default: put_zigzag(writer, value->i64); break;
    }
}

static Status get_text_value(const Context *cx, Arena *arena, ByteReader *reader, Text *text) {
    uint32_t bytes = get_count(reader);
    const char *data = (const char *)get_bytes(reader, bytes);
    if (data == NULL) {
        *text = text_view("", 0);
        return OK;
    }
    if (bytes > TEXT_INLINE_MAX) {
        data = arena_copy_text(cx, arena, data, bytes);
        if (data == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    *text = text_view(data, bytes);
    return OK;
}

static Status get_value(const Context *cx, Arena *arena, ByteReader *reader, Type type, Value *value) {
    *value = value_null(type);
    value->is_null = false;
    switch (type_class(type)) {
    case CLASS_I128: get_fixed(reader, &value->i128, sizeof value->i128); break;
    case CLASS_F32:
    case CLASS_F64: get_fixed(reader, &value->f64, sizeof value->f64); break;
    case CLASS_TEXT: return get_text_value(cx, arena, reader, &value->text);
    case CLASS_INTERVAL:
        value->interval.months = (int32_t)get_zigzag(reader);
        value->interval.days = (int32_t)get_zigzag(reader);
        value->interval.micros = get_zigzag(reader);
        break;
    default: value->i64 = get_zigzag(reader); break;
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ schema */

#define COLUMN_NOT_NULL 1
#define COLUMN_HAS_DEFAULT 2

static void put_columns(ByteWriter *writer, const TableSchema *schema) {
    put_varint(writer, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const ColumnDef *column = &schema->columns[i];
        put_string(writer, column->name);
        put_type(writer, column->type);
        bool has_default = column->default_sql != NULL;
        put_u8(writer, (uint8_t)((column->not_null ? COLUMN_NOT_NULL : 0) | (has_default ? COLUMN_HAS_DEFAULT : 0)));
        put_u8(writer, column->encode.encoding);
        put_u8(writer, column->encode.codec);
        if (has_default) {
            put_string(writer, column->default_sql);
        }
    }
}

static Status get_columns(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    schema->column_count = get_limited(reader, COLUMNS_MAX);
    ColumnDef *columns;
    TRY_NEW_ARRAY(cx, arena, columns, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        TRY(get_string(cx, arena, reader, &columns[i].name));
        columns[i].type = get_type(reader);
        uint8_t flags = get_u8(reader);
        columns[i].not_null = flags & COLUMN_NOT_NULL;
        columns[i].encode.encoding = get_u8(reader);
        columns[i].encode.codec = get_u8(reader);
        if (flags & COLUMN_HAS_DEFAULT) {
            TRY(get_string(cx, arena, reader, &columns[i].default_sql));
        }
    }
    schema->columns = columns;
    return OK;
}

static void put_numbers(ByteWriter *writer, const uint32_t *numbers, uint32_t count) {
    put_varint(writer, count);
    for (uint32_t i = 0; i < count; i++) {
        put_varint(writer, numbers[i]);
    }
}

/* Column numbers of the table. */
static Status get_numbers(const Context *cx, Arena *arena, ByteReader *reader, uint32_t column_count, const uint32_t **numbers,
                          uint32_t *count) {
    *count = get_count(reader);
    uint32_t *made;
    TRY_NEW_ARRAY(cx, arena, made, *count);
    for (uint32_t i = 0; i < *count; i++) {
        made[i] = get_limited(reader, column_count - 1);
    }
    *numbers = made;
    return OK;
}

static void put_texts(ByteWriter *writer, const char *const *texts, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        put_string(writer, texts[i]);
    }
}

static Status get_texts(const Context *cx, Arena *arena, ByteReader *reader, uint32_t count, const char *const **texts) {
    const char **made;
    TRY_NEW_ARRAY(cx, arena, made, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(get_string(cx, arena, reader, &made[i]));
    }
    *texts = made;
    return OK;
}

static void put_keys(ByteWriter *writer, const TableSchema *schema) {
    put_varint(writer, schema->key_count);
    for (uint32_t i = 0; i < schema->key_count; i++) {
        const KeyConstraint *key = &schema->keys[i];
        put_u8(writer, (uint8_t)key->kind);
        put_numbers(writer, key->columns, key->column_count);
        if (key->kind == KEY_FOREIGN) {
            put_string(writer, key->target_table);
            put_u8(writer, key->target_columns != NULL);
            if (key->target_columns != NULL) {
                put_texts(writer, key->target_columns, key->column_count);
            }
        }
    }
}

static Status get_key(const Context *cx, Arena *arena, ByteReader *reader, uint32_t column_count, KeyConstraint *key) {
    uint8_t kind = get_u8(reader);
    if (kind > KEY_FOREIGN) {
        reader->is_damaged = true;
        return OK;
    }
    key->kind = kind;
    TRY(get_numbers(cx, arena, reader, column_count, &key->columns, &key->column_count));
    if (kind == KEY_FOREIGN) {
        TRY(get_string(cx, arena, reader, &key->target_table));
        if (get_u8(reader) != 0) {
            TRY(get_texts(cx, arena, reader, key->column_count, &key->target_columns));
        }
    }
    return OK;
}

static Status get_keys(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    schema->key_count = get_count(reader);
    KeyConstraint *keys;
    TRY_NEW_ARRAY(cx, arena, keys, schema->key_count);
    for (uint32_t i = 0; i < schema->key_count; i++) {
        TRY(get_key(cx, arena, reader, schema->column_count, &keys[i]));
    }
    schema->keys = keys;
    return OK;
}

static void put_partition_keys(ByteWriter *writer, const TableSchema *schema) {
    put_varint(writer, schema->partition_key_count);
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        put_u8(writer, (uint8_t)schema->partition_keys[i].transform);
        put_varint(writer, schema->partition_keys[i].column);
        put_zigzag(writer, schema->partition_keys[i].parameter);
    }
}

static Status get_partition_keys(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    schema->partition_key_count = get_count(reader);
    PartitionKey *keys;
    TRY_NEW_ARRAY(cx, arena, keys, schema->partition_key_count);
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        uint8_t transform = get_u8(reader);
        reader->is_damaged |= transform > PARTITION_TRUNCATE;
        keys[i].transform = transform;
        keys[i].column = get_limited(reader, schema->column_count - 1);
        keys[i].parameter = get_zigzag(reader);
    }
    schema->partition_keys = keys;
    return OK;
}

static void put_schema(ByteWriter *writer, const TableSchema *schema) {
    put_string(writer, schema->schema_name);
    put_string(writer, schema->name);
    put_columns(writer, schema);
    put_u8(writer, (uint8_t)schema->dist_style);
    put_varint(writer, schema->dist_column);
    put_numbers(writer, schema->sort_keys, schema->sort_key_count);
    put_partition_keys(writer, schema);
    put_keys(writer, schema);
    put_varint(writer, schema->check_count);
    put_texts(writer, schema->checks, schema->check_count);
    put_varint(writer, schema->block_rows);
}

static Status get_schema(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    TRY(get_string(cx, arena, reader, &schema->schema_name));
    TRY(get_string(cx, arena, reader, &schema->name));
    TRY(get_columns(cx, arena, reader, schema));
    uint8_t style = get_u8(reader);
    reader->is_damaged |= style > DIST_ALL || schema->column_count == 0;
    schema->dist_style = style;
    schema->dist_column = get_limited(reader, schema->column_count);
    TRY(get_numbers(cx, arena, reader, schema->column_count, &schema->sort_keys, &schema->sort_key_count));
    TRY(get_partition_keys(cx, arena, reader, schema));
    TRY(get_keys(cx, arena, reader, schema));
    schema->check_count = get_count(reader);
    TRY(get_texts(cx, arena, reader, schema->check_count, &schema->checks));
    schema->block_rows = get_limited(reader, UINT32_MAX);
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- partitions */

static void put_partitions(ByteWriter *writer, const TableVersion *table) {
    put_varint(writer, table->partition_count);
    for (uint32_t i = 0; i < table->partition_count; i++) {
        const Partition *partition = &table->partitions[i];
        put_string(writer, partition->directory);
        for (uint32_t key = 0; key < partition->key_count; key++) {
            put_u8(writer, partition->values[key].is_null);
            if (!partition->values[key].is_null) {
                put_value(writer, &partition->values[key]);
            }
        }
    }
}

static Status get_partition(const Context *cx, Arena *arena, ByteReader *reader, const TableSchema *schema,
                            Partition *partition) {
    TRY(get_string(cx, arena, reader, &partition->directory));
    partition->key_count = schema->partition_key_count;
    Value *values;
    TRY_NEW_ARRAY(cx, arena, values, partition->key_count);
    for (uint32_t i = 0; i < partition->key_count; i++) {
        const PartitionKey *key = &schema->partition_keys[i];
        Type type = partition_key_type(key, schema->columns[key->column].type);
        values[i] = value_null(type);
        if (get_u8(reader) == 0) {
            TRY(get_value(cx, arena, reader, type, &values[i]));
        }
    }
    partition->values = values;
    return OK;
}

static Status get_partitions(const Context *cx, Arena *arena, ByteReader *reader, TableVersion *table) {
    table->partition_count = get_count(reader);
    Partition *partitions;
    TRY_NEW_ARRAY(cx, arena, partitions, table->partition_count);
    for (uint32_t i = 0; i < table->partition_count && !reader->is_damaged; i++) {
        TRY(get_partition(cx, arena, reader, table->schema, &partitions[i]));
    }
    table->partitions = partitions;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- segments */

#define SEGMENT_PACKED 1
#define SEGMENT_SORTED 2
#define RANGE_HAS_VALUES 1
#define RANGE_MAX_TRUNCATED 2

static void put_segment_column(ByteWriter *writer, const SegmentColumn *column) {
    const ColumnRange *range = &column->range;
    put_varint(writer, column->file_bytes);
    put_varint(writer, column->text_bytes);
    put_varint(writer, column->dictionary_size);
    put_varint(writer, range->nulls);
    put_u8(writer, (uint8_t)((range->has_range ? RANGE_HAS_VALUES : 0) | (range->max_is_truncated ? RANGE_MAX_TRUNCATED : 0)));
    if (range->has_range) {
        put_value(writer, &range->min);
        put_value(writer, &range->max);
    }
}

static Status get_segment_column(const Context *cx, Arena *arena, ByteReader *reader, Type type, uint64_t rows,
                                 SegmentColumn *column) {
    ColumnRange *range = &column->range;
    column->file_bytes = get_varint(reader);
    column->text_bytes = get_varint(reader);
    column->dictionary_size = get_limited(reader, UINT32_MAX);
    range->rows = rows;
    range->nulls = get_varint(reader);
    uint8_t flags = get_u8(reader);
    range->has_range = flags & RANGE_HAS_VALUES;
    range->max_is_truncated = flags & RANGE_MAX_TRUNCATED;
    range->min = range->max = value_null(type);
    if (range->has_range) {
        TRY(get_value(cx, arena, reader, type, &range->min));
        TRY(get_value(cx, arena, reader, type, &range->max));
    }
    return OK;
}

static void put_segment(ByteWriter *writer, const Segment *segment, uint32_t column_count) {
    put_varint(writer, segment->id);
    put_varint(writer, segment->version);
    put_varint(writer, segment->slice);
    put_varint(writer, segment->partition);
    put_varint(writer, segment->rows);
    put_varint(writer, segment->deleted_rows);
    put_varint(writer, segment->delete_map_id);
    put_varint(writer, segment->bytes);
    put_varint(writer, segment->block_rows);
    put_u8(writer, (uint8_t)((segment->is_packed ? SEGMENT_PACKED : 0) | (segment->is_sorted ? SEGMENT_SORTED : 0)));
    for (uint32_t i = 0; i < column_count; i++) {
        put_segment_column(writer, &segment->columns[i]);
    }
}

static Status get_segment(const Context *cx, Arena *arena, ByteReader *reader, const TableVersion *table, Segment *segment) {
    const TableSchema *schema = table->schema;
    segment->id = get_varint(reader);
    segment->version = get_varint(reader);
    segment->slice = get_limited(reader, SLICES_MAX - 1);
    segment->partition = get_limited(reader, table->partition_count - 1);
    segment->rows = get_varint(reader);
    segment->deleted_rows = get_varint(reader);
    segment->delete_map_id = get_varint(reader);
    segment->bytes = get_varint(reader);
    segment->block_rows = get_limited(reader, UINT32_MAX);
    uint8_t flags = get_u8(reader);
    segment->is_packed = flags & SEGMENT_PACKED;
    segment->is_sorted = flags & SEGMENT_SORTED;
    SegmentColumn *columns;
    TRY_NEW_ARRAY(cx, arena, columns, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        TRY(get_segment_column(cx, arena, reader, schema->columns[i].type, segment->rows, &columns[i]));
    }
    segment->columns = columns;
    return OK;
}

static void put_segments(ByteWriter *writer, const TableVersion *table) {
    put_varint(writer, table->segment_count);
    for (uint32_t i = 0; i < table->segment_count; i++) {
        put_segment(writer, &table->segments[i], table->schema->column_count);
    }
}

static Status get_segments(const Context *cx, Arena *arena, ByteReader *reader, TableVersion *table) {
    table->segment_count = get_count(reader);
    reader->is_damaged |= table->segment_count > 0 && table->partition_count == 0;
    Segment *segments;
    TRY_NEW_ARRAY(cx, arena, segments, table->segment_count);
    for (uint32_t i = 0; i < table->segment_count && !reader->is_damaged; i++) {
        TRY(get_segment(cx, arena, reader, table, &segments[i]));
    }
    table->segments = segments;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- sketches */

/* A sketch without values is a 0; with few registers set, their count and (number, value) pairs; else all registers. */
typedef enum SketchForm { SKETCH_EMPTY, SKETCH_SPARSE, SKETCH_FULL } SketchForm;
#define SKETCH_SPARSE_MAX (HLL_BYTES / 3)

static void put_sketch(ByteWriter *writer, const uint8_t *sketch) {
    uint32_t set = 0;
    for (uint32_t i = 0; sketch != NULL && i < HLL_BYTES; i++) {
        set += sketch[i] != 0;
    }
    if (set == 0) {
        put_u8(writer, SKETCH_EMPTY);
    } else if (set > SKETCH_SPARSE_MAX) {
        put_u8(writer, SKETCH_FULL);
        put_bytes(writer, sketch, HLL_BYTES);
    } else {
        put_u8(writer, SKETCH_SPARSE);
        put_u16(writer, (uint16_t)set);
        for (uint32_t i = 0; i < HLL_BYTES; i++) {
            if (sketch[i] != 0) {
                put_u16(writer, (uint16_t)i);
                put_u8(writer, sketch[i]);
            }
        }
    }
}

static Status get_sketch(const Context *cx, Arena *arena, ByteReader *reader, const uint8_t **sketch) {
    uint8_t form = get_u8(reader);
    *sketch = NULL;
    if (form == SKETCH_EMPTY) {
        return OK;
    }
    uint8_t *registers;
    TRY_NEW_ARRAY(cx, arena, registers, HLL_BYTES);
    *sketch = registers;
    if (form == SKETCH_FULL) {
        get_fixed(reader, registers, HLL_BYTES);
        return OK;
    }
    uint32_t set = get_u16(reader);
    reader->is_damaged |= form != SKETCH_SPARSE || set > SKETCH_SPARSE_MAX;
    for (uint32_t i = 0; i < set && !reader->is_damaged; i++) {
        uint32_t at = get_u16(reader);
        registers[at % HLL_BYTES] = get_u8(reader);
    }
    return OK;
}

static Status get_sketches(const Context *cx, Arena *arena, ByteReader *reader, TableState *state) {
    uint32_t columns = state->table.schema->column_count;
    TRY_NEW_ARRAY(cx, arena, state->sketches, columns);
    for (uint32_t i = 0; i < columns; i++) {
        TRY(get_sketch(cx, arena, reader, &state->sketches[i]));
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- the manifest
 */

Status table_manifest_encode(const Context *cx, const TableState *state, ByteWriter *writer, uint64_t *checksum) {
    const TableVersion *table = &state->table;
    *writer = (ByteWriter){.cx = cx};
    manifest_begin(writer, table_magic);
    put_varint(writer, table->id);
    put_varint(writer, table->version);
    put_string(writer, table->directory);
    put_schema(writer, table->schema);
    put_u8(writer, (uint8_t)table->dist_style);
    put_u8(writer, table->dist_is_open);
    put_partitions(writer, table);
    put_segments(writer, table);
    for (uint32_t i = 0; i < table->schema->column_count; i++) {
        put_sketch(writer, state->sketches[i]);
    }
    return manifest_seal(writer, checksum);
}

static Status get_table(const Context *cx, ByteReader *reader, TableState *state) {
    TableVersion *table = &state->table;
    table->id = get_varint(reader);
    table->version = get_varint(reader);
    TRY(get_string(cx, &state->arena, reader, &table->directory));
    TableSchema *schema;
    TRY_NEW(cx, &state->arena, schema);
    TRY(get_schema(cx, &state->arena, reader, schema));
    table->schema = schema;
    uint8_t style = get_u8(reader);
    reader->is_damaged |= style > DIST_ALL || style == DIST_AUTO;
    table->dist_style = style;
    table->dist_is_open = get_u8(reader) != 0;
    if (reader->is_damaged) {
        return OK; /* what follows is sized by the schema */
    }
    TRY(get_partitions(cx, &state->arena, reader, table));
    TRY(get_segments(cx, &state->arena, reader, table));
    return get_sketches(cx, &state->arena, reader, state);
}

Status table_manifest_decode(const Context *cx, const char *path, const uint8_t *data, size_t bytes, TableState *state) {
    ByteReader reader;
    TRY(manifest_open(cx, path, table_magic, data, bytes, &reader, &state->checksum));
    TRY(get_table(cx, &reader, state));
    TRY(manifest_close(cx, path, &reader));
    return table_state_summarize(cx, state);
}
