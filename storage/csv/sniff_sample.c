/* The sample of csv_sniff: the heads of the first files, cut into records. What the reader would refuse is taken here as well
 * as it can be. */
#include "storage/csv/csv_decompress.h"
#include "storage/csv/sniff.h"

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

Status sniff_files(Sniffer *sniffer, const char *const *paths, uint32_t path_count, uint64_t *file_bytes) {
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

Status sniff_add_field(const Sniffer *sniffer, Records *records, const Field *field) {
    TRY_APPEND(sniffer->cx, sniffer->arena, records->fields, records->field_capacity, records->field_total, *field);
    return OK;
}

Status sniff_end_record(const Sniffer *sniffer, Records *records, uint32_t fields) {
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
            TRY(sniff_add_field(sniffer, records, &field));
            fields++;
            is_over = at >= end || *at != dialect->delimiter;
            at += !is_over;
        }
        TRY(sniff_end_record(sniffer, records, fields));
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

Status sniff_records(const Sniffer *sniffer, const CsvDialect *dialect, uint64_t skip, Records *records) {
    *records = (Records){0};
    for (uint32_t i = 0; i < sniffer->text_count; i++) {
        const char *end = sniffer->texts[i] + sniffer->text_bytes[i];
        TRY(read_text(sniffer, dialect, behind_lines(sniffer->texts[i], end, skip), end, records));
    }
    return OK;
}
