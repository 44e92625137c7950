/* Partition keys: value → transform → key value, and back from predicates to partitions that can hold a match.
 * (table_prune is declared in storage/segment_read.h.) */
#ifndef DEPOT_STORAGE_PARTITION_H
#define DEPOT_STORAGE_PARTITION_H

#include "core/schema.h"
#include "core/vector.h"

/* Type of the key's values: integer for year, month, day and bucket; the column's own for identity and truncate. */
Type partition_key_type(const PartitionKey *key, Type column_type);
/* INVALID_TABLE_DEFINITION if the transform does not take the column's type or its parameter is out of range. */
Status partition_key_check(const Context *cx, const PartitionKey *key, const ColumnDef *column);
/* The key value of a column value; NULL stays NULL. Text results borrow from `value`. */
Value partition_of_value(const PartitionKey *key, const Value *value);
/* The same of each row, into a vector of partition_key_type (FLAT, or CONSTANT of a constant). Text borrows. */
Status partition_of_vector(const Context *cx, const PartitionKey *key, const Vector *in, uint32_t rows, Vector *out) MUST_CHECK;
/* Hash and equality of a partition's key values; NULLs are equal. */
uint64_t partition_values_hash(const Value *values, uint32_t count);
bool partition_values_equal(const Value *a, const Value *b, uint32_t count);
/* "year_d=1995/region=EU": one directory name per key, characters that a name cannot hold written %XX, NULL as %null, long
 * ones cut and ended by a hash. `path` takes FILE_PATH_MAX bytes; PROGRAM_LIMIT_EXCEEDED past it. */
Status partition_directory(const Context *cx, const TableSchema *schema, const Value *values, char *path);

#endif
