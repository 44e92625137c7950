/* A partition or leading sort column inside of a function or cast: no partition and no block can be left out by that filter.
 * For the commonest shapes the alert's cure is the same condition on the bare column. */
#include "plan/alerts.h"

#include "core/datetime.h"
#include "core/settings.h"
#include "expr/functions.h"

#include <strings.h>

/* f(column) op constant. */
typedef struct Hidden {
    const Expr *side; /* with the column in it */
    const Expr *column;
    CompareOp op;
    const Value *constant;
    const char *name; /* of the column */
} Hidden;

/* ----------------------------------------------------------------------------------------------------------------- rewriting
 */

static const char *print_value(const AlertFinder *f, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *text;
    size_t bytes;
    value_print(value, buffer, &text, &bytes);
    const char *word = value->type.id == TYPE_DATE ? "DATE " : value->type.id == TYPE_TIMESTAMP ? "TIMESTAMP " : "";
    bool is_quoted = type_is_text(value->type) || type_is_moment(value->type);
    return ALERT_TEXT(f, "%s%s%.*s%s", word, is_quoted ? "'" : "", (int)bytes, text, is_quoted ? "'" : "");
}

static const char *compare_text(const AlertFinder *f, const char *name, CompareOp op, const Value *value) {
    const char *text = print_value(f, value);
    return text == NULL ? NULL : ALERT_TEXT(f, "%s %s %s", name, compare_symbol(op), text);
}

/* The column lies in the days [first, next). */
static const char *span_text(const AlertFinder *f, const Hidden *hidden, int64_t first, int64_t next) {
    Type type = hidden->column->type;
    CompareOp op = hidden->op;
    int64_t unit = type.id == TYPE_DATE ? 1 : MICROS_PER_DAY;
    Value low = value_i64(type, first * unit), high = value_i64(type, next * unit);
    bool wants_low = op == COMPARE_EQ || op == COMPARE_GE || op == COMPARE_GT;
    bool wants_high = op == COMPARE_EQ || op == COMPARE_LE || op == COMPARE_LT;
    const char *above = compare_text(f, hidden->name, COMPARE_GE, op == COMPARE_GT ? &high : &low);
    const char *below = compare_text(f, hidden->name, COMPARE_LT, op == COMPARE_LT ? &low : &high);
    if (above == NULL || below == NULL || op == COMPARE_NE) {
        return NULL;
    }
    return wants_low && wants_high ? ALERT_TEXT(f, "%s AND %s", above, below) : wants_low ? above : below;
}

/* A whole number of the text's next `digits` digits; -1: there are others. */
static int64_t read_digits(const char **text, int digits) {
    int64_t number = 0;
    for (int i = 0; i < digits; i++, ++*text) {
        if (**text < '0' || **text > '9') {
            return -1;
        }
        number = number * 10 + (**text - '0');
    }
    return number;
}

/* "1995-03" by the template "YYYY-MM": the days that print so. Only templates that sort as the days do. */
static bool days_of_text(const char *template, const char *text, int64_t *first, int64_t *next) {
    int64_t year = 0, month = 1, day = 1;
    bool has_year = false, has_month = false, has_day = false;
    while (*template != 0) {
        if (strncasecmp(template, "yyyy", 4) == 0 && !has_year) {
            year = read_digits(&text, 4);
            has_year = true;
            template += 4;
        } else if (strncasecmp(template, "mm", 2) == 0 && has_year && !has_month) {
            month = read_digits(&text, 2);
            has_month = true;
            template += 2;
        } else if (strncasecmp(template, "dd", 2) == 0 && has_month && !has_day) {
            day = read_digits(&text, 2);
            has_day = true;
            template += 2;
        } else if (strchr("-/. ", *template) != NULL && *template == *text) {
            template ++;
            text++;
        } else {
            return false;
        }
    }
    if (!has_year || *text != 0 || !civil_is_valid(year, month, day)) {
        return false;
    }
    int32_t y = (int32_t)year, m = (int32_t)month, d = (int32_t)day;
    *first = days_from_civil(y, m, d);
    *next = has_day ? *first + 1 : has_month ? days_from_civil(y, m + 1, 1) : days_from_civil(y + 1, 1, 1);
    return true;
}

