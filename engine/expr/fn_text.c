/* Functions of text. Lengths and positions count characters of UTF-8; results that are a piece of the argument point into it.
 */
#include "expr/fn_text.h"

static bool is_ascii(Bytes text) {
    unsigned char any = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        any |= (unsigned char)text.data[i];
    }
    return any < 0x80;
}

/* ----------------------------------------------------------------------------------------------------------------- lengths */

Status fn_length(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row);
        ((int32_t *)out->data)[row] = (int32_t)utf8_length(text.data, text.bytes);
    }
    return OK;
}

Status fn_octet_length(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int32_t *)out->data)[row] = (int32_t)arg_bytes(args[0], row).bytes;
    }
    return OK;
}

Status fn_bit_length(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int32_t *)out->data)[row] = (int32_t)(8 * arg_bytes(args[0], row).bytes);
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------------- case */

typedef enum CaseChange { TO_UPPER, TO_LOWER, TO_TITLE } CaseChange;

static uint32_t change_character(uint32_t character, CaseChange change, bool *inside_word) {
    bool upper = change == TO_UPPER || (change == TO_TITLE && !*inside_word);
    *inside_word = character < 0x80
                       ? (character >= '0' && character <= '9') || ((character | 0x20) >= 'a' && (character | 0x20) <= 'z')
                       : utf8_is_letter_or_digit(character);
    if (character < 0x80) {
        bool is_lower = character >= 'a' && character <= 'z', is_upper = character >= 'A' && character <= 'Z';
        return (upper && is_lower) || (!upper && is_upper) ? character ^ 0x20 : character;
    }
    return upper ? utf8_upper(character) : utf8_lower(character);
}

static bool is_between(char c, char first, char last) {
    return c >= first && c <= last;
}

/* Letters of ASCII differ in one bit. A loop without branches, for whole vectors. */
static void change_ascii(Bytes text, bool to_upper, char *to) {
    char first = to_upper ? 'a' : 'A', last = to_upper ? 'z' : 'Z';
    for (size_t i = 0; i < text.bytes; i++) {
        to[i] = (char)(text.data[i] ^ (is_between(text.data[i], first, last) << 5));
    }
}

static Status change_case(const Context *cx, const Vector *arg, CaseChange change, uint32_t rows, Arena *arena, Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(arg, row);
        bool is_plain = is_ascii(text);
        size_t most = is_plain ? text.bytes : 4 * text.bytes; /* a character may become longer */
        char small[64], *result = small;
        if (most > sizeof small) {
            result = fn_text_room(cx, arena, most);
            if (result == NULL) {
                return OUT_OF_MEMORY;
            }
        }
        size_t written = 0;
        bool inside_word = false;
        if (is_plain && change != TO_TITLE) {
            change_ascii(text, change == TO_UPPER, result);
            written = text.bytes;
        }
        for (size_t at = written; at < text.bytes;) {
            written +=
                utf8_put(change_character(utf8_next(text.data, text.bytes, &at), change, &inside_word), result + written);
        }
        if (result == small && written > TEXT_INLINE_MAX) {
            result = arena_copy_text(cx, arena, small, written);
            if (result == NULL) {
                return OUT_OF_MEMORY;
            }
        }
        out_text(out, row, result, written);
    }
    return OK;
}

Status fn_upper(FN_PARAMETERS) {
    FN_UNUSED;
    return change_case(cx, args[0], TO_UPPER, rows, arena, out);
}

Status fn_lower(FN_PARAMETERS) {
    FN_UNUSED;
    return change_case(cx, args[0], TO_LOWER, rows, arena, out);
}

Status fn_initcap(FN_PARAMETERS) {
    FN_UNUSED;
    return change_case(cx, args[0], TO_TITLE, rows, arena, out);
}

/* ------------------------------------------------------------------------------------------------------------------ pieces */

/* Characters [start, end) of the text, counted from 0 and clamped. */
static void out_piece(Vector *out, uint32_t row, Bytes text, int64_t start, int64_t end) {
    start = start < 0 ? 0 : start;
    if (end <= start || start >= (int64_t)text.bytes) {
        out_text(out, row, "", 0);
        return;
    }
    size_t from = utf8_offset(text.data, text.bytes, (uint32_t)start);
    int64_t count = end - start;
    size_t length = count >= (int64_t)(text.bytes - from) ? text.bytes - from
                                                          : utf8_offset(text.data + from, text.bytes - from, (uint32_t)count);
    out_text(out, row, text.data + from, length);
}

