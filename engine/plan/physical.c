/* Lowering: an optimized logical plan becomes a tree of read-only operator specs. ColumnIds become slots, Projects are put in
 * only where an expression must be computed, exchanges where rows are on the wrong node (distribution.c). Scans, joins and
 * aggregation have files of their own. */
#include "plan/cost.h"
#include "plan/distribution.h"
#include "plan/hints.h"
#include "plan/moment_domain.h"
#include "plan/narrow.h"
#include "plan/tabulate.h"

/* ----------------------------------------------------------------------------------------------------------------- helpers */

Status lower_new(Lowering *low, PhysicalKind kind, uint32_t child_count, uint32_t column_count, Subplan *out) {
    memset(out, 0, sizeof *out);
    TRY_NEW(low->cx, low->arena, out->node);
    out->node->kind = kind;
    out->node->child_count = child_count;
    out->node->column_count = column_count;
    TRY_NEW_ARRAY(low->cx, low->arena, out->node->children, child_count + 1);
    TRY_NEW_ARRAY(low->cx, low->arena, out->node->columns, column_count + 1);
    TRY_NEW_ARRAY(low->cx, low->arena, out->layout, column_count + 1);
    return OK;
}

Status lower_over(Lowering *low, PhysicalKind kind, const Subplan *input, uint32_t added, Subplan *out) {
    Subplan in = *input; /* `out` may be `input` */
    TRY(lower_new(low, kind, 1, in.node->column_count + added, out));
    out->node->children[0] = in.node;
    out->node->on_leader = in.node->on_leader;
    out->node->rows = in.node->rows;
    memcpy(out->node->columns, in.node->columns, in.node->column_count * sizeof *in.node->columns);
    memcpy(out->layout, in.layout, in.node->column_count * sizeof *in.layout);
    out->placement = in.placement;
    return OK;
}

void lower_finish(Lowering *low, Subplan *subplan) {
    PhysicalNode *node = subplan->node;
    uint32_t width = 0;
    for (uint32_t i = 0; i < node->column_count; i++) {
        ColumnId id = subplan->layout[i];
        width += id < low->logical->column_count ? column_width(&low->logical->columns[id]) : type_width(node->columns[i].type);
    }
    node->width = width;
    cost_node(node);
}

uint32_t subplan_find(const Subplan *subplan, ColumnId id) {
    for (uint32_t i = 0; i < subplan->node->column_count; i++) {
        if (subplan->layout[i] == id) {
            return i;
        }
    }
    return UINT32_MAX;
}

Status subplan_slot(Lowering *low, const Subplan *subplan, ColumnId id, uint32_t *slot) {
    *slot = subplan_find(subplan, id);
    if (*slot != UINT32_MAX) {
        return OK;
    }
    const char *name = id < low->logical->column_count ? low->logical->columns[id].name : NULL;
    return fail(low->cx, INTERNAL_ERROR, "column %s (%u) is not in the input of its operator", name == NULL ? "?" : name, id);
}

void lower_column(Lowering *low, Subplan *subplan, uint32_t slot, ColumnId id) {
    const LogicalColumn *column = &low->logical->columns[id];
    subplan->layout[slot] = id;
    subplan->node->columns[slot] =
        (PhysicalColumn){.type = column->type, .name = column->name, .domain = {.can_be_null = column->can_be_null}};
}

typedef struct SlotLookup {
    const Subplan *first, *second;
    ColumnId missing;
} SlotLookup;

static Expr *column_to_slot(const Context *cx, Arena *arena, const Expr *node, void *argument) {
    SlotLookup *lookup = argument;
    if (node->kind != EXPR_COLUMN) {
        return NULL;
    }
    uint32_t slot = subplan_find(lookup->first, node->column);
    if (slot == UINT32_MAX && lookup->second != NULL) {
        slot = subplan_find(lookup->second, node->column);
        slot = slot == UINT32_MAX ? slot : slot + lookup->first->node->column_count;
    }
    if (slot == UINT32_MAX) {
        lookup->missing = node->column;
        slot = 0;
    }
    Expr *expr = expr_slot(cx, arena, slot, node->type, node->name);
    if (expr != NULL) {
        expr->pos = node->pos;
    }
    return expr;
}

