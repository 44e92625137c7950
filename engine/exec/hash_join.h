/* Inside of the hash join: building (join_build_side.c), probing (hash_join.c). */
#ifndef DEPOT_EXEC_HASH_JOIN_H
#define DEPOT_EXEC_HASH_JOIN_H

#include "exec/join_build.h"
#include "exec/join_output.h"
#include "exec/key_finder.h"

typedef struct JoinShared {
    JoinBuild build;          /* its lock also guards key_min, key_max, build.has_null_key */
    bool is_integer;          /* one key of an integer class on both sides */
    int64_t key_min, key_max; /* of the build rows with a key; min > max: there are none */
    JoinIndex index;
    KeyFilter *filter; /* owned until it is published; NULL: none */
} JoinShared;

typedef struct BuildLocal {
    JoinRows rows;
    int64_t key_min, key_max;
    bool has_null_key;
    uint64_t *hashes;   /* owned; unless is_integer */
    Vector hash_vector; /* views hashes */
    Vector scratch;
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
    JoinWriter *writer;               /* NULL: nothing was spilled; owned by the JoinSpill */
} ProbeLocal;

/* join_build_side.c: the sink. Also called one by one to build a pair of partitions. */
extern const SinkClass join_build_sink;
Status join_side_open(Task *task, const PhysicalNode *op, void *shared);
Status join_side_open_local(Task *task, const PhysicalNode *op, void *shared, void *local);
Status join_side_consume(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch *in, Flow *flow);
Status join_side_merge(Task *task, const PhysicalNode *op, void *shared, void *local);
Status join_side_finish(Task *task, const PhysicalNode *op, void *shared, uint32_t *parts);
Status join_side_part(Task *task, const PhysicalNode *op, void *shared, uint32_t part);
void join_side_close_local(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile);
void join_side_close(const PhysicalNode *op, void *shared, OperatorProfile *profile);

/* hash_join.c: the stage. */
Status join_probe_open_local(Task *task, const PhysicalNode *op, void *shared, void *local);
Status join_probe_push(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch *in, const Batch **out,
                       Flow *flow);
void join_probe_close_local(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile);

#endif
