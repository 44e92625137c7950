/* The query log: the last statements of an open warehouse, as the stl_, svl_ and sys_ tables and ADVISE show them. Kept in
 * memory, by the warehouse handle (warehouse_history); session/query_log.c fills it, any thread reads it. */
#ifndef DEPOT_PLAN_QUERY_LOG_H
#define DEPOT_PLAN_QUERY_LOG_H

#include "storage/warehouse.h"

#define LEADER_SLICE 6411 /* the number that Redshift gives the leader's */

/* What one slice (of a scan) or one node (of other steps: its first slice stands for it) did. */
typedef struct LoggedPart {
    int32_t slice;
    uint64_t rows, bytes, nanoseconds; /* of the whole node: its slices work together */
    uint64_t rows_pre_filter, rows_pre_user_filter;
} LoggedPart;

typedef struct LoggedStep {
    uint32_t stream, segment, step;
    const char *name;       /* "scan", "hjoin", "bcast" …; static */
    uint64_t table_id;      /* TableVersion.id of what it reads or writes; 0: none */
    const char *table_name; /* NULL: none */
    uint64_t rows;          /* that came out of it; of a table that every node has a copy of, as often */
    uint64_t bytes;         /* read from blocks, or sent to other nodes */
    uint64_t memory_bytes;  /* of hash tables, groups, runs */
    uint64_t spilled_bytes; /* of them, on disk */
    uint64_t blocks_read;
    uint64_t rows_pre_filter, rows_pre_user_filter; /* scans: rows of the blocks, and those of them that are not deleted */
    bool is_range_restricted;                       /* a scan that left blocks out */
    bool filters_sort_key;                          /* a scan that filters the leading sort-key column of its table */
    uint32_t part_count;
    LoggedPart *parts;
} LoggedStep;

/* One operator of the plan as EXPLAIN shows it. */
typedef struct LoggedNode {
    uint32_t id, parent; /* from 1; parent 0: none */
    const char *heading; /* "  ->  XN Seq Scan on t  (cost=…)" */
    const char *info;    /* the lines below it, joined by "; "; NULL: none */
} LoggedNode;

typedef struct LoggedAlert {
    uint32_t segment, step; /* of the operator */
    int32_t slice;          /* the first that it ran on */
    const char *event, *solution;
} LoggedAlert;

/* Texts end in 0. Times of day are microseconds UTC since 1970. */
typedef struct LoggedQuery {
    uint64_t id;       /* 1, 2, … in the order in which statements ended; set by query_log_add */
    const char *text;  /* without blanks around it and the semicolon behind it */
    const char *tag;   /* "SELECT", "COPY" …; static */
    const char *error; /* NULL: it ended well */
    int64_t start_micros, end_micros;
    uint64_t elapsed_ns, planning_ns, execution_ns;
    uint64_t rows; /* returned or written */
    bool has_plan; /* what follows was counted */
    bool reads_tables;
    uint64_t bytes_scanned, bytes_moved, bytes_to_leader, peak_memory_bytes, spilled_bytes;
    uint32_t step_count, node_count, alert_count; /* query_log = steps */
    const LoggedStep *steps;
    const LoggedNode *nodes;
    const LoggedAlert *alerts;
} LoggedQuery;

/* What an entry's texts and arrays are allocated with: they belong to the warehouse. */
Context query_log_context(const Context *cx, Warehouse *warehouse);
/* Adds the entry, whose texts and arrays are in `arena`; moves the arena, also on failure. Forgets the oldest entries so that
 * at most `keep` are left. */
Status query_log_add(const Context *cx, Warehouse *warehouse, const LoggedQuery *query, Arena *arena, uint64_t keep);

/* Calls `visit` for every entry, oldest first, until it fails. The log is locked meanwhile: what is kept has to be copied, and
 * no statement may be run. */
typedef Status LoggedQueryVisit(void *argument, const LoggedQuery *query);
Status query_log_each(Warehouse *warehouse, LoggedQueryVisit *visit, void *argument);

#endif
