/* Inside ADVISE: the queries that are to become cheaper and the search (advise.c), what a plan is thought to cost
 * (advise_price.c), which designs come into question (advise_candidates.c). */
#ifndef DEPOT_SESSION_ADVISE_H
#define DEPOT_SESSION_ADVISE_H

#include "session/session.h"

#define ADVISE_TABLES_MAX 64
#define ADVISE_QUERIES_MAX 200 /* different ones */

/* What a plan is thought to cost. All are estimates. */
typedef struct Price {
    double moved;       /* bytes between nodes */
    double scanned;     /* stored bytes of the blocks read, by all nodes together */
    double nanoseconds; /* of the busiest node: what it reads, and what its link carries */
} Price;

typedef struct AdvisedQuery {
    const AstQuery *ast;
    double weight;   /* how often it ran */
    uint64_t tables; /* set of Advice.tables */
    Price price;     /* under the designs so far, of one run */
} AdvisedQuery;

typedef struct AdvisedTable {
    const TableVersion *table;
    const TableSchema *design; /* as it is to be so far; the table's own at first */
    double *reads;             /* per column: how often queries read it */
} AdvisedTable;

/* A change of one or two tables. */
typedef struct Candidate {
    uint32_t count;
    uint32_t tables[2];
    const TableSchema *designs[2];
    const char *statements[2]; /* ALTER TABLE … */
    const char *reason;        /* "4 queries join a.x to b.y" */
} Candidate;

typedef struct Advice {
    depot_statement *statement;
    uint32_t nodes; /* that plans are made for */
    uint32_t query_count;
    AdvisedQuery *queries;
    uint32_t table_count;
    AdvisedTable tables[ADVISE_TABLES_MAX];
    double queries_run; /* weights added up */
    struct JoinPair *pairs;
    uint32_t pair_count;
    struct FilterColumn *filters;
    uint32_t filter_count;
} Advice;

/* Two columns that queries compare for equality, and a column that they restrict: by constants, or by the keys of a join. */
typedef struct ColumnOf {
    uint32_t table, column;
} ColumnOf;
typedef struct JoinPair {
    ColumnOf a, b;
    double weight;
    const AdvisedQuery *last; /* that was counted */
} JoinPair;
typedef struct FilterColumn {
    ColumnOf column;
    double weight;
    const AdvisedQuery *last;
} FilterColumn;

/* advise_price.c */
#define BYTE_SCAN_NS 0.3 /* a stored byte decoded and filtered, on one slice */
void price_plan(const Settings *settings, const PhysicalPlan *plan, Price *price);
/* advise_candidates.c: notes what a bound query joins and restricts, and gives the changes of the designs so far that could
 * help; *count of them, at most `most`. */
Status advise_note_query(const Context *cx, Advice *advice, const LogicalPlan *plan, AdvisedQuery *query);
/* As a statement writes it; NULL without memory. */
const char *advise_table_name(const Context *cx, Arena *arena, const TableSchema *schema);
/* advise_encodings.c: a row for each column that is stored in a declared encoding and would be smaller in the best one; `now`
 * is what all queries cost. */
Status advise_encodings(const Context *cx, Advice *advice, const Price *now);
Status advise_candidates(const Context *cx, const Advice *advice, Arena *arena, Candidate *candidates, uint32_t most,
                         uint32_t *count);

#endif
