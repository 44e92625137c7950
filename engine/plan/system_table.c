/* Looking up system tables. A table's columns stand together in the list, in order. */
#include "plan/system_table.h"

#include <string.h>

static const SystemColumn all_columns[] = {
#define SYSTEM_TABLE(schema, name, fill, help)
#define SYSTEM_COLUMN(schema, table, name, type) {SYSTEM_##schema##_##table, #name, {.id = TYPE_##type}},
#include "plan/system_tables.def"
#undef SYSTEM_TABLE
#undef SYSTEM_COLUMN
};
static const SystemTable all_tables[] = {
#define SYSTEM_TABLE(schema, name, fill, help) {SYSTEM_##schema##_##name, #schema, #name, help},
#define SYSTEM_COLUMN(schema, table, name, type)
#include "plan/system_tables.def"
#undef SYSTEM_TABLE
#undef SYSTEM_COLUMN
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

const SystemTable *system_table_at(uint32_t id) {
    return &all_tables[id];
}

const SystemTable *system_table_find(const char *schema, const char *name) {
    for (size_t i = 0; i < COUNT(all_tables); i++) {
        if (strcmp(all_tables[i].name, name) == 0 &&
            strcmp(all_tables[i].schema, schema == NULL ? CATALOG_SCHEMA : schema) == 0) {
            return &all_tables[i];
        }
    }
    return NULL;
}

const SystemColumn *system_table_columns(const SystemTable *table, uint32_t *count) {
    size_t first = 0;
    while (first < COUNT(all_columns) && all_columns[first].table != table->id) {
        first++;
    }
    *count = 0;
    while (first + *count < COUNT(all_columns) && all_columns[first + *count].table == table->id) {
        ++*count;
    }
    return &all_columns[first];
}
