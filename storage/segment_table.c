/* A hash table of open segments and a list of the idle ones. */
#include "storage/segment_table.h"

#include "storage/dictionary.h"

enum { BUCKETS = 4096, IDLE_MAX = 1024 };

struct SegmentTable {
    pthread_mutex_t lock;
    SegmentReader *buckets[BUCKETS];
    SegmentReader *oldest, *newest; /* idle */
    uint32_t idle;
};

Status segment_table_create(const Context *cx, BlockCache *cache, SegmentTable **out) {
    (void)cache;
    SegmentTable *table;
    TRY_ALLOC_ZEROED(cx, table, sizeof *table);
    pthread_mutex_init(&table->lock, NULL);
    *out = table;
    return OK;
}

static void reader_free(SegmentReader *reader) {
    for (uint32_t c = 0; c < reader->schema->column_count; c++) {
        OpenColumn *column = &reader->columns[c];
        ColumnMeta *meta = atomic_load(&column->meta);
        if (meta != NULL) {
            block_cache_drop(reader->cache, column->slots, meta->tail.block_count);
            mem_free(column->slots);
            mem_free(meta->footer);
            mem_free(meta);
        }
        dictionary_free(atomic_load(&column->dictionary));
        mem_free(atomic_load(&column->symbols));
    }
    for (uint32_t i = 0; i < DELETE_MAPS_KEPT; i++) {
        delete_map_release(reader->deletes[i]);
    }
    pthread_mutex_destroy(&reader->lock);
    Arena arena = reader->arena;
    arena_free(&arena);
}

void segment_table_free(SegmentTable *table) {
    if (table == NULL) {
        return;
    }
    for (uint32_t b = 0; b < BUCKETS; b++) {
        for (SegmentReader *reader = table->buckets[b], *next; reader != NULL; reader = next) {
            next = reader->chain;
            reader_free(reader);
        }
    }
    pthread_mutex_destroy(&table->lock);
    mem_free(table);
}

static Status copy_place(const Context *cx, SegmentReader *reader, const TableVersion *table, const Segment *segment) {
    Partition *partition;
    TRY_NEW(cx, &reader->arena, partition);
    const Partition *from = &table->partitions[segment->partition];
    partition->directory = arena_copy_text(cx, &reader->arena, from->directory, strlen(from->directory));
    reader->place.id = table->id;
    reader->place.directory = arena_copy_text(cx, &reader->arena, table->directory, strlen(table->directory));
    if (partition->directory == NULL || reader->place.directory == NULL) {
        return OUT_OF_MEMORY;
    }
    reader->place.partitions = partition;
    reader->place.partition_count = 1;
    reader->segment = *segment;
    reader->segment.partition = 0;
    reader->segment.columns = NULL;
    TableSchema *schema;
    TRY(schema_copy(cx, &reader->arena, table->schema, &schema));
    reader->schema = schema;
    reader->place.schema = schema;
    return OK;
}

static Status reader_create(const Context *cx, BlockCache *cache, FileSystem *files, const TableVersion *table,
                            const Segment *segment, SegmentReader **out) {
    Context own = *cx;
    own.memory = block_cache_account(cache);
    Arena arena;
    arena_init(&arena);
    SegmentReader *reader = arena_alloc(&own, &arena, sizeof *reader);
    if (reader == NULL) {
        return OUT_OF_MEMORY;
    }
    reader->arena = arena;
    reader->cache = cache;
    reader->files = files;
    Status status = copy_place(&own, reader, table, segment);
    if (status == OK) {
        reader->columns = arena_alloc(&own, &reader->arena, sizeof *reader->columns * table->schema->column_count);
        status = reader->columns == NULL ? OUT_OF_MEMORY : OK;
    }
    if (status != OK) {
        arena = reader->arena;
        arena_free(&arena);
        return status;
    }
    for (uint32_t c = 0; c < table->schema->column_count; c++) {
        reader->columns[c].image_bytes = segment->columns[c].file_bytes;
    }
    pthread_mutex_init(&reader->lock, NULL);
    *out = reader;
    return OK;
}

/* ------------------------------------------------------------------------------------- under the table's lock, all that follow
 */

static void idle_remove(SegmentTable *table, SegmentReader *reader) {
    *(reader->previous != NULL ? &reader->previous->next : &table->oldest) = reader->next;
    *(reader->next != NULL ? &reader->next->previous : &table->newest) = reader->previous;
    reader->next = reader->previous = NULL;
    table->idle--;
}

static void idle_add(SegmentTable *table, SegmentReader *reader) {
    reader->previous = table->newest;
    *(table->newest != NULL ? &table->newest->next : &table->oldest) = reader;
    table->newest = reader;
    table->idle++;
}

static SegmentReader **find(SegmentTable *table, uint64_t id) {
    SegmentReader **at = &table->buckets[id % BUCKETS];
    while (*at != NULL && (*at)->segment.id != id) {
        at = &(*at)->chain;
    }
    return at;
}

static void forget_oldest(SegmentTable *table) {
    SegmentReader *reader = table->oldest;
    idle_remove(table, reader);
    *find(table, reader->segment.id) = reader->chain;
    reader_free(reader);
}

Status segment_table_open(const Context *cx, BlockCache *cache, FileSystem *files, const TableVersion *from,
                          const Segment *segment, SegmentReader **out) {
    SegmentTable *table = block_cache_segments(cache);
    Status status = OK;
    pthread_mutex_lock(&table->lock);
    SegmentReader **at = find(table, segment->id);
    if (*at == NULL) {
        status = reader_create(cx, cache, files, from, segment, at);
    } else if ((*at)->references == 0) {
        idle_remove(table, *at);
    }
    if (status == OK) {
        (*at)->references++;
        *out = *at;
    }
    pthread_mutex_unlock(&table->lock);
    return status;
}

void segment_table_release(SegmentReader *reader) {
    SegmentTable *table = block_cache_segments(reader->cache);
    pthread_mutex_lock(&table->lock);
    if (--reader->references == 0) {
        idle_add(table, reader);
        if (table->idle > IDLE_MAX) {
            forget_oldest(table);
        }
    }
    pthread_mutex_unlock(&table->lock);
}
