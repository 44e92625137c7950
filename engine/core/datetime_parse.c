/* Text to dates, times and moments, in every form that PostgreSQL reads (DateStyle ISO, MDY). The text is cut into words,
 * numbers, dates and clocks; what a number means depends on what was read before it, as in PostgreSQL's DecodeDateTime(). */
#include "core/datetime.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

typedef enum Seen {
    SEEN_YEAR = 1,
    SEEN_MONTH = 2,
    SEEN_DAY = 4,
    SEEN_DATE = SEEN_YEAR | SEEN_MONTH | SEEN_DAY,
    SEEN_TIME = 8,
    SEEN_ZONE = 16,
    SEEN_SPECIAL = 32 /* epoch, now, today … */
} Seen;

typedef struct Reader {
    const char *at, *end;
    uint32_t seen;
    int64_t year, month, day, day_of_year, julian;
    int64_t micros; /* of the day, before AM and PM */
    bool has_day_of_year, has_julian;
    bool has_text_month, has_short_year, is_bc, is_am, is_pm;
    bool after_t, after_j; /* ISO's T and J stand before the number that they are about */
    bool is_bad_field;     /* a number out of range, not a wrong form */
    DateTimeText *out;
} Reader;

typedef struct Span {
    const char *at;
    size_t bytes;
} Span;

static bool span_is(Span span, const char *word) {
    return strlen(word) == span.bytes && strncasecmp(span.at, word, span.bytes) == 0;
}

static int64_t span_number(Span span) {
    int64_t value = 0;
    for (size_t i = 0; i < span.bytes && is_digit(span.at[i]) && value < 1000000000000; i++) {
        value = value * 10 + (span.at[i] - '0');
    }
    return value;
}

static Span part(Span span, size_t from, size_t bytes) {
    return (Span){span.at + from, bytes};
}

static bool bad_field(Reader *reader) {
    reader->is_bad_field = true;
    return false;
}

/* Marks what has been read; false if it was there already. */
static bool see(Reader *reader, uint32_t what) {
    bool is_new = (reader->seen & what) == 0;
    reader->seen |= what;
    return is_new;
}

size_t month_name_match(const char *at, const char *end, int32_t *month) {
    size_t room = (size_t)(end - at);
    for (int32_t i = 0; i < 12; i++) {
        for (size_t bytes = strlen(month_names[i]);; bytes = bytes > 4 && i == 8 ? 4 : 3) { /* Sept, too */
            if (room >= bytes && (room == bytes || !is_letter(at[bytes])) && strncasecmp(at, month_names[i], bytes) == 0) {
                *month = i + 1;
                return bytes;
            }
            if (bytes == 3) {
                break;
            }
        }
    }
    return 0;
}

