/* Functions of regular expressions: ~, SIMILAR TO, REGEXP_REPLACE and their kin. Positions count characters from 1. */
#include "expr/fn_loop.h"
#include "expr/regex.h"

/* The pattern in use: opened again only where pattern or flags change. */
typedef struct Pattern {
    RegexMatcher matcher;
    Text text, flags;
    bool is_open;
    bool is_global;  /* flag g */
    bool takes_part; /* flag e: the first group instead of the match, as in Redshift */
} Pattern;

static Status read_flags(const Context *cx, const Text *flags, uint32_t *options, Pattern *pattern) {
    pattern->is_global = pattern->takes_part = false;
    for (uint32_t i = 0; i < flags->bytes; i++) {
        char flag = text_data(flags)[i];
        switch (flag) {
        case 'i': *options |= REGEX_IGNORE_CASE; break;
        case 'c': *options &= ~(uint32_t)REGEX_IGNORE_CASE; break;
        case 'g': pattern->is_global = true; break;
        case 'e': pattern->takes_part = true; break;
        case 'm':
        case 'n': *options |= REGEX_BY_LINE; break;
        case 's': *options &= ~(uint32_t)REGEX_BY_LINE; break;
        case 'x': *options |= REGEX_EXTENDED; break;
        case 't': *options &= ~(uint32_t)REGEX_EXTENDED; break;
        case 'q': *options |= REGEX_LITERAL; break;
        case 'p': break; /* Redshift: Perl's dialect, which it is */
        default: return fail(cx, INVALID_PARAMETER_VALUE, "invalid regular expression option: \"%c\"", flag);
        }
    }
    return OK;
}

static void close_pattern(Pattern *pattern) {
    if (pattern->is_open) {
        regex_close(&pattern->matcher);
        pattern->is_open = false;
    }
}

static Status open_pattern(const Context *cx, const Text *text, const Text *flags, uint32_t options, Pattern *pattern) {
    if (pattern->is_open && text_equal(&pattern->text, text) && text_equal(&pattern->flags, flags)) {
        return OK;
    }
    close_pattern(pattern);
    TRY(read_flags(cx, flags, &options, pattern));
    TRY(regex_open(cx, text, options, &pattern->matcher));
    pattern->text = *text;
    pattern->flags = *flags;
    pattern->is_open = true;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- conditions */

static const Text no_text;

static Status check_flags(const Context *cx, const Function *function, const Pattern *pattern) {
    return pattern->is_global ? fail(cx, INVALID_PARAMETER_VALUE, "%s() does not support the \"global\" option", function->name)
                              : OK;
}

/* Whether the texts match; `flags`: an argument or NULL. */
static Status match_rows(const Context *cx, const Function *function, const Vector *const *args, const Vector *flags,
                         uint32_t options, uint32_t rows, Vector *out) {
    Pattern pattern = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        bool found = false;
        Text text = arg_TEXT(args[0], row), expression = arg_TEXT(args[1], row);
        Text wanted = flags == NULL ? no_text : arg_TEXT(flags, row);
        status = open_pattern(cx, &expression, &wanted, options, &pattern);
        status = status == OK ? check_flags(cx, function, &pattern) : status;
        status = status == OK ? regex_find(cx, &pattern.matcher, &text, 0, &found) : status;
        ((uint8_t *)out->data)[row] = found;
    }
    close_pattern(&pattern);
    return status;
}

Status fn_regexp_match(FN_PARAMETERS) {
    FN_UNUSED;
    return match_rows(cx, function, args, arg_count > 2 ? args[2] : NULL, 0, rows, out);
}

Status fn_regexp_imatch(FN_PARAMETERS) {
    FN_UNUSED;
    return match_rows(cx, function, args, NULL, REGEX_IGNORE_CASE, rows, out);
}

Status fn_similar(FN_PARAMETERS) {
    FN_UNUSED;
    return match_rows(cx, function, args, NULL, REGEX_SIMILAR, rows, out);
}

