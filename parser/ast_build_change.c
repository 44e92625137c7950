/* Constructors of DELETE, UPDATE, MERGE and TRUNCATE. */
#include "parser/ast_build.h"

AstFrom *ast_from_target(Parser *p, AstName *name, const AstIdent *alias) {
    AstFrom *from = ast_from_table(p, name, NULL, (AstAlias){.name = (AstIdent *)alias});
    from->table.is_target = true;
    return from;
}

AstDelete *ast_delete(Parser *p, AstFrom *target, AstFromList using, AstExpr *where) {
    AstDelete *delete;
    NEW_NODE(p, delete);
    *delete = (AstDelete){.target = target, .using = using, .where = where};
    return delete;
}

AstUpdate *ast_update(Parser *p, AstFrom *target, AstAssignmentList set, AstFromList from, AstExpr *where) {
    AstUpdate *update;
    NEW_NODE(p, update);
    *update = (AstUpdate){.target = target, .set = set, .from = from, .where = where};
    return update;
}

AstIdent *ast_assigned(Parser *p, const AstName *name) {
    AstIdent *column;
    NEW_NODE(p, column);
    *column = name->parts[0];
    if (name->count > 1) {
        parser_fail(p, name->pos, UNDEFINED_COLUMN, "column \"%s\" does not exist", name->parts[0].text);
        (void)fail_hint(p->cx, "SET names columns without their table");
    }
    return column;
}

static AstAssignment *assignment_new(Parser *p, AstIdentList columns) {
    AstAssignment *assignment;
    NEW_NODE(p, assignment);
    *assignment = (AstAssignment){.pos = columns.items[0]->pos, .columns = columns};
    return assignment;
}

AstAssignment *ast_assignment(Parser *p, AstIdent *column, AstExpr *value) {
    AstIdentList columns = ast_ident_append(p, (AstIdentList){0}, column);
    AstExprList values = ast_expr_append(p, (AstExprList){0}, value);
    AstAssignment *assignment = assignment_new(p, columns);
    assignment->values = values;
    return assignment;
}

AstAssignment *ast_assignment_row(Parser *p, AstIdentList columns, AstRow *row) {
    AstAssignment *assignment = assignment_new(p, columns);
    assignment->values = row->values;
    if (p->status == OK && row->values.count != columns.count) {
        parser_fail(p, row->pos, SYNTAX_ERROR, "number of columns does not match number of values");
    }
    return assignment;
}

AstAssignment *ast_assignment_query(Parser *p, AstIdentList columns, AstQuery *query) {
    AstAssignment *assignment = assignment_new(p, columns);
    assignment->query = query;
    return assignment;
}

AstMerge *ast_merge(Parser *p, AstFrom *target, AstFrom *source, AstExpr *on, AstMergeClauseList clauses) {
    AstMerge *merge;
    NEW_NODE(p, merge);
    *merge = (AstMerge){.target = target, .source = source, .on = on, .clauses = clauses};
    return merge;
}

AstMergeClause *ast_merge_clause(Parser *p, AstMergeAction action) {
    AstMergeClause *clause;
    NEW_NODE(p, clause);
    clause->action = action;
    return clause;
}

AstMergeClause *ast_merge_when(Parser *p, Token token, bool is_matched, AstExpr *condition, AstMergeClause *clause) {
    if (p->status == OK) {
        clause->pos = token.pos;
        clause->is_matched = is_matched;
        clause->condition = condition;
    }
    return clause;
}

AstTruncate *ast_truncate(Parser *p, AstNameList names, bool cascade) {
    AstTruncate *truncate;
    NEW_NODE(p, truncate);
    (void)cascade; /* foreign keys are declarations: nothing hangs on rows */
    truncate->names = names;
    return truncate;
}
