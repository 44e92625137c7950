/* Texts that are computed of columns, or of parts of the expression, with small known domains: to_char(moment, 'YYYY-MM'),
 * status || '/' || channel, CASE WHEN amount < 100 THEN … They are computed here for every combination of the inputs' values,
 * and rows look up codes: what comes above groups, sorts and joins by them as by a stored column with a dictionary. */
#include "plan/tabulate.h"

#include "core/datetime_template.h"
#include "expr/expr_table.h"
#include "expr/functions.h"
#include "plan/direct_columns.h"
#include "plan/expr_range.h"
#include "plan/moment_domain.h"

#include <string.h>

#define COMBINATIONS_MAX 131072
#define ROWS_PER_COMBINATION 16 /* fewer rows are better computed one by one */
#define INPUTS_MAX 8
#define DATE_TEXT_BYTES 10 /* YYYY-MM-DD */

typedef struct Tabulation {
    const Subplan *input;
    uint64_t combinations_max;
    uint32_t count;
    const Expr *inputs[INPUTS_MAX];
    bool can_be_null[INPUTS_MAX];
    DirectKey keys[INPUTS_MAX];
} Tabulation;

/* ---------------------------------------------------------------------------------------------------------- texts of a day */

static bool is_constant_integer(const Expr *expr, int64_t least, int64_t most) {
    return expr->kind == EXPR_CONSTANT && !expr->value.is_null && type_is_integer(expr->type) && expr->value.i64 >= least &&
           expr->value.i64 <= most;
}

static bool is_template_of_days(const Context *cx, const Expr *expr) {
    Template template;
    if (expr->kind != EXPR_CONSTANT || expr->value.is_null || expr->value.text.bytes > TEMPLATE_BYTES_MAX) {
        return false;
    }
    return template_parse(cx, text_data(&expr->value.text), expr->value.text.bytes, &template) == OK &&
           template_is_of_days(&template);
}

/* A moment's text of which no more than the day is taken. Years have four digits from 1 to 9999. */
static bool is_start_of_text(const Subplan *input, const Expr *call) {
    bool is_left = strcmp(call->function->name, "left") == 0 && call->arg_count == 2;
    bool is_substring = strncmp(call->function->name, "substr", strlen("substr")) == 0 && call->arg_count == 3;
    const Expr *text = call->args[0];
    if ((!is_left && !is_substring) || !is_constant_integer(call->args[call->arg_count - 1], 0, DATE_TEXT_BYTES) ||
        (is_substring && !is_constant_integer(call->args[1], 1, 1)) || text->kind != EXPR_CAST) {
        return false;
    }
    ColumnDomain domain = expr_domain(input, text->args[0]);
    int64_t first = days_from_civil(1, 1, 1) * MICROS_PER_DAY, end = days_from_civil(10000, 1, 1) * MICROS_PER_DAY;
    return domain.has_range && domain.min >= first && domain.max < end;
}

/* CAST(CAST(moment AS date) AS timestamp). */
static Expr *cut_moment(const Context *cx, Arena *arena, const Expr *moment) {
    Expr *day = expr_cast(cx, arena, (Expr *)(uintptr_t)moment, type_make(TYPE_DATE));
    return day == NULL ? NULL : expr_cast(cx, arena, day, moment->type);
}

/* date_part('year', moment) and fields like it, which all moments of a day share. */
static bool is_field_of_days(const Expr *call) {
    DateField field;
    const Expr *name = call->args[0];
    return strcmp(call->function->name, "date_part") == 0 && name->kind == EXPR_CONSTANT && !name->value.is_null &&
           date_field_from_name(text_data(&name->value.text), name->value.text.bytes, &field) && field >= FIELD_DAY &&
           field <= FIELD_ISOYEAR;
}

/* The timestamp of which a call's result depends on the day alone, or NULL. *argument is where it stands. */
static const Expr *moment_of_day(const Context *cx, const Subplan *input, const Expr *call, uint32_t *argument) {
    const Expr *moment = NULL;
    *argument = 0;
    if (call->kind != EXPR_CALL || call->arg_count < 2) {
        return NULL;
    }
    if (strcmp(call->function->name, "to_char") == 0 && is_template_of_days(cx, call->args[1])) {
        moment = call->args[0];
    } else if (is_field_of_days(call)) {
        moment = call->args[ *argument = 1];
    } else if (is_start_of_text(input, call)) {
        moment = call->args[0]->args[0];
    }
    return moment != NULL && moment->type.id == TYPE_TIMESTAMP ? moment : NULL;
}

/* For expr_transform: such calls get the day. */
static Expr *cut_moments(const Context *cx, Arena *arena, const Expr *node, void *input) {
    uint32_t argument;
    const Expr *moment = moment_of_day(cx, input, node, &argument);
    Expr *copy = moment == NULL ? NULL : expr_new(cx, arena, EXPR_CALL, node->type, node->pos, node->arg_count);
    Expr *day = copy == NULL ? NULL : cut_moment(cx, arena, moment);
    day = day == NULL ? NULL : expr_cast(cx, arena, day, node->args[argument]->type); /* where its text was asked for */
    if (day == NULL) {
        return NULL;
    }
    copy->function = node->function;
    memcpy(copy->args, node->args, node->arg_count * sizeof *copy->args);
    copy->args[argument] = day;
    return copy;
}

/* ------------------------------------------------------------------------------------------------------------------ inputs */

