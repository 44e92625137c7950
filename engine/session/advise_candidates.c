/* Designs that could help: a DISTKEY on both sides of a join, a copy per node of a table that is small beside the largest, a
 * sort key or partitions by what queries restrict. Which of them do help is for prices to say. */
#include "plan/columns.h"
#include "session/advise.h"

#include <string.h>

#define PAIRS_MAX 64
#define FILTERS_MAX 128
#define SMALL_SHARE 0.05            /* of the largest table's rows, up to which a table may be on every node */
#define VALUES_PER_SLICE 16         /* distinct values of a DISTKEY for each slice, at least: fewer fill them unevenly */
#define PARTITION_ROWS_LEAST 200000 /* of a partition: smaller ones cost more files than they save blocks */

/* ------------------------------------------------------------------------------------------------ what the queries ask */

typedef struct Noter {
    const Context *cx;
    Advice *advice;
    const LogicalPlan *plan;
    AdvisedQuery *query;
} Noter;

/* The table's number, added if it is new; UINT32_MAX for what is not a table, and past the limit. */
static uint32_t table_number(Advice *advice, const TableVersion *table) {
    uint32_t i = 0;
    while (i < advice->table_count && advice->tables[i].table != table) {
        i++;
    }
    if (i == advice->table_count && i < ADVISE_TABLES_MAX) {
        advice->tables[advice->table_count++] = (AdvisedTable){.table = table, .design = table->schema};
    }
    return i < ADVISE_TABLES_MAX ? i : UINT32_MAX;
}

static bool column_of(Noter *noter, const Expr *expr, ColumnOf *out) {
    const Expr *column = expr_widened_column(expr);
    if (column == NULL || column->kind != EXPR_COLUMN) {
        return false;
    }
    const LogicalColumn *logical = &noter->plan->columns[column->column];
    if (logical->table == NULL || logical->table_column == ROW_ID_COLUMN) {
        return false;
    }
    *out = (ColumnOf){table_number(noter->advice, logical->table), logical->table_column};
    return out->table != UINT32_MAX;
}

static bool same_column(ColumnOf a, ColumnOf b) {
    return a.table == b.table && a.column == b.column;
}

static void note_filter(Noter *noter, ColumnOf column) {
    Advice *advice = noter->advice;
    uint32_t i = 0;
    while (i < advice->filter_count && !same_column(advice->filters[i].column, column)) {
        i++;
    }
    if (i == advice->filter_count && i < FILTERS_MAX) {
        advice->filters[advice->filter_count++] = (FilterColumn){.column = column};
    }
    if (i < FILTERS_MAX && advice->filters[i].last != noter->query) {
        advice->filters[i].weight += noter->query->weight;
        advice->filters[i].last = noter->query;
    }
}

static void note_pair(Noter *noter, ColumnOf a, ColumnOf b) {
    Advice *advice = noter->advice;
    uint32_t i = 0;
    while (i < advice->pair_count && !(same_column(advice->pairs[i].a, a) && same_column(advice->pairs[i].b, b)) &&
           !(same_column(advice->pairs[i].a, b) && same_column(advice->pairs[i].b, a))) {
        i++;
    }
    if (i == advice->pair_count && i < PAIRS_MAX) {
        advice->pairs[advice->pair_count++] = (JoinPair){.a = a, .b = b};
    }
    if (i < PAIRS_MAX && advice->pairs[i].last != noter->query) {
        advice->pairs[i].weight += noter->query->weight;
        advice->pairs[i].last = noter->query;
    }
}

/* a = b over two tables is a join; one column and constants are a filter. A join's keys restrict the larger side, too. */
static bool visit_condition(const Expr *node, void *argument) {
    Noter *noter = argument;
    ColumnOf a, b;
    bool is_equality = node->kind == EXPR_COMPARE && node->compare == COMPARE_EQ;
    if (is_equality && column_of(noter, node->args[0], &a) && column_of(noter, node->args[1], &b)) {
        const AdvisedTable *tables = noter->advice->tables;
        if (a.table != b.table || a.column == b.column) { /* one column twice: a table joined to itself */
            note_pair(noter, a, b);
            note_filter(noter, tables[a.table].table->rows > tables[b.table].table->rows ? a : b);
        }
        return false;
    }
    if (node->kind == EXPR_COMPARE || node->kind == EXPR_IN) {
        bool is_filter = column_of(noter, node->args[0], &a);
        for (uint32_t i = 1; i < node->arg_count && is_filter; i++) {
            is_filter = !expr_has_columns(node->args[i]);
        }
        if (is_filter) {
            note_filter(noter, a);
        }
    }
    return true;
}

