/* Regions of the page pool: 32 MB of addresses, handed out as runs of 1 KB cells. A bitmap says which are used. Nothing here
 * asks the system for memory but region_punch, which gives some back; nothing here locks. */
#ifndef DEPOT_CORE_PAGE_REGION_H
#define DEPOT_CORE_PAGE_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGION_BYTES ((size_t)32 << 20)
#define CELL_BYTES ((size_t)1 << 10)
#define REGION_CELLS ((uint32_t)(REGION_BYTES / CELL_BYTES))

struct RegionList;

/* What is known of a region. It lies elsewhere: at the starts of regions, which are aligned to their size, all would compete
 * for the same places of the processor's caches. The region's first cell has a pointer to it. */
typedef struct Region {
    char *memory; /* borrowed */
    struct RegionList *list;
    struct Region *next, *previous;
    uint64_t number; /* in the order of the list */
    uint32_t free_cells;
    uint32_t longest_run; /* no free run is longer */
    uint32_t hole_cells;  /* given back to the system: used, as far as taking runs goes */
    uint64_t used[REGION_CELLS / 64];
} Region;

typedef struct RegionList {
    Region *first, *last; /* the oldest first: holes in them are filled before new pages are touched */
    Region *first_roomy;  /* regions before it have no room for any block; NULL: none has */
    uint32_t cells_min;   /* no block is smaller */
} RegionList;

/* Puts a region at the end of the list: REGION_BYTES, aligned to as many. NULL without memory. */
Region *region_add(RegionList *list, char *memory);
/* Off its list; returns its memory. */
char *region_remove(Region *region);
/* No block is in it. */
bool region_is_free(const Region *region);
Region *region_of(const void *memory);

/* NULL if no run is long enough. */
void *region_take(Region *region, uint32_t cells);
void region_give(Region *region, void *memory, uint32_t cells);
/* Gives whole pages between blocks back to the system for good; true if there were any. */
bool region_punch(Region *region);

#endif
