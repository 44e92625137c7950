/* The list of system tables (system_tables.def) for those who look something up in it. */
#ifndef DEPOT_PLAN_SYSTEM_TABLE_H
#define DEPOT_PLAN_SYSTEM_TABLE_H

#include "core/types.h"

#define CATALOG_SCHEMA "pg_catalog" /* its tables are found without it */
#define INFORMATION_SCHEMA "information_schema"

typedef enum SystemTableId {
#define SYSTEM_TABLE(schema, name, fill, help) SYSTEM_##schema##_##name,
#define SYSTEM_COLUMN(schema, table, name, type)
#include "plan/system_tables.def"
#undef SYSTEM_TABLE
#undef SYSTEM_COLUMN
    SYSTEM_TABLE_COUNT
} SystemTableId;

typedef struct SystemColumn {
    SystemTableId table;
    const char *name;
    Type type;
} SystemColumn;

typedef struct SystemTable {
    SystemTableId id;
    const char *schema, *name, *help;
} SystemTable;

const SystemTable *system_table_at(uint32_t id);
/* NULL if there is none; `schema` NULL: of pg_catalog. */
const SystemTable *system_table_find(const char *schema, const char *name);
/* The columns of a table, in order. */
const SystemColumn *system_table_columns(const SystemTable *table, uint32_t *count);

#endif
