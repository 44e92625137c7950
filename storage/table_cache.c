/* The readers and query dictionaries of a table version. */
#include "storage/table_cache.h"

#include "storage/dictionary.h"
#include "storage/segment_read.h"

#include <stdlib.h>

static void query_dictionary_free(QueryDictionary *query) {
    if (query == NULL) {
        return;
    }
    for (uint32_t s = 0; query->maps != NULL && s < query->segment_count; s++) {
        mem_free(query->maps[s].map);
    }
    mem_free(query->maps);
    free((void *)(uintptr_t)atomic_load(&query->dictionary.hashes)); /* dictionary_hashes takes it from malloc */
    dictionary_free(query->united);
    mem_free(query);
}

static void table_cache_free(void *cache_) {
    TableCache *cache = cache_;
    for (uint32_t c = 0; c < cache->column_count; c++) {
        query_dictionary_free(cache->columns[c].query_dictionary);
    }
    for (uint32_t s = 0; s < cache->segment_count; s++) {
        if (cache->readers[s] != NULL) {
            segment_table_release(cache->readers[s]);
        }
    }
    mem_free(cache);
}

/* The caller's context, with memory charged to the block cache. */
static Context cache_context(const Context *cx, BlockCache *cache) {
    Context own = *cx;
    own.memory = block_cache_account(cache);
    return own;
}

static Status create(const Context *cx, BlockCache *blocks, const TableVersion *table, TableCache **out) {
    Context own = cache_context(cx, blocks);
    size_t reader_bytes = sizeof(SegmentReader *) * table->segment_count;
    TableCache *cache;
    TRY_ALLOC_ZEROED(&own, cache, sizeof *cache + reader_bytes + sizeof(ColumnCache) * table->schema->column_count);
    cache->cache = blocks;
    cache->segment_count = table->segment_count;
    cache->column_count = table->schema->column_count;
    cache->readers = (SegmentReader **)(cache + 1);
    cache->columns = (ColumnCache *)(cache->readers + table->segment_count);
    *out = cache;
    return OK;
}

/* The table version's, made on first use. */
static Status table_cache_of(const Context *cx, Snapshot *snapshot, const TableVersion *table, TableCache **out) {
    (void)snapshot; /* it keeps the table; its files may be another warehouse's */
    BlockCache *blocks = block_cache_of(cx, table_warehouse(table));
    if (blocks == NULL) {
        return OUT_OF_MEMORY;
    }
    Attachment *place = table_attachment(table);
    Status status = OK;
    pthread_mutex_lock(&place->lock);
    if (place->object == NULL) {
        TableCache *cache = NULL;
        status = create(cx, blocks, table, &cache);
        place->object = cache;
        place->release = table_cache_free;
    }
    *out = place->object;
    pthread_mutex_unlock(&place->lock);
    return status;
}