static bool is_day_or_moment(Type type) {
    return type.id == TYPE_DATE || type.id == TYPE_TIMESTAMP;
}

/* to_char(column, 'YYYY-MM') op '1995-03' */
static const char *rewrite_to_char(const AlertFinder *f, const Hidden *hidden) {
    const Expr *side = hidden->side;
    if (side->kind != EXPR_CALL || strcmp(side->function->name, "to_char") != 0 || side->args[1]->kind != EXPR_CONSTANT ||
        !is_day_or_moment(hidden->column->type) || !type_is_text(hidden->constant->type)) {
        return NULL;
    }
    const Value *template = &side->args[1]->value, *constant = hidden->constant;
    const char *by = ALERT_TEXT(f, "%.*s", (int)template->text.bytes, text_data(&template->text));
    const char *text = ALERT_TEXT(f, "%.*s", (int)constant->text.bytes, text_data(&constant->text));
    int64_t first, next;
    bool is_known = by != NULL && text != NULL && days_of_text(by, text, &first, &next);
    return is_known ? span_text(f, hidden, first, next) : NULL;
}

/* CAST(moment AS DATE) op date */
static const char *rewrite_day_of_moment(const AlertFinder *f, const Hidden *hidden) {
    bool is_day = hidden->side->kind == EXPR_CAST && hidden->side->type.id == TYPE_DATE &&
                  hidden->column->type.id == TYPE_TIMESTAMP && hidden->side->args[0] == hidden->column;
    int64_t day = hidden->constant->i64;
    return is_day ? span_text(f, hidden, day, day + 1) : NULL;
}

/* CAST(column AS VARCHAR) = '1995-03-01' */
static const char *rewrite_text_of(const AlertFinder *f, const Hidden *hidden) {
    const Expr *side = hidden->side;
    Value value;
    if (side->kind != EXPR_CAST || !type_is_text(side->type) || side->args[0] != hidden->column || hidden->op != COMPARE_EQ ||
        !type_is_text(hidden->constant->type)) {
        return NULL;
    }
    Context own = *f->cx;
    Error ignored;
    own.error = &ignored;
    bool fits = value_cast(&own, f->arena, hidden->constant, hidden->column->type, &value) == OK && !value.is_null;
    return fits ? compare_text(f, hidden->name, COMPARE_EQ, &value) : NULL;
}

/* column + 7 op constant, for whole numbers and dates */
static const char *rewrite_sum(const AlertFinder *f, const Hidden *hidden) {
    const Expr *side = hidden->side;
    bool is_sum = side->kind == EXPR_CALL && side->arg_count == 2 && side->args[1]->kind == EXPR_CONSTANT &&
                  side->args[0] == hidden->column && type_is_integer(side->args[1]->type) &&
                  (type_is_integer(side->type) || side->type.id == TYPE_DATE) && side->type.id == hidden->column->type.id &&
                  hidden->constant->type.id == side->type.id;
    bool adds = is_sum && strcmp(side->function->name, "+") == 0;
    if (!adds && !(is_sum && strcmp(side->function->name, "-") == 0)) {
        return NULL;
    }
    Value moved = *hidden->constant;
    int64_t step = side->args[1]->value.i64;
    bool overflows =
        adds ? __builtin_sub_overflow(moved.i64, step, &moved.i64) : __builtin_add_overflow(moved.i64, step, &moved.i64);
    return overflows ? NULL : compare_text(f, hidden->name, hidden->op, &moved);
}

static const char *rewrite(const AlertFinder *f, const Hidden *hidden) {
    static const char *(*const forms[])(const AlertFinder *, const Hidden *) = {rewrite_to_char, rewrite_day_of_moment,
                                                                                rewrite_text_of, rewrite_sum};
    const char *text = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof *forms && text == NULL; i++) {
        text = forms[i](f, hidden);
    }
    return text;
}

/* ------------------------------------------------------------------------------------------------------------------- finding
 */

typedef struct ColumnSearch {
    const ScanSpec *scan;
    uint32_t column; /* of the table */
    const Expr *found;
} ColumnSearch;

static bool note_column(const Expr *node, void *search_) {
    ColumnSearch *search = search_;
    if (node->kind == EXPR_SLOT && search->scan->columns[node->slot] == search->column) {
        search->found = node;
    }
    return true;
}

