/* ADVISE: which other design of the tables would make these queries cheaper? Each candidate is planned as if it were there
 * (plan/what_if.h) and priced; the one that gains the most is taken, again and again, until none gains enough. */
#include "session/advise.h"

#include "bind/bind.h"
#include "parser/parse.h"
#include "plan/query_log.h"

#include <string.h>

#define CANDIDATES_MAX 96
#define PROPOSALS_MAX 16
#define GAIN_LEAST 0.02     /* of what all queries cost now */
#define NODES_OF_ONE_NODE 4 /* on one node distribution is judged as if there were so many */

/* ------------------------------------------------------------------------------------------------------------- workload */

static Status add_query(const Context *cx, Advice *advice, const AstQuery *ast) {
    if (advice->queries == NULL) {
        TRY_NEW_ARRAY(cx, &advice->statement->run.arena, advice->queries, ADVISE_QUERIES_MAX);
    }
    advice->queries_run++;
    if (advice->query_count < ADVISE_QUERIES_MAX) {
        advice->queries[advice->query_count++] = (AdvisedQuery){.ast = ast, .weight = 1};
    }
    return OK;
}

/* Texts of the log's queries, oldest first; those that came again are counted. */
typedef struct LogReader {
    const Context *cx;
    Arena *arena;
    uint32_t count, capacity;
    const char **texts;
} LogReader;

