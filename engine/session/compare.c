/* COMPARE (variant, …) query: plans the query under each variant, runs each plan several times in turn, and checks that all
 * give the same rows. A variant differs from the session in settings, in hints for every join, or in the design of a table,
 * which is rebuilt for it (compare_copy.c). */
#include "session/compare.h"
#include "bind/bind.h"
#include "core/suggest.h"
#include "kernels/dispatch.h"
#include "plan/cost.h"
#include "plan/scan_budget.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define VARIANTS_MAX 16
#define SLOW_RUN_NS UINT64_C(2000000000) /* from here on fewer runs have to do */
#define RUNS_OF_SLOW 3

/* --------------------------------------------------------------------------------------------------------- what they are */

static Status set_setting(const Context *cx, const AstVariantPart *part, Settings *settings) {
    if (settings_act_on_writes(part->word)) { /* the query would be compared with itself */
        fail_at(cx, part->pos, FEATURE_NOT_SUPPORTED, "\"%s\" acts when rows are written, COMPARE only reads", part->word);
        return fail_hint(cx, "TABLE t … compares tables that are rebuilt in another design");
    }
    Status status = settings_set(cx, settings, part->word, part->value);
    if (status != OK) {
        error_set_pos_if_none(cx, status == UNDEFINED_OBJECT ? part->pos : part->value_pos);
    }
    return status;
}

/* JOIN word: a hint for every join. */
static Status add_join_hint(const Context *cx, Arena *arena, const AstVariantPart *part, Variant *variant) {
    static const HintKind kinds[] = {HINT_BROADCAST, HINT_REDISTRIBUTE, HINT_SALT, HINT_HASH, HINT_MERGE, HINT_LOOP};
    Suggestion suggestion;
    suggestion_init(&suggestion, part->word);
    for (uint32_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char word[32] = "";
        for (uint32_t k = 0; hint_names[kinds[i]][k] != '\0'; k++) {
            word[k] = (char)tolower((unsigned char)hint_names[kinds[i]][k]);
        }
        if (strcmp(word, part->word) == 0) {
            Hint *hint;
            TRY_NEW(cx, arena, hint);
            *hint = (Hint){.kind = kinds[i], .pos = part->pos, .next = variant->hints};
            variant->hints = hint;
            return OK;
        }
        suggestion_consider(&suggestion, word, hint_names[kinds[i]]);
    }
    fail_at(cx, part->value_pos, UNDEFINED_OBJECT, "there is no way to join called \"%s\"", part->word);
    return suggestion.detail != NULL ? fail_hint(cx, "did you mean %s?", (const char *)suggestion.detail)
                                     : fail_hint(cx, "it is one of BROADCAST, REDISTRIBUTE, SALT, HASH, MERGE, LOOP");
}

static Status add_part(const Context *cx, depot_statement *statement, const AstVariantPart *part, Variant *variant) {
    switch (part->kind) {
    case AST_VARIANT_DEFAULT: return OK;
    case AST_VARIANT_JOIN: return add_join_hint(cx, &statement->run.arena, part, variant);
    case AST_VARIANT_SETTING: return set_setting(cx, part, &variant->settings);
    case AST_VARIANT_TABLE: return compare_copy(cx, statement, part->design, &variant->copies[variant->copy_count++]);
    }
    return OK;
}

