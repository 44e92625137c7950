/* Types as PostgreSQL's catalog describes them: names, numbers (oid), modifiers. */
#ifndef DEPOT_CORE_SQL_TYPES_H
#define DEPOT_CORE_SQL_TYPES_H

#include "core/types.h"

typedef struct SqlType {
    TypeId id;
    uint32_t oid;
    int16_t bytes;     /* -1: varying */
    const char *name;  /* pg_type: "int4" */
    const char *words; /* information_schema: "integer" */
    char category;     /* N number, S text, D date and time, T interval, B boolean */
} SqlType;

/* VARCHAR without a length is PostgreSQL's text. */
const SqlType *sql_type_of(Type type);
uint32_t sql_type_count(void);
const SqlType *sql_type_at(uint32_t index);
int32_t sql_type_modifier(Type type); /* atttypmod; -1: none */
/* What format_type() says: "character varying(20)". `text` takes SQL_TYPE_BYTES_MAX bytes. */
#define SQL_TYPE_BYTES_MAX 48
const char *sql_type_format(uint32_t oid, int32_t modifier, char *text);

#endif