Status fn_substring(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        int64_t start = arg_I32(args[1], row), end = INT64_MAX;
        if (arg_count > 2) {
            int64_t count = arg_I32(args[2], row);
            if (count < 0) {
                return fail(cx, SUBSTRING_ERROR, "negative substring length not allowed");
            }
            end = start - 1 + count; /* characters before the first count too: substring('abc', 0, 2) is 'a' */
        }
        out_piece(out, row, arg_bytes(args[0], row), start - 1, end);
    }
    return OK;
}

static int64_t characters(Bytes text) {
    return utf8_length(text.data, text.bytes);
}

Status fn_left(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row);
        int64_t count = arg_I32(args[1], row);
        out_piece(out, row, text, 0, count >= 0 ? count : characters(text) + count);
    }
    return OK;
}

Status fn_right(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row);
        int64_t count = arg_I32(args[1], row);
        out_piece(out, row, text, count >= 0 ? characters(text) - count : -count, INT64_MAX);
    }
    return OK;
}

static bool set_has(Bytes set, uint32_t character) {
    for (size_t at = 0; at < set.bytes;) {
        if (utf8_next(set.data, set.bytes, &at) == character) {
            return true;
        }
    }
    return false;
}

static Bytes trim_start(Bytes text, Bytes set) {
    for (size_t at = 0; at < text.bytes;) {
        size_t next = at;
        if (!set_has(set, utf8_next(text.data, text.bytes, &next))) {
            return (Bytes){text.data + at, text.bytes - at};
        }
        at = next;
    }
    return (Bytes){text.data, 0};
}

static Bytes trim_end(Bytes text, Bytes set) {
    while (text.bytes > 0) {
        size_t last = text.bytes - 1;
        while (last > 0 && ((unsigned char)text.data[last] & 0xc0) == 0x80) {
            last--;
        }
        size_t at = last;
        if (!set_has(set, utf8_next(text.data, text.bytes, &at))) {
            break;
        }
        text.bytes = last;
    }
    return text;
}

static Status trim_texts(const Vector *const *args, uint32_t arg_count, uint32_t rows, bool start, bool end, Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row);
        Bytes set = arg_count > 1 ? arg_bytes(args[1], row) : (Bytes){" ", 1};
        text = start ? trim_start(text, set) : text;
        text = end ? trim_end(text, set) : text;
        out_text(out, row, text.data, text.bytes);
    }
    return OK;
}

Status fn_trim(FN_PARAMETERS) {
    FN_UNUSED;
    return trim_texts(args, arg_count, rows, true, true, out);
}

Status fn_ltrim(FN_PARAMETERS) {
    FN_UNUSED;
    return trim_texts(args, arg_count, rows, true, false, out);
}

Status fn_rtrim(FN_PARAMETERS) {
    FN_UNUSED;
    return trim_texts(args, arg_count, rows, false, true, out);
}

/* The n-th field between delimiters, from the end if n < 0. */
static Bytes find_part(Bytes text, Bytes delimiter, int32_t n) {
    if (delimiter.bytes == 0) {
        return n == 1 || n == -1 ? text : (Bytes){text.data, 0};
    }
    int32_t parts = 1;
    for (size_t at = 0; n < 0 && at + delimiter.bytes <= text.bytes;) {
        const char *hit = memmem(text.data + at, text.bytes - at, delimiter.data, delimiter.bytes);
        if (hit == NULL) {
            break;
        }
        at = (size_t)(hit - text.data) + delimiter.bytes;
        parts++;
    }
    int64_t wanted = n < 0 ? (int64_t)parts + n + 1 : n;
    const char *start = text.data, *end = text.data + text.bytes;
    for (int64_t part = 1; wanted >= 1; part++) {
        const char *hit = memmem(start, (size_t)(end - start), delimiter.data, delimiter.bytes);
        if (part == wanted) {
            return (Bytes){start, (size_t)((hit != NULL ? hit : end) - start)};
        }
        if (hit == NULL) {
            break;
        }
        start = hit + delimiter.bytes;
    }
    return (Bytes){text.data, 0};
}

Status fn_split_part(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        int32_t n = arg_I32(args[2], row);
        if (n == 0) {
            return fail(cx, INVALID_PARAMETER_VALUE, "field position must not be zero");
        }
        Bytes part = find_part(arg_bytes(args[0], row), arg_bytes(args[1], row), n);
        out_text(out, row, part.data, part.bytes);
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- searching */

static int32_t find_position(Bytes text, Bytes part) {
    const char *hit = part.bytes == 0 ? text.data : memmem(text.data, text.bytes, part.data, part.bytes);
    return hit == NULL ? 0 : (int32_t)utf8_length(text.data, (size_t)(hit - text.data)) + 1;
}

Status fn_strpos(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int32_t *)out->data)[row] = find_position(arg_bytes(args[0], row), arg_bytes(args[1], row));
    }
    return OK;
}

