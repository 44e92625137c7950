/* Calls of aggregates: which one a name and its arguments mean, and what types these take. */
#include "expr/agg_loop.h"
#include "expr/bind_internal.h"
#include "expr/cast.h"

#include <stdio.h>
#include <strings.h>

/* What ORDER BY is to an aggregate. */
typedef enum OrderUse { ORDER_IGNORED, ORDER_USED, ORDER_VALUE } OrderUse;

typedef struct AggregateEntry {
    const char *name, *values, *direct;
    OrderUse order;
    AggregateDefine *define;
} AggregateEntry;

static const AggregateEntry entries[] = {
#define AGGREGATE(tag, name, values, direct, order, loops, help)                                                               \
    [AGGREGATE_##tag] = {name, values, direct, ORDER_##order, agg_define_##loops},
#define ALIAS(tag, name)
#include "expr/aggregates.def"
#undef AGGREGATE
#undef ALIAS
};

typedef struct AggregateName {
    AggregateId id;
    const char *name;
} AggregateName;

static const AggregateName names[] = {
#define AGGREGATE(tag, name, values, direct, order, loops, help) {AGGREGATE_##tag, name},
#define ALIAS(tag, name) {AGGREGATE_##tag, name},
#include "expr/aggregates.def"
#undef AGGREGATE
#undef ALIAS
};
#define NAME_COUNT (sizeof names / sizeof names[0])

bool aggregate_exists(const char *name) {
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (strcasecmp(name, names[i].name) == 0) {
            return true;
        }
    }
    return false;
}

/* -------------------------------------------------------------------------------------------------------------- word lists */

/* The next word of "text, text?"; false at the end. */
static bool next_word(const char **list, char word[16], bool *is_optional) {
    size_t bytes = strcspn(*list, ",");
    if (bytes == 0) {
        return false;
    }
    *is_optional = (*list)[bytes - 1] == '?';
    snprintf(word, 16, "%.*s", (int)(bytes - *is_optional), *list);
    *list += bytes;
    *list += strspn(*list, ", ");
    return true;
}

static void count_words(const char *list, uint32_t *least, uint32_t *most) {
    char word[16];
    bool is_optional;
    while (next_word(&list, word, &is_optional)) {
        ++*most;
        *least += !is_optional;
    }
}

static bool takes_count(const AggregateEntry *entry, uint32_t count) {
    uint32_t least = 0, most = 0;
    count_words(entry->values, &least, &most);
    if (entry->order == ORDER_VALUE) { /* its values stand in WITHIN GROUP */
        least = most = 0;
    }
    count_words(entry->direct, &least, &most);
    return count >= least && count <= most;
}

/* ------------------------------------------------------------------------------------------------------------------ errors */

static Status fail_no_aggregate(const Context *cx, const AggregateForm *form, const char *hint) {
    char types[256] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < form->arg_count && used < sizeof types; i++) {
        char name[32];
        used += (size_t)snprintf(types + used, sizeof types - used, "%s%s", i > 0 ? ", " : "",
                                 form->args[i]->is_unknown ? "unknown" : type_name(form->args[i]->type, name));
    }
    fail_at(cx, form->pos, UNDEFINED_FUNCTION, "function %s(%s) does not exist", form->name, types);
    return fail_hint(cx, "%s", hint);
}

/* The number of arguments is wrong: says what would be right. */
static Status fail_count(const Context *cx, const AggregateForm *form) {
    if (form->arg_count == 0) {
        return fail_at(cx, form->pos, WRONG_OBJECT_TYPE, "%s() needs an argument", form->name);
    }
    for (size_t i = 0; i < NAME_COUNT; i++) {
        const AggregateEntry *entry = &entries[names[i].id];
        uint32_t least = 0, most = 0;
        if (strcasecmp(form->name, names[i].name) != 0 || names[i].id == AGGREGATE_COUNT_STAR) {
            continue;
        }
        count_words(entry->order == ORDER_VALUE ? "" : entry->values, &least, &most);
        count_words(entry->direct, &least, &most);
        static const char *const numbers[] = {"no", "one", "two", "three"};
        if (form->arg_count > most) {
            return fail_at(cx, form->pos, UNDEFINED_FUNCTION, "aggregate function %s does not take %u argument%s", form->name,
                           form->arg_count, form->arg_count == 1 ? "" : "s");
        }
        char hint[48];
        snprintf(hint, sizeof hint, "it takes %s argument%s", numbers[least], least == 1 ? "" : "s");
        return fail_no_aggregate(cx, form, hint);
    }
    return fail_no_aggregate(cx, form, "there is no such aggregate");
}

