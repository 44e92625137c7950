/* Guessing from a sample. The delimiter is the one that cuts the records into most fields, all into the same number; a first
 * row that does not fit its columns' types, or looks like names above text, is a header. A type is one that every value of the
 * sample has in its plain spelling: numbers with leading zeros stay text, they are codes. */
#include "storage/csv/csv_sniff.h"

#include "core/schema.h"
#include "core/value.h"
#include "storage/csv/csv_decompress.h"
#include "storage/csv/json_lines.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#define SAMPLE_RECORDS_MAX 100000
#define SAMPLE_FILES_MAX 8
#define NAME_MOST 120 /* bytes of a column's name that are taken */

typedef struct Field {
    const char *data;
    uint32_t bytes;
    bool is_null;
    bool is_string; /* of JSON: no number, whatever it looks like */
} Field;

/* Records of one dialect: fields one after the other. */
typedef struct Records {
    Field *fields;
    uint32_t field_total, field_capacity;
    uint32_t *counts; /* fields of each record */
    uint32_t count, capacity;
    uint64_t bytes; /* that the records take */
} Records;

typedef struct Sniffer {
    const Context *cx;
    Arena *arena;
    const CsvHints *hints;
    uint32_t text_count;
    const char *texts[SAMPLE_FILES_MAX]; /* heads of files, whole records */
    size_t text_bytes[SAMPLE_FILES_MAX];
    bool is_whole;
} Sniffer;

/* ------------------------------------------------------------------------------------------------------------------ sample */

/* What was cut off at the end is left out. */
static size_t whole_lines(const char *data, size_t bytes, bool at_end) {
    if (at_end) {
        return bytes;
    }
    const char *last = memrchr(data, '\n', bytes);
    last = last == NULL ? memrchr(data, '\r', bytes) : last;
    return last == NULL ? bytes : (size_t)(last - data) + 1;
}

static Status read_stream(Sniffer *sniffer, ByteStream *stream, size_t most) {
    char *data;
    size_t bytes = 0, got = 1;
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, data, most + 1);
    while (bytes < most && got > 0) {
        TRY(byte_stream_read(sniffer->cx, stream, data + bytes, most - bytes, &got));
        bytes += got;
    }
    sniffer->is_whole = sniffer->is_whole && got == 0;
    size_t start = bytes >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    sniffer->texts[sniffer->text_count] = data + start;
    sniffer->text_bytes[sniffer->text_count++] = whole_lines(data + start, bytes - start, got == 0);
    return OK;
}

static Status read_samples(Sniffer *sniffer, const char *const *paths, uint32_t path_count, uint64_t *file_bytes) {
    const Context *cx = sniffer->cx;
    FileSystem *files;
    TRY(file_system_host(cx, NULL, &files));
    Status status = OK;
    for (uint32_t i = 0; i < path_count && status == OK; i++) {
        File *file;
        status = file_open(cx, files, paths[i], FILE_READ, &file);
        if (status == OK) {
            uint64_t bytes = 0;
            status = file_size(cx, file, &bytes);
            *file_bytes += bytes;
            file_close(file);
        }
        if (status == OK && i < SAMPLE_FILES_MAX) {
            ByteStream *stream = NULL;
            status = byte_stream_open(cx, files, paths[i], sniffer->hints->dialect.compression, &stream);
            status = status == OK ? read_stream(sniffer, stream, i == 0 ? CSV_SAMPLE_BYTES : CSV_SAMPLE_BYTES / 16) : status;
            byte_stream_close(stream);
        }
    }
    sniffer->is_whole = sniffer->is_whole && path_count <= SAMPLE_FILES_MAX;
    file_system_free(files);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------------- records */

static Status add_field(const Sniffer *sniffer, Records *records, const Field *field) {
    TRY_APPEND(sniffer->cx, sniffer->arena, records->fields, records->field_capacity, records->field_total, *field);
    return OK;
}

static Status end_record(const Sniffer *sniffer, Records *records, uint32_t fields) {
    TRY_APPEND(sniffer->cx, sniffer->arena, records->counts, records->capacity, records->count, fields);
    return OK;
}

/* Where a quoted field's content ends, from behind its first quote on. */
static const char *quote_end(const CsvDialect *dialect, const char *at, const char *end, bool *has_escape) {
    for (; at < end; at++) {
        if (*at == dialect->escape && at + 1 < end && (at[1] == dialect->quote || at[1] == dialect->escape)) {
            *has_escape = true;
            at++;
        } else if (*at == dialect->quote) {
            break;
        }
    }
    return at;
}

/* The content without what escapes it. */
static Status unescape(const Sniffer *sniffer, const CsvDialect *dialect, const char *data, size_t bytes, Field *field) {
    char *to;
    size_t length = 0;
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, to, bytes + 1);
    for (size_t i = 0; i < bytes; i++) {
        i += data[i] == dialect->escape && i + 1 < bytes;
        to[length++] = data[i];
    }
    *field = (Field){.data = to, .bytes = (uint32_t)length};
    return OK;
}