static Status note_conditions(Expr **place, void *argument) {
    (void)expr_walk(*place, visit_condition, argument);
    return OK;
}

/* The scan reads what it hands on and what its filters test. */
static Status note_scan(Noter *noter, const LogicalNode *get) {
    uint32_t number = table_number(noter->advice, get->get.table);
    ColumnSet read;
    if (number == UINT32_MAX) {
        return OK;
    }
    AdvisedTable *table = &noter->advice->tables[number];
    noter->query->tables |= (uint64_t)1 << number;
    if (table->reads == NULL) {
        TRY_NEW_ARRAY(noter->cx, &noter->advice->statement->run.arena, table->reads, table->table->schema->column_count);
    }
    TRY(column_set_init(noter->cx, noter->plan->arena, noter->plan, &read));
    column_set_add_all(&read, get->columns, get->column_count);
    for (uint32_t i = 0; i < get->get.filter_count; i++) {
        column_set_add_expr(&read, get->get.filters[i]);
    }
    for (ColumnId id = 0; id < noter->plan->column_count; id++) {
        const LogicalColumn *column = &noter->plan->columns[id];
        if (column_set_has(&read, id) && column->table == get->get.table && column->table_column != ROW_ID_COLUMN) {
            table->reads[column->table_column] += noter->query->weight;
        }
    }
    return OK;
}

static Status note_tree(Noter *noter, LogicalNode *node) {
    TRY(node->kind == LOGICAL_GET ? note_scan(noter, node) : OK);
    if (node->kind == LOGICAL_GET || node->kind == LOGICAL_FILTER || node->kind == LOGICAL_JOIN) {
        TRY(logical_each_expr(node, note_conditions, noter));
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(note_tree(noter, node->children[i]));
    }
    return OK;
}

Status advise_note_query(const Context *cx, Advice *advice, const LogicalPlan *plan, AdvisedQuery *query) {
    Noter noter = {cx, advice, plan, query};
    if (advice->pairs == NULL) {
        Arena *arena = &advice->statement->run.arena;
        TRY_NEW_ARRAY(cx, arena, advice->pairs, PAIRS_MAX);
        TRY_NEW_ARRAY(cx, arena, advice->filters, FILTERS_MAX);
    }
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(note_tree(&noter, plan->shared[i].node));
    }
    return note_tree(&noter, plan->root);
}

/* ---------------------------------------------------------------------------------------------------------- candidates */

typedef struct Lister {
    const Context *cx;
    const Advice *advice;
    Arena *arena;
    Candidate *items;
    uint32_t count, most;
} Lister;

static const char *column_name(const Advice *advice, ColumnOf column) {
    return advice->tables[column.table].table->schema->columns[column.column].name;
}

const char *advise_table_name(const Context *cx, Arena *arena, const TableSchema *schema) {
    const char *schema_name = ast_print_ident(cx, arena, schema->schema_name);
    const char *name = ast_print_ident(cx, arena, schema->name);
    bool is_default = strcmp(schema->schema_name, DEFAULT_SCHEMA) == 0;
    return schema_name == NULL || name == NULL ? NULL : is_default ? name : arena_format(cx, arena, "%s.%s", schema_name, name);
}

/* The table's design so far, to be changed by the caller; `clause` is what ALTER TABLE says of it. */
static Status change(Lister *l, Candidate *candidate, uint32_t table, TableSchema **schema, const char *clause) {
    const TableSchema *design = l->advice->tables[table].design;
    const char *name = advise_table_name(l->cx, l->arena, design);
    TRY_NEW(l->cx, l->arena, *schema);
    **schema = *design;
    const char *statement =
        name == NULL || clause == NULL ? NULL : arena_format(l->cx, l->arena, "ALTER TABLE %s ALTER %s", name, clause);
    candidate->tables[candidate->count] = table;
    candidate->designs[candidate->count] = *schema;
    candidate->statements[candidate->count++] = statement;
    return statement == NULL ? OUT_OF_MEMORY : OK;
}

