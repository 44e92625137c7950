/* The definition of a table: columns, distribution, partitions, sort key. Plain data in an arena; immutable once built. */
#ifndef DEPOT_CORE_SCHEMA_H
#define DEPOT_CORE_SCHEMA_H

#include "core/value.h"

#define COLUMNS_MAX 1600
#define NAME_BYTES_MAX 127

typedef enum DistStyle { DIST_AUTO, DIST_EVEN, DIST_KEY, DIST_ALL } DistStyle;

typedef enum PartitionTransform {
    PARTITION_IDENTITY,
    PARTITION_YEAR,    /* DATE, TIMESTAMP → integer year */
    PARTITION_MONTH,   /* → months since 1970-01 */
    PARTITION_DAY,     /* → days since 1970-01-01 */
    PARTITION_BUCKET,  /* bucket(n, c): value_placement_hash(seed 2) % n */
    PARTITION_TRUNCATE /* truncate(w, c): integers: c - mod(c, w), floored; text: the first w characters */
} PartitionTransform;

/* "year"; "identity" for the column itself. */
const char *partition_transform_name(PartitionTransform transform);
/* bucket and truncate: key->parameter is their first argument. */
static inline bool partition_transform_takes_number(PartitionTransform transform) {
    return transform == PARTITION_BUCKET || transform == PARTITION_TRUNCATE;
}

/* Names in encodings.def; AUTO lets the writer sample. Parsed from ENCODE by storage/encodings (encoding_from_name). */
typedef struct ColumnEncoding {
    uint8_t encoding; /* EncodingId, 0 = auto */
    uint8_t codec;    /* CodecId, 0 = auto */
} ColumnEncoding;

typedef struct ColumnDef {
    const char *name; /* as folded by the lexer */
    Type type;
    bool not_null;
    ColumnEncoding encode;
    const char *default_sql; /* expression text, NULL for none */
    const char *comment;     /* COMMENT ON COLUMN; NULL for none */
} ColumnDef;

typedef struct PartitionKey {
    PartitionTransform transform;
    uint32_t column;
    int64_t parameter; /* bucket count or truncation width */
} PartitionKey;

/* A declared, unenforced key (the optimizer trusts it). */
typedef struct KeyConstraint {
    enum { KEY_PRIMARY, KEY_UNIQUE, KEY_FOREIGN } kind;
    const char *name;
    uint32_t column_count;
    const uint32_t *columns;
    const char *target_schema;         /* KEY_FOREIGN */
    const char *target_table;          /* KEY_FOREIGN */
    const char *const *target_columns; /* KEY_FOREIGN; NULL: its primary key */
} KeyConstraint;

/* A CHECK expression, enforced when rows are written. */
typedef struct CheckConstraint {
    const char *name;
    const char *sql;
} CheckConstraint;

/* Tables and views share one space of names. */
typedef enum RelationKind { RELATION_TABLE, RELATION_VIEW } RelationKind;

typedef struct TableSchema {
    RelationKind kind;
    const char *schema_name; /* "public" */
    const char *name;
    const char *comment; /* COMMENT ON; NULL for none */
    uint32_t column_count;
    const ColumnDef *columns;
    DistStyle dist_style;
    uint32_t dist_column; /* DIST_KEY */
    uint32_t sort_key_count;
    const uint32_t *sort_keys; /* compound, most significant first; ascending, NULLs last */
    uint32_t partition_key_count;
    const PartitionKey *partition_keys;
    uint32_t key_count;
    const KeyConstraint *keys;
    uint32_t check_count;
    const CheckConstraint *checks;
    uint32_t block_rows;
    const char *view_sql; /* RELATION_VIEW: its query, with every table name qualified */
    uint32_t dependency_count;
    const uint64_t *dependencies; /* RELATION_VIEW: ids of the relations that its query names, each once */
} TableSchema;

#define DEFAULT_SCHEMA "public"
#define TEMPORARY_SCHEMA "pg_temp" /* of a session's own relations */

/* UINT32_MAX if there is none. */
uint32_t schema_find_column(const TableSchema *schema, const char *name);
/* "EVEN", "KEY(a)", "AUTO(ALL)": as declared, and what AUTO has come to. `text` takes DIST_TEXT_BYTES_MAX bytes. */
#define DIST_TEXT_BYTES_MAX (NAME_BYTES_MAX + 8)
const char *schema_dist_text(const TableSchema *schema, DistStyle in_use, char *text);
/* A deep copy into the arena. */
Status schema_copy(const Context *cx, Arena *arena, const TableSchema *from, TableSchema **to);

#endif
