/* Table versions in memory: reference counts, deep copies, and what follows from the list of segments. */
#include "storage/catalog.h"

#include "storage/manifest.h"

#include <inttypes.h>

Status table_state_create(const Context *cx, TableState **state_out) {
    TableState *state;
    TRY_ALLOC_ZEROED(cx, state, sizeof *state);
    arena_init(&state->arena);
    pthread_mutex_init(&state->attachment.lock, NULL);
    atomic_init(&state->references, 1);
    *state_out = state;
    return OK;
}

TableState *table_state_retain(TableState *state) {
    atomic_fetch_add(&state->references, 1);
    return state;
}

void attachment_close(Attachment *attachment) {
    if (attachment->object != NULL && attachment->release != NULL) {
        attachment->release(attachment->object);
    }
    attachment->object = NULL;
    pthread_mutex_destroy(&attachment->lock);
}

void table_state_release(TableState *state) {
    if (state != NULL && atomic_fetch_sub(&state->references, 1) == 1) {
        attachment_close(&state->attachment);
        table_sample_release(state->sample);
        arena_free(&state->arena);
        mem_free(state);
    }
}

Warehouse *table_warehouse(const TableVersion *table) {
    return ((const TableState *)table)->warehouse;
}

Attachment *table_attachment(const TableVersion *table) {
    return &((TableState *)table)->attachment;
}

/* ------------------------------------------------------------------------------------------------------------------ copies */

static Status range_copy(const Context *cx, Arena *arena, ColumnRange *range) {
    if (!range->has_range) {
        return OK;
    }
    Value min = range->min, max = range->max;
    TRY(value_copy(cx, arena, &min, &range->min));
    return value_copy(cx, arena, &max, &range->max);
}

Status segment_copy(const Context *cx, Arena *arena, uint32_t column_count, const Segment *from, Segment *to) {
    SegmentColumn *columns;
    TRY_NEW_ARRAY(cx, arena, columns, column_count);
    for (uint32_t i = 0; i < column_count; i++) {
        columns[i] = from->columns[i];
        columns[i].range.rows = from->rows;
        TRY(range_copy(cx, arena, &columns[i].range));
    }
    *to = *from;
    to->columns = columns;
    return OK;
}

Status partition_copy(const Context *cx, Arena *arena, const Partition *from, Partition *to) {
    Value *values;
    TRY_NEW_ARRAY(cx, arena, values, from->key_count);
    for (uint32_t i = 0; i < from->key_count; i++) {
        values[i] = from->values[i];
        if (!values[i].is_null) {
            TRY(value_copy(cx, arena, &from->values[i], &values[i]));
        }
    }
    *to = *from;
    to->values = values;
    to->directory = arena_copy_text(cx, arena, from->directory, strlen(from->directory));
    return to->directory != NULL ? OK : OUT_OF_MEMORY;
}

#define DIRECTORY_NAME_MAX 60

Status table_directory(const Context *cx, Arena *arena, const char *name, uint64_t id, const char **directory) {
    char readable[DIRECTORY_NAME_MAX + 1];
    size_t bytes = 0;
    for (; name[bytes] != '\0' && bytes < DIRECTORY_NAME_MAX; bytes++) {
        char c = name[bytes];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        readable[bytes] = is_plain ? c : '_'; /* the number makes it unique */
    }
    readable[bytes] = '\0';
    *directory = arena_format(cx, arena, TABLES_DIRECTORY "/%s-%" PRIu64, readable, id);
    return *directory != NULL ? OK : OUT_OF_MEMORY;
}

/* ----------------------------------------------------------------------------------------------------------------- summary */

bool table_counts_segment(const TableVersion *table, const Segment *segment) {
    return table->dist_style != DIST_ALL || segment->slice < ((const TableState *)table)->topology.slices_per_node;
}

static double average_bytes(Type type, uint64_t values, uint64_t text_bytes) {
    if (!type_is_text(type)) {
        return type_bytes(type);
    }
    return values > 0 ? (double)text_bytes / (double)values : 0;
}

static void summarize_column(const TableState *state, uint32_t column, ColumnStatistics *statistics) {
    const TableVersion *table = &state->table;
    Type type = table->schema->columns[column].type;
    uint64_t text_bytes = 0;
    *statistics = (ColumnStatistics){.range = {.min = value_null(type), .max = value_null(type)}};
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const SegmentColumn *part = &table->segments[i].columns[column];
        statistics->file_bytes += part->file_bytes;
        if (table_counts_segment(table, &table->segments[i])) {
            column_range_merge(&statistics->range, &part->range);
            text_bytes += part->text_bytes;
        }
    }
    uint64_t values = statistics->range.rows - statistics->range.nulls;
    statistics->average_bytes = average_bytes(type, values, text_bytes);
    values = values < table->rows ? values : table->rows; /* deleted rows still count in the segments' ranges */
    double distinct = state->sketches[column] != NULL ? hll_estimate(state->sketches[column]) : 0;
    statistics->distinct = distinct < (double)values ? distinct : (double)values;
    if (state->sample != NULL) {
        const ColumnSample *sample = &state->sample->columns[column];
        statistics->common_count = sample->common_count;
        statistics->common = sample->common;
        statistics->bound_count = sample->bound_count;
        statistics->bounds = sample->bounds;
        statistics->correlation = sample->correlation;
    }
}

double table_stats_off(const TableVersion *table) {
    const SampleInfo *sample = &table->sample;
    double rows = (double)table->rows, known = (double)(sample->rows_are_faked ? sample->faked_rows : sample->table_rows);
    double off = known > rows ? known - rows : rows - known;
    return off == 0 ? 0 : off >= rows ? 100 : 100 * off / rows;
}

double table_dependence(const TableVersion *table, uint32_t a, uint32_t b) {
    const SampleInfo *sample = &table->sample;
    uint32_t low = a < b ? a : b, high = a < b ? b : a, first = 0, count = sample->dependence_count;
    while (count > 0) { /* the first pair that is not before */
        uint32_t half = count / 2;
        const ColumnDependence *middle = &sample->dependences[first + half];
        bool is_before = middle->a < low || (middle->a == low && middle->b < high);
        first = is_before ? first + half + 1 : first;
        count = is_before ? count - half - 1 : half;
    }
    bool is_found =
        first < sample->dependence_count && sample->dependences[first].a == low && sample->dependences[first].b == high;
    return is_found ? sample->dependences[first].strength : 0;
}

Status table_state_summarize(const Context *cx, TableState *state) {
    TableVersion *table = &state->table;
    Partition *partitions = (Partition *)table->partitions;
    table->rows = table->bytes = 0;
    if (state->sample != NULL) {
        table->sample.is_taken = true;
        table->sample.table_rows = state->sample->table_rows;
        table->sample.sampled_rows = state->sample->sampled_rows;
        table->sample.dependence_count = state->sample->dependence_count;
        table->sample.dependences = state->sample->dependences;
    }
    for (uint32_t i = 0; i < table->partition_count; i++) {
        partitions[i].rows = 0;
    }
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const Segment *segment = &table->segments[i];
        table->bytes += segment->bytes;
        if (table_counts_segment(table, segment)) {
            table->rows += segment->rows - segment->deleted_rows;
            partitions[segment->partition].rows += segment->rows - segment->deleted_rows;
        }
    }
    ColumnStatistics *statistics;
    TRY_NEW_ARRAY(cx, &state->arena, statistics, table->schema->column_count);
    for (uint32_t i = 0; i < table->schema->column_count; i++) {
        summarize_column(state, i, &statistics[i]);
    }
    table->statistics = statistics;
    return OK;
}