Status table_cache_reader(const Context *cx, Snapshot *snapshot, const TableVersion *table, const Segment *segment,
                          SegmentReader **reader) {
    TableCache *cache;
    TRY(table_cache_of(cx, snapshot, table, &cache));
    Attachment *place = table_attachment(table);
    size_t index = (size_t)(segment - table->segments);
    Status status = OK;
    if (index >= cache->segment_count) {
        return fail(cx, INTERNAL_ERROR, "a segment is not of its table version");
    }
    pthread_mutex_lock(&place->lock);
    if (cache->readers[index] == NULL) {
        FileSystem *files = warehouse_files(table_warehouse(table));
        status = segment_table_open(cx, cache->cache, files, table, segment, &cache->readers[index]);
    }
    *reader = cache->readers[index];
    pthread_mutex_unlock(&place->lock);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ query dictionaries */

/* Sum of the segments' dictionaries up to which uniting them is worth the time, whatever the union then has. */
enum { UNITED_ENTRIES_MAX = 4 << 20 };

static bool may_unite(const TableVersion *table, uint32_t column) {
    uint64_t entries = 0;
    for (uint32_t s = 0; s < table->segment_count; s++) {
        const SegmentColumn *in = &table->segments[s].columns[column];
        if (in->dictionary_size == 0 && in->range.nulls < table->segments[s].rows) {
            return false;
        }
        entries += in->dictionary_size;
    }
    return entries > 0 && entries <= UNITED_ENTRIES_MAX;
}

static int compare_segment_ids(const void *a_, const void *b_) {
    const SegmentCodeMap *a = a_, *b = b_;
    return a->segment_id < b->segment_id ? -1 : a->segment_id > b->segment_id;
}

const void *query_dictionary_map(const Dictionary *query_dictionary, uint64_t segment_id, uint32_t *map_bytes) {
    const QueryDictionary *query = (const QueryDictionary *)(const void *)query_dictionary;
    SegmentCodeMap key = {.segment_id = segment_id};
    const SegmentCodeMap *found = bsearch(&key, query->maps, query->segment_count, sizeof key, compare_segment_ids);
    *map_bytes = query->map_bytes;
    return found != NULL ? found->map : NULL;
}

static Status make_maps(const Context *cx, const TableVersion *table, const Dictionary *const *parts, QueryDictionary *into) {
    into->map_bytes = into->united->size <= 256 ? 1 : 2;
    into->segment_count = table->segment_count;
    TRY_ALLOC_ZEROED(cx, into->maps, sizeof *into->maps * table->segment_count);
    for (uint32_t s = 0; s < table->segment_count; s++) {
        SegmentCodeMap *to = &into->maps[s];
        to->segment_id = table->segments[s].id;
        if (parts[s]->size == 0) {
            continue;
        }
        TRY_ALLOC(cx, to->map, (size_t)parts[s]->size * into->map_bytes);
        bool is_identity;
        dictionary_map(parts[s], into->united, into->map_bytes, to->map, &is_identity);
        if (is_identity) {
            mem_free(to->map);
            to->map = NULL;
        }
    }
    qsort(into->maps, into->segment_count, sizeof *into->maps, compare_segment_ids);
    return OK;
}

/* The segments' dictionaries, an empty one for those that hold nothing but NULLs. */
static Status load_parts(const Context *cx, Snapshot *snapshot, const TableVersion *table, uint32_t column,
                         const Dictionary **parts) {
    static const Dictionary nothing;
    for (uint32_t s = 0; s < table->segment_count; s++) {
        parts[s] = &nothing;
        if (table->segments[s].columns[column].dictionary_size > 0) {
            SegmentReader *reader;
            TRY(table_cache_reader(cx, snapshot, table, &table->segments[s], &reader));
            TRY(segment_dictionary(cx, reader, column, &parts[s]));
        }
        TRY(check_cancel(cx));
    }
    return OK;
}

static Status unite(const Context *cx, const TableVersion *table, uint32_t column, const Dictionary *const *parts,
                    QueryDictionary **out) {
    Type type = table->schema->columns[column].type;
    Dictionary *united;
    TRY(dictionary_union(cx, type, parts, table->segment_count, QUERY_DICTIONARY_SIZE_MAX, &united));
    if (united == NULL) {
        return OK;
    }
    QueryDictionary *query = mem_alloc_zeroed(cx, sizeof *query);
    if (query == NULL) {
        dictionary_free(united);
        return OUT_OF_MEMORY;
    }
    query->united = united;
    query->dictionary = (Dictionary){.type = type, .size = united->size, .values = united->values, .is_shared = true};
    Status status = make_maps(cx, table, parts, query);
    if (status != OK) {
        query_dictionary_free(query);
        return status;
    }
    *out = query;
    return OK;
}

static Status decide(const Context *cx, Snapshot *snapshot, const TableVersion *table, uint32_t column, QueryDictionary **out) {
    const Dictionary **parts;
    TRY_ALLOC(cx, parts, sizeof *parts * table->segment_count);
    Status status = load_parts(cx, snapshot, table, column, parts);
    if (status == OK) {
        status = unite(cx, table, column, parts, out);
    } else if (status != QUERY_CANCELED && status != OUT_OF_MEMORY) {
        /* A segment that cannot be read may well be one that no query needs: codes stay per segment, and whoever reads it
         * gets the error. */
        error_clear(cx->error);
        status = OK;
    }
    mem_free(parts);
    return status;
}

Status table_dictionary(const Context *cx, Snapshot *snapshot, const TableVersion *table, uint32_t column,
                        const Dictionary **dictionary) {
    *dictionary = NULL;
    if (!may_unite(table, column)) {
        return OK;
    }
    TableCache *cache;
    TRY(table_cache_of(cx, snapshot, table, &cache));
    Attachment *place = table_attachment(table);
    ColumnCache *in = &cache->columns[column];
    pthread_mutex_lock(&place->lock);
    bool is_decided = in->is_decided;
    pthread_mutex_unlock(&place->lock);
    if (!is_decided) {
        Context own = cache_context(cx, cache->cache);
        QueryDictionary *made = NULL;
        TRY(decide(&own, snapshot, table, column, &made));
        pthread_mutex_lock(&place->lock);
        if (!in->is_decided) {
            in->query_dictionary = made;
            in->is_decided = true;
            made = NULL;
        }
        pthread_mutex_unlock(&place->lock);
        query_dictionary_free(made); /* another thread was first */
    }
    *dictionary = in->query_dictionary != NULL ? &in->query_dictionary->dictionary : NULL;
    return OK;
}