/* The row's pattern with its escape, as one with backslashes, in the arena. */
static Status escaped_pattern(const Context *cx, Arena *arena, const Text *pattern, const Text *escape, Text *out) {
    char *data = arena_alloc(cx, arena, (size_t)pattern->bytes * 2 + 1);
    if (data == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(like_check_escape(cx, text_data(escape), escape->bytes));
    *out = text_view(
        data, (uint32_t)like_with_backslashes(text_data(pattern), pattern->bytes, text_data(escape), escape->bytes, data));
    return OK;
}

Status fn_similar_escape(FN_PARAMETERS) {
    FN_UNUSED;
    Pattern pattern = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        Text text = arg_TEXT(args[0], row), expression = arg_TEXT(args[1], row), escape = arg_TEXT(args[2], row);
        bool found = false;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        status = escaped_pattern(cx, arena, &expression, &escape, &expression);
        status = status == OK ? open_pattern(cx, &expression, &no_text, REGEX_SIMILAR, &pattern) : status;
        status = status == OK ? regex_find(cx, &pattern.matcher, &text, 0, &found) : status;
        ((uint8_t *)out->data)[row] = found;
    }
    close_pattern(&pattern);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ walking matches
 */

/* One row's search from match to match. */
typedef struct Search {
    const Pattern *pattern;
    Text text;
    size_t next;       /* byte to go on from */
    size_t start, end; /* of the match */
} Search;

/* Byte of a character's position from 1; false if it lies past the end. */
static bool position_byte(const Text *text, int64_t position, size_t *byte) {
    uint32_t characters = utf8_length(text_data(text), text->bytes);
    *byte = text->bytes;
    if (position - 1 > characters) {
        return false;
    }
    *byte = utf8_offset(text_data(text), text->bytes, (uint32_t)(position - 1));
    return true;
}

static Status next_match(const Context *cx, Search *search, bool *found) {
    *found = false;
    if (search->next > search->text.bytes) {
        return OK;
    }
    TRY(regex_find(cx, &search->pattern->matcher, &search->text, search->next, found));
    if (*found && !regex_group(&search->pattern->matcher, 0, &search->start, &search->end)) {
        *found = false;
    }
    if (*found) {
        search->next = search->end;
        if (search->start == search->end) { /* an empty match: go on behind the next character */
            utf8_next(text_data(&search->text), search->text.bytes, &search->next);
            search->next += search->end == search->text.bytes;
        }
    }
    return OK;
}

static Status check_positive(const Context *cx, const char *function, const char *what, int64_t value, int64_t least) {
    if (value >= least && value <= INT32_MAX) {
        return OK;
    }
    return fail(cx, INVALID_PARAMETER_VALUE, "invalid value for parameter \"%s\" of %s: %lld", what, function,
                (long long)value);
}

/* Opens the row's search at its start position. `start`, `flags`: argument numbers, or past arg_count. */
static Status begin_search(const Context *cx, const Function *function, const Vector *const *args, uint32_t arg_count,
                           uint32_t start, uint32_t flags, uint32_t row, Pattern *pattern, Search *search) {
    Text expression = arg_TEXT(args[1], row), wanted = flags < arg_count ? arg_TEXT(args[flags], row) : no_text;
    int64_t position = start < arg_count ? arg_I32(args[start], row) : 1;
    TRY(check_positive(cx, function->name, "start", position, 1));
    TRY(open_pattern(cx, &expression, &wanted, 0, pattern));
    if (strcmp(function->name, "regexp_replace") != 0) {
        TRY(check_flags(cx, function, pattern));
    }
    *search = (Search){.pattern = pattern, .text = arg_TEXT(args[0], row)};
    if (position > 1 && !position_byte(&search->text, position, &search->next)) {
        search->next = (size_t)search->text.bytes + 1;
    }
    return OK;
}

/* The n-th match from where the search stands. */
static Status find_nth(const Context *cx, Search *search, int64_t n, bool *found) {
    do {
        TRY(next_match(cx, search, found));
    } while (*found && --n > 0);
    return OK;
}

/* -------------------------------------------------------------------------------------------------------- count, instr, substr
 */

static Status count_row(const Context *cx, const Function *function, const Vector *const *args, uint32_t arg_count,
                        uint32_t row, Pattern *pattern, int32_t *count) {
    Search search;
    bool found;
    TRY(begin_search(cx, function, args, arg_count, 2, 3, row, pattern, &search));
    *count = 0;
    do {
        TRY(next_match(cx, &search, &found));
        *count += found;
    } while (found);
    return OK;
}

Status fn_regexp_count(FN_PARAMETERS) {
    FN_UNUSED;
    Pattern pattern = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        if (fn_row_valid(out, row)) {
            status = count_row(cx, function, args, arg_count, row, &pattern, (int32_t *)out->data + row);
        }
    }
    close_pattern(&pattern);
    return status;
}

/* Sets search->start and end to the group's; *found is cleared if it took no part. */
static void narrow_to_group(Search *search, int64_t group, bool *found) {
    if (*found && group > 0) {
        *found = group <= UINT16_MAX && regex_group(&search->pattern->matcher, (uint32_t)group, &search->start, &search->end);
    }
}

