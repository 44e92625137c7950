/* Large blocks for the whole process. Operators ask for gigabytes in pieces of 100 KB to many MB and give them all back at the
 * end of a query; the system takes 0.5 s to hand out and 0.1 s to take back each GB. So what is free is kept for the next
 * query, up to a sixteenth of what the process may use (core/machine.h), and the rest is given back by a thread of its own;
 * where the system has no more, all that is free is given back, down to single pages.
 * Blocks are runs of 1 KB cells in regions of 32 MB; larger ones are mapped on their own. Blocks
 * that last, as a cache's do, share no region with those of a query, which would hold theirs; and their regions ask for huge
 * pages, which scans of many small blocks gain by. Thread-safe. Sanitizer builds use
 * malloc instead, which they can look into. */
#ifndef DEPOT_CORE_PAGE_POOL_H
#define DEPOT_CORE_PAGE_POOL_H

#include <stdbool.h>
#include <stddef.h>

typedef enum PageUse { PAGES_OF_QUERY, PAGES_THAT_LAST, PAGE_USES } PageUse;

/* What is smaller is better asked of malloc. */
#define PAGE_POOL_BYTES_MIN ((size_t)64 << 10)
#define LASTING_BYTES_MIN ((size_t)2 << 10) /* of blocks that last: malloc's heaps hardly ever shrink */

/* Aligned to 64 bytes at least; NULL if the system has no memory. *is_zeroed: nobody has written to it yet. */
void *page_pool_alloc(PageUse use, size_t bytes, bool *is_zeroed);
/* A block of `bytes` with what `memory` held, which is gone then; NULL without memory, or where only a copy would do. */
void *page_pool_resize(void *memory, size_t old_bytes, size_t bytes);
void page_pool_free(void *memory, size_t bytes); /* as many bytes as were asked for */
/* Waits until no thread gives memory back: before the library can be unloaded. */
void page_pool_settle(void);

#endif
