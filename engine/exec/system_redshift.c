/* System views after Amazon Redshift: the physical side of tables. */
#include "exec/system_table.h"
#include "storage/encodings/encoding.h"

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

/* Rows of the fullest slice per row of the emptiest. */
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
    return table->dist_style == DIST_ALL || least == 0 ? row_null() : row_double((double)most / (double)least);
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
    char style[DIST_TEXT_BYTES_MAX];
    ADD_ROW(fill, row_text(fill->database), row_text(schema->schema_name), row_number(oid), row_text(schema->name),
            row_text(is_encoded ? "Y" : "Y, AUTO(ENCODE)"), row_text(schema_dist_text(schema, version->dist_style, style)),
            row_text(schema->sort_key_count == 0 ? NULL : schema->columns[schema->sort_keys[0]].name), row_number(widest),
            row_number(schema->sort_key_count), row_number((version->bytes + MEGABYTE - 1) / MEGABYTE), row_number(0),
            unsorted(version), row_double(table_stats_off(version)), row_number(version->rows), skew(fill, version),
            row_number(version->rows));
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
