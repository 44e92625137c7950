/* Minimum, maximum, order of a block's rows: what lets a scan skip it. */
#ifndef DEPOT_STORAGE_ZONE_MAP_H
#define DEPOT_STORAGE_ZONE_MAP_H

#include "core/predicate.h"
#include "storage/byte_buffer.h"
#include "storage/encodings/encoding.h"

/* Minimum and maximum of the block's rows, and whether it is sorted. `dictionary` are the values of codes (an array of the
 * class), NULL otherwise. Text is borrowed. */
void zone_map_measure(const BlockInput *in, const void *dictionary, ColumnRange *range, bool *is_sorted);
/* Writes them into the entry; text, which was cut, goes to `range_text`. */
Status zone_map_store(const Context *cx, const ColumnRange *range, bool is_sorted, ByteBuffer *range_text,
                      BlockEntry *entry) MUST_CHECK;
/* Text cut to RANGE_TEXT_BYTES_MAX at a character; sets max_is_truncated if minimum or maximum was cut. Borrows. */
void zone_map_cut(ColumnRange *range);

#endif
