/* Where the rows of a HASH exchange go, row by row, and how many went to each slice.
 *
 *   placed   the slice on which a table distributed by the same keys would have the row, and that slice's node
 *   hot      (salted joins) SPREAD: over all slices in turn; COPY: to every node, counted once on each
 *   NULL     a join finds no partner for it: it stays on its node (nulls_stay); groups of NULL meet at hash 0 otherwise
 *
 * A turn begins at a place that depends on which rows of the table the batch holds, not on the task that has it, so that the
 * same rows go the same ways at any number of threads; batches that come from no scan take turns per task. */
#ifndef DEPOT_EXEC_EXCHANGE_ROUTE_H
#define DEPOT_EXEC_EXCHANGE_ROUTE_H

#include "exec/exec.h"

typedef struct Router {
    uint32_t nodes, slices_per_node;
    uint64_t *hashes;     /* owned; per row, of all keys */
    uint64_t *key_hashes; /* owned; of one further key */
    uint16_t *rows;       /* owned; [node × BATCH_ROWS_MAX + i]: the rows of that node */
    uint32_t *counts;     /* owned; per node */
    uint64_t *hot;        /* owned; hashes of hot values in an open table, 0: free */
    uint64_t hot_mask;
    uint64_t turn;        /* the first row that is spread goes to slice turn % slices … */
    uint64_t next_turn;   /* … and the next one: a batch that has to be offered again gets the same turns */
    uint64_t *slice_rows; /* owned; rows sent so far: [slice of this node or, as the last one, none known] × slices + slice */
    uint64_t *batch_rows; /* owned; per slice, of the batch at hand: not counted before it is sent */
} Router;

Status router_open(Task *task, const ExchangeSpec *spec, Router *router) MUST_CHECK;
void router_close(Router *router);
/* Fills rows and counts for the batch. */
Status router_split(Task *task, const ExchangeSpec *spec, Router *router, const Batch *in) MUST_CHECK;
/* The batch that was split has been sent. */
void router_count(Task *task, Router *router);

#endif
