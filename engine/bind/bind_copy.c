/* COPY … FROM: options, one function each, listed in copy_options.def. */
#include "bind/bind_dml.h"
#include "core/notice.h"
#include "core/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* A COPY while its options are read. */
typedef struct CopyBinding {
    Arena *arena;
    const AstCopy *ast;
    CopySpec *spec;
    bool has_escape; /* said, not followed from another option */
} CopyBinding;

typedef Status SetOption(const Context *cx, CopyBinding *copy, const AstOption *option);

static SourcePos value_pos(const AstOption *option) {
    return option->value == NULL ? option->pos : option->value_pos;
}

static Status fail_value(const Context *cx, const AstOption *option, const char *what) {
    return fail_at(cx, value_pos(option), INVALID_PARAMETER_VALUE, "COPY %s must be %s", option->name, what);
}

static Status option_flag(const Context *cx, const AstOption *option, bool *flag) {
    static const char *const words[] = {"off", "on", "false", "true", "0", "1", "no", "yes"};
    *flag = true;
    if (option->value == NULL) {
        return OK;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(option->value, words[i]) == 0) {
            *flag = i % 2 == 1;
            return OK;
        }
    }
    return fail_value(cx, option, "on or off");
}

static Status option_number(const Context *cx, const AstOption *option, uint64_t *number) {
    size_t digits = option->value == NULL ? 0 : strspn(option->value, "0123456789");
    if (digits == 0 || digits > 18 || option->value[digits] != '\0') {
        return fail_value(cx, option, "a number of at least 0");
    }
    *number = strtoull(option->value, NULL, 10);
    return OK;
}

static Status option_text(const Context *cx, const AstOption *option, const char **text) {
    *text = option->value;
    return option->value == NULL ? fail_value(cx, option, "followed by a text") : OK;
}