/* regexp_instr(text, pattern, start, n, end option, flags, group) */
static Status instr_row(const Context *cx, const Function *function, const Vector *const *args, uint32_t arg_count,
                        uint32_t row, Pattern *pattern, int32_t *position) {
    Search search;
    bool found;
    int64_t n = arg_count > 3 ? arg_I32(args[3], row) : 1, at_end = arg_count > 4 ? arg_I32(args[4], row) : 0;
    int64_t group = arg_count > 6 ? arg_I32(args[6], row) : 0;
    TRY(check_positive(cx, function->name, "n", n, 1));
    TRY(check_positive(cx, function->name, "subexpr", group, 0));
    if (at_end != 0 && at_end != 1) {
        return check_positive(cx, function->name, "endoption", -1, 0);
    }
    TRY(begin_search(cx, function, args, arg_count, 2, 5, row, pattern, &search));
    TRY(find_nth(cx, &search, n, &found));
    narrow_to_group(&search, group == 0 && pattern->takes_part ? 1 : group, &found);
    size_t byte = at_end ? search.end : search.start;
    *position = found ? (int32_t)utf8_length(text_data(&search.text), byte) + 1 : 0;
    return OK;
}

Status fn_regexp_instr(FN_PARAMETERS) {
    FN_UNUSED;
    Pattern pattern = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        if (fn_row_valid(out, row)) {
            status = instr_row(cx, function, args, arg_count, row, &pattern, (int32_t *)out->data + row);
        }
    }
    close_pattern(&pattern);
    return status;
}

static Status put_part(const Context *cx, const Search *search, bool found, Arena *arena, Vector *out, uint32_t row) {
    if (!found) {
        return fn_set_null(cx, out, row);
    }
    char *copy = arena_copy_text(cx, arena, text_data(&search->text) + search->start, search->end - search->start);
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    out_text(out, row, copy, search->end - search->start);
    return OK;
}

/* regexp_substr(text, pattern, start, n, flags, group) */
static Status substr_row(const Context *cx, const Function *function, const Vector *const *args, uint32_t arg_count,
                         uint32_t row, Pattern *pattern, Arena *arena, Vector *out) {
    Search search;
    bool found;
    int64_t n = arg_count > 3 ? arg_I32(args[3], row) : 1, group = arg_count > 5 ? arg_I32(args[5], row) : 0;
    TRY(check_positive(cx, function->name, "n", n, 1));
    TRY(check_positive(cx, function->name, "subexpr", group, 0));
    TRY(begin_search(cx, function, args, arg_count, 2, 4, row, pattern, &search));
    TRY(find_nth(cx, &search, n, &found));
    narrow_to_group(&search, group == 0 && pattern->takes_part ? 1 : group, &found);
    return put_part(cx, &search, found, arena, out, row);
}

Status fn_regexp_substr(FN_PARAMETERS) {
    FN_UNUSED;
    Pattern pattern = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        if (fn_row_valid(out, row)) {
            status = substr_row(cx, function, args, arg_count, row, &pattern, arena, out);
        }
    }
    close_pattern(&pattern);
    return status;
}

/* substring(text FROM pattern): the first group if there is one. */
Status fn_substring_pattern(FN_PARAMETERS) {
    FN_UNUSED;
    Pattern pattern = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        Search search;
        bool found = false;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        status = begin_search(cx, function, args, 2, 2, 2, row, &pattern, &search);
        status = status == OK ? next_match(cx, &search, &found) : status;
        if (status == OK) {
            narrow_to_group(&search, pattern.matcher.groups > 0, &found);
            status = put_part(cx, &search, found, arena, out, row);
        }
    }
    close_pattern(&pattern);
    return status;
}

/* substring(text SIMILAR pattern ESCAPE escape): what stands between the two escape-double-quotes, or the text if it matches.
 */
Status fn_substring_similar(FN_PARAMETERS) {
    FN_UNUSED;
    Pattern pattern = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        Text expression = arg_TEXT(args[1], row), escape = arg_TEXT(args[2], row);
        Search search = {.pattern = &pattern, .text = arg_TEXT(args[0], row)};
        bool found = false;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        status = escaped_pattern(cx, arena, &expression, &escape, &expression);
        status = status == OK ? open_pattern(cx, &expression, &no_text, REGEX_SIMILAR, &pattern) : status;
        status = status == OK ? next_match(cx, &search, &found) : status;
        if (status == OK) {
            narrow_to_group(&search, pattern.matcher.groups > 0, &found);
            status = put_part(cx, &search, found, arena, out, row);
        }
    }
    close_pattern(&pattern);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- replace */

/* Text that grows while a row's replacements are made. */
typedef struct Built {
    char *data; /* owned */
    size_t bytes, capacity;
} Built;

