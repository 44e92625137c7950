#include "core/page_pool.h"

#include "core/machine.h"
#include "core/page_region.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MAPPING_STEP ((size_t)2 << 20)
#define SHARED_BYTES_MAX (REGION_BYTES / 2) /* what shares a region; larger blocks have a mapping of their own */
#define UNMAP_BYTES ((size_t)16 << 20)      /* given back at once: other threads' mappings wait meanwhile, 0.1 s for each GB */
#define KEPT_SHARE 16                       /* of what the process may use: what is kept at most when nobody uses it */
#define KEPT_BYTES_MAX ((size_t)1 << 30)

/* A large block's mapping after its block was freed; lies in its first bytes. */
typedef struct Mapping {
    struct Mapping *next;
    size_t bytes;
} Mapping;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static RegionList lists[PAGE_USES] = {
    [PAGES_OF_QUERY] = {.cells_min = PAGE_POOL_BYTES_MIN / CELL_BYTES},
    [PAGES_THAT_LAST] = {.cells_min = LASTING_BYTES_MIN / CELL_BYTES},
};
static Mapping *kept_mappings;        /* the latest first */
static size_t kept_bytes;             /* of regions in which nothing is used, and of mappings */
static pthread_t trimmer;             /* gives back what is too much */
static bool is_trimming, has_trimmer; /* it works; it is to be joined */
static pthread_cond_t trimmed = PTHREAD_COND_INITIALIZER;

/* The lock is held. */
static size_t kept_bytes_max(void) {
    static size_t most; /* asking the system each time would be slow */
    if (most == 0) {
        size_t share = (size_t)machine_memory_bytes() / KEPT_SHARE;
        most = share < KEPT_BYTES_MAX ? share : KEPT_BYTES_MAX;
    }
    return most;
}

/* Addresses without memory behind them, which no limit on data counts. */
static void *reserve_aligned(size_t bytes, size_t alignment) {
    char *mapped = mmap(NULL, bytes + alignment, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return NULL;
    }
    size_t before = (alignment - (uintptr_t)mapped % alignment) % alignment;
    if (before > 0) {
        munmap(mapped, before);
    }
    munmap(mapped + before + bytes, alignment - before);
    return mapped + before;
}

static uint32_t cells_of(size_t bytes) {
    return (uint32_t)((bytes + CELL_BYTES - 1) / CELL_BYTES);
}

static size_t mapping_bytes(size_t bytes) {
    return (bytes + MAPPING_STEP - 1) / MAPPING_STEP * MAPPING_STEP;
}

static void unmap(char *memory, size_t bytes) {
    for (size_t step; bytes > 0; memory += step, bytes -= step) {
        step = bytes < UNMAP_BYTES ? bytes : UNMAP_BYTES;
        munmap(memory, step);
    }
}

/* ---------------------------------------------------------------------------------------------------------- new mappings */

/* The lock is held. */
static void keep_mapping(void *memory, size_t bytes) {
    Mapping *mapping = memory;
    *mapping = (Mapping){kept_mappings, bytes};
    kept_mappings = mapping;
    kept_bytes += bytes;
}

static Region *free_region(const RegionList *list) {
    Region *region = list->first;
    while (region != NULL && !region_is_free(region)) {
        region = region->next;
    }
    return region;
}

/* Takes something that nobody uses off its list; NULL if there is nothing. The lock is held. */
static void *take_kept(size_t *bytes) {
    Mapping *mapping = kept_mappings;
    if (mapping != NULL) {
        kept_mappings = mapping->next;
        kept_bytes -= mapping->bytes;
        *bytes = mapping->bytes;
        return mapping;
    }
    Region *region = NULL;
    for (PageUse use = 0; use < PAGE_USES && region == NULL; use++) {
        region = free_region(&lists[use]);
    }
    if (region == NULL) {
        return NULL;
    }
    kept_bytes -= REGION_BYTES;
    *bytes = REGION_BYTES;
    return region_remove(region);
}

static bool move_once(char *from, size_t bytes, char *to) {
    return mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED;
}

/* Moves pages to reserved addresses. What was put together before moves step by step: the system moves one piece at a time. */
static bool move_pages(char *from, size_t bytes, char *to) {
    if (move_once(from, bytes, to)) {
        return true;
    }
    for (size_t done = 0; done < bytes; done += MAPPING_STEP) {
        if (!move_once(from + done, MAPPING_STEP, to + done)) {
            return false;
        }
    }
    return true;
}

/* Moves pages that nobody uses to reserved addresses, at most `bytes`; returns how many, and in *ok whether all went well. What
 * a piece has too much stays kept. The lock is held. */
