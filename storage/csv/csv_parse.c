/* Records to typed vectors, in two steps for each batch. First the bytes are cut into fields: 64 at a time become bit masks of
 * delimiters, line ends and quotes, and only set bits are visited. Then each column is converted by a loop of its own. */
#include "storage/csv/csv_parse.h"

#include "storage/csv/csv_convert.h"
#include "storage/csv/json_lines.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Masks of the 64 bytes at `at`. */
typedef struct Marks {
    uint64_t structural; /* delimiters and line ends outside quotes */
    uint64_t line_ends;  /* of those */
    uint64_t quotes;
} Marks;

struct CsvParser {
    CsvFormat format;
    CsvChunk *chunk;
    bool is_plain_utf8; /* the whole chunk is valid: fields need no check */
    /* The tokenizer: where it stands, and what is left of the 64 bytes it looked at last. */
    size_t field_start, word_at;
    Marks marks;
    bool in_quotes, field_has_quotes;
    uint64_t line;
    CsvCell *cells; /* fields of the batch: [field × BATCH_ROWS_MAX + row] */
    uint64_t *row_lines;
    uint32_t *row_starts, *row_ends; /* of the record in the chunk */
    uint16_t *good_rows;
    const char **reasons; /* by row: NULL, or why it is rejected */
    const char **bad_columns;
    Status *statuses;
    CsvConverter converter;
    Batch good; /* one column per field: what is left when bad rows are taken out */
    CsvReject *rejects;
    uint64_t reject_count;
    char line_break; /* of the chunk */
};

Status csv_parser_create(const Context *cx, const CsvFormat *format, CsvParser **out) {
    CsvParser *parser;
    TRY_ALLOC_ZEROED(cx, parser, sizeof *parser);
    parser->format = *format;
    Status status = OK;
    size_t rows = BATCH_ROWS_MAX;
    parser->cells = mem_alloc(cx, sizeof *parser->cells * rows * (format->field_count + 1));
    parser->row_lines = mem_alloc(cx, sizeof *parser->row_lines * rows);
    parser->row_starts = mem_alloc(cx, sizeof *parser->row_starts * rows);
    parser->row_ends = mem_alloc(cx, sizeof *parser->row_ends * rows);
    parser->good_rows = mem_alloc(cx, sizeof *parser->good_rows * rows);
    parser->reasons = mem_alloc(cx, sizeof *parser->reasons * rows);
    parser->bad_columns = mem_alloc(cx, sizeof *parser->bad_columns * rows);
    parser->statuses = mem_alloc(cx, sizeof *parser->statuses * rows);
    Type *types = mem_alloc(cx, sizeof *types * (format->field_count + 1));
    if (parser->cells == NULL || parser->row_lines == NULL || parser->row_starts == NULL || parser->row_ends == NULL ||
        parser->good_rows == NULL || parser->reasons == NULL || parser->bad_columns == NULL || parser->statuses == NULL ||
        types == NULL) {
        status = OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; status == OK && i < format->field_count; i++) {
        types[i] = format->fields[i].type;
    }
    if (status == OK) {
        status = batch_init(cx, &parser->good, types, format->field_count);
    }
    mem_free(types);
    if (status != OK) {
        csv_parser_free(parser);
        parser = NULL;
    }
    *out = parser;
    return status;
}

void csv_parser_free(CsvParser *parser) {
    if (parser == NULL) {
        return;
    }
    batch_free(&parser->good);
    csv_converter_free(&parser->converter);
    mem_free(parser->cells);
    mem_free(parser->row_lines);
    mem_free(parser->row_starts);
    mem_free(parser->row_ends);
    mem_free(parser->good_rows);
    mem_free(parser->reasons);
    mem_free(parser->bad_columns);
    mem_free(parser->statuses);
    mem_free(parser->rejects);
    mem_free(parser);
}

const CsvReject *csv_parser_rejects(const CsvParser *parser, uint64_t *count) {
    *count = parser->reject_count;
    return parser->rejects;
}

/* --------------------------------------------------------------------------------------------------------------- marks */

static uint64_t bytes_equal(const char *data, char byte) {
#ifdef __SSE2__
    __m128i wanted = _mm_set1_epi8(byte);
    uint64_t mask = 0;
    for (uint32_t i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(data + 16 * i));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)) << (16 * i);
    }
    return mask;
#else
    uint64_t mask = 0;
    for (uint32_t i = 0; i < 64; i++) {
        mask |= (uint64_t)(data[i] == byte) << i;
    }
    return mask;
