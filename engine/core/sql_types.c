/* PostgreSQL's numbers and names of the types that there are. */
#include "core/sql_types.h"

#include <stdio.h>

static const SqlType types[] = {
    {TYPE_BOOLEAN, 16, 1, "bool", "boolean", 'B'},
    {TYPE_BIGINT, 20, 8, "int8", "bigint", 'N'},
    {TYPE_SMALLINT, 21, 2, "int2", "smallint", 'N'},
    {TYPE_INTEGER, 23, 4, "int4", "integer", 'N'},
    {TYPE_VARCHAR, 25, -1, "text", "text", 'S'},
    {TYPE_REAL, 700, 4, "float4", "real", 'N'},
    {TYPE_DOUBLE, 701, 8, "float8", "double precision", 'N'},
    {TYPE_NULL, 705, -2, "unknown", "unknown", 'X'},
    {TYPE_CHAR, 1042, -1, "bpchar", "character", 'S'},
    {TYPE_VARCHAR, 1043, -1, "varchar", "character varying", 'S'},
    {TYPE_DATE, 1082, 4, "date", "date", 'D'},
    {TYPE_TIME, 1083, 8, "time", "time without time zone", 'D'},
    {TYPE_TIMESTAMP, 1114, 8, "timestamp", "timestamp without time zone", 'D'},
    {TYPE_TIMESTAMPTZ, 1184, 8, "timestamptz", "timestamp with time zone", 'D'},
    {TYPE_INTERVAL, 1186, 16, "interval", "interval", 'T'},
    {TYPE_DECIMAL, 1700, -1, "numeric", "numeric", 'N'},
};
#define VARYING_OID 1043
#define HEADER_BYTES 4 /* that PostgreSQL adds to a modifier */

const SqlType *sql_type_of(Type type) {
    const SqlType *unknown = NULL;
    for (uint32_t i = 0; i < sql_type_count(); i++) {
        if (types[i].id == type.id && (type.id != TYPE_VARCHAR || type.length == 0 || types[i].oid == VARYING_OID)) {
            return &types[i];
        }
        unknown = types[i].id == TYPE_NULL ? &types[i] : unknown;
    }
    return unknown;
}

uint32_t sql_type_count(void) {
    return sizeof types / sizeof types[0];
}

const SqlType *sql_type_at(uint32_t index) {
    return &types[index];
}

int32_t sql_type_modifier(Type type) {
    if (type.id == TYPE_DECIMAL) {
        return (type.precision << 16 | type.scale) + HEADER_BYTES;
    }
    return (type.id == TYPE_VARCHAR || type.id == TYPE_CHAR) && type.length > 0 ? (int32_t)type.length + HEADER_BYTES : -1;
}

const char *sql_type_format(uint32_t oid, int32_t modifier, char *text) {
    const SqlType *type = NULL;
    for (uint32_t i = 0; i < sql_type_count(); i++) {
        type = types[i].oid == oid ? &types[i] : type;
    }
    if (type == NULL) {
        snprintf(text, SQL_TYPE_BYTES_MAX, "???");
    } else if (modifier < HEADER_BYTES) {
        snprintf(text, SQL_TYPE_BYTES_MAX, "%s", type->words);
    } else if (type->id == TYPE_DECIMAL) {
        int32_t digits = modifier - HEADER_BYTES;
        snprintf(text, SQL_TYPE_BYTES_MAX, "%s(%d,%d)", type->words, digits >> 16, digits & 0xffff);
    } else if (type->id == TYPE_VARCHAR || type->id == TYPE_CHAR) {
        snprintf(text, SQL_TYPE_BYTES_MAX, "%s(%d)", type->words, modifier - HEADER_BYTES);
    } else {
        snprintf(text, SQL_TYPE_BYTES_MAX, "%s", type->words);
    }
    return text;
}
