/* Counted memory. Every allocation that can grow with data or plans is charged to an account; accounts form a tree
 * (process → session → query → node → task), and a child reserves from its parent in steps, so that workers do not share a
 * counter per allocation. Memory from mem_alloc is aligned to 64 bytes and remembers its account and size, so that any
 * thread may free it. An account over its limit fails with OUT_OF_MEMORY and names the setting memory_limit. */
#ifndef DEPOT_CORE_MEMORY_H
#define DEPOT_CORE_MEMORY_H

#include "core/status.h"

#include <stdatomic.h>

#define GROWN_FIRST 8 /* elements of a growing array that was empty */
#define MEMORY_STEP_BYTES ((int64_t)1 << 20)

typedef struct MemoryAccount {
    struct MemoryAccount *parent;    /* borrowed; NULL at the root */
    const char *name;                /* static; for messages: "query", "block cache" */
    int64_t limit_bytes;             /* 0: no limit of its own */
    bool is_lasting;                 /* its blocks outlive queries, and lie apart from theirs; not set by memory_account_init */
    int64_t step_bytes;              /* what is reserved from the parent at once; as memory_account_init sets it: 1 MB */
    _Atomic(int64_t) used_bytes;     /* what is allocated from this account, children's reservations included */
    _Atomic(int64_t) reserved_bytes; /* what has been taken from the parent; >= used unless parent is NULL */
    _Atomic(int64_t) peak_bytes;     /* highest used_bytes */
} MemoryAccount;

/* The step may be set to another one before the first charge: 1 reserves exactly what is used. */
void memory_account_init(MemoryAccount *account, MemoryAccount *parent, const char *name, int64_t limit_bytes);
/* Gives the reservation back to the parent. Everything charged must have been freed (assert). */
void memory_account_close(MemoryAccount *account);

/* The least that some account up to the root may use; INT64_MAX without a limit. */
int64_t memory_limit(const MemoryAccount *account);
/* What is charged, children's reservations included. */
int64_t memory_used(const MemoryAccount *account);
/* What may still be charged; INT64_MAX without a limit. */
int64_t memory_left(const MemoryAccount *account);
/* More than half of what some account up to the root may use is used. */
bool memory_is_tight(const MemoryAccount *account);

/* Charge or release without allocating (for memory that a library holds). */
Status memory_charge(const Context *cx, MemoryAccount *account, int64_t bytes) MUST_CHECK;
void memory_release(MemoryAccount *account, int64_t bytes);

/* Something that keeps what it could do without, like a cache. It is asked to let go of bytes when all accounts together have
 * most of what the process may use, and before an allocation fails; by any thread, one at a time, under none of memory's locks.
 * reclaim() must not allocate. */
typedef struct MemoryReclaimer {
    void (*reclaim)(void *argument, int64_t bytes);
    void *argument;
    struct MemoryReclaimer *next; /* memory.c's own */
} MemoryReclaimer;
/* Borrowed until it is removed; after that it is not called any more. */
void memory_reclaimer_add(MemoryReclaimer *reclaimer);
void memory_reclaimer_remove(MemoryReclaimer *reclaimer);

/* NULL after filling the error; zero bytes give a valid pointer. Not zeroed. Charged to cx->memory. */
void *mem_alloc(const Context *cx, size_t bytes) MUST_CHECK;
void *mem_alloc_zeroed(const Context *cx, size_t bytes) MUST_CHECK;
/* Keeps the account of the old block. `old` may be NULL. On failure `old` stays valid. */
void *mem_resize(const Context *cx, void *old, size_t bytes) MUST_CHECK;
/* Elements that a growing array of so many gets room for; 0 after an out-of-memory error: they could not be counted. */
uint32_t mem_grown_capacity(const Context *cx, uint32_t capacity);
/* mem_resize to twice the place, for a growing array that is full; on failure `capacity` stays as it was, too. */
void *mem_grow(const Context *cx, void *array, size_t element_bytes, uint32_t *capacity) MUST_CHECK;
void mem_free(void *memory);         /* NULL is fine */
size_t mem_size(const void *memory); /* bytes asked for; NULL: 0 */

/* *pointer = mem_alloc(...), or return OUT_OF_MEMORY from the calling function. */
#define TRY_ALLOC(cx, pointer, bytes)                                                                                          \
    do {                                                                                                                       \
        (pointer) = mem_alloc((cx), (bytes));                                                                                  \
        if (__builtin_expect((pointer) == NULL, 0)) {                                                                          \
            return OUT_OF_MEMORY;                                                                                              \
        }                                                                                                                      \
    } while (0)
#define TRY_ALLOC_ZEROED(cx, pointer, bytes)                                                                                   \
    do {                                                                                                                       \
        (pointer) = mem_alloc_zeroed((cx), (bytes));                                                                           \
        if (__builtin_expect((pointer) == NULL, 0)) {                                                                          \
            return OUT_OF_MEMORY;                                                                                              \
        }                                                                                                                      \
    } while (0)
/* Room for one more item of a growing array, or returns OUT_OF_MEMORY from the calling function. */
#define TRY_MEM_GROW(cx, items, capacity, count)                                                                               \
    do {                                                                                                                       \
        if ((count) == (capacity)) {                                                                                           \
            void *grown_ = mem_grow((cx), (items), sizeof(*(items)), &(capacity));                                             \
            if (grown_ == NULL) {                                                                                              \
                return OUT_OF_MEMORY;                                                                                          \
            }                                                                                                                  \
            (items) = grown_;                                                                                                  \
        }                                                                                                                      \
    } while (0)
/* Adds an item to it. */
#define TRY_MEM_APPEND(cx, items, capacity, count, ...)                                                                        \
    do {                                                                                                                       \
        TRY_MEM_GROW((cx), (items), (capacity), (count));                                                                      \
        (items)[(count)++] = (__VA_ARGS__);                                                                                    \
    } while (0)

/* Tests only: the n-th allocation from now on (1 = the next) fails as if the machine had no memory left; 0 switches off.
 * Returns how many allocations were left of the last call's n: at most 0 if one has failed. */
int64_t memory_fail_nth(int64_t nth);

#endif
