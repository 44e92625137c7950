/* Counted memory. A block is preceded by a header of one cache line with its account and size, which keeps every allocation
 * aligned to 64 bytes and lets any thread free it. */
#include "core/memory.h"

#include "core/machine.h"
#include "core/page_pool.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 64

typedef struct BlockHeader {
    MemoryAccount *account;
    size_t bytes;
    uint32_t lead; /* bytes of malloc's block before the header */
} BlockHeader;
_Static_assert(sizeof(BlockHeader) <= HEADER_BYTES, "the header fits its line");

static _Atomic(int64_t) fail_countdown;

int64_t memory_fail_nth(int64_t nth) {
    return atomic_exchange(&fail_countdown, nth);
}

static bool injected_failure(void) {
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0) {
        return false;
    }
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

void memory_account_init(MemoryAccount *account, MemoryAccount *parent, const char *name, int64_t limit_bytes) {
    account->parent = parent;
    account->name = name;
    account->limit_bytes = limit_bytes;
    account->is_lasting = false;
    account->step_bytes = MEMORY_STEP_BYTES;
    atomic_init(&account->used_bytes, 0);
    atomic_init(&account->reserved_bytes, 0);
    atomic_init(&account->peak_bytes, 0);
}

void memory_account_close(MemoryAccount *account) {
    assert(atomic_load(&account->used_bytes) == 0);
    if (account->parent != NULL) {
        memory_release(account->parent, atomic_load(&account->reserved_bytes));
        atomic_store(&account->reserved_bytes, 0);
    }
}

/* ------------------------------------------------------------------------------------------------------ the whole process */

#define RECLAIM_AT_QUARTERS 3 /* of what the process may use: the rest is for stacks, gaps and what libraries have */

static _Atomic(int64_t) process_bytes; /* of all roots */
static pthread_mutex_t reclaimers_lock = PTHREAD_MUTEX_INITIALIZER;
static MemoryReclaimer *reclaimers;

void memory_reclaimer_add(MemoryReclaimer *reclaimer) {
    pthread_mutex_lock(&reclaimers_lock);
    reclaimer->next = reclaimers;
    reclaimers = reclaimer;
    pthread_mutex_unlock(&reclaimers_lock);
}

void memory_reclaimer_remove(MemoryReclaimer *reclaimer) {
    pthread_mutex_lock(&reclaimers_lock);
    MemoryReclaimer **at = &reclaimers;
    while (*at != NULL && *at != reclaimer) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = reclaimer->next;
    }
    pthread_mutex_unlock(&reclaimers_lock);
}

/* The lock is held. */
static void reclaim_locked(int64_t bytes) {
    for (MemoryReclaimer *at = reclaimers; at != NULL; at = at->next) {
        at->reclaim(at->argument, bytes);
    }
}

/* Whoever comes while another thread reclaims goes on. */
static void note_root_charge(int64_t bytes) {
    int64_t most = machine_memory_bytes() / 4 * RECLAIM_AT_QUARTERS;
    int64_t used = atomic_fetch_add_explicit(&process_bytes, bytes, memory_order_relaxed) + bytes;
    if (used > most && pthread_mutex_trylock(&reclaimers_lock) == 0) {
        reclaim_locked(used - most);
        pthread_mutex_unlock(&reclaimers_lock);
    }
}

/* -------------------------------------------------------------------------------------------------------------- accounts */

static void note_peak(MemoryAccount *account, int64_t used) {
    int64_t peak = atomic_load_explicit(&account->peak_bytes, memory_order_relaxed);
    while (used > peak && !atomic_compare_exchange_weak_explicit(&account->peak_bytes, &peak, used, memory_order_relaxed,
                                                                 memory_order_relaxed)) {
    }
}

/* Takes what is missing from the parent, rounded up to whole steps. */
static Status reserve_from_parent(const Context *cx, MemoryAccount *account, int64_t used) {
    int64_t reserved = atomic_load_explicit(&account->reserved_bytes, memory_order_relaxed);
    while (used > reserved) {
        int64_t wanted = (used - reserved + account->step_bytes - 1) / account->step_bytes * account->step_bytes;
        TRY(memory_charge(cx, account->parent, wanted));
        reserved = atomic_fetch_add(&account->reserved_bytes, wanted) + wanted;
    }
    return OK;
}

