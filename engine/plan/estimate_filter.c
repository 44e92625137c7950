/* The share of rows that a condition keeps. A condition on one column is read as a range or a set where it is one; any other is
 * tried on what is known of the column's values: common values, bounds of the histogram, the entries of its dictionary.
 * Conditions on several columns of a table are taken together as far as the sample says that the columns depend on each other.
 */
#include "plan/dictionaries.h"
#include "plan/estimate.h"
#include "plan/estimate_column.h"
#include "plan/scan_predicates.h"

#include <math.h>
#include <stdlib.h>

#define SHARE_LIKE 0.1
#define DICTIONARY_TRIED_MAX 4096 /* entries; larger dictionaries would cost planning time */
#define TERMS_COMPARED_MAX 32     /* conditions of which each is seen against the others */

/* -------------------------------------------------------------------------------------------------- trying values of a column
 */

typedef struct OneColumn {
    ColumnId id;
    bool is_single;
    bool is_met;
} OneColumn;

static bool visit_one_column(const Expr *node, void *argument) {
    OneColumn *one = argument;
    if (node->kind == EXPR_COLUMN) {
        one->is_single &= !one->is_met || one->id == node->column;
        one->id = node->column;
        one->is_met = true;
    }
    return one->is_single;
}

ColumnId estimate_single_column(const Expr *expr) {
    OneColumn one = {.is_single = true};
    return expr_walk(expr, visit_one_column, &one) && one.is_met ? one.id : NO_COLUMN;
}

static Expr *column_to_slot_zero(const Context *cx, Arena *arena, const Expr *node, void *argument) {
    (void)argument;
    return node->kind == EXPR_COLUMN ? expr_slot(cx, arena, 0, node->type, node->name) : NULL;
}

/* Sets keeps[i] for the values for which the condition is true. Fails like the condition. */
static Status try_flat(const Context *cx, ExprState *state, Vector *vector, uint32_t count, uint8_t *keeps) {
    uint16_t rows[BATCH_ROWS_MAX];
    uint32_t kept;
    Batch batch = {.rows = count, .column_count = 1, .columns = vector};
    TRY(expr_select(cx, state, &batch, rows, &kept));
    for (uint32_t i = 0; i < kept; i++) {
        keeps[rows[i]] = 1;
    }
    return OK;
}

static Status count_entries(const Context *cx, ExprState *state, const Dictionary *dictionary, uint64_t *matches) {
    Vector vector;
    uint16_t rows[BATCH_ROWS_MAX];
    vector_init(&vector, dictionary->type);
    vector.kind = VECTOR_FLAT;
    *matches = 0;
    for (uint32_t first = 0; first < dictionary->size; first += BATCH_ROWS_MAX) {
        uint32_t left = dictionary->size - first, count;
        Batch batch = {.rows = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX, .column_count = 1, .columns = &vector};
        vector.data = (uint8_t *)(uintptr_t)dictionary->values + (size_t)first * type_bytes(dictionary->type);
        TRY(expr_select(cx, state, &batch, rows, &count));
        *matches += count;
    }
    return OK;
}

typedef struct Trial {
    const KnownColumn *known;
    const Dictionary *dictionary; /* NULL: none that is worth trying */
    uint64_t entries;             /* of it, that are kept */
    uint32_t common, bounds;      /* how many of each are kept */
    double common_share;
    bool keeps_null;
} Trial;