/* One byte; '\t' and its kin may be written with a backslash. */
static Status option_byte(const Context *cx, const AstOption *option, char *byte) {
    static const char escapes[] = "ttnnrr\\\\||,,;;";
    const char *text = option->value;
    if (text != NULL && strlen(text) == 2 && text[0] == '\\') {
        for (size_t i = 0; escapes[i] != '\0'; i += 2) {
            if (escapes[i] == text[1]) {
                *byte = text[1] == 't' ? '\t' : text[1] == 'n' ? '\n' : text[1] == 'r' ? '\r' : text[1];
                return OK;
            }
        }
    }
    if (text == NULL || strlen(text) != 1) {
        return fail_value(cx, option, "a single one-byte character");
    }
    *byte = text[0];
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- options */

static void use_csv(CopySpec *spec, char delimiter) {
    spec->is_json = false;
    spec->is_quoted = true;
    spec->delimiter = delimiter;
    spec->quote = '"';
    spec->escape = '"';
}

static void use_text(CopySpec *spec, char delimiter) {
    spec->is_json = false;
    spec->is_quoted = false;
    spec->delimiter = delimiter;
    spec->escape = '\\';
}

/* JSON lines. */
static void use_json(CopySpec *spec) {
    use_text(spec, '\0');
    spec->is_json = true;
}

/* Formats are set before all other options, so that those can change what a format begins with. */
static Status apply_format(const Context *cx, CopyBinding *copy, const AstOption *option) {
    static const char *const planned[] = {"parquet", "orc", "avro", "binary", "fixedwidth", "shapefile"};
    const char *name;
    TRY(option_text(cx, option, &name));
    if (strcasecmp(name, "csv") == 0) {
        use_csv(copy->spec, ',');
    } else if (strcasecmp(name, "tsv") == 0 || strcasecmp(name, "text") == 0) {
        use_text(copy->spec, '\t');
    } else if (strcasecmp(name, "json") == 0 || strcasecmp(name, "jsonl") == 0) {
        use_json(copy->spec);
    } else {
        for (size_t i = 0; i < sizeof planned / sizeof *planned; i++) {
            if (strcasecmp(name, planned[i]) == 0) {
                char what[64];
                snprintf(what, sizeof what, "COPY FORMAT %s", name);
                return fail_unsupported(cx, value_pos(option), what);
            }
        }
        fail_at(cx, value_pos(option), INVALID_PARAMETER_VALUE, "COPY format \"%s\" not recognized", name);
        return fail_hint(cx, "formats are csv, tsv, text and json");
    }
    return OK;
}

static Status set_format(const Context *cx, CopyBinding *copy, const AstOption *option) {
    (void)cx, (void)copy, (void)option;
    return OK; /* apply_format() has done it */
}

static Status set_delimiter(const Context *cx, CopyBinding *copy, const AstOption *option) {
    TRY(option_byte(cx, option, &copy->spec->delimiter));
    char byte = copy->spec->delimiter;
    return byte == '\n' || byte == '\r' ? fail_value(cx, option, "something else than a line end") : OK;
}

static Status set_header(const Context *cx, CopyBinding *copy, const AstOption *option) {
    bool has_header;
    if (option->value != NULL && strcasecmp(option->value, "match") == 0) {
        return fail_unsupported(cx, value_pos(option), "HEADER MATCH");
    }
    TRY(option_flag(cx, option, &has_header));
    copy->spec->skip_lines = has_header ? 1 : 0;
    return OK;
}

static Status set_skip_lines(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_number(cx, option, &copy->spec->skip_lines);
}

static Status set_quote(const Context *cx, CopyBinding *copy, const AstOption *option) {
    CopySpec *spec = copy->spec;
    TRY(option_byte(cx, option, &spec->quote));
    spec->escape = copy->has_escape ? spec->escape : spec->quote;
    spec->is_quoted = true;
    return OK;
}

static Status set_escape(const Context *cx, CopyBinding *copy, const AstOption *option) {
    copy->has_escape = true;
    if (option->value == NULL) { /* Redshift's ESCAPE: the backslash */
        copy->spec->escape = '\\';
        return OK;
    }
    return option_byte(cx, option, &copy->spec->escape);
}

static Status set_quoted(const Context *cx, CopyBinding *copy, const AstOption *option) {
    bool quoted;
    TRY(option_flag(cx, option, &quoted));
    copy->spec->is_quoted = quoted;
    copy->spec->quote = '"';
    copy->spec->escape = copy->has_escape ? copy->spec->escape : '"';
    return OK;
}

static Status set_null(const Context *cx, CopyBinding *copy, const AstOption *option) {
    copy->spec->has_null_text = true;
    return option_text(cx, option, &copy->spec->null_text);
}

static Status set_force_null(const Context *cx, CopyBinding *copy, const AstOption *option) {
    uint32_t *columns, count;
    bool *marks;
    if (copy->spec->table == NULL) {
        return fail_unsupported(cx, option->pos, "FORCE_NULL of a file without a table");
    }
    const TableSchema *schema = copy->spec->table->schema;
    if (option->columns.count == 0) {
        return fail_value(cx, option, "followed by columns: (a, b)");
    }
    TRY(bind_target_columns(cx, copy->arena, schema, &option->columns, &columns, &count));
    TRY_NEW_ARRAY(cx, copy->arena, marks, schema->column_count);
    for (uint32_t i = 0; i < count; i++) {
        marks[columns[i]] = true;
    }
    copy->spec->null_if_quoted = marks;
    return OK;
}

static Status option_date_format(const Context *cx, const AstOption *option, const char **format) {
    TRY(option_text(cx, option, format));
    *format = strcasecmp(*format, "auto") == 0 ? NULL : *format;
    return OK;
}

static Status set_date_format(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_date_format(cx, option, &copy->spec->date_format);
}

static Status set_time_format(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_date_format(cx, option, &copy->spec->time_format);
}

static Status set_encoding(const Context *cx, CopyBinding *copy, const AstOption *option) {
    const char *name;
    (void)copy;
    TRY(option_text(cx, option, &name));
    if (strcasecmp(name, "utf8") == 0 || strcasecmp(name, "utf-8") == 0) {
        return OK;
    }
    char what[96];
    snprintf(what, sizeof what, "COPY ENCODING %.60s", name);
    fail_unsupported(cx, value_pos(option), what);
    return fail_hint(cx, "files are UTF-8");
}

static Status set_max_errors(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_number(cx, option, &copy->spec->max_errors);
}

static Status set_compression(const Context *cx, CopyBinding *copy, const AstOption *option) {
    static const struct {
        const char *name;
        CopyCompression compression;
    } names[] = {
        {"auto", COPY_COMPRESSION_AUTO}, {"none", COPY_COMPRESSION_NONE}, {"gzip", COPY_COMPRESSION_GZIP},
        {"zstd", COPY_COMPRESSION_ZSTD}, {"lz4", COPY_COMPRESSION_LZ4},
    };
    const char *name;
    TRY(option_text(cx, option, &name));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(name, names[i].name) == 0) {
            copy->spec->compression = names[i].compression;
            return OK;
        }
    }
    if (strcasecmp(name, "bzip2") == 0 || strcasecmp(name, "lzop") == 0) {
        return fail_unsupported(cx, value_pos(option),
                                strcasecmp(name, "lzop") == 0 ? "COMPRESSION lzop" : "COMPRESSION bzip2");
    }
    return fail_value(cx, option, "auto, gzip, zstd, lz4 or none");
}

