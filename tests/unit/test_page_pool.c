/* Large blocks: they do not overlap, keep what is written, and go back whatever the order. */
#include "core/arena.h"
#include "core/page_pool.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define BLOCKS 64
#define ROUNDS 4000

typedef struct Block {
    unsigned char *memory;
    size_t bytes;
    unsigned char stamp;
} Block;

static bool is_intact(const Block *block) {
    size_t step = block->bytes / 7;
    for (size_t at = 0; at < block->bytes; at += step) {
        if (block->memory[at] != block->stamp) {
            return false;
        }
    }
    return block->memory[block->bytes - 1] == block->stamp;
}

static bool take(Block *block, size_t bytes, unsigned char stamp) {
    bool is_zeroed;
    *block = (Block){page_pool_alloc(PAGES_OF_QUERY, bytes, &is_zeroed), bytes, stamp};
    if (block->memory == NULL || (uintptr_t)block->memory % 64 != 0) {
        return false;
    }
    for (size_t at = 0; is_zeroed && at < bytes; at += 4096) {
        if (block->memory[at] != 0) {
            return false;
        }
    }
    size_t step = bytes / 7;
    for (size_t at = 0; at < bytes; at += step) {
        block->memory[at] = stamp;
    }
    block->memory[bytes - 1] = stamp;
    return true;
}

/* Private memory that may be written to, which RLIMIT_DATA counts. */
static long data_bytes(void) {
    FILE *file = fopen("/proc/self/status", "re");
    cr_assert_not_null(file);
    long kilobytes = 0;
    char line[128];
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "VmData: %ld", &kilobytes) != 1) {
    }
    fclose(file);
    return kilobytes << 10;
}

/* 128 KB to 20 MB, small ones more often. */
static size_t random_bytes(unsigned *seed) {
    size_t most = (size_t)1 << (17 + rand_r(seed) % 8);
    return PAGE_POOL_BYTES_MIN + (size_t)rand_r(seed) % most;
}

static void *take_and_give(void *seed_) {
    unsigned seed = *(unsigned *)seed_;
    Block blocks[BLOCKS] = {0};
    bool is_right = true;
    for (unsigned round = 0; round < ROUNDS && is_right; round++) {
        Block *block = &blocks[(unsigned)rand_r(&seed) % BLOCKS];
        if (block->memory == NULL) {
            is_right = take(block, random_bytes(&seed), (unsigned char)(1 + round % 255));
        } else {
            is_right = is_intact(block);
            page_pool_free(block->memory, block->bytes);
            block->memory = NULL;
        }
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (blocks[i].memory != NULL) {
            is_right = is_right && is_intact(&blocks[i]);
            page_pool_free(blocks[i].memory, blocks[i].bytes);
        }
    }
    return is_right ? seed_ : NULL;
}

Test(page_pool, keeps_blocks_apart) {
    unsigned seed = 1;
    cr_assert_not_null(take_and_give(&seed));
}

Test(page_pool, serves_two_threads) {
    unsigned seeds[2] = {2, 3};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, take_and_give, &seeds[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        void *answer;
        pthread_join(threads[i], &answer);
        cr_assert_not_null(answer);
    }
}

Test(page_pool, finds_the_last_fitting_run) {
    bool is_zeroed;
    void *most = page_pool_alloc(PAGES_OF_QUERY, ((size_t)16 << 20),
                                 &is_zeroed); /* half a region, header aside the other half is shorter */
    void *rest = page_pool_alloc(PAGES_OF_QUERY, ((size_t)16 << 20) - ((size_t)16 << 10), &is_zeroed);
    cr_assert(most != NULL && rest != NULL && most != rest);
    memset(most, 1, (size_t)16 << 20);
    memset(rest, 2, ((size_t)16 << 20) - ((size_t)16 << 10));
    cr_assert_eq(((char *)most)[((size_t)16 << 20) - 1], 1);
    page_pool_free(most, (size_t)16 << 20);
    page_pool_free(rest, ((size_t)16 << 20) - ((size_t)16 << 10));
}