/* ---------------------------------------------------------------------------------------------------------------- arguments */

/* Casts an argument to what a word asks for; *fits is false if it cannot be that. */
static Status fit_argument(const Context *cx, Arena *arena, const char *word, Expr **arg, bool *fits) {
    static const struct {
        const char *word;
        TypeId type;
    } wanted[] = {{"double", TYPE_DOUBLE}, {"boolean", TYPE_BOOLEAN}, {"text", TYPE_VARCHAR}};
    Type type = (*arg)->type;
    *fits = true;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (strcmp(word, wanted[i].word) == 0) {
            *fits = expr_is_untyped(*arg) || type.id == wanted[i].type ||
                    cast_context(type, type_make(wanted[i].type)) == CAST_IMPLICIT;
            bool is_there =
                !expr_is_untyped(*arg) && (type.id == wanted[i].type || (type_is_text(type) && wanted[i].type == TYPE_VARCHAR));
            return !*fits || is_there ? OK : cast_unchecked(cx, arena, *arg, type_make(wanted[i].type), arg);
        }
    }
    if (strcmp(word, "continuous") == 0 && (expr_is_untyped(*arg) || type_is_numeric(type))) {
        return cast_unchecked(cx, arena, *arg, type_make(TYPE_DOUBLE), arg);
    }
    if (strcmp(word, "continuous") == 0) {
        *fits = type.id == TYPE_INTERVAL || type.id == TYPE_DATE || type.id == TYPE_TIMESTAMP;
        return OK;
    }
    bool wants_number = strcmp(word, "number") == 0, wants_integer = strcmp(word, "integer") == 0;
    if (expr_is_untyped(*arg)) {
        Type known = wants_number ? type_make(TYPE_DOUBLE) : wants_integer ? type_make(TYPE_BIGINT) : type_varchar(0);
        return cast_unchecked(cx, arena, *arg, known, arg);
    }
    if (wants_number && type.id == TYPE_TIME) { /* PostgreSQL has no sum of times but casts them */
        return cast_implicit(cx, arena, *arg, type_make(TYPE_INTERVAL), arg);
    }
    *fits = wants_number ? type_is_numeric(type) || type.id == TYPE_INTERVAL : !wants_integer || type_is_integer(type);
    return OK;
}

/* Values of an ordered-set aggregate stand in WITHIN GROUP: percentile_cont(0.5) WITHIN GROUP (ORDER BY x). */
static Status take_ordered_values(const Context *cx, Arena *arena, const AggregateEntry *entry, AggregateForm *form) {
    uint32_t least = 0, most = 0;
    count_words(entry->values, &least, &most);
    if (!form->is_within_group) {
        fail_at(cx, form->pos, WRONG_OBJECT_TYPE, "WITHIN GROUP is required for ordered-set aggregate %s", form->name);
        return fail_hint(cx, "write %s(…) WITHIN GROUP (ORDER BY x)", form->name);
    }
    if (form->key_count != most) {
        return fail_at(cx, form->pos, UNDEFINED_FUNCTION, "%s orders by %u value%s in WITHIN GROUP, not by %u", form->name,
                       most, most == 1 ? "" : "s", form->key_count);
    }
    Expr **args;
    TRY_NEW_ARRAY(cx, arena, args, form->key_count + form->arg_count);
    for (uint32_t i = 0; i < form->key_count; i++) {
        args[i] = form->keys[i].expr;
    }
    memcpy(args + form->key_count, form->args, sizeof *args * form->arg_count);
    form->args = args;
    form->arg_count += form->key_count;
    return OK;
}

static Status fit_list(const Context *cx, Arena *arena, const char *list, AggregateForm *form, uint32_t *at) {
    char word[16];
    bool is_optional, fits = true;
    while (*at < form->arg_count && next_word(&list, word, &is_optional)) {
        TRY(fit_argument(cx, arena, word, &form->args[*at], &fits));
        if (!fits) {
            return fail_no_aggregate(cx, form, "an explicit cast may be needed");
        }
        ++*at;
    }
    return OK;
}

