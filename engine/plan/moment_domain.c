/* The calendar as far as domains go: fields that come round again or grow with time, starts of months and the like. */
#include "plan/moment_domain.h"

#include "core/datetime.h"
#include "expr/functions.h"

#include <string.h>

#define STEPPED_WIDTH_MAX ((int64_t)1 << 52) /* differences divided as doubles are exact up to here: 142 years */

void column_domain_unite(ColumnDomain *domain, const ColumnDomain *other) {
    if (domain->dictionary != other->dictionary) {
        domain->dictionary = NULL;
    }
    if (domain->step != other->step || domain->unit != other->unit) {
        domain->step = 0;
    }
    domain->has_range = domain->has_range && other->has_range;
    domain->min = domain->min < other->min ? domain->min : other->min;
    domain->max = domain->max > other->max ? domain->max : other->max;
    domain->can_be_null |= other->can_be_null;
    if (domain->has_range && (uint64_t)domain->max - (uint64_t)domain->min >= (uint64_t)STEPPED_WIDTH_MAX) {
        domain->step = 0;
    }
}

uint64_t column_domain_size(const PhysicalColumn *column) {
    const ColumnDomain *domain = &column->domain;
    if (domain->dictionary != NULL) {
        return domain->dictionary->size;
    }
    if (!domain->has_range || !class_is_integer(type_class(column->type))) {
        return column->type.id == TYPE_BOOLEAN ? 2 : 0;
    }
    uint64_t width = (uint64_t)domain->max - (uint64_t)domain->min;
    width = domain->step > 1 ? width / (uint64_t)domain->step : width;
    return width + (width < UINT64_MAX);
}

/* ----------------------------------------------------------------------------------------------------------------- fields */

/* Of a column, or of the day of one. */
static bool is_moment(Type type) {
    return type.id == TYPE_DATE || type.id == TYPE_TIMESTAMP;
}

/* Days of the first and the last value of a DATE or TIMESTAMP; false if they are not known. */
static bool days_of(Type type, const ColumnDomain *domain, int32_t *first, int32_t *last) {
    int64_t micros;
    if (!domain->has_range || !is_moment(type)) {
        return false;
    }
    *first = type.id == TYPE_DATE ? (int32_t)domain->min : timestamp_days(domain->min, &micros);
    *last = type.id == TYPE_DATE ? (int32_t)domain->max : timestamp_days(domain->max, &micros);
    return true;
}

/* Of a field that comes round again: all values that it ever has. */
static bool cycle_of(DateField field, int64_t *min, int64_t *max) {
    static const uint16_t most[FIELD_COUNT] = {
        [FIELD_MINUTE] = 59, [FIELD_HOUR] = 23, [FIELD_DAY] = 31,   [FIELD_WEEK] = 53, [FIELD_MONTH] = 12,
        [FIELD_QUARTER] = 4, [FIELD_DOW] = 6,   [FIELD_ISODOW] = 7, [FIELD_DOY] = 366};
    *max = most[field];
    *min = field == FIELD_MINUTE || field == FIELD_HOUR || field == FIELD_DOW ? 0 : 1;
    return *max > 0;
}

static bool constant_field(const Expr *expr, DateField *field) {
    return expr->kind == EXPR_CONSTANT && !expr->value.is_null && type_is_text(expr->type) &&
           date_field_from_name(text_data(&expr->value.text), expr->value.text.bytes, field);
}

/* extract_field('year', x), year(x): which field of what. */
static const Expr *field_of(const Expr *call, DateField *field) {
    static const char *const parts[] = {"year", "quarter", "month", "week", "day"};
    const char *name = call->function->name;
    if (call->arg_count == 2 && strcmp(name, "extract_field") == 0 && constant_field(call->args[0], field)) {
        return call->args[1];
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (call->arg_count == 1 && strcmp(name, parts[i]) == 0 && date_field_from_name(name, strlen(name), field)) {
            return call->args[0];
        }
    }
    return NULL;
}

/* Fields that are the greater the later. */
static bool grows(DateField field) {
    return field == FIELD_YEAR || field == FIELD_DECADE || field == FIELD_CENTURY || field == FIELD_MILLENNIUM ||
           field == FIELD_ISOYEAR || field == FIELD_JULIAN;
}