static Status set_replacement(const Context *cx, CopyBinding *copy, const AstOption *option) {
    copy->spec->accept_invalid_utf8 = true;
    copy->spec->replacement_char = '?';
    return option->value == NULL ? OK : option_byte(cx, option, &copy->spec->replacement_char);
}

static Status set_blanks_as_null(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_flag(cx, option, &copy->spec->blanks_as_null);
}
static Status set_empty_as_null(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_flag(cx, option, &copy->spec->empty_as_null);
}
static Status set_trim_blanks(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_flag(cx, option, &copy->spec->trim_blanks);
}
static Status set_fill_record(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_flag(cx, option, &copy->spec->fill_record);
}
static Status set_truncate_columns(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_flag(cx, option, &copy->spec->truncate_columns);
}
static Status set_ignore_blank_lines(const Context *cx, CopyBinding *copy, const AstOption *option) {
    return option_flag(cx, option, &copy->spec->ignore_blank_lines);
}

static Status refuse(const Context *cx, CopyBinding *copy, const AstOption *option) {
    char what[64];
    size_t bytes = (size_t)snprintf(what, sizeof what, "COPY %s", option->name);
    (void)copy;
    for (size_t i = 5; i < bytes && i < sizeof what - 1; i++) {
        what[i] = what[i] == '_' ? ' ' : (char)toupper((unsigned char)what[i]);
    }
    return fail_unsupported(cx, option->pos, what);
}

static Status ignore(const Context *cx, CopyBinding *copy, const AstOption *option) {
    (void)copy;
    notice(cx, "COPY %s has no effect: encodings are chosen and statistics written at every load", option->name);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- COPY */

static const struct {
    const char *name;
    SetOption *set;
} copy_options[] = {
#define COPY_OPTION(name, function) {#name, function},
#include "bind/copy_options.def"
#undef COPY_OPTION
};
#define COPY_OPTION_COUNT (sizeof copy_options / sizeof *copy_options)

static Status find_option(const Context *cx, const AstOption *option, SetOption **set) {
    Suggestion suggestion;
    suggestion_init(&suggestion, option->name);
    for (size_t i = 0; i < COPY_OPTION_COUNT; i++) {
        if (strcmp(copy_options[i].name, option->name) == 0) {
            *set = copy_options[i].set;
            return OK;
        }
        suggestion_consider(&suggestion, copy_options[i].name, NULL);
    }
    fail_at(cx, option->pos, SYNTAX_ERROR, "option \"%s\" not recognized", option->name);
    return suggestion.nearest == NULL ? SYNTAX_ERROR : fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest);
}

static Status bind_options(const Context *cx, CopyBinding *copy) {
    const AstOptionList *options = &copy->ast->options;
    const AstOption *format = ast_option_find(options, "format");
    if (format != NULL) {
        TRY(apply_format(cx, copy, format));
    }
    for (uint32_t i = 0; i < options->count; i++) {
        const AstOption *option = options->items[i];
        SetOption *set = NULL;
        if (ast_option_find(options, option->name) != option) {
            return fail_at(cx, option->pos, SYNTAX_ERROR, "conflicting or redundant options: %s is given twice", option->name);
        }
        TRY(find_option(cx, option, &set));
        TRY(set(cx, copy, option));
    }
    return OK;
}

/* Without FORMAT the name tells: x.csv, x.tsv.gz; else fields stand between bars, as in Redshift, or, in a stream, between
 * tabs, as in PostgreSQL. */
static void guess_format(CopySpec *spec, const char *file) {
    if (file == NULL) {
        use_text(spec, '\t');
        return;
    }
    const char *name = strrchr(file, '/') != NULL ? strrchr(file, '/') : file;
    if (strcasestr(name, ".csv") != NULL) {
        use_csv(spec, ',');
    } else if (strcasestr(name, ".tsv") != NULL) {
        use_text(spec, '\t');
    } else if (strcasestr(name, ".json") != NULL || strcasestr(name, ".ndjson") != NULL) {
        use_json(spec);
    } else {
        use_text(spec, '|');
    }
}

/* What has a meaning only where fields follow each other. */
static Status check_json_options(const Context *cx, const CopyBinding *copy) {
    static const char *const others[] = {"delimiter", "header",       "ignoreheader", "quote",     "escape",
                                         "null",      "removequotes", "force_null",   "fillrecord"};
    for (size_t i = 0; i < sizeof others / sizeof *others && copy->spec->is_json; i++) {
        const AstOption *option = ast_option_find(&copy->ast->options, others[i]);
        if (option != NULL) {
            return fail_at(cx, option->pos, INVALID_PARAMETER_VALUE, "COPY %s has no meaning for JSON", others[i]);
        }
    }
    return OK;
}

