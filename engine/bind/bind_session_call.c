/* current_schema(), version() and their kin: constants of the session, put in place of the call. */
#include "bind/bind_session_call.h"

#include "plan/query_log.h"

#include <unistd.h>

#define USER_NAME "depot"

/* A call being bound: the arguments are constants. */
typedef struct SessionCall {
    Binder *binder;
    SourcePos pos;
    const Value *args;
} SessionCall;

static Status copy_value(const Context *cx, const SessionCall *call, const char *text, size_t bytes, Value *value) {
    const char *copy = arena_copy_text(cx, call->binder->arena, text, bytes);
    TRY_POINTER(copy);
    *value = value_text(type_varchar(0), text_view(copy, (uint32_t)bytes));
    return OK;
}

static Status value_current_schema(const Context *cx, const SessionCall *call, Value *value) {
    Snapshot *snapshot = call->binder->snapshot;
    const char *name = snapshot == NULL ? NULL : bind_current_schema(cx->settings, snapshot);
    *value = value_null(type_varchar(0));
    return name == NULL ? OK : copy_value(cx, call, name, strlen(name), value);
}

static Status value_current_database(const Context *cx, const SessionCall *call, Value *value) {
    char name[FILE_PATH_MAX] = "memory";
    if (call->binder->snapshot != NULL) {
        warehouse_name(snapshot_warehouse(call->binder->snapshot), name);
    }
    return copy_value(cx, call, name, strlen(name), value);
}

static Status value_user(const Context *cx, const SessionCall *call, Value *value) {
    return copy_value(cx, call, USER_NAME, strlen(USER_NAME), value);
}

static Status value_version(const Context *cx, const SessionCall *call, Value *value) {
    return copy_value(cx, call, "Depot " DEPOT_VERSION, strlen("Depot " DEPOT_VERSION), value);
}

static Status value_pid(const Context *cx, const SessionCall *call, Value *value) {
    (void)call;
    note_momentary(cx);
    *value = value_i64(type_make(TYPE_INTEGER), getpid());
    return OK;
}

static Status note_query(void *last, const LoggedQuery *query) {
    *(int64_t *)last = query->reads_tables ? (int64_t)query->id : *(int64_t *)last;
    return OK;
}

static Status value_last_query(const Context *cx, const SessionCall *call, Value *value) {
    int64_t last = -1;
    note_momentary(cx);
    if (call->binder->snapshot != NULL) {
        TRY(query_log_each(snapshot_warehouse(call->binder->snapshot), note_query, &last));
    }
    *value = value_i64(type_make(TYPE_INTEGER), last);
    return OK;
}

static Status value_setting(const Context *cx, const SessionCall *call, Value *value) {
    char name[SETTING_BYTES_MAX], text[SETTING_BYTES_MAX];
    const Value *arg = &call->args[0];
    *value = value_null(type_varchar(0));
    if (arg->is_null || cx->settings == NULL) {
        return OK;
    }
    size_t bytes = arg->text.bytes < sizeof name ? arg->text.bytes : sizeof name - 1;
    memcpy(name, text_data(&arg->text), bytes);
    name[bytes] = '\0';
    TRY(settings_get(cx, cx->settings, name, text, sizeof text));
    return copy_value(cx, call, text, strlen(text), value);
}

/* "v" or "s.v", as the names stand in the catalog. */
static Status value_view(const Context *cx, const SessionCall *call, Value *value) {
    const Value *arg = &call->args[0];
    Snapshot *snapshot = call->binder->snapshot;
    const TableVersion *relation;
    *value = value_null(type_varchar(0));
    if (arg->is_null || snapshot == NULL) {
        return OK;
    }
    const char *text = arena_copy_text(cx, call->binder->arena, text_data(&arg->text), arg->text.bytes);
    TRY_POINTER(text);
    const char *point = strchr(text, '.');
    AstName name = {.pos = call->pos, .count = point == NULL ? 1 : 2};
    name.parts[0].text = text;
    if (point != NULL) {
        name.parts[0].text = arena_copy_text(cx, call->binder->arena, text, (size_t)(point - text));
        name.parts[1].text = point + 1;
        TRY_POINTER(name.parts[0].text);
    }
    TRY(bind_relation(cx, snapshot, &name, &relation));
    const char *sql = relation->schema->view_sql;
    return sql == NULL ? OK : copy_value(cx, call, sql, strlen(sql), value);
}

typedef struct SessionFunction {
    const char *name;
    uint32_t arg_count;
    Status (*value)(const Context *cx, const SessionCall *call, Value *value);
} SessionFunction;
static const SessionFunction session_functions[] = {
#define SESSION_FUNCTION(name, arguments, result, function, help) {#name, arguments, function},
#include "bind/session_functions.def"
#undef SESSION_FUNCTION
};

static Status bind_values_of(const Context *cx, Place *place, const AstExpr *ast, Value *values) {
    for (uint32_t i = 0; i < ast->args.count; i++) {
        Expr *arg;
        TRY(bind_expr(cx, place, ast->args.items[i], &arg));
        TRY(cast_implicit(cx, place->binder->arena, arg, type_varchar(0), &arg));
        if (!expr_is_constant(arg)) {
            return fail_unsupported(cx, ast->args.items[i]->pos, "an argument here that is not a constant");
        }
        TRY(expr_eval_constant(cx, place->binder->arena, arg, &values[i]));
    }
    return OK;
}

Status bind_session_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out) {
    *out = NULL;
    for (size_t i = 0; i < sizeof session_functions / sizeof session_functions[0]; i++) {
        const SessionFunction *function = &session_functions[i];
        if (strcmp(function->name, name) != 0) {
            continue;
        }
        if (ast->args.count != function->arg_count) {
            return fail_at(cx, ast->pos, UNDEFINED_FUNCTION, "%s() takes %u arguments", name, function->arg_count);
        }
        Value args[1], value;
        TRY(bind_values_of(cx, place, ast, args));
        SessionCall call = {.binder = place->binder, .pos = ast->pos, .args = args};
        TRY(function->value(cx, &call, &value));
        *out = expr_constant(cx, place->binder->arena, &value, ast->pos);
        TRY_POINTER(*out);
        return OK;
    }
    return OK;
}
