/* Slots, pins, the clock.
 *
 * A slot's state is a count of pins and the bit LOADED. To pin is to add one; if LOADED was set, that was all. Otherwise the
 * addition is taken back and the slow path loads under one of a few locks. To evict is to compare-and-swap LOADED with no pins
 * to 0: whoever adds a pin a moment later sees LOADED gone. */
#include "storage/block_cache.h"

#include "core/machine.h"
#include "storage/segment_table.h"

#define CACHE_SLOT_LOADED (UINT64_C(1) << 63)
enum { LOAD_LOCKS = 64 };
/* Of what the cache held when it last had to evict: there it will have to again, unless it comes past it. */
enum { FULL_QUARTERS_MIN = 3, FULL_QUARTERS_MAX = 5 };

struct BlockCache {
    MemoryAccount account;
    int64_t bytes_max;
    _Atomic(int64_t) gave_way_at; /* what it held when it last had to evict */
    SegmentTable *segments;
    pthread_mutex_t clock_lock; /* guards hand and the ring */
    CacheFrame *hand;
    MemoryReclaimer reclaimer;
    pthread_mutex_t load_locks[LOAD_LOCKS]; /* a slot loads under the one that its address selects */
};

static void cache_free(void *cache_) {
    BlockCache *cache = cache_;
    if (cache == NULL) {
        return;
    }
    memory_reclaimer_remove(&cache->reclaimer);
    segment_table_free(cache->segments);
    memory_account_close(&cache->account);
    pthread_mutex_destroy(&cache->clock_lock);
    for (uint32_t i = 0; i < LOAD_LOCKS; i++) {
        pthread_mutex_destroy(&cache->load_locks[i]);
    }
    mem_free(cache);
}

static void let_go(void *cache, int64_t bytes);

static Status cache_create(const Context *cx, Warehouse *warehouse, BlockCache **out) {
    Context own = *cx;
    own.memory = warehouse_memory(warehouse);
    BlockCache *cache;
    TRY_ALLOC_ZEROED(&own, cache, sizeof *cache);
    memory_account_init(&cache->account, own.memory, "block cache", 0);
    cache->account.is_lasting = true;
    cache->bytes_max = warehouse_cache_bytes_max(warehouse);
    if (cache->bytes_max == 0) {
        cache->bytes_max = machine_memory_bytes() / 2;
    }
    cache->reclaimer = (MemoryReclaimer){.reclaim = let_go, .argument = cache};
    pthread_mutex_init(&cache->clock_lock, NULL);
    for (uint32_t i = 0; i < LOAD_LOCKS; i++) {
        pthread_mutex_init(&cache->load_locks[i], NULL);
    }
    Status status = segment_table_create(&own, cache, &cache->segments);
    if (status != OK) {
        cache_free(cache);
        return status;
    }
    memory_reclaimer_add(&cache->reclaimer);
    *out = cache;
    return OK;
}

BlockCache *block_cache_of(const Context *cx, Warehouse *warehouse) {
    Attachment *place = warehouse_attachment(warehouse);
    pthread_mutex_lock(&place->lock);
    BlockCache *cache = place->object;
    if (cache == NULL && cache_create(cx, warehouse, &cache) == OK) {
        place->object = cache;
        place->release = cache_free;
    }
    pthread_mutex_unlock(&place->lock);
    return cache;
}

int64_t block_cache_bytes(const BlockCache *cache) {
    return atomic_load(&cache->account.used_bytes);
}
MemoryAccount *block_cache_account(BlockCache *cache) {
    return &cache->account;
}
bool block_cache_is_full(const BlockCache *cache) {
    int64_t gave_way_at = atomic_load_explicit(&cache->gave_way_at, memory_order_relaxed), has = block_cache_bytes(cache);
    return gave_way_at > 0 && has >= gave_way_at / 4 * FULL_QUARTERS_MIN && has <= gave_way_at / 4 * FULL_QUARTERS_MAX;
}
struct SegmentTable *block_cache_segments(BlockCache *cache) {
    return cache->segments;
}

/* ------------------------------------------------------------------------------------------------------------------ the ring
 */

static void ring_add(BlockCache *cache, CacheFrame *frame) {
    pthread_mutex_lock(&cache->clock_lock);
    if (cache->hand == NULL) {
        frame->next = frame->previous = frame;
        cache->hand = frame;
    } else {
        frame->next = cache->hand;
        frame->previous = cache->hand->previous;
        frame->previous->next = frame;
        frame->next->previous = frame;
    }
    pthread_mutex_unlock(&cache->clock_lock);
}

/* The caller holds clock_lock. */
static void ring_remove(BlockCache *cache, CacheFrame *frame) {
    if (frame->next == frame) {
        cache->hand = NULL;
        return;
    }
    frame->previous->next = frame->next;
    frame->next->previous = frame->previous;
    if (cache->hand == frame) {
        cache->hand = frame->next;
    }
}