#endif
}

/* Bit i: an odd number of bits up to and including i is set. */
static uint64_t prefix_xor(uint64_t bits) {
    for (uint32_t shift = 1; shift < 64; shift *= 2) {
        bits ^= bits << shift;
    }
    return bits;
}

/* Escapes other than doubled quotes: byte by byte. A byte after an escape is never structural. */
static Marks marks_by_states(CsvParser *parser, const char *data, size_t bytes, bool *escaped) {
    const CsvDialect *dialect = &parser->format.dialect;
    Marks marks = {0};
    for (size_t i = 0; i < bytes; i++) {
        uint64_t bit = (uint64_t)1 << i;
        char c = data[i];
        if (*escaped) {
            *escaped = false;
        } else if (c == dialect->escape && (parser->in_quotes || !dialect->is_quoted)) {
            *escaped = true;
            marks.quotes |= bit; /* the field needs unescaping */
        } else if (dialect->is_quoted && c == dialect->quote) {
            parser->in_quotes = !parser->in_quotes;
            marks.quotes |= bit;
        } else if (!parser->in_quotes && (c == dialect->delimiter || c == parser->line_break)) {
            marks.structural |= bit;
            marks.line_ends |= c == parser->line_break ? bit : 0;
        }
    }
    return marks;
}

static Marks marks_at(CsvParser *parser, size_t at) {
    const CsvDialect *dialect = &parser->format.dialect;
    const char *data = parser->chunk->data + at;
    size_t left = parser->chunk->bytes - at;
    uint64_t valid = left >= 64 ? UINT64_MAX : ((uint64_t)1 << left) - 1;
    if (parser->chunk->has_escapes) {
        return marks_by_states(parser, data, left < 64 ? left : 64, &parser->converter.is_escaped);
    }
    Marks marks = {.line_ends = bytes_equal(data, parser->line_break) & valid};
    marks.structural = (bytes_equal(data, dialect->delimiter) & valid) | marks.line_ends;
    if (parser->chunk->has_quotes) {
        marks.quotes = bytes_equal(data, dialect->quote) & valid;
        uint64_t inside = prefix_xor(marks.quotes) ^ (parser->in_quotes ? UINT64_MAX : 0);
        parser->in_quotes = inside >> 63 != 0;
        marks.structural &= ~inside;
        marks.line_ends &= ~inside;
    }
    return marks;
}

/* -------------------------------------------------------------------------------------------------------------- fields */

Status csv_parser_begin(const Context *cx, CsvParser *parser, CsvChunk *chunk) {
    if (parser->rejects == NULL) {
        TRY_ALLOC(cx, parser->rejects, sizeof *parser->rejects * CSV_REJECTS_KEPT);
    }
    parser->chunk = chunk;
    parser->line_break = chunk->line_end;
    parser->field_start = 0;
    parser->word_at = 0;
    parser->in_quotes = parser->field_has_quotes = false;
    parser->converter.is_escaped = false;
    csv_converter_begin(&parser->converter);
    parser->line = chunk->first_line;
    parser->reject_count = 0;
    memset(chunk->data + chunk->bytes, 0, CSV_SLACK_BYTES);
    parser->is_plain_utf8 = utf8_valid(chunk->data, chunk->bytes);
    if (chunk->bytes > 0 && !parser->format.dialect.is_json) {
        parser->marks = marks_at(parser, 0);
    }
    return OK;
}

/* The end of the field that starts at field_start: its offset and what ends it (delimiter, line end, or the chunk's end). */
static size_t next_structural(CsvParser *parser, bool *is_line_end) {
    Marks *marks = &parser->marks;
    while (marks->structural == 0) {
        parser->field_has_quotes |= marks->quotes != 0;
        parser->word_at += 64;
        if (parser->word_at >= parser->chunk->bytes) {
            parser->word_at = parser->chunk->bytes;
            marks->quotes = 0;
            *is_line_end = true;
            return parser->chunk->bytes;
        }
        *marks = marks_at(parser, parser->word_at);
    }
    uint64_t bit = marks->structural & -marks->structural;
    parser->field_has_quotes |= (marks->quotes & (bit - 1)) != 0;
    marks->quotes &= ~(bit - 1);
    marks->structural ^= bit;
    *is_line_end = (marks->line_ends & bit) != 0;
    return parser->word_at + (size_t)__builtin_ctzll(bit);
}

