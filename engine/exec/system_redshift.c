/* System views after Amazon Redshift: the physical side of tables. */
#include "exec/system_table.h"
#include "storage/encodings/encoding.h"
#include "storage/segment_read.h"

#define MEGABYTE ((uint64_t)1 << 20)

static uint32_t sort_position(const TableSchema *schema, uint32_t column) {
    for (uint32_t i = 0; i < schema->sort_key_count; i++) {
        if (schema->sort_keys[i] == column) {
            return i + 1;
        }
    }
    return 0;
}

/* Is the schema on the search path? Only those show in pg_table_def, as in Redshift. */
static bool is_on_path(const char *path, const char *name) {
    size_t bytes = strlen(name);
    for (const char *at = strstr(path, name); at != NULL; at = strstr(at + 1, name)) {
        bool starts = at == path || strchr(", \"", at[-1]) != NULL;
        bool ends = at[bytes] == '\0' || strchr(", \"", at[bytes]) != NULL;
        if (starts && ends) {
            return true;
        }
    }
    return false;
}

static Status add_definition(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)oid;
    bool is_shown = version != NULL && schema->kind == RELATION_TABLE &&
                    (strcmp(schema->schema_name, TEMPORARY_SCHEMA) == 0 ||
                     is_on_path(fill->cx->settings->search_path, schema->schema_name));
    for (uint32_t i = 0; is_shown && i < schema->column_count; i++) {
        const ColumnDef *column = &schema->columns[i];
        char type[SQL_TYPE_BYTES_MAX], encoding[32];
        ADD_ROW(fill, row_text(schema->schema_name), row_text(schema->name), row_text(column->name),
                row_text(sql_type_format(sql_type_of(column->type)->oid, sql_type_modifier(column->type), type)),
                row_text(encoding_describe(column->encode, encoding)),
                row_boolean(schema->dist_style == DIST_KEY && schema->dist_column == i), row_integer(sort_position(schema, i)),
                row_boolean(column->not_null));
    }
    return OK;
}

Status fill_pg_table_def(SystemFill *fill) {
    return system_each_relation(fill, add_definition);
}

/* Rows of the fullest slice per row of the emptiest; one that has none counts as if it had one. */
static Value skew(const SystemFill *fill, const TableVersion *table) {
    Topology topology = snapshot_topology(fill->snapshot);
    uint32_t slices = topology.nodes * topology.slices_per_node;
    uint64_t most = 0, least = UINT64_MAX;
    for (uint32_t slice = 0; slice < slices; slice++) {
        uint64_t rows = 0;
        for (uint32_t i = 0; i < table->segment_count; i++) {
            rows += table->segments[i].slice == slice ? table->segments[i].rows - table->segments[i].deleted_rows : 0;
        }
        most = rows > most ? rows : most;
        least = rows < least ? rows : least;
    }
    least = least == 0 ? 1 : least;
    return table->dist_style == DIST_ALL || most == 0 ? row_null() : row_double((double)most / (double)least);
}

/* Bytes of the largest column outside of the sort key per byte of the key's first column. */
static Value sort_key_skew(const TableVersion *table) {
    const TableSchema *schema = table->schema;
    uint64_t largest = 0;
    for (uint32_t c = 0; c < schema->column_count; c++) {
        uint64_t bytes = table->statistics[c].file_bytes;
        largest = sort_position(schema, c) == 0 && bytes > largest ? bytes : largest;
    }
    uint64_t first = schema->sort_key_count == 0 ? 0 : table->statistics[schema->sort_keys[0]].file_bytes;
    return first == 0 || largest == 0 ? row_null() : row_double((double)largest / (double)first);
}

/* Of what all tables take, in percent. */
static Value share_of_all(const SystemFill *fill, const TableVersion *table) {
    uint64_t all = 0;
    for (uint32_t i = 0; i < snapshot_table_count(fill->snapshot); i++) {
        all += snapshot_table(fill->snapshot, i)->bytes;
    }
    return row_double(all == 0 ? 0 : 100.0 * (double)table->bytes / (double)all);
}

/* Rows that are stored: those that are deleted, too. Each row of a DISTSTYLE ALL table stands on the first slice. */
static uint64_t stored_rows(const TableVersion *table) {
    uint64_t rows = 0;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        rows += table->dist_style == DIST_ALL && table->segments[i].slice > 0 ? 0 : table->segments[i].rows;
    }
    return rows;
}

/* Share of the rows that stand in segments which are not sorted, in percent. */
static Value unsorted(const TableVersion *table) {
    uint64_t rows = 0, outside = 0;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        rows += table->segments[i].rows;
        outside += table->segments[i].is_sorted ? 0 : table->segments[i].rows;
    }
    return table->schema->sort_key_count == 0 || rows == 0 ? row_null() : row_double(100.0 * (double)outside / (double)rows);
}

