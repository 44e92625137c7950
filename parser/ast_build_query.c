/* Constructors of queries, their clauses and FROM. */
#include "parser/ast_build.h"

#include "parser/grammar.h"

#include <string.h>

/* ---------------------------------------------------------------------------------------------------------- queries */

static AstQuery *query_new(Parser *p, AstQueryKind kind, SourcePos pos, uint32_t children) {
    AstQuery *query;
    NEW_NODE(p, query);
    query->kind = kind;
    query->pos = pos;
    query->depth = ast_deepen(p, pos, children);
    return query;
}

static uint32_t select_depth(const AstSelect *select) {
    uint32_t depth = ast_max_depth(select->items.depth, ast_max_depth(select->from.depth, select->distinct_on.depth));
    depth = ast_max_depth(depth, ast_max_depth(ast_expr_depth(select->where), ast_expr_depth(select->having)));
    depth = ast_max_depth(depth, ast_max_depth(ast_expr_depth(select->qualify), select->windows.depth));
    return ast_max_depth(depth, select->group_by.depth);
}

AstQuery *ast_query_in_parens(AstQuery *query) {
    query->in_parens = true;
    return query;
}

AstQuery *ast_query_select(Parser *p, Token token, AstExpr *top, AstSelect select) {
    AstSelect *copy;
    copy = parser_node(p, sizeof *copy);
    *copy = select;
    copy->pos = token.pos;
    AstQuery *query = query_new(p, AST_QUERY_SELECT, token.pos, select_depth(&select));
    query->limit = top;
    query->select = copy;
    return query;
}

AstQuery *ast_query_values(Parser *p, Token token, AstRowList rows) {
    AstQuery *query = query_new(p, AST_QUERY_VALUES, token.pos, rows.depth);
    query->values = rows;
    return query;
}

/* SELECT * FROM `from` */
static AstQuery *query_star(Parser *p, SourcePos pos, AstFrom *from) {
    Token at = {.pos = pos};
    AstSelectItem *item = ast_select_item(p, ast_star(p, at, NULL, (AstIdentList){0}), NULL);
    AstSelect select = {.hints_pos = POS_NONE, .group_pos = POS_NONE};
    select.items = ast_select_item_append(p, select.items, item);
    select.from = ast_from_append(p, select.from, from);
    return ast_query_select(p, at, NULL, select);
}

AstQuery *ast_query_table(Parser *p, Token token, AstName *name) {
    return query_star(p, token.pos, ast_from_table(p, name, NULL, (AstAlias){0}));
}

static bool query_has_tail(const AstQuery *query) {
    return query->with != NULL || query->order_by.count > 0 || query->limit != NULL || query->offset != NULL;
}

AstQuery *ast_query_set_operation(Parser *p, Token token, AstSetOp op, bool is_all, AstQuery *left, AstQuery *right) {
    bool continues = p->status == OK && left->kind == AST_QUERY_SET_OPERATION && left->set.op == op &&
                     left->set.is_all == is_all && !query_has_tail(left);
    if (continues) {
        left->set.inputs = ast_query_append(p, left->set.inputs, right);
        left->depth = ast_deepen(p, token.pos, left->set.inputs.depth);
        return left;
    }
    AstQueryList inputs = ast_query_append(p, ast_query_append(p, (AstQueryList){0}, left), right);
    AstQuery *query = query_new(p, AST_QUERY_SET_OPERATION, token.pos, inputs.depth);
    query->set.op = op;
    query->set.is_all = is_all;
    query->set.inputs = inputs;
    return query;
}

AstQuery *ast_query_tail(Parser *p, AstWith *with, AstQuery *query, AstOrderList order_by, AstLimit limit) {
    if (p->status != OK) {
        return query;
    }
    /* TOP n stands inside the SELECT but applies after its ORDER BY and OFFSET. Anything else stood in parentheses: it is done
     * first. */
    bool is_top = !query->in_parens && query->limit != NULL;
    if (is_top && limit.limit != NULL) {
        parser_fail(p, limit.pos, SYNTAX_ERROR, "TOP and LIMIT stand in one query");
        return query;
    }
    if (query_has_tail(query) && !is_top) {
        AstIdent *name = parser_node(p, sizeof *name);
        *name = (AstIdent){.pos = query->pos, .text = "query"};
        query = query_star(p, query->pos, ast_from_query(p, query, false, (AstAlias){.name = name}));
    }
    query->with = with;
    query->order_by = order_by;
    query->limit = is_top ? query->limit : limit.limit;
    query->offset = limit.offset;
    query->with_ties = limit.with_ties;
    uint32_t depth = ast_max_depth(order_by.depth, with == NULL ? 0 : with->ctes.depth);
    depth = ast_max_depth(depth, ast_max_depth(ast_expr_depth(limit.limit), ast_expr_depth(limit.offset)));
    query->depth = ast_max_depth(query->depth, ast_deepen(p, query->pos, depth));
    return query;
}