bool moment_field_range(const Subplan *input, const Expr *expr, int64_t *min, int64_t *max) {
    DateField field;
    const Expr *moment = expr->kind == EXPR_CALL ? field_of(expr, &field) : NULL;
    ColumnDomain domain = {0};
    int32_t first, last;
    if (moment == NULL || moment->type.id == TYPE_INTERVAL) {
        return false;
    }
    if (cycle_of(field, min, max)) {
        return true;
    }
    moment_domain(input, moment, &domain);
    if (!grows(field) || !days_of(moment->type, &domain, &first, &last)) {
        return false;
    }
    *min = date_field(first, field);
    *max = date_field(last, field);
    return true;
}

/* date - date, datediff('day', from, to): the days from which to which. */
static bool is_distance(const Expr *expr, const Expr **from, const Expr **to) {
    DateField unit;
    const char *name = expr->kind == EXPR_CALL ? expr->function->name : "";
    if (expr->arg_count == 2 && strcmp(name, "-") == 0 && expr->args[0]->type.id == TYPE_DATE) {
        *from = expr->args[1];
        *to = expr->args[0];
        return expr->args[1]->type.id == TYPE_DATE;
    }
    if (expr->arg_count == 3 && (strcmp(name, "datediff") == 0 || strcmp(name, "date_diff") == 0)) {
        *from = expr->args[1];
        *to = expr->args[2];
        return constant_field(expr->args[0], &unit) && unit == FIELD_DAY;
    }
    return false;
}

bool moment_distance_range(const Subplan *input, const Expr *expr, int64_t *min, int64_t *max) {
    const Expr *from, *to;
    ColumnDomain before = {0}, after = {0};
    int32_t first_from, last_from, first_to, last_to;
    if (!is_distance(expr, &from, &to)) {
        return false;
    }
    moment_domain(input, from, &before);
    moment_domain(input, to, &after);
    if (!days_of(from->type, &before, &first_from, &last_from) || !days_of(to->type, &after, &first_to, &last_to)) {
        return false;
    }
    *min = (int64_t)first_to - last_from;
    *max = (int64_t)last_to - first_from;
    return true;
}

/* ---------------------------------------------------------------------------------------------------------------- moments */

/* How far apart two starts of a field are at least, in microseconds. */
static int64_t least_step(DateField field) {
    static const int64_t days[FIELD_COUNT] = {
        [FIELD_DAY] = 1, [FIELD_WEEK] = 7, [FIELD_MONTH] = 28, [FIELD_QUARTER] = 90, [FIELD_YEAR] = 365};
    return field == FIELD_MINUTE ? MICROS_PER_MINUTE : field == FIELD_HOUR ? MICROS_PER_HOUR : days[field] * MICROS_PER_DAY;
}

static void truncated_domain(const Expr *moment, DateField field, const ColumnDomain *of, ColumnDomain *out) {
    int64_t scale = moment->type.id == TYPE_DATE ? MICROS_PER_DAY : 1, low, high, width, step = least_step(field);
    bool is_known = of->has_range && is_moment(moment->type) && step > 0 && !__builtin_mul_overflow(of->min, scale, &low) &&
                    !__builtin_mul_overflow(of->max, scale, &high);
    if (!is_known || !timestamp_truncate(low, field, &low) || !timestamp_truncate(high, field, &high)) {
        return;
    }
    out->has_range = true;
    out->min = low;
    out->max = high;
    if (!__builtin_sub_overflow(high, low, &width) && width < STEPPED_WIDTH_MAX) {
        out->step = step;
        out->unit = (uint8_t)field;
    }
}

void moment_domain(const Subplan *input, const Expr *expr, ColumnDomain *domain) {
    ColumnDomain of = {0};
    DateField field;
    int32_t first, last;
    bool can_be_null = domain->can_be_null;
    if (expr->kind == EXPR_COLUMN) {
        uint32_t slot = subplan_find(input, expr->column);
        *domain = slot == UINT32_MAX ? *domain : input->node->columns[slot].domain;
    } else if (expr->kind == EXPR_CONSTANT && is_moment(expr->type) && !expr->value.is_null) {
        *domain = (ColumnDomain){.has_range = true, .min = expr->value.i64, .max = expr->value.i64};
    } else if (expr->kind == EXPR_CAST && expr->type.id == TYPE_DATE) {
        moment_domain(input, expr->args[0], &of);
        if (days_of(expr->args[0]->type, &of, &first, &last)) {
            *domain = (ColumnDomain){.has_range = true, .min = first, .max = last};
        }
    } else if (expr->kind == EXPR_CALL && expr->arg_count == 2 && strcmp(expr->function->name, "date_trunc") == 0 &&
               constant_field(expr->args[0], &field)) {
        moment_domain(input, expr->args[1], &of);
        truncated_domain(expr->args[1], field, &of, domain);
    }
    domain->can_be_null = can_be_null;
}