Status memory_charge(const Context *cx, MemoryAccount *account, int64_t bytes) {
    int64_t used = atomic_fetch_add_explicit(&account->used_bytes, bytes, memory_order_relaxed) + bytes;
    if (account->limit_bytes > 0 && used > account->limit_bytes) {
        atomic_fetch_sub_explicit(&account->used_bytes, bytes, memory_order_relaxed);
        fail(cx, OUT_OF_MEMORY, "out of memory: the %s needs more than memory_limit (%lld MB)", account->name,
             (long long)(account->limit_bytes >> 20));
        return fail_hint(cx, "raise it with SET memory_limit = '…', or make the query keep fewer rows");
    }
    if (account->parent != NULL && used > atomic_load_explicit(&account->reserved_bytes, memory_order_relaxed)) {
        Status status = reserve_from_parent(cx, account, used);
        if (status != OK) {
            atomic_fetch_sub_explicit(&account->used_bytes, bytes, memory_order_relaxed);
            return status;
        }
    }
    if (account->parent == NULL) {
        note_root_charge(bytes);
    }
    note_peak(account, used);
    return OK;
}

int64_t memory_limit(const MemoryAccount *account) {
    int64_t least = INT64_MAX;
    for (; account != NULL; account = account->parent) {
        least = account->limit_bytes > 0 && account->limit_bytes < least ? account->limit_bytes : least;
    }
    return least;
}

int64_t memory_used(const MemoryAccount *account) {
    return atomic_load_explicit(&account->used_bytes, memory_order_relaxed);
}

int64_t memory_left(const MemoryAccount *account) {
    int64_t least = INT64_MAX;
    for (; account != NULL; account = account->parent) {
        int64_t left = account->limit_bytes - atomic_load_explicit(&account->used_bytes, memory_order_relaxed);
        least = account->limit_bytes > 0 && left < least ? left : least;
    }
    return least;
}

bool memory_is_tight(const MemoryAccount *account) {
    for (; account != NULL; account = account->parent) {
        if (account->limit_bytes > 0 &&
            atomic_load_explicit(&account->used_bytes, memory_order_relaxed) > account->limit_bytes / 2) {
            return true;
        }
    }
    return false;
}

void memory_release(MemoryAccount *account, int64_t bytes) {
    int64_t used = atomic_fetch_sub_explicit(&account->used_bytes, bytes, memory_order_relaxed) - bytes;
    assert(used >= 0);
    if (account->parent == NULL) {
        atomic_fetch_sub_explicit(&process_bytes, bytes, memory_order_relaxed);
        return;
    }
    /* Give back what is far more than needed, so that siblings can have it. */
    int64_t reserved = atomic_load_explicit(&account->reserved_bytes, memory_order_relaxed);
    int64_t keep = used + 4 * account->step_bytes;
    if (reserved > keep + 4 * account->step_bytes &&
        atomic_compare_exchange_strong(&account->reserved_bytes, &reserved, keep)) {
        memory_release(account->parent, reserved - keep);
    }
}

static BlockHeader *header_of(const void *memory) {
    return (BlockHeader *)((char *)memory - HEADER_BYTES);
}

static size_t total_bytes(size_t bytes) {
    return (HEADER_BYTES + bytes + HEADER_BYTES - 1) / HEADER_BYTES * HEADER_BYTES;
}

/* malloc aligns to 16 bytes, and is twice as fast as what aligns to a line. */
static void *take_small_block(size_t total) {
    char *taken = malloc(total + HEADER_BYTES - _Alignof(max_align_t));
    if (taken == NULL) {
        return NULL;
    }
    uint32_t lead = (uint32_t)(-(uintptr_t)taken & (HEADER_BYTES - 1));
    BlockHeader *header = (BlockHeader *)(taken + lead);
    header->lead = lead;
    return header;
}

static bool is_pooled(const MemoryAccount *account, size_t total) {
    return total >= (account->is_lasting ? LASTING_BYTES_MIN : PAGE_POOL_BYTES_MIN);
}

static void *take_block(const MemoryAccount *account, size_t total, bool *is_zeroed) {
    *is_zeroed = false;
    return is_pooled(account, total) ? page_pool_alloc(account->is_lasting ? PAGES_THAT_LAST : PAGES_OF_QUERY, total, is_zeroed)
                                     : take_small_block(total);
}