static Status make_variant(const Context *cx, depot_statement *statement, const AstVariant *ast, Variant *variant) {
    Arena *arena = &statement->run.arena;
    *variant = (Variant){.ast = ast, .settings = statement->run.settings};
    variant->name = ast_print_variant(cx, arena, ast);
    if (variant->name == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY_NEW_ARRAY(cx, arena, variant->copies, ast->parts.count);
    for (uint32_t i = 0; i < ast->parts.count; i++) {
        TRY(add_part(cx, statement, ast->parts.items[i], variant));
        for (uint32_t k = 0; k + 1 < variant->copy_count; k++) {
            if (variant->copies[k].table_id == variant->copies[variant->copy_count - 1].table_id) {
                return fail_at(cx, ast->parts.items[i]->pos, SYNTAX_ERROR, "one table has two designs in one variant");
            }
        }
    }
    return OK;
}

/* What the variant is planned and run with. */
static Context variant_context(const Context *cx, const Variant *variant) {
    Context own = *cx;
    own.settings = &variant->settings;
    timezone_lookup(cx, variant->settings.timezone, strlen(variant->settings.timezone), &own.zone); /* found when it was set */
    return own;
}

/* -------------------------------------------------------------------------------------------------------------- planning */

/* The copies take their tables' places. */
static Status use_copies(const Context *cx, const Variant *variant, LogicalPlan *plan) {
    SupposedTable *tables;
    TRY_NEW_ARRAY(cx, plan->arena, tables, variant->copy_count + 1);
    for (uint32_t i = 0; i < variant->copy_count; i++) {
        const TableCopy *copy = &variant->copies[i];
        tables[i].stored = snapshot_find_table_by_id(plan->snapshot, copy->table_id);
        tables[i].supposed = snapshot_find_table(plan->snapshot, TEMPORARY_SCHEMA, copy->name);
        if (tables[i].stored == NULL || tables[i].supposed == NULL || tables[i].stored->version != copy->table_version) {
            return fail(cx, SERIALIZATION_FAILURE, "a table has changed while it was rebuilt for COMPARE: run it again");
        }
    }
    plan_put_tables(plan, tables, variant->copy_count);
    return OK;
}

static Status plan_variant(const Context *cx, depot_statement *statement, Variant *variant) {
    Run *run = &statement->run;
    BindParameters parameters = {.count = statement->ast->parameter_count, .values = statement->parameters};
    Context own = variant_context(cx, variant);
    LogicalPlan *logical;
    TRY(bind_query(&own, &run->arena, run->snapshot, statement->ast->compare->query, &parameters, &logical));
    TRY(use_copies(cx, variant, logical));
    Hint **last = &logical->hints;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = variant->hints;
    TRY(plan_optimize(&own, logical));
    TRY(plan_physical(&own, logical, snapshot_topology(logical->snapshot), &variant->plan));
    TRY(scan_budget_check(&own, &run->arena, variant->plan));
    for (uint32_t i = 0; i < variant->plan->unfollowed_count; i++) {
        notice(cx, "%s: not followed: %s", variant->name, variant->plan->unfollowed[i]);
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- running */

static void take_figures(const Context *cx, const PhysicalPlan *plan, const PlanProfile *profile, Figures *figures) {
    *figures = (Figures){.bytes_scanned = profile->bytes_scanned,
                         .bytes_moved = profile->bytes_moved,
                         .peak_memory_bytes = profile->peak_memory_bytes,
                         .spilled_bytes = profile->spilled_bytes};
    for (uint32_t i = 0; i < profile->operator_count * profile->node_count; i++) {
        const ScanProfile *scan = &profile->operators[i].scan;
        figures->rows_scanned += scan->rows_scanned;
        figures->blocks += scan->blocks;
        figures->blocks_skipped += scan->blocks_pruned + scan->blocks_skipped_zone + scan->blocks_skipped_join;
    }
    figures->network_seconds =
        network_seconds(cx->settings, plan->topology.nodes, profile->bytes_moved, profile->bytes_to_leader);
}

static Status drain(const Context *cx, Query *query, Bag *bag) {
    const Batch *batch;
    do {
        TRY(query_next(cx, query, &batch));
        TRY(batch == NULL || bag == NULL ? OK : bag_add(cx, bag, batch));
    } while (batch != NULL);
    return OK;
}

/* The first run warms up and looks at the rows; the others are timed and counted. */
static Status run_counted(const Context *cx, depot *db, Variant *variant, Bag *bag, uint64_t *nanoseconds) {
    uint32_t threads = session_threads(&variant->settings);
    QueryOptions options = {.threads = threads, .collect_profile = bag == NULL};
    Query *query;
    TRY(scan_budget_check(cx, variant->plan->arena, variant->plan));
    TRY(worker_pool_grow(cx, db->pool, threads));
    uint64_t started = clock_ns();
    TRY(query_start(cx, variant->plan, db->pool, &options, &query));
    Status status = drain(cx, query, bag);
    *nanoseconds = clock_ns() - started;
    if (status == OK && bag == NULL) {
        const PlanProfile *profile = query_profile(query);
        take_figures(cx, variant->plan, profile, &variant->figures);
        variant->slowest_ns[variant->run_count] = slowest_slice_ns(variant->plan, profile);
    }
    query_close(query);
    return status;
}

/* In an account of its own, so that its peak is its own. */
static Status run_variant(const Context *cx, depot *db, Variant *variant, Bag *bag, uint64_t *nanoseconds) {
    MemoryAccount memory;
    Context own = variant_context(cx, variant);
    bool has_kernels = strcmp(variant->settings.kernels, db->settings.kernels) != 0; /* they are the whole process's */
    TRY(has_kernels ? kernels_select(cx, variant->settings.kernels) : OK);
    memory_account_init(&memory, &db->memory, "query", memory_budget(&variant->settings));
    own.memory = &memory;
    Status status = run_counted(&own, db, variant, bag, nanoseconds);
    memory_account_close(&memory);
    if (has_kernels) {
        Error error = *cx->error; /* what was in use can be used again */
        Status ignored = kernels_select(cx, db->settings.kernels);
        (void)ignored;
        *cx->error = error;
    }
    return status;
}

static Status check_equal(const Context *cx, const Variant *first, const Variant *other) {
    if (bag_equal(&first->bag, &other->bag)) {
        return OK;
    }
    fail(cx, DATA_EXCEPTION, "the results of %s and %s differ: %llu and %llu rows", first->name, other->name,
         (unsigned long long)first->bag.rows, (unsigned long long)other->bag.rows);
    return fail_hint(cx, "LIMIT without a complete ORDER BY, random() and the like may give other rows each time");
}

static int compare_times(const void *a_, const void *b_) {
    uint64_t a = *(const uint64_t *)a_, b = *(const uint64_t *)b_;
    return a < b ? -1 : a > b;
}

/* Every variant once to be checked, then all in turn, each round beginning with another, so that what disturbs the machine
 * disturbs them alike. */
static Status run_all(const Context *cx, depot *db, Variant *variants, uint32_t count) {
    uint64_t slowest = 0, nanoseconds;
    for (uint32_t i = 0; i < count; i++) {
        TRY(run_variant(cx, db, &variants[i], &variants[i].bag, &nanoseconds));
        TRY(check_equal(cx, &variants[0], &variants[i]));
        slowest = nanoseconds > slowest ? nanoseconds : slowest;
    }
    uint32_t runs = slowest > SLOW_RUN_NS ? RUNS_OF_SLOW : COMPARE_RUNS_MAX;
    for (uint32_t run = 0; run < runs; run++) {
        for (uint32_t i = 0; i < count; i++) {
            Variant *variant = &variants[(run + i) % count];
            TRY(run_variant(cx, db, variant, NULL, &variant->runs_ns[variant->run_count]));
            variant->run_count++;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        qsort(variants[i].runs_ns, runs, sizeof *variants[i].runs_ns, compare_times);
        qsort(variants[i].slowest_ns, runs, sizeof *variants[i].slowest_ns, compare_times);
    }
    return OK;
}

Status run_compare(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstVariantList *list = &statement->ast->compare->variants;
    Variant *variants;
    if (list->count < 2 || list->count > VARIANTS_MAX) {
        fail_at(cx, statement->ast->pos, SYNTAX_ERROR, "COMPARE takes from 2 to %d variants", VARIANTS_MAX);
        return fail_hint(cx, "DEFAULT is a variant, too: everything as it is");
    }
    TRY_NEW_ARRAY(cx, &run->arena, variants, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(make_variant(cx, statement, list->items[i], &variants[i]));
    }
    TRY(transaction_read(cx, statement));
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(plan_variant(cx, statement, &variants[i]));
        TRY(bag_init(cx, &run->arena, variants[i].plan->root->column_count, &variants[i].bag));
    }
    TRY(run_all(cx, statement->db, variants, list->count));
    return compare_report(cx, statement, variants, list->count);
}