Test(page_pool, moves_what_it_resizes) {
    bool is_zeroed;
    size_t bytes = (size_t)20 << 20;
    unsigned char *memory = page_pool_alloc(PAGES_OF_QUERY, bytes, &is_zeroed);
    for (size_t at = 0; at < bytes; at += 4096) {
        memory[at] = (unsigned char)(at >> 12);
    }
    unsigned char *moved = page_pool_resize(memory, bytes, 3 * bytes);
    if (moved == NULL) { /* a sanitizer build copies */
        page_pool_free(memory, bytes);
        return;
    }
    for (size_t at = 0; at < bytes; at += 4096) {
        cr_assert_eq(moved[at], (unsigned char)(at >> 12));
    }
    memset(moved + bytes, 1, 2 * bytes);
    page_pool_free(moved, 3 * bytes);
}

/* A block larger than each of those that were freed is put together from them. */
Test(page_pool, joins_what_it_kept) {
    enum { PARTS = 5 };
    bool is_zeroed;
    size_t bytes = (size_t)18 << 20, most = PARTS * bytes;
    void *parts[PARTS];
    for (int i = 0; i < PARTS; i++) {
        parts[i] = page_pool_alloc(PAGES_OF_QUERY, bytes, &is_zeroed);
        cr_assert_not_null(parts[i]);
        memset(parts[i], 1, bytes);
    }
    for (int i = 0; i < PARTS; i++) {
        page_pool_free(parts[i], bytes);
    }
    for (int round = 0; round < 3; round++) {
        unsigned char *memory = page_pool_alloc(PAGES_OF_QUERY, most, &is_zeroed);
        cr_assert(memory != NULL && !is_zeroed);
        for (size_t at = 0; at < most; at += 4096) {
            memory[at] = (unsigned char)(at >> 12);
        }
        void *region = page_pool_alloc(PAGES_OF_QUERY, (size_t)1 << 20, &is_zeroed);
        memset(region, 2, (size_t)1 << 20);
        unsigned char *grown = page_pool_resize(memory, most, most + bytes);
        size_t held = grown == NULL ? most : most + bytes;
        memory = grown == NULL ? memory : grown;
        for (size_t at = 0; at < most; at += 4096) {
            cr_assert_eq(memory[at], (unsigned char)(at >> 12));
        }
        page_pool_free(memory, held);
        page_pool_free(region, (size_t)1 << 20);
    }
}

/* What was freed in an older region is used again before a newer one's pages are touched. */
Test(page_pool, fills_holes_first) {
    enum { BLOCKS_OF_REGION = 31 };
    size_t bytes = (size_t)1 << 20, region_bytes = (size_t)32 << 20;
    bool is_zeroed;
    char *blocks[BLOCKS_OF_REGION], *newer[2];
    for (int i = 0; i < BLOCKS_OF_REGION; i++) {
        blocks[i] = page_pool_alloc(PAGES_OF_QUERY, bytes, &is_zeroed);
    }
    newer[0] = page_pool_alloc(PAGES_OF_QUERY, bytes, &is_zeroed);
    char *hole = blocks[7];
    page_pool_free(hole, bytes);
    newer[1] = page_pool_alloc(PAGES_OF_QUERY, bytes, &is_zeroed);
    bool is_pooled =
        (uintptr_t)blocks[0] / region_bytes == (uintptr_t)blocks[30] / region_bytes; /* sanitizer builds use malloc */
    cr_assert(!is_pooled || newer[1] == hole);
    for (int i = 0; i < BLOCKS_OF_REGION; i++) {
        if (i != 7) {
            page_pool_free(blocks[i], bytes);
        }
    }
    page_pool_free(newer[0], bytes);
    page_pool_free(newer[1], bytes);
}

/* Sanitizer builds ask malloc, whose blocks do not move. */
static bool is_pooled(void) {
    bool is_zeroed;
    size_t bytes = (size_t)20 << 20;
    void *memory = page_pool_alloc(PAGES_OF_QUERY, bytes, &is_zeroed);
    void *moved = page_pool_resize(memory, bytes, 2 * bytes);
    page_pool_free(moved == NULL ? memory : moved, moved == NULL ? bytes : 2 * bytes);
    return moved != NULL;
}

