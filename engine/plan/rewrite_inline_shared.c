/* Rewrite: a shared subplan that has a single reader is computed in the reader's place, where conditions can be pushed into it;
 * one that nobody reads goes. */
#include "plan/rewrite.h"

typedef struct Readers {
    const LogicalPlan *plan;
    uint32_t *counts;  /* by index; of trees that are reached from the root */
    uint32_t *renamed; /* by index: the index it gets, UINT32_MAX: it is no longer shared */
} Readers;

/* Does the tree read rows of a recursion's last round? Then it is computed in every round. */
static bool reads_rounds(const LogicalPlan *plan, const LogicalNode *node) {
    bool reads = node->kind == LOGICAL_WORKING_SCAN ||
                 (node->kind == LOGICAL_SHARED_SCAN && reads_rounds(plan, plan->shared[node->shared_scan.index].node));
    for (uint32_t i = 0; i < node->child_count && !reads; i++) {
        reads = reads_rounds(plan, node->children[i]);
    }
    return reads;
}

/* A reader in the recursive term of a recursion (`in_rounds`) reads in every round, and so counts as several. */
static void count_readers(Readers *readers, const LogicalNode *node, bool in_rounds) {
    if (node->kind == LOGICAL_SHARED_SCAN) {
        const LogicalNode *shared = readers->plan->shared[node->shared_scan.index].node;
        uint32_t *count = &readers->counts[node->shared_scan.index], before = *count;
        *count += in_rounds && !reads_rounds(readers->plan, shared) ? 2 : 1;
        if (before == 0) {
            count_readers(readers, shared, in_rounds);
        }
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        count_readers(readers, node->children[i], in_rounds || (node->kind == LOGICAL_RECURSION && i == 1));
    }
}

/* The subplan, its columns under the reader's ids. */
static Status put_in_place(const Context *cx, LogicalPlan *plan, LogicalNode *scan, LogicalNode **place) {
    LogicalNode *project = logical_new(cx, plan->arena, LOGICAL_PROJECT, scan->pos, 1, scan->column_count);
    if (project == NULL) {
        return OUT_OF_MEMORY;
    }
    project->children[0] = plan->shared[scan->shared_scan.index].node;
    TRY_NEW_ARRAY(cx, plan->arena, project->project.exprs, scan->column_count + 1);
    for (uint32_t i = 0; i < scan->column_count; i++) {
        const LogicalColumn *column = &plan->columns[scan->shared_scan.inputs[i]];
        project->columns[i] = scan->columns[i];
        project->project.exprs[i] = expr_column(cx, plan->arena, column->id, column->type, column->name, scan->pos);
        if (project->project.exprs[i] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    *place = project;
    return OK;
}

static Status replace_readers(const Context *cx, LogicalPlan *plan, const Readers *readers, LogicalNode **place) {
    LogicalNode *node = *place;
    if (node->kind == LOGICAL_SHARED_SCAN) {
        uint32_t renamed = readers->renamed[node->shared_scan.index];
        if (renamed != UINT32_MAX) {
            node->shared_scan.index = renamed;
            return OK;
        }
        TRY(put_in_place(cx, plan, node, place));
        node = *place;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(replace_readers(cx, plan, readers, &node->children[i]));
    }
    return OK;
}

Status rewrite_inline_shared(const Context *cx, LogicalPlan *plan) {
    Readers readers = {.plan = plan};
    if (plan->shared_count == 0) {
        return OK;
    }
    TRY_NEW_ARRAY(cx, plan->arena, readers.counts, plan->shared_count);
    TRY_NEW_ARRAY(cx, plan->arena, readers.renamed, plan->shared_count);
    count_readers(&readers, plan->root, false);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        bool is_kept = readers.counts[i] > 1 || (readers.counts[i] == 1 && plan->shared[i].is_fixed);
        readers.renamed[i] = is_kept ? kept++ : UINT32_MAX;
    }
    TRY(replace_readers(cx, plan, &readers, &plan->root));
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        if (readers.renamed[i] != UINT32_MAX) {
            TRY(replace_readers(cx, plan, &readers, &plan->shared[i].node));
        }
    }
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        if (readers.renamed[i] != UINT32_MAX) {
            plan->shared[readers.renamed[i]] = plan->shared[i];
        }
    }
    plan->shared_count = kept;
    return OK;
}
