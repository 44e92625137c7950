/* One writer's change. Tables that it touches become CommitTables: growing lists, started from the base version. New segment
 * files are written by others through commit_create_file; nothing is visible until commit_finish (commit_finish.c) renames the
 * pointer. All that a commit allocates dies with it. */
#include "storage/commit_state.h"

#include "core/hash.h"
#include "core/settings.h"
#include "storage/partition.h"

#include <inttypes.h>
#include <stdio.h>

#define WRITER_WAIT_MS 5000

/* --------------------------------------------------------------------------------------------------------- begin and end */

static Status begin_locked(const Context *cx, Commit *commit) {
    Warehouse *warehouse = commit->warehouse;
    if (!commit->lock.was_clean) {
        TRY(cleanup_orphans(cx, warehouse));
    }
    TRY(warehouse_snapshot(cx, warehouse, &commit->base));
    TRY(root_read(cx, &commit->arena, warehouse->files, commit->base->version, &commit->root));
    TRY(cleanup_versions(cx, warehouse->files, &commit->root));
    if (commit->lock.next_id < commit->root.next_id) {
        commit->lock.next_id = commit->root.next_id;
    }
    return writer_lock_mark(cx, &commit->lock, WRITER_BUSY);
}

Status commit_begin(const Context *cx, Warehouse *warehouse, Commit **commit_out) {
    if (warehouse->read_only) {
        return fail(cx, READ_ONLY_TRANSACTION, "the warehouse was opened read-only");
    }
    Context own = warehouse_context(cx, warehouse);
    Commit *commit;
    TRY_ALLOC_ZEROED(&own, commit, sizeof *commit);
    commit->warehouse = warehouse;
    arena_init(&commit->arena);
    pthread_mutex_init(&commit->mutex, NULL);
    Status status = writer_lock_acquire(&own, warehouse->files, WRITER_WAIT_MS, &commit->lock);
    if (status == OK) {
        status = begin_locked(&own, commit);
    }
    if (status != OK) {
        commit_free(commit);
        return status;
    }
    *commit_out = commit;
    return OK;
}

void commit_free(Commit *commit) {
    for (CommitTable *table = commit->tables; table != NULL; table = table->next) {
        table_state_release(table->base);
        table_sample_release(table->sample);
    }
    for (CommitView *view = commit->views; view != NULL; view = view->next) {
        table_state_release(view->state);
    }
    if (commit->base != NULL) {
        snapshot_release(commit->base);
    }
    writer_lock_release(&commit->lock);
    arena_free(&commit->arena);
    pthread_mutex_destroy(&commit->mutex);
    mem_free(commit);
}

void commit_abort(Commit *commit) {
    if (commit != NULL) {
        /* What cannot be removed now is left to the next writer, who finds the lock's file marked busy. */
        Error error = {0};
        Context cx = {.error = &error, .memory = &commit->warehouse->memory};
        if (commit_remove_files(&cx, commit) == OK) {
            Status ignored = writer_lock_mark(&cx, &commit->lock, WRITER_DONE);
            (void)ignored;
        }
        commit_free(commit);
    }
}

Warehouse *commit_warehouse(const Commit *commit) {
    return commit->warehouse;
}

uint64_t commit_base_version(const Commit *commit) {
    return commit->base->version;
}

static bool is_view_of_table(const Commit *commit, const CommitView *view) {
    for (const CommitTable *table = commit->tables; table != NULL; table = table->next) {
        if (table->view == view->state) {
            return true;
        }
    }
    return false;
}

static void forget_old_views(Commit *commit) {
    for (CommitView **at = &commit->views; *at != NULL;) {
        CommitView *view = *at;
        if (is_view_of_table(commit, view)) {
            at = &view->next;
        } else {
            *at = view->next;
            table_state_release(view->state);
        }
    }
}

Context commit_lock(const Context *cx, Commit *commit) {
    pthread_mutex_lock(&commit->mutex);
    return warehouse_context(cx, commit->warehouse);
}

Status commit_unlock(Commit *commit, Status status) {
    pthread_mutex_unlock(&commit->mutex);
    return status;
}

