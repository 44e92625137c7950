/* The sample of a table in its manifest: what was found of each column, and a faked number of rows. */
#include "storage/manifest.h"

#define SAMPLE_IS_TAKEN 1
#define ROWS_ARE_FAKED 2

static void put_column_sample(ByteWriter *writer, const ColumnSample *column) {
    put_varint(writer, column->common_count);
    for (uint32_t i = 0; i < column->common_count; i++) {
        put_value(writer, &column->common[i].value);
        put_bytes(writer, &column->common[i].share, sizeof column->common[i].share);
    }
    put_varint(writer, column->bound_count);
    for (uint32_t i = 0; i < column->bound_count; i++) {
        put_value(writer, &column->bounds[i]);
    }
    put_bytes(writer, &column->correlation, sizeof column->correlation);
}

void put_sample(ByteWriter *writer, const TableState *state) {
    const TableSample *sample = state->sample;
    const SampleInfo *info = &state->table.sample;
    put_u8(writer, (uint8_t)((sample != NULL ? SAMPLE_IS_TAKEN : 0) | (info->rows_are_faked ? ROWS_ARE_FAKED : 0)));
    if (info->rows_are_faked) {
        put_varint(writer, info->faked_rows);
    }
    if (sample == NULL) {
        return;
    }
    put_varint(writer, sample->table_rows);
    put_varint(writer, sample->sampled_rows);
    for (uint32_t i = 0; i < sample->column_count; i++) {
        put_column_sample(writer, &sample->columns[i]);
    }
    put_varint(writer, sample->dependence_count);
    for (uint32_t i = 0; i < sample->dependence_count; i++) {
        put_varint(writer, sample->dependences[i].a);
        put_varint(writer, sample->dependences[i].b);
        put_bytes(writer, &sample->dependences[i].strength, sizeof sample->dependences[i].strength);
    }
}

/* A share or a correlation: what is no number between the two is damage. */
static double get_between(ByteReader *reader, double low, double high) {
    double x = 0;
    get_fixed(reader, &x, sizeof x);
    if (!(x >= low && x <= high)) {
        reader->is_damaged = true;
        return 0;
    }
    return x;
}

static Status get_column_sample(const Context *cx, Arena *arena, ByteReader *reader, Type type, ColumnSample *column) {
    CommonValue *common;
    Value *bounds;
    column->common_count = get_count(reader);
    TRY_NEW_ARRAY(cx, arena, common, column->common_count);
    for (uint32_t i = 0; i < column->common_count && !reader->is_damaged; i++) {
        TRY(get_value(cx, arena, reader, type, &common[i].value));
        common[i].share = get_between(reader, 0, 1);
    }
    column->bound_count = get_count(reader);
    TRY_NEW_ARRAY(cx, arena, bounds, column->bound_count);
    for (uint32_t i = 0; i < column->bound_count && !reader->is_damaged; i++) {
        TRY(get_value(cx, arena, reader, type, &bounds[i]));
    }
    column->correlation = get_between(reader, -1, 1);
    column->common = common;
    column->bounds = bounds;
    return OK;
}

static Status get_dependences(const Context *cx, ByteReader *reader, TableSample *sample) {
    ColumnDependence *dependences;
    sample->dependence_count = get_count(reader);
    TRY_NEW_ARRAY(cx, &sample->arena, dependences, sample->dependence_count);
    for (uint32_t i = 0; i < sample->dependence_count && !reader->is_damaged; i++) {
        dependences[i].a = get_limited(reader, sample->column_count - 1);
        dependences[i].b = get_limited(reader, sample->column_count - 1);
        dependences[i].strength = get_between(reader, 0, 1);
    }
    sample->dependences = dependences;
    return OK;
}

Status get_sample(const Context *cx, ByteReader *reader, TableState *state) {
    const TableSchema *schema = state->table.schema;
    uint8_t flags = get_u8(reader);
    state->table.sample.rows_are_faked = flags & ROWS_ARE_FAKED;
    state->table.sample.faked_rows = flags & ROWS_ARE_FAKED ? get_varint(reader) : 0;
    if ((flags & SAMPLE_IS_TAKEN) == 0) {
        return OK;
    }
    TRY(table_sample_create(cx, schema->column_count, &state->sample));
    TableSample *sample = state->sample;
    sample->table_rows = get_varint(reader);
    sample->sampled_rows = get_varint(reader);
    for (uint32_t i = 0; i < schema->column_count && !reader->is_damaged; i++) {
        TRY(get_column_sample(cx, &sample->arena, reader, schema->columns[i].type, &sample->columns[i]));
    }
    return get_dependences(cx, reader, sample);
}