#define SPREAD_BLOCKS 512
#define SPREAD_BYTES ((size_t)512 << 10)

/* Of 256 MB every 8th block stays: where the process may not grow, large blocks get the pages between them. */
Test(page_pool, gives_back_holes_where_memory_is_short) {
    if (!is_pooled()) {
        return;
    }
    bool is_zeroed;
    Block kept[SPREAD_BLOCKS] = {0};
    for (int i = 0; i < SPREAD_BLOCKS; i++) {
        cr_assert(take(&kept[i], SPREAD_BYTES, (unsigned char)i));
    }
    for (int i = 0; i < SPREAD_BLOCKS; i++) {
        if (i % 8 != 0) {
            page_pool_free(kept[i].memory, SPREAD_BYTES);
        }
    }
    struct rlimit limit = {(rlim_t)data_bytes() + ((rlim_t)1 << 20), RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    void *large = page_pool_alloc(PAGES_OF_QUERY, (size_t)100 << 20, &is_zeroed);
    cr_assert_not_null(large);
    memset(large, 1, (size_t)100 << 20);
    void *shared = page_pool_alloc(PAGES_OF_QUERY, (size_t)12 << 20, &is_zeroed);
    cr_assert_not_null(shared);
    memset(shared, 1, (size_t)12 << 20);
    for (int i = 0; i < SPREAD_BLOCKS; i += 8) {
        cr_assert(is_intact(&kept[i]));
        page_pool_free(kept[i].memory, SPREAD_BYTES);
    }
    page_pool_free(large, (size_t)100 << 20);
    page_pool_free(shared, (size_t)12 << 20);
    page_pool_settle();
}

/* So that what a cache keeps for long does not hold the memory of a query that is over. */
Test(page_pool, keeps_lasting_blocks_apart) {
    if (!is_pooled()) {
        return;
    }
    enum { ROUNDS_APART = 200 };
    size_t region_bytes = (size_t)32 << 20;
    bool is_zeroed;
    unsigned char *lasting[ROUNDS_APART], *others[ROUNDS_APART];
    for (int i = 0; i < ROUNDS_APART; i++) {
        lasting[i] = page_pool_alloc(PAGES_THAT_LAST, LASTING_BYTES_MIN, &is_zeroed);
        others[i] = page_pool_alloc(PAGES_OF_QUERY, PAGE_POOL_BYTES_MIN, &is_zeroed);
        cr_assert(lasting[i] != NULL && others[i] != NULL);
        memset(lasting[i], i, LASTING_BYTES_MIN);
        memset(others[i], i + 1, PAGE_POOL_BYTES_MIN);
        for (int j = 0; j <= i; j++) {
            cr_assert_neq((uintptr_t)lasting[i] / region_bytes, (uintptr_t)others[j] / region_bytes);
        }
    }
    for (int i = 0; i < ROUNDS_APART; i++) {
        cr_assert(lasting[i][LASTING_BYTES_MIN - 1] == (unsigned char)i &&
                  others[i][PAGE_POOL_BYTES_MIN - 1] == (unsigned char)(i + 1));
        page_pool_free(lasting[i], LASTING_BYTES_MIN);
        page_pool_free(others[i], PAGE_POOL_BYTES_MIN);
    }
    page_pool_settle();
}

/* Capacities are counted in 32 bits: a list that cannot grow any more says so, and stays. */
Test(page_pool, lists_end_where_their_capacity_cannot_be_counted) {
    Error error = {0};
    MemoryAccount memory;
    Context cx = {.error = &error, .memory = &memory};
    Arena arena;
    uint32_t capacity = UINT32_C(1) << 31;
    memory_account_init(&memory, NULL, "test", 0);
    arena_init(&arena);
    cr_assert_null(mem_grow(&cx, NULL, 1, &capacity));
    cr_assert_eq(error.status, OUT_OF_MEMORY);
    error_clear(&error);
    cr_assert_null(arena_grow(&cx, &arena, NULL, 1, &capacity));
    cr_assert_eq(error.status, OUT_OF_MEMORY);
    cr_assert_eq(capacity, UINT32_C(1) << 31);
    arena_free(&arena);
}