static void frame_free(CacheFrame *frame) {
    mem_free(frame->data);
    mem_free(frame);
}

/* Takes the frame out of its slot if no one has it pinned. The caller holds clock_lock. */
static bool evict(BlockCache *cache, CacheFrame *frame) {
    uint64_t loaded = CACHE_SLOT_LOADED;
    if (!atomic_compare_exchange_strong(&frame->slot->state, &loaded, 0)) {
        return false;
    }
    ring_remove(cache, frame);
    frame_free(frame);
    return true;
}

/* Frees unpinned blocks until the cache has no more than `most` bytes; two rounds of the hand find all that can go. */
static void shrink(BlockCache *cache, int64_t most) {
    int64_t has = block_cache_bytes(cache);
    if (has <= most) {
        return;
    }
    atomic_store_explicit(&cache->gave_way_at, has, memory_order_relaxed);
    pthread_mutex_lock(&cache->clock_lock);
    CacheFrame *start = NULL;
    uint32_t rounds = 0;
    while (cache->hand != NULL && rounds < 2 && block_cache_bytes(cache) > most) {
        CacheFrame *frame = cache->hand;
        if (start == NULL) {
            start = frame;
        }
        bool goes = !atomic_exchange(&frame->slot->is_used, false);
        if (goes && evict(cache, frame)) {
            start = frame == start ? NULL : start; /* the hand stands on the next one */
            continue;
        }
        cache->hand = frame->next;
        rounds += cache->hand == start;
    }
    pthread_mutex_unlock(&cache->clock_lock);
}

/* Pinned blocks may keep the cache over its limit. */
static void make_room(BlockCache *cache, int64_t bytes) {
    shrink(cache, cache->bytes_max - bytes);
}

static void let_go(void *cache, int64_t bytes) {
    int64_t has = block_cache_bytes(cache);
    shrink(cache, bytes < has ? has - bytes : 0);
}

/* ---------------------------------------------------------------------------------------------------------------------- pins
 */

static bool pin_loaded(CacheSlot *slot) {
    if ((atomic_fetch_add(&slot->state, 1) & CACHE_SLOT_LOADED) != 0) {
        if (!atomic_load_explicit(&slot->is_used, memory_order_relaxed)) {
            atomic_store_explicit(&slot->is_used, true, memory_order_relaxed);
        }
        return true;
    }
    atomic_fetch_sub(&slot->state, 1);
    return false;
}

static Status load_frame(const Context *cx, BlockCache *cache, CacheSlot *slot, uint64_t bytes, CacheLoad *load,
                         void *argument) {
    Context own = *cx;
    own.memory = &cache->account;
    make_room(cache, (int64_t)bytes);
    CacheFrame *frame;
    TRY_ALLOC_ZEROED(&own, frame, sizeof *frame);
    frame->slot = slot;
    frame->bytes = bytes;
    frame->data = mem_alloc(&own, bytes);
    Status status = frame->data == NULL ? OUT_OF_MEMORY : load(cx, argument, frame);
    if (status != OK) {
        frame_free(frame);
        return status;
    }
    slot->frame = frame;
    slot->validity = frame->validity;
    slot->is_recoded = frame->is_recoded;
    slot->bytes = (uint32_t)frame->bytes;
    atomic_store_explicit(&slot->values, frame->values, memory_order_relaxed);
    atomic_fetch_add(&slot->state, CACHE_SLOT_LOADED + 1);
    ring_add(cache, frame);
    return OK;
}

Status block_cache_pin(const Context *cx, BlockCache *cache, CacheSlot *slot, uint64_t bytes, CacheLoad *load, void *argument) {
    if (pin_loaded(slot)) {
        return OK;
    }
    pthread_mutex_t *lock = &cache->load_locks[(uintptr_t)slot / sizeof *slot % LOAD_LOCKS];
    pthread_mutex_lock(lock);
    Status status = pin_loaded(slot) ? OK : load_frame(cx, cache, slot, bytes, load, argument);
    pthread_mutex_unlock(lock);
    return status;
}

void block_cache_unpin(CacheSlot *slot) {
    atomic_fetch_sub(&slot->state, 1);
}

void block_cache_drop(BlockCache *cache, CacheSlot *slots, uint32_t count) {
    pthread_mutex_lock(&cache->clock_lock);
    for (uint32_t i = 0; i < count; i++) {
        if ((atomic_load(&slots[i].state) & CACHE_SLOT_LOADED) != 0) {
            evict(cache, slots[i].frame);
        }
    }
    pthread_mutex_unlock(&cache->clock_lock);
}