Status commit_tidy(const Context *cx, Commit *commit) {
    Context own = commit_lock(cx, commit);
    forget_old_views(commit);
    return commit_unlock(commit, commit_remove_unused_files(&own, commit));
}

void commit_use_workers(Commit *commit, WorkerPool *pool, uint32_t threads) {
    commit->pool = pool;
    commit->threads = threads;
}

/* ------------------------------------------------------------------------------------------------------------------ tables */

static TableState *base_table(const Commit *commit, uint64_t table_id) {
    for (uint32_t i = 0; i < commit->base->table_count; i++) {
        if (commit->base->tables[i]->table.id == table_id) {
            return commit->base->tables[i];
        }
    }
    return NULL;
}

CommitTable *commit_touched_table(const Commit *commit, uint64_t table_id) {
    CommitTable *table = commit->tables;
    while (table != NULL && table->id != table_id) {
        table = table->next;
    }
    return table;
}

static Status add_partition(const Context *cx, Commit *commit, CommitTable *table, const Partition *partition) {
    CommitPartition added = {.hash = partition_values_hash(partition->values, partition->key_count)};
    TRY_NEW(cx, &commit->arena, added.partition);
    TRY(partition_copy(cx, &commit->arena, partition, added.partition));
    TRY_APPEND(cx, &commit->arena, table->partitions, table->partition_capacity, table->partition_count, added);
    return OK;
}

static Status add_segment(const Context *cx, Commit *commit, CommitTable *table, const Segment *segment) {
    TRY_APPEND(cx, &commit->arena, table->segments, table->segment_capacity, table->segment_count, *segment);
    return OK;
}

/* Segments, partitions and schema are borrowed from the base, which lives as long as the commit. */
static Status fill_from_base(const Context *cx, Commit *commit, CommitTable *table) {
    const TableVersion *base = &table->base->table;
    table->schema = base->schema;
    table->directory = base->directory;
    table->dist_style = base->dist_style;
    table->dist_is_open = base->dist_is_open;
    table->sample = table_sample_retain(table->base->sample);
    table->rows_are_faked = base->sample.rows_are_faked;
    table->faked_rows = base->sample.faked_rows;
    for (uint32_t i = 0; i < base->partition_count; i++) {
        TRY(add_partition(cx, commit, table, &base->partitions[i]));
    }
    for (uint32_t i = 0; i < base->segment_count; i++) {
        TRY(add_segment(cx, commit, table, &base->segments[i]));
    }
    TRY_NEW_ARRAY(cx, &commit->arena, table->sketches, base->schema->column_count);
    return OK;
}

static Status new_table(const Context *cx, Commit *commit, uint64_t table_id, CommitTable **table_out) {
    TRY_NEW(cx, &commit->arena, *table_out);
    (*table_out)->id = table_id;
    return OK;
}

static void link_table(Commit *commit, CommitTable *table) {
    CommitTable **at = &commit->tables;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = table;
}

/* The table to change; taken up from the base on first touch. */
Status commit_touch_table(const Context *cx, Commit *commit, uint64_t table_id, CommitTable **table_out) {
    CommitTable *table = commit_touched_table(commit, table_id);
    if (table == NULL) {
        TableState *base = base_table(commit, table_id);
        if (base == NULL) {
            return fail(cx, UNDEFINED_TABLE, "there is no table number %" PRIu64, table_id);
        }
        TRY(new_table(cx, commit, table_id, &table));
        table->base = table_state_retain(base);
        Status status = fill_from_base(cx, commit, table);
        if (status != OK) {
            table_state_release(table->base);
            table_sample_release(table->sample);
            return status;
        }
        link_table(commit, table);
    }
    if (table->is_dropped) {
        return fail(cx, UNDEFINED_TABLE, "table \"%s\" was dropped", table->schema->name);
    }
    *table_out = table;
    return OK;
}

static void table_changed(CommitTable *table) {
    table->is_changed = true;
    table->view = NULL; /* commit->views keeps it until the commit ends */
}

