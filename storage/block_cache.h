/* The cache of a warehouse, one per process: blocks of columns as they are after checksum and second stage, large texts as
 * symbols where that pays (encodings/symbol_texts.h). Charged to an account of its own; unpinned blocks go by clock when it is
 * over its limit. Open segments (segment_read.c) hang here too.
 *
 * A block's place in the cache is a slot that its open segment holds, so a hit is one atomic addition and no lookup. */
#ifndef DEPOT_STORAGE_BLOCK_CACHE_H
#define DEPOT_STORAGE_BLOCK_CACHE_H

#include "storage/warehouse.h"

typedef struct BlockCache BlockCache;
typedef struct CacheSlot CacheSlot;

/* A block in memory. `data` is aligned to 64 bytes. Immutable while it is pinned. */
typedef struct CacheFrame {
    CacheSlot *slot;                    /* where it hangs */
    struct CacheFrame *next, *previous; /* the clock's ring */
    uint64_t bytes;                     /* of `data` */
    const uint64_t *validity;           /* into data; NULL: no NULLs */
    const uint8_t *values;              /* into data */
    uint8_t *data;                      /* owned */
    bool is_recoded;                    /* the values stand otherwise than in the file (symbol_texts.h) */
} CacheFrame;

/* Zero it to make it empty. A hit looks at nothing else; frame and validity are meaningful while it is loaded. */
struct CacheSlot {
    _Atomic(uint64_t) state; /* CACHE_SLOT_LOADED | pins */
    CacheFrame *frame;
    const uint64_t *validity;
    _Atomic(const uint8_t *) values; /* NULL: not loaded; without a pin only an address to prefetch */
    _Atomic(bool) is_used;           /* touched since the clock's hand passed */
    bool is_recoded;                 /* the frame's, as is: */
    uint32_t bytes;
};

/* The warehouse's, made on first use; NULL after an out-of-memory error. */
BlockCache *block_cache_of(const Context *cx, Warehouse *warehouse);
/* What it holds now, in bytes. */
int64_t block_cache_bytes(const BlockCache *cache);
/* Does it have to evict for what is loaded, or will it soon? What is loaded now may go before it is used again. */
bool block_cache_is_full(const BlockCache *cache);
/* What the cache holds is charged here, as is the metadata of open segments. */
MemoryAccount *block_cache_account(BlockCache *cache);

/* A load fills data (frame->data has the bytes asked for), validity and values; it may put other data in place of it. */
typedef Status CacheLoad(const Context *cx, void *argument, CacheFrame *frame);
/* Pins the slot's frame, loading it first if needed; other threads that want it wait. */
Status block_cache_pin(const Context *cx, BlockCache *cache, CacheSlot *slot, uint64_t bytes, CacheLoad *load,
                       void *argument) MUST_CHECK;
void block_cache_unpin(CacheSlot *slot);
/* Empties slots that go away with their segment; none is pinned. */
void block_cache_drop(BlockCache *cache, CacheSlot *slots, uint32_t count);

/* Open segments by id (segment_read.c). */
struct SegmentTable *block_cache_segments(BlockCache *cache);

#endif
