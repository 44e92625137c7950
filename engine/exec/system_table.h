/* Inside the system tables: what the functions that fill them share. */
#ifndef DEPOT_EXEC_SYSTEM_TABLE_H
#define DEPOT_EXEC_SYSTEM_TABLE_H

#include "core/settings.h"
#include "core/sql_types.h"
#include "exec/row_list.h"
#include "plan/system_table.h"

#define SYSTEM_USER "depot"
#define SYSTEM_USER_OID 10
#define CLASS_OID 1259     /* pg_description.classoid of a relation … */
#define NAMESPACE_OID 2615 /* … and of a schema */

typedef struct SystemFill {
    const Context *cx;
    Snapshot *snapshot;
    RowList *rows;
    Arena *arena;
    const char *database;
} SystemFill;

/* One function per provider of the list. */
#define SYSTEM_TABLE(schema, name, fill, help) Status fill_##fill(SystemFill *fill_);
#define SYSTEM_COLUMN(schema, table, name, type)
#include "plan/system_tables.def"
#undef SYSTEM_TABLE
#undef SYSTEM_COLUMN

/* A row: exactly one value per column. */
Status system_add(SystemFill *fill, const Value *values, size_t count);
#define ADD_ROW(fill, ...)                                                                                                     \
    do {                                                                                                                       \
        const Value row_[] = {__VA_ARGS__};                                                                                    \
        TRY(system_add((fill), row_, sizeof row_ / sizeof row_[0]));                                                           \
    } while (0)

/* Every relation there is, the system's own included: for those `version` is NULL and the schema only has names and columns. */
typedef Status SystemVisit(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version);
Status system_each_relation(SystemFill *fill, SystemVisit *visit);
/* Every constraint of every table: `key` or `check` is NULL. */
typedef struct SystemConstraint {
    uint64_t oid, table_oid;
    const TableSchema *schema;
    const char *name;
    const KeyConstraint *key;
    const CheckConstraint *check;
} SystemConstraint;
typedef Status SystemConstraintVisit(SystemFill *fill, const SystemConstraint *constraint);
Status system_each_constraint(SystemFill *fill, SystemConstraintVisit *visit);

uint64_t system_table_oid(const TableVersion *table);
uint64_t system_oid_of_id(uint64_t table_id);
uint64_t system_namespace_oid(const SystemFill *fill, const char *name);
/* The key that a foreign key refers to; NULL if it is gone. */
const KeyConstraint *system_target_key(const SystemFill *fill, const KeyConstraint *foreign, const TableVersion **target);

#endif