/* Common values, bounds and NULL in one vector. */
static Status try_statistics(const Context *cx, const LogicalPlan *plan, ExprState *state, Trial *trial) {
    const ColumnStatistics *statistics = trial->known->statistics;
    Type type = trial->known->table->schema->columns[trial->known->column].type;
    uint32_t common = statistics->common_count, count = common + statistics->bound_count + 1;
    uint8_t *data, *keeps;
    Vector vector;
    uint64_t validity[VALIDITY_WORDS];
    if (count > BATCH_ROWS_MAX) {
        return OK;
    }
    TRY_NEW_ARRAY(cx, plan->arena, data, (size_t)count * type_bytes(type));
    TRY_NEW_ARRAY(cx, plan->arena, keeps, count);
    vector_init(&vector, type);
    vector.kind = VECTOR_FLAT;
    vector.data = data;
    vector.validity = validity;
    memset(validity, 0xff, sizeof validity);
    bit_clear(validity, count - 1);
    for (uint32_t i = 0; i + 1 < count; i++) {
        value_store(i < common ? &statistics->common[i].value : &statistics->bounds[i - common], data, i);
    }
    TRY(try_flat(cx, state, &vector, count, keeps));
    for (uint32_t i = 0; i < common; i++) {
        trial->common += keeps[i];
        trial->common_share += keeps[i] ? statistics->common[i].share : 0;
    }
    for (uint32_t i = common; i + 1 < count; i++) {
        trial->bounds += keeps[i];
    }
    trial->keeps_null = keeps[count - 1];
    return OK;
}

/* The values that are not common: the dictionary lists them all, the histogram some. */
static double share_of_others(const Trial *trial) {
    const ColumnStatistics *statistics = trial->known->statistics;
    double others = trial->known->others;
    if (trial->dictionary != NULL) {
        double size = (double)trial->dictionary->size - statistics->common_count;
        double kept = (double)trial->entries - trial->common;
        return size < 1 || kept < 0 ? 0 : others * clamp_share(kept / size);
    }
    double kept = trial->bounds > 0 ? trial->bounds : 0.5; /* none met: fewer than one in so many */
    return statistics->bound_count == 0 ? 0 : others * kept / statistics->bound_count;
}

static Status run_trial(const Context *cx, const LogicalPlan *plan, const Expr *over_slot, Trial *trial) {
    Error error = {0}; /* of the condition itself: it is left to run time */
    Context own = *cx;
    own.error = &error;
    ExprState *state;
    TRY(expr_state_create(cx, over_slot, &state));
    Status status = try_statistics(&own, plan, state, trial);
    if (status == OK && trial->dictionary != NULL) {
        status = count_entries(&own, state, trial->dictionary, &trial->entries);
    }
    expr_state_free(state);
    if (status == OUT_OF_MEMORY || status == QUERY_CANCELED) {
        *cx->error = error;
    }
    return status;
}

