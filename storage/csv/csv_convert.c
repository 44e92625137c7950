/* Fields of one column to one vector: a loop per storage class over the plain spellings (digits, ISO dates); everything else,
 * and every error, goes through value_parse, which also words the message. */
#include "storage/csv/csv_convert.h"

#include "core/datetime_template.h"
#include "storage/csv/csv_digits.h"

#include <stdio.h>
#include <string.h>

void csv_converter_begin(CsvConverter *converter) {
    arena_free(&converter->arena);
}
void csv_converter_free(CsvConverter *converter) {
    arena_free(&converter->arena);
}

static void reject(const CsvColumn *column, uint32_t row, Status status, const char *reason) {
    if (column->reasons[row] == NULL) {
        column->statuses[row] = status;
        column->reasons[row] = reason;
        column->bad_columns[row] = column->field->name;
    }
}

/* ---------------------------------------------------------------------------------------- from raw cell to field text */

/* Takes quotes out: doubled quotes (or escaped ones) stand for themselves, single ones only switch. */
static Status unquote(const Context *cx, CsvConverter *converter, const CsvDialect *dialect, CsvCell *cell) {
    const char *from = cell->data, *end = from + cell->bytes;
    if (cell->bytes >= 2 && from[0] == dialect->quote && end[-1] == dialect->quote &&
        memchr(from + 1, dialect->quote, cell->bytes - 2) == NULL &&
        (dialect->escape == dialect->quote || memchr(from + 1, dialect->escape, cell->bytes - 2) == NULL)) {
        cell->data++;
        cell->bytes -= 2;
        return OK;
    }
    char *to = arena_alloc(cx, &converter->arena, cell->bytes + CSV_CELL_SLACK_BYTES);
    if (to == NULL) {
        return OUT_OF_MEMORY;
    }
    cell->data = to;
    bool in_quotes = false;
    while (from < end) {
        bool is_escape = in_quotes && *from == dialect->escape && from + 1 < end &&
                         (from[1] == dialect->quote || from[1] == dialect->escape);
        if (is_escape) {
            *to++ = from[1];
            from += 2;
        } else if (*from == dialect->quote) {
            in_quotes = !in_quotes;
            from++;
        } else {
            *to++ = *from++;
        }
    }
    cell->bytes = (uint32_t)(to - cell->data);
    return OK;
}

/* The text format's escapes: \t \n \r \b \f \v, \\, and any other byte for itself. */
static Status unescape(const Context *cx, CsvConverter *converter, const CsvDialect *dialect, CsvCell *cell) {
    static const char letters[] = "tnrbfv", meanings[] = "\t\n\r\b\f\v";
    char *to = arena_alloc(cx, &converter->arena, cell->bytes + CSV_CELL_SLACK_BYTES);
    if (to == NULL) {
        return OUT_OF_MEMORY;
    }
    const char *from = cell->data, *end = from + cell->bytes;
    cell->data = to;
    while (from < end) {
        if (*from == dialect->escape && from + 1 < end) {
            const char *letter = from[1] == 0 ? NULL : strchr(letters, from[1]);
            *to++ = letter != NULL ? meanings[letter - letters] : from[1];
            from += 2;
        } else {
            *to++ = *from++;
        }
    }
    cell->bytes = (uint32_t)(to - cell->data);
    return OK;
}

static bool equals(const CsvCell *cell, const char *text, size_t bytes) {
    return cell->bytes == bytes && memcmp(cell->data, text, bytes) == 0;
}

static bool is_blank(const CsvCell *cell) {
    for (uint32_t i = 0; i < cell->bytes; i++) {
        if (cell->data[i] != ' ') {
            return false;
        }
    }
    return true;
}

static Status replace_invalid(const Context *cx, CsvConverter *converter, char replacement, CsvCell *cell) {
    char *copy = arena_alloc(cx, &converter->arena, cell->bytes + CSV_CELL_SLACK_BYTES);
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    memcpy(copy, cell->data, cell->bytes);
    for (size_t at = utf8_valid_prefix(copy, cell->bytes); at < cell->bytes;
         at += utf8_valid_prefix(copy + at, cell->bytes - at)) {
        copy[at] = replacement;
    }
    cell->data = copy;
    return OK;
}