AstExpr *ast_fetch_count(Parser *p, AstExpr *count) {
    return count != NULL ? count : ast_literal(p, AST_INTEGER, (Token){.pos = p->previous.pos, .text = "1"});
}

AstWith *ast_with(Parser *p, Token token, bool is_recursive, AstCteList ctes) {
    AstWith *with;
    NEW_NODE(p, with);
    *with = (AstWith){token.pos, is_recursive, ctes};
    return with;
}

AstCte *ast_cte(Parser *p, const AstIdent *name, AstIdentList columns, AstMaterialized materialized, AstQuery *query) {
    AstCte *cte;
    NEW_NODE(p, cte);
    *cte = (AstCte){name->pos, name->text, columns, materialized, query};
    return cte;
}

AstRow *ast_row(Parser *p, Token token, AstExprList values) {
    AstRow *row;
    NEW_NODE(p, row);
    *row = (AstRow){token.pos, values};
    return row;
}

AstSelectItem *ast_select_item(Parser *p, AstExpr *expr, const Token *alias) {
    AstSelectItem *item;
    NEW_NODE(p, item);
    *item = (AstSelectItem){expr->pos, expr, alias == NULL ? NULL : alias->text};
    return item;
}

AstGroupItem *ast_group_expr(Parser *p, AstExpr *expr) {
    AstGroupItem *item;
    NEW_NODE(p, item);
    *item = (AstGroupItem){.kind = AST_GROUP_EXPR, .pos = expr->pos, .expr = expr};
    return item;
}

AstGroupItem *ast_group_item(Parser *p, AstGroupKind kind, Token token, AstExprList exprs, AstGroupList sets) {
    AstGroupItem *item;
    NEW_NODE(p, item);
    *item = (AstGroupItem){.kind = kind, .pos = token.pos, .exprs = exprs, .sets = sets};
    (void)ast_deepen(p, token.pos, ast_group_depth(item));
    return item;
}

/* ------------------------------------------------------------------------------------------------------------- FROM */

static AstFrom *from_new(Parser *p, AstFromKind kind, SourcePos pos, uint32_t children) {
    AstFrom *from;
    NEW_NODE(p, from);
    from->kind = kind;
    from->pos = pos;
    from->alias_pos = POS_NONE;
    from->depth = ast_deepen(p, pos, children);
    return from;
}

AstFrom *ast_from_alias(Parser *p, AstFrom *from, AstAlias alias) {
    if (p->status == OK && alias.name != NULL) {
        from->alias = alias.name->text;
        from->alias_pos = alias.name->pos;
        from->alias_columns = alias.columns;
    }
    return from;
}

AstFrom *ast_from_table(Parser *p, AstName *name, AstExpr *version, AstAlias alias) {
    AstFrom *from = from_new(p, AST_FROM_TABLE, name->pos, ast_expr_depth(version));
    from->table.name = name;
    from->table.version = version;
    return ast_from_alias(p, from, alias);
}

AstFrom *ast_from_file(Parser *p, Token file, AstAlias alias) {
    AstFrom *from = from_new(p, AST_FROM_FILE, file.pos, 0);
    from->file = file.text;
    return ast_from_alias(p, from, alias);
}

AstFrom *ast_from_query(Parser *p, AstQuery *query, bool is_lateral, AstAlias alias) {
    AstFrom *from = from_new(p, AST_FROM_QUERY, query->pos, query->depth);
    from->query = query;
    from->is_lateral = is_lateral;
    return ast_from_alias(p, from, alias);
}

AstFrom *ast_from_function(Parser *p, AstExpr *call, bool with_ordinality, bool is_lateral, AstAlias alias) {
    AstFrom *from = from_new(p, AST_FROM_FUNCTION, call->pos, call->depth);
    from->function.call = call;
    from->function.with_ordinality = with_ordinality;
    from->is_lateral = is_lateral;
    return ast_from_alias(p, from, alias);
}

AstFrom *ast_join(Parser *p, Token token, AstJoinType type, AstFrom *left, AstFrom *right, AstJoinOn on) {
    uint32_t depth = ast_max_depth(ast_max_depth(left->depth, right->depth), ast_expr_depth(on.on));
    AstFrom *from = from_new(p, AST_FROM_JOIN, token.pos, depth);
    from->join.type = type;
    from->join.is_natural = on.is_natural;
    from->join.left = left;
    from->join.right = right;
    from->join.on = on.on;
    from->join.using = on.using;
    return from;
}
