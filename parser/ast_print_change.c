/* DELETE, UPDATE, MERGE and TRUNCATE as SQL again. */
#include "parser/ast_print.h"

static void print_from_list(Printer *out, const char *word, const AstFromList *list) {
    for (uint32_t i = 0; i < list->count; i++) {
        sql_put(out, i == 0 ? word : ", ");
        sql_print_from(out, list->items[i]);
    }
}

static void print_assignments(Printer *out, const AstAssignmentList *list) {
    for (uint32_t i = 0; i < list->count; i++) {
        const AstAssignment *assignment = list->items[i];
        bool is_row = assignment->columns.count > 1 || assignment->query != NULL;
        sql_put(out, i == 0 ? " SET " : ", ");
        if (is_row) {
            sql_put_idents(out, &assignment->columns);
        } else {
            sql_put_ident(out, assignment->columns.items[0]->text);
        }
        sql_put(out, " = ");
        if (assignment->query != NULL) {
            sql_print_query_in_parens(out, assignment->query);
            continue;
        }
        sql_put(out, is_row ? "(" : "");
        sql_print_exprs(out, &assignment->values, 0);
        sql_put(out, is_row ? ")" : "");
    }
}

void sql_print_delete(Printer *out, const AstDelete *delete) {
    sql_print_with(out, delete->with);
    sql_put(out, "DELETE FROM ");
    sql_print_from(out, delete->target);
    print_from_list(out, " USING ", &delete->using);
    sql_print_condition(out, " WHERE ", delete->where);
}

void sql_print_update(Printer *out, const AstUpdate *update) {
    sql_print_with(out, update->with);
    sql_put(out, "UPDATE ");
    sql_print_from(out, update->target);
    print_assignments(out, &update->set);
    print_from_list(out, " FROM ", &update->from);
    sql_print_condition(out, " WHERE ", update->where);
}

static void print_merge_insert(Printer *out, const AstMergeClause *clause) {
    sql_put(out, " INSERT");
    if (clause->row == NULL) {
        sql_put(out, " DEFAULT VALUES");
        return;
    }
    sql_put_idents_if_any(out, &clause->columns);
    sql_put(out, " VALUES (");
    sql_print_exprs(out, &clause->row->values, 0);
    sql_put(out, ")");
}

void sql_print_merge(Printer *out, const AstMerge *merge) {
    sql_print_with(out, merge->with);
    sql_put(out, "MERGE INTO ");
    sql_print_from(out, merge->target);
    sql_put(out, " USING ");
    sql_print_from(out, merge->source);
    sql_print_condition(out, " ON ", merge->on);
    for (uint32_t i = 0; i < merge->clauses.count; i++) {
        const AstMergeClause *clause = merge->clauses.items[i];
        sql_put(out, clause->is_matched ? " WHEN MATCHED" : " WHEN NOT MATCHED");
        sql_print_condition(out, " AND ", clause->condition);
        sql_put(out, " THEN");
        switch (clause->action) {
        case AST_MERGE_NOTHING: sql_put(out, " DO NOTHING"); break;
        case AST_MERGE_DELETE: sql_put(out, " DELETE"); break;
        case AST_MERGE_UPDATE:
            sql_put(out, " UPDATE");
            print_assignments(out, &clause->set);
            break;
        case AST_MERGE_INSERT: print_merge_insert(out, clause); break;
        }
    }
}

void sql_print_truncate(Printer *out, const AstTruncate *truncate) {
    sql_put(out, "TRUNCATE TABLE ");
    for (uint32_t i = 0; i < truncate->names.count; i++) {
        sql_put(out, i == 0 ? "" : ", ");
        sql_put_name(out, truncate->names.items[i]);
    }
}