static Status settle_any_cells(const Context *cx, CsvConverter *converter, const CsvColumn *column, uint32_t *nulls) {
    const CsvFormat *format = column->format;
    bool has_null_text = format->null_text != NULL;
    size_t null_bytes = has_null_text ? strlen(format->null_text) : 0;
    bool is_text = type_is_text(column->field->type);
    *nulls = 0;
    for (uint32_t row = 0; row < column->rows; row++) {
        CsvCell *cell = &column->cells[row];
        bool was_quoted = cell->has_quotes && format->dialect.is_quoted;
        if (column->reasons[row] != NULL) {
            cell->is_null = true;
        }
        if (!cell->is_null && !was_quoted && has_null_text) {
            cell->is_null = equals(cell, format->null_text, null_bytes);
        }
        if (!cell->is_null && cell->has_quotes) {
            TRY(format->dialect.is_quoted ? unquote(cx, converter, &format->dialect, cell)
                                          : unescape(cx, converter, &format->dialect, cell));
            cell->is_null = was_quoted && column->field->null_if_quoted && equals(cell, format->null_text, null_bytes);
        }
        if (!cell->is_null && format->trim_blanks) {
            while (cell->bytes > 0 && cell->data[cell->bytes - 1] == ' ') {
                cell->bytes--;
            }
        }
        if (!cell->is_null && ((format->blanks_as_null && cell->bytes > 0 && is_blank(cell)) ||
                               (format->empty_as_null && is_text && cell->bytes == 0))) {
            cell->is_null = true;
        }
        if (!cell->is_null && column->check_utf8 && !utf8_valid(cell->data, cell->bytes)) {
            if (format->accept_invalid_utf8) {
                TRY(replace_invalid(cx, converter, format->replacement_char, cell));
            } else {
                reject(column, row, INVALID_ENCODING, "invalid byte sequence for encoding UTF-8");
                cell->is_null = true;
            }
        }
        if (cell->is_null && column->field->not_null) {
            reject(column, row, NOT_NULL_VIOLATION, "null value in a column that is NOT NULL");
        }
        *nulls += cell->is_null;
    }
    return OK;
}

/* The same where a cell is what its bytes say: it is NULL or not. */
static void settle_plain_cells(const CsvColumn *column, uint32_t *nulls) {
    const char *null_text = column->format->null_text;
    size_t null_bytes = null_text != NULL ? strlen(null_text) : SIZE_MAX;
    *nulls = 0;
    for (uint32_t row = 0; row < column->rows; row++) {
        CsvCell *cell = &column->cells[row];
        bool is_text = cell->bytes == null_bytes && (null_bytes == 0 || memcmp(cell->data, null_text, null_bytes) == 0);
        if (is_text || cell->is_null || column->reasons[row] != NULL) {
            cell->is_null = true;
            ++*nulls;
            if (column->field->not_null) {
                reject(column, row, NOT_NULL_VIOLATION, "null value in a column that is NOT NULL");
            }
        }
    }
}

