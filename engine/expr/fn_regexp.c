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

/* A call of one of these functions over the rows of a batch. */
typedef struct RegexpCall {
    const Context *cx;
    const Function *function;
    const Vector *const *args;
    uint32_t arg_count;
    Arena *arena;
    Vector *out;
    Pattern pattern;
    uint32_t options; /* of the pattern */
} RegexpCall;
#define REGEXP_CALL                                                                                                            \
    { .cx = cx, .function = function, .args = args, .arg_count = arg_count, .arena = arena, .out = out }

typedef Status RowFunction(RegexpCall *call, uint32_t row);

/* Calls the function for every row whose arguments are not NULL. */
static Status for_valid_rows(RegexpCall *call, uint32_t rows, RowFunction *row_function) {
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        if (fn_row_valid(call->out, row)) {
            status = row_function(call, row);
        }
    }
    close_pattern(&call->pattern);
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- conditions */

static const Text no_text;

static Status check_flags(const Context *cx, const Function *function, const Pattern *pattern) {
    return pattern->is_global ? fail(cx, INVALID_PARAMETER_VALUE, "%s() does not support the \"global\" option", function->name)
                              : OK;
}

/* Whether the text matches; a third argument are flags. */
static Status match_row(RegexpCall *call, uint32_t row) {
    bool found;
    Text text = arg_TEXT(call->args[0], row), expression = arg_TEXT(call->args[1], row);
    Text flags = call->arg_count > 2 ? arg_TEXT(call->args[2], row) : no_text;
    TRY(open_pattern(call->cx, &expression, &flags, call->options, &call->pattern));
    TRY(check_flags(call->cx, call->function, &call->pattern));
    TRY(regex_find(call->cx, &call->pattern.matcher, &text, 0, &found));
    ((uint8_t *)call->out->data)[row] = found;
    return OK;
}

Status fn_regexp_match(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    return for_valid_rows(&call, rows, match_row);
}

Status fn_regexp_imatch(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    call.options = REGEX_IGNORE_CASE;
    return for_valid_rows(&call, rows, match_row);
}

Status fn_similar(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    call.options = REGEX_SIMILAR;
    return for_valid_rows(&call, rows, match_row);
}

