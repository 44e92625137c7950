/* WITH RECURSIVE: x AS (first term UNION [ALL] recursive term, which reads x once). PostgreSQL's rules: the first term alone
 * says the columns' types, and x is not read where later rows could take back earlier ones. */
#include "bind/binder.h"

Status bind_cte_query(const Context *cx, Binder *binder, Cte *cte, BoundQuery *query) {
    const char *bar = binder->recursion_bar;
    cte->around = binder->cte;
    cte->is_binding = true;
    binder->cte = cte;
    binder->recursion_bar = NULL;
    Status status = bind_query_body(cx, binder, cte->sight, cte->outer, cte->ast->query, query);
    binder->cte = cte->around;
    binder->recursion_bar = bar;
    cte->is_binding = false;
    return status;
}

bool is_recursive_union(const Binder *binder, const AstQuery *ast) {
    const Cte *cte = binder->cte;
    return cte != NULL && cte->with->is_recursive && cte->ast->query == ast && ast->set.op == AST_UNION;
}

/* --------------------------------------------------------------------------------------------------------- the reference */

/* Another query of the same WITH stands between the name and its use. */
static bool is_mutual(const Binder *binder, const Cte *cte) {
    for (const Cte *inner = binder->cte; inner != cte && inner != NULL; inner = inner->around) {
        if (inner->with == cte->with) {
            return true;
        }
    }
    return false;
}

/* Is the place inside of an expression's subquery? `outer`: the scope around the FROM clause. */
static bool is_in_subquery(const Scope *outer, const Cte *cte) {
    while (outer != NULL && outer != cte->outer) {
        if (!outer->is_sibling) {
            return true;
        }
        outer = outer->outer;
    }
    return false;
}

static Status check_reference(const Context *cx, const Binder *binder, SourcePos pos, const Cte *cte, const Scope *outer) {
    const char *name = cte->ast->name, *bar = binder->recursion_bar;
    const AstQuery *query = cte->ast->query;
    if (is_mutual(binder, cte)) {
        return fail_at(cx, cte->ast->pos, FEATURE_NOT_SUPPORTED, "mutual recursion between WITH items is not implemented");
    }
    if (query->kind != AST_QUERY_SET_OPERATION || query->set.op != AST_UNION) {
        return fail_at(cx, cte->ast->pos, INVALID_RECURSION,
                       "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", name);
    }
    if (cte->recursion == NULL) {
        bar = "its non-recursive term";
    } else if (is_in_subquery(outer, cte)) {
        bar = "a subquery";
    }
    if (bar != NULL) {
        return fail_at(cx, pos, INVALID_RECURSION, "recursive reference to query \"%s\" must not appear within %s", name, bar);
    }
    return cte->references == 0 ? OK
                                : fail_at(cx, pos, INVALID_RECURSION,
                                          "recursive reference to query \"%s\" must not appear more than once", name);
}