/* Settles NULL, quotes, blanks and UTF-8 of all cells of the column. *nulls counts NULLs and rejected rows. */
static Status settle_cells(const Context *cx, CsvConverter *converter, const CsvColumn *column, uint32_t *nulls) {
    const CsvFormat *format = column->format;
    bool is_plain = !column->has_marks && !column->check_utf8 && !format->trim_blanks && !format->blanks_as_null &&
                    !(format->empty_as_null && type_is_text(column->field->type));
    if (!is_plain) {
        return settle_any_cells(cx, converter, column, nulls);
    }
    settle_plain_cells(column, nulls);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------ plain spellings */

/* Up to 18 digits with a sign. */
static inline bool plain_integer(const CsvCell *cell, int64_t *out) {
    bool negative = cell->data[0] == '-';
    uint32_t digits = cell->bytes - negative;
    int64_t value;
    if (digits - 1 >= CSV_DIGITS_MAX || !csv_digits(cell->data + negative, digits, &value)) { /* none is too many */
        return false;
    }
    *out = negative ? -value : value;
    return true;
}

/* Digits with an optional point: value × 10^*scale. */
static bool plain_decimal(const CsvCell *cell, int64_t *out, uint32_t *scale) {
    const char *at = cell->data, *end = at + cell->bytes;
    bool negative = at < end && *at == '-';
    at += negative;
    if (at == end || end - at > 18) {
        return false;
    }
    int64_t value = 0;
    const char *point = NULL;
    uint32_t digits = 0;
    for (; at < end; at++) {
        uint32_t digit = (uint32_t)(unsigned char)*at - '0';
        if (digit <= 9) {
            value = value * 10 + digit;
            digits++;
        } else if (*at == '.' && point == NULL) {
            point = at + 1;
        } else {
            return false;
        }
    }
    *scale = point == NULL ? 0 : (uint32_t)(end - point);
    *out = negative ? -value : value;
    return digits > 0;
}

static const int64_t powers_of_ten[] = {1,
                                        10,
                                        100,
                                        1000,
                                        10000,
                                        100000,
                                        1000000,
                                        10000000,
                                        100000000,
                                        1000000000,
                                        10000000000,
                                        100000000000,
                                        1000000000000,
                                        10000000000000,
                                        100000000000000,
                                        1000000000000000,
                                        10000000000000000,
                                        100000000000000000,
                                        1000000000000000000};

/* With as many digits behind the point as the type has: value × 10^scale. */
static inline bool plain_fixed(const CsvCell *cell, uint32_t scale, int64_t *out) {
    bool negative = cell->data[0] == '-';
    const char *at = cell->data + negative;
    uint32_t digits = cell->bytes - negative - scale - 1; /* before the point */
    int64_t whole, fraction;
    if (scale == 0 || cell->bytes < negative + scale + 2 || digits + scale > CSV_DIGITS_MAX || at[digits] != '.' ||
        !csv_digits(at, digits, &whole) || !csv_digits(at + digits + 1, scale, &fraction)) {
        return false;
    }
    int64_t value = whole * powers_of_ten[scale] + fraction;
    *out = negative ? -value : value;
    return true;
}

/* YYYY-MM-DD with days that every month has. */
static inline bool plain_date(const CsvCell *cell, int32_t *days) {
    uint32_t year, month, day;
    if (cell->bytes != 10 || !csv_iso_date(cell->data, &year, &month, &day) || year == 0 || month - 1 > 11 || day - 1 > 27) {
        return false;
    }
    *days = days_from_civil((int32_t)year, (int32_t)month, (int32_t)day);
    return true;
}

/* ---------------------------------------------------------------------------------------------------------- converting */

/* By DATEFORMAT or TIMEFORMAT; the whole cell and the whole template. */
static bool read_by_template(const Context *cx, const char *text, const CsvCell *cell, Value *value) {
    Error error;
    Context quiet = *cx;
    quiet.error = &error;
    Template template;
    TemplateResult read;
    if (template_parse(&quiet, text, strlen(text), &template) != OK ||
        template_read(&quiet, &template, cell->data, cell->bytes, &read) != OK || !read.is_whole_match) {
        return false;
    }
    int64_t days = days_from_civil(read.moment.date.year, read.moment.date.month, read.moment.date.day);
    uint32_t digits = type_second_digits(value->type);
    int64_t local = timestamp_round(days * MICROS_PER_DAY + read.moment.micros, digits);
    switch ((TypeId)value->type.id) {
    case TYPE_DATE: *value = value_i64(value->type, days); return true;
    case TYPE_TIME: *value = value_i64(value->type, time_round(read.moment.micros, digits)); return true;
    case TYPE_TIMESTAMP: *value = value_i64(value->type, local); return timestamp_in_range(local);
    default:
        local = read.has_offset ? local - read.offset * MICROS_PER_SECOND : timezone_from_local(cx->zone, local);
        *value = value_i64(value->type, local);
        return timestamp_in_range(local);
    }
}

/* The general way, with its error as the reason. */
static Status parse_general(const Context *cx, CsvConverter *converter, const CsvColumn *column, uint32_t row, void *data) {
    const CsvFormat *format = column->format;
    const CsvCell *cell = &column->cells[row];
    Type type = column->field->type;
    bool is_date = type.id == TYPE_DATE, is_time = type.id == TYPE_TIME || (type_is_moment(type) && !is_date);
    const char *template = is_date ? format->date_format : is_time ? format->time_format : NULL;
    Value value = value_null(type);
    if (template != NULL) {
        if (!read_by_template(cx, template, cell, &value)) {
            char *reason = arena_format(cx, &converter->arena, "\"%.*s\" is not in the format \"%s\"",
                                        cell->bytes < 64 ? (int)cell->bytes : 64, cell->data, template);
            if (reason == NULL) {
                return OUT_OF_MEMORY;
            }
            reject(column, row, INVALID_DATETIME_FORMAT, reason);
            return OK;
        }
    } else {
        Error error;
        Context quiet = *cx;
        quiet.error = &error;
        Status status = value_parse(&quiet, type, cell->data, cell->bytes, &value);
        if (status != OK) {
            char *reason = arena_format(cx, &converter->arena, "%s", error.message);
            if (reason == NULL) {
                return OUT_OF_MEMORY;
            }
            reject(column, row, status, reason);
            return OK;
        }
    }
    value_store(&value, data, row);
    return OK;
}

/* One loop: `plain` is the fast spelling's test and assignment. */
#define CONVERT(plain)                                                                                                         \
    for (uint32_t row = 0; row < column->rows; row++) {                                                                        \
        const CsvCell *cell = &column->cells[row];                                                                             \
        if (!cell->is_null && !(plain)) {                                                                                      \
            TRY(parse_general(cx, converter, column, row, out->data));                                                         \
        }                                                                                                                      \
    }

static inline bool store_integer(const CsvCell *cell, int64_t least, int64_t most, int64_t *value) {
    return plain_integer(cell, value) && *value >= least && *value <= most;
}

static inline bool store_decimal(const CsvCell *cell, Type type, int64_t *value) {
    int64_t limit = powers_of_ten[type.precision];
    if (!plain_fixed(cell, type.scale, value)) {
        uint32_t scale;
        if (!plain_decimal(cell, value, &scale) || scale > type.scale || cell->bytes + type.scale - scale > CSV_DIGITS_MAX) {
            return false;
        }
        *value *= powers_of_ten[type.scale - scale];
    }
    return *value<limit && * value> - limit;
}

/* Exact: both sides are whole numbers that a double holds. */
static bool store_double(const CsvCell *cell, double *value) {
    int64_t digits;
    uint32_t scale;
    if (!plain_decimal(cell, &digits, &scale) || digits > ((int64_t)1 << 53) || digits < -((int64_t)1 << 53) ||
        (digits == 0 && cell->data[0] == '-')) {
        return false;
    }
    *value = (double)digits / (double)powers_of_ten[scale];
    return true;
}

/* The first `bytes` bytes of a word. */
static inline uint64_t first_bytes(uint64_t word, uint32_t bytes) {
    return bytes >= 8 ? word : word & ((UINT64_C(1) << bytes * 8) - 1);
}

/* text_view() of a short text in two words, without a call or a byte in memory. */
static inline Text short_view(const char *data, uint32_t bytes) {
    uint32_t head;
    uint64_t words[2];
    Text text;
    memcpy(&head, data, sizeof head);
    memcpy(&words[1], data + sizeof head, sizeof words[1]);
    words[0] = bytes | first_bytes(head, bytes) << 32;
    words[1] = first_bytes(words[1], bytes < sizeof head ? 0 : bytes - (uint32_t)sizeof head);
    memcpy(&text, words, sizeof text);
    return text;
}

static inline bool store_text(const CsvColumn *column, uint32_t row, Text *texts) {
    const CsvCell *cell = &column->cells[row];
    uint32_t limit = column->field->type.length;
    uint32_t bytes = cell->bytes;
    if (limit > 0 && bytes > limit) {
        if (!column->format->truncate_columns) {
            return false; /* value_parse knows what fits: trailing blanks may go */
        }
        bytes = (uint32_t)utf8_offset(cell->data, bytes, limit);
    }
    texts[row] = bytes <= TEXT_INLINE_MAX ? short_view(cell->data, bytes) : text_view(cell->data, bytes);
    return true;
}

static Status convert_values(const Context *cx, CsvConverter *converter, const CsvColumn *column, Vector *out) {
    Type type = column->field->type;
    int64_t value = 0;
    switch (type.id) {
    case TYPE_SMALLINT:
        CONVERT(store_integer(cell, INT16_MIN, INT16_MAX, &value) && (((int16_t *)out->data)[row] = (int16_t)value, true))
        return OK;
    case TYPE_INTEGER:
        CONVERT(store_integer(cell, INT32_MIN, INT32_MAX, &value) && (((int32_t *)out->data)[row] = (int32_t)value, true))
        return OK;
    case TYPE_BIGINT: CONVERT(plain_integer(cell, &((int64_t *)out->data)[row])) return OK;
    case TYPE_DECIMAL:
        if (type.precision > DECIMAL_PRECISION_I64) {
            break;
        }
        CONVERT(store_decimal(cell, type, &value) && (((int64_t *)out->data)[row] = value, true))
        return OK;
    case TYPE_DOUBLE: CONVERT(store_double(cell, &((double *)out->data)[row])) return OK;
    case TYPE_DATE:
        if (column->format->date_format != NULL) {
            break;
        }
        CONVERT(plain_date(cell, &((int32_t *)out->data)[row]))
        return OK;
    case TYPE_VARCHAR: CONVERT(store_text(column, row, out->data)) return OK;
    default: break;
    }
    CONVERT(false)
    return OK;
}

/* Zeroes what failed half-way, and marks NULLs. */
static Status mark_nulls(const Context *cx, const CsvColumn *column, Vector *out) {
    uint32_t bytes = type_bytes(column->field->type);
    TRY(vector_prepare_validity(cx, out, true));
    for (uint32_t row = 0; row < column->rows; row++) {
        if (column->cells[row].is_null) {
            bit_clear(out->validity, row);
            memset((char *)out->data + (size_t)row * bytes, 0, bytes);
        }
    }
    return OK;
}

Status csv_convert(const Context *cx, CsvConverter *converter, const CsvColumn *column, Vector *out) {
    uint32_t nulls;
    TRY(settle_cells(cx, converter, column, &nulls));
    TRY(vector_prepare_flat(cx, out, column->field->type));
    TRY(convert_values(cx, converter, column, out));
    return nulls > 0 ? mark_nulls(cx, column, out) : OK;
}