static uint64_t lines_in(const CsvParser *parser, size_t start, size_t end) {
    uint64_t lines = 0;
    for (const char *at = parser->chunk->data + start, *stop = parser->chunk->data + end;
         at < stop && (at = memchr(at, parser->line_break, (size_t)(stop - at))) != NULL; at++) {
        lines++;
    }
    return lines;
}

static const char *const too_few = "missing data: the row has fewer fields than the table has columns";
static const char *const too_many = "extra data after the last expected column";
static const char *const unclosed = "unterminated quoted field";

/* Cuts one record into cells of row `row`. False if it was a blank line to be ignored. */
static bool cut_record(CsvParser *parser, uint32_t row) {
    const CsvFormat *format = &parser->format;
    CsvCell *cells = parser->cells + row;
    const char *data = parser->chunk->data;
    size_t start = parser->field_start;
    uint32_t fields = 0;
    bool is_line_end = false, has_quotes = false;
    size_t end = start;
    while (!is_line_end) {
        size_t field_start = parser->field_start;
        end = next_structural(parser, &is_line_end);
        size_t field_end = end;
        if (is_line_end && field_end > field_start && data[field_end - 1] == '\r' && parser->line_break == '\n') {
            field_end--;
        }
        if (fields < format->field_count) {
            cells[(size_t)fields * BATCH_ROWS_MAX] =
                (CsvCell){data + field_start, (uint32_t)(field_end - field_start), parser->field_has_quotes, false};
        }
        has_quotes |= parser->field_has_quotes;
        fields++;
        parser->field_has_quotes = false;
        parser->field_start = end + 1;
    }
    bool is_blank = fields == 1 && cells[0].bytes == 0;
    parser->row_lines[row] = parser->line;
    parser->row_starts[row] = (uint32_t)start;
    parser->row_ends[row] = (uint32_t)end;
    parser->line += 1 + (has_quotes ? lines_in(parser, start, end) : 0);
    parser->reasons[row] = NULL;
    parser->statuses[row] = BAD_COPY_FORMAT;
    if (is_blank && (format->ignore_blank_lines || format->field_count > 1)) {
        return false;
    }
    if (parser->in_quotes && end == parser->chunk->bytes) {
        parser->reasons[row] = unclosed;
    } else if (fields > format->field_count) {
        parser->reasons[row] = too_many;
    } else if (fields < format->field_count && !format->fill_record) {
        parser->reasons[row] = too_few;
    }
    for (uint32_t i = fields; i < format->field_count; i++) {
        cells[(size_t)i * BATCH_ROWS_MAX] = (CsvCell){.is_null = true};
    }
    parser->bad_columns[row] = NULL;
    return true;
}

/* The field of a key; members mostly come in the order of the fields, so the one behind the last is looked at first. */
static uint32_t find_field(const CsvFormat *format, const JsonMember *member, uint32_t first) {
    for (uint32_t i = 0; i < format->field_count; i++) {
        uint32_t at = first + i < format->field_count ? first + i : first + i - format->field_count;
        const char *name = format->fields[at].name;
        if (strncasecmp(name, member->key, member->key_bytes) == 0 && name[member->key_bytes] == '\0') {
            return at;
        }
    }
    return format->field_count;
}

/* The members of one object to cells, by name; what is missing is NULL, what has no field is left out. */
static Status cut_object(const Context *cx, CsvParser *parser, uint32_t row, const char *data, size_t bytes) {
    const CsvFormat *format = &parser->format;
    CsvCell *cells = parser->cells + row;
    JsonLine line;
    JsonMember member;
    bool found = true;
    for (uint32_t i = 0; i < format->field_count; i++) {
        cells[(size_t)i * BATCH_ROWS_MAX] = (CsvCell){.is_null = true};
    }
    json_line_begin(&line, data, bytes);
    for (uint32_t next = 0;;) {
        TRY(json_line_next(cx, &parser->converter.arena, &line, &member, &found));
        if (!found) {
            break;
        }
        uint32_t field = find_field(format, &member, next);
        if (field < format->field_count) {
            cells[(size_t)field * BATCH_ROWS_MAX] =
                (CsvCell){.data = member.data, .bytes = member.bytes, .is_null = member.kind == JSON_MEMBER_NULL};
            next = field + 1;
        }
    }
    parser->reasons[row] = line.problem;
    return OK;
}