/* Id of the table of that name, as the commit sees it; 0 if there is none. */
static uint64_t find_id(const Commit *commit, const char *schema_name, const char *name) {
    for (const CommitTable *table = commit->tables; table != NULL; table = table->next) {
        if (!table->is_dropped && strcmp(table->schema->name, name) == 0 &&
            strcmp(table->schema->schema_name, schema_name) == 0) {
            return table->id;
        }
    }
    const TableVersion *base = snapshot_find_table(commit->base, schema_name, name);
    return base != NULL && commit_touched_table(commit, base->id) == NULL ? base->id : 0;
}

/* Distribution and partitions of a table without rows, as its schema wants them. */
static Status reset_layout(const Context *cx, Commit *commit, CommitTable *table) {
    table->dist_is_open = table->schema->dist_style == DIST_AUTO;
    table->dist_style = table->dist_is_open ? DIST_EVEN : table->schema->dist_style;
    TRY_NEW_ARRAY(cx, &commit->arena, table->sketches, table->schema->column_count);
    return table->schema->partition_key_count == 0 ? add_partition(cx, commit, table, &(Partition){.directory = ""}) : OK;
}

static Status fill_new_table(const Context *cx, Commit *commit, const TableSchema *schema, CommitTable *table) {
    TableSchema *copy;
    TRY(schema_copy(cx, &commit->arena, schema, &copy));
    table->schema = copy;
    TRY(table_directory(cx, &commit->arena, schema->name, table->id, &table->directory));
    return reset_layout(cx, commit, table);
}

static Status create_table(const Context *cx, Commit *commit, const TableSchema *schema) {
    if (find_id(commit, schema->schema_name, schema->name) != 0) {
        return fail(cx, DUPLICATE_TABLE, "table \"%s\" already exists", schema->name);
    }
    if (schema->column_count == 0 || schema->column_count > COLUMNS_MAX) {
        return fail(cx, TOO_MANY_COLUMNS, "a table has 1 to %d columns", COLUMNS_MAX);
    }
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        const PartitionKey *key = &schema->partition_keys[i];
        TRY(partition_key_check(cx, key, &schema->columns[key->column]));
    }
    CommitTable *table;
    TRY(new_table(cx, commit, commit->lock.next_id, &table));
    TRY(fill_new_table(cx, commit, schema, table));
    commit->lock.next_id++;
    table_changed(table);
    link_table(commit, table);
    return OK;
}

Status commit_create_table(const Context *cx, Commit *commit, const TableSchema *schema) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, create_table(&own, commit, schema));
}

static Status drop_table(const Context *cx, Commit *commit, const char *schema_name, const char *name) {
    uint64_t id = find_id(commit, schema_name, name);
    if (id == 0) {
        return fail(cx, UNDEFINED_TABLE, "table \"%s\" does not exist", name);
    }
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, id, &table));
    table_changed(table);
    table->is_dropped = true;
    table->segment_count = 0;
    return OK;
}

Status commit_drop_table(const Context *cx, Commit *commit, const char *schema_name, const char *name) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, drop_table(&own, commit, schema_name, name));
}

static Status truncate_table(const Context *cx, Commit *commit, uint64_t table_id) {
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    if (table->segment_count > 0) {
        table->segment_count = 0;
        table_changed(table);
    }
    return OK;
}

Status commit_truncate_table(const Context *cx, Commit *commit, uint64_t table_id) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, truncate_table(&own, commit, table_id));
}

static Status redefine_table(const Context *cx, Commit *commit, uint64_t table_id, const TableSchema *schema) {
    CommitTable *table;
    TableSchema *copy;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    if (schema->kind == RELATION_TABLE && schema->column_count != table->schema->column_count) {
        return fail(cx, INTERNAL_ERROR, "table \"%s\" cannot change its columns", schema->name);
    }
    TRY(schema_copy(cx, &commit->arena, schema, &copy));
    if (schema->kind == RELATION_VIEW) {
        TRY_NEW_ARRAY(cx, &commit->arena, table->sketches, schema->column_count);
        table->has_new_columns = true;
        table_sample_release(table->sample);
        table->sample = NULL;
    }
    table->schema = copy;
    table_changed(table);
    return OK;
}

Status commit_redefine_table(const Context *cx, Commit *commit, uint64_t table_id, const TableSchema *schema) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, redefine_table(&own, commit, table_id, schema));
}

