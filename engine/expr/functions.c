/* The table of scalar functions and how a call finds its overload: every candidate of the name is priced by the implicit casts
 * that its arguments need, and the cheapest is taken, the first listed among equals. */
#include "expr/functions.h"

#include "core/decimal.h"
#include "core/number_template.h"
#include "core/suggest.h"
#include "expr/aggregates.h"
#include "expr/bind_internal.h"
#include "expr/cast.h"
#include "expr/fn_loop.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { STRICT = 1, FAILS = 2, STABLE_IN_STATEMENT = 4, VOLATILE_CALL = 8 };

typedef struct Entry {
    Function function;
    FormBinder *binder; /* a form; the function has no loop then */
} Entry;

static const Entry entries[] = {
#define FUNCTION(name_, arguments_, result_, flags_, loop_, help_)                                                             \
    {.function = {.name = name_,                                                                                               \
                  .arguments = arguments_,                                                                                     \
                  .result = result_,                                                                                           \
                  .help = help_,                                                                                               \
                  .is_strict = ((flags_)&STRICT) != 0,                                                                         \
                  .can_fail = ((flags_)&FAILS) != 0,                                                                           \
                  .volatility = ((flags_)&VOLATILE_CALL)         ? VOLATILE                                                    \
                                : ((flags_)&STABLE_IN_STATEMENT) ? STABLE                                                      \
                                                                 : IMMUTABLE,                                                  \
                  .loop = loop_}},
#define FORM(name_, arguments_, result_, binder_, help_)                                                                       \
    {.function = {.name = name_, .arguments = arguments_, .result = result_, .help = help_}, .binder = binder_},
#include "expr/functions.def"
#undef FUNCTION
#undef FORM
};
#define ENTRY_COUNT (sizeof entries / sizeof entries[0])

uint32_t function_count(void) {
    return ENTRY_COUNT;
}

const Function *function_at(uint32_t index) {
    return &entries[index].function;
}