static Status add_table_info(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    uint32_t widest = 0;
    bool is_encoded = false;
    if (version == NULL || schema->kind != RELATION_TABLE) {
        return OK;
    }
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const ColumnDef *column = &schema->columns[i];
        widest = type_is_text(column->type) && column->type.length > widest ? column->type.length : widest;
        is_encoded = is_encoded || column->encode.encoding != 0;
    }
    char style[DIST_TEXT_BYTES_MAX], encoding[32];
    const ColumnDef *first = schema->sort_key_count == 0 ? NULL : &schema->columns[schema->sort_keys[0]];
    ADD_ROW(fill, row_text(fill->database), row_text(schema->schema_name), row_number(oid), row_text(schema->name),
            row_text(is_encoded ? "Y" : "Y, AUTO(ENCODE)"), row_text(schema_dist_text(schema, version->dist_style, style)),
            row_text(first == NULL ? NULL : first->name), row_number(widest),
            row_text(first == NULL ? NULL : encoding_describe(first->encode, encoding)), row_number(schema->sort_key_count),
            row_number((version->bytes + MEGABYTE - 1) / MEGABYTE), share_of_all(fill, version), row_number(0),
            unsorted(version), row_double(table_stats_off(version)), row_number(stored_rows(version)), sort_key_skew(version),
            skew(fill, version), row_number(version->rows), row_null(), row_null(), row_null());
    return OK;
}

Status fill_svv_table_info(SystemFill *fill) {
    return system_each_relation(fill, add_table_info);
}

static Status add_table(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)oid;
    if (version != NULL) {
        ADD_ROW(fill, row_text(fill->database), row_text(schema->schema_name), row_text(schema->name),
                row_text(schema->kind == RELATION_VIEW ? "VIEW" : "TABLE"), row_text(schema->comment));
    }
    return OK;
}

Status fill_svv_tables(SystemFill *fill) {
    return system_each_relation(fill, add_table);
}

Status fill_stv_slices(SystemFill *fill) {
    Topology topology = snapshot_topology(fill->snapshot);
    for (uint32_t slice = 0; slice < topology.nodes * topology.slices_per_node; slice++) {
        ADD_ROW(fill, row_number(slice / topology.slices_per_node), row_number(slice),
                row_number(slice % topology.slices_per_node), row_text("D"));
    }
    return OK;
}

static Value print_bound(SystemFill *fill, const ColumnRange *range, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *text;
    size_t bytes;
    if (!range->has_range || value->is_null) {
        return row_null();
    }
    value_print(value, buffer, &text, &bytes);
    return row_text(arena_copy_text(fill->cx, fill->arena, text, bytes));
}

typedef struct BlockList {
    uint64_t oid;
    const TableVersion *table;
    uint32_t slice; /* at hand */
    uint64_t first; /* number of the segment's first block on the slice */
} BlockList;

static Status add_blocks(SystemFill *fill, const BlockList *list, const Segment *segment, SegmentReader *reader) {
    const TableSchema *schema = list->table->schema;
    bool is_unsorted = schema->sort_key_count > 0 && !segment->is_sorted;
    for (uint32_t b = 0; b < segment_block_count(reader); b++) {
        TRY(check_cancel(fill->cx));
        for (uint32_t c = 0; c < schema->column_count; c++) {
            ColumnRange range;
            uint64_t bytes;
            TRY(segment_block_range(fill->cx, reader, c, b, &range));
            TRY(segment_block_bytes(fill->cx, reader, c, b, &bytes));
            ADD_ROW(fill, row_number(segment->slice), row_number(c), row_number(list->oid), row_number(list->first + b),
                    row_number(range.rows), print_bound(fill, &range, &range.min), print_bound(fill, &range, &range.max),
                    row_number(is_unsorted), row_text(schema->name), row_number(segment->id), row_number(range.nulls),
                    row_number(bytes));
        }
    }
    return OK;
}

/* Segments come slice by slice. */
static Status add_block_list(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    BlockList list = {.oid = oid, .table = version};
    for (uint32_t s = 0; version != NULL && schema->kind == RELATION_TABLE && s < version->segment_count; s++) {
        const Segment *segment = &version->segments[s];
        SegmentReader *reader;
        list.first = segment->slice == list.slice ? list.first : 0;
        list.slice = segment->slice;
        TRY(segment_open(fill->cx, fill->snapshot, version, segment, &reader));
        Status status = add_blocks(fill, &list, segment, reader);
        list.first += segment_block_count(reader);
        segment_close(reader);
        TRY(status);
    }
    return OK;
}

Status fill_stv_blocklist(SystemFill *fill) {
    return system_each_relation(fill, add_block_list);
}

static Status add_segments(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    for (uint32_t s = 0; version != NULL && s < version->segment_count; s++) {
        const Segment *segment = &version->segments[s];
        for (uint32_t c = 0; c < schema->column_count; c++) {
            const SegmentColumn *column = &segment->columns[c];
            ADD_ROW(fill, row_number(1), row_text(schema->name), row_number(segment->slice), row_number(c), row_number(oid),
                    row_number(segment->id), row_number(segment->rows), row_number(column->file_bytes),
                    print_bound(fill, &column->range, &column->range.min),
                    print_bound(fill, &column->range, &column->range.max));
        }
    }
    return OK;
}

Status fill_svv_diskusage(SystemFill *fill) {
    return system_each_relation(fill, add_segments);
}
