/* Reading sets in Roaring's portable format (FORMAT.md, "Delete maps") with every byte checked: CRoaring, which writes them,
 * trusts what it reads. */
#ifndef DEPOT_STORAGE_ROARING_READ_H
#define DEPOT_STORAGE_ROARING_READ_H

#include "storage/delete_map.h"

/* Marks the numbers of the set in `map`; *count says how many. NULL, or what is wrong. */
const char *roaring_read(const uint8_t *data, size_t bytes, DeleteMap *map, uint64_t *count);

#endif