Status fn_charindex(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int32_t *)out->data)[row] = find_position(arg_bytes(args[1], row), arg_bytes(args[0], row));
    }
    return OK;
}

Status fn_starts_with(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row), part = arg_bytes(args[1], row);
        ((uint8_t *)out->data)[row] = part.bytes <= text.bytes && memcmp(text.data, part.data, part.bytes) == 0;
    }
    return OK;
}

Status fn_ends_with(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row), part = arg_bytes(args[1], row);
        ((uint8_t *)out->data)[row] =
            part.bytes <= text.bytes && memcmp(text.data + text.bytes - part.bytes, part.data, part.bytes) == 0;
    }
    return OK;
}

Status fn_contains(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row), part = arg_bytes(args[1], row);
        ((uint8_t *)out->data)[row] = memmem(text.data, text.bytes, part.data, part.bytes) != NULL;
    }
    return OK;
}

Status fn_ascii(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row);
        size_t at = 0;
        ((int32_t *)out->data)[row] = text.bytes > 0 ? (int32_t)utf8_next(text.data, text.bytes, &at) : 0;
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------- building texts */

Status fn_concat_two(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Bytes a = arg_bytes(args[0], row), b = arg_bytes(args[1], row);
        char small[TEXT_INLINE_MAX], *result = small;
        size_t bytes = a.bytes + b.bytes;
        if (bytes > TEXT_INLINE_MAX) {
            result = bytes <= TEXT_RESULT_MAX ? fn_text_room(cx, arena, bytes) : NULL;
            if (result == NULL) {
                return bytes <= TEXT_RESULT_MAX ? OUT_OF_MEMORY : fail_too_long(cx);
            }
        }
        memcpy(result, a.data, a.bytes);
        memcpy(result + a.bytes, b.data, b.bytes);
        out_text(out, row, result, bytes);
    }
    return OK;
}

/* Arguments from `first` on that are not NULL, with a separator between them. */
static Status concat_rows(const Context *cx, const Vector *const *args, uint32_t arg_count, uint32_t first, uint32_t rows,
                          Arena *arena, Vector *out) {
    Builder builder = {.cx = cx, .arena = arena};
    for (uint32_t row = 0; row < rows; row++) {
        bool any = false;
        if (first == 1 && !vector_is_valid(args[0], row)) {
            out_text(out, row, "", 0);
            TRY(fn_set_null(cx, out, row));
            continue;
        }
        for (uint32_t i = first; i < arg_count; i++) {
            Value value = vector_value(args[i], row);
            if (value.is_null) {
                continue;
            }
            if (any && first == 1) {
                Bytes separator = arg_bytes(args[0], row);
                TRY(builder_add(&builder, separator.data, separator.bytes));
            }
            TRY(builder_add_value(&builder, &value));
            any = true;
        }
        out_built(out, row, &builder);
    }
    return OK;
}

Status fn_concat(FN_PARAMETERS) {
    FN_UNUSED;
    return concat_rows(cx, args, arg_count, 0, rows, arena, out);
}

Status fn_concat_ws(FN_PARAMETERS) {
    FN_UNUSED;
    return concat_rows(cx, args, arg_count, 1, rows, arena, out);
}

Status fn_replace(FN_PARAMETERS) {
    FN_UNUSED;
    Builder builder = {.cx = cx, .arena = arena};
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row), from = arg_bytes(args[1], row), to = arg_bytes(args[2], row);
        const char *at = text.data, *end = text.data + text.bytes, *hit;
        if (!fn_row_valid(out, row) || from.bytes == 0 || memmem(at, text.bytes, from.data, from.bytes) == NULL) {
            out_text(out, row, text.data, text.bytes);
            continue;
        }
        while ((hit = memmem(at, (size_t)(end - at), from.data, from.bytes)) != NULL) {
            TRY(builder_add(&builder, at, (size_t)(hit - at)));
            TRY(builder_add(&builder, to.data, to.bytes));
            at = hit + from.bytes;
        }
        TRY(builder_add(&builder, at, (size_t)(end - at)));
        out_built(out, row, &builder);
    }
    return OK;
}

