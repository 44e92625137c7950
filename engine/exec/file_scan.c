/* File Scan: threads take chunks of whole records from the files, as COPY does, and convert the fields that the query names. A
 * row that cannot be taken ends the query: there is no MAXERROR in FROM. */
#include "plan/file_scan.h"
#include "exec/exec.h"

typedef struct FileShared {
    CsvInput *input;
    CsvField *fields; /* owned; `column` is the output column, or CSV_FIELD_SKIPPED */
    CsvFormat format;
} FileShared;

typedef struct FileLocal {
    CsvParser *parser;
    CsvChunk chunk;
    Batch parsed;    /* up to BATCH_ROWS_MAX rows of the parser's … */
    uint32_t handed; /* … of which so many are handed on */
    Batch out;
    bool has_chunk, at_end;
} FileLocal;

static Status file_open_shared(Task *task, const PhysicalNode *op, void *shared_) {
    FileShared *shared = shared_;
    const FileScan *file = op->table_function.file;
    TRY_ALLOC(&task->cx, shared->fields, sizeof *shared->fields * (file->format.field_count + 1));
    for (uint32_t i = 0; i < file->format.field_count; i++) {
        shared->fields[i] = file->format.fields[i];
        shared->fields[i].column = CSV_FIELD_SKIPPED;
    }
    for (uint32_t i = 0; i < op->column_count; i++) {
        shared->fields[op->table_function.file_fields[i]].column = i;
    }
    shared->format = file->format;
    shared->format.fields = shared->fields;
    return csv_input_create(&task->cx, &file->format.dialect, file->paths, file->path_count, &shared->input);
}

static void file_close_shared(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    FileShared *shared = shared_;
    (void)op, (void)profile;
    csv_input_free(shared->input);
    mem_free(shared->fields);
}

static Status file_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    FileShared *shared = shared_;
    FileLocal *local = local_;
    TRY(csv_parser_create(&task->cx, &shared->format, &local->parser));
    TRY(batch_init_like(&task->cx, op, &local->parsed));
    return batch_init_like(&task->cx, op, &local->out);
}

static void file_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    FileLocal *local = local_;
    (void)op, (void)shared, (void)profile;
    csv_parser_free(local->parser);
    csv_chunk_free(&local->chunk);
    batch_free(&local->parsed);
    batch_free(&local->out);
}

/* Without a table there is nobody to ask for other columns: the hint says how to get one. */
static Status fail_rejected(const Context *cx, const CsvParser *parser) {
    uint64_t count;
    const CsvReject *reject = csv_parser_rejects(parser, &count);
    if (count == 0) {
        return OK;
    }
    fail(cx, BAD_COPY_FORMAT, "%s, line %llu%s%s: %s: \"%s\"", reject->file, (unsigned long long)reject->line,
         reject->column == NULL ? "" : ", column ", reject->column == NULL ? "" : reject->column, reject->reason, reject->text);
    return fail_hint(cx,
                     "columns and types were guessed from the head of the file; CREATE TABLE with others, then COPY, loads it");
}

/* The next rows of the file, if there are any: `parsed` is empty at the end. */
static Status parse_more(const Context *cx, FileShared *shared, FileLocal *local) {
    bool is_done = false;
    local->parsed.rows = local->handed = 0;
    while (local->parsed.rows == 0) {
        uint32_t rows;
        if (!local->has_chunk) {
            TRY(csv_input_next(cx, shared->input, &local->chunk, &is_done));
            if (is_done) {
                return OK;
            }
            TRY(csv_parser_begin(cx, local->parser, &local->chunk));
            local->has_chunk = true;
        }
        TRY(csv_parser_next(cx, local->parser, &local->parsed, &rows, &local->at_end));
        TRY(fail_rejected(cx, local->parser));
        local->has_chunk = !local->at_end;
    }
    return OK;
}

static Status file_next(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch **out, Flow *flow) {
    FileLocal *local = local_;
    if (local->handed == local->parsed.rows) {
        TRY(parse_more(&task->cx, shared, local));
    }
    uint32_t rows = source_batch_rows(task, local->parsed.rows - local->handed);
    for (uint32_t c = 0; c < op->column_count; c++) {
        TRY(vector_slice(&task->cx, &local->parsed.columns[c], local->handed, rows, &local->out.columns[c]));
    }
    local->handed += rows;
    local->out.rows = rows;
    *out = &local->out;
    *flow = rows > 0 ? MORE_OUTPUT : DONE;
    return OK;
}

/* A task per chunk, as far as the files' sizes tell. */
static uint32_t file_task_limit(Task *task, const PhysicalNode *op, void *shared) {
    (void)task, (void)shared;
    double chunks = op->table_function.file->bytes / (double)CSV_CHUNK_BYTES;
    return chunks < 1 ? 1 : chunks > 256 ? 256 : (uint32_t)chunks + 1;
}

static const SourceClass file_source = {
    .name = "File Scan",
    .shared_size = sizeof(FileShared),
    .local_size = sizeof(FileLocal),
    .open = file_open_shared,
    .open_local = file_open_local,
    .next = file_next,
    .close_local = file_close_local,
    .close = file_close_shared,
    .task_limit = file_task_limit,
};
const OperatorClass file_scan_operator = {.source = &file_source};