static Status redesign_table(const Context *cx, Commit *commit, uint64_t table_id, const TableSchema *schema) {
    CommitTable *table;
    TRY(redefine_table(cx, commit, table_id, schema));
    TRY(commit_touch_table(cx, commit, table_id, &table));
    table->segment_count = table->partition_count = 0;
    table->has_new_columns = true; /* rows that were deleted are out of the sketches, too */
    TRY(reset_layout(cx, commit, table));
    return OK;
}

Status commit_redesign_table(const Context *cx, Commit *commit, uint64_t table_id, const TableSchema *schema) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, redesign_table(&own, commit, table_id, schema));
}

static Status resize(const Context *cx, Commit *commit, Topology topology) {
    TRY(topology_check(cx, topology));
    for (uint32_t i = 0; i < commit->base->table_count; i++) {
        if (commit_touched_table(commit, commit->base->tables[i]->table.id) == NULL) {
            CommitTable *ignored;
            TRY(commit_touch_table(cx, commit, commit->base->tables[i]->table.id, &ignored));
        }
    }
    for (CommitTable *table = commit->tables; table != NULL; table = table->next) {
        if (!table->is_dropped && table->schema->kind == RELATION_TABLE) {
            TRY(redesign_table(cx, commit, table->id, table->schema));
        }
    }
    commit->root.topology = topology;
    commit->is_resized = true;
    return OK;
}

Status commit_resize(const Context *cx, Commit *commit, Topology topology) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, resize(&own, commit, topology));
}

Topology commit_topology(const Commit *commit) {
    return commit->root.topology;
}

Status commit_table(const Context *cx, Commit *commit, const char *schema_name, const char *name, const TableVersion **table) {
    TableState *state = NULL;
    Context own = {.error = cx->error, .memory = &commit->warehouse->memory};
    pthread_mutex_lock(&commit->mutex);
    uint64_t id = find_id(commit, schema_name, name);
    Status status = id == 0 ? fail(cx, UNDEFINED_TABLE, "relation \"%s\" does not exist", name)
                            : commit_table_view(&own, commit, id, &state);
    pthread_mutex_unlock(&commit->mutex);
    *table = status == OK ? &state->table : NULL;
    return status;
}

const TableVersion *commit_find_table(Commit *commit, const char *schema_name, const char *name) {
    Error error = {0};
    Context cx = {.error = &error};
    const TableVersion *table;
    return commit_table(&cx, commit, schema_name, name, &table) == OK ? table : NULL;
}

static Status fill_commit_snapshot(const Context *cx, Commit *commit, Snapshot *snapshot) {
    uint32_t tables = commit->base->table_count;
    for (CommitTable *table = commit->tables; table != NULL; table = table->next) {
        tables++;
    }
    TRY_ALLOC(cx, snapshot->tables, tables * sizeof *snapshot->tables);
    snapshot->topology = commit->root.topology;
    snapshot->namespace_count = commit->root.namespace_count;
    TRY(namespaces_copy(cx, &snapshot->arena, commit->root.namespaces, commit->root.namespace_count, &snapshot->namespaces));
    for (uint32_t i = 0; i < commit->base->table_count; i++) {
        if (commit_touched_table(commit, commit->base->tables[i]->table.id) == NULL) {
            snapshot->tables[snapshot->table_count++] = table_state_retain(commit->base->tables[i]);
        }
    }
    for (CommitTable *table = commit->tables; table != NULL; table = table->next) {
        if (!table->is_dropped) {
            TableState *state;
            TRY(commit_table_view(cx, commit, table->id, &state));
            snapshot->tables[snapshot->table_count++] = table_state_retain(state);
        }
    }
    return OK;
}