static bool is_weekday(Span span) {
    static const char *const short_names[] = {"sun", "mon", "tue", "tues", "wed", "weds", "thu", "thur", "thurs", "fri", "sat"};
    for (int i = 0; i < 7; i++) {
        if (span_is(span, day_names[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof short_names / sizeof short_names[0]; i++) {
        if (span_is(span, short_names[i])) {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------------------------------------------------------- times */

/* Digits after the point, rounded to microseconds. */
static int64_t fraction_micros(Span digits) {
    int64_t micros = 0;
    for (size_t i = 0; i < 6; i++) {
        micros = micros * 10 + (i < digits.bytes ? digits.at[i] - '0' : 0);
    }
    return micros + (digits.bytes > 6 && digits.at[6] >= '5' ? 1 : 0);
}

static Span take_digits(const char **at, const char *end) {
    const char *start = *at;
    while (*at < end && is_digit(**at)) {
        (*at)++;
    }
    return (Span){start, (size_t)(*at - start)};
}

static bool store_time(Reader *reader, int64_t hour, int64_t minute, int64_t second, int64_t fraction) {
    if (!see(reader, SEEN_TIME)) {
        return false;
    }
    if (hour > 24 || minute > 59 || second > 60 || (second == 60 && fraction > 0) ||
        (hour == 24 && (minute > 0 || second > 0 || fraction > 0))) {
        return bad_field(reader);
    }
    reader->micros = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * MICROS_PER_SECOND + fraction;
    return true;
}

/* hh:mm[:ss[.f]], or mm:ss.f; the hours have been read. */
static bool read_clock(Reader *reader, Span hours) {
    reader->at++;
    Span minutes = take_digits(&reader->at, reader->end), seconds = {0}, fraction = {0};
    bool has_seconds = reader->at < reader->end && *reader->at == ':';
    if (has_seconds) {
        reader->at++;
        seconds = take_digits(&reader->at, reader->end);
    }
    bool has_fraction = reader->at < reader->end && *reader->at == '.';
    if (has_fraction) {
        reader->at++;
        fraction = take_digits(&reader->at, reader->end);
    }
    if (minutes.bytes == 0 || (has_seconds && seconds.bytes == 0) || (reader->at < reader->end && *reader->at == ':')) {
        return false;
    }
    if (has_fraction && !has_seconds) {
        return store_time(reader, 0, span_number(hours), span_number(minutes), fraction_micros(fraction));
    }
    return store_time(reader, span_number(hours), span_number(minutes), span_number(seconds), fraction_micros(fraction));
}

/* ------------------------------------------------------------------------------------------------------------------- dates */

/* hhmmss[.f], hhmm, or yyyymmdd and yymmdd while there is no date. */
static bool read_run_together(Reader *reader, Span digits, Span fraction) {
    size_t n = digits.bytes;
    if (fraction.bytes == 0 && (reader->seen & SEEN_DATE) == 0 && n >= 6 && !reader->out->is_time_only) {
        see(reader, SEEN_DATE);
        reader->year = span_number(part(digits, 0, n - 4));
        reader->month = span_number(part(digits, n - 4, 2));
        reader->day = span_number(part(digits, n - 2, 2));
        reader->has_short_year = n == 6;
        return true;
    }
    if (n == 6 || n == 4) {
        int64_t seconds = n == 6 ? span_number(part(digits, 4, 2)) : 0;
        return store_time(reader, span_number(part(digits, 0, 2)), span_number(part(digits, 2, 2)), seconds,
                          fraction_micros(fraction));
    }
    return false;
}

static bool store_year(Reader *reader, Span digits) {
    reader->year = span_number(digits);
    reader->has_short_year = digits.bytes <= 2;
    return see(reader, SEEN_YEAR);
}

static bool store_month(Reader *reader, int64_t month) {
    reader->month = month;
    return see(reader, SEEN_MONTH);
}

static bool store_day(Reader *reader, int64_t day) {
    reader->day = day;
    return see(reader, SEEN_DAY);
}

/* One number of a date, month first unless it has three digits or more. */
static bool read_date_number(Reader *reader, Span digits) {
    int64_t value = span_number(digits);
    uint32_t seen = reader->seen & SEEN_DATE;
    if (digits.bytes == 3 && seen == SEEN_YEAR && value >= 1 && value <= 366) {
        reader->day_of_year = value;
        reader->has_day_of_year = true;
        return see(reader, SEEN_MONTH | SEEN_DAY);
    }
    switch (seen) {
    case 0: return digits.bytes >= 3 ? store_year(reader, digits) : store_month(reader, value);
    case SEEN_YEAR:
    case SEEN_DAY: return store_month(reader, value);
    case SEEN_MONTH: return reader->has_text_month && digits.bytes >= 3 ? store_year(reader, digits) : store_day(reader, value);
    case SEEN_YEAR | SEEN_MONTH: return store_day(reader, value);
    case SEEN_MONTH | SEEN_DAY: return store_year(reader, digits);
    default: return read_run_together(reader, digits, (Span){0});
    }
}

/* "Jan" after a number that was taken for the month makes that number the day. */
static bool read_month_name(Reader *reader, int32_t month) {
    if ((reader->seen & SEEN_MONTH) != 0 && !reader->has_text_month && (reader->seen & SEEN_DAY) == 0) {
        reader->day = reader->month;
        reader->seen = (reader->seen & ~(uint32_t)SEEN_MONTH) | SEEN_DAY;
    }
    reader->has_text_month = true;
    return store_month(reader, month);
}

static bool is_separator(char c) {
    return c == '-' || c == '/' || c == '.';
}

/* A date in one piece: 1999-01-08, 1/8/1999, 08-Jan-99, 1999.008. Names of months count before numbers. */
static bool read_date_pieces(Reader *reader, Span date) {
    const char *end = date.at + date.bytes;
    for (int pass = 0; pass < 2; pass++) {
        for (const char *at = date.at; at < end;) {
            const char *start = at;
            if (is_digit(*at)) {
                Span digits = take_digits(&at, end);
                if (pass == 1 && ((reader->seen & SEEN_DATE) == SEEN_DATE || !read_date_number(reader, digits))) {
                    return false;
                }
            } else if (is_letter(*at)) {
                int32_t month = 0;
                while (at < end && is_letter(*at)) {
                    at++;
                }
                bool is_month = month_name_match(start, at, &month) == (size_t)(at - start);
                if (pass == 0 &&
                    !(is_month ? read_month_name(reader, month) : is_weekday((Span){start, (size_t)(at - start)}))) {
                    return false;
                }
            } else {
                at++;
            }
        }
    }
    return (reader->seen & SEEN_DATE) == SEEN_DATE;
}

/* ------------------------------------------------------------------------------------------------------------------- words */

/* +hh, +hhmm, +hhmmss, +hh:mm:ss */
static bool read_offset(Reader *reader) {
    bool negative = *reader->at++ == '-';
    Span digits = take_digits(&reader->at, reader->end);
    int64_t fields[3] = {span_number(digits), 0, 0};
    if (digits.bytes == 0 || digits.bytes > 6) {
        return false;
    }
    if (digits.bytes > 2) {
        size_t hours = digits.bytes % 2 == 0 ? 2 : 1;
        fields[0] = span_number(part(digits, 0, hours));
        fields[1] = span_number(part(digits, hours, 2));
        fields[2] = digits.bytes > 4 ? span_number(part(digits, hours + 2, 2)) : 0;
    }
    for (int i = 1; i < 3 && digits.bytes <= 2 && reader->at < reader->end && *reader->at == ':'; i++) {
        reader->at++;
        Span more = take_digits(&reader->at, reader->end);
        if (more.bytes == 0) {
            return false;
        }
        fields[i] = span_number(more);
    }
    if (fields[0] > 15 || fields[1] > 59 || fields[2] > 59) {
        return bad_field(reader);
    }
    reader->out->zone_kind = DATETIME_ZONE_OFFSET;
    reader->out->offset = (int32_t)(fields[0] * 3600 + fields[1] * 60 + fields[2]) * (negative ? -1 : 1);
    return see(reader, SEEN_ZONE);
}

static bool is_zone_character(char c) {
    return is_letter(c) || is_digit(c) || c == '/' || c == '_' || c == '-' || c == '+' || c == ':';
}

static bool read_zone_name(Reader *reader, const char *start) {
    while (reader->at < reader->end && is_zone_character(*reader->at)) {
        reader->at++;
    }
    reader->out->zone_kind = DATETIME_ZONE_NAME;
    reader->out->zone = start;
    reader->out->zone_bytes = (size_t)(reader->at - start);
    return see(reader, SEEN_ZONE);
}

static bool read_special(Reader *reader, DateTimeSpecial special) {
    reader->out->special = special;
    return see(reader, SEEN_SPECIAL);
}

typedef struct SpecialWord {
    const char *word;
    DateTimeSpecial special;
} SpecialWord;

static bool find_special(Span word, DateTimeSpecial *special) {
    static const SpecialWord words[] = {{"epoch", DATETIME_EPOCH},         {"now", DATETIME_NOW},
                                        {"today", DATETIME_TODAY},         {"tomorrow", DATETIME_TOMORROW},
                                        {"yesterday", DATETIME_YESTERDAY}, {"infinity", DATETIME_INFINITE}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_is(word, words[i].word)) {
            *special = words[i].special;
            return true;
        }
    }
    return false;
}

/* A word that starts a date in one piece: Jan-08-1999. */
static bool starts_date(const Reader *reader, Span word) {
    int32_t month;
    return reader->at < reader->end && is_separator(*reader->at) &&
           (month_name_match(word.at, word.at + word.bytes, &month) == word.bytes || is_weekday(word));
}

/* The date goes on to the end of its digits, or of its letters and digits if a month is spelled in it; what stands next is the
 * first separator. */
static bool read_date_piece(Reader *reader, const char *start) {
    bool has_letters = is_letter(*start) || (reader->end - reader->at > 1 && is_letter(reader->at[1]));
    while (reader->at < reader->end &&
           (is_digit(*reader->at) || is_separator(*reader->at) || (has_letters && is_letter(*reader->at)))) {
        reader->at++;
    }
    return read_date_pieces(reader, (Span){start, (size_t)(reader->at - start)});
}

static bool read_word(Reader *reader) {
    const char *start = reader->at;
    while (reader->at < reader->end && is_letter(*reader->at)) {
        reader->at++;
    }
    Span word = {start, (size_t)(reader->at - start)};
    int32_t month;
    DateTimeSpecial special;
    if (starts_date(reader, word)) {
        return read_date_piece(reader, start);
    }
    if (month_name_match(word.at, reader->end, &month) == word.bytes) {
        return read_month_name(reader, month);
    }
    if (span_is(word, "bc") || span_is(word, "ad") || span_is(word, "b") || span_is(word, "a")) {
        reader->is_bc = (word.at[0] | 0x20) == 'b';
        return word.bytes == 2;
    }
    if (span_is(word, "am") || span_is(word, "pm")) {
        reader->is_am = (word.at[0] | 0x20) == 'a';
        reader->is_pm = !reader->is_am;
        return true;
    }
    if (span_is(word, "t") || span_is(word, "j")) {
        reader->after_t = (word.at[0] | 0x20) == 't';
        reader->after_j = !reader->after_t;
        return reader->at < reader->end && is_digit(*reader->at);
    }
    if (find_special(word, &special)) {
        return read_special(reader, special);
    }
    if (span_is(word, "allballs")) {
        return store_time(reader, 0, 0, 0, 0);
    }
    if (is_weekday(word) || span_is(word, "on") || span_is(word, "at")) {
        return true;
    }
    return read_zone_name(reader, start);
}

/* ----------------------------------------------------------------------------------------------------------------- numbers */

/* The part of a number after its first point, without what follows. */
static bool read_julian(Reader *reader, Span digits) {
    reader->after_j = false;
    reader->has_julian = true;
    reader->julian = span_number(digits);
    return see(reader, SEEN_DATE);
}

/* A number with a point: seconds with a fraction, or a year with its day. */
static bool read_pointed(Reader *reader, Span digits) {
    reader->at++;
    Span fraction = take_digits(&reader->at, reader->end);
    if ((reader->seen & SEEN_DATE) != SEEN_DATE && !reader->out->is_time_only) {
        Span whole = {digits.at, (size_t)(reader->at - digits.at)};
        return fraction.bytes > 0 && read_date_pieces(reader, whole);
    }
    return digits.bytes > 2 && read_run_together(reader, digits, fraction);
}

static bool has_second_separator(const Reader *reader) {
    const char *at = reader->at + 1;
    while (at < reader->end && is_digit(*at)) {
        at++;
    }
    return at < reader->end && *at == *reader->at;
}

static bool read_number(Reader *reader) {
    Span digits = take_digits(&reader->at, reader->end);
    char next = reader->at < reader->end ? *reader->at : 0, after = reader->end - reader->at > 1 ? reader->at[1] : 0;
    if (reader->after_j) {
        return read_julian(reader, digits);
    }
    bool is_time = reader->after_t;
    reader->after_t = false;
    if (next == ':') {
        return read_clock(reader, digits);
    }
    bool has_date = (reader->seen & SEEN_DATE) == SEEN_DATE;
    if (is_separator(next) && !is_time && !has_date && (is_letter(after) || has_second_separator(reader))) {
        return read_date_piece(reader, digits.at);
    }
    if (next == '.') {
        return read_pointed(reader, digits);
    }
    if (is_time || reader->out->is_time_only || digits.bytes >= 6) {
        uint32_t seen = reader->seen;
        reader->seen |= is_time ? SEEN_DATE : 0;
        bool good = read_run_together(reader, digits, (Span){0});
        reader->seen = is_time ? seen | (reader->seen & SEEN_TIME) : reader->seen;
        return good;
    }
    return read_date_number(reader, digits);
}

static bool read_all(Reader *reader) {
    while (reader->at < reader->end) {
        char c = *reader->at;
        bool good = true;
        if (is_digit(c)) {
            good = read_number(reader);
        } else if (is_letter(c)) {
            good = read_word(reader);
        } else if ((c == '+' || c == '-') && (reader->seen & SEEN_TIME) != 0) {
            good = read_offset(reader);
        } else if (c == '+' || c == '-') {
            good = reader->end - reader->at > 1 && (is_letter(reader->at[1]) || is_digit(reader->at[1]));
            if (good && is_letter(reader->at[1])) { /* -infinity */
                reader->at++;
            } else {
                good = good && read_offset(reader);
            }
        } else if (is_space(c) || c == ',' || c == ';' || c == '(' || c == ')') {
            reader->at++;
        } else {
            good = false;
        }
        if (!good) {
            return false;
        }
    }
    return !reader->after_t && !reader->after_j;
}

/* ----------------------------------------------------------------------------------------------------------------- results */

static bool finish_date(Reader *reader) {
    if (reader->has_julian) {
        reader->out->days = reader->julian - JULIAN_1970;
        return days_in_range(reader->out->days) || bad_field(reader);
    }
    int64_t year = reader->year;
    if (!reader->is_bc && reader->has_short_year) {
        year += year < 70 ? 2000 : 1900;
    }
    if (year <= 0) {
        return bad_field(reader); /* there is no year 0 */
    }
    year = reader->is_bc ? 1 - year : year;
    if (year < DATE_YEAR_MIN || year > DATE_YEAR_MAX) {
        return bad_field(reader);
    }
    if (reader->has_day_of_year) {
        bool exists = reader->day_of_year <= (year_is_leap((int32_t)year) ? 366 : 365);
        reader->out->days = days_from_civil((int32_t)year, 1, 1) + reader->day_of_year - 1;
        return exists || bad_field(reader);
    }
    if (!civil_is_valid(year, reader->month, reader->day)) {
        return bad_field(reader);
    }
    reader->out->days = days_from_civil((int32_t)year, (int32_t)reader->month, (int32_t)reader->day);
    return days_in_range(reader->out->days) || bad_field(reader);
}

static bool finish_time(Reader *reader) {
    int64_t hour = reader->micros / MICROS_PER_HOUR;
    if (reader->is_am || reader->is_pm) {
        if (hour > 12) {
            return bad_field(reader);
        }
        reader->micros += reader->is_am && hour == 12   ? -12 * MICROS_PER_HOUR
                          : reader->is_pm && hour != 12 ? 12 * MICROS_PER_HOUR
                                                        : 0;
    }
    reader->out->micros = reader->micros;
    return true;
}

static bool finish(Reader *reader) {
    DateTimeText *out = reader->out;
    out->has_date = (reader->seen & SEEN_DATE) == SEEN_DATE;
    out->has_time = (reader->seen & SEEN_TIME) != 0;
    if (out->special != DATETIME_PLAIN) {
        return (reader->seen & SEEN_DATE) == 0 && finish_time(reader);
    }
    if (out->is_time_only) {
        return out->has_time && finish_time(reader) && (!out->has_date || finish_date(reader));
    }
    return out->has_date && finish_date(reader) && finish_time(reader);
}

DateTimeParse datetime_read(const char *text, size_t bytes, bool is_time_only, DateTimeText *out) {
    *out = (DateTimeText){.is_time_only = is_time_only};
    Reader reader = {.at = text, .end = text + bytes, .out = out};
    return read_all(&reader) && finish(&reader) ? DATETIME_OK : reader.is_bad_field ? DATETIME_BAD_FIELD : DATETIME_BAD_SYNTAX;
}

/* ----------------------------------------------------------------------------------------------------------- the usual form */

static bool two_digits(const char *at, int32_t *value) {
    *value = (at[0] - '0') * 10 + (at[1] - '0');
    return is_digit(at[0]) && is_digit(at[1]);
}

/* dddd-dd-dd, without looking at anything else. */
static bool iso_date(const char *at, int32_t *days) {
    int32_t century, year, month, day;
    if (at[4] != '-' || at[7] != '-' || !two_digits(at, &century) || !two_digits(at + 2, &year) ||
        !two_digits(at + 5, &month) || !two_digits(at + 8, &day)) {
        return false;
    }
    year += century * 100;
    if (year == 0 || !civil_is_valid(year, month, day)) {
        return false;
    }
    *days = days_from_civil(year, month, day);
    return true;
}

/* dd:dd:dd[.d…] */
static bool iso_time(const char *at, size_t bytes, int64_t *micros) {
    int32_t hour, minute, second;
    if (bytes < 8 || at[2] != ':' || at[5] != ':' || !two_digits(at, &hour) || !two_digits(at + 3, &minute) ||
        !two_digits(at + 6, &second) || hour > 23 || minute > 59 || second > 59 || bytes > 15 || bytes == 9) {
        return false;
    }
    Span fraction = {at + 9, bytes > 9 ? bytes - 9 : 0};
    for (size_t i = 0; i < fraction.bytes; i++) {
        if (!is_digit(fraction.at[i])) {
            return false;
        }
    }
    *micros = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * MICROS_PER_SECOND + fraction_micros(fraction);
    return bytes == 8 || at[8] == '.';
}

bool date_parse_iso(const char *text, size_t bytes, int32_t *days) {
    return bytes == 10 && iso_date(text, days);
}

bool timestamp_parse_iso(const char *text, size_t bytes, int64_t *timestamp) {
    int32_t days;
    int64_t micros;
    if (bytes < 19 || (text[10] != ' ' && text[10] != 'T') || !iso_date(text, &days) ||
        !iso_time(text + 11, bytes - 11, &micros)) {
        return false;
    }
    *timestamp = days * MICROS_PER_DAY + micros;
    return true;
}
