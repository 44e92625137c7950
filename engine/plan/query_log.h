/* The query log: the last statements of an open warehouse, as the stl_, svl_ and sys_ tables and ADVISE show them. Kept in
 * memory, by the warehouse handle (warehouse_history); session/query_log.c fills it, any thread reads it. */
#ifndef DEPOT_PLAN_QUERY_LOG_H
#define DEPOT_PLAN_QUERY_LOG_H

#include "storage/warehouse.h"

/* Texts of entries end in 0. Times of day are microseconds UTC since 1970. */
typedef struct LoggedQuery {
    uint64_t id;      /* 1, 2, … in the order in which statements ended; set by query_log_add */
    const char *text; /* without blanks around it and the semicolon behind it */
    size_t text_bytes;
    const char *tag;   /* "SELECT", "COPY" … */
    const char *error; /* NULL: it ended well */
    int64_t start_micros, end_micros;
    uint64_t elapsed_ns, planning_ns, execution_ns;
    uint64_t rows; /* returned or written */
    bool has_plan; /* what follows was counted */
    bool reads_tables;
    uint64_t bytes_scanned, bytes_moved, bytes_to_leader, peak_memory_bytes, spilled_bytes;
} LoggedQuery;

/* Copies the entry, texts included, and forgets the oldest so that at most `keep` are left. */
Status query_log_add(const Context *cx, Warehouse *warehouse, const LoggedQuery *query, uint64_t keep);

/* Calls `visit` for every entry, oldest first, until it fails. The log is locked meanwhile: what is kept has to be copied, and
 * no statement may be run. */
typedef Status LoggedQueryVisit(void *argument, const LoggedQuery *query);
Status query_log_each(Warehouse *warehouse, LoggedQueryVisit *visit, void *argument);

#endif