static bool add_input(Tabulation *tabulation, const Expr *expr) {
    PhysicalColumn column = {.type = expr->type, .domain = expr_domain(tabulation->input, expr)};
    for (uint32_t i = 0; i < tabulation->count; i++) {
        if (expr_equal(tabulation->inputs[i], expr)) {
            return true;
        }
    }
    uint32_t next = tabulation->count;
    if (next == INPUTS_MAX || !direct_key_open(&tabulation->keys[next], &column, next) ||
        tabulation->keys[next].values >= tabulation->combinations_max) {
        return false;
    }
    tabulation->inputs[next] = expr;
    tabulation->can_be_null[next] = column.domain.can_be_null;
    tabulation->count++;
    return true;
}

/* Takes the columns below as inputs, or where one has too many values, what is computed of it. Nothing may be computed for rows
 * that a CASE spares it if it can fail. */
static bool collect_inputs(Tabulation *tabulation, const Expr *expr) {
    uint32_t before = tabulation->count;
    bool found = expr->kind != EXPR_COLUMN;
    if (expr->kind == EXPR_CONSTANT) {
        return true;
    }
    if (expr->kind == EXPR_CALL && expr->function->volatility != IMMUTABLE) {
        return false;
    }
    for (uint32_t i = 0; i < expr->arg_count && found; i++) {
        found = collect_inputs(tabulation, expr->args[i]);
    }
    if (found) {
        return true;
    }
    tabulation->count = before;
    return !expr_can_fail(expr) && add_input(tabulation, expr);
}

static bool are_few(const Tabulation *tabulation) {
    uint64_t combinations = 1;
    for (uint32_t i = 0; i < tabulation->count; i++) {
        combinations *= tabulation->keys[i].values + 1;
        if (combinations > tabulation->combinations_max) {
            return false;
        }
    }
    return tabulation->count > 0;
}

/* --------------------------------------------------------------------------------------------------------------- the table */

/* For expr_transform: inputs become SLOTs. */
static Expr *input_to_slot(const Context *cx, Arena *arena, const Expr *node, void *tabulation_) {
    const Tabulation *tabulation = tabulation_;
    for (uint32_t i = 0; i < tabulation->count; i++) {
        if (expr_equal(tabulation->inputs[i], node)) {
            return expr_slot(cx, arena, i, node->type, NULL);
        }
    }
    return NULL;
}

static ColumnDomain table_domain(const ExprTable *table, Type type) {
    const Dictionary *results = &table->results;
    ColumnDomain domain = {.dictionary = results, .can_be_null = table->validity != NULL};
    if (class_is_integer(type_class(type))) {
        domain.has_range = true;
        domain.min = value_load(type, results->values, 0).i64;
        domain.max = value_load(type, results->values, results->size - 1).i64;
    }
    return domain;
}

static Status make_table(Lowering *low, Tabulation *tabulation, const Expr *of, const Expr *expr, PhysicalColumn *column,
                         const Expr **out) {
    DirectKeys keys = {.count = tabulation->count};
    ExprTable *table;
    TRY_NEW_ARRAY(low->cx, low->arena, keys.keys, keys.count);
    memcpy(keys.keys, tabulation->keys, keys.count * sizeof *keys.keys);
    Expr *over = expr_transform(low->cx, low->arena, expr, input_to_slot, tabulation);
    Expr *made = expr_new(low->cx, low->arena, EXPR_TABLE, expr->type, expr->pos, keys.count);
    if (over == NULL || made == NULL) {
        return OUT_OF_MEMORY;
    }
    if (!direct_keys_place(&keys)) {
        return OK;
    }
    TRY(expr_table_create(low->cx, low->arena, &keys, tabulation->can_be_null, over, &table));
    if (table == NULL) {
        return OK;
    }
    table->of = of;
    made->table = table;
    memcpy(made->args, tabulation->inputs, keys.count * sizeof *made->args);
    column->domain = table_domain(table, expr->type);
    *out = made;
    return OK;
}

/* For expr_walk: nothing in it takes longer than looking up its result. */
static bool is_quick(const Expr *node, void *argument) {
    (void)argument;
    return node->kind != EXPR_CALL || strcmp(node->function->name, "+") == 0 || strcmp(node->function->name, "-") == 0 ||
           strcmp(node->function->name, "*") == 0;
}

/* Texts are; of numbers those that are slow to compute and whose values are not known without. */
static bool is_worth_a_table(const PhysicalColumn *column, const Expr *expr) {
    return type_is_text(expr->type) || (column_domain_size(column) == 0 && !expr_walk(expr, is_quick, NULL));
}

Status lower_computed(Lowering *low, const Subplan *input, PhysicalColumn *column, const Expr **expr) {
    uint64_t most = (uint64_t)(input->node->rows / ROWS_PER_COMBINATION);
    Tabulation tabulation = {.input = input, .combinations_max = most < COMBINATIONS_MAX ? most : COMBINATIONS_MAX};
    const Expr *of = *expr;
    column->domain = expr_domain(input, of);
    if (of->kind == EXPR_COLUMN || of->kind == EXPR_CONSTANT) {
        return OK;
    }
    Expr *of_days = expr_transform(low->cx, low->arena, of, cut_moments, (void *)(uintptr_t)input);
    if (of_days == NULL) {
        return OUT_OF_MEMORY;
    }
    if (!collect_inputs(&tabulation, of_days) || !are_few(&tabulation) || !is_worth_a_table(column, of)) {
        return OK;
    }
    return make_table(low, &tabulation, of, of_days, column, expr);
}
