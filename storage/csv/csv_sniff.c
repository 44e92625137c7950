/* Guessing from a sample. The delimiter is the one that cuts the records into most fields, all into the same number; a first
 * row that does not fit its columns' types, or looks like names above text, is a header. */
#include "storage/csv/sniff.h"

#include <ctype.h>

#define NAME_MOST 120 /* bytes of a column's name that are taken */

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
        TRY(sniff_records(sniffer, &candidate, 0, &records));
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

/* ------------------------------------------------------------------------------------------------------------------ header */

static bool looks_like_name(const Field *field) {
    bool is_name = field->bytes > 0 && field->bytes <= 63 && !isdigit((unsigned char)field->data[0]);
    for (uint32_t i = 0; i < field->bytes && is_name; i++) {
        unsigned char c = (unsigned char)field->data[i];
        is_name = c >= 0x80 || isalnum(c) || strchr("_ -./()#%", c) != NULL;
    }
    return is_name;
}

static bool is_same_text(const Field *a, const Field *b) {
    return a->bytes == b->bytes && memcmp(a->data, b->data, a->bytes) == 0;
}

static bool is_repeated_below(const Records *records, uint32_t column) {
    uint32_t count = records->counts[0];
    const Field *head = &records->fields[column];
    for (uint32_t r = 1; r < records->count; r++) {
        if (is_same_text(&records->fields[(uint64_t)r * count + column], head)) {
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
        sniff_trim(head, &data, &bytes);
        if (!type_is_text(types[c])) {
            all_text = false;
            if (!sniff_parses(sniffer, types[c].id == TYPE_DECIMAL ? TYPE_DOUBLE : types[c].id, data, bytes)) {
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
            sniff_trim(&header[c], &data, &bytes);
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
            is_header = is_same_text(&records->fields[(uint64_t)r * count + c], &records->fields[c]);
        }
        if (!is_header) {
            memmove(&records->fields[(uint64_t)kept++ * count], &records->fields[(uint64_t)r * count], count * sizeof(Field));
        }
    }
    records->count = kept;
}

static Status start_columns(const Sniffer *sniffer, CsvGuess *guess, uint32_t count) {
    guess->field_count = count;
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, guess->names, count);
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, guess->types, count);
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, guess->examples, count);
    return OK;
}

static Status fail_empty(const Sniffer *sniffer, const char *path) {
    return fail(sniffer->cx, BAD_COPY_FORMAT, "file \"%s\" is empty: it has no columns", path);
}

static Status sniff_json(Sniffer *sniffer, const char *const *paths, CsvGuess *guess) {
    Records records;
    Field *header;
    uint32_t key_count;
    TRY(sniff_objects(sniffer, paths, &records, &header, &key_count));
    if (key_count == 0) {
        return fail_empty(sniffer, paths[0]);
    }
    sniffer->is_whole = sniffer->is_whole && records.count < SAMPLE_RECORDS_MAX;
    TRY(start_columns(sniffer, guess, key_count));
    TRY(sniff_types(sniffer, &records, 0, guess->types, guess->examples));
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
    TRY(sniff_files(&sniffer, paths, path_count, &guess->bytes));
    if (hints->dialect.is_json) {
        return sniff_json(&sniffer, paths, guess);
    }
    TRY(guess_dialect(&sniffer, &guess->dialect));
    uint64_t skipped = hints->has_header && guess->dialect.skip_lines > 1 ? guess->dialect.skip_lines : 0;
    TRY(sniff_records(&sniffer, &guess->dialect, skipped, &records));
    if (records.count == 0) {
        return fail_empty(&sniffer, paths[0]);
    }
    if (same_count(&records) == 0) {
        return fail_uneven(&sniffer, paths[0], &records);
    }
    sniffer.is_whole = sniffer.is_whole && records.count < SAMPLE_RECORDS_MAX;
    TRY(start_columns(&sniffer, guess, records.counts[0]));
    if (sniffer.text_count > 1) {
        drop_headers(&records);
    }
    bool is_told = hints->has_header && guess->dialect.skip_lines == 1;
    TRY(sniff_types(&sniffer, &records, records.count > 1 || is_told, guess->types, guess->examples));
    bool has_header = hints->has_header ? is_told : guess_header(&sniffer, &records, guess->types);
    if (!has_header) {
        TRY(sniff_types(&sniffer, &records, 0, guess->types, guess->examples));
    }
    guess->dialect.skip_lines = hints->has_header ? guess->dialect.skip_lines : has_header;
    guess->rows = records.count - has_header;
    guess->sample_bytes = records.bytes;
    guess->is_whole = sniffer.is_whole;
    return name_columns(&sniffer, has_header ? records.fields : NULL, guess);
}
