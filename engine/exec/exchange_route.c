/* The router of HASH exchanges (exchange_route.h). */
#include "exec/exchange_route.h"

#include "core/hash.h"
#include "storage/distribute.h"

/* Hot values are known by the hash that places them: both sides of a join compute the same one, so that a value which happens
 * to share it is treated as hot on both. 0 stands for a free entry. */
static uint64_t hot_hash(uint64_t hash) {
    return hash == 0 ? 1 : hash;
}

static Status open_hot(Task *task, const ExchangeSpec *spec, Router *router) {
    uint64_t size = 4;
    while (size < (uint64_t)spec->hot_count * 4) {
        size *= 2;
    }
    TRY_ALLOC_ZEROED(&task->cx, router->hot, size * sizeof *router->hot);
    router->hot_mask = size - 1;
    for (uint32_t i = 0; i < spec->hot_count; i++) {
        uint64_t hash = hot_hash(value_placement_hash(&spec->hot_values[i], PLACEMENT_SEED)), at = hash & router->hot_mask;
        while (router->hot[at] != 0 && router->hot[at] != hash) {
            at = (at + 1) & router->hot_mask;
        }
        router->hot[at] = hash;
    }
    return OK;
}

static bool is_hot(const Router *router, uint64_t hash) {
    hash = hot_hash(hash);
    for (uint64_t at = hash & router->hot_mask; router->hot[at] != 0; at = (at + 1) & router->hot_mask) {
        if (router->hot[at] == hash) {
            return true;
        }
    }
    return false;
}

static uint32_t slice_count(const Router *router) {
    return router->nodes * router->slices_per_node;
}

Status router_open(Task *task, const ExchangeSpec *spec, Router *router) {
    const Context *cx = &task->cx;
    const Topology *topology = &query_plan(task->query)->topology;
    router->nodes = topology->nodes;
    router->slices_per_node = topology->slices_per_node;
    router->turn = task->index; /* tasks do not all begin with the first slice */
    uint32_t slices = slice_count(router);
    TRY_ALLOC(cx, router->hashes, sizeof *router->hashes * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, router->key_hashes, sizeof *router->key_hashes * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, router->rows, sizeof *router->rows * BATCH_ROWS_MAX * router->nodes);
    TRY_ALLOC_ZEROED(cx, router->counts, sizeof *router->counts * router->nodes);
    TRY_ALLOC_ZEROED(cx, router->batch_rows, sizeof *router->batch_rows * slices);
    TRY_ALLOC_ZEROED(cx, router->slice_rows, sizeof *router->slice_rows * (router->slices_per_node + 1) * slices);
    return spec->salt == SALT_NONE ? OK : open_hot(task, spec, router);
}

void router_close(Router *router) {
    mem_free(router->hashes);
    mem_free(router->key_hashes);
    mem_free(router->rows);
    mem_free(router->counts);
    mem_free(router->hot);
    mem_free(router->slice_rows);
    mem_free(router->batch_rows);
}

/* ---------------------------------------------------------------------------------------------------------------- routing */

static bool has_null_key(const ExchangeSpec *spec, const Batch *in, uint32_t row) {
    for (uint32_t k = 0; k < spec->key_count; k++) {
        if (!vector_is_valid(&in->columns[spec->keys[k]], row)) {
            return true;
        }
    }
    return false;
}

/* Hashes of key k, 0 where it is NULL. */
static Status hash_key(Task *task, const ExchangeSpec *spec, const Batch *in, uint32_t k, uint64_t *hashes) {
    const Vector *key = &in->columns[spec->keys[k]];
    TRY(placement_hash_vector(&task->cx, key, in->rows, PLACEMENT_SEED, hashes));
    for (uint32_t i = 0; key->validity != NULL && i < in->rows; i++) {
        hashes[i] = vector_is_valid(key, i) ? hashes[i] : 0;
    }
    return OK;
}

