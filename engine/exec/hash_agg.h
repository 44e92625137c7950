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
    DistinctSet *sets;      /* owned */
    uint32_t *set_of_item;  /* owned; UINT32_MAX: not DISTINCT */
    RecordList small;       /* of tasks with few groups */
    RecordList *partitions; /* GROUP_PARTITIONS; owned */
    RecordList *distinct;   /* set_count × GROUP_PARTITIONS; owned */
    bool is_partitioned;    /* some task used the partitions */
    bool hardly_repeats;    /* some task passed its groups on unmerged */
    bool part_by_part;      /* results are made one by one, when they are read, and go when they have been */
    RowFormat row_format;   /* of spilled rows; set by whoever spills first */
    SpillPart *spilled;     /* GROUP_PARTITIONS: rows that no task has looked up; owned */
    uint32_t moves;         /* how often records came in; once: they are distinct */
    uint32_t arena_count;
    Arena *arenas; /* owned: text of keys and states */
    uint32_t result_count;
    PartResult *results;  /* owned */
    uint8_t *part_states; /* without groups: states of each partition's distinct values; owned */
    _Atomic(uint32_t) next_result;
    _Atomic(uint64_t) groups;
    _Atomic(uint64_t) bytes;
} HashAggShared;

extern const SourceClass hash_agg_source;

/* After spilling: makes the result of a part from its records and its rows on disk, and frees one that was read. */
Status hash_agg_load_part(Task *task, const PhysicalNode *op, HashAggShared *shared, uint32_t part) MUST_CHECK;
void hash_agg_free_part(PartResult *result);
/* What a group takes at most in a table that has just grown. */
static inline uint64_t hash_agg_group_bytes(const HashAggShared *shared) {
    return 2 * (shared->layout.record_bytes + 2 * sizeof(GroupSlot));
}

#endif