/* The character of `to` at the place where `from` has it; nothing if `to` is shorter. */
static Status add_translated(Builder *builder, uint32_t character, Bytes from, Bytes to) {
    char encoded[4];
    size_t to_at = 0;
    for (size_t at = 0; at < from.bytes;) {
        uint32_t candidate = utf8_next(from.data, from.bytes, &at);
        bool has_target = to_at < to.bytes;
        uint32_t target = has_target ? utf8_next(to.data, to.bytes, &to_at) : 0;
        if (candidate == character) {
            return has_target ? builder_add(builder, encoded, utf8_put(target, encoded)) : OK;
        }
    }
    return builder_add(builder, encoded, utf8_put(character, encoded));
}

Status fn_translate(FN_PARAMETERS) {
    FN_UNUSED;
    Builder builder = {.cx = cx, .arena = arena};
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row);
        for (size_t at = 0; at < text.bytes;) {
            uint32_t character = utf8_next(text.data, text.bytes, &at);
            TRY(add_translated(&builder, character, arg_bytes(args[1], row), arg_bytes(args[2], row)));
        }
        out_built(out, row, &builder);
    }
    return OK;
}

Status fn_reverse(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row);
        char small[TEXT_INLINE_MAX], *result = small;
        if (text.bytes > TEXT_INLINE_MAX && (result = fn_text_room(cx, arena, text.bytes)) == NULL) {
            return OUT_OF_MEMORY;
        }
        for (size_t at = 0; at < text.bytes;) {
            size_t start = at;
            utf8_next(text.data, text.bytes, &at);
            memcpy(result + text.bytes - at, text.data + start, at - start);
        }
        out_text(out, row, result, text.bytes);
    }
    return OK;
}

static Status add_repeated(Builder *builder, Bytes text, int64_t times) {
    if (times > 0 && text.bytes > 0 && (size_t)times > TEXT_RESULT_MAX / text.bytes) {
        return fail_too_long(builder->cx);
    }
    for (int64_t i = 0; i < times && text.bytes > 0; i++) {
        TRY(builder_add(builder, text.data, text.bytes));
    }
    return OK;
}

Status fn_repeat(FN_PARAMETERS) {
    FN_UNUSED;
    Builder builder = {.cx = cx, .arena = arena};
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            TRY(add_repeated(&builder, arg_bytes(args[0], row), arg_I32(args[1], row)));
            out_built(out, row, &builder);
        }
    }
    return OK;
}

/* `missing` characters of the filling, over and over. */
static Status add_filling(Builder *builder, Bytes filling, int64_t missing) {
    size_t at = 0;
    if (missing > (int64_t)TEXT_RESULT_MAX) {
        return fail_too_long(builder->cx);
    }
    for (int64_t i = 0; i < missing && filling.bytes > 0; i++) {
        size_t start = at;
        utf8_next(filling.data, filling.bytes, &at);
        TRY(builder_add(builder, filling.data + start, at - start));
        at = at == filling.bytes ? 0 : at;
    }
    return OK;
}

static Status pad_texts(const Context *cx, const Vector *const *args, uint32_t arg_count, uint32_t rows, bool on_left,
                        Arena *arena, Vector *out) {
    Builder builder = {.cx = cx, .arena = arena};
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        Bytes text = arg_bytes(args[0], row), filling = arg_count > 2 ? arg_bytes(args[2], row) : (Bytes){" ", 1};
        int64_t width = arg_I32(args[1], row), missing = width - characters(text);
        if (missing <= 0 || filling.bytes == 0) {
            out_piece(out, row, text, 0, width);
            continue;
        }
        if (on_left) {
            TRY(add_filling(&builder, filling, missing));
        }
        TRY(builder_add(&builder, text.data, text.bytes));
        if (!on_left) {
            TRY(add_filling(&builder, filling, missing));
        }
        out_built(out, row, &builder);
    }
    return OK;
}

Status fn_lpad(FN_PARAMETERS) {
    FN_UNUSED;
    return pad_texts(cx, args, arg_count, rows, true, arena, out);
}

Status fn_rpad(FN_PARAMETERS) {
    FN_UNUSED;
    return pad_texts(cx, args, arg_count, rows, false, arena, out);
}

/* ------------------------------------------------------------------------------------------------------------------- codes */

Status fn_chr(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        int32_t character = arg_I32(args[0], row);
        char encoded[4];
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (character == 0) {
            return fail(cx, PROGRAM_LIMIT_EXCEEDED, "null character not permitted");
        }
        if (character < 0) {
            return fail(cx, INVALID_PARAMETER_VALUE, "character number must be positive");
        }
        if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) {
            return fail(cx, PROGRAM_LIMIT_EXCEEDED, "requested character not valid for encoding: %d", character);
        }
        out_text(out, row, encoded, utf8_put((uint32_t)character, encoded));
    }
    return OK;
}