Status commit_snapshot(const Context *cx, Commit *commit, Snapshot **snapshot_out) {
    Context own = warehouse_context(cx, commit->warehouse);
    Snapshot *snapshot;
    TRY_ALLOC_ZEROED(&own, snapshot, sizeof *snapshot);
    *snapshot = (Snapshot){
        .warehouse = commit->warehouse, .serial = snapshot_next_serial(), .version = commit->base->version, .references = 1};
    pthread_mutex_lock(&commit->mutex);
    Status status = fill_commit_snapshot(&own, commit, snapshot);
    pthread_mutex_unlock(&commit->mutex);
    if (status != OK) {
        snapshot_release(snapshot);
        return status;
    }
    *snapshot_out = snapshot;
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- for writers */

uint64_t commit_new_id(Commit *commit) {
    pthread_mutex_lock(&commit->mutex);
    uint64_t id = commit->lock.next_id++;
    pthread_mutex_unlock(&commit->mutex);
    return id;
}

static Status resolve_distribution(const Context *cx, Commit *commit, uint64_t table_id, uint64_t rows, DistStyle *style) {
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    if (table->dist_is_open) {
        table->dist_is_open = false;
        bool is_small = rows <= AUTO_ALL_ROWS_MAX && commit->root.topology.nodes > 1;
        table->dist_style = is_small ? DIST_ALL : DIST_EVEN;
        table_changed(table);
    }
    *style = table->dist_style;
    return OK;
}

Status commit_resolve_distribution(const Context *cx, Commit *commit, uint64_t table_id, uint64_t rows, DistStyle *style) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, resolve_distribution(&own, commit, table_id, rows, style));
}

static uint32_t find_partition(const CommitTable *table, const Value *values) {
    uint32_t keys = table->schema->partition_key_count;
    uint64_t hash = partition_values_hash(values, keys);
    for (uint32_t i = 0; i < table->partition_count; i++) {
        if (table->partitions[i].hash == hash && partition_values_equal(table->partitions[i].partition->values, values, keys)) {
            return i;
        }
    }
    return UINT32_MAX;
}

static Status add_partition_of(const Context *cx, Commit *commit, CommitTable *table, const Value *values) {
    char directory[FILE_PATH_MAX];
    TRY(partition_directory(cx, table->schema, values, directory));
    Partition partition = {.directory = directory, .key_count = table->schema->partition_key_count, .values = values};
    return add_partition(cx, commit, table, &partition);
}

static Status touch_partition(const Context *cx, CommitTable *table, CommitPartition *partition) {
    if (partition->is_touched) {
        return OK;
    }
    int64_t most = cx->settings != NULL ? cx->settings->max_partitions_per_load : 1000;
    if (table->partitions_touched >= most) {
        fail(cx, CONFIGURATION_LIMIT_EXCEEDED, "the load touches more than %" PRId64 " partitions of table \"%s\"", most,
             table->schema->name);
        return fail_hint(cx, "partition by something coarser, sort the input by it and load in parts, or raise the setting "
                             "max_partitions_per_load");
    }
    partition->is_touched = true;
    table->partitions_touched++;
    return OK;
}

static Status find_or_add_partition(const Context *cx, Commit *commit, uint64_t table_id, const Value *values,
                                    uint32_t *partition) {
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    if (table->schema->partition_key_count == 0) {
        *partition = 0;
        return OK;
    }
    *partition = find_partition(table, values);
    if (*partition == UINT32_MAX) {
        TRY(add_partition_of(cx, commit, table, values));
        table_changed(table);
        *partition = table->partition_count - 1;
    }
    return touch_partition(cx, table, &table->partitions[*partition]);
}

Status commit_partition(const Context *cx, Commit *commit, uint64_t table_id, const Value *values, uint32_t *partition) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, find_or_add_partition(&own, commit, table_id, values, partition));
}

static Status check_segment(const Context *cx, const Commit *commit, const CommitTable *table, const Segment *segment) {
    Topology topology = commit->root.topology;
    if (segment->partition >= table->partition_count || segment->slice >= topology.nodes * topology.slices_per_node ||
        segment->id == 0 || segment->id >= commit->lock.next_id) {
        return fail(cx, INTERNAL_ERROR, "segment %" PRIu64 " of table \"%s\" makes no sense", segment->id, table->schema->name);
    }
    return OK;
}

/* The version that a segment's files date from: a segment that gets a delete map is removed and added again. */
static uint64_t segment_version(const Commit *commit, const CommitTable *table, uint64_t id) {
    bool may_be_old = table->base != NULL && id < commit->root.next_id;
    for (uint32_t i = 0; may_be_old && i < table->base->table.segment_count; i++) {
        if (table->base->table.segments[i].id == id) {
            return table->base->table.segments[i].version;
        }
    }
    return commit->base->version + 1;
}

