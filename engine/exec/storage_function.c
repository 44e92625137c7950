/* Function Scan over what the storage holds: depot_check() and depot_blocks('file'). Both find few rows (a problem each, a
 * block each), so they are collected when the scan opens and handed on from there. */
#include "exec/row_list.h"
#include "storage/check.h"

static Status add_problem(const Context *cx, void *rows, const CheckProblem *problem) {
    Value values[] = {row_text(problem->file), row_number((uint64_t)problem->block), row_text(problem->problem)};
    if (problem->block < 0) {
        values[1] = value_null(values[1].type);
    }
    return row_list_add(cx, rows, values);
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
    Value values[] = {row_number(block->block),       row_number(block->first_row),  row_number(block->range.rows),
                      row_number(block->range.nulls), row_text(block->encoding),     row_text(block->codec),
                      row_number(block->bytes),       print(&block->range.min, min), print(&block->range.max, max)};
    return row_list_add(cx, rows, values);
}

/* A path of the process, or else one in the warehouse (as depot_check() names files). */
static Status inspect(const Context *cx, FileSystem *warehouse_files, const Value *path_value, RowList *rows) {
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
    RowList *rows = rows_;
    const TableFunctionSpec *spec = &op->table_function;
    FileSystem *files = warehouse_files(snapshot_warehouse(query_plan(task->query)->snapshot));
    (void)shared;
    TRY(row_list_open(&task->cx, rows, op));
    if (strcmp(spec->name, "depot_check") == 0) {
        return warehouse_check(&task->cx, files, add_problem, rows);
    }
    if (strcmp(spec->name, "depot_blocks") == 0) {
        return inspect(&task->cx, files, &spec->args[0], rows);
    }
    return fail(&task->cx, FEATURE_NOT_SUPPORTED, "table function %s() is not supported yet", spec->name);
}

static Status storage_next(Task *task, const PhysicalNode *op, void *shared, void *rows_, const Batch **out, Flow *flow) {
    (void)op, (void)shared;
    return row_list_next(&task->cx, rows_, out, flow);
}

static void storage_close_local(const PhysicalNode *op, void *shared, void *rows_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    row_list_close(rows_);
}

static const SourceClass storage_source = {
    .name = "Function Scan",
    .local_size = sizeof(RowList),
    .open_local = storage_open_local,
    .next = storage_next,
    .close_local = storage_close_local,
};
const OperatorClass storage_function_operator = {.source = &storage_source};
