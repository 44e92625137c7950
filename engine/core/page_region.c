#include "core/page_region.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HEADER_CELLS ((uint32_t)1)
#define PAGE_CELLS ((uint32_t)4) /* of the system's pages */

/* The first cell at or after `cell` that is used (or free); REGION_CELLS if there is none. */
static uint32_t next_cell(const Region *region, uint32_t cell, bool is_used) {
    while (cell < REGION_CELLS) {
        uint64_t word = is_used ? region->used[cell / 64] : ~region->used[cell / 64];
        word &= ~UINT64_C(0) << cell % 64;
        if (word != 0) {
            return cell / 64 * 64 + (uint32_t)__builtin_ctzll(word);
        }
        cell = cell / 64 * 64 + 64;
    }
    return REGION_CELLS;
}

/* The first cell of the free run that `cell` is in or ends before it. */
static uint32_t start_of_run(const Region *region, uint32_t cell) {
    while (cell > 0) { /* the header's cell is used */
        uint32_t last = cell - 1;
        uint64_t word = region->used[last / 64] << (63 - last % 64);
        if (word != 0) {
            return cell - (uint32_t)__builtin_clzll(word);
        }
        cell = last / 64 * 64;
    }
    return cell;
}

/* First fit, which keeps the cells in use together. 0 (the header's cell) if no run is long enough. */
static uint32_t find_run(Region *region, uint32_t cells) {
    uint32_t longest = 0;
    for (uint32_t start = next_cell(region, HEADER_CELLS, false); start < REGION_CELLS;) {
        uint32_t end = next_cell(region, start, true);
        if (end - start >= cells) {
            return start;
        }
        longest = end - start > longest ? end - start : longest;
        start = next_cell(region, end, false);
    }
    region->longest_run = longest;
    return 0;
}

static void mark(Region *region, uint32_t start, uint32_t cells, bool is_used) {
    for (uint32_t cell = start, end = start + cells; cell < end;) {
        uint32_t bits = 64 - cell % 64 < end - cell ? 64 - cell % 64 : end - cell;
        uint64_t mask = ~UINT64_C(0) >> (64 - bits) << cell % 64;
        uint64_t *word = &region->used[cell / 64];
        *word = is_used ? *word | mask : *word & ~mask;
        cell += bits;
    }
    region->free_cells = is_used ? region->free_cells - cells : region->free_cells + cells;
}

Region *region_add(RegionList *list, char *memory) {
    Region *region = calloc(1, sizeof *region);
    if (region == NULL) {
        return NULL;
    }
    *(Region **)memory = region;
    region->memory = memory;
    region->list = list;
    region->previous = list->last;
    region->free_cells = region->longest_run = REGION_CELLS;
    region->number = list->last == NULL ? 0 : list->last->number + 1;
    mark(region, 0, HEADER_CELLS, true);
    list->first_roomy = list->first_roomy == NULL ? region : list->first_roomy;
    if (list->last != NULL) {
        list->last->next = region;
    } else {
        list->first = region;
    }
    list->last = region;
    return region;
}

char *region_remove(Region *region) {
    RegionList *list = region->list;
    list->first_roomy = list->first_roomy == region ? region->next : list->first_roomy;
    if (region->previous != NULL) {
        region->previous->next = region->next;
    } else {
        list->first = region->next;
    }
    if (region->next != NULL) {
        region->next->previous = region->previous;
    } else {
        list->last = region->previous;
    }
    char *memory = region->memory;
    free(region);
    return memory;
}

bool region_is_free(const Region *region) {
    return region->free_cells + region->hole_cells == REGION_CELLS - HEADER_CELLS;
}

Region *region_of(const void *memory) {
    return *(Region **)((uintptr_t)memory / REGION_BYTES * REGION_BYTES);
}

void *region_take(Region *region, uint32_t cells) {
    uint32_t start = region->longest_run < cells ? 0 : find_run(region, cells);
    if (start == 0) {
        return NULL;
    }
    mark(region, start, cells, true);
    return region->memory + start * CELL_BYTES;
}

void region_give(Region *region, void *memory, uint32_t cells) {
    RegionList *list = region->list;
    uint32_t start = (uint32_t)((size_t)((char *)memory - region->memory) / CELL_BYTES);
    mark(region, start, cells, false);
    uint32_t run = next_cell(region, start + cells, true) - start_of_run(region, start);
    region->longest_run = run > region->longest_run ? run : region->longest_run;
    list->first_roomy = list->first_roomy == NULL || region->number < list->first_roomy->number ? region : list->first_roomy;
}

/* Its addresses stay the region's. */
static bool punch_run(Region *region, uint32_t start, uint32_t end) {
    start = (start + PAGE_CELLS - 1) / PAGE_CELLS * PAGE_CELLS;
    end = end / PAGE_CELLS * PAGE_CELLS;
    if (start >= end || mmap(region->memory + start * CELL_BYTES, (end - start) * CELL_BYTES, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
        return false;
    }
    mark(region, start, end - start, true);
    region->hole_cells += end - start;
    return true;
}

bool region_punch(Region *region) {
    bool gave_any = false;
    uint32_t end;
    for (uint32_t start = next_cell(region, HEADER_CELLS, false); start < REGION_CELLS; start = next_cell(region, end, false)) {
        end = next_cell(region, start, true);
        gave_any |= punch_run(region, start, end);
    }
    return gave_any;
}