Status lower_expr(Lowering *low, const Subplan *first, const Subplan *second, const Expr *expr, Expr **out) {
    SlotLookup lookup = {first, second, UINT32_MAX};
    *out = expr_transform(low->cx, low->arena, expr, column_to_slot, &lookup);
    if (*out == NULL) {
        return OUT_OF_MEMORY;
    }
    uint32_t slot;
    return lookup.missing == UINT32_MAX ? OK : subplan_slot(low, first, lookup.missing, &slot);
}

Status lower_pass(Lowering *low, const Subplan *input, uint32_t from, Subplan *out, uint32_t i) {
    const PhysicalColumn *column = &input->node->columns[from];
    out->node->columns[i] = *column;
    out->layout[i] = input->layout[from];
    out->node->project.exprs[i] = expr_slot(low->cx, low->arena, from, column->type, column->name);
    return out->node->project.exprs[i] == NULL ? OUT_OF_MEMORY : OK;
}

static Status project_compute(Lowering *low, const Subplan *input, const Expr *expr, Subplan *out, uint32_t i) {
    const Expr *column = expr_widened_column(expr);
    const char *name = column != NULL ? column->name : expr_print(low->cx, low->arena, expr);
    if (name == NULL && column == NULL) {
        return OUT_OF_MEMORY;
    }
    out->node->columns[i] = (PhysicalColumn){.type = expr->type, .name = name};
    TRY(lower_computed(low, input, &out->node->columns[i], &expr));
    TRY(lower_expr(low, input, NULL, expr, &out->node->project.exprs[i]));
    out->layout[i] = low->next_column++;
    return OK;
}

/* The columns of `input` that a Project below an operator passes on, as flags. */
static Status columns_to_keep(Lowering *low, const Subplan *input, Expr *const *exprs, uint32_t count, bool keep_all,
                              bool *keep) {
    for (uint32_t i = 0; i < input->node->column_count; i++) {
        keep[i] = keep_all;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (expr_is_column(exprs[i])) {
            uint32_t slot;
            TRY(subplan_slot(low, input, exprs[i]->column, &slot));
            keep[slot] = true;
        }
    }
    return OK;
}

static uint32_t find_equal(Expr *const *exprs, uint32_t count, const Expr *expr) {
    for (uint32_t i = 0; i < count; i++) {
        if (expr_equal(exprs[i], expr)) {
            return i;
        }
    }
    return count;
}

Status lower_exprs(Lowering *low, Subplan *input, Expr *const *exprs, uint32_t count, bool keep_all, uint32_t *slots) {
    uint32_t computed = 0;
    for (uint32_t i = 0; i < count; i++) {
        computed += !expr_is_column(exprs[i]);
    }
    if (computed == 0) {
        for (uint32_t i = 0; i < count; i++) {
            TRY(subplan_slot(low, input, exprs[i]->column, &slots[i]));
        }
        return OK;
    }
    bool *keep;
    uint32_t *moved; /* slot in the Project of each input slot */
    TRY_NEW_ARRAY(low->cx, low->arena, keep, input->node->column_count + 1);
    TRY_NEW_ARRAY(low->cx, low->arena, moved, input->node->column_count + 1);
    TRY(columns_to_keep(low, input, exprs, count, keep_all, keep));
    Subplan project;
    TRY(lower_over(low, PHYSICAL_PROJECT, input, computed, &project));
    TRY_NEW_ARRAY(low->cx, low->arena, project.node->project.exprs, project.node->column_count);
    uint32_t next = 0;
    for (uint32_t i = 0; i < input->node->column_count; i++) {
        if (keep[i]) {
            moved[i] = next;
            TRY(lower_pass(low, input, i, &project, next++));
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t same = find_equal(exprs, i, exprs[i]);
        if (expr_is_column(exprs[i])) {
            slots[i] = moved[subplan_find(input, exprs[i]->column)];
        } else if (same < i && !expr_is_volatile(exprs[i])) {
            slots[i] = slots[same];
        } else {
            slots[i] = next;
            TRY(project_compute(low, input, exprs[i], &project, next++));
        }
    }
    project.node->column_count = next;
    lower_finish(low, &project);
    *input = project;
    return OK;
}

Status lower_sort_keys(Lowering *low, const Subplan *input, const SortKey *keys, uint32_t count, const SortSlot **out) {
    SortSlot *slots;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        TRY(subplan_slot(low, input, keys[i].expr->column, &slots[i].slot));
        slots[i].is_descending = keys[i].is_descending;
        slots[i].nulls_first = keys[i].nulls_first;
    }
    *out = slots;
    return OK;
}

