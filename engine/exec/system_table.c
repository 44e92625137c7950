/* System tables: a source that fills a list of rows from the statement's snapshot when it opens. */
#include "exec/system_table.h"

#define FIRST_TABLE_OID 16384 /* below are the system's */
#define FIRST_SYSTEM_OID 12000
#define FIRST_NAMESPACE_OID 100000000
#define PUBLIC_OID 2200
#define CATALOG_OID 11
#define INFORMATION_OID 13000

static Status (*const providers[])(SystemFill *fill) = {
#define SYSTEM_TABLE(schema, name, fill, help) fill_##fill,
#define SYSTEM_COLUMN(schema, table, name, type)
#include "plan/system_tables.def"
#undef SYSTEM_TABLE
#undef SYSTEM_COLUMN
};

Status system_add(SystemFill *fill, const Value *values, size_t count) {
    if (count != fill->rows->column_count) {
        return fail(fill->cx, INTERNAL_ERROR, "a row of a system table has %zu values for %u columns", count,
                    fill->rows->column_count);
    }
    return row_list_add(fill->cx, fill->rows, values);
}

uint64_t system_table_oid(const TableVersion *table) {
    return system_oid_of_id(table->id);
}

uint64_t system_oid_of_id(uint64_t table_id) {
    return FIRST_TABLE_OID + table_id;
}

uint64_t system_namespace_oid(const SystemFill *fill, const char *name) {
    if (strcmp(name, CATALOG_SCHEMA) == 0) {
        return CATALOG_OID;
    }
    if (strcmp(name, INFORMATION_SCHEMA) == 0) {
        return INFORMATION_OID;
    }
    for (uint32_t i = 0; i < snapshot_namespace_count(fill->snapshot); i++) {
        if (strcmp(snapshot_namespace(fill->snapshot, i)->name, name) == 0) {
            return strcmp(name, DEFAULT_SCHEMA) == 0 ? PUBLIC_OID : FIRST_NAMESPACE_OID + i;
        }
    }
    return FIRST_NAMESPACE_OID - 1; /* of temporary relations */
}

/* A system table as a relation like others. */
static Status visit_system_table(SystemFill *fill, const SystemTable *table, SystemVisit *visit) {
    TableSchema schema = {.kind = RELATION_VIEW, .schema_name = table->schema, .name = table->name, .comment = table->help};
    ColumnDef *columns;
    const SystemColumn *listed = system_table_columns(table, &schema.column_count);
    TRY_NEW_ARRAY(fill->cx, fill->arena, columns, schema.column_count);
    for (uint32_t i = 0; i < schema.column_count; i++) {
        columns[i] = (ColumnDef){.name = listed[i].name, .type = listed[i].type};
    }
    schema.columns = columns;
    return visit(fill, FIRST_SYSTEM_OID + (uint64_t)table->id, &schema, NULL);
}

Status system_each_relation(SystemFill *fill, SystemVisit *visit) {
    for (uint32_t i = 0; i < snapshot_table_count(fill->snapshot); i++) {
        const TableVersion *table = snapshot_table(fill->snapshot, i);
        TRY(visit(fill, system_table_oid(table), table->schema, table));
    }
    for (uint32_t i = 0; i < SYSTEM_TABLE_COUNT; i++) {
        TRY(visit_system_table(fill, system_table_at(i), visit));
    }
    return OK;
}

Status system_each_constraint(SystemFill *fill, SystemConstraintVisit *visit) {
    for (uint32_t i = 0; i < snapshot_table_count(fill->snapshot); i++) {
        const TableVersion *table = snapshot_table(fill->snapshot, i);
        const TableSchema *schema = table->schema;
        SystemConstraint constraint = {.table_oid = system_table_oid(table), .schema = schema};
        constraint.oid = constraint.table_oid << 16;
        for (uint32_t k = 0; k < schema->key_count; k++) {
            constraint.oid++;
            constraint.key = &schema->keys[k];
            constraint.name = constraint.key->name;
            TRY(visit(fill, &constraint));
        }
        constraint.key = NULL;
        for (uint32_t k = 0; k < schema->check_count; k++) {
            constraint.oid++;
            constraint.check = &schema->checks[k];
            constraint.name = constraint.check->name;
            TRY(visit(fill, &constraint));
        }
    }
    return OK;
}

/* Do a foreign key's columns mean those of this key? */
static bool is_meant(const KeyConstraint *foreign, const TableSchema *target, const KeyConstraint *key) {
    if (key->kind == KEY_FOREIGN || key->column_count != foreign->column_count) {
        return false;
    }
    for (uint32_t i = 0; i < key->column_count && foreign->target_columns != NULL; i++) {
        if (strcmp(target->columns[key->columns[i]].name, foreign->target_columns[i]) != 0) {
            return false;
        }
    }
    return foreign->target_columns != NULL || key->kind == KEY_PRIMARY;
}

const KeyConstraint *system_target_key(const SystemFill *fill, const KeyConstraint *foreign, const TableVersion **target) {
    *target = snapshot_find_table(fill->snapshot, foreign->target_schema, foreign->target_table);
    for (uint32_t i = 0; *target != NULL && i < (*target)->schema->key_count; i++) {
        if (is_meant(foreign, (*target)->schema, &(*target)->schema->keys[i])) {
            return &(*target)->schema->keys[i];
        }
    }
    return NULL;
}

Status fill_nothing(SystemFill *fill) {
    (void)fill;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ source */

static Status system_open_local(Task *task, const PhysicalNode *op, void *shared, void *rows_) {
    RowList *rows = rows_;
    Snapshot *snapshot = query_plan(task->query)->snapshot;
    char database[FILE_PATH_MAX];
    (void)shared;
    TRY(row_list_open(&task->cx, rows, op));
    warehouse_name(snapshot_warehouse(snapshot), database);
    SystemFill fill = {.cx = &task->cx, .snapshot = snapshot, .rows = rows, .arena = &rows->arena, .database = database};
    return providers[op->table_function.system->id](&fill);
}

static Status system_next(Task *task, const PhysicalNode *op, void *shared, void *rows_, const Batch **out, Flow *flow) {
    (void)op, (void)shared;
    return row_list_next(&task->cx, rows_, out, flow);
}

static void system_close_local(const PhysicalNode *op, void *shared, void *rows_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    row_list_close(rows_);
}

static const SourceClass system_source = {
    .name = "System Scan",
    .local_size = sizeof(RowList),
    .open_local = system_open_local,
    .next = system_next,
    .close_local = system_close_local,
};
const OperatorClass system_table_operator = {.source = &system_source};
