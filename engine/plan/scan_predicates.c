/* From filters to predicates for pruning (scan_predicates.h). A conjunct is read as the set of values that its column may
 * have; what cannot be read so gives no predicate. An OR over one column gives the hull of its branches. */
#include "plan/scan_predicates.h"

#include "expr/functions.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct Deriver {
    const Context *cx;
    Arena *arena;
    const LogicalPlan *plan;
} Deriver;

static Status list_add(const Deriver *d, PredicateList *list, const Predicate *predicate) {
    TRY_APPEND(d->cx, d->arena, list->items, list->capacity, list->count, *predicate);
    return OK;
}

static const LogicalColumn *table_column(const Deriver *d, const Expr *expr) {
    const LogicalColumn *column = expr->kind == EXPR_COLUMN ? &d->plan->columns[expr->column] : NULL;
    return column != NULL && column->table != NULL ? column : NULL;
}

/* ---------------------------------------------------------------------------------------------------------------- comparisons
 */

static void range_set(Predicate *range, CompareOp op, const Value *value) {
    if (op == COMPARE_EQ || op == COMPARE_GT || op == COMPARE_GE) {
        range->has_low = true;
        range->low = *value;
        range->low_inclusive = op != COMPARE_GT;
    }
    if (op == COMPARE_EQ || op == COMPARE_LT || op == COMPARE_LE) {
        range->has_high = true;
        range->high = *value;
        range->high_inclusive = op != COMPARE_LT;
    }
}

/* The bound in the column's own integer type; *fits is false where the type cannot hold it. */
static void bound_narrow(Type type, const Value *bound, Value *out, bool *fits) {
    int64_t limit = type.id == TYPE_SMALLINT ? INT16_MAX : type.id == TYPE_INTEGER ? INT32_MAX : INT64_MAX;
    *fits = bound->i64 <= limit && bound->i64 >= -limit - 1;
    *out = value_i64(type, bound->i64);
}

#define MICROS_PER_DAY (INT64_C(86400) * 1000000)

/* DATE cast to TIMESTAMP against a bound: d op t. Whole days bound d as they bound the timestamp; others round outwards. */
static void bound_to_date(CompareOp op, const Value *bound, Predicate *range) {
    int64_t day = bound->i64 / MICROS_PER_DAY - (bound->i64 % MICROS_PER_DAY < 0);
    bool is_whole = day * MICROS_PER_DAY == bound->i64;
    Value value = value_i64(type_make(TYPE_DATE), day);
    if (is_whole) {
        range_set(range, op, &value);
        return;
    }
    if (op != COMPARE_GT && op != COMPARE_GE) { /* d < 12:00 of the day, or = */
        range_set(range, COMPARE_LE, &value);
    }
    if (op != COMPARE_LT && op != COMPARE_LE) {
        range_set(range, COMPARE_GT, &value);
    }
}

/* A constant that can stand as a bound of the column as it is. */
static bool is_bound_of(const LogicalColumn *column, const Value *bound) {
    return column->type.id == bound->type.id && column->type.scale == bound->type.scale &&
           type_class(column->type) == type_class(bound->type);
}

/* column op constant, the column possibly under a cast that keeps order. False: nothing is known. */
static bool compare_range(const Deriver *d, const Expr *left, CompareOp op, const Value *bound, Predicate *range) {
    if (op == COMPARE_NE || bound->is_null) {
        return false;
    }
    const LogicalColumn *column = table_column(d, left);
    if (column != NULL) {
        range->column = column->table_column;
        range_set(range, op, bound);
        return is_bound_of(column, bound) || (type_is_text(column->type) && type_is_text(bound->type));
    }
    if (left->kind != EXPR_CAST || (column = table_column(d, left->args[0])) == NULL) {
        const Expr *inner = expr_widened_column(left);
        column = inner == NULL ? NULL : table_column(d, inner);
    }
    if (column == NULL) {
        return false;
    }
    range->column = column->table_column;
    if (type_is_integer(column->type) && type_is_integer(left->type)) {
        Value narrow;
        bool fits;
        bound_narrow(column->type, bound, &narrow, &fits);
        if (fits && type_bytes(left->type) >= type_bytes(column->type)) {
            range_set(range, op, &narrow);
            return true;
        }
        return false;
    }
    if (column->type.id == TYPE_DATE && left->type.id == TYPE_TIMESTAMP && left->kind == EXPR_CAST) {
        bound_to_date(op, bound, range);
        return true;
    }
    return false;
}