/* Where the system has no more, what can be done without goes first; a failure that a test asked for stays one. */
static void *take_block_reclaiming(const MemoryAccount *account, size_t total, bool *is_zeroed) {
    if (injected_failure()) {
        return NULL;
    }
    void *block = take_block(account, total, is_zeroed);
    if (block == NULL) {
        pthread_mutex_lock(&reclaimers_lock);
        reclaim_locked(INT64_MAX);
        pthread_mutex_unlock(&reclaimers_lock);
        block = take_block(account, total, is_zeroed);
    }
    return block;
}

static void *alloc_block(const Context *cx, size_t bytes, bool *is_zeroed) {
    if (bytes > (size_t)1 << 46) {
        fail(cx, OUT_OF_MEMORY, "out of memory: %zu bytes asked for at once", bytes);
        return NULL;
    }
    size_t total = total_bytes(bytes);
    if (memory_charge(cx, cx->memory, (int64_t)total) != OK) {
        return NULL;
    }
    void *block = take_block_reclaiming(cx->memory, total, is_zeroed);
    if (block == NULL) {
        memory_release(cx->memory, (int64_t)total);
        fail(cx, OUT_OF_MEMORY, "out of memory: the machine has no %zu bytes left", bytes);
        fail_hint(cx, "with a lower memory_limit queries write rows to disk earlier");
        return NULL;
    }
    BlockHeader *header = block;
    header->account = cx->memory;
    header->bytes = bytes;
    return (char *)block + HEADER_BYTES;
}

void *mem_alloc(const Context *cx, size_t bytes) {
    bool is_zeroed;
    return alloc_block(cx, bytes, &is_zeroed);
}

void *mem_alloc_zeroed(const Context *cx, size_t bytes) {
    bool is_zeroed;
    void *memory = alloc_block(cx, bytes, &is_zeroed);
    if (memory != NULL && !is_zeroed) {
        memset(memory, 0, bytes);
    }
    return memory;
}

/* Large blocks move by their pages. NULL if this one has to be copied; the error is not filled then. */
static void *move_block(const Context *cx, void *old, size_t bytes) {
    BlockHeader *header = header_of(old);
    MemoryAccount *account = header->account;
    size_t had = total_bytes(header->bytes), total = total_bytes(bytes);
    if (!is_pooled(account, had) || total <= had || atomic_load_explicit(&fail_countdown, memory_order_relaxed) != 0) {
        return NULL;
    }
    Error error; /* a copy would fail likewise, and says so */
    Context quiet = *cx;
    quiet.error = &error;
    if (memory_charge(&quiet, account, (int64_t)(total - had)) != OK) {
        return NULL;
    }
    BlockHeader *moved = page_pool_resize(header, had, total);
    if (moved == NULL) {
        memory_release(account, (int64_t)(total - had));
        return NULL;
    }
    moved->bytes = bytes;
    return (char *)moved + HEADER_BYTES;
}

void *mem_resize(const Context *cx, void *old, size_t bytes) {
    if (old == NULL) {
        return mem_alloc(cx, bytes);
    }
    void *memory = move_block(cx, old, bytes);
    if (memory != NULL) {
        return memory;
    }
    Context same_account = *cx;
    same_account.memory = header_of(old)->account;
    memory = mem_alloc(&same_account, bytes);
    if (memory != NULL) {
        size_t kept = mem_size(old) < bytes ? mem_size(old) : bytes;
        memcpy(memory, old, kept);
        mem_free(old);
    }
    return memory;
}

uint32_t mem_grown_capacity(const Context *cx, uint32_t capacity) {
    if (capacity > UINT32_MAX / 2) {
        fail(cx, OUT_OF_MEMORY, "out of memory: a list of more than %u elements", capacity);
        return 0;
    }
    return capacity == 0 ? GROWN_FIRST : capacity * 2;
}

void *mem_grow(const Context *cx, void *array, size_t element_bytes, uint32_t *capacity) {
    uint32_t larger = mem_grown_capacity(cx, *capacity);
    void *grown = larger == 0 ? NULL : mem_resize(cx, array, element_bytes * larger);
    if (grown != NULL) {
        *capacity = larger;
    }
    return grown;
}

void mem_free(void *memory) {
    if (memory == NULL) {
        return;
    }
    BlockHeader *header = header_of(memory);
    size_t total = total_bytes(header->bytes);
    MemoryAccount *account = header->account;
    if (is_pooled(account, total)) {
        page_pool_free(header, total);
    } else {
        free((char *)header - header->lead);
    }
    memory_release(account, (int64_t)total);
}

size_t mem_size(const void *memory) {
    return memory == NULL ? 0 : header_of(memory)->bytes;
}
