/* The block cache: hits, eviction by clock, pinned blocks stay, failing loads, many threads. */
#include "storage/block_cache.h"
#include "table_fixture.h"

static Fixture f;
static BlockCache *cache;
static void setup(void) {
    fixture_open(&f, 1, 1, 100 * 1024);
    cache = block_cache_of(&f.cx, f.warehouse);
    cr_assert_not_null(cache);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(block_cache, .init = setup, .fini = teardown, .timeout = 120);

enum { SLOTS = 64, BLOCK_BYTES = 8192 };
static CacheSlot slots[SLOTS];
static _Atomic(uint32_t) loads;

static Status load(const Context *cx, void *argument, CacheFrame *frame) {
    (void)cx;
    atomic_fetch_add(&loads, 1);
    memset(frame->data, *(int *)argument, frame->bytes);
    frame->values = frame->data;
    return OK;
}

static Status refuse(const Context *cx, void *argument, CacheFrame *frame) {
    (void)argument, (void)frame;
    return fail(cx, IO_ERROR, "no");
}

static void pin(int i) {
    MUST(&f, block_cache_pin(&f.cx, cache, &slots[i], BLOCK_BYTES, load, &i));
    cr_assert_eq(slots[i].frame->values[BLOCK_BYTES - 1], i);
}

Test(block_cache, second_pin_is_a_hit) {
    pin(3);
    pin(3);
    cr_assert_eq(loads, 1);
    block_cache_unpin(&slots[3]);
    block_cache_unpin(&slots[3]);
    pin(3);
    cr_assert_eq(loads, 1);
    block_cache_unpin(&slots[3]);
    block_cache_drop(cache, slots, SLOTS);
}

Test(block_cache, stays_within_its_limit) {
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < SLOTS; i++) {
            pin(i);
            block_cache_unpin(&slots[i]);
            cr_assert_leq(block_cache_bytes(cache), 200 * 1024);
        }
    }
    cr_assert_gt(loads, SLOTS);
    block_cache_drop(cache, slots, SLOTS);
}

Test(block_cache, is_full_near_where_it_had_to_evict) {
    for (int i = 0; i < SLOTS; i++) {
        cr_assert_eq(block_cache_is_full(cache), i > 12, "%d of 12 blocks fit", i);
        pin(i);
        block_cache_unpin(&slots[i]);
    }
    block_cache_drop(cache, slots, SLOTS);
    cr_assert_not(block_cache_is_full(cache), "it is empty");
}

Test(block_cache, pinned_blocks_stay) {
    for (int i = 0; i < SLOTS; i++) {
        pin(i);
    }
    cr_assert_eq(loads, SLOTS);
    for (int i = 0; i < SLOTS; i++) {
        cr_assert_eq(slots[i].frame->values[17], i);
        block_cache_unpin(&slots[i]);
    }
    block_cache_drop(cache, slots, SLOTS);
}

Test(block_cache, failed_load_leaves_nothing) {
    int i = 5;
    int64_t before = block_cache_bytes(cache);
    cr_assert_eq(block_cache_pin(&f.cx, cache, &slots[i], BLOCK_BYTES, refuse, &i), IO_ERROR);
    cr_assert_eq(block_cache_bytes(cache), before);
    pin(i);
    block_cache_unpin(&slots[i]);
    block_cache_drop(cache, slots, SLOTS);
}

static void *pin_at_random(void *seed_) {
    uint64_t seed = (uint64_t)(uintptr_t)seed_;
    Error error = {0};
    Context cx = f.cx;
    cx.error = &error;
    for (uint64_t n = 0; n < 20000; n++) {
        int i = (int)(hash_u64(seed * 1000003 + n) % SLOTS);
        if (block_cache_pin(&cx, cache, &slots[i], BLOCK_BYTES, load, &i) != OK ||
            slots[i].frame->values[n % BLOCK_BYTES] != i) {
            return "wrong";
        }
        block_cache_unpin(&slots[i]);
    }
    return NULL;
}

Test(block_cache, threads_see_the_right_blocks) {
    pthread_t threads[4];
    for (uintptr_t t = 0; t < 4; t++) {
        cr_assert_eq(pthread_create(&threads[t], NULL, pin_at_random, (void *)(t + 1)), 0);
    }
    for (uint32_t t = 0; t < 4; t++) {
        void *result;
        pthread_join(threads[t], &result);
        cr_assert_null(result);
    }
    block_cache_drop(cache, slots, SLOTS);
}