/* --------------------------------------------------------------------------------------------------------- functions of a date
 */

static int64_t days_from_civil(int64_t year, int64_t month) { /* first of the month */
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static bool constant_text_is(const Expr *expr, const char *text) {
    return expr->kind == EXPR_CONSTANT && !expr->value.is_null && type_is_text(expr->type) &&
           expr->value.text.bytes == strlen(text) && strncasecmp(text_data(&expr->value.text), text, strlen(text)) == 0;
}

/* The column of date_part('year', column), without a cast, or NULL. */
static const LogicalColumn *year_of(const Deriver *d, const Expr *expr) {
    while (expr->kind == EXPR_CAST && type_is_numeric(expr->type)) {
        expr = expr->args[0];
    }
    if (expr->kind != EXPR_CALL || expr->arg_count == 0) {
        return NULL;
    }
    const Expr *last = expr->args[expr->arg_count - 1];
    while (last->kind == EXPR_CAST && last->type.id == TYPE_TIMESTAMP && last->args[0]->type.id == TYPE_DATE) {
        last = last->args[0];
    }
    bool is_year = (expr->arg_count == 1 && strcmp(expr->function->name, "year") == 0) ||
                   (expr->arg_count == 2 && constant_text_is(expr->args[0], "year") &&
                    (strcmp(expr->function->name, "date_part") == 0 || strcmp(expr->function->name, "extract_field") == 0));
    const LogicalColumn *column = is_year ? table_column(d, last) : NULL;
    return column != NULL && (column->type.id == TYPE_DATE || column->type.id == TYPE_TIMESTAMP) ? column : NULL;
}

/* A numeric constant as a whole year; false if it is none. */
static bool constant_year(const Value *value, int64_t *year) {
    if (value->is_null || !type_is_numeric(value->type)) {
        return false;
    }
    if (value->type.id == TYPE_DOUBLE || value->type.id == TYPE_REAL) {
        *year = value->f64 > -10000 && value->f64 < 10000 ? (int64_t)value->f64 : 100000;
        return (double)*year == value->f64;
    }
    if (value->type.id == TYPE_DECIMAL && (value->type.scale != 0 || type_class(value->type) != CLASS_I64)) {
        return false;
    }
    *year = value->i64;
    return *year > -4000 && *year < 10000;
}

static bool year_range(const Deriver *d, const Expr *left, CompareOp op, const Value *bound, Predicate *range) {
    const LogicalColumn *column = year_of(d, left);
    int64_t year;
    if (column == NULL || op == COMPARE_NE || !constant_year(bound, &year)) {
        return false;
    }
    int64_t unit = column->type.id == TYPE_DATE ? 1 : MICROS_PER_DAY;
    Value first = value_i64(column->type, days_from_civil(year, 1) * unit);
    Value next = value_i64(column->type, days_from_civil(year + 1, 1) * unit);
    range->column = column->table_column;
    if (op == COMPARE_EQ || op == COMPARE_GE || op == COMPARE_LT) {
        range_set(range, op == COMPARE_LT ? COMPARE_LT : COMPARE_GE, &first);
    }
    if (op == COMPARE_EQ || op == COMPARE_LE || op == COMPARE_GT) {
        range_set(range, op == COMPARE_GT ? COMPARE_GE : COMPARE_LT, &next);
    }
    return true;
}

static bool add_days(int64_t *days, int64_t more) {
    return !__builtin_add_overflow(*days, more, days);
}

/* date_trunc('year' | 'quarter' | 'month' | 'day', column) = bound: the span that truncates to it. */
static bool trunc_range(const Deriver *d, const Expr *left, CompareOp op, const Value *bound, Predicate *range) {
    if (op != COMPARE_EQ || left->kind != EXPR_CALL || left->arg_count != 2 ||
        strcmp(left->function->name, "date_trunc") != 0 || bound->is_null ||
        (bound->type.id != TYPE_TIMESTAMP && bound->type.id != TYPE_DATE)) {
        return false;
    }
    static const struct {
        const char *unit;
        int64_t days_max;
    } units[] = {{"year", 366}, {"quarter", 92}, {"month", 31}, {"week", 7}, {"day", 1}};
    const Expr *inner = left->args[1];
    while (inner->kind == EXPR_CAST && inner->type.id == TYPE_TIMESTAMP && inner->args[0]->type.id == TYPE_DATE) {
        inner = inner->args[0];
    }
    const LogicalColumn *column = table_column(d, inner);
    for (uint32_t i = 0; column != NULL && i < sizeof units / sizeof *units; i++) {
        if (!constant_text_is(left->args[0], units[i].unit)) {
            continue;
        }
        int64_t from =
            bound->type.id == TYPE_DATE ? bound->i64 : bound->i64 / MICROS_PER_DAY - (bound->i64 % MICROS_PER_DAY < 0);
        int64_t to = from;
        int64_t scale = column->type.id == TYPE_DATE ? 1 : MICROS_PER_DAY;
        if ((column->type.id != TYPE_DATE && column->type.id != TYPE_TIMESTAMP) || !add_days(&to, units[i].days_max) ||
            from < -4000000 || to > 4000000) {
            return false;
        }
        range->column = column->table_column;
        Value low = value_i64(column->type, from * scale), high = value_i64(column->type, to * scale);
        range_set(range, COMPARE_GE, &low);
        range_set(range, COMPARE_LT, &high);
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------------------------------------------------------- LIKE 'abc%'
 */

/* The literal start of a LIKE pattern; bytes 0 if it starts with a wildcard or an escape. */
static uint32_t like_prefix(const Text *pattern, bool *is_exact) {
    const char *data = text_data(pattern);
    uint32_t bytes = 0;
    while (bytes < pattern->bytes && data[bytes] != '%' && data[bytes] != '_' && data[bytes] != '\\') {
        bytes++;
    }
    *is_exact = bytes == pattern->bytes;
    return bytes;
}

static Status like_range(const Deriver *d, const Expr *call, Predicate *range, bool *found) {
    *found = false;
    if (call->kind != EXPR_CALL || call->arg_count < 2 || strcmp(call->function->name, "~~") != 0) {
        return OK;
    }
    const LogicalColumn *column = table_column(d, call->args[0]);
    if (column == NULL || column->type.id != TYPE_VARCHAR || call->args[1]->kind != EXPR_CONSTANT ||
        call->args[1]->value.is_null || call->arg_count > 2) {
        return OK;
    }
    bool is_exact;
    const Text *pattern = &call->args[1]->value.text;
    uint32_t bytes = like_prefix(pattern, &is_exact);
    if (bytes == 0) {
        return OK;
    }
    char *prefix = arena_copy_text(d->cx, d->arena, text_data(pattern), bytes);
    char *after = arena_copy_text(d->cx, d->arena, text_data(pattern), bytes);
    if (prefix == NULL || after == NULL) {
        return OUT_OF_MEMORY;
    }
    range->column = column->table_column;
    Value low = value_text(column->type, text_view(prefix, bytes));
    range_set(range, is_exact ? COMPARE_EQ : COMPARE_GE, &low);
    uint8_t last = (uint8_t)after[bytes - 1];
    if (!is_exact && last < 0xff) { /* the next text that does not start so */
        after[bytes - 1] = (char)(last + 1);
        Value high = value_text(column->type, text_view(after, bytes));
        range_set(range, COMPARE_LT, &high);
    }
    *found = true;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- IN, OR */

static int compare_values(const void *a, const void *b) {
    return value_compare(a, b);
}

static Status in_values(const Deriver *d, const Expr *in, Predicate *out, bool *found) {
    *found = false;
    const LogicalColumn *column = table_column(d, in->args[0]);
    const Expr *inner = expr_widened_column(in->args[0]);
    if (column == NULL && inner != NULL) {
        column = table_column(d, inner);
    }
    if (column == NULL) {
        return OK;
    }
    Value *values;
    uint32_t count = 0;
    TRY_NEW_ARRAY(d->cx, d->arena, values, in->arg_count);
    for (uint32_t i = 1; i < in->arg_count; i++) {
        bool fits = true;
        if (in->args[i]->kind != EXPR_CONSTANT) {
            return OK;
        }
        if (in->args[i]->value.is_null) {
            continue;
        }
        values[count] = in->args[i]->value;
        if (type_is_integer(column->type) && type_is_integer(in->args[i]->type)) {
            bound_narrow(column->type, &in->args[i]->value, &values[count], &fits);
        } else if (!is_bound_of(column, &values[count]) && !type_is_text(column->type)) {
            return OK;
        }
        count += fits;
    }
    qsort(values, count, sizeof *values, compare_values);
    *out = (Predicate){.kind = PREDICATE_IN, .column = column->table_column, .value_count = count, .values = values};
    *found = true;
    return OK;
}

static Status derive_one(const Deriver *d, const Expr *expr, Predicate *out, bool *found);

/* The bounds of a predicate as a range; false if it has none. */
static bool predicate_hull(const Predicate *p, Predicate *range) {
    if (p->kind == PREDICATE_RANGE) {
        *range = *p;
        return true;
    }
    if (p->kind != PREDICATE_IN || p->value_count == 0) {
        return false;
    }
    *range = (Predicate){.kind = PREDICATE_RANGE,
                         .column = p->column,
                         .has_low = true,
                         .has_high = true,
                         .low_inclusive = true,
                         .high_inclusive = true,
                         .low = p->values[0],
                         .high = p->values[p->value_count - 1]};
    return true;
}

/* `hull` widens to take in `more`. */
static void range_unite(Predicate *hull, const Predicate *more) {
    if (hull->has_low && more->has_low) {
        int order = value_compare(&more->low, &hull->low);
        hull->low_inclusive = order == 0  ? hull->low_inclusive | more->low_inclusive
                              : order < 0 ? more->low_inclusive
                                          : hull->low_inclusive;
        hull->low = order < 0 ? more->low : hull->low;
    } else {
        hull->has_low = false;
    }
    if (hull->has_high && more->has_high) {
        int order = value_compare(&more->high, &hull->high);
        hull->high_inclusive = order == 0  ? hull->high_inclusive | more->high_inclusive
                               : order > 0 ? more->high_inclusive
                                           : hull->high_inclusive;
        hull->high = order > 0 ? more->high : hull->high;
    } else {
        hull->has_high = false;
    }
}

/* Points in all branches become an IN list. */
static Status or_points(const Deriver *d, const Predicate *branches, uint32_t count, Predicate *out, bool *found) {
    uint32_t total = 0;
    *found = false;
    for (uint32_t i = 0; i < count; i++) {
        const Predicate *p = &branches[i];
        bool is_point = p->kind == PREDICATE_RANGE && p->has_low && p->has_high && p->low_inclusive && p->high_inclusive &&
                        value_compare(&p->low, &p->high) == 0;
        if (p->kind != PREDICATE_IN && !is_point) {
            return OK;
        }
        total += p->kind == PREDICATE_IN ? p->value_count : 1;
    }
    Value *values;
    TRY_NEW_ARRAY(d->cx, d->arena, values, total + 1);
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; i++) {
        const Predicate *p = &branches[i];
        uint32_t n = p->kind == PREDICATE_IN ? p->value_count : 1;
        memcpy(&values[next], p->kind == PREDICATE_IN ? p->values : &p->low, n * sizeof *values);
        next += n;
    }
    qsort(values, total, sizeof *values, compare_values);
    *out = (Predicate){.kind = PREDICATE_IN, .column = branches[0].column, .value_count = total, .values = values};
    *found = true;
    return OK;
}

/* The branch's predicate on `column` (any if UINT32_MAX), looking into ANDs. */
static Status or_branch(const Deriver *d, const Expr *branch, uint32_t column, Predicate *out, bool *found) {
    *found = false;
    if (branch->kind != EXPR_AND) {
        TRY(derive_one(d, branch, out, found));
        *found = *found && (column == UINT32_MAX || out->column == column);
        return OK;
    }
    bool has_range = false;
    for (uint32_t i = 0; i < branch->arg_count; i++) {
        Predicate p;
        bool is_known;
        TRY(derive_one(d, branch->args[i], &p, &is_known));
        if (!is_known || (column != UINT32_MAX && p.column != column)) {
            continue;
        }
        if (has_range && p.kind == PREDICATE_RANGE && out->kind == PREDICATE_RANGE && p.column == out->column) {
            if (!out->has_low && p.has_low) {
                range_set(out, p.low_inclusive ? COMPARE_GE : COMPARE_GT, &p.low);
            }
            if (!out->has_high && p.has_high) {
                range_set(out, p.high_inclusive ? COMPARE_LE : COMPARE_LT, &p.high);
            }
        } else if (!has_range) {
            *out = p;
            has_range = true;
        }
    }
    *found = has_range;
    return OK;
}

static Status or_hull(const Deriver *d, const Expr *expr, Predicate *out, bool *found) {
    Predicate *branches;
    TRY_NEW_ARRAY(d->cx, d->arena, branches, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        TRY(or_branch(d, expr->args[i], i == 0 ? UINT32_MAX : branches[0].column, &branches[i], found));
        if (!*found) {
            return OK;
        }
    }
    TRY(or_points(d, branches, expr->arg_count, out, found));
    if (*found) {
        return OK;
    }
    Predicate range;
    *found = predicate_hull(&branches[0], out);
    for (uint32_t i = 1; i < expr->arg_count && *found; i++) {
        *found = predicate_hull(&branches[i], &range);
        if (*found) {
            range_unite(out, &range);
        }
    }
    *found = *found && (out->has_low || out->has_high);
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------------- entry
 */

static Status derive_compare(const Deriver *d, const Expr *expr, Predicate *out, bool *found) {
    Comparison it = expr_comparison(expr);
    const Value *value = &it.right->value;
    *out = (Predicate){.kind = PREDICATE_RANGE};
    *found = it.right->kind == EXPR_CONSTANT &&
             (compare_range(d, it.left, it.op, value, out) || year_range(d, it.left, it.op, value, out) ||
              trunc_range(d, it.left, it.op, value, out));
    return OK;
}

static Status derive_one(const Deriver *d, const Expr *expr, Predicate *out, bool *found) {
    *found = false;
    const LogicalColumn *column;
    switch (expr->kind) {
    case EXPR_COMPARE: return derive_compare(d, expr, out, found);
    case EXPR_IN: return in_values(d, expr, out, found);
    case EXPR_OR: return or_hull(d, expr, out, found);
    case EXPR_CALL: *out = (Predicate){.kind = PREDICATE_RANGE}; return like_range(d, expr, out, found);
    case EXPR_IS_NULL:
        column = table_column(d, expr->args[0]);
        *found = column != NULL;
        *out = (Predicate){.kind = PREDICATE_IS_NULL, .column = column == NULL ? 0 : column->table_column};
        return OK;
    case EXPR_NOT:
        column = expr->args[0]->kind == EXPR_IS_NULL ? table_column(d, expr->args[0]->args[0]) : NULL;
        *found = column != NULL;
        *out = (Predicate){.kind = PREDICATE_NOT_NULL, .column = column == NULL ? 0 : column->table_column};
        return OK;
    default: return OK;
    }
}

Status predicates_derive(const Context *cx, const LogicalPlan *plan, const Expr *conjunct, PredicateList *predicates) {
    Deriver d = {cx, plan->arena, plan};
    Predicate predicate;
    bool found;
    TRY(derive_one(&d, conjunct, &predicate, &found));
    return found ? list_add(&d, predicates, &predicate) : OK;
}

/* `range` narrows to what `more` allows too. */
static void range_narrow(Predicate *range, const Predicate *more) {
    if (more->has_low) {
        int order = range->has_low ? value_compare(&more->low, &range->low) : 1;
        if (order > 0 || (order == 0 && !more->low_inclusive)) {
            range_set(range, more->low_inclusive ? COMPARE_GE : COMPARE_GT, &more->low);
        }
    }
    if (more->has_high) {
        int order = range->has_high ? value_compare(&more->high, &range->high) : -1;
        if (order < 0 || (order == 0 && !more->high_inclusive)) {
            range_set(range, more->high_inclusive ? COMPARE_LE : COMPARE_LT, &more->high);
        }
    }
}

void predicates_intersect(PredicateList *predicates) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < predicates->count; i++) {
        Predicate *p = &predicates->items[i], *same = NULL;
        for (uint32_t k = 0; k < kept && p->kind == PREDICATE_RANGE; k++) {
            Predicate *other = &predicates->items[k];
            same = other->kind == PREDICATE_RANGE && other->column == p->column ? other : same;
        }
        if (same != NULL) {
            range_narrow(same, p);
        } else {
            predicates->items[kept++] = *p;
        }
    }
    predicates->count = kept;
}