static size_t move_kept(char *to, size_t bytes, bool *ok) {
    size_t piece = 0;
    char *kept = take_kept(&piece);
    if (kept == NULL) {
        return 0;
    }
    size_t moved = piece < bytes ? piece : bytes;
    if (piece > moved) {
        keep_mapping(kept + moved, piece - moved);
    }
    *ok = move_pages(kept, moved, to);
    if (!*ok) {
        munmap(kept, moved);
    }
    return moved;
}

/* Puts memory behind reserved addresses: first what is kept, so that the process does not grow while it keeps what nobody uses,
 * then new pages. The lock is held. */
static bool back(char *memory, size_t bytes, bool *is_zeroed) {
    size_t done = 0;
    bool ok = true;
    for (size_t moved = 1; moved > 0 && done < bytes && ok; done += moved) {
        moved = move_kept(memory + done, bytes - done, &ok);
    }
    *is_zeroed = done == 0;
    return ok && (done == bytes || mprotect(memory + done, bytes - done, PROT_READ | PROT_WRITE) == 0);
}

/* The lock is held. */
static void *map_aligned(size_t bytes, size_t alignment, bool *is_zeroed) {
    char *mapped = reserve_aligned(bytes, alignment);
    if (mapped != NULL && !back(mapped, bytes, is_zeroed)) {
        munmap(mapped, bytes);
        return NULL;
    }
    return mapped;
}

/* Huge pages from the second on: the first one would cost who keeps little much. */
static void ask_for_huge_pages(char *memory) {
    (void)madvise(memory + MAPPING_STEP, REGION_BYTES - MAPPING_STEP, MADV_HUGEPAGE);
}

/* The lock is held. */
static Region *add_region(PageUse use) {
    bool is_zeroed;
    char *memory = map_aligned(REGION_BYTES, REGION_BYTES, &is_zeroed);
    Region *region = memory == NULL ? NULL : region_add(&lists[use], memory);
    if (region == NULL) {
        unmap(memory, memory == NULL ? 0 : REGION_BYTES);
        return NULL;
    }
    if (use == PAGES_THAT_LAST) {
        ask_for_huge_pages(memory);
    }
    kept_bytes += REGION_BYTES;
    return region;
}

/* ----------------------------------------------------------------------------------------------------------- giving back */

/* The lock is held, and released meanwhile. */
static bool give_back_beyond(size_t kept) {
    bool gave_any = false;
    while (kept_bytes > kept) {
        size_t bytes = 0;
        void *memory = take_kept(&bytes);
        pthread_mutex_unlock(&lock);
        unmap(memory, bytes);
        gave_any = true;
        pthread_mutex_lock(&lock);
    }
    return gave_any;
}

/* The last resort: free pages between used ones, of which no run may be long enough for what is wanted. The lock is held. */
static bool punch_regions(void) {
    bool gave_any = false;
    for (PageUse use = 0; use < PAGE_USES; use++) {
        for (Region *region = lists[use].first; region != NULL; region = region->next) {
            gave_any |= region_punch(region);
        }
    }
    return gave_any;
}