/* Any condition on a single column of a table whose values are known, or some of them. */
static Status tried_share(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share, bool *found) {
    ColumnId id = estimate_single_column(expr);
    *found = false;
    if (id == NO_COLUMN || plan->columns[id].table == NULL || expr_is_volatile(expr)) {
        return OK;
    }
    KnownColumn known;
    Trial trial = {.known = &known};
    known_column(plan->columns[id].table, plan->columns[id].table_column, &known);
    TRY(plan_dictionary(cx, plan, known.table, known.column, &trial.dictionary));
    if (trial.dictionary != NULL && (trial.dictionary->size == 0 || trial.dictionary->size > DICTIONARY_TRIED_MAX)) {
        trial.dictionary = NULL;
    }
    bool is_known = known.others == 0 || known.statistics->bound_count > 0 || trial.dictionary != NULL;
    if (!is_known || !known.statistics->range.has_range) {
        return OK;
    }
    Expr *over_slot = expr_transform(cx, plan->arena, expr, column_to_slot_zero, NULL);
    if (over_slot == NULL) {
        return OUT_OF_MEMORY;
    }
    Status status = run_trial(cx, plan, over_slot, &trial);
    if (status == OUT_OF_MEMORY || status == QUERY_CANCELED) {
        return status;
    }
    *found = status == OK;
    *share = clamp_share(trial.common_share + share_of_others(&trial) + (trial.keeps_null ? known.nulls : 0));
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- conjunctions
 */

/* One condition, or all ranges of one column: a BETWEEN is one condition, not two. */
typedef struct Term {
    ColumnId column;      /* NO_COLUMN: several, or none */
    PredicateList ranges; /* empty: `share` is that of a condition of its own */
    double share;
    bool is_set; /* the column is one of a few values */
} Term;

static int compare_terms(const void *a_, const void *b_) {
    const Term *a = a_, *b = b_;
    if (a->share != b->share) {
        return a->share < b->share ? -1 : 1;
    }
    return a->column < b->column ? -1 : a->column > b->column;
}

static Term *range_term(Term *terms, uint32_t *count, ColumnId column) {
    for (uint32_t i = 0; i < *count && i < TERMS_COMPARED_MAX; i++) {
        if (terms[i].column == column && terms[i].ranges.count > 0) {
            return &terms[i];
        }
    }
    terms[*count] = (Term){.column = column};
    return &terms[(*count)++];
}

static Status add_term(const Context *cx, const LogicalPlan *plan, const Expr *conjunct, Term *terms, uint32_t *count) {
    ColumnId column = estimate_single_column(conjunct);
    PredicateList derived = {0};
    if (column != NO_COLUMN && (conjunct->kind == EXPR_COMPARE || conjunct->kind == EXPR_IN || conjunct->kind == EXPR_OR)) {
        TRY(predicates_derive(cx, plan, conjunct, &derived));
    }
    if (derived.count == 1 && derived.items[0].kind == PREDICATE_RANGE && conjunct->kind == EXPR_COMPARE) {
        Term *term = range_term(terms, count, column);
        return predicates_derive(cx, plan, conjunct, &term->ranges);
    }
    terms[*count] = (Term){.column = column, .is_set = derived.count == 1 && derived.items[0].kind == PREDICATE_IN};
    return estimate_selectivity(cx, plan, conjunct, &terms[(*count)++].share);
}

/* How much of a condition is new beside those before it: its columns may follow from theirs, or it names some of the same
 * values of one column: readers of a shared subplan ask for years that it chose itself. Without a sample nobody knows; each
 * further condition on a table then counts half as much as the one before. */
static double weight_of(const LogicalPlan *plan, const Term *terms, uint32_t i) {
    const LogicalColumn *own = terms[i].column == NO_COLUMN ? NULL : &plan->columns[terms[i].column];
    double known = 0, halved = 1;
    for (uint32_t j = 0; own != NULL && own->table != NULL && j < i; j++) {
        const LogicalColumn *other = terms[j].column == NO_COLUMN ? NULL : &plan->columns[terms[j].column];
        if (other != NULL && other->table == own->table) {
            bool says_same = terms[i].is_set && terms[j].is_set && terms[i].column == terms[j].column;
            double strength = says_same ? 1 : table_dependence(own->table, own->table_column, other->table_column);
            known = strength > known ? strength : known;
            halved /= 2;
        }
    }
    return own == NULL || own->table == NULL || own->table->sample.is_taken ? 1 - known : halved;
}

Status estimate_conjunction(const Context *cx, const LogicalPlan *plan, Expr *const *conjuncts, uint32_t count, double *share) {
    Term *terms;
    uint32_t term_count = 0;
    TRY_NEW_ARRAY(cx, plan->arena, terms, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        TRY(add_term(cx, plan, conjuncts[i], terms, &term_count));
    }
    for (uint32_t i = 0; i < term_count; i++) {
        if (terms[i].ranges.count > 0) {
            KnownColumn known;
            const LogicalColumn *column = &plan->columns[terms[i].column];
            known_column(column->table, column->table_column, &known);
            predicates_intersect(&terms[i].ranges);
            terms[i].share = known_predicate_share(&known, &terms[i].ranges.items[0]);
        }
    }
    qsort(terms, term_count, sizeof *terms, compare_terms);
    *share = 1;
    for (uint32_t i = 0; i < term_count; i++) {
        *share *= i < TERMS_COMPARED_MAX ? pow(terms[i].share, weight_of(plan, terms, i)) : terms[i].share;
    }
    return OK;
}

/* Branches over one column exclude each other more often than not; others are taken to be independent. */
static Status or_share(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share) {
    double none = 1, sum = 0;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        double one;
        TRY(estimate_selectivity(cx, plan, expr->args[i], &one));
        none *= 1 - one;
        sum += one;
    }
    *share = estimate_single_column(expr) != NO_COLUMN ? clamp_share(sum) : 1 - none;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- conditions
 */

static double nulls_of(const LogicalPlan *plan, const Expr *expr) {
    KnownColumn known;
    return known_expr(plan, expr, &known) ? known.nulls : 0;
}

/* Two columns, or a column and something computed, are equal. */
static double compare_share(const LogicalPlan *plan, const Expr *expr) {
    KnownColumn known;
    double distinct = 0;
    if (expr->compare != COMPARE_EQ && expr->compare != COMPARE_NE) {
        return SHARE_DEFAULT;
    }
    for (uint32_t i = 0; i < 2; i++) {
        double one = known_expr(plan, expr->args[i], &known) ? known.distinct
                     : expr_has_columns(expr->args[i])       ? DISTINCT_DEFAULT
                                                             : 0;
        distinct = one > distinct ? one : distinct;
    }
    double share = distinct < 1 ? SHARE_EQUAL : 1 / distinct;
    return expr->compare == COMPARE_EQ ? share : 1 - share - nulls_of(plan, expr->args[0]);
}

/* Of a condition that nothing else is known of. */
static double blind_share(const LogicalPlan *plan, const Expr *expr) {
    return expr->kind == EXPR_COMPARE ? compare_share(plan, expr)
           : expr->kind == EXPR_IN    ? clamp_share((expr->arg_count - 1) * SHARE_EQUAL)
           : expr->kind == EXPR_CALL  ? SHARE_LIKE
                                      : SHARE_DEFAULT;
}

/* As the column's range or set of values, if it says that exactly (comparisons, IN, IS NULL) or gives a bound (LIKE). */
static Status derived_share(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share, bool *found) {
    ColumnId column = estimate_single_column(expr);
    PredicateList list = {0};
    *found = false;
    if (column == NO_COLUMN || plan->columns[column].table == NULL) {
        return OK;
    }
    TRY(predicates_derive(cx, plan, expr, &list));
    if (list.count > 0) {
        KnownColumn known;
        known_column(plan->columns[column].table, plan->columns[column].table_column, &known);
        *share = known_predicate_share(&known, &list.items[0]);
        *found = true;
    }
    return OK;
}

static Status other_share(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share) {
    bool is_exact = expr->kind == EXPR_COMPARE || expr->kind == EXPR_IN || expr->kind == EXPR_IS_NULL ||
                    (expr->kind == EXPR_NOT && expr->args[0]->kind == EXPR_IS_NULL);
    bool is_derived, is_tried = false;
    ColumnId column = estimate_single_column(expr);
    bool is_text = column != NO_COLUMN && type_is_text(plan->columns[column].type); /* a dictionary knows what is not there */
    double derived = 1, tried = 1;
    TRY(derived_share(cx, plan, expr, &derived, &is_derived));
    if (!is_derived || !is_exact || is_text) {
        TRY(tried_share(cx, plan, expr, &tried, &is_tried));
    }
    if (expr->kind == EXPR_OR) {
        TRY(or_share(cx, plan, expr, share));
    } else {
        *share = is_derived || is_tried ? 1 : clamp_share(blind_share(plan, expr));
    }
    *share = derived < *share ? derived : *share; /* each is a bound, or better */
    *share = tried < *share ? tried : *share;
    return OK;
}

Status estimate_selectivity(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share) {
    bool found = false;
    switch (expr->kind) {
    case EXPR_CONSTANT: *share = expr->value.is_null ? 0 : expr->value.i64 != 0; return OK;
    case EXPR_AND: return estimate_conjunction(cx, plan, expr->args, expr->arg_count, share);
    case EXPR_NOT:
        if (expr->args[0]->kind == EXPR_IS_NULL) {
            break;
        }
        TRY(tried_share(cx, plan, expr, share, &found));
        if (!found) {
            TRY(estimate_selectivity(cx, plan, expr->args[0], share));
            *share = 1 - *share;
        }
        return OK;
    default: break;
    }
    return other_share(cx, plan, expr, share);
}
