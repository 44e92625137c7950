/* Inside of the exchange: what its file and the merging receiver share. */
#ifndef DEPOT_EXEC_EXCHANGE_H
#define DEPOT_EXEC_EXCHANGE_H

#include "exec/interconnect.h"

typedef struct ExchangeShared { /* one for all nodes */
    Interconnect *interconnect;
    uint32_t senders;
} ExchangeShared;

/* The receiver of GATHER with merge keys: the senders' sorted streams become one. */
typedef struct MergeReceiver MergeReceiver;
Status merge_receiver_open(Task *task, const PhysicalNode *op, MergeReceiver **receiver) MUST_CHECK;
void merge_receiver_close(MergeReceiver *receiver); /* NULL is fine */
Status merge_receiver_next(Task *task, const PhysicalNode *op, ExchangeShared *shared, MergeReceiver *receiver,
                           const Batch **out, Flow *flow) MUST_CHECK;

#endif