Status lower_leader_source(Lowering *low, const LogicalNode *node, Subplan *out) {
    for (uint32_t i = 0; i < node->column_count; i++) {
        lower_column(low, out, i, node->columns[i]);
    }
    out->node->rows = node->rows;
    out->node->on_leader = moves_rows(low);
    out->placement.kind = PLACED_LEADER;
    lower_finish(low, out);
    return OK;
}

Status lower_call_exprs(Lowering *low, Expr *const *args, uint32_t count, Expr *filter, ExprList *exprs) {
    for (uint32_t i = 0; i < count; i++) {
        TRY(expr_list_add(low->cx, low->arena, exprs, args[i]));
    }
    return filter != NULL ? expr_list_add(low->cx, low->arena, exprs, filter) : OK;
}

/* --------------------------------------------------------------------------------------------------------- simple operators */

Status lower_filter(Lowering *low, const Subplan *input, const Expr *condition, double rows, Subplan *out) {
    Subplan in = *input;
    TRY(lower_over(low, PHYSICAL_FILTER, &in, 0, out));
    TRY(narrow_comparisons(low, &in, condition, &condition));
    TRY(lower_expr(low, &in, NULL, condition, &out->node->filter.condition));
    out->node->rows = rows;
    lower_finish(low, out);
    return OK;
}

static Status lower_filter_node(Lowering *low, const LogicalNode *node, Subplan *out) {
    Subplan input;
    TRY(lower_node(low, node->children[0], &input));
    return lower_filter(low, &input, node->filter.condition, node->rows, out);
}

static Status lower_project(Lowering *low, const LogicalNode *node, Subplan *out) {
    Subplan input;
    TRY(lower_node(low, node->children[0], &input));
    uint32_t count = node->column_count;
    bool is_identity = count == input.node->column_count;
    for (uint32_t i = 0; i < count && is_identity; i++) {
        is_identity = expr_is_column(node->project.exprs[i]) && input.layout[i] == node->project.exprs[i]->column;
    }
    Placement placement;
    TRY(placement_project(low, &input.placement, node->columns, node->project.exprs, count, &placement));
    if (is_identity) { /* only names change */
        *out = input;
        out->layout = node->columns;
        out->placement = placement;
        return OK;
    }
    TRY(lower_new(low, PHYSICAL_PROJECT, 1, count, out));
    out->node->children[0] = input.node;
    out->node->on_leader = input.node->on_leader;
    out->node->rows = input.node->rows;
    out->placement = placement;
    TRY_NEW_ARRAY(low->cx, low->arena, out->node->project.exprs, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        lower_column(low, out, i, node->columns[i]);
        const Expr *expr = node->project.exprs[i];
        TRY(lower_computed(low, &input, &out->node->columns[i], &expr));
        TRY(lower_expr(low, &input, NULL, expr, &out->node->project.exprs[i]));
    }
    lower_finish(low, out);
    return OK;
}

static Status lower_values(Lowering *low, const LogicalNode *node, Subplan *out) {
    TRY(lower_new(low, PHYSICAL_VALUES, 0, node->column_count, out));
    bool is_volatile = false;
    for (uint32_t c = 0; c < node->column_count; c++) {
        lower_column(low, out, c, node->columns[c]);
        for (uint32_t r = 0; r < node->values.row_count; r++) {
            is_volatile |= expr_is_volatile(node->values.rows[r][c]);
        }
    }
    out->node->values = (ValuesSpec){node->values.row_count, node->values.rows};
    out->node->rows = node->values.row_count;
    out->node->on_leader = is_volatile && moves_rows(low);
    out->placement.kind = is_volatile ? PLACED_LEADER : PLACED_REPLICATED;
    lower_finish(low, out);
    return OK;
}