static Status add(Lister *l, const Candidate *candidate) {
    if (candidate->reason == NULL) {
        return OUT_OF_MEMORY;
    }
    if (l->count < l->most) {
        l->items[l->count++] = *candidate;
    }
    return OK;
}

static Status set_dist_key(Lister *l, Candidate *candidate, ColumnOf column) {
    const TableSchema *design = l->advice->tables[column.table].design;
    const char *name = ast_print_ident(l->cx, l->arena, column_name(l->advice, column));
    TableSchema *schema;
    if (design->dist_style == DIST_KEY && design->dist_column == column.column) {
        return OK;
    }
    TRY(name == NULL ? OUT_OF_MEMORY : OK);
    TRY(change(l, candidate, column.table, &schema, arena_format(l->cx, l->arena, "DISTKEY %s", name)));
    schema->dist_style = DIST_KEY;
    schema->dist_column = column.column;
    return OK;
}

/* Few values, many NULLs or one value that is very common would leave most rows to few slices. */
static bool spreads(const Advice *advice, ColumnOf column) {
    Topology topology = snapshot_topology(advice->statement->run.snapshot);
    double slices = (double)advice->nodes * topology.slices_per_node;
    const ColumnStatistics *statistics = &advice->tables[column.table].table->statistics[column.column];
    double nulls = statistics->range.rows == 0 ? 0 : (double)statistics->range.nulls / (double)statistics->range.rows;
    double common = statistics->common_count == 0 ? 0 : statistics->common[0].share;
    return statistics->distinct >= VALUES_PER_SLICE * slices && nulls * slices < 1 && common * slices < 1;
}

static Status list_keys(Lister *l) {
    for (uint32_t i = 0; i < l->advice->pair_count; i++) {
        const JoinPair *pair = &l->advice->pairs[i];
        Candidate candidate = {0};
        if (!spreads(l->advice, pair->a) || !spreads(l->advice, pair->b)) {
            continue;
        }
        TRY(set_dist_key(l, &candidate, pair->a));
        TRY(pair->a.table == pair->b.table ? OK : set_dist_key(l, &candidate, pair->b));
        candidate.reason =
            arena_format(l->cx, l->arena, "%.0f of %.0f queries join %s to %s", pair->weight, l->advice->queries_run,
                         column_name(l->advice, pair->a), column_name(l->advice, pair->b));
        TRY(candidate.count == 0 ? OK : add(l, &candidate));
    }
    return OK;
}

static Status list_copies(Lister *l) {
    const Advice *advice = l->advice;
    double largest = 0;
    for (uint32_t t = 0; t < advice->table_count; t++) {
        double rows = (double)advice->tables[t].table->rows;
        largest = rows > largest ? rows : largest;
    }
    for (uint32_t t = 0; t < advice->table_count; t++) {
        const TableVersion *table = advice->tables[t].table;
        Candidate candidate = {0};
        TableSchema *schema;
        bool is_small = (double)table->rows <= SMALL_SHARE * largest;
        if (!is_small || table->dist_style == DIST_ALL || advice->tables[t].design->dist_style == DIST_ALL) {
            continue;
        }
        TRY(change(l, &candidate, t, &schema, "DISTSTYLE ALL"));
        schema->dist_style = DIST_ALL;
        candidate.reason =
            arena_format(l->cx, l->arena, "%llu rows: a copy on each of %u nodes takes %llu bytes",
                         (unsigned long long)table->rows, advice->nodes, (unsigned long long)table->bytes * advice->nodes);
        TRY(add(l, &candidate));
    }
    return OK;
}