static const char *field_end(const CsvDialect *dialect, const char *at, const char *end, bool *has_escape) {
    for (; at < end && *at != dialect->delimiter && *at != '\n' && *at != '\r'; at++) {
        *has_escape = *has_escape || (!dialect->is_quoted && *at == dialect->escape);
        at += !dialect->is_quoted && *at == dialect->escape && at + 1 < end;
    }
    return at;
}

static bool is_null_text(const Sniffer *sniffer, const CsvDialect *dialect, const char *data, size_t bytes) {
    const char *null_text = sniffer->hints->null_text != NULL ? sniffer->hints->null_text : dialect->is_quoted ? "" : "\\N";
    return strlen(null_text) == bytes && memcmp(null_text, data, bytes) == 0;
}

static Status read_field(const Sniffer *sniffer, const CsvDialect *dialect, const char **at, const char *end, Field *field) {
    const char *start = *at, *stop;
    bool has_escape = false, is_quoted = dialect->is_quoted && start < end && *start == dialect->quote;
    if (is_quoted) {
        stop = quote_end(dialect, ++start, end, &has_escape);
        bool ignored;
        *at = field_end(dialect, stop < end ? stop + 1 : end, end, &ignored); /* what follows is the reader's to refuse */
    } else {
        stop = *at = field_end(dialect, start, end, &has_escape);
    }
    size_t bytes = (size_t)(stop - start);
    bool is_null = !is_quoted && is_null_text(sniffer, dialect, start, bytes);
    *field = (Field){.data = start, .bytes = (uint32_t)bytes, .is_null = is_null};
    return has_escape && !is_null ? unescape(sniffer, dialect, start, bytes, field) : OK;
}

static Status read_text(const Sniffer *sniffer, const CsvDialect *dialect, const char *at, const char *end, Records *records) {
    const char *start = at;
    while (at < end && records->count < SAMPLE_RECORDS_MAX) {
        if (*at == '\n' || *at == '\r') { /* a blank line, or the rest of a line end */
            at++;
            continue;
        }
        uint32_t fields = 0;
        bool is_over = false;
        while (!is_over) {
            Field field;
            TRY(read_field(sniffer, dialect, &at, end, &field));
            TRY(add_field(sniffer, records, &field));
            fields++;
            is_over = at >= end || *at != dialect->delimiter;
            at += !is_over;
        }
        TRY(end_record(sniffer, records, fields));
    }
    records->bytes += (uint64_t)(at - start);
    return OK;
}

static const char *behind_lines(const char *at, const char *end, uint64_t lines) {
    while (lines-- > 0 && at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        at = line_end == NULL ? end : line_end + 1;
    }
    return at;
}

