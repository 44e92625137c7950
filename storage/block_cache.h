/* The process-wide cache of a warehouse: blocks of columns as they are after checksum and second stage, and the open segments
 * (metadata, dictionaries) that they belong to. Charged to an account of its own; unpinned blocks go by clock when it is full.
 *
 * A block's place in the cache is a slot that its open segment holds, so a hit is one atomic addition and no lookup. */
#ifndef DEPOT_STORAGE_BLOCK_CACHE_H
#define DEPOT_STORAGE_BLOCK_CACHE_H

#include "core/memory.h"

typedef struct BlockCache BlockCache;
typedef struct CacheSlot CacheSlot;

/* A block in memory. `data` is aligned to 64 bytes. Immutable while it is pinned. */
typedef struct CacheFrame {
    CacheSlot *slot;         /* where it hangs */
    struct CacheFrame *next; /* clock order */
    struct CacheFrame *previous;
    uint64_t bytes;          /* of `data` as allocated */
    _Atomic(bool) is_used;   /* touched since the clock's hand passed */
    const uint64_t *validity; /* into data; NULL: no NULLs */
    const uint8_t *values;   /* into data */
    uint8_t *data;           /* owned */
} CacheFrame;

/* Zero it to make it empty. */
struct CacheSlot {
    _Atomic(uint64_t) state; /* CACHE_SLOT_LOADED | pins */
    CacheFrame *frame;       /* meaningful while loaded */
};

/* `bytes_max` 0: half of the machine's memory. */
Status block_cache_create(const Context *cx, int64_t bytes_max, BlockCache **cache);
void block_cache_free(BlockCache *cache); /* nothing pinned; NULL is fine */
int64_t block_cache_bytes(const BlockCache *cache);
/* The account that what the cache holds is charged to. */
MemoryAccount *block_cache_account(BlockCache *cache);

/* Fills frame->data (allocated with cx->memory, which is the cache's account then), validity and values. */
typedef Status CacheLoad(const Context *cx, void *argument, CacheFrame *frame);
/* Pins the slot's frame, loading it first if needed; other threads that want it wait. */
Status block_cache_pin(const Context *cx, BlockCache *cache, CacheSlot *slot, CacheLoad *load, void *argument,
                       const CacheFrame **frame) MUST_CHECK;
void block_cache_unpin(CacheSlot *slot);
/* Empties slots that go away with their segment; none is pinned. */
void block_cache_drop(BlockCache *cache, CacheSlot *slots, uint32_t count);

/* The last snapshot_release of a snapshot calls this: the segments it had open are its own no longer. */
void block_cache_release_snapshot(BlockCache *cache, const void *snapshot);

#endif