/* The column alone, or behind those that the design so far sorts by. */
static Status add_sort_key(Lister *l, const FilterColumn *filter, bool is_behind) {
    const TableSchema *design = l->advice->tables[filter->column.table].design;
    uint32_t before = is_behind ? design->sort_key_count : 0, *keys;
    const char *clause = "SORTKEY (";
    Candidate candidate = {0};
    TableSchema *schema;
    TRY_NEW_ARRAY(l->cx, l->arena, keys, before + 1);
    for (uint32_t i = 0; i <= before; i++) {
        keys[i] = i < before ? design->sort_keys[i] : filter->column.column;
        const char *name = ast_print_ident(l->cx, l->arena, design->columns[keys[i]].name);
        clause = name == NULL ? NULL : arena_format(l->cx, l->arena, "%s%s%s", clause, i > 0 ? ", " : "", name);
        TRY(clause == NULL ? OUT_OF_MEMORY : OK);
    }
    TRY(change(l, &candidate, filter->column.table, &schema, arena_format(l->cx, l->arena, "%s)", clause)));
    schema->sort_keys = keys;
    schema->sort_key_count = before + 1;
    candidate.reason = arena_format(l->cx, l->arena, "%.0f of %.0f queries restrict %s", filter->weight, l->advice->queries_run,
                                    column_name(l->advice, filter->column));
    return add(l, &candidate);
}

static bool is_sort_key(const TableSchema *design, uint32_t column) {
    for (uint32_t i = 0; i < design->sort_key_count; i++) {
        if (design->sort_keys[i] == column) {
            return true;
        }
    }
    return false;
}

static Status list_sort_keys(Lister *l) {
    for (uint32_t i = 0; i < l->advice->filter_count; i++) {
        const FilterColumn *filter = &l->advice->filters[i];
        const TableSchema *design = l->advice->tables[filter->column.table].design;
        if (!is_sort_key(design, filter->column.column)) {
            TRY(add_sort_key(l, filter, false));
            TRY(design->sort_key_count > 0 && design->sort_key_count < 3 ? add_sort_key(l, filter, true) : OK);
        }
    }
    return OK;
}

/* Months or years of a date that is restricted, where they are large enough. */
static Status add_partitions(Lister *l, const FilterColumn *filter, PartitionTransform transform, const char *word,
                             double days) {
    const AdvisedTable *table = &l->advice->tables[filter->column.table];
    const ColumnRange *range = &table->table->statistics[filter->column.column].range;
    Candidate candidate = {0};
    TableSchema *schema;
    PartitionKey *key;
    double parts = range->has_range ? ((double)range->max.i64 - (double)range->min.i64) / days + 1 : 0;
    if (parts < 2 || (double)table->table->rows / parts < PARTITION_ROWS_LEAST) {
        return OK;
    }
    const char *name = ast_print_ident(l->cx, l->arena, column_name(l->advice, filter->column));
    TRY(name == NULL ? OUT_OF_MEMORY : OK);
    TRY(change(l, &candidate, filter->column.table, &schema,
               arena_format(l->cx, l->arena, "PARTITION BY (%s(%s))", word, name)));
    TRY_NEW(l->cx, l->arena, key);
    *key = (PartitionKey){.transform = transform, .column = filter->column.column};
    schema->partition_keys = key;
    schema->partition_key_count = 1;
    candidate.reason = arena_format(l->cx, l->arena, "%.0f of %.0f queries restrict %s", filter->weight, l->advice->queries_run,
                                    column_name(l->advice, filter->column));
    return add(l, &candidate);
}

static Status list_partitions(Lister *l) {
    for (uint32_t i = 0; i < l->advice->filter_count; i++) {
        const FilterColumn *filter = &l->advice->filters[i];
        const TableSchema *design = l->advice->tables[filter->column.table].design;
        if (design->columns[filter->column.column].type.id == TYPE_DATE && design->partition_key_count == 0) {
            TRY(add_partitions(l, filter, PARTITION_YEAR, "year", 365.25));
            TRY(add_partitions(l, filter, PARTITION_MONTH, "month", 30.4));
        }
    }
    return OK;
}

Status advise_candidates(const Context *cx, const Advice *advice, Arena *arena, Candidate *candidates, uint32_t most,
                         uint32_t *count) {
    Lister l = {.cx = cx, .advice = advice, .arena = arena, .items = candidates, .most = most};
    TRY(list_keys(&l));
    TRY(list_copies(&l));
    TRY(list_sort_keys(&l));
    TRY(list_partitions(&l));
    *count = l.count;
    return OK;
}