/* `skip`: lines at the head of each file. */
static Status read_records(const Sniffer *sniffer, const CsvDialect *dialect, uint64_t skip, Records *records) {
    *records = (Records){0};
    for (uint32_t i = 0; i < sniffer->text_count; i++) {
        const char *end = sniffer->texts[i] + sniffer->text_bytes[i];
        TRY(read_text(sniffer, dialect, behind_lines(sniffer->texts[i], end, skip), end, records));
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- delimiter */

/* Fields per record if all records have as many; else 0. */
static uint32_t same_count(const Records *records) {
    for (uint32_t i = 1; i < records->count; i++) {
        if (records->counts[i] != records->counts[0]) {
            return 0;
        }
    }
    return records->count == 0 ? 0 : records->counts[0];
}

/* Where no delimiter cuts all records alike, the first that cuts the first record is taken: the records are then told to
 * differ. */
static Status guess_dialect(const Sniffer *sniffer, CsvDialect *dialect) {
    static const char delimiters[] = {',', '\t', '|', ';'};
    CsvDialect best = *dialect, uneven = *dialect;
    uint32_t most = 0;
    bool is_uneven = false;
    for (size_t i = 0; i < sizeof delimiters && !sniffer->hints->has_dialect; i++) {
        CsvDialect candidate = *dialect;
        Records records;
        candidate.delimiter = delimiters[i];
        if (!candidate.is_quoted && candidate.delimiter != '\t') { /* only tab-separated files escape */
            candidate.is_quoted = true;
            candidate.quote = candidate.escape = '"';
        }
        TRY(read_records(sniffer, &candidate, 0, &records));
        uint32_t fields = same_count(&records);
        if (fields > most) {
            most = fields;
            best = candidate;
        }
        if (fields == 0 && records.count > 0 && records.counts[0] > 1 && !is_uneven) {
            uneven = candidate;
            is_uneven = true;
        }
    }
    *dialect = most <= 1 && is_uneven ? uneven : best;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- types */

/* What a column's values can all be. */
typedef struct Candidate {
    bool any, can_boolean, can_integer, can_decimal, can_double, can_date, can_time, can_timestamp;
    bool fits_i32, fits_i64;
    uint32_t whole_digits, scale;
} Candidate;

static void trim(const Field *field, const char **data, size_t *bytes) {
    *data = field->data;
    *bytes = field->bytes;
    while (*bytes > 0 && isspace((unsigned char)**data)) {
        ++*data, --*bytes;
    }
    while (*bytes > 0 && isspace((unsigned char)(*data)[*bytes - 1])) {
        --*bytes;
    }
}

static bool parses(const Sniffer *sniffer, TypeId type, const char *data, size_t bytes) {
    Error ignored;
    Context quiet = *sniffer->cx;
    Value value;
    quiet.error = &ignored;
    return value_parse(&quiet, type_make(type), data, bytes, &value) == OK;
}

static bool is_word(const char *data, size_t bytes, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == bytes && strncasecmp(words[i], data, bytes) == 0) {
            return true;
        }
    }
    return false;
}

/* Digits with at most one point, no leading zeros, at most 38 digits: counts them. */
static bool is_plain_number(const char *data, size_t bytes, uint32_t *whole, uint32_t *scale) {
    size_t at = bytes > 0 && (data[0] == '-' || data[0] == '+');
    size_t first = at;
    *whole = *scale = 0;
    for (; at < bytes && isdigit((unsigned char)data[at]); at++) {
        ++*whole;
    }
    if (*whole == 0 || (*whole > 1 && data[first] == '0')) {
        return false;
    }
    if (at < bytes && data[at] == '.') {
        for (at++; at < bytes && isdigit((unsigned char)data[at]); at++) {
            ++*scale;
        }
        return at == bytes && *scale > 0;
    }
    return at == bytes;
}

static bool is_float(const char *data, size_t bytes) {
    bool has_digit = false;
    for (size_t i = 0; i < bytes; i++) {
        has_digit = has_digit || isdigit((unsigned char)data[i]);
        if (!isdigit((unsigned char)data[i]) && strchr("+-.eE", data[i]) == NULL) {
            return false;
        }
    }
    return has_digit && (data[0] != '0' || bytes == 1 || !isdigit((unsigned char)data[1]));
}

/* YYYY-MM-DD, and behind it a time: other orders of day and month would be guesses. */
static bool starts_with_date(const char *data, size_t bytes) {
    static const char form[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (i >= bytes || (form[i] == 'd' ? !isdigit((unsigned char)data[i]) : data[i] != form[i])) {
            return false;
        }
    }
    return true;
}

static bool has_zone(const char *data, size_t bytes) {
    return bytes > 11 && (memchr(data + 11, '+', bytes - 11) != NULL || memchr(data + 11, '-', bytes - 11) != NULL ||
                          memchr(data + 11, 'Z', bytes - 11) != NULL || memchr(data + 11, 'z', bytes - 11) != NULL);
}

static void consider_number(const Sniffer *sniffer, Candidate *candidate, const char *data, size_t bytes) {
    uint32_t whole, scale;
    bool is_plain = is_plain_number(data, bytes, &whole, &scale);
    candidate->can_integer = candidate->can_integer && is_plain && scale == 0;
    candidate->can_decimal = candidate->can_decimal && is_plain;
    candidate->can_double =
        candidate->can_double && (is_plain || (is_float(data, bytes) && parses(sniffer, TYPE_DOUBLE, data, bytes)));
    if (is_plain) {
        candidate->whole_digits = whole > candidate->whole_digits ? whole : candidate->whole_digits;
        candidate->scale = scale > candidate->scale ? scale : candidate->scale;
    }
}

static void consider(const Sniffer *sniffer, Candidate *candidate, const Field *field) {
    static const char *const booleans[] = {"true", "false", "t", "f"};
    const char *data;
    size_t bytes;
    trim(field, &data, &bytes);
    bool is_dated = starts_with_date(data, bytes);
    candidate->any = true;
    if (field->is_string) {
        candidate->can_boolean = candidate->can_integer = candidate->can_decimal = candidate->can_double = false;
    }
    candidate->can_boolean = candidate->can_boolean && is_word(data, bytes, booleans, sizeof booleans / sizeof booleans[0]);
    if (candidate->can_double) {
        consider_number(sniffer, candidate, data, bytes);
    }
    candidate->fits_i32 = candidate->fits_i32 && candidate->can_integer && parses(sniffer, TYPE_INTEGER, data, bytes);
    candidate->fits_i64 = candidate->fits_i64 && candidate->can_integer && parses(sniffer, TYPE_BIGINT, data, bytes);
    candidate->can_date = candidate->can_date && is_dated && bytes == 10 && parses(sniffer, TYPE_DATE, data, bytes);
    candidate->can_timestamp =
        candidate->can_timestamp && is_dated && !has_zone(data, bytes) && parses(sniffer, TYPE_TIMESTAMP, data, bytes);
    candidate->can_time = candidate->can_time && bytes >= 5 && bytes <= 15 && memchr(data, ':', bytes) != NULL && !is_dated &&
                          isdigit((unsigned char)data[0]) && parses(sniffer, TYPE_TIME, data, bytes);
}

/* Beyond the sample there may be longer numbers. */
static Type candidate_type(const Candidate *candidate, bool is_whole) {
    if (!candidate->any) {
        return type_varchar(0);
    }
    if (candidate->can_boolean) {
        return type_make(TYPE_BOOLEAN);
    }
    if (candidate->can_integer && candidate->fits_i64) {
        return type_make(candidate->fits_i32 && is_whole ? TYPE_INTEGER : TYPE_BIGINT);
    }
    if (candidate->can_decimal && is_whole && candidate->whole_digits + candidate->scale <= DECIMAL_PRECISION_MAX) {
        return type_decimal(candidate->whole_digits + candidate->scale, candidate->scale);
    }
    if (candidate->can_double) {
        return type_make(TYPE_DOUBLE);
    }
    return candidate->can_date        ? type_make(TYPE_DATE)
           : candidate->can_timestamp ? type_make(TYPE_TIMESTAMP)
           : candidate->can_time      ? type_make(TYPE_TIME)
                                      : type_varchar(0);
}

/* Types of the columns from record `first` on. */
static Status guess_types(const Sniffer *sniffer, const Records *records, uint32_t first, Type *types, const char **examples) {
    uint32_t count = records->counts[0];
    for (uint32_t c = 0; c < count; c++) {
        Candidate candidate = {.can_boolean = true,
                               .can_integer = true,
                               .can_decimal = true,
                               .can_double = true,
                               .can_date = true,
                               .can_time = true,
                               .can_timestamp = true,
                               .fits_i32 = true,
                               .fits_i64 = true};
        examples[c] = NULL;
        for (uint32_t r = first; r < records->count; r++) {
            const Field *field = &records->fields[(uint64_t)r * count + c];
            if (field->is_null) {
                continue;
            }
            consider(sniffer, &candidate, field);
            if (examples[c] == NULL) {
                examples[c] =
                    arena_copy_text(sniffer->cx, sniffer->arena, field->data, utf8_valid_prefix(field->data, field->bytes));
                if (examples[c] == NULL) {
                    return OUT_OF_MEMORY;
                }
            }
        }
        types[c] = candidate_type(&candidate, sniffer->is_whole);
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ header */

static bool looks_like_name(const Field *field) {
    bool is_name = field->bytes > 0 && field->bytes <= 63 && !isdigit((unsigned char)field->data[0]);
    for (uint32_t i = 0; i < field->bytes && is_name; i++) {
        unsigned char c = (unsigned char)field->data[i];
        is_name = c >= 0x80 || isalnum(c) || strchr("_ -./()#%", c) != NULL;
    }
    return is_name;
}

static bool is_repeated_below(const Records *records, uint32_t column) {
    uint32_t count = records->counts[0];
    const Field *head = &records->fields[column];
    for (uint32_t r = 1; r < records->count; r++) {
        const Field *field = &records->fields[(uint64_t)r * count + column];
        if (field->bytes == head->bytes && memcmp(field->data, head->data, head->bytes) == 0) {
            return true;
        }
    }
    return false;
}

/* Does the first record name the columns? It does if some cell could not stand in its column; above nothing but text, if all of
 * its cells look like names that do not come again. */
static bool guess_header(const Sniffer *sniffer, const Records *records, const Type *types) {
    bool all_text = true, all_names = records->count > 0;
    for (uint32_t c = 0; c < records->counts[0]; c++) {
        const Field *head = &records->fields[c];
        if (head->is_null) {
            return false;
        }
        const char *data;
        size_t bytes;
        trim(head, &data, &bytes);
        if (!type_is_text(types[c])) {
            all_text = false;
            if (!parses(sniffer, types[c].id == TYPE_DECIMAL ? TYPE_DOUBLE : types[c].id, data, bytes)) {
                return true;
            }
        }
        all_names = all_names && looks_like_name(head) && !is_repeated_below(records, c);
    }
    return all_text && all_names && records->count > 1;
}

static bool is_taken(const char *const *names, uint32_t count, const char *name) {
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static Status name_columns(const Sniffer *sniffer, const Field *header, CsvGuess *guess) {
    for (uint32_t c = 0; c < guess->field_count; c++) {
        const char *data = "";
        size_t bytes = 0;
        if (header != NULL && !header[c].is_null) {
            trim(&header[c], &data, &bytes);
        }
        char *name = bytes == 0 ? arena_format(sniffer->cx, sniffer->arena, "column%u", c + 1)
                                : arena_copy_text(sniffer->cx, sniffer->arena, data,
                                                  utf8_valid_prefix(data, bytes > NAME_MOST ? NAME_MOST : bytes));
        for (char *at = name; name != NULL && *at != '\0'; at++) {
            *at = (char)(*at >= 'A' && *at <= 'Z' ? *at | 0x20 : *at);
        }
        const char *stem = name;
        for (uint32_t n = 1; name != NULL && is_taken(guess->names, c, name); n++) {
            name = arena_format(sniffer->cx, sniffer->arena, "%s_%u", stem, n);
        }
        if (name == NULL) {
            return OUT_OF_MEMORY;
        }
        guess->names[c] = name;
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- all of it */

/* Which record differs from the first, for the message. */
static Status fail_uneven(const Sniffer *sniffer, const char *path, const Records *records) {
    uint32_t r = 1;
    while (r < records->count && records->counts[r] == records->counts[0]) {
        r++;
    }
    fail(sniffer->cx, BAD_COPY_FORMAT, "file \"%s\": record 1 has %u fields, record %u has %u", path, records->counts[0], r + 1,
         records->counts[r]);
    return fail_hint(sniffer->cx, "CREATE TABLE and COPY take it with options: DELIMITER, QUOTE, FILLRECORD, MAXERROR …");
}

/* Every file has its header: those of the further files are no values. */
static void drop_headers(Records *records) {
    uint32_t count = records->counts[0], kept = 1;
    for (uint32_t r = 1; r < records->count; r++) {
        bool is_header = true;
        for (uint32_t c = 0; c < count && is_header; c++) {
            const Field *field = &records->fields[(uint64_t)r * count + c], *head = &records->fields[c];
            is_header = field->bytes == head->bytes && memcmp(field->data, head->data, head->bytes) == 0;
        }
        if (!is_header) {
            memmove(&records->fields[(uint64_t)kept++ * count], &records->fields[(uint64_t)r * count], count * sizeof(Field));
        }
    }
    records->count = kept;
}

/* -------------------------------------------------------------------------------------------------------------- JSON lines */

/* The keys of all objects, in the order in which they are first met, and the members found. */
typedef struct Objects {
    const char **keys;
    uint32_t key_count, key_capacity, row;
    uint32_t member_count, member_capacity;
    struct JsonFound {
        uint32_t row, key;
        Field field;
    } * members;
} Objects;

static Status find_key(const Sniffer *sniffer, const char *path, Objects *objects, const JsonMember *member, uint32_t *key) {
    for (*key = 0; *key < objects->key_count; (*key)++) {
        const char *name = objects->keys[*key];
        if (strncasecmp(name, member->key, member->key_bytes) == 0 && name[member->key_bytes] == '\0') {
            return OK;
        }
    }
    if (objects->key_count == COLUMNS_MAX) {
        return fail(sniffer->cx, TOO_MANY_COLUMNS, "file \"%s\": its objects have more than %d keys", path, COLUMNS_MAX);
    }
    const char *copy = arena_copy_text(sniffer->cx, sniffer->arena, member->key, member->key_bytes);
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY_APPEND(sniffer->cx, sniffer->arena, objects->keys, objects->key_capacity, objects->key_count, copy);
    return OK;
}

static Status read_object(const Sniffer *sniffer, const char *path, const char *data, size_t bytes, Objects *objects) {
    JsonLine line;
    JsonMember member;
    bool found;
    json_line_begin(&line, data, bytes);
    for (;;) {
        TRY(json_line_next(sniffer->cx, sniffer->arena, &line, &member, &found));
        if (!found) {
            break;
        }
        struct JsonFound new = {.row = objects->row};
        new.field = (Field){.data = member.data,
                            .bytes = member.bytes,
                            .is_null = member.kind == JSON_MEMBER_NULL,
                            .is_string = member.kind == JSON_MEMBER_STRING || member.kind == JSON_MEMBER_TREE};
        TRY(find_key(sniffer, path, objects, &member, &new.key));
        TRY_APPEND(sniffer->cx, sniffer->arena, objects->members, objects->member_capacity, objects->member_count, new);
    }
    objects->row++;
    return line.problem == NULL
               ? OK
               : fail(sniffer->cx, BAD_COPY_FORMAT, "file \"%s\", object %u: %s", path, objects->row, line.problem);
}

static Status read_objects(const Sniffer *sniffer, const char *const *paths, Objects *objects) {
    for (uint32_t i = 0; i < sniffer->text_count; i++) {
        const char *at = sniffer->texts[i], *end = at + sniffer->text_bytes[i];
        while (at < end && objects->row < SAMPLE_RECORDS_MAX) {
            const char *line_end = memchr(at, '\n', (size_t)(end - at));
            size_t bytes = line_end == NULL ? (size_t)(end - at) : (size_t)(line_end - at);
            size_t blank = 0;
            while (blank < bytes && isspace((unsigned char)at[blank])) {
                blank++;
            }
            if (blank < bytes) {
                TRY(read_object(sniffer, paths[i], at, bytes, objects));
            }
            at += bytes + 1;
        }
    }
    return OK;
}

/* As records of as many fields as there are keys. */
static Status records_of_objects(const Sniffer *sniffer, const Objects *objects, Records *records) {
    Field missing = {.data = "", .is_null = true};
    *records = (Records){0};
    for (uint32_t r = 0; r < objects->row; r++) {
        for (uint32_t c = 0; c < objects->key_count; c++) {
            TRY(add_field(sniffer, records, &missing));
        }
        TRY(end_record(sniffer, records, objects->key_count));
    }
    for (uint32_t m = 0; m < objects->member_count; m++) {
        const struct JsonFound *found = &objects->members[m];
        records->fields[(uint64_t)found->row * objects->key_count + found->key] = found->field;
    }
    return OK;
}

static Status sniff_json(Sniffer *sniffer, const char *const *paths, CsvGuess *guess) {
    Objects objects = {0};
    Records records;
    Field *header;
    TRY(read_objects(sniffer, paths, &objects));
    if (objects.key_count == 0) {
        return fail(sniffer->cx, BAD_COPY_FORMAT, "file \"%s\" is empty: it has no columns", paths[0]);
    }
    TRY(records_of_objects(sniffer, &objects, &records));
    sniffer->is_whole = sniffer->is_whole && records.count < SAMPLE_RECORDS_MAX;
    guess->field_count = objects.key_count;
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, guess->names, guess->field_count);
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, guess->types, guess->field_count);
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, guess->examples, guess->field_count);
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, header, guess->field_count);
    for (uint32_t c = 0; c < guess->field_count; c++) {
        header[c] = (Field){.data = objects.keys[c], .bytes = (uint32_t)strlen(objects.keys[c])};
    }
    TRY(guess_types(sniffer, &records, 0, guess->types, guess->examples));
    guess->rows = records.count;
    guess->is_whole = sniffer->is_whole;
    for (uint32_t i = 0; i < sniffer->text_count; i++) {
        guess->sample_bytes += sniffer->text_bytes[i];
    }
    return name_columns(sniffer, header, guess);
}

Status csv_sniff(const Context *cx, Arena *arena, const char *const *paths, uint32_t path_count, const CsvHints *hints,
                 CsvGuess *guess) {
    Sniffer sniffer = {.cx = cx, .arena = arena, .hints = hints, .is_whole = true};
    Records records;
    *guess = (CsvGuess){.dialect = hints->dialect};
    TRY(read_samples(&sniffer, paths, path_count, &guess->bytes));
    if (hints->dialect.is_json) {
        return sniff_json(&sniffer, paths, guess);
    }
    TRY(guess_dialect(&sniffer, &guess->dialect));
    uint64_t skipped = hints->has_header && guess->dialect.skip_lines > 1 ? guess->dialect.skip_lines : 0;
    TRY(read_records(&sniffer, &guess->dialect, skipped, &records));
    if (records.count == 0) {
        return fail(cx, BAD_COPY_FORMAT, "file \"%s\" is empty: it has no columns", paths[0]);
    }
    if (same_count(&records) == 0) {
        return fail_uneven(&sniffer, paths[0], &records);
    }
    sniffer.is_whole = sniffer.is_whole && records.count < SAMPLE_RECORDS_MAX;
    guess->field_count = records.counts[0];
    TRY_NEW_ARRAY(cx, arena, guess->names, guess->field_count);
    TRY_NEW_ARRAY(cx, arena, guess->types, guess->field_count);
    TRY_NEW_ARRAY(cx, arena, guess->examples, guess->field_count);
    if (sniffer.text_count > 1) {
        drop_headers(&records);
    }
    bool is_told = hints->has_header && guess->dialect.skip_lines == 1;
    TRY(guess_types(&sniffer, &records, records.count > 1 || is_told, guess->types, guess->examples));
    bool has_header = hints->has_header ? is_told : guess_header(&sniffer, &records, guess->types);
    if (!has_header) {
        TRY(guess_types(&sniffer, &records, 0, guess->types, guess->examples));
    }
    guess->dialect.skip_lines = hints->has_header ? guess->dialect.skip_lines : has_header;
    guess->rows = records.count - has_header;
    guess->sample_bytes = records.bytes;
    guess->is_whole = sniffer.is_whole;
    return name_columns(&sniffer, has_header ? records.fields : NULL, guess);
}
