/* The nodes of the logical plan: making and printing them. */
#include "plan/logical.h"

#include <stdarg.h>
#include <stdio.h>

Status plan_add_column(const Context *cx, LogicalPlan *plan, Type type, const char *name, bool can_be_null, ColumnId *id) {
    *id = plan->column_count;
    TRY_APPEND(cx, plan->arena, plan->columns, plan->column_capacity, plan->column_count,
               (LogicalColumn){.id = *id, .type = type, .name = name, .can_be_null = can_be_null});
    return OK;
}

Status plan_copy_column(const Context *cx, LogicalPlan *plan, ColumnId from, ColumnId *id) {
    const LogicalColumn column = plan->columns[from];
    TRY(plan_add_column(cx, plan, column.type, column.name, column.can_be_null, id));
    plan->columns[*id].table = column.table;
    plan->columns[*id].table_column = column.table_column;
    return OK;
}

Status plan_add_shared(const Context *cx, LogicalPlan *plan, LogicalNode *node, const char *name, uint32_t *index) {
    *index = plan->shared_count;
    TRY_APPEND(cx, plan->arena, plan->shared, plan->shared_capacity, plan->shared_count,
               (SharedSubplan){.node = node, .name = name});
    return OK;
}

Status logical_shared_scan(const Context *cx, LogicalPlan *plan, uint32_t index, SourcePos pos, LogicalNode **node) {
    const LogicalNode *shared = plan->shared[index].node;
    LogicalNode *scan = logical_new(cx, plan->arena, LOGICAL_SHARED_SCAN, pos, 0, shared->column_count);
    if (scan == NULL) {
        return OUT_OF_MEMORY;
    }
    scan->shared_scan.index = index;
    TRY_NEW_ARRAY(cx, plan->arena, scan->shared_scan.inputs, shared->column_count + 1);
    for (uint32_t i = 0; i < shared->column_count; i++) {
        scan->shared_scan.inputs[i] = shared->columns[i];
        TRY(plan_copy_column(cx, plan, shared->columns[i], &scan->columns[i]));
    }
    *node = scan;
    return OK;
}

void logical_note_shared(const LogicalNode *node, bool *is_read) {
    if (node->kind == LOGICAL_SHARED_SCAN) {
        is_read[node->shared_scan.index] = true;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        logical_note_shared(node->children[i], is_read);
    }
}

LogicalNode *logical_new(const Context *cx, Arena *arena, LogicalKind kind, SourcePos pos, uint32_t child_count,
                         uint32_t column_count) {
    LogicalNode *node = arena_alloc(cx, arena, sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->kind = kind;
    node->pos = pos;
    node->rows = -1;
    node->child_count = child_count;
    node->column_count = column_count;
    node->children = arena_alloc(cx, arena, sizeof *node->children * child_count);
    node->columns = arena_alloc(cx, arena, sizeof *node->columns * column_count);
    bool failed = node->children == NULL || node->columns == NULL;
    return failed ? NULL : node;
}

/* ---------------------------------------------------------------------------------------------------------------- printing */

typedef struct Printer {
    const Context *cx;
    Arena *arena;
    const LogicalPlan *plan;
    char *text;
    size_t bytes, capacity;
    bool failed; /* out of memory: what follows is dropped */
} Printer;

static void print_bytes(Printer *p, const char *data, size_t bytes) {
    if (p->bytes + bytes + 1 > p->capacity) {
        size_t capacity = (p->bytes + bytes + 1) * 2 + 256;
        char *text = p->failed ? NULL : arena_alloc(p->cx, p->arena, capacity);
        if (text == NULL) {
            p->failed = true;
            return;
        }
        if (p->bytes > 0) {
            memcpy(text, p->text, p->bytes);
        }
        p->text = text;
        p->capacity = capacity;
    }
    memcpy(p->text + p->bytes, data, bytes);
    p->bytes += bytes;
    p->text[p->bytes] = '\0';
}

static void print(Printer *p, const char *text) {
    print_bytes(p, text, strlen(text));
}

static void printf_short(Printer *p, const char *format, ...) FORMAT_LIKE_PRINTF(2, 3);
static void printf_short(Printer *p, const char *format, ...) {
    char buffer[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    print(p, buffer);
}

static void print_column(Printer *p, ColumnId id) {
    const char *name = p->plan->columns[id].name;
    print(p, name == NULL ? "?" : name);
    printf_short(p, "#%u", id);
}

static void print_columns(Printer *p, const LogicalNode *node) {
    print(p, " [");
    for (uint32_t i = 0; i < node->column_count; i++) {
        print(p, i == 0 ? "" : ", ");
        print_column(p, node->columns[i]);
    }
    print(p, "]");
}

static void print_expr(Printer *p, const Expr *expr) {
    const char *text = expr_print(p->cx, p->arena, expr);
    if (text == NULL) {
        p->failed = true;
        return;
    }
    print(p, text);
}

static void print_exprs(Printer *p, const char *title, Expr *const *exprs, uint32_t count) {
    if (count == 0) {
        return;
    }
    print(p, title);
    for (uint32_t i = 0; i < count; i++) {
        print(p, i == 0 ? "" : ", ");
        print_expr(p, exprs[i]);
    }
}

static void print_keys(Printer *p, const char *title, const SortKey *keys, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        print(p, i == 0 ? title : ", ");
        print_expr(p, keys[i].expr);
        print(p, keys[i].is_descending ? " desc" : "");
        if (keys[i].nulls_first != keys[i].is_descending) {
            print(p, keys[i].nulls_first ? " nulls first" : " nulls last");
        }
    }
}

static void print_get(Printer *p, const LogicalNode *node) {
    print(p, " ");
    print(p, node->get.table->schema->name);
    print_exprs(p, " where ", node->get.filters, node->get.filter_count);
}

static void print_join(Printer *p, const LogicalNode *node) {
    static const char *const kinds[] = {
        [JOIN_INNER] = "inner",   [JOIN_LEFT] = "left",     [JOIN_RIGHT] = "right",           [JOIN_FULL] = "full",
        [JOIN_SEMI] = "semi",     [JOIN_ANTI] = "anti",     [JOIN_ANTI_NULL] = "anti null",   [JOIN_MARK] = "mark",
        [JOIN_EXISTS] = "exists", [JOIN_SINGLE] = "single", [JOIN_RIGHT_SEMI] = "right semi", [JOIN_RIGHT_ANTI] = "right anti",
    };
    print(p, " ");
    print(p, kinds[node->join.kind]);
    if (node->join.condition != NULL) {
        print(p, " on ");
        print_expr(p, node->join.condition);
    }
}

static void print_aggregate(Printer *p, const LogicalNode *node) {
    print_exprs(p, " by ", node->aggregate.groups, node->aggregate.group_count);
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        print(p, i == 0 ? " calls " : ", ");
        print(p, node->aggregate.calls[i].text);
    }
}