/* Opens SIMILAR TO's pattern, the second argument, with the escape that is the third: as one with backslashes, in the arena. */
static Status open_similar(RegexpCall *call, uint32_t row) {
    Text pattern = arg_TEXT(call->args[1], row), escape = arg_TEXT(call->args[2], row);
    char *data = arena_alloc(call->cx, call->arena, (size_t)pattern.bytes * 2 + 1);
    if (data == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(like_check_escape(call->cx, text_data(&escape), escape.bytes));
    size_t bytes = like_with_backslashes(text_data(&pattern), pattern.bytes, text_data(&escape), escape.bytes, data);
    pattern = text_view(data, (uint32_t)bytes);
    return open_pattern(call->cx, &pattern, &no_text, REGEX_SIMILAR, &call->pattern);
}

static Status similar_row(RegexpCall *call, uint32_t row) {
    bool found;
    Text text = arg_TEXT(call->args[0], row);
    TRY(open_similar(call, row));
    TRY(regex_find(call->cx, &call->pattern.matcher, &text, 0, &found));
    ((uint8_t *)call->out->data)[row] = found;
    return OK;
}

Status fn_similar_escape(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    return for_valid_rows(&call, rows, similar_row);
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
static Status begin_search(RegexpCall *call, uint32_t start, uint32_t flags, uint32_t row, Search *search) {
    Text expression = arg_TEXT(call->args[1], row);
    Text wanted = flags < call->arg_count ? arg_TEXT(call->args[flags], row) : no_text;
    int64_t position = start < call->arg_count ? arg_I32(call->args[start], row) : 1;
    TRY(check_positive(call->cx, call->function->name, "start", position, 1));
    TRY(open_pattern(call->cx, &expression, &wanted, 0, &call->pattern));
    if (strcmp(call->function->name, "regexp_replace") != 0) {
        TRY(check_flags(call->cx, call->function, &call->pattern));
    }
    *search = (Search){.pattern = &call->pattern, .text = arg_TEXT(call->args[0], row)};
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

static Status count_row(RegexpCall *call, uint32_t row) {
    Search search;
    bool found;
    int32_t *count = (int32_t *)call->out->data + row;
    TRY(begin_search(call, 2, 3, row, &search));
    *count = 0;
    do {
        TRY(next_match(call->cx, &search, &found));
        *count += found;
    } while (found);
    return OK;
}

Status fn_regexp_count(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    return for_valid_rows(&call, rows, count_row);
}

/* Sets search->start and end to the group's; *found is cleared if it took no part. */
static void narrow_to_group(Search *search, int64_t group, bool *found) {
    if (*found && group > 0) {
        *found = group <= UINT16_MAX && regex_group(&search->pattern->matcher, (uint32_t)group, &search->start, &search->end);
    }
}

static int64_t integer_argument(const RegexpCall *call, uint32_t number, uint32_t row, int64_t otherwise) {
    return call->arg_count > number ? arg_I32(call->args[number], row) : otherwise;
}

/* regexp_instr(text, pattern, start, n, end option, flags, group) */
static Status instr_row(RegexpCall *call, uint32_t row) {
    Search search;
    bool found;
    int64_t n = integer_argument(call, 3, row, 1), at_end = integer_argument(call, 4, row, 0);
    int64_t group = integer_argument(call, 6, row, 0);
    TRY(check_positive(call->cx, call->function->name, "n", n, 1));
    TRY(check_positive(call->cx, call->function->name, "subexpr", group, 0));
    if (at_end != 0 && at_end != 1) {
        return check_positive(call->cx, call->function->name, "endoption", -1, 0);
    }
    TRY(begin_search(call, 2, 5, row, &search));
    TRY(find_nth(call->cx, &search, n, &found));
    narrow_to_group(&search, group == 0 && call->pattern.takes_part ? 1 : group, &found);
    size_t byte = at_end ? search.end : search.start;
    ((int32_t *)call->out->data)[row] = found ? (int32_t)utf8_length(text_data(&search.text), byte) + 1 : 0;
    return OK;
}

Status fn_regexp_instr(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    return for_valid_rows(&call, rows, instr_row);
}

static Status put_part(const RegexpCall *call, const Search *search, bool found, uint32_t row) {
    if (!found) {
        return fn_set_null(call->cx, call->out, row);
    }
    size_t bytes = search->end - search->start;
    char *copy = arena_copy_text(call->cx, call->arena, text_data(&search->text) + search->start, bytes);
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    out_text(call->out, row, copy, bytes);
    return OK;
}

/* regexp_substr(text, pattern, start, n, flags, group) */
static Status substr_row(RegexpCall *call, uint32_t row) {
    Search search;
    bool found;
    int64_t n = integer_argument(call, 3, row, 1), group = integer_argument(call, 5, row, 0);
    TRY(check_positive(call->cx, call->function->name, "n", n, 1));
    TRY(check_positive(call->cx, call->function->name, "subexpr", group, 0));
    TRY(begin_search(call, 2, 4, row, &search));
    TRY(find_nth(call->cx, &search, n, &found));
    narrow_to_group(&search, group == 0 && call->pattern.takes_part ? 1 : group, &found);
    return put_part(call, &search, found, row);
}

Status fn_regexp_substr(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    return for_valid_rows(&call, rows, substr_row);
}

/* The first match, or its first group if the pattern has one. */
static Status put_first(RegexpCall *call, Search *search, uint32_t row) {
    bool found;
    TRY(next_match(call->cx, search, &found));
    narrow_to_group(search, call->pattern.matcher.groups > 0, &found);
    return put_part(call, search, found, row);
}

static Status substring_row(RegexpCall *call, uint32_t row) {
    Search search;
    TRY(begin_search(call, 2, 2, row, &search));
    return put_first(call, &search, row);
}

/* substring(text FROM pattern) */
Status fn_substring_pattern(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    return for_valid_rows(&call, rows, substring_row);
}

static Status similar_part_row(RegexpCall *call, uint32_t row) {
    TRY(open_similar(call, row));
    Search search = {.pattern = &call->pattern, .text = arg_TEXT(call->args[0], row)};
    return put_first(call, &search, row);
}

/* substring(text SIMILAR pattern ESCAPE escape): what stands between the two escape-double-quotes, or the text if it matches.
 */
Status fn_substring_similar(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    return for_valid_rows(&call, rows, similar_part_row);
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

static Status replace_row(RegexpCall *call, const ReplaceForm *form, uint32_t row, Built *built) {
    Search search;
    bool found;
    const Context *cx = call->cx;
    Text replacement = call->arg_count > 2 ? arg_TEXT(call->args[2], row) : no_text;
    int64_t n = integer_argument(call, form->n, row, 1), seen = 0;
    TRY(check_positive(cx, call->function->name, "n", n, 0));
    TRY(begin_search(call, form->start, form->flags, row, &search));
    if (form->replaces_all) {
        TRY(check_flags(cx, call->function, &call->pattern));
    }
    bool is_global = n == 0 || (form->n >= call->arg_count && (form->replaces_all || call->pattern.is_global));
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

static Status replace_rows(RegexpCall *call, const ReplaceForm *form, uint32_t rows) {
    Built built = {0};
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        if (!fn_row_valid(call->out, row)) {
            continue;
        }
        built.bytes = 0;
        status = replace_row(call, form, row, &built);
        char *copy = status == OK ? arena_copy_text(call->cx, call->arena, built.data, built.bytes) : NULL;
        status = status == OK && copy == NULL ? OUT_OF_MEMORY : status;
        if (status == OK) {
            out_text(call->out, row, copy, built.bytes);
        }
    }
    close_pattern(&call->pattern);
    mem_free(built.data);
    return status;
}

/* (text, pattern, replacement [, flags]): the first match, or with flag g all. (text, pattern): Redshift removes all. */
Status fn_regexp_replace(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    ReplaceForm form = {.start = arg_count, .n = arg_count, .flags = 3, .replaces_all = arg_count == 2};
    return replace_rows(&call, &form, rows);
}

/* (text, pattern, replacement, start [, n [, flags]]) */
Status fn_regexp_replace_from(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    ReplaceForm form = {.start = 3, .n = 4, .flags = 5};
    return replace_rows(&call, &form, rows);
}

/* Redshift's (text, pattern, replacement, start, flags) replaces all. */
Status fn_regexp_replace_all(FN_PARAMETERS) {
    RegexpCall call = REGEXP_CALL;
    ReplaceForm form = {.start = 3, .n = arg_count, .flags = 4, .replaces_all = true};
    return replace_rows(&call, &form, rows);
}