bool function_exists(const char *name) {
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (strcasecmp(entries[i].function.name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* -------------------------------------------------------------------------------------------------------------- parameters */

#define ANY_TYPE TYPE_COUNT

typedef struct Parameter {
    int type; /* TypeId or ANY_TYPE */
    bool repeats;
} Parameter;

static int type_of_word(const char *word, size_t bytes) {
    static const char *const names[] = {
#define TYPE(tag, class_, name) [TYPE_##tag] = name,
#include "core/types.def"
#undef TYPE
    };
    if (bytes == 3 && strncmp(word, "any", 3) == 0) {
        return ANY_TYPE;
    }
    if (bytes == 4 && strncmp(word, "text", 4) == 0) {
        return TYPE_VARCHAR;
    }
    for (int id = 0; id < TYPE_COUNT; id++) {
        if (strlen(names[id]) == bytes && strncmp(word, names[id], bytes) == 0) {
            return id;
        }
    }
    return -1;
}

/* The next parameter of "text, integer, any..."; false at the end. */
static bool next_parameter(const char **list, Parameter *parameter) {
    if (**list == 0) {
        return false;
    }
    size_t bytes = strcspn(*list, ",");
    size_t word = bytes;
    parameter->repeats = bytes > 3 && strncmp(*list + bytes - 3, "...", 3) == 0;
    word -= parameter->repeats ? 3 : 0;
    parameter->type = type_of_word(*list, word);
    *list += bytes;
    *list += strspn(*list, ", ");
    return true;
}

/* The type of argument `index`; false if the function takes fewer. */
static bool parameter_at(const Function *function, uint32_t index, int *type) {
    const char *list = function->arguments;
    Parameter parameter;
    for (uint32_t i = 0; next_parameter(&list, &parameter); i++) {
        if (i == index || (parameter.repeats && i < index)) {
            *type = parameter.type;
            return true;
        }
    }
    return false;
}

static bool takes_count(const Function *function, uint32_t arg_count) {
    const char *list = function->arguments;
    Parameter parameter;
    uint32_t needed = 0;
    while (next_parameter(&list, &parameter)) {
        needed++;
        if (parameter.repeats) {
            return arg_count >= needed;
        }
    }
    return needed == arg_count;
}

/* -------------------------------------------------------------------------------------------------------------- resolution */

#define COST_NONE UINT32_MAX

static uint32_t numeric_rank(TypeId id) {
    static const uint8_t ranks[TYPE_COUNT] = {
        [TYPE_SMALLINT] = 1, [TYPE_INTEGER] = 2, [TYPE_BIGINT] = 3, [TYPE_DECIMAL] = 4, [TYPE_REAL] = 6, [TYPE_DOUBLE] = 5};
    return ranks[id];
}

/* What it costs to give `arg` to a parameter: 0 for the same type, more for a longer way. */
static uint32_t argument_cost(const Expr *arg, int parameter) {
    if (parameter == ANY_TYPE) {
        return 1;
    }
    if (expr_is_untyped(arg)) {
        return parameter == TYPE_VARCHAR                                                                  ? 1
               : parameter == TYPE_DOUBLE || parameter == TYPE_TIMESTAMP || parameter == TYPE_TIMESTAMPTZ ? 3
                                                                                                          : 4;
    }
    if (arg->type.id == parameter) {
        return 0;
    }
    Type to = type_make((TypeId)parameter);
    if (cast_context(arg->type, to) != CAST_IMPLICIT) {
        return COST_NONE;
    }
    uint32_t from_rank = numeric_rank(arg->type.id), to_rank = numeric_rank(to.id);
    return from_rank > 0 && to_rank > from_rank ? 2 * (to_rank - from_rank) : 1;
}

static uint32_t call_cost(const Function *function, Expr **args, uint32_t arg_count) {
    uint32_t total = 0;
    if (!takes_count(function, arg_count)) {
        return COST_NONE;
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        int parameter = ANY_TYPE;
        uint32_t cost = parameter_at(function, i, &parameter) ? argument_cost(args[i], parameter) : COST_NONE;
        if (cost == COST_NONE) {
            return COST_NONE;
        }
        total += cost;
    }
    return total;
}

static const Entry *find_entry(const char *name, Expr **args, uint32_t arg_count) {
    const Entry *best = NULL;
    uint32_t best_cost = COST_NONE;
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (strcasecmp(entries[i].function.name, name) != 0) {
            continue;
        }
        uint32_t cost = call_cost(&entries[i].function, args, arg_count);
        if (cost < best_cost) {
            best = &entries[i];
            best_cost = cost;
        }
    }
    return best;
}

/* ------------------------------------------------------------------------------------------------------------ result types */

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}
static uint32_t most(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

static Type decimal_saturated(uint32_t precision, uint32_t scale) {
    return type_decimal(least(precision, DECIMAL_PRECISION_MAX), least(scale, DECIMAL_PRECISION_MAX));
}

static Type sum_type(Type a, Type b) {
    uint32_t scale = most(a.scale, b.scale);
    return decimal_saturated(most(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
}

static Type product_type(Type a, Type b) {
    return decimal_saturated(a.precision + b.precision, a.scale + b.scale);
}

/* A dividend of 38 digits says nothing about its size (every sum of decimals has the type): there the decimals are kept. */
static Type quotient_type(Type a, Type b) {
    uint32_t whole = a.precision < DECIMAL_PRECISION_MAX ? a.precision - a.scale + b.scale : 0;
    uint32_t room = whole < DECIMAL_PRECISION_MAX ? DECIMAL_PRECISION_MAX - whole : 0;
    uint32_t scale = most(most(a.scale, b.scale), least(16, room));
    return decimal_saturated(a.precision < DECIMAL_PRECISION_MAX ? whole + scale : DECIMAL_PRECISION_MAX, scale);
}

static Type remainder_type(Type a, Type b) {
    uint32_t scale = most(a.scale, b.scale);
    return decimal_saturated(most(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

/* round(x, 2): the scale is known if the number of places is a constant. */
static Type places_type(Type type, const Expr *places) {
    uint32_t scale = type.scale;
    if (places->kind == EXPR_CONSTANT && !places->value.is_null) {
        scale = places->value.i64 < 0
                    ? 0
                    : least((uint32_t)least(places->value.i64 > 99 ? 99 : (uint32_t)places->value.i64, 38), type.scale);
    }
    return decimal_saturated(type.precision - type.scale + 1u + scale, scale);
}

/* to_number: as many decimals as the template has. */
static Type number_type(const Context *cx, const Expr *template) {
    NumberTemplate parsed;
    Error error;
    Context quiet = *cx;
    quiet.error = &error;
    if (template->kind != EXPR_CONSTANT || template->value.is_null ||
        number_template_parse(&quiet, text_data(&template->value.text), template->value.text.bytes, &parsed) != OK) {
        return type_decimal(DECIMAL_PRECISION_MAX, DECIMAL_SCALE_DEFAULT);
    }
    return type_decimal(DECIMAL_PRECISION_MAX, least((uint32_t)(parsed.after + parsed.shift), DECIMAL_PRECISION_MAX));
}

static Type result_type(const Context *cx, const Function *function, Expr **args, uint32_t arg_count) {
    const char *rule = function->result;
    if (strcmp(rule, "same") == 0) {
        return type_is_text(args[0]->type) ? type_varchar(0) : args[0]->type;
    }
    if (strcmp(rule, "first") == 0) {
        return args[0]->type;
    }
    if (strcmp(rule, "sum") == 0) {
        return sum_type(args[0]->type, args[1]->type);
    }
    if (strcmp(rule, "product") == 0) {
        return product_type(args[0]->type, args[1]->type);
    }
    if (strcmp(rule, "quotient") == 0) {
        return quotient_type(args[0]->type, args[1]->type);
    }
    if (strcmp(rule, "remainder") == 0) {
        return remainder_type(args[0]->type, args[1]->type);
    }
    if (strcmp(rule, "whole") == 0) {
        return decimal_saturated(args[0]->type.precision - args[0]->type.scale + (args[0]->type.scale > 0 ? 1u : 0u), 0);
    }
    if (strcmp(rule, "places") == 0) {
        return places_type(args[0]->type, args[1]);
    }
    if (strcmp(rule, "second") == 0 || strcmp(rule, "millisecond") == 0) {
        return type_decimal(8, rule[0] == 's' ? 6 : 3);
    }
    if (strcmp(rule, "epoch") == 0 || strcmp(rule, "julian") == 0) {
        return rule[0] == 'e' ? type_decimal(25, 6) : type_decimal(30, 20);
    }
    if (strcmp(rule, "factorial") == 0) {
        return type_decimal(DECIMAL_PRECISION_MAX, 0);
    }
    if (strcmp(rule, "ratio") == 0) {
        return decimal_saturated(most(args[0]->type.precision - args[0]->type.scale + args[1]->type.scale, 1), 0);
    }
    if (strcmp(rule, "number") == 0) {
        return number_type(cx, args[arg_count - 1]);
    }
    return type_make((TypeId)type_of_word(rule, strlen(rule)));
}

/* ------------------------------------------------------------------------------------------------------------------ binding */

static Status cast_argument(const Context *cx, Arena *arena, int parameter, Expr **arg) {
    if (parameter == ANY_TYPE) {
        return expr_is_untyped(*arg) ? cast_unchecked(cx, arena, *arg, type_varchar(0), arg) : OK;
    }
    if (parameter == TYPE_DECIMAL) {
        Type type = (*arg)->type.id == TYPE_DECIMAL ? (*arg)->type
                    : type_is_integer((*arg)->type) ? decimal_for(*arg)
                                                    : type_decimal(DECIMAL_PRECISION_MAX, DECIMAL_SCALE_DEFAULT);
        return cast_unchecked(cx, arena, *arg, type, arg);
    }
    if (parameter == TYPE_VARCHAR && type_is_text((*arg)->type) && !expr_is_untyped(*arg)) {
        return OK; /* any length will do */
    }
    return cast_unchecked(cx, arena, *arg, type_make((TypeId)parameter), arg);
}

/* "any..." with the result "same" (greatest). */
static bool arguments_meet(const Function *function) {
    return strcmp(function->result, "same") == 0 && strstr(function->arguments, "any...") != NULL;
}

/* Where all arguments meet they take their common type. "+" and "-" of DECIMAL run on the result's scale. */
static Status align_arguments(const Context *cx, Arena *arena, const Function *function, Expr **args, uint32_t arg_count) {
    Type common;
    if (arguments_meet(function)) {
        return cast_to_common(cx, arena, args, arg_count, function->name, &common);
    }
    bool is_sum = strcmp(function->result, "sum") == 0;
    if (is_sum || strcmp(function->result, "remainder") == 0) {
        common = is_sum ? sum_type(args[0]->type, args[1]->type) : remainder_type(args[0]->type, args[1]->type);
        TRY(cast_unchecked(cx, arena, args[0], common, &args[0]));
        return cast_unchecked(cx, arena, args[1], common, &args[1]);
    }
    return OK;
}

static Status build_call(const Context *cx, Arena *arena, const Function *function, Expr **args, uint32_t arg_count,
                         SourcePos pos, Expr **out) {
    Expr *call = expr_new(cx, arena, EXPR_CALL, type_make(TYPE_NULL), pos, arg_count);
    if (call == NULL) {
        return OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        int parameter = ANY_TYPE;
        call->args[i] = args[i];
        parameter_at(function, i, &parameter);
        if (!arguments_meet(function)) {
            TRY(cast_argument(cx, arena, parameter, &call->args[i]));
        }
    }
    Type result = {0};
    bool from_unaligned = strcmp(function->result, "sum") == 0 || strcmp(function->result, "remainder") == 0;
    if (from_unaligned) {
        result = result_type(cx, function, call->args, arg_count);
    }
    TRY(align_arguments(cx, arena, function, call->args, arg_count));
    call->function = function;
    call->type = from_unaligned ? result : result_type(cx, function, call->args, arg_count);
    *out = call;
    return OK;
}

Status call_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos, bool *found,
                 Expr **call) {
    const Entry *entry = find_entry(name, args, arg_count);
    *found = entry != NULL;
    if (entry == NULL) {
        return OK;
    }
    return entry->binder != NULL ? entry->binder(cx, arena, args, arg_count, pos, call)
                                 : build_call(cx, arena, &entry->function, args, arg_count, pos, call);
}

/* ------------------------------------------------------------------------------------------------------------------ errors */

static void print_types(Expr **args, uint32_t arg_count, char *buffer, size_t bytes) {
    size_t used = 0;
    buffer[0] = 0;
    for (uint32_t i = 0; i < arg_count && used < bytes; i++) {
        char name[32];
        int written = snprintf(buffer + used, bytes - used, "%s%s", i > 0 ? ", " : "",
                               args[i]->is_unknown ? "unknown" : type_name(args[i]->type, name));
        used += (size_t)written;
    }
}

static Status fail_no_overload(const Context *cx, const char *name, Expr **args, uint32_t arg_count, SourcePos pos) {
    char types[256], known[400] = "";
    size_t used = 0;
    print_types(args, arg_count, types, sizeof types);
    fail_at(cx, pos, UNDEFINED_FUNCTION, "function %s(%s) does not exist", name, types);
    for (size_t i = 0; i < ENTRY_COUNT && used < sizeof known; i++) {
        if (strcasecmp(entries[i].function.name, name) == 0) {
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s(%s)", used > 0 ? ", " : "", name,
                                     entries[i].function.arguments);
        }
    }
    return used > 0 ? fail_hint(cx, "there is %s", known) : UNDEFINED_FUNCTION;
}

const char *function_suggest(const char *name) {
    static const char *const others[] = {
#define AGGREGATE(tag, name, values, direct, order, loops, help) name,
#define ALIAS(tag, name) name,
#include "expr/aggregates.def"
#undef AGGREGATE
#undef ALIAS
#define WINDOW(tag, name, arguments, help) name,
#include "expr/windows.def"
#undef WINDOW
    };
    Suggestion suggestion;
    suggestion_init(&suggestion, name);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        suggestion_consider(&suggestion, others[i], NULL);
    }
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        suggestion_consider(&suggestion, entries[i].function.name, NULL);
    }
    return suggestion.nearest;
}

/* Of DIALECT.md, not there yet. */
static const char *const later_functions[] = {
    "regexp_match",    "regexp_matches", "regexp_split_to_array", "regexp_split_to_table", "encode",
    "string_to_array", "trim_scale"};

/* timestamptz(x) and the like are casts, as in PostgreSQL; those of numbers are forms. */
static bool is_cast_name(const char *name, Type *type) {
    static const struct {
        const char *name;
        TypeId type;
    } names[] = {{"bool", TYPE_BOOLEAN},     {"text", TYPE_VARCHAR},        {"varchar", TYPE_VARCHAR},
                 {"time", TYPE_TIME},        {"timestamp", TYPE_TIMESTAMP}, {"timestamptz", TYPE_TIMESTAMPTZ},
                 {"interval", TYPE_INTERVAL}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(names[i].name, name) == 0) {
            *type = type_make(names[i].type);
            return true;
        }
    }
    return false;
}

Status function_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                     Expr **call) {
    bool found;
    TRY(call_bind(cx, arena, name, args, arg_count, pos, &found, call));
    if (found) {
        return OK;
    }
    Type type;
    if (arg_count == 1 && is_cast_name(name, &type)) {
        return cast_bind(cx, arena, args[0], type, true, false, call);
    }
    if (function_exists(name)) {
        return fail_no_overload(cx, name, args, arg_count, pos);
    }
    for (size_t i = 0; i < sizeof later_functions / sizeof later_functions[0]; i++) {
        if (strcasecmp(later_functions[i], name) == 0) {
            char what[64];
            snprintf(what, sizeof what, "function %s", later_functions[i]);
            return fail_unsupported(cx, pos, what);
        }
    }
    fail_no_overload(cx, name, args, arg_count, pos);
    const char *near = function_suggest(name);
    return near != NULL ? fail_hint(cx, "did you mean %s?", near) : UNDEFINED_FUNCTION;
}