static Status lower_function_join(Lowering *low, const LogicalNode *node, Subplan *out) {
    Subplan input;
    uint32_t *slots, count = node->table_function.arg_count;
    TRY(lower_node(low, node->children[0], &input));
    TRY_NEW_ARRAY(low->cx, low->arena, slots, count + 1);
    TRY(lower_exprs(low, &input, node->table_function.args, count, true, slots));
    uint32_t own = input.node->column_count;
    TRY(lower_over(low, PHYSICAL_FUNCTION_JOIN, &input, 1, out));
    out->node->function_join = (FunctionJoinSpec){node->table_function.name, count, slots};
    lower_column(low, out, own, node->columns[node->column_count - 1]);
    out->node->rows = node->rows;
    lower_finish(low, out);
    return OK;
}

static Status lower_table_function(Lowering *low, const LogicalNode *node, Subplan *out) {
    if (node->child_count > 0) {
        return lower_function_join(low, node, out);
    }
    TRY(lower_new(low, PHYSICAL_TABLE_FUNCTION, 0, node->column_count, out));
    TableFunctionSpec *spec = &out->node->table_function;
    spec->name = node->table_function.name;
    spec->system = node->table_function.system;
    spec->file = node->table_function.file;
    spec->file_fields = node->table_function.file_fields;
    spec->arg_count = node->table_function.arg_count;
    TRY_NEW_ARRAY(low->cx, low->arena, spec->args, spec->arg_count + 1);
    for (uint32_t i = 0; i < spec->arg_count; i++) {
        TRY(expr_eval_constant(low->cx, low->arena, node->table_function.args[i], &spec->args[i]));
    }
    return lower_leader_source(low, node, out);
}

/* ----------------------------------------------------------------------------------------------------------- order and limit
 */

/* Sorts on each node and merges on the leader. `limit` -1: keeps all rows. */
static Status lower_sort(Lowering *low, const LogicalNode *node, int64_t limit, Subplan *out) {
    Subplan input;
    TRY(lower_node(low, node->children[0], &input));
    if (input.placement.kind == PLACED_REPLICATED) {
        TRY(exchange_to_leader(low, &input));
    }
    TRY(lower_over(low, PHYSICAL_SORT, &input, 0, out));
    SortSpec *spec = &out->node->sort;
    TRY(lower_sort_keys(low, &input, node->sort.keys, node->sort.key_count, &spec->keys));
    spec->key_count = node->sort.key_count;
    spec->limit = limit;
    if (limit >= 0 && out->node->rows > (double)limit) {
        out->node->rows = (double)limit;
    }
    if (limit >= 0) {
        lower_top_filter(low, out->node);
    }
    lower_finish(low, out);
    return exchange_to_leader(low, out);
}

static int64_t rows_wanted(const LogicalNode *limit) {
    int64_t rows;
    return limit->limit.limit < 0 || limit->limit.tie_key_count > 0 ||
                   __builtin_add_overflow(limit->limit.limit, limit->limit.offset, &rows)
               ? -1
               : rows;
}

static Status add_limit(Lowering *low, Subplan *subplan, int64_t limit, int64_t offset) {
    Subplan out;
    TRY(lower_over(low, PHYSICAL_LIMIT, subplan, 0, &out));
    out.node->limit = (LimitSpec){.limit = limit, .offset = offset};
    double left = out.node->rows - (double)offset;
    left = left < 0 ? 0 : left;
    out.node->rows = limit >= 0 && left > (double)limit ? (double)limit : left;
    lower_finish(low, &out);
    *subplan = out;
    return OK;
}

/* The Sort below a Limit, looking through Projects. */
static bool is_sorted_below(const LogicalNode *node) {
    while (node->kind == LOGICAL_PROJECT) {
        node = node->children[0];
    }
    return node->kind == LOGICAL_SORT;
}