static Status register_segment(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment) {
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    TRY(check_segment(cx, commit, table, segment));
    Segment copy;
    TRY(segment_copy(cx, &commit->arena, table->schema->column_count, segment, &copy));
    copy.version = segment_version(commit, table, segment->id);
    TRY(add_segment(cx, commit, table, &copy));
    table->dist_is_open = false;
    table_changed(table);
    return OK;
}

Status commit_add_segment(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, register_segment(&own, commit, table_id, segment));
}

static Status find_segment(const Context *cx, Commit *commit, uint64_t table_id, uint64_t segment_id, CommitTable **table,
                           Segment **segment) {
    TRY(commit_touch_table(cx, commit, table_id, table));
    for (uint32_t i = 0; i < (*table)->segment_count; i++) {
        *segment = &(*table)->segments[i];
        if ((*segment)->id == segment_id) {
            return OK;
        }
    }
    return fail(cx, INTERNAL_ERROR, "table \"%s\" has no segment %" PRIu64, (*table)->schema->name, segment_id);
}

static Status mark_deleted(const Context *cx, Commit *commit, uint64_t table_id, uint64_t segment_id, uint64_t delete_map_id,
                           uint64_t deleted_rows) {
    CommitTable *table;
    Segment *segment = NULL;
    TRY(find_segment(cx, commit, table_id, segment_id, &table, &segment));
    segment->delete_map_id = delete_map_id;
    segment->deleted_rows = deleted_rows;
    table_changed(table);
    return OK;
}

Status commit_mark_deleted(const Context *cx, Commit *commit, uint64_t table_id, uint64_t segment_id, uint64_t delete_map_id,
                           uint64_t deleted_rows) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, mark_deleted(&own, commit, table_id, segment_id, delete_map_id, deleted_rows));
}

static Status remove_segment(const Context *cx, Commit *commit, uint64_t table_id, uint64_t segment_id) {
    CommitTable *table;
    Segment *segment = NULL;
    TRY(find_segment(cx, commit, table_id, segment_id, &table, &segment));
    *segment = table->segments[--table->segment_count];
    table_changed(table);
    return OK;
}

Status commit_remove_segment(const Context *cx, Commit *commit, uint64_t table_id, uint64_t segment_id) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, remove_segment(&own, commit, table_id, segment_id));
}

static Status merge_sketches(const Context *cx, Commit *commit, uint64_t table_id, const uint8_t *const *sketches) {
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    for (uint32_t i = 0; i < table->schema->column_count; i++) {
        if (sketches[i] == NULL) {
            continue;
        }
        if (table->sketches[i] == NULL) {
            TRY_NEW_ARRAY(cx, &commit->arena, table->sketches[i], HLL_BYTES);
        }
        hll_merge(table->sketches[i], sketches[i]);
    }
    table_changed(table);
    return OK;
}

Status commit_merge_sketches(const Context *cx, Commit *commit, uint64_t table_id, const uint8_t *const *sketches) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, merge_sketches(&own, commit, table_id, sketches));
}

/* ------------------------------------------------------------------------------------------------------------ statistics */

static Status set_sample(const Context *cx, Commit *commit, uint64_t table_id, TableSample *sample) {
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    TableSample *before = table->sample;
    table->sample = table_sample_retain(sample);
    table->rows_are_faked = false;
    table_sample_release(before);
    table_changed(table);
    return OK;
}

Status commit_set_sample(const Context *cx, Commit *commit, uint64_t table_id, TableSample *sample) {
    Context own = commit_lock(cx, commit);
    Status status = commit_unlock(commit, set_sample(&own, commit, table_id, sample));
    table_sample_release(sample);
    return status;
}

static Status fake_rows(const Context *cx, Commit *commit, uint64_t table_id, uint64_t rows) {
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    table->rows_are_faked = true;
    table->faked_rows = rows;
    table_changed(table);
    return OK;
}

Status commit_fake_rows(const Context *cx, Commit *commit, uint64_t table_id, uint64_t rows) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, fake_rows(&own, commit, table_id, rows));
}
