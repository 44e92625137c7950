/* Table manifests as bytes: schema (manifest_schema.c), partitions, segments with what is known of their columns, sketches,
 * the sample (manifest_sample.c). Content is in the order of the put_ functions here; each has its get_ twin below it. */
#include "storage/manifest.h"
#include "storage/partition.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files hold little-endian numbers, copied as they are");

static const char table_magic[8] = "DEPOTTAB";

/* ---------------------------------------------------------------------------------------------------------- values */

void put_value(ByteWriter *writer, const Value *value) {
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

Status get_value(const Context *cx, Arena *arena, ByteReader *reader, Type type, Value *value) {
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
    put_sample(writer, state);
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
    TRY(get_sketches(cx, &state->arena, reader, state));
    return reader->version < 3 ? OK : get_sample(cx, reader, state);
}

Status table_manifest_decode(const Context *cx, const char *path, const uint8_t *data, size_t bytes, TableState *state) {
    ByteReader reader;
    TRY(manifest_open(cx, path, table_magic, data, bytes, &reader, &state->checksum));
    TRY(get_table(cx, &reader, state));
    TRY(manifest_close(cx, path, &reader));
    return table_state_summarize(cx, state);
}
