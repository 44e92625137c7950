/* Inside of the hash join: building (join_build_side.c), probing (hash_join.c), and both again for what was spilled
 * (join_spill.c). */
#ifndef DEPOT_EXEC_HASH_JOIN_H
#define DEPOT_EXEC_HASH_JOIN_H

#include "exec/join_build.h"
#include "exec/join_output.h"
#include "exec/key_finder.h"
#include "exec/spill.h"

typedef struct ProbeWriter ProbeWriter;

/* What a join has on disk: both sides, split by the hash of the keys. */
typedef struct JoinSpill {
    RowFormat build_format, probe_format; /* the first borrows its columns from the build */
    SpillPart build[SPILL_PARTS], probe[SPILL_PARTS];
    ProbeWriter *writers; /* of all tasks that probe; guarded by the build's lock */
    bool is_gathered;     /* the writers were flushed into `probe`; guarded by `gathering` */
    pthread_mutex_t gathering;
    _Atomic(uint32_t) next_part;
    _Atomic(uint64_t) bytes; /* of the largest part */
} JoinSpill;

typedef struct JoinShared {
    JoinBuild build;          /* its lock also guards key_min, key_max, has_null_key, spill */
    bool is_integer;          /* one key of an integer class on both sides */
    int64_t key_min, key_max; /* of the build rows with a key; min > max: there are none */
    bool has_null_key;
    bool has_rows; /* of the build side, spilled ones included */
    JoinIndex index;
    JoinSpill *spill; /* owned; NULL: all build rows are in the table */
} JoinShared;

typedef struct BuildLocal {
    RowBuffer rows;
    int64_t key_min, key_max;
    bool has_null_key;
    uint64_t *hashes;   /* owned; unless is_integer */
    Vector hash_vector; /* views hashes */
    Vector scratch;
    SpillWriter *spill; /* owned; NULL: rows are kept */
} BuildLocal;

typedef struct ProbeLocal {
    JoinEmitter emitter;
    KeyFinder finder;
    JoinPairs *pairs;
    bool is_in_batch; /* pairs of the current batch are still to come */
    bool pairs_ended;
    uint32_t row;       /* next candidate: its probe row … */
    uint32_t candidate; /* … and build row + 1 */
    uint64_t matched[VALIDITY_WORDS];
    uint64_t unknown[VALIDITY_WORDS]; /* MARK: neither true nor false */
    ProbeWriter *writer;              /* NULL: nothing was spilled; owned by the JoinSpill */
} ProbeLocal;

/* join_build_side.c: the sink. Also called one by one to build a part that was spilled. */
extern const SinkClass join_build_sink;
Status join_side_open(Task *task, const PhysicalNode *op, void *shared);
Status join_side_open_local(Task *task, const PhysicalNode *op, void *shared, void *local);
/* Keeps the rows; never spills. */
Status join_side_keep(Task *task, const PhysicalNode *op, const JoinShared *shared, BuildLocal *local, const Batch *in);
Status join_side_merge(Task *task, const PhysicalNode *op, void *shared, void *local);
/* Lays out and indexes what was merged, in parts that may run at the same time. */
Status join_side_prepare(Task *task, const PhysicalNode *op, JoinShared *shared, uint32_t *parts);
Status join_side_part(Task *task, const PhysicalNode *op, void *shared, uint32_t part);
void join_side_close_local(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile);
void join_side_close(const PhysicalNode *op, void *shared, OperatorProfile *profile);

/* hash_join.c: the stage. */
Status join_probe_open_local(Task *task, const PhysicalNode *op, void *shared, void *local);
Status join_probe_push(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch *in, const Batch **out,
                       Flow *flow);
void join_probe_close_local(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile);

/* join_spill.c. Begins spilling, if nobody has; the build's lock is not held. */
Status join_spill_begin(Task *task, const PhysicalNode *op, JoinShared *shared);
/* The task's writer; the rows that it kept go there. */
Status join_spill_open_build(Task *task, const PhysicalNode *op, JoinShared *shared, BuildLocal *local);
Status join_spill_build(Task *task, const PhysicalNode *op, JoinShared *shared, BuildLocal *local, const Batch *in);
/* What the task gathered; called with the build's lock held. */
Status join_spill_take_build(Task *task, JoinShared *shared, BuildLocal *local);
/* Rows that tasks merged before another one began. */
Status join_spill_table(Task *task, const PhysicalNode *op, JoinShared *shared);
Status join_spill_probe(Task *task, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local, const Batch *in);
uint64_t join_spill_bytes(const JoinSpill *spill); /* on disk */
void join_spill_free(JoinSpill *spill);            /* NULL is fine */
/* Joins the spilled parts, after all probes are over. */
extern const SourceClass join_spilled_source;

#endif