static Status build(const Context *cx, Built *built, const char *data, size_t bytes) {
    if (built->bytes + bytes > built->capacity) {
        size_t capacity = (built->bytes + bytes) * 2 + 64;
        char *grown = mem_resize(cx, built->data, capacity);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        built->data = grown;
        built->capacity = capacity;
    }
    if (bytes > 0) {
        memcpy(built->data + built->bytes, data, bytes);
    }
    built->bytes += bytes;
    return built->bytes <= INT32_MAX ? OK : fail(cx, PROGRAM_LIMIT_EXCEEDED, "the result of regexp_replace is too long");
}

/* What the match becomes: \1 … \9 are groups, \& is the match. */
static Status build_replacement(const Context *cx, const Search *search, const Text *replacement, Built *built) {
    const char *data = text_data(replacement), *text = text_data(&search->text);
    for (uint32_t i = 0; i < replacement->bytes; i++) {
        char next = i + 1 < replacement->bytes ? data[i + 1] : 0;
        bool is_group = data[i] == '\\' && ((next >= '1' && next <= '9') || next == '&');
        if (is_group) {
            size_t start, end;
            if (regex_group(&search->pattern->matcher, next == '&' ? 0 : (uint32_t)(next - '0'), &start, &end)) {
                TRY(build(cx, built, text + start, end - start));
            }
            i++;
            continue;
        }
        i += data[i] == '\\' && next == '\\';
        TRY(build(cx, built, data + i, 1));
    }
    return OK;
}

/* What a call of regexp_replace asks for beside text, pattern and replacement. */
typedef struct ReplaceForm {
    uint32_t start, n, flags; /* argument numbers; past the last: not there */
    bool replaces_all;        /* unless n says otherwise */
} ReplaceForm;

static Status replace_row(const Context *cx, const Function *function, const Vector *const *args, uint32_t arg_count,
                          const ReplaceForm *form, uint32_t row, Pattern *pattern, Built *built) {
    Search search;
    bool found;
    Text replacement = arg_count > 2 ? arg_TEXT(args[2], row) : no_text;
    int64_t n = form->n < arg_count ? arg_I32(args[form->n], row) : 1, seen = 0;
    TRY(check_positive(cx, function->name, "n", n, 0));
    TRY(begin_search(cx, function, args, arg_count, form->start, form->flags, row, pattern, &search));
    bool is_global = n == 0 || (form->n >= arg_count && (form->replaces_all || pattern->is_global));
    size_t copied = 0;
    do {
        TRY(next_match(cx, &search, &found));
        seen += found;
        if (found && (is_global || seen == n)) {
            TRY(build(cx, built, text_data(&search.text) + copied, search.start - copied));
            TRY(build_replacement(cx, &search, &replacement, built));
            copied = search.end;
        }
    } while (found && (is_global || seen < n));
    return build(cx, built, text_data(&search.text) + copied, search.text.bytes - copied);
}

static Status replace_rows(const Context *cx, const Function *function, const Vector *const *args, uint32_t arg_count,
                           const ReplaceForm *form, uint32_t rows, Arena *arena, Vector *out) {
    Pattern pattern = {0};
    Built built = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        built.bytes = 0;
        status = replace_row(cx, function, args, arg_count, form, row, &pattern, &built);
        char *copy = status == OK ? arena_copy_text(cx, arena, built.data, built.bytes) : NULL;
        status = status == OK && copy == NULL ? OUT_OF_MEMORY : status;
        if (status == OK) {
            out_text(out, row, copy, built.bytes);
        }
    }
    close_pattern(&pattern);
    mem_free(built.data);
    return status;
}

/* (text, pattern, replacement [, flags]): the first match, or with flag g all. (text, pattern): Redshift removes all. */
Status fn_regexp_replace(FN_PARAMETERS) {
    FN_UNUSED;
    ReplaceForm form = {.start = arg_count, .n = arg_count, .flags = 3, .replaces_all = arg_count == 2};
    return replace_rows(cx, function, args, arg_count, &form, rows, arena, out);
}

/* (text, pattern, replacement, start [, n [, flags]]) */
Status fn_regexp_replace_from(FN_PARAMETERS) {
    FN_UNUSED;
    ReplaceForm form = {.start = 3, .n = 4, .flags = 5};
    return replace_rows(cx, function, args, arg_count, &form, rows, arena, out);
}

/* Redshift's (text, pattern, replacement, start, flags) replaces all. */
Status fn_regexp_replace_all(FN_PARAMETERS) {
    FN_UNUSED;
    ReplaceForm form = {.start = 3, .n = arg_count, .flags = 4, .replaces_all = true};
    return replace_rows(cx, function, args, arg_count, &form, rows, arena, out);
}
