/* LIKE and ILIKE. */
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

/* The escape is one character or nothing; a pattern must not end with it. */
static Status match_with_escape(const Context *cx, const Vector *const *args, uint32_t rows, bool ignore_case, Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        const Text *escape = text_at(args[2], row);
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (escape->bytes > 1) {
            fail(cx, INVALID_ESCAPE, "invalid escape string");
            return fail_hint(cx, "the escape must be one ASCII character, or empty for none");
        }
        char character = escape->bytes == 1 ? text_data(escape)[0] : 0;
        const Text *text = text_at(args[0], row);
        LikePattern pattern = pattern_at(args[1], row, character, ignore_case);
        ((uint8_t *)out->data)[row] = text_like(&pattern, text_data(text), text->bytes);
    }
    return OK;
}

Status fn_like_escape(FN_PARAMETERS) {
    FN_UNUSED;
    return match_with_escape(cx, args, rows, false, out);
}

Status fn_ilike_escape(FN_PARAMETERS) {
    FN_UNUSED;
    return match_with_escape(cx, args, rows, true, out);
}