/* What stands behind the values must be the same for all rows. */
static Status take_direct(const Context *cx, Arena *arena, AggregateForm *form, uint32_t value_count, Aggregate *aggregate) {
    Value *values;
    aggregate->direct_count = form->arg_count - value_count;
    TRY_NEW_ARRAY(cx, arena, values, aggregate->direct_count + 1);
    for (uint32_t i = 0; i < aggregate->direct_count; i++) {
        Expr *folded, *arg = form->args[value_count + i];
        TRY(expr_fold(cx, arena, arg, &folded));
        if (folded->kind != EXPR_CONSTANT) {
            char what[80];
            snprintf(what, sizeof what, "a direct argument of %s that is not a constant", form->name);
            return fail_unsupported(cx, arg->pos, what);
        }
        values[i] = folded->value;
    }
    aggregate->direct = values;
    form->arg_count = value_count;
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------------- order */

/* The number of the argument that the key is; arg_count if it is none. */
static uint32_t find_key(const AggregateForm *form, const AggregateKey *key) {
    uint32_t at = 0;
    while (at < form->arg_count && key->expr != form->args[at] && !expr_equal(form->args[at], key->expr)) {
        at++;
    }
    return at;
}

static Status check_distinct_keys(const Context *cx, const AggregateForm *form) {
    for (uint32_t k = 0; form->is_distinct && k < form->key_count; k++) {
        if (find_key(form, &form->keys[k]) == form->arg_count) {
            return fail_at(cx, form->keys[k].expr->pos, INVALID_COLUMN_REFERENCE,
                           "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list");
        }
    }
    return OK;
}

/* Keys that are values already are not passed twice. */
static Status take_order(const Context *cx, Arena *arena, AggregateForm *form, Aggregate *aggregate) {
    AggregateOrder *order;
    Expr **args;
    TRY_NEW_ARRAY(cx, arena, order, form->key_count + 1);
    TRY_NEW_ARRAY(cx, arena, args, form->arg_count + form->key_count + 1);
    memcpy(args, form->args, sizeof *args * form->arg_count);
    form->args = args;
    for (uint32_t k = 0; k < form->key_count; k++) {
        const AggregateKey *key = &form->keys[k];
        uint32_t at = find_key(form, key);
        if (at == form->arg_count) {
            args[form->arg_count++] = key->expr;
        }
        order[k] = (AggregateOrder){.argument = at, .is_descending = key->is_descending, .nulls_first = key->nulls_first};
    }
    aggregate->order_count = form->key_count;
    aggregate->order = order;
    return OK;
}

static Status check_within_group(const Context *cx, const AggregateEntry *entry, const AggregateForm *form) {
    if (entry->order == ORDER_IGNORED && form->is_within_group) {
        return fail_at(cx, form->pos, WRONG_OBJECT_TYPE, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP",
                       form->name);
    }
    if (entry->order == ORDER_VALUE && form->is_distinct) {
        return fail_at(cx, form->pos, FEATURE_NOT_SUPPORTED, "cannot use DISTINCT with WITHIN GROUP");
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ binding */

/* Fills what follows from the id and the types, which are copied. */
static Status define(const Context *cx, Arena *arena, AggregateId id, const Type *types, uint32_t count, Aggregate *aggregate) {
    Type *copy;
    TRY_NEW_ARRAY(cx, arena, copy, count + 1);
    if (count > 0) {
        memcpy(copy, types, sizeof *types * count);
    }
    aggregate->id = id;
    aggregate->name = entries[id].name;
    aggregate->types = copy;
    aggregate->argument = count > 0 ? copy[0] : type_make(TYPE_NULL);
    aggregate->argument_count = count;
    return entries[id].define(cx, aggregate);
}

Status aggregate_define(const Context *cx, Arena *arena, AggregateId id, const Type *types, uint32_t type_count,
                        Aggregate **aggregate) {
    TRY_NEW(cx, arena, *aggregate);
    (*aggregate)->value_count = type_count;
    return define(cx, arena, id, types, type_count, *aggregate);
}

/* APPROXIMATE count(DISTINCT x) is an aggregate of its own; an exact percentile is near enough to an approximate one. */
static Status settle_approximate(const Context *cx, AggregateForm *form) {
    if (!form->is_approximate) {
        return OK;
    }
    if (strcasecmp(form->name, "count") == 0 && form->is_distinct && form->arg_count == 1) {
        form->name = "approx_count_distinct";
        form->is_distinct = false;
        return OK;
    }
    if (strcasecmp(form->name, "percentile_disc") == 0) {
        return OK;
    }
    fail_unsupported(cx, form->pos, "APPROXIMATE here");
    return fail_hint(cx, "APPROXIMATE goes with count(DISTINCT x) and percentile_disc");
}

static Status find_entry(const Context *cx, const AggregateForm *form, AggregateId *id) {
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (strcasecmp(form->name, names[i].name) == 0 && takes_count(&entries[names[i].id], form->arg_count)) {
            *id = names[i].id;
            return OK;
        }
    }
    return fail_count(cx, form);
}

Status aggregate_bind_form(const Context *cx, Arena *arena, AggregateForm *form, const Aggregate **aggregate) {
    AggregateId id = AGGREGATE_COUNT_OF;
    Aggregate *made;
    Type types[AGGREGATE_ARGUMENTS_MAX];
    TRY(settle_approximate(cx, form));
    TRY(find_entry(cx, form, &id));
    const AggregateEntry *entry = &entries[id];
    TRY(check_within_group(cx, entry, form));
    TRY_NEW(cx, arena, made);
    if (entry->order == ORDER_VALUE) {
        TRY(take_ordered_values(cx, arena, entry, form));
    }
    uint32_t at = 0;
    TRY(fit_list(cx, arena, entry->values, form, &at));
    made->value_count = at;
    for (uint32_t k = 0; k < form->key_count && entry->order == ORDER_VALUE; k++) {
        form->keys[k].expr = form->args[k]; /* which may have been cast */
    }
    TRY(fit_list(cx, arena, entry->direct, form, &at));
    TRY(take_direct(cx, arena, form, made->value_count, made));
    TRY(check_distinct_keys(cx, form));
    if (entry->order == ORDER_USED && form->is_distinct && form->key_count == 0) { /* as PostgreSQL's comes out */
        TRY_NEW(cx, arena, form->keys);
        form->keys[form->key_count++] = (AggregateKey){.expr = form->args[0]};
    }
    if (entry->order != ORDER_IGNORED) {
        TRY(take_order(cx, arena, form, made));
    }
    if (form->arg_count > AGGREGATE_ARGUMENTS_MAX) {
        return fail_at(cx, form->pos, TOO_MANY_ARGUMENTS, "%s has more than %d arguments and ORDER BY keys", form->name,
                       AGGREGATE_ARGUMENTS_MAX);
    }
    for (uint32_t i = 0; i < form->arg_count; i++) {
        types[i] = form->args[i]->type;
    }
    TRY(define(cx, arena, id, types, form->arg_count, made));
    form->is_distinct = form->is_distinct && !made->ignores_repeats;
    *aggregate = made;
    return OK;
}

Status aggregate_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                      const Aggregate **aggregate) {
    AggregateForm form = {.name = name, .pos = pos, .arg_count = arg_count, .args = args};
    return aggregate_bind_form(cx, arena, &form, aggregate);
}

static bool value_same(const Value *a, const Value *b) {
    return type_equal(a->type, b->type) && a->is_null == b->is_null && (a->is_null || value_compare(a, b) == 0);
}

bool aggregate_equal(const Aggregate *a, const Aggregate *b) {
    if (a->id != b->id || !type_equal(a->result, b->result) || a->argument_count != b->argument_count ||
        a->direct_count != b->direct_count || a->order_count != b->order_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->direct_count; i++) {
        if (!value_same(&a->direct[i], &b->direct[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < a->order_count; i++) {
        const AggregateOrder *x = &a->order[i], *y = &b->order[i];
        if (x->argument != y->argument || x->is_descending != y->is_descending || x->nulls_first != y->nulls_first) {
            return false;
        }
    }
    return true;
}