static Status check_dialect(const Context *cx, const CopyBinding *copy) {
    const CopySpec *spec = copy->spec;
    const AstOption *delimiter = ast_option_find(&copy->ast->options, "delimiter");
    const AstOption *quote = ast_option_find(&copy->ast->options, "quote");
    SourcePos pos = quote != NULL ? value_pos(quote) : delimiter != NULL ? value_pos(delimiter) : POS_NONE;
    TRY(check_json_options(cx, copy));
    if (spec->is_quoted && spec->quote == spec->delimiter) {
        return fail_at(cx, pos, INVALID_PARAMETER_VALUE, "COPY delimiter and quote must be different");
    }
    if (!spec->is_quoted && spec->escape == spec->delimiter) {
        return fail_at(cx, pos, INVALID_PARAMETER_VALUE, "COPY delimiter and escape must be different");
    }
    return OK;
}

/* What columns that no field fills get. */
static Status bind_missing(const Context *cx, CopyBinding *copy) {
    CopySpec *spec = copy->spec;
    TRY(bind_defaults(cx, copy->arena, spec->table->schema, &spec->defaults));
    for (uint32_t i = 0; i < spec->field_count; i++) {
        spec->defaults[spec->fields[i]] = NULL;
    }
    return OK;
}

Status bind_copy(const Context *cx, Arena *arena, Snapshot *snapshot, const AstCopy *ast, CopySpec **out) {
    CopyBinding copy = {.arena = arena, .ast = ast};
    uint32_t *fields;
    if (ast->is_to) {
        return fail_unsupported(cx, ast->file_pos, "COPY … TO");
    }
    TRY_NEW(cx, arena, copy.spec);
    TRY(bind_table(cx, arena, snapshot, ast->table, &copy.spec->table));
    TRY(bind_target_columns(cx, arena, copy.spec->table->schema, &ast->columns, &fields, &copy.spec->field_count));
    copy.spec->fields = fields;
    copy.spec->file = ast->file;
    copy.spec->file_pos = ast->file_pos;
    guess_format(copy.spec, ast->file);
    TRY(bind_options(cx, &copy));
    TRY(check_dialect(cx, &copy));
    TRY(bind_missing(cx, &copy));
    *out = copy.spec;
    return OK;
}

Status bind_file_options(const Context *cx, Arena *arena, const AstOptionList *options, const char *file, CopySpec **out) {
    AstCopy ast = {.file = file, .options = *options};
    CopyBinding copy = {.arena = arena, .ast = &ast};
    TRY_NEW(cx, arena, copy.spec);
    copy.spec->file = file;
    guess_format(copy.spec, file);
    TRY(bind_options(cx, &copy));
    TRY(check_dialect(cx, &copy));
    *out = copy.spec;
    return OK;
}

void copy_format(const CopySpec *spec, CsvFormat *format) {
    static const CsvCompression compressions[] = {[COPY_COMPRESSION_AUTO] = CSV_AUTO,
                                                  [COPY_COMPRESSION_NONE] = CSV_PLAIN,
                                                  [COPY_COMPRESSION_GZIP] = CSV_GZIP,
                                                  [COPY_COMPRESSION_ZSTD] = CSV_ZSTD,
                                                  [COPY_COMPRESSION_LZ4] = CSV_LZ4};
    *format = (CsvFormat){
        .dialect = {.delimiter = spec->delimiter,
                    .is_json = spec->is_json,
                    .is_quoted = spec->is_quoted,
                    .quote = spec->quote,
                    .escape = spec->escape,
                    .skip_lines = spec->skip_lines,
                    .compression = compressions[spec->compression]},
        .null_text = spec->is_json         ? NULL
                     : spec->has_null_text ? spec->null_text
                     : spec->is_quoted     ? ""
                                           : "\\N",
        .date_format = spec->date_format,
        .time_format = spec->time_format,
        .accept_invalid_utf8 = spec->accept_invalid_utf8,
        .replacement_char = spec->replacement_char,
        .blanks_as_null = spec->blanks_as_null,
        .empty_as_null = spec->empty_as_null,
        .trim_blanks = spec->trim_blanks,
        .fill_record = spec->fill_record,
        .truncate_columns = spec->truncate_columns,
        .ignore_blank_lines = spec->ignore_blank_lines,
    };
}