static Status read_entry(void *argument, const LoggedQuery *entry) {
    LogReader *reader = argument;
    if (entry->error != NULL || !entry->has_plan || !entry->reads_tables || strcmp(entry->tag, "SELECT") != 0) {
        return OK;
    }
    const char *text = arena_copy_text(reader->cx, reader->arena, entry->text, strlen(entry->text));
    if (text == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY_APPEND(reader->cx, reader->arena, reader->texts, reader->capacity, reader->count, text);
    return OK;
}

/* The same text before: that query ran once more. */
static bool count_again(Advice *advice, const LogReader *reader, uint32_t first, uint32_t index, const uint32_t *queries) {
    for (uint32_t i = first; i < index; i++) {
        if (queries[i] != UINT32_MAX && strcmp(reader->texts[i], reader->texts[index]) == 0) {
            advice->queries[queries[i]].weight++;
            advice->queries_run++;
            return true;
        }
    }
    return false;
}

/* A query that can not be read any more (parameters, tables that are gone) is left out. */
static Status add_text(const Context *cx, Advice *advice, const char *text) {
    AstQuery *query;
    Status status = parse_stored_query(cx, &advice->statement->run.arena, text, POS_NONE, &query);
    if (status == OUT_OF_MEMORY || status == QUERY_CANCELED) {
        return status;
    }
    error_clear(cx->error);
    return status == OK ? add_query(cx, advice, query) : OK;
}

static Status read_log(const Context *cx, Advice *advice, int64_t wanted) {
    Arena *arena = &advice->statement->run.arena;
    LogReader reader = {.cx = cx, .arena = arena};
    uint32_t *queries;
    TRY(query_log_each(advice->statement->db->warehouse, read_entry, &reader));
    uint32_t first = wanted > 0 && reader.count > wanted ? reader.count - (uint32_t)wanted : 0;
    TRY_NEW_ARRAY(cx, arena, queries, reader.count + 1);
    for (uint32_t i = first; i < reader.count; i++) {
        queries[i] = UINT32_MAX;
        if (!count_again(advice, &reader, first, i, queries)) {
            uint32_t before = advice->query_count;
            TRY(add_text(cx, advice, reader.texts[i]));
            queries[i] = advice->query_count > before ? before : UINT32_MAX;
        }
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- pricing */

static Status plan_in(const Context *cx, Advice *advice, Arena *arena, const AdvisedQuery *query, LogicalPlan **logical) {
    Run *run = &advice->statement->run;
    BindParameters parameters = {.count = advice->statement->ast->parameter_count, .values = advice->statement->parameters};
    TRY(bind_query(cx, arena, run->snapshot, query->ast, &parameters, logical));
    (*logical)->is_shown = true;
    return OK;
}

static const TableSchema *design_with(const Advice *advice, const Candidate *candidate, uint32_t table) {
    for (uint32_t i = 0; candidate != NULL && i < candidate->count; i++) {
        if (candidate->tables[i] == table) {
            return candidate->designs[i];
        }
    }
    return advice->tables[table].design;
}

static Status price_in(const Context *cx, Advice *advice, Arena *arena, const AdvisedQuery *query, const Candidate *candidate,
                       Price *price) {
    LogicalPlan *logical;
    PhysicalPlan *plan;
    WhatIf *what_if;
    DesignChange *changes;
    TRY(plan_in(cx, advice, arena, query, &logical));
    TRY_NEW(cx, arena, what_if);
    TRY_NEW_ARRAY(cx, arena, changes, advice->table_count + 1);
    *what_if = (WhatIf){.nodes = advice->nodes, .scale = 1, .changes = changes};
    for (uint32_t t = 0; t < advice->table_count; t++) {
        const TableSchema *design = design_with(advice, candidate, t);
        if (design != advice->tables[t].table->schema) {
            changes[what_if->change_count++] = (DesignChange){advice->tables[t].table, design};
        }
    }
    TRY(what_if_apply(cx, logical, what_if));
    TRY(plan_optimize(cx, logical));
    Topology topology = snapshot_topology(logical->snapshot);
    topology.nodes = advice->nodes;
    TRY(plan_physical(cx, logical, topology, &plan));
    price_plan(cx->settings, plan, price);
    return OK;
}

/* The query's price with the candidate's change; NULL: under the designs so far. */
static Status price_query(const Context *cx, Advice *advice, const AdvisedQuery *query, const Candidate *candidate,
                          Price *price) {
    Arena arena;
    TRY(check_cancel(cx));
    arena_init(&arena);
    Status status = price_in(cx, advice, &arena, query, candidate, price);
    arena_free(&arena);
    return status;
}

static void add_price(Price *sum, const Price *price, double weight) {
    sum->moved += price->moved * weight;
    sum->scanned += price->scanned * weight;
    sum->nanoseconds += price->nanoseconds * weight;
}

/* Queries over other tables cost what they did. */
static Status price_candidate(const Context *cx, Advice *advice, const Candidate *candidate, Price *sum) {
    uint64_t touched = 0;
    *sum = (Price){0};
    for (uint32_t i = 0; i < candidate->count; i++) {
        touched |= (uint64_t)1 << candidate->tables[i];
    }
    for (uint32_t q = 0; q < advice->query_count; q++) {
        const AdvisedQuery *query = &advice->queries[q];
        Price price = query->price;
        if ((query->tables & touched) != 0) {
            TRY(price_query(cx, advice, query, candidate, &price));
        }
        add_price(sum, &price, query->weight);
    }
    return OK;
}

static Status price_all(const Context *cx, Advice *advice, Price *sum) {
    *sum = (Price){0};
    for (uint32_t q = 0; q < advice->query_count; q++) {
        TRY(price_query(cx, advice, &advice->queries[q], NULL, &advice->queries[q].price));
        add_price(sum, &advice->queries[q].price, advice->queries[q].weight);
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- search */

/* Tells what each query joins and restricts. One of the log that cannot be planned any more is left out. */
static Status note_queries(const Context *cx, Advice *advice, bool is_log) {
    uint32_t kept = 0;
    for (uint32_t q = 0; q < advice->query_count; q++) {
        AdvisedQuery *query = &advice->queries[q];
        LogicalPlan *logical;
        Status status = plan_in(cx, advice, &advice->statement->run.arena, query, &logical);
        status = status == OK ? plan_optimize(cx, logical) : status;
        if (status == OK) {
            advice->queries[kept] = *query;
            TRY(advise_note_query(cx, advice, logical, &advice->queries[kept++]));
        } else if (!is_log || status == OUT_OF_MEMORY || status == QUERY_CANCELED) {
            return status;
        } else {
            advice->queries_run -= query->weight;
            error_clear(cx->error);
        }
    }
    advice->query_count = kept;
    return OK;
}

/* A statement that a later one undoes is not proposed any more: the same clause of the same table. */
static void drop_replaced(TextTable *table, const char *statement) {
    const char *clause = strstr(statement, " ALTER ");
    size_t bytes = clause == NULL ? 0 : (size_t)(clause - statement) + strlen(" ALTER DIST");
    for (uint32_t r = 0; r < table->rows && clause != NULL; r++) {
        const char **cell = &table->cells[(size_t)r * table->column_count];
        *cell = strncmp(*cell, statement, bytes) == 0 ? "(replaced below)" : *cell;
    }
}

static Status add_proposals(const Context *cx, Advice *advice, const Candidate *candidate, const Price *before,
                            const Price *after, const Price *first) {
    Run *run = &advice->statement->run;
    Arena *arena = &run->arena;
    const char *gain =
        arena_format(cx, arena, "%.0f %%", 100 * (before->nanoseconds - after->nanoseconds) / first->nanoseconds);
    const char *moved = arena_format(cx, arena, "%.0f -> %.0f", before->moved, after->moved);
    const char *scanned = arena_format(cx, arena, "%.0f -> %.0f", before->scanned, after->scanned);
    if (gain == NULL || moved == NULL || scanned == NULL) {
        return OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < candidate->count; i++) {
        const char *statement = arena_format(cx, arena, "%s;", candidate->statements[i]);
        const char *cells[] = {statement, i == 0 ? gain : NULL, i == 0 ? moved : NULL, i == 0 ? scanned : NULL,
                               i == 0 ? candidate->reason : "with the one above"};
        TRY(statement == NULL ? OUT_OF_MEMORY : OK);
        drop_replaced(run->table, statement);
        TRY(text_table_add(cx, arena, run->table, cells));
    }
    return OK;
}

static void take(Advice *advice, const Candidate *candidate) {
    for (uint32_t i = 0; i < candidate->count; i++) {
        advice->tables[candidate->tables[i]].design = candidate->designs[i];
    }
}

/* The candidate that leaves the lowest price; *best = count if none gains enough. */
static Status find_best(const Context *cx, Advice *advice, const Candidate *candidates, uint32_t count, double least,
                        Price *price, uint32_t *best) {
    Price now = *price;
    *best = count;
    for (uint32_t i = 0; i < count; i++) {
        Price sum;
        Status status = price_candidate(cx, advice, &candidates[i], &sum);
        if (status == FEATURE_NOT_SUPPORTED || status == CONFIGURATION_LIMIT_EXCEEDED) { /* partitions nobody can suppose */
            error_clear(cx->error);
            continue;
        }
        TRY(status);
        if (now.nanoseconds - sum.nanoseconds > least && sum.nanoseconds < price->nanoseconds) {
            *price = sum;
            *best = i;
        }
    }
    return OK;
}

static Status search(const Context *cx, Advice *advice) {
    Arena *arena = &advice->statement->run.arena;
    Candidate *candidates;
    Price first, price;
    TRY_NEW_ARRAY(cx, arena, candidates, CANDIDATES_MAX);
    TRY(price_all(cx, advice, &first));
    price = first;
    for (uint32_t n = 0; n < PROPOSALS_MAX; n++) {
        uint32_t count, best;
        Price before = price;
        TRY(advise_candidates(cx, advice, arena, candidates, CANDIDATES_MAX, &count));
        TRY(find_best(cx, advice, candidates, count, GAIN_LEAST * first.nanoseconds, &price, &best));
        if (best == count) {
            break;
        }
        take(advice, &candidates[best]);
        TRY(price_all(cx, advice, &price));
        TRY(add_proposals(cx, advice, &candidates[best], &before, &price, &first));
    }
    TRY(advise_encodings(cx, advice, &first));
    if (advice->statement->run.table->rows == 0) {
        notice(cx, "no other design is thought to gain %.0f %% or more", 100 * GAIN_LEAST);
    } else {
        notice(cx,
               "estimated over %.0f queries: %.0f -> %.0f bytes moved, %.0f -> %.0f bytes scanned; "
               "COMPARE (TABLE t …, DEFAULT) builds a design and measures",
               advice->queries_run, first.moved, price.moved, first.scanned, price.scanned);
    }
    return OK;
}

Status run_advise(const Context *cx, depot_statement *statement) {
    static const char *const headings[] = {"proposal", "gain", "bytes moved", "bytes scanned", "because"};
    Run *run = &statement->run;
    const AstAdvise *ast = statement->ast->advise;
    Advice advice = {.statement = statement};
    TRY(transaction_read(cx, statement));
    TRY(ast->query != NULL ? add_query(cx, &advice, ast->query) : read_log(cx, &advice, ast->count));
    TRY(note_queries(cx, &advice, ast->query == NULL));
    TRY(text_table_create(cx, &run->arena, sizeof headings / sizeof *headings, headings, &run->table));
    advice.nodes = snapshot_topology(run->snapshot).nodes;
    if (advice.nodes == 1) {
        advice.nodes = NODES_OF_ONE_NODE;
        notice(cx, "one node: distribution is judged as if there were %u", advice.nodes);
    }
    if (advice.query_count == 0) {
        notice(cx, "there is no query to advise on: the log has none that reads a table");
        return OK;
    }
    return search(cx, &advice);
}
