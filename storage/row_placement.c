/* Slices by hash or in turn; partitions through a small hash table of key values, asked only where a row's differ from the
 * row's before. */
#include "storage/row_placement.h"

#include "core/hash.h"
#include "kernels/unpack_kernels.h"
#include "storage/distribute.h"
#include "storage/partition.h"

struct PlacementEntry {
    PlacementEntry *next;
    Value *values;
    uint32_t partition;
};

enum { PARTITION_BUCKETS = 1024 };

Status row_placement_init(const Context *cx, RowPlacement *placement, Commit *commit, const TableSchema *schema,
                          uint64_t table_id, uint64_t first_row_number) {
    Topology topology = commit_topology(commit);
    *placement = (RowPlacement){.commit = commit, .schema = schema, .table_id = table_id, .row_number = first_row_number};
    placement->slices = topology.nodes * topology.slices_per_node;
    placement->bucket_count = PARTITION_BUCKETS;
    arena_init(&placement->arena);
    uint32_t key_count = schema->partition_key_count;
    TRY_NEW_ARRAY(cx, &placement->arena, placement->keys, key_count + 1);
    TRY_NEW_ARRAY(cx, &placement->arena, placement->previous, key_count + 1);
    TRY_NEW_ARRAY(cx, &placement->arena, placement->values, key_count + 1);
    TRY_NEW_ARRAY(cx, &placement->arena, placement->buckets, PARTITION_BUCKETS);
    for (uint32_t k = 0; k < key_count; k++) {
        const PartitionKey *key = &schema->partition_keys[k];
        vector_init(&placement->keys[k], partition_key_type(key, schema->columns[key->column].type));
    }
    return OK;
}

void row_placement_free(RowPlacement *placement) {
    for (uint32_t k = 0; placement->keys != NULL && k < placement->schema->partition_key_count; k++) {
        vector_free(&placement->keys[k]);
    }
    arena_free(&placement->arena);
}

/* Rows go round one by one while the table is small, in stretches from then on: equal values that came one after the other stay
 * together, and no slice gets much more than its share. Stretches are the chunks of the delta encoding. */
enum { STRETCH_ROWS = PACK_CHUNK, STRETCHES_FROM = 128 * STRETCH_ROWS };

static uint32_t stretch_rows(uint64_t row_number, uint32_t slices) {
    return row_number / slices < STRETCHES_FROM ? 1 : STRETCH_ROWS;
}

static void go_round(const RowPlacement *placement, uint32_t rows, uint32_t *slices) {
    for (uint32_t i = 0; i < rows;) {
        uint64_t row = placement->row_number + i;
        uint32_t stretch = stretch_rows(row, placement->slices);
        uint32_t slice = (uint32_t)(row / stretch % placement->slices), left = stretch - (uint32_t)(row % stretch);
        uint32_t end = left < rows - i ? i + left : rows;
        for (; i < end; i++) {
            slices[i] = slice;
        }
    }
}

static Status find_slices(const Context *cx, RowPlacement *placement, const Batch *batch, uint32_t *slices) {
    if (placement->style == DIST_ALL) {
        return OK;
    }
    go_round(placement, batch->rows, slices);
    if (placement->style == DIST_KEY) {
        const Vector *key = &batch->columns[placement->schema->dist_column];
        uint64_t hashes[BATCH_ROWS_MAX];
        TRY(placement_hash_vector(cx, key, batch->rows, 1, hashes));
        for (uint32_t i = 0; i < batch->rows; i++) {
            slices[i] = vector_is_valid(key, i) ? slice_of_hash(hashes[i], placement->slices) : slices[i];
        }
    }
    return OK;
}

static bool values_equal(const Value *a, const Value *b, uint32_t count) {
    for (uint32_t k = 0; k < count; k++) {
        if (a[k].is_null != b[k].is_null || (!a[k].is_null && value_compare(&a[k], &b[k]) != 0)) {
            return false;
        }
    }
    return true;
}

static uint64_t hash_of_values(const Value *values, uint32_t count) {
    uint64_t hash = 0;
    for (uint32_t k = 0; k < count; k++) {
        hash = hash_combine(hash, hash_value(&values[k]));
    }
    return hash;
}

/* The partition of these key values, remembered, or else asked of the commit. */
static Status find_partition(const Context *cx, RowPlacement *placement, const Value *values, uint32_t *partition) {
    uint32_t count = placement->schema->partition_key_count;
    PlacementEntry **bucket = &placement->buckets[hash_of_values(values, count) % placement->bucket_count];
    for (PlacementEntry *entry = *bucket; entry != NULL; entry = entry->next) {
        if (values_equal(entry->values, values, count)) {
            *partition = entry->partition;
            return OK;
        }
    }
    PlacementEntry *entry;
    TRY_NEW(cx, &placement->arena, entry);
    TRY_NEW_ARRAY(cx, &placement->arena, entry->values, count);
    for (uint32_t k = 0; k < count; k++) {
        TRY(value_copy(cx, &placement->arena, &values[k], &entry->values[k]));
    }
    TRY(commit_partition(cx, placement->commit, placement->table_id, entry->values, &entry->partition));
    entry->next = *bucket;
    *bucket = entry;
    *partition = entry->partition;
    return OK;
}

static Status find_partitions(const Context *cx, RowPlacement *placement, const Batch *batch, uint32_t *partitions) {
    uint32_t count = placement->schema->partition_key_count;
    Value *values = placement->values;
    for (uint32_t k = 0; k < count; k++) {
        const PartitionKey *key = &placement->schema->partition_keys[k];
        TRY(partition_of_vector(cx, key, &batch->columns[key->column], batch->rows, &placement->keys[k]));
    }
    bool has_previous = false; /* text of the batch before is gone */
    for (uint32_t i = 0; i < batch->rows; i++) {
        for (uint32_t k = 0; k < count; k++) {
            values[k] = vector_value(&placement->keys[k], i);
        }
        if (!has_previous || !values_equal(values, placement->previous, count)) {
            TRY(find_partition(cx, placement, values, &placement->previous_partition));
            memcpy(placement->previous, values, sizeof *values * count);
            has_previous = true;
        }
        partitions[i] = placement->previous_partition;
    }
    return OK;
}

/* The one partition of a table without partition keys. */
static Status only_partition(const Context *cx, RowPlacement *placement, const Batch *batch, uint32_t *partitions) {
    if (!placement->has_partition) {
        TRY(commit_partition(cx, placement->commit, placement->table_id, placement->previous, &placement->previous_partition));
        placement->has_partition = true;
    }
    for (uint32_t i = 0; i < batch->rows; i++) {
        partitions[i] = placement->previous_partition;
    }
    return OK;
}

Status row_placement_find(const Context *cx, RowPlacement *placement, const Batch *batch, uint32_t *slices,
                          uint32_t *partitions) {
    TRY(find_slices(cx, placement, batch, slices));
    if (placement->schema->partition_key_count > 0) {
        TRY(find_partitions(cx, placement, batch, partitions));
    } else {
        TRY(only_partition(cx, placement, batch, partitions));
    }
    placement->row_number += batch->rows;
    return OK;
}