static void print_window(Printer *p, const LogicalNode *node) {
    print_exprs(p, " by ", node->window.partitions, node->window.partition_count);
    print_keys(p, " order ", node->window.keys, node->window.key_count);
    for (uint32_t i = 0; i < node->window.call_count; i++) {
        print(p, i == 0 ? " calls " : ", ");
        print(p, node->window.calls[i].text);
    }
}

static void print_limit(Printer *p, const LogicalNode *node) {
    if (node->limit.limit >= 0) {
        printf_short(p, " %lld", (long long)node->limit.limit);
    }
    if (node->limit.offset > 0) {
        printf_short(p, " offset %lld", (long long)node->limit.offset);
    }
}

static void print_node(Printer *p, const LogicalNode *node, uint32_t depth) {
    static const char *const names[] = {
        [LOGICAL_GET] = "Get",
        [LOGICAL_VALUES] = "Values",
        [LOGICAL_TABLE_FUNCTION] = "TableFunction",
        [LOGICAL_FILTER] = "Filter",
        [LOGICAL_PROJECT] = "Project",
        [LOGICAL_JOIN] = "Join",
        [LOGICAL_AGGREGATE] = "Aggregate",
        [LOGICAL_EXPAND] = "Expand",
        [LOGICAL_WINDOW] = "Window",
        [LOGICAL_SORT] = "Sort",
        [LOGICAL_LIMIT] = "Limit",
        [LOGICAL_UNION] = "Union",
        [LOGICAL_SHARED_SCAN] = "SharedScan",
        [LOGICAL_RECURSION] = "Recursion",
        [LOGICAL_WORKING_SCAN] = "WorkingScan",
        [LOGICAL_INSERT] = "Insert",
        [LOGICAL_CHANGE] = "Change",
    };
    for (uint32_t i = 0; i < depth; i++) {
        print(p, "  ");
    }
    print(p, names[node->kind]);
    switch (node->kind) {
    case LOGICAL_GET: print_get(p, node); break;
    case LOGICAL_VALUES: printf_short(p, " rows %u", node->values.row_count); break;
    case LOGICAL_TABLE_FUNCTION:
        print(p, " ");
        print(p, node->table_function.name);
        print_exprs(p, " of ", node->table_function.args, node->table_function.arg_count);
        break;
    case LOGICAL_FILTER: print_exprs(p, " ", &node->filter.condition, 1); break;
    case LOGICAL_PROJECT: print_exprs(p, " ", node->project.exprs, node->column_count); break;
    case LOGICAL_JOIN: print_join(p, node); break;
    case LOGICAL_AGGREGATE: print_aggregate(p, node); break;
    case LOGICAL_EXPAND: printf_short(p, " sets %u", node->expand.set_count); break;
    case LOGICAL_WINDOW: print_window(p, node); break;
    case LOGICAL_SORT: print_keys(p, " ", node->sort.keys, node->sort.key_count); break;
    case LOGICAL_LIMIT: print_limit(p, node); break;
    case LOGICAL_UNION: break;
    case LOGICAL_RECURSION: printf_short(p, " %u", node->recursion.id); break;
    case LOGICAL_WORKING_SCAN: printf_short(p, " of %u", node->working_scan.recursion->recursion.id); break;
    case LOGICAL_SHARED_SCAN: printf_short(p, " of %u", node->shared_scan.index); break;
    case LOGICAL_INSERT:
        print(p, " into ");
        print(p, node->insert.table->schema->name);
        break;
    case LOGICAL_CHANGE:
        print(p, " of ");
        print(p, node->change.table->schema->name);
        break;
    }
    print_columns(p, node);
    print(p, "\n");
    for (uint32_t i = 0; i < node->child_count; i++) {
        print_node(p, node->children[i], depth + 1);
    }
}

char *logical_print(const Context *cx, Arena *arena, const LogicalPlan *plan) {
    Printer printer = {.cx = cx, .arena = arena, .plan = plan};
    print_node(&printer, plan->root, 0);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        printf_short(&printer, "Shared %u\n", i);
        print_node(&printer, plan->shared[i].node, 1);
    }
    return printer.failed ? NULL : printer.text;
}
