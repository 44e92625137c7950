/* Files in FROM, CREATE TABLE … FROM FILE and DESCRIBE FILE: what COPY's options leave open is guessed from the file's head. */
#include "bind/bind_file.h"
#include "parser/parse.h"
#include "storage/csv/csv_sniff.h"

/* What is not guessed because an option says it, or the name does (a .tsv has escapes instead of quotes). */
static CsvHints hints_of(const CopySpec *spec, const AstOptionList *options, const CsvFormat *format) {
    CsvHints hints = {.dialect = format->dialect};
    hints.has_dialect = ast_option_find(options, "delimiter") != NULL || ast_option_find(options, "format") != NULL ||
                        ast_option_find(options, "quote") != NULL;
    hints.has_header = ast_option_find(options, "header") != NULL || ast_option_find(options, "ignoreheader") != NULL;
    hints.null_text = spec->has_null_text ? spec->null_text : NULL;
    return hints;
}

static bool ends_with(const char *text, const char *end) {
    size_t bytes = strlen(text), end_bytes = strlen(end);
    return bytes >= end_bytes && strcasecmp(text + bytes - end_bytes, end) == 0;
}

static Status refuse_format(const Context *cx, const char *file, SourcePos pos) {
    static const struct {
        const char *end, *name;
    } others[] = {
        {".parquet", "a Parquet file"}, {".orc", "an ORC file"}, {".avro", "an Avro file"}, {".xlsx", "a spreadsheet"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (ends_with(file, others[i].end)) {
            return fail_unsupported(cx, pos, others[i].name);
        }
    }
    return OK;
}

static Status make_fields(const Context *cx, Arena *arena, const CsvGuess *guess, CsvFormat *format) {
    CsvField *fields;
    if (guess->field_count > COLUMNS_MAX) {
        return fail(cx, TOO_MANY_COLUMNS, "the file has %u columns; at most %d can be read", guess->field_count, COLUMNS_MAX);
    }
    TRY_NEW_ARRAY(cx, arena, fields, guess->field_count);
    for (uint32_t i = 0; i < guess->field_count; i++) {
        fields[i] = (CsvField){.name = guess->names[i], .type = guess->types[i], .column = i};
    }
    format->fields = fields;
    format->field_count = guess->field_count;
    format->dialect = guess->dialect;
    return OK;
}

static Status look_at(const Context *cx, Arena *arena, const CopySpec *spec, const AstOptionList *options, FileScan *scan) {
    CsvGuess guess;
    TRY(csv_list_files(cx, arena, scan->pattern, &scan->paths, &scan->path_count));
    CsvHints hints = hints_of(spec, options, &scan->format);
    TRY(csv_sniff(cx, arena, scan->paths, scan->path_count, &hints, &guess));
    const char *null_text = spec->has_null_text ? spec->null_text : guess.dialect.is_quoted ? "" : "\\N";
    scan->format.null_text = spec->is_json ? NULL : null_text;
    scan->examples = guess.examples;
    scan->bytes = (double)guess.bytes;
    scan->rows =
        guess.is_whole ? (double)guess.rows : (double)guess.rows * (double)guess.bytes / (double)(guess.sample_bytes + 1);
    return make_fields(cx, arena, &guess, &scan->format);
}

Status bind_file(const Context *cx, Arena *arena, const char *file, SourcePos pos, const AstOptionList *options,
                 FileScan **out) {
    CopySpec *spec;
    FileScan *scan;
    note_momentary(cx);
    TRY(refuse_format(cx, file, pos));
    TRY(bind_file_options(cx, arena, options, file, &spec));
    TRY_NEW(cx, arena, scan);
    scan->pattern = file;
    copy_format(spec, &scan->format);
    Status status = look_at(cx, arena, spec, options, scan);
    if (status != OK) {
        error_set_pos_if_none(cx, pos);
        return status;
    }
    *out = scan;
    return OK;
}

static const char *stem_of(const Context *cx, Arena *arena, const char *file) {
    const char *slash = strrchr(file, '/'), *start = slash == NULL ? file : slash + 1;
    return arena_copy_text(cx, arena, start, strcspn(start, "."));
}

Status bind_from_file(const Context *cx, Binder *binder, const AstFrom *ast, LogicalNode **out, const char **name,
                      const char ***names) {
    FileScan *scan;
    *name = stem_of(cx, binder->arena, ast->file);
    TRY_POINTER(*name);
    TRY(bind_file(cx, binder->arena, ast->file, ast->pos, &ast->file_options, &scan));
    uint32_t count = scan->format.field_count;
    LogicalNode *node = logical_new(cx, binder->arena, LOGICAL_TABLE_FUNCTION, ast->pos, 0, count);
    TRY_POINTER(node);
    TRY_NEW_ARRAY(cx, binder->arena, *names, count);
    TRY_NEW_ARRAY(cx, binder->arena, node->table_function.file_fields, count);
    for (uint32_t i = 0; i < count; i++) {
        const CsvField *field = &scan->format.fields[i];
        (*names)[i] = field->name;
        node->table_function.file_fields[i] = i;
        TRY(plan_add_column(cx, binder->plan, field->type, field->name, true, &node->columns[i]));
    }
    node->table_function.name = scan->pattern;
    node->table_function.file = scan;
    *out = node;
    return OK;
}

Status make_file_query(const Context *cx, Arena *arena, const AstCreateTable *create, AstQuery **query) {
    TRY(parse_stored_query(cx, arena, "SELECT * FROM ''", create->file_pos, query));
    AstFrom *from = (*query)->select->from.items[0];
    from->file = create->file;
    from->file_options = create->file_options;
    return OK;
}