/* The column inside of a function, cast or calculation; NULL: not there, or bare. */
static const Expr *column_inside(const ScanSpec *scan, uint32_t column, const Expr *expr) {
    ColumnSearch search = {.scan = scan, .column = column};
    if (expr->kind == EXPR_CALL || expr->kind == EXPR_CAST || expr->kind == EXPR_CASE || expr->kind == EXPR_COALESCE) {
        expr_walk(expr, note_column, &search);
    }
    return search.found;
}

static bool find_hidden(const ScanSpec *scan, uint32_t column, const Expr *condition, Hidden *hidden) {
    for (uint32_t i = 0; i < 2 && condition->kind == EXPR_COMPARE; i++) {
        const Expr *side = condition->args[i], *other = condition->args[1 - i];
        const Expr *inside = column_inside(scan, column, side);
        if (inside != NULL && other->kind == EXPR_CONSTANT && !other->value.is_null) {
            *hidden = (Hidden){.side = side,
                               .column = inside,
                               .op = i == 0 ? condition->compare : compare_swapped(condition->compare),
                               .constant = &other->value,
                               .name = scan->table->schema->columns[column].name};
            return true;
        }
    }
    return false;
}

static bool has_predicate(const ScanSpec *scan, uint32_t column) {
    for (uint32_t i = 0; i < scan->predicate_count; i++) {
        if (scan->predicates[i].column == column) {
            return true;
        }
    }
    return false;
}

static Status raise_hidden(AlertFinder *f, const PhysicalNode *scan, const Expr *condition, const Hidden *hidden,
                           const char *role) {
    const char *text = expr_print(f->cx, f->arena, condition), *better = rewrite(f, hidden);
    const char *details =
        text == NULL ? NULL : ALERT_TEXT(f, "%s on the %s column of %s", text, role, scan->scan.table->schema->name);
    return alert_raise(
        f, scan, details,
        better != NULL ? ALERT_TEXT(f, "Write %s", better)
                       : ALERT_TEXT(f, "Compare %s itself with constants, or add a range of it to the query", hidden->name));
}

/* Conjuncts may stand above the scan, where they can fail and others come first; their slots are the scan's, too. */
static Status check_conjunct(AlertFinder *f, const PhysicalNode *scan, uint32_t column, const Expr *condition,
                             const char *role) {
    Hidden hidden;
    for (uint32_t i = 0; condition->kind == EXPR_AND && i < condition->arg_count; i++) {
        TRY(check_conjunct(f, scan, column, condition->args[i], role));
    }
    return find_hidden(&scan->scan, column, condition, &hidden) ? raise_hidden(f, scan, condition, &hidden, role) : OK;
}

static Status check_column(AlertFinder *f, const PhysicalNode *node, uint32_t column, const char *role) {
    bool is_above = node->kind == PHYSICAL_FILTER;
    const PhysicalNode *scan = is_above ? node->children[0] : node;
    if (has_predicate(&scan->scan, column)) {
        return OK;
    }
    if (is_above) {
        return check_conjunct(f, scan, column, node->filter.condition, role);
    }
    for (uint32_t i = 0; i < scan->scan.filter_count; i++) {
        TRY(check_conjunct(f, scan, column, scan->scan.filters[i].condition, role));
    }
    return OK;
}

Status alert_hidden_column(AlertFinder *f, const PhysicalNode *node) {
    const PhysicalNode *scan = node->kind == PHYSICAL_FILTER ? node->children[0] : node;
    if (scan->kind != PHYSICAL_SCAN || scan->scan.table->rows < (uint64_t)f->cx->settings->alert_rows_min) {
        return OK;
    }
    const TableSchema *schema = scan->scan.table->schema;
    uint32_t sort_column = schema->sort_key_count == 0 ? UINT32_MAX : schema->sort_keys[0];
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        uint32_t column = schema->partition_keys[i].column;
        TRY(check_column(f, node, column, column == sort_column ? "partition and leading sort-key" : "partition"));
        sort_column = column == sort_column ? UINT32_MAX : sort_column;
    }
    return sort_column == UINT32_MAX ? OK : check_column(f, node, sort_column, "leading sort-key");
}
