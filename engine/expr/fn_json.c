/* Functions over JSON texts, as Redshift has them; paths as PostgreSQL's json_extract_path_text: what is not there is NULL.
 * With null_if_invalid a text that is no JSON gives NULL instead of an error. */
#include "expr/fn_loop.h"
#include "expr/json.h"

#define PATH_MAX_ELEMENTS 100u

static Status fail_json(const Context *cx, const Text *json) {
    uint32_t shown = json->bytes < 60 ? json->bytes : 60;
    fail(cx, INVALID_TEXT_REPRESENTATION, "invalid JSON: \"%.*s%s\"", (int)shown, text_data(json),
         shown < json->bytes ? "…" : "");
    return fail_hint(cx, "null_if_invalid, a last argument of true, gives NULL instead");
}

/* Whether the last argument is null_if_invalid, and true in the row. */
static bool forgives(const Vector *const *args, uint32_t arg_count, uint32_t row) {
    const Vector *last = args[arg_count - 1];
    return last->type.id == TYPE_BOOLEAN && arg_BOOL(last, row) != 0;
}

/* The part of the row's text, or *is_null. */
static Status find_part(const Context *cx, const Vector *const *args, uint32_t arg_count, uint32_t row, const Text *path,
                        uint32_t path_count, Arena *arena, Text *json, JsonPart *part, bool *is_null) {
    Status status;
    *json = arg_TEXT(args[0], row);
    bool is_valid = json_find(cx, json, path, path_count, arena, part, &status);
    TRY(status);
    *is_null = !is_valid;
    return is_valid || forgives(args, arg_count, row) ? OK : fail_json(cx, json);
}

static Status put_part(const Context *cx, const JsonPart *part, Arena *arena, Vector *out, uint32_t row) {
    if (part->kind == JSON_ABSENT || part->kind == JSON_NULL) {
        return fn_set_null(cx, out, row);
    }
    char *copy = arena_copy_text(cx, arena, text_data(&part->text), part->text.bytes);
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    out_text(out, row, copy, part->text.bytes);
    return OK;
}

static Status path_row(const Context *cx, const Vector *const *args, uint32_t arg_count, uint32_t row, Arena *arena,
                       Vector *out) {
    Text path[PATH_MAX_ELEMENTS], json;
    uint32_t count = 0;
    JsonPart part;
    bool is_null;
    for (uint32_t a = 1; a < arg_count && args[a]->type.id != TYPE_BOOLEAN; a++) {
        if (count == PATH_MAX_ELEMENTS) {
            return fail(cx, TOO_MANY_ARGUMENTS, "a JSON path has more than %u elements", PATH_MAX_ELEMENTS);
        }
        path[count++] = arg_TEXT(args[a], row);
    }
    TRY(find_part(cx, args, arg_count, row, path, count, arena, &json, &part, &is_null));
    return is_null ? fn_set_null(cx, out, row) : put_part(cx, &part, arena, out, row);
}

Status fn_json_path(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            TRY(path_row(cx, args, arg_count, row, arena, out));
        }
    }
    return OK;
}

/* The top is an array, or that is an error. */
static Status find_array(const Context *cx, const Vector *const *args, uint32_t arg_count, uint32_t row, Arena *arena,
                         JsonPart *array, bool *is_null) {
    Text json;
    TRY(find_part(cx, args, arg_count, row, NULL, 0, arena, &json, array, is_null));
    if (*is_null || array->kind == JSON_ARRAY) {
        return OK;
    }
    if (forgives(args, arg_count, row)) {
        *is_null = true;
        return OK;
    }
    return fail(cx, INVALID_PARAMETER_VALUE, "the JSON text is not an array");
}

/* Beyond the array's ends there is an empty text, as in Redshift. */
static Status element_row(const Context *cx, const Vector *const *args, uint32_t arg_count, uint32_t row, Arena *arena,
                          Vector *out) {
    JsonPart part;
    bool is_null;
    Text json, path;
    char digits[16];
    TRY(find_array(cx, args, arg_count, row, arena, &part, &is_null));
    if (is_null) {
        return fn_set_null(cx, out, row);
    }
    int64_t index = arg_I32(args[1], row);
    if (index < 0 || index >= part.elements) {
        out_text(out, row, "", 0);
        return OK;
    }
    Value number = value_i64(type_make(TYPE_BIGINT), index);
    const char *text;
    size_t bytes;
    char buffer[VALUE_PRINT_MAX];
    value_print(&number, buffer, &text, &bytes);
    memcpy(digits, text, bytes);
    path = text_view(digits, (uint32_t)bytes);
    TRY(find_part(cx, args, arg_count, row, &path, 1, arena, &json, &part, &is_null));
    return put_part(cx, &part, arena, out, row);
}

Status fn_json_element(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            TRY(element_row(cx, args, arg_count, row, arena, out));
        }
    }
    return OK;
}

Status fn_json_length(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        JsonPart part;
        bool is_null;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        TRY(find_array(cx, args, arg_count, row, arena, &part, &is_null));
        if (is_null) {
            TRY(fn_set_null(cx, out, row));
        } else {
            ((int32_t *)out->data)[row] = (int32_t)part.elements;
        }
    }
    return OK;
}

/* Valid at all, or valid and an array. */
static Status valid_rows(const Context *cx, const Vector *const *args, bool wants_array, uint32_t rows, Arena *arena,
                         Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        JsonPart part;
        Status status;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        Text json = arg_TEXT(args[0], row);
        bool is_valid = json_find(cx, &json, NULL, 0, arena, &part, &status);
        TRY(status);
        ((uint8_t *)out->data)[row] = is_valid && (!wants_array || part.kind == JSON_ARRAY);
    }
    return OK;
}

Status fn_json_valid(FN_PARAMETERS) {
    FN_UNUSED;
    return valid_rows(cx, args, false, rows, arena, out);
}

Status fn_json_valid_array(FN_PARAMETERS) {
    FN_UNUSED;
    return valid_rows(cx, args, true, rows, arena, out);
}