/* A Limit's child: a Sort keeps only the rows wanted, also below Projects. */
static Status lower_limited(Lowering *low, const LogicalNode *node, int64_t rows, Subplan *out) {
    if (node->kind == LOGICAL_SORT) {
        return lower_sort(low, node, rows, out);
    }
    if (node->kind != LOGICAL_PROJECT || !is_sorted_below(node)) {
        return lower_node(low, node, out);
    }
    Subplan input;
    TRY(lower_limited(low, node->children[0], rows, &input));
    uint32_t *slots;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, node->column_count + 1);
    TRY(lower_exprs(low, &input, node->project.exprs, node->column_count, true, slots));
    TRY(lower_new(low, PHYSICAL_PROJECT, 1, node->column_count, out));
    out->node->children[0] = input.node;
    out->node->on_leader = input.node->on_leader;
    out->node->rows = input.node->rows;
    out->placement = input.placement;
    TRY_NEW_ARRAY(low->cx, low->arena, out->node->project.exprs, node->column_count + 1);
    for (uint32_t i = 0; i < node->column_count; i++) {
        TRY(lower_pass(low, &input, slots[i], out, i));
        out->layout[i] = node->columns[i];
        out->node->columns[i].name = low->logical->columns[node->columns[i]].name;
    }
    lower_finish(low, out);
    return OK;
}

static Status lower_limit(Lowering *low, const LogicalNode *node, Subplan *out) {
    int64_t rows = rows_wanted(node);
    TRY(lower_limited(low, node->children[0], rows, out));
    if (out->placement.kind != PLACED_LEADER) {
        if (moves_rows(low) && rows >= 0 && out->placement.kind != PLACED_REPLICATED) {
            TRY(add_limit(low, out, rows, 0)); /* no node need send more */
        }
        TRY(exchange_to_leader(low, out));
    }
    TRY(add_limit(low, out, node->limit.limit, node->limit.offset));
    uint32_t *slots;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, node->limit.tie_key_count + 1);
    for (uint32_t i = 0; i < node->limit.tie_key_count; i++) {
        TRY(subplan_slot(low, out, node->limit.tie_keys[i].expr->column, &slots[i]));
    }
    out->node->limit.tie_slot_count = node->limit.tie_key_count;
    out->node->limit.tie_slots = slots;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ union, insert */

Status lower_columns(Lowering *low, const LogicalNode *node, const ColumnId *ids, uint32_t count, Subplan *out) {
    Subplan input;
    TRY(lower_node(low, node, &input));
    bool is_identity = input.node->column_count == count;
    for (uint32_t i = 0; i < count && is_identity; i++) {
        is_identity = input.layout[i] == ids[i];
    }
    if (is_identity) {
        *out = input;
        return OK;
    }
    TRY(lower_new(low, PHYSICAL_PROJECT, 1, count, out));
    out->node->children[0] = input.node;
    out->node->on_leader = input.node->on_leader;
    out->node->rows = input.node->rows;
    out->placement = input.placement;
    TRY_NEW_ARRAY(low->cx, low->arena, out->node->project.exprs, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot;
        TRY(subplan_slot(low, &input, ids[i], &slot));
        TRY(lower_pass(low, &input, slot, out, i));
    }
    lower_finish(low, out);
    return OK;
}

