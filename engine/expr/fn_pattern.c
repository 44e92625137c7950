/* LIKE and ILIKE. */
#include "core/memory.h"
#include "expr/fn_loop.h"

static const Text *text_at(const Vector *vector, uint32_t row) {
    return &((const Text *)vector->data)[vector->kind == VECTOR_CONSTANT ? 0 : row];
}

static LikePattern pattern_at(const Vector *vector, uint32_t row, char escape, bool ignore_case) {
    const Text *text = text_at(vector, row);
    return like_prepare(text_data(text), text->bytes, escape, ignore_case);
}

static void match_rows(const Vector *const *args, uint32_t rows, bool ignore_case, Vector *out) {
    LikePattern pattern;
    for (uint32_t row = 0; row < rows; row++) {
        if (row == 0 || args[1]->kind != VECTOR_CONSTANT) {
            pattern = pattern_at(args[1], row, '\\', ignore_case);
        }
        const Text *text = text_at(args[0], row);
        ((uint8_t *)out->data)[row] = text_like(&pattern, text_data(text), text->bytes);
    }
}

Status fn_like(FN_PARAMETERS) {
    FN_UNUSED;
    match_rows(args, rows, false, out);
    return OK;
}

Status fn_ilike(FN_PARAMETERS) {
    FN_UNUSED;
    match_rows(args, rows, true, out);
    return OK;
}

Status like_check_escape(const Context *cx, const char *escape, size_t bytes) {
    if (bytes == 0 || utf8_length(escape, bytes) == 1) {
        return OK;
    }
    fail(cx, INVALID_ESCAPE, "invalid escape string");
    return fail_hint(cx, "the escape must be one character, or empty for none");
}

/* A row's pattern with its escape, as one with backslashes. */
typedef struct EscapedPattern {
    char *data; /* owned */
    size_t bytes, room;
} EscapedPattern;

static Status write_pattern(const Context *cx, const Text *pattern, const Text *escape, EscapedPattern *out) {
    size_t room = (size_t)pattern->bytes * 2 + 2; /* and what finds out whether a dangling escape is reached */
    TRY(like_check_escape(cx, text_data(escape), escape->bytes));
    if (out->room < room) {
        char *grown = mem_resize(cx, out->data, room);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        *out = (EscapedPattern){.data = grown, .room = room};
    }
    out->bytes = like_with_backslashes(text_data(pattern), pattern->bytes, text_data(escape), escape->bytes, out->data);
    return OK;
}

/* A pattern that ends with its escape matches nothing, and is an error for a text that it would have to be looked at for: one
 * that goes on where the pattern before the escape ends. */
static Status match_escaped(const Context *cx, EscapedPattern *pattern, const Text *text, bool ignore_case, uint8_t *out) {
    bool is_dangling = like_is_dangling(pattern->data, pattern->bytes);
    if (is_dangling) {
        memcpy(pattern->data + pattern->bytes - 1, "_%", 2);
        pattern->bytes++;
    }
    LikePattern prepared = like_prepare(pattern->data, pattern->bytes, '\\', ignore_case);
    *out = text_like(&prepared, text_data(text), text->bytes);
    if (is_dangling && *out) {
        return fail(cx, INVALID_ESCAPE, "LIKE pattern must not end with escape character");
    }
    return OK;
}

static Status match_with_escape(const Context *cx, const Vector *const *args, uint32_t rows, bool ignore_case, Vector *out) {
    EscapedPattern pattern = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        status = write_pattern(cx, text_at(args[1], row), text_at(args[2], row), &pattern);
        if (status == OK) {
            status = match_escaped(cx, &pattern, text_at(args[0], row), ignore_case, (uint8_t *)out->data + row);
        }
    }
    mem_free(pattern.data);
    return status;
}

Status fn_like_escape(FN_PARAMETERS) {
    FN_UNUSED;
    return match_with_escape(cx, args, rows, false, out);
}

Status fn_ilike_escape(FN_PARAMETERS) {
    FN_UNUSED;
    return match_with_escape(cx, args, rows, true, out);
}
