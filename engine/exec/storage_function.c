/* Function Scan over what the storage holds: depot_check() and depot_blocks('file'). Both find few rows (a problem each, a
 * block each), so they are collected when the scan opens and handed on from there. */
#include "exec/exec.h"
#include "storage/check.h"

typedef struct StorageRows {
    Arena arena;   /* of texts */
    Value *values; /* rows × columns; owned */
    uint64_t rows, capacity, at;
    uint32_t column_count;
    Batch out;
} StorageRows;

/* A row more; text is copied. */
static Status add_row(const Context *cx, StorageRows *in, const Value *values) {
    if (in->rows == in->capacity) {
        uint64_t capacity = in->capacity == 0 ? 64 : in->capacity * 2;
        Value *grown = mem_resize(cx, in->values, sizeof *grown * capacity * in->column_count);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        in->values = grown;
        in->capacity = capacity;
    }
    Value *row = &in->values[in->rows * in->column_count];
    for (uint32_t c = 0; c < in->column_count; c++) {
        TRY(value_copy(cx, &in->arena, &values[c], &row[c]));
    }
    in->rows++;
    return OK;
}

static Value text_of(const char *text) {
    return value_text(type_make(TYPE_VARCHAR), text_view(text, (uint32_t)strlen(text)));
}
static Value number_of(uint64_t number) {
    return value_i64(type_make(TYPE_BIGINT), (int64_t)number);
}

static Status add_problem(const Context *cx, void *rows, const CheckProblem *problem) {
    Value values[] = {text_of(problem->file), number_of((uint64_t)problem->block), text_of(problem->problem)};
    if (problem->block < 0) {
        values[1] = value_null(values[1].type);
    }
    return add_row(cx, rows, values);
}

/* `buffer` has VALUE_PRINT_MAX bytes. */
static Value print(const Value *value, char *buffer) {
    const char *text;
    size_t bytes;
    if (value->is_null) {
        return value_null(type_make(TYPE_VARCHAR));
    }
    value_print(value, buffer, &text, &bytes);
    return value_text(type_make(TYPE_VARCHAR), text_view(text, (uint32_t)bytes));
}

static Status add_block(const Context *cx, void *rows, const BlockDescription *block) {
    char min[VALUE_PRINT_MAX], max[VALUE_PRINT_MAX];
    Value values[] = {number_of(block->block),       number_of(block->first_row),   number_of(block->range.rows),
                      number_of(block->range.nulls), text_of(block->encoding),      text_of(block->codec),
                      number_of(block->bytes),       print(&block->range.min, min), print(&block->range.max, max)};
    return add_row(cx, rows, values);
}

/* A path of the process, or else one in the warehouse (as depot_check() names files). */
static Status inspect(const Context *cx, FileSystem *warehouse_files, const Value *path_value, StorageRows *rows) {
    char path[FILE_PATH_MAX];
    FileSystem *host;
    bool exists;
    if (path_value->is_null || path_value->text.bytes >= sizeof path) {
        return fail(cx, INVALID_PARAMETER_VALUE, "depot_blocks() needs the path of a file");
    }
    memcpy(path, text_data(&path_value->text), path_value->text.bytes);
    path[path_value->text.bytes] = 0;
    TRY(file_system_host(cx, NULL, &host));
    Status status = file_exists(cx, host, path, &exists);
    if (status == OK) {
        status = file_inspect(cx, exists ? host : warehouse_files, path, add_block, rows);
    }
    file_system_free(host);
    return status;
}

static Status storage_open_local(Task *task, const PhysicalNode *op, void *shared, void *rows_) {
    StorageRows *rows = rows_;
    const TableFunctionSpec *spec = &op->table_function;
    FileSystem *files = warehouse_files(snapshot_warehouse(query_plan(task->query)->snapshot));
    (void)shared;
    rows->column_count = op->column_count;
    TRY(batch_init_like(&task->cx, op, &rows->out));
    if (strcmp(spec->name, "depot_check") == 0) {
        return warehouse_check(&task->cx, files, add_problem, rows);
    }
    if (strcmp(spec->name, "depot_blocks") == 0) {
        return inspect(&task->cx, files, &spec->args[0], rows);
    }
    return fail(&task->cx, FEATURE_NOT_SUPPORTED, "table function %s() is not supported yet", spec->name);
}

static Status fill_column(const Context *cx, const StorageRows *in, uint32_t column, uint32_t rows, Vector *out) {
    TRY(vector_prepare_flat(cx, out, out->type));
    TRY(vector_prepare_validity(cx, out, true));
    memset(out->data, 0, (size_t)rows * type_bytes(out->type));
    for (uint32_t i = 0; i < rows; i++) {
        const Value *value = &in->values[(in->at + i) * in->column_count + column];
        if (value->is_null) {
            bit_clear(out->validity, i);
        } else {
            value_store(value, out->data, i);
        }
    }
    return OK;
}

static Status storage_next(Task *task, const PhysicalNode *op, void *shared, void *rows_, const Batch **out, Flow *flow) {
    StorageRows *in = rows_;
    uint64_t left = in->rows - in->at;
    uint32_t rows = left < BATCH_ROWS_MAX ? (uint32_t)left : BATCH_ROWS_MAX;
    (void)op, (void)shared;
    for (uint32_t c = 0; c < in->column_count; c++) {
        TRY(fill_column(&task->cx, in, c, rows, &in->out.columns[c]));
    }
    in->at += rows;
    in->out.rows = rows;
    *out = &in->out;
    *flow = rows > 0 ? MORE_OUTPUT : DONE;
    return OK;
}

static void storage_close_local(const PhysicalNode *op, void *shared, void *rows_, OperatorProfile *profile) {
    StorageRows *rows = rows_;
    (void)op, (void)shared, (void)profile;
    batch_free(&rows->out);
    mem_free(rows->values);
    arena_free(&rows->arena);
}

static const SourceClass storage_source = {
    .name = "Function Scan",
    .local_size = sizeof(StorageRows),
    .open_local = storage_open_local,
    .next = storage_next,
    .close_local = storage_close_local,
};
const OperatorClass storage_function_operator = {.source = &storage_source};