static void *trim_thread(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    give_back_beyond(kept_bytes_max());
    is_trimming = false;
    pthread_cond_broadcast(&trimmed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Has a thread give back what is too much: 0.1 s for each GB, which whoever freed it shall not wait for. The lock is held. */
static void trim(void) {
    if (is_trimming || kept_bytes <= kept_bytes_max()) {
        return;
    }
    if (has_trimmer) {
        pthread_join(trimmer, NULL); /* it is past the lock */
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the program's own threads */
    has_trimmer = is_trimming = pthread_create(&trimmer, NULL, trim_thread, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void page_pool_settle(void) {
    pthread_mutex_lock(&lock);
    while (is_trimming) {
        pthread_cond_wait(&trimmed, &lock);
    }
    if (has_trimmer) {
        pthread_join(trimmer, NULL);
        has_trimmer = false;
    }
    pthread_mutex_unlock(&lock);
}

/* ----------------------------------------------------------------------------------------------- blocks that share regions */

/* The lock is held. */
static void *take_shared(Region *region, uint32_t cells) {
    bool was_free = region_is_free(region);
    void *memory = region_take(region, cells);
    kept_bytes -= was_free && memory != NULL ? REGION_BYTES : 0;
    return memory;
}

static void *alloc_shared(PageUse use, uint32_t cells) {
    RegionList *list = &lists[use];
    pthread_mutex_lock(&lock);
    void *memory = NULL;
    while (list->first_roomy != NULL && list->first_roomy->longest_run < list->cells_min) {
        list->first_roomy = list->first_roomy->next;
    }
    for (Region *region = list->first_roomy; region != NULL && memory == NULL; region = region->next) {
        memory = take_shared(region, cells);
    }
    if (memory == NULL) {
        Region *region = add_region(use);
        memory = region == NULL ? NULL : take_shared(region, cells);
    }
    pthread_mutex_unlock(&lock);
    return memory;
}

/* A region with holes is of no more use. The lock is held. */
static void note_free_region(Region *region) {
    if (region->hole_cells > 0) {
        munmap(region_remove(region), REGION_BYTES);
    } else {
        kept_bytes += REGION_BYTES;
    }
}

static void free_shared(void *memory, uint32_t cells) {
    Region *region = region_of(memory);
    pthread_mutex_lock(&lock);
    region_give(region, memory, cells);
    if (region_is_free(region)) {
        note_free_region(region);
    }
    trim();
    pthread_mutex_unlock(&lock);
}

/* --------------------------------------------------------------------------------------------- blocks that fill a mapping */

/* The kept mapping that fits best; what it has too much stays kept. The lock is held. */
static void *reuse_mapping(size_t bytes) {
    Mapping **best = NULL;
    for (Mapping **at = &kept_mappings; *at != NULL; at = &(*at)->next) {
        if ((*at)->bytes >= bytes && (best == NULL || (*at)->bytes < (*best)->bytes)) {
            best = at;
        }
    }
    if (best == NULL) {
        return NULL;
    }
    Mapping *mapping = *best;
    *best = mapping->next;
    kept_bytes -= mapping->bytes;
    if (mapping->bytes > bytes) {
        keep_mapping((char *)mapping + bytes, mapping->bytes - bytes);
    }
    return mapping;
}

static void *alloc_mapping(size_t bytes, bool *is_zeroed) {
    *is_zeroed = false;
    pthread_mutex_lock(&lock);
    void *memory = reuse_mapping(bytes);
    memory = memory != NULL ? memory : map_aligned(bytes, MAPPING_STEP, is_zeroed);
    pthread_mutex_unlock(&lock);
    return memory;
}

static void free_mapping(void *memory, size_t bytes) {
    pthread_mutex_lock(&lock);
    keep_mapping(memory, bytes);
    trim();
    pthread_mutex_unlock(&lock);
}

/* ------------------------------------------------------------------------------------------------------------- any block */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#define IS_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer))
#else
#define IS_SANITIZED false
#endif

static void *alloc_once(PageUse use, size_t bytes, bool *is_zeroed) {
    *is_zeroed = false;
    return bytes <= SHARED_BYTES_MAX ? alloc_shared(use, cells_of(bytes)) : alloc_mapping(mapping_bytes(bytes), is_zeroed);
}

void *page_pool_alloc(PageUse use, size_t bytes, bool *is_zeroed) {
    if (IS_SANITIZED) {
        *is_zeroed = false;
        return aligned_alloc(64, (bytes + 63) / 64 * 64);
    }
    void *memory = alloc_once(use, bytes, is_zeroed);
    if (memory == NULL) {
        pthread_mutex_lock(&lock);
        bool gave_any = give_back_beyond(0);
        gave_any |= punch_regions();
        pthread_mutex_unlock(&lock);
        memory = gave_any ? alloc_once(use, bytes, is_zeroed) : NULL;
    }
    return memory;
}

void *page_pool_resize(void *memory, size_t old_bytes, size_t bytes) {
    if (IS_SANITIZED || old_bytes <= SHARED_BYTES_MAX || bytes <= SHARED_BYTES_MAX) {
        return NULL;
    }
    size_t had = mapping_bytes(old_bytes), wanted = mapping_bytes(bytes);
    char *target = wanted <= had ? NULL : reserve_aligned(wanted, MAPPING_STEP);
    if (target == NULL) {
        return NULL;
    }
    bool is_zeroed;
    pthread_mutex_lock(&lock);
    bool ok = back(target + had, wanted - had, &is_zeroed);
    pthread_mutex_unlock(&lock);
    if (!ok || !move_once(memory, had, target)) { /* several pieces: if a later one did not move, the block would be torn */
        munmap(target, wanted);
        return NULL;
    }
    return target;
}

void page_pool_free(void *memory, size_t bytes) {
    if (IS_SANITIZED) {
        free(memory);
    } else if (bytes <= SHARED_BYTES_MAX) {
        free_shared(memory, cells_of(bytes));
    } else {
        free_mapping(memory, mapping_bytes(bytes));
    }
}