Status bind_working_scan(const Context *cx, Binder *binder, const AstFrom *ast, Cte *cte, const Scope *outer,
                         LogicalNode **node) {
    TRY(check_reference(cx, binder, ast->pos, cte, outer));
    cte->references++;
    *node = logical_new(cx, binder->arena, LOGICAL_WORKING_SCAN, ast->pos, 0, cte->column_count);
    TRY_POINTER(*node);
    (*node)->working_scan.recursion = cte->recursion;
    for (uint32_t i = 0; i < cte->column_count; i++) {
        const char *name = arena_format(cx, binder->arena, "%s.%s", cte->ast->name, cte->names[i]);
        TRY_POINTER(name);
        TRY(plan_add_column(cx, binder->plan, cte->types[i], name, true, &(*node)->columns[i]));
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- the union */

static Status check_tail(const Context *cx, const AstQuery *ast) {
    const char *what = ast->order_by.count > 0 ? "ORDER BY"
                       : ast->offset != NULL   ? "OFFSET"
                       : ast->limit != NULL    ? "LIMIT"
                                               : NULL;
    SourcePos pos = ast->order_by.count > 0 ? ast->order_by.items[0]->pos
                    : ast->offset != NULL   ? ast->offset->pos
                    : ast->limit != NULL    ? ast->limit->pos
                                            : ast->pos;
    return what == NULL ? OK : fail_at(cx, pos, FEATURE_NOT_SUPPORTED, "%s in a recursive query is not implemented", what);
}

/* Column c of a bound term as an expression. */
static Status term_column(const Context *cx, Binder *binder, const BoundQuery *term, uint32_t c, Expr **out) {
    *out = term->literals[c] != NULL ? term->literals[c] : make_column(cx, binder, term->node->columns[c], term->positions[c]);
    TRY_POINTER(*out);
    return OK;
}

/* The type of column c over both terms: the first term's, or the statement is wrong. A DECIMAL has no fixed digits while it is
 * computed: it gets room for the digits that the recursive term adds, *grows tells. */
static Status settle_type(const Context *cx, Binder *binder, Cte *cte, const BoundQuery *first, const BoundQuery *term,
                          uint32_t c, bool *grows) {
    Expr *both[2];
    Type type;
    both[0] = make_column(cx, binder, first->node->columns[c], first->positions[c]);
    TRY_POINTER(both[0]);
    TRY(term_column(cx, binder, term, c, &both[1]));
    TRY(cast_to_common(cx, binder->arena, both, 2, "UNION", &type));
    if (type_equal(type, cte->types[c])) {
        return OK;
    }
    if (type.id == TYPE_DECIMAL && cte->types[c].id == TYPE_DECIMAL) {
        *grows = type.scale != cte->types[c].scale || cte->types[c].precision < DECIMAL_PRECISION_MAX;
        cte->types[c].precision = DECIMAL_PRECISION_MAX;
        cte->types[c].scale = type.scale > cte->types[c].scale ? type.scale : cte->types[c].scale;
        return OK;
    }
    if (type.id == TYPE_VARCHAR && cte->types[c].id == TYPE_VARCHAR) { /* lengths are lost in computing, too */
        *grows = true;
        cte->types[c] = type;
        return OK;
    }
    char from[32], to[32];
    fail_at(cx, first->positions[c], DATATYPE_MISMATCH,
            "recursive query \"%s\" column %u has type %s in non-recursive term but type %s overall", cte->ast->name, c + 1,
            type_name(cte->types[c], from), type_name(type, to));
    return fail_hint(cx, "cast the output of the non-recursive term to the correct type");
}

static Status cast_term(const Context *cx, Binder *binder, const Cte *cte, const BoundQuery *term, LogicalNode **out) {
    Expr **exprs;
    TRY_NEW_ARRAY(cx, binder->arena, exprs, cte->column_count);
    for (uint32_t c = 0; c < cte->column_count; c++) {
        Expr *column;
        TRY(term_column(cx, binder, term, c, &column));
        TRY(cast_implicit(cx, binder->arena, column, cte->types[c], &exprs[c]));
    }
    *out = term->node;
    return make_project(cx, binder, term->node->pos, exprs, NULL, cte->column_count, out);
}

/* The recursive term, bound again where it turns out that a column needs more digits. */
static Status bind_term(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast, Cte *cte,
                        BoundQuery *inputs, const BoundQuery *first) {
    uint32_t last = ast->set.inputs.count - 1;
    for (bool grows = true; grows;) {
        grows = false;
        cte->references = 0;
        TRY(bind_set_input(cx, binder, ctes, outer, ast, last, inputs));
        for (uint32_t c = 0; c < cte->column_count && cte->references > 0; c++) {
            TRY(settle_type(cx, binder, cte, first, &inputs[last], c, &grows));
        }
    }
    return OK;
}

static Status make_recursion(const Context *cx, Binder *binder, Cte *cte, const BoundQuery *first, const BoundQuery *term) {
    LogicalNode *node = cte->recursion;
    TRY(cast_term(cx, binder, cte, first, &node->children[0]));
    TRY(cast_term(cx, binder, cte, term, &node->children[1]));
    for (uint32_t i = 0; i < 2; i++) { /* the children's own arrays change when columns are pruned */
        TRY_NEW_ARRAY(cx, binder->arena, node->recursion.inputs[i], cte->column_count);
        memcpy(node->recursion.inputs[i], node->children[i]->columns, sizeof(ColumnId) * cte->column_count);
    }
    for (uint32_t c = 0; c < cte->column_count; c++) {
        const char *name = arena_format(cx, binder->arena, "%s.%s", cte->ast->name, cte->names[c]);
        TRY_POINTER(name);
        TRY(plan_add_column(cx, binder->plan, cte->types[c], name, true, &node->columns[c]));
    }
    return OK;
}

static Status open_recursion(const Context *cx, Binder *binder, Cte *cte, const AstQuery *ast, const BoundQuery *first) {
    uint32_t columns = first->node->column_count;
    if (columns == 0) {
        return fail_unsupported(cx, ast->pos, "a recursive query without columns");
    }
    TRY(cte_names(cx, binder, cte->ast, first, &cte->names));
    TRY_NEW_ARRAY(cx, binder->arena, cte->types, columns);
    for (uint32_t c = 0; c < columns; c++) {
        cte->types[c] = binder->plan->columns[first->node->columns[c]].type;
    }
    cte->column_count = columns;
    cte->recursion = logical_new(cx, binder->arena, LOGICAL_RECURSION, ast->pos, 2, columns);
    TRY_POINTER(cte->recursion);
    cte->recursion->recursion.id = binder->plan->recursion_count++;
    cte->recursion->recursion.is_distinct = !ast->set.is_all;
    return OK;
}

/* Without a reference to the name it is a UNION like any other. */
static Status bind_plain_union(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast,
                               BoundQuery *inputs, BoundQuery *query) {
    TRY(combine_inputs(cx, binder, ast, inputs, ast->set.inputs.count, query));
    TRY(bind_output_order(cx, binder, ast, "UNION", query));
    return bind_limit(cx, binder, ctes, outer, ast, &query->node);
}

Status bind_recursive_union(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast,
                            BoundQuery *query) {
    Cte *cte = binder->cte;
    uint32_t count = ast->set.inputs.count;
    BoundQuery *inputs, first;
    TRY_NEW_ARRAY(cx, binder->arena, inputs, count);
    for (uint32_t i = 0; i + 1 < count; i++) {
        TRY(bind_set_input(cx, binder, ctes, outer, ast, i, inputs));
    }
    first = inputs[0];
    if (count > 2) {
        TRY(combine_inputs(cx, binder, ast, inputs, count - 1, &first));
    }
    TRY(open_recursion(cx, binder, cte, ast, &first));
    TRY(bind_term(cx, binder, ctes, outer, ast, cte, inputs, &first));
    if (cte->references == 0) {
        return bind_plain_union(cx, binder, ctes, outer, ast, inputs, query);
    }
    TRY(check_tail(cx, ast));
    TRY(make_recursion(cx, binder, cte, &first, &inputs[count - 1]));
    *query = (BoundQuery){.node = cte->recursion, .names = first.names, .positions = first.positions};
    TRY_NEW_ARRAY(cx, binder->arena, query->literals, cte->column_count);
    return OK;
}
