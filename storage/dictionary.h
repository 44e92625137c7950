/* Dictionaries: the sorted distinct values of a column in a segment, in its file and in memory, and the query dictionary that
 * unites those of all segments of a table version. */
#ifndef DEPOT_STORAGE_DICTIONARY_H
#define DEPOT_STORAGE_DICTIONARY_H

#include "core/vector.h"
#include "storage/byte_buffer.h"
#include "storage/column_file.h"

/* Entries of a query dictionary at most, so that its codes fit in 16 bits. */
#define QUERY_DICTIONARY_SIZE_MAX 65536

/* Appends the entries (`values`: an array of the class, ascending, distinct) to the image and says so in the tail. */
Status dictionary_write(const Context *cx, Type type, const void *values, uint32_t size, CodecId codec, ByteBuffer *image,
                        ColumnTail *tail) MUST_CHECK;
/* From the stored bytes. Returns OK with *problem set if they are damaged. Freed by dictionary_free. */
Status dictionary_read(const Context *cx, Type type, const ColumnTail *tail, const uint8_t *stored, Dictionary **dictionary,
                       const char **problem) MUST_CHECK;
void dictionary_free(Dictionary *dictionary); /* NULL is fine */

/* The codes of one dictionary in another that holds all of its values: `map` has from->size elements of `map_bytes` (1, 2).
 * Sets *is_identity if they are all the same. */
void dictionary_map(const Dictionary *from, const Dictionary *to, uint32_t map_bytes, void *map, bool *is_identity);
/* The sorted union, if it has at most `size_max` entries; else *out = NULL. Long text is borrowed from the sources. */
Status dictionary_union(const Context *cx, Type type, const Dictionary *const *dictionaries, uint32_t count, uint32_t size_max,
                        Dictionary **out) MUST_CHECK;

#endif