/* Rows stay where they are if every input is spread over the nodes; else all inputs go to the leader. */
static Status lower_union(Lowering *low, const LogicalNode *node, Subplan *out) {
    Subplan *inputs;
    TRY_NEW_ARRAY(low->cx, low->arena, inputs, node->child_count + 1);
    bool all_spread = true, all_replicated = true;
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(lower_columns(low, node->children[i], node->set_union.inputs[i], node->column_count, &inputs[i]));
        PlacementKind kind = inputs[i].placement.kind;
        all_spread &= kind == PLACED_HASHED || kind == PLACED_RANDOM;
        all_replicated &= kind == PLACED_REPLICATED;
    }
    TRY(lower_new(low, PHYSICAL_UNION, node->child_count, node->column_count, out));
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (!all_spread && !all_replicated && moves_rows(low)) {
            TRY(exchange_to_leader(low, &inputs[i]));
        }
        out->node->children[i] = inputs[i].node;
        out->node->rows += inputs[i].node->rows;
    }
    for (uint32_t c = 0; c < node->column_count; c++) {
        lower_column(low, out, c, node->columns[c]);
        ColumnDomain domain = inputs[0].node->columns[c].domain;
        for (uint32_t i = 1; i < node->child_count; i++) {
            column_domain_unite(&domain, &inputs[i].node->columns[c].domain);
        }
        out->node->columns[c].domain = domain;
    }
    out->placement.kind = all_spread ? PLACED_RANDOM : all_replicated ? PLACED_REPLICATED : PLACED_LEADER;
    out->node->on_leader = inputs[0].node->on_leader;
    lower_finish(low, out);
    return OK;
}

static Status lower_write(Lowering *low, const LogicalNode *node, Subplan *out) {
    Subplan input;
    TRY(lower_node(low, node->children[0], &input));
    TRY(exchange_to_leader(low, &input));
    TRY(lower_new(low, node->kind == LOGICAL_INSERT ? PHYSICAL_INSERT : PHYSICAL_CHANGE, 1, 0, out));
    out->node->children[0] = input.node;
    out->node->on_leader = input.node->on_leader;
    out->node->rows = input.node->rows;
    if (node->kind == LOGICAL_INSERT) {
        out->node->insert.table = node->insert.table;
    } else {
        out->node->change = (ChangeSpec){node->change.kind, node->change.table};
    }
    out->placement.kind = PLACED_LEADER;
    lower_finish(low, out);
    return OK;
}

Status lower_node(Lowering *low, const LogicalNode *node, Subplan *out) {
    switch (node->kind) {
    case LOGICAL_GET: return lower_get(low, node, out);
    case LOGICAL_VALUES: return lower_values(low, node, out);
    case LOGICAL_TABLE_FUNCTION: return lower_table_function(low, node, out);
    case LOGICAL_FILTER: return lower_filter_node(low, node, out);
    case LOGICAL_PROJECT: return lower_project(low, node, out);
    case LOGICAL_JOIN: return lower_join(low, node, out);
    case LOGICAL_AGGREGATE: return lower_aggregate(low, node, out);
    case LOGICAL_EXPAND: return lower_expand(low, node, out);
    case LOGICAL_WINDOW: return lower_window(low, node, out);
    case LOGICAL_SORT: return lower_sort(low, node, -1, out);
    case LOGICAL_LIMIT: return lower_limit(low, node, out);
    case LOGICAL_UNION: return lower_union(low, node, out);
    case LOGICAL_SHARED_SCAN: return lower_shared_scan(low, node, out);
    case LOGICAL_RECURSION: return lower_recursion(low, node, out);
    case LOGICAL_WORKING_SCAN: return lower_working_scan(low, node, out);
    case LOGICAL_CHANGE:
    case LOGICAL_INSERT: return lower_write(low, node, out);
    }
    return fail(low->cx, INTERNAL_ERROR, "logical node kind %d cannot be lowered", (int)node->kind);
}

/* ------------------------------------------------------------------------------------------------------------------ the plan
 */

static bool reads_tables(const PhysicalNode *node) {
    bool reads = node->kind == PHYSICAL_SCAN || (node->kind == PHYSICAL_SHARED_SCAN && reads_tables(node->shared_scan.shared));
    for (uint32_t i = 0; i < node->child_count && !reads; i++) {
        reads = reads_tables(node->children[i]);
    }
    return reads;
}