static void add_to_node(Router *router, uint32_t node, uint32_t row) {
    router->rows[node * BATCH_ROWS_MAX + router->counts[node]++] = (uint16_t)row;
}

static void place(Router *router, uint32_t slice, uint32_t row) {
    router->batch_rows[slice]++;
    add_to_node(router, slice / router->slices_per_node, row);
}

static void spread(Router *router, uint32_t row) {
    place(router, (uint32_t)(router->next_turn++ % slice_count(router)), row);
}

/* To every node, there counted on the slice that has the place of the row's own slice on its node. */
static void copy_to_all(Router *router, uint32_t slice, uint32_t row) {
    for (uint32_t node = 0; node < router->nodes; node++) {
        place(router, node * router->slices_per_node + slice % router->slices_per_node, row);
    }
}

/* On this node, counted where it was scanned. What the leader has stays with no one: it is spread. */
static void keep(const Task *task, Router *router, uint32_t row) {
    if (task->node == router->nodes) {
        spread(router, row);
    } else {
        bool is_known = task->origin_slice != SLICE_UNKNOWN;
        uint32_t first = task->node * router->slices_per_node;
        place(router, is_known ? task->origin_slice : first + (uint32_t)(router->next_turn++ % router->slices_per_node), row);
    }
}

/* One key, nothing apart: the usual case. */
static void split_plain(Router *router, uint32_t rows) {
    uint32_t slices = slice_count(router);
    for (uint32_t i = 0; i < rows; i++) {
        place(router, slice_of_hash(router->hashes[i], slices), i);
    }
}

static void split_apart(const Task *task, const ExchangeSpec *spec, Router *router, const Batch *in, const uint64_t *first_key,
                        bool may_be_null) {
    for (uint32_t i = 0; i < in->rows; i++) {
        uint32_t slice = slice_of_hash(router->hashes[i], slice_count(router));
        if (may_be_null && has_null_key(spec, in, i)) {
            keep(task, router, i);
        } else if (spec->salt == SALT_NONE || !is_hot(router, first_key[i])) {
            place(router, slice, i);
        } else if (spec->salt == SALT_SPREAD) {
            spread(router, i);
        } else {
            copy_to_all(router, slice, i);
        }
    }
}

Status router_split(Task *task, const ExchangeSpec *spec, Router *router, const Batch *in) {
    uint64_t first_key[BATCH_ROWS_MAX];
    bool may_be_null = false;
    for (uint32_t k = 0; k < spec->key_count; k++) {
        may_be_null |= spec->nulls_stay && in->columns[spec->keys[k]].validity != NULL;
        TRY(hash_key(task, spec, in, k, k == 0 ? router->hashes : router->key_hashes));
        if (k == 0 && spec->salt != SALT_NONE) {
            memcpy(first_key, router->hashes, in->rows * sizeof *first_key);
        }
        for (uint32_t i = 0; k > 0 && i < in->rows; i++) {
            router->hashes[i] = hash_combine(router->hashes[i], router->key_hashes[i]);
        }
    }
    router->next_turn = router->turn;
    memset(router->counts, 0, sizeof *router->counts * router->nodes);
    memset(router->batch_rows, 0, sizeof *router->batch_rows * slice_count(router));
    if (spec->salt == SALT_NONE && !may_be_null) {
        split_plain(router, in->rows);
        return OK;
    }
    if (task->origin_slice != SLICE_UNKNOWN) {
        router->next_turn = hash_bytes(&task->origin_row, sizeof task->origin_row, task->origin_slice);
    }
    split_apart(task, spec, router, in, first_key, may_be_null);
    return OK;
}

void router_count(Task *task, Router *router) {
    uint32_t slices = slice_count(router), from = origin_in_node(task, &query_plan(task->query)->topology);
    for (uint32_t slice = 0; slice < slices; slice++) {
        router->slice_rows[from * slices + slice] += router->batch_rows[slice];
    }
    router->turn = router->next_turn;
}
