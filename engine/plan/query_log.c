/* The query log: a list of entries, each an arena of its own, under the lock of its attachment. */
#include "plan/query_log.h"

typedef struct Entry {
    struct Entry *newer;
    Arena arena; /* holds the entry itself */
    LoggedQuery query;
} Entry;

typedef struct QueryLog {
    Entry *oldest, *newest;
    uint64_t count, last_id;
} QueryLog;

static void free_entry(Entry *entry) {
    Arena arena = entry->arena; /* a copy: the entry dies with it */
    arena_free(&arena);
}

static void release_log(void *log_) {
    QueryLog *log = log_;
    while (log->oldest != NULL) {
        Entry *entry = log->oldest;
        log->oldest = entry->newer;
        free_entry(entry);
    }
    mem_free(log);
}

static void append(QueryLog *log, Entry *entry, uint64_t keep) {
    entry->query.id = ++log->last_id;
    if (log->newest == NULL) {
        log->oldest = entry;
    } else {
        log->newest->newer = entry;
    }
    log->newest = entry;
    log->count++;
    for (; log->count > keep && log->oldest != log->newest; log->count--) {
        Entry *dropped = log->oldest;
        log->oldest = dropped->newer;
        free_entry(dropped);
    }
}

static Status open_log(const Context *cx, Attachment *place, QueryLog **log) {
    if (place->object == NULL) {
        TRY_ALLOC_ZEROED(cx, place->object, sizeof(QueryLog));
        place->release = release_log;
    }
    *log = place->object;
    return OK;
}

Context query_log_context(const Context *cx, Warehouse *warehouse) {
    Context own = *cx;
    own.memory = warehouse_memory(warehouse);
    return own;
}

/* The entry itself is in the arena, too. */
static Status make_entry(const Context *cx, const LoggedQuery *query, Arena *arena, Entry **out) {
    Entry *entry;
    TRY_NEW(cx, arena, entry);
    *entry = (Entry){.query = *query, .arena = *arena};
    *out = entry;
    return OK;
}

Status query_log_add(const Context *cx, Warehouse *warehouse, const LoggedQuery *query, Arena *arena, uint64_t keep) {
    Context own = query_log_context(cx, warehouse);
    Entry *entry;
    Status status = make_entry(&own, query, arena, &entry);
    if (status != OK) {
        arena_free(arena);
        return status;
    }
    arena_init(arena);
    Attachment *place = warehouse_history(warehouse);
    pthread_mutex_lock(&place->lock);
    QueryLog *log;
    status = open_log(&own, place, &log);
    if (status == OK) {
        append(log, entry, keep);
    } else {
        free_entry(entry);
    }
    pthread_mutex_unlock(&place->lock);
    return status;
}

Status query_log_each(Warehouse *warehouse, LoggedQueryVisit *visit, void *argument) {
    Attachment *place = warehouse_history(warehouse);
    pthread_mutex_lock(&place->lock);
    const QueryLog *log = place->object;
    Status status = OK;
    for (const Entry *entry = log == NULL ? NULL : log->oldest; entry != NULL && status == OK; entry = entry->newer) {
        status = visit(argument, &entry->query);
    }
    pthread_mutex_unlock(&place->lock);
    return status;
}
