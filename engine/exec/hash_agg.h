/* What the sink of a hash aggregation collects and its source reads. */
#ifndef DEPOT_EXEC_HASH_AGG_H
#define DEPOT_EXEC_HASH_AGG_H

#include "exec/agg_common.h"
#include "exec/group_table.h"
#include "exec/spill.h"

#include <pthread.h>

/* One set of distinct values: items with the same argument and filter share it. */
typedef struct DistinctSet {
    const AggregateItem *item; /* the first that uses it */
    GroupLayout layout;
} DistinctSet;

/* Groups by GROUP_PARTITIONS of their hash: records that have states, and rows that no task has looked up. */
typedef struct GroupParts GroupParts;
struct GroupParts {
    GroupParts *outer; /* one part of it was split again; NULL: at the top */
    uint32_t level;
    uint32_t next;        /* the next part to read, of those that were split again */
    RecordList *records;  /* owned */
    RecordList *distinct; /* set_count × GROUP_PARTITIONS; owned */
    SpillPart *spilled;   /* owned */
};

typedef struct PartResult {
    GroupTable table; /* merged groups, or */
    RecordList list;  /* records that were distinct already */
    Arena text, spilled_text;
} PartResult;

typedef struct HashAggShared {
    pthread_mutex_t lock; /* guards lists and arenas while tasks merge */
    bool is_open;
    AggregateStates states;
    GroupLayout layout;
    uint32_t set_count;
    DistinctSet *sets;     /* owned */
    uint32_t *set_of_item; /* owned; UINT32_MAX: not DISTINCT */
    RecordList small;      /* of tasks with few groups */
    GroupParts parts;
    bool is_partitioned;  /* some task used the partitions */
    bool hardly_repeats;  /* some task passed its groups on unmerged */
    bool part_by_part;    /* results are made one by one, when they are read, and go when they have been */
    RowFormat row_format; /* of spilled rows; set by whoever spills first */
    uint64_t rows;        /* that tasks aggregated */
    uint32_t moves;       /* how often records came in; once: they are distinct */
    uint32_t arena_count;
    Arena *arenas; /* owned: text of keys and states */
    uint32_t result_count;
    PartResult *results;  /* owned; unless part by part, then each task has its own */
    uint8_t *part_states; /* without groups: states of each partition's distinct values; owned */
    _Atomic(uint32_t) next_result;
    _Atomic(uint64_t) groups;
    _Atomic(uint64_t) bytes;
    _Atomic(uint64_t) parts_split, split_bytes; /* parts that were split again, and what of them went to disk again */
} HashAggShared;

extern const SourceClass hash_agg_source;

/* After spilling: makes the result of a part, which is empty, from its records and its rows on disk. *is_too_large: it needs
 * more memory than there is, and nothing was done but reading. */
Status hash_agg_load_part(Task *task, const PhysicalNode *op, HashAggShared *shared, GroupParts *parts, uint32_t part,
                          PartResult *result, bool *is_too_large) MUST_CHECK;
/* Splits it by the next bits of the hash, the rows on disk: *split, if it was opened, is its parts, else what it was. */
Status hash_agg_split_part(Task *task, const PhysicalNode *op, HashAggShared *shared, GroupParts *parts, uint32_t part,
                           GroupParts **split) MUST_CHECK;
Status group_parts_open(const Context *cx, GroupParts *parts, uint32_t set_count) MUST_CHECK;
bool group_parts_can_split(const GroupParts *parts);
uint64_t group_parts_bytes(const GroupParts *parts);          /* on disk */
void group_parts_free(GroupParts *parts, uint32_t set_count); /* what it holds; zeroed memory is fine */
void part_result_init(PartResult *result);
void part_result_free(PartResult *result);
/* What a group takes at most in a table that has just grown. */
static inline uint64_t hash_agg_group_bytes(const HashAggShared *shared) {
    return 2 * (shared->layout.record_bytes + 2 * sizeof(GroupSlot));
}

#endif