/* One node: the only exchange is the way to the leader, just above the last Sort or below the last Limit, if there is one. */
static Status gather_at_top(Lowering *low, Subplan *root) {
    if (!reads_tables(root->node)) {
        run_on_leader(root->node);
        return OK;
    }
    PhysicalNode **place = &root->node;
    for (PhysicalNode **at = place;
         (*at)->kind == PHYSICAL_LIMIT || (*at)->kind == PHYSICAL_PROJECT || physical_writes((*at)->kind);
         at = &(*at)->children[0]) {
        PhysicalKind below = (*at)->children[0]->kind;
        if ((*at)->kind != PHYSICAL_PROJECT || below == PHYSICAL_SORT) {
            place = &(*at)->children[0];
        }
    }
    for (PhysicalNode *node = root->node; node != *place; node = node->children[0]) {
        node->on_leader = true;
    }
    return exchange_gather(low, place);
}

/* Operator ids in the order that EXPLAIN prints. */
static void number_nodes(PhysicalNode *node, uint32_t *next) {
    node->id = (*next)++;
    for (uint32_t i = 0; i < node->child_count; i++) {
        number_nodes(node->children[i], next);
    }
}

/* Brings the root into the order of the result's columns. */
static Status lower_outputs(Lowering *low, Subplan *root) {
    const LogicalPlan *logical = low->logical;
    bool is_identity = root->node->column_count == logical->output_count;
    for (uint32_t i = 0; i < logical->output_count && is_identity; i++) {
        is_identity = root->layout[i] == logical->outputs[i];
    }
    if (is_identity || physical_writes(root->node->kind)) {
        return OK;
    }
    Subplan out;
    TRY(lower_new(low, PHYSICAL_PROJECT, 1, logical->output_count, &out));
    out.node->children[0] = root->node;
    out.node->on_leader = root->node->on_leader;
    out.node->rows = root->node->rows;
    out.placement = root->placement;
    TRY_NEW_ARRAY(low->cx, low->arena, out.node->project.exprs, logical->output_count + 1);
    for (uint32_t i = 0; i < logical->output_count; i++) {
        uint32_t slot;
        TRY(subplan_slot(low, root, logical->outputs[i], &slot));
        TRY(lower_pass(low, root, slot, &out, i));
    }
    lower_finish(low, &out);
    *root = out;
    return OK;
}

/* What EXPLAIN says of the plan as a whole. */
static Status add_notes(Lowering *low) {
    const Hint *hint = low->logical->hints;
    PhysicalPlan *plan = low->plan;
    const char **unfollowed, *text;
    uint32_t hints = 0;
    for (const Hint *each = hint; each != NULL; each = each->next) {
        hints++;
    }
    TRY_NEW_ARRAY(low->cx, low->arena, unfollowed, hints + 1);
    plan->unfollowed = unfollowed;
    while (hint != NULL) {
        TRY(hints_unfollowed(low->cx, low->arena, &hint, &text));
        if (text != NULL) {
            unfollowed[plan->unfollowed_count++] = text;
        }
    }
    const WhatIf *what_if = low->logical->what_if;
    return what_if == NULL ? OK : what_if_text(low->cx, low->arena, what_if, &plan->supposed);
}

Status plan_physical(const Context *cx, const LogicalPlan *logical, Topology topology, PhysicalPlan **out) {
    PhysicalPlan *plan;
    TRY_NEW(cx, logical->arena, plan);
    *plan = (PhysicalPlan){.arena = logical->arena, .snapshot = logical->snapshot, .topology = topology};
    plan->output_names = logical->output_names;
    plan->eliminated = logical->eliminated;
    Lowering low = {.cx = cx, .arena = logical->arena, .logical = logical, .plan = plan, .next_column = logical->column_count};
    TRY_NEW_ARRAY(cx, low.arena, low.shared, logical->shared_count + 1);
    TRY_NEW_ARRAY(cx, low.arena, low.shared_copies, logical->shared_count + 1);
    Subplan root;
    TRY(lower_node(&low, logical->root, &root));
    TRY(lower_outputs(&low, &root));
    TRY(moves_rows(&low) ? exchange_to_leader(&low, &root) : gather_at_top(&low, &root));
    plan->root = root.node;
    TRY(lower_shared_copies(&low));
    number_nodes(plan->root, &plan->operator_count);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        number_nodes(plan->shared[i], &plan->operator_count);
    }
    TRY(recursion_plans_finish(&low));
    TRY(add_notes(&low));
    *out = plan;
    return OK;
}