static Status cut_json_record(const Context *cx, CsvParser *parser, uint32_t row, bool *is_blank) {
    const char *data = parser->chunk->data + parser->field_start;
    size_t left = parser->chunk->bytes - parser->field_start;
    const char *end = memchr(data, parser->line_break, left);
    size_t bytes = end == NULL ? left : (size_t)(end - data);
    *is_blank = strspn(data, " \t\r") >= bytes;
    parser->row_lines[row] = parser->line++;
    parser->row_starts[row] = (uint32_t)parser->field_start;
    parser->row_ends[row] = (uint32_t)(parser->field_start + bytes);
    parser->bad_columns[row] = NULL;
    parser->statuses[row] = BAD_COPY_FORMAT;
    parser->field_start += bytes + 1;
    return *is_blank ? OK : cut_object(cx, parser, row, data, bytes);
}

static Status cut_batch(const Context *cx, CsvParser *parser, uint32_t *rows) {
    *rows = 0;
    while (*rows < BATCH_ROWS_MAX && parser->field_start < parser->chunk->bytes) {
        bool is_blank;
        if (parser->format.dialect.is_json) {
            TRY(cut_json_record(cx, parser, *rows, &is_blank));
        } else {
            is_blank = !cut_record(parser, *rows);
        }
        *rows += !is_blank;
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- rejects */

static void keep_reject(CsvParser *parser, uint32_t row) {
    if (parser->reject_count < CSV_REJECTS_KEPT) {
        CsvReject *reject = &parser->rejects[parser->reject_count];
        size_t bytes = parser->row_ends[row] - parser->row_starts[row];
        bytes = bytes < sizeof reject->text ? bytes : sizeof reject->text - 1;
        *reject = (CsvReject){.file = parser->chunk->file,
                              .line = parser->row_lines[row],
                              .column = parser->bad_columns[row],
                              .status = parser->statuses[row]};
        snprintf(reject->reason, sizeof reject->reason, "%s", parser->reasons[row]);
        memcpy(reject->text, parser->chunk->data + parser->row_starts[row], bytes);
        bytes = utf8_valid_prefix(reject->text, bytes);
        for (size_t i = 0; i < bytes; i++) {
            reject->text[i] = (unsigned char)reject->text[i] < 0x20 ? ' ' : reject->text[i];
        }
        reject->text[bytes] = 0;
    }
    parser->reject_count++;
}

static void note_rejects(CsvParser *parser, uint32_t rows, uint32_t *good) {
    *good = 0;
    for (uint32_t row = 0; row < rows; row++) {
        if (parser->reasons[row] == NULL) {
            parser->good_rows[(*good)++] = (uint16_t)row;
        } else {
            keep_reject(parser, row);
        }
    }
}

/* Takes bad rows out of what was converted. */
static Status leave_out_rejects(const Context *cx, CsvParser *parser, uint32_t rows, Batch *out) {
    const CsvFormat *format = &parser->format;
    uint32_t good;
    note_rejects(parser, rows, &good);
    for (uint32_t i = 0; good < rows && i < format->field_count; i++) {
        if (format->fields[i].column != CSV_FIELD_SKIPPED) {
            Vector *column = &out->columns[format->fields[i].column], all = *column;
            TRY(vector_gather(cx, column, parser->good_rows, good, &parser->good.columns[i]));
            *column = parser->good.columns[i];
            parser->good.columns[i] = all;
        }
    }
    out->rows = good;
    return OK;
}

Status csv_parser_next(const Context *cx, CsvParser *parser, Batch *out, uint32_t *rows, bool *at_end) {
    const CsvFormat *format = &parser->format;
    TRY(check_cancel(cx));
    uint32_t cut;
    TRY(cut_batch(cx, parser, &cut));
    *at_end = parser->field_start >= parser->chunk->bytes;
    for (uint32_t i = 0; i < format->field_count; i++) {
        if (format->fields[i].column == CSV_FIELD_SKIPPED) {
            continue;
        }
        CsvColumn column = {.format = format,
                            .field = &format->fields[i],
                            .cells = parser->cells + (size_t)i * BATCH_ROWS_MAX,
                            .rows = cut,
                            .has_marks = parser->chunk->has_quotes || parser->chunk->has_escapes,
                            .check_utf8 = !parser->is_plain_utf8,
                            .reasons = parser->reasons,
                            .bad_columns = parser->bad_columns,
                            .statuses = parser->statuses};
        TRY(csv_convert(cx, &parser->converter, &column, &out->columns[column.field->column]));
    }
    TRY(leave_out_rejects(cx, parser, cut, out));
    *rows = out->rows;
    return OK;
}
