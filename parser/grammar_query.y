/* The grammar, continued: what the statements of grammar.y are made of. */

/* ---------------------------------------------------------------------------------------------------------- queries */

/* A query is bare or in parentheses; only a bare one may have its own ORDER BY and so on. An operand is what UNION and its kin
 * take: a simple query or one in parentheses. */
%type query {AstQuery *}
%type query_bare {AstQuery *}
%type query_parens {AstQuery *}
%type query_operand {AstQuery *}
%type query_simple {AstQuery *}
query(Q) ::= query_bare(A).                     { Q = A; }
query(Q) ::= query_parens(A).                   { Q = A; }
query_parens(Q) ::= LP query_bare(A) RP.        { Q = ast_query_in_parens(A); }
query_parens(Q) ::= LP query_parens(A) RP.      { Q = A; }
query_bare(Q) ::= query_simple(A).              { Q = A; }
query_bare(Q) ::= query_operand(A) order_by(O) limit_if_any(L).         { Q = ast_query_tail(p, NULL, A, O, L); }
query_bare(Q) ::= query_operand(A) limit(L).    { Q = ast_query_tail(p, NULL, A, (AstOrderList){0}, L); }
query_bare(Q) ::= with(W) query_operand(A) order_by_if_any(O) limit_if_any(L).      { Q = ast_query_tail(p, W, A, O, L); }
query_operand(Q) ::= query_simple(A).           { Q = A; }
query_operand(Q) ::= query_parens(A).           { Q = A; }
query_simple(Q) ::= select(S).                  { Q = S; }
query_simple(Q) ::= values(V).                  { Q = V; }
query_simple(Q) ::= TABLE(T) qualified_name(N). { Q = ast_query_table(p, T, N); }
query_simple(Q) ::= query_operand(L) UNION(K) set_quantifier(A) query_operand(R).
    { Q = ast_query_set_operation(p, K, AST_UNION, A, L, R); }
query_simple(Q) ::= query_operand(L) EXCEPT(K) set_quantifier(A) query_operand(R).
    { Q = ast_query_set_operation(p, K, AST_EXCEPT, A, L, R); }
query_simple(Q) ::= query_operand(L) INTERSECT(K) set_quantifier(A) query_operand(R).
    { Q = ast_query_set_operation(p, K, AST_INTERSECT, A, L, R); }
%type set_quantifier {bool}
set_quantifier(B) ::= .                         { B = false; }
set_quantifier(B) ::= DISTINCT.                 { B = false; }
set_quantifier(B) ::= ALL.                      { B = true; }

%type with {AstWith *}
with(W) ::= WITH(K) ctes(L).                    { W = ast_with(p, K, false, L); }
with(W) ::= WITH(K) RECURSIVE ctes(L).          { W = ast_with(p, K, true, L); }
%type ctes {AstCteList}
ctes(L) ::= cte(C).                             { L = ast_cte_append(p, (AstCteList){0}, C); }
ctes(L) ::= ctes(A) COMMA cte(C).               { L = ast_cte_append(p, A, C); }
%type cte {AstCte *}
cte(C) ::= ident(N) column_names(L) AS materialized(M) query_parens(Q).     { C = ast_cte(p, N, L, M, Q); }
%type materialized {AstMaterialized}
materialized(M) ::= .                           { M = AST_MATERIALIZED_DEFAULT; }
materialized(M) ::= MATERIALIZED.               { M = AST_MATERIALIZED_YES; }
materialized(M) ::= NOT MATERIALIZED.           { M = AST_MATERIALIZED_NO; }

%type order_by_if_any {AstOrderList}
order_by_if_any(L) ::= .                        { L = (AstOrderList){0}; }
order_by_if_any(L) ::= order_by(A).             { L = A; }
%type order_by {AstOrderList}
order_by(L) ::= ORDER BY order_items(A).        { L = A; }
order_by(L) ::= ORDER BY ALL(K) direction(D) nulls(N).
    { L = ast_order_append(p, (AstOrderList){0}, ast_order_item(p, K.pos, NULL, D, N)); }
%type order_items {AstOrderList}
order_items(L) ::= order_item(I).               { L = ast_order_append(p, (AstOrderList){0}, I); }
order_items(L) ::= order_items(A) COMMA order_item(I).                  { L = ast_order_append(p, A, I); }
%type order_item {AstOrderItem *}
order_item(I) ::= expr(E) direction(D) nulls(N).    { I = ast_order_item(p, E->pos, E, D, N); }
%type direction {bool}
direction(D) ::= .                              { D = false; }
direction(D) ::= ASC.                           { D = false; }
direction(D) ::= DESC.                          { D = true; }
%type nulls {AstNulls}
nulls(N) ::= .                                  { N = AST_NULLS_DEFAULT; }
nulls(N) ::= NULLS FIRST.                       { N = AST_NULLS_FIRST; }
nulls(N) ::= NULLS LAST.                        { N = AST_NULLS_LAST; }

%type limit_if_any {AstLimit}
limit_if_any(L) ::= .                           { L = (AstLimit){0}; }
limit_if_any(L) ::= limit(A).                   { L = A; }
%type limit {AstLimit}
limit(L) ::= limit_rows(R).                     { L = R; }
limit(L) ::= offset(O).                         { L = (AstLimit){.pos = O->pos, .offset = O}; }
limit(L) ::= limit_rows(R) offset(O).           { L = R; L.offset = O; }
limit(L) ::= offset(O) limit_rows(R).           { L = R; L.offset = O; }
%type limit_rows {AstLimit}
limit_rows(L) ::= LIMIT(K) expr(E).             { L = (AstLimit){.pos = K.pos, .limit = E}; }
limit_rows(L) ::= LIMIT(K) ALL.                 { L = (AstLimit){.pos = K.pos}; }
limit_rows(L) ::= FETCH(K) first_or_next fetch_count(C) row_or_rows ONLY.
    { L = (AstLimit){.pos = K.pos, .limit = ast_fetch_count(p, C)}; }
limit_rows(L) ::= FETCH(K) first_or_next fetch_count(C) row_or_rows WITH TIES.
    { L = (AstLimit){.pos = K.pos, .limit = ast_fetch_count(p, C), .with_ties = true}; }
%type fetch_count {AstExpr *}
fetch_count(E) ::= .                            { E = NULL; }
fetch_count(E) ::= INTEGER(I).                  { E = ast_literal(p, AST_INTEGER, I); }
fetch_count(E) ::= PARAMETER(T).                { E = ast_parameter(p, T); }
fetch_count(E) ::= LP expr(A) RP.               { E = A; }
%type offset {AstExpr *}
offset(E) ::= OFFSET expr(A).                   { E = A; }
offset(E) ::= OFFSET expr(A) row_or_rows.       { E = A; }
first_or_next ::= FIRST.
first_or_next ::= NEXT.
row_or_rows ::= ROW.
row_or_rows ::= ROWS.

%type values {AstQuery *}
values(Q) ::= VALUES(K) rows(R).                { Q = ast_query_values(p, K, R); }
%type rows {AstRowList}
rows(L) ::= row(R).                             { L = ast_row_append(p, (AstRowList){0}, R); }
rows(L) ::= rows(A) COMMA row(R).               { L = ast_row_append(p, A, R); }
%type row {AstRow *}
row(R) ::= LP(K) row_values(V) RP.              { R = ast_row(p, K, V); }
%type row_values {AstExprList}
row_values(L) ::= row_value(E).                 { L = ast_expr_append(p, (AstExprList){0}, E); }
row_values(L) ::= row_values(A) COMMA row_value(E).                     { L = ast_expr_append(p, A, E); }
%type row_value {AstExpr *}
row_value(E) ::= expr(A).                       { E = A; }
row_value(E) ::= DEFAULT(K).                    { E = ast_expr(p, AST_DEFAULT, K); }

/* ----------------------------------------------------------------------------------------------------------- SELECT */

%type select {AstQuery *}
select(Q) ::= SELECT(K) hint(H) distinct(D) top(T) select_from(S) where(W) group_by(G) having(V) windows(N)
              qualify(U).
    { Q = ast_query_select(p, K, T, (AstSelect){.hints = H.text, .hints_pos = H.pos, .distinct = D.kind, .distinct_on = D.on,
          .items = S.items, .from = S.from, .where = W, .group_all = G.all, .group_distinct = G.is_distinct, .group_pos = G.pos, .group_by = G.items, .having = V,
          .windows = N, .qualify = U}); }
%type hint {Token}
hint(H) ::= .                                   { H = (Token){.pos = POS_NONE}; }
hint(H) ::= HINT(T).                            { H = T; }
%type distinct {AstDistinctClause}
distinct(D) ::= .                               { D = (AstDistinctClause){0}; }
distinct(D) ::= ALL.                            { D = (AstDistinctClause){0}; }
distinct(D) ::= DISTINCT.                       { D = (AstDistinctClause){.kind = AST_DISTINCT_ALL_COLUMNS}; }
distinct(D) ::= DISTINCT ON LP exprs(L) RP.     { D = (AstDistinctClause){AST_DISTINCT_ON, L}; }
%type top {AstExpr *}
top(E) ::= .                                    { E = NULL; }
top(E) ::= TOP INTEGER(I).                      { E = ast_literal(p, AST_INTEGER, I); }
top(E) ::= TOP PARAMETER(T).                    { E = ast_parameter(p, T); }

/* Rows without columns have to come from somewhere: EXISTS (SELECT FROM t). */
%type select_from {AstSelect}
select_from(S) ::= select_items(I) from_clause(F).      { S = (AstSelect){.items = I, .from = F}; }
select_from(S) ::= FROM from_list(F).           { S = (AstSelect){.from = F}; }
%type select_items {AstSelectItemList}
select_items(L) ::= select_item(I).             { L = ast_select_item_append(p, (AstSelectItemList){0}, I); }
select_items(L) ::= select_items(A) COMMA select_item(I).               { L = ast_select_item_append(p, A, I); }
%type select_item {AstSelectItem *}
select_item(I) ::= expr(E).                     { I = ast_select_item(p, E, NULL); }
select_item(I) ::= expr(E) AS word(A).          { I = ast_select_item(p, E, &A); }
select_item(I) ::= expr(E) ID(A).               { I = ast_select_item(p, E, &A); }
select_item(I) ::= STAR(K) exclude_columns(E).              { I = ast_select_item(p, ast_star(p, K, NULL, E), NULL); }
select_item(I) ::= name(N) DOT STAR(K) exclude_columns(E).  { I = ast_select_item(p, ast_star(p, K, N, E), NULL); }
%type exclude_columns {AstIdentList}
exclude_columns(L) ::= .                        { L = (AstIdentList){0}; }
exclude_columns(L) ::= EXCLUDE ident(I).        { L = ast_ident_append(p, (AstIdentList){0}, I); }
exclude_columns(L) ::= EXCLUDE LP idents(A) RP. { L = A; }

%type where {AstExpr *}
where(E) ::= .                                  { E = NULL; }
where(E) ::= WHERE expr(A).                     { E = A; }
%type having {AstExpr *}
having(E) ::= .                                 { E = NULL; }
having(E) ::= HAVING expr(A).                   { E = A; }
%type qualify {AstExpr *}
qualify(E) ::= .                                { E = NULL; }
qualify(E) ::= QUALIFY expr(A).                 { E = A; }

%type group_by {AstGroupBy}
group_by(G) ::= .                               { G = (AstGroupBy){.pos = POS_NONE}; }
group_by(G) ::= GROUP(K) BY ALL.                { G = (AstGroupBy){.pos = K.pos, .all = true}; }
group_by(G) ::= GROUP(K) BY group_items(L).     { G = (AstGroupBy){.pos = K.pos, .items = L}; }
group_by(G) ::= GROUP(K) BY ALL group_items(L). { G = (AstGroupBy){.pos = K.pos, .items = L}; }
group_by(G) ::= GROUP(K) BY DISTINCT group_items(L).    { G = (AstGroupBy){.pos = K.pos, .is_distinct = true, .items = L}; }
%type group_items {AstGroupList}
group_items(L) ::= group_item(I).               { L = ast_group_append(p, (AstGroupList){0}, I); }
group_items(L) ::= group_items(A) COMMA group_item(I).                  { L = ast_group_append(p, A, I); }
%type group_item {AstGroupItem *}
group_item(I) ::= expr(E).                      { I = ast_group_expr(p, E); }
group_item(I) ::= LP(K) RP.                     { I = ast_group_item(p, AST_GROUP_EMPTY, K, (AstExprList){0}, (AstGroupList){0}); }
group_item(I) ::= ROLLUP(K) LP exprs(L) RP.     { I = ast_group_item(p, AST_GROUP_ROLLUP, K, L, (AstGroupList){0}); }
group_item(I) ::= CUBE(K) LP exprs(L) RP.       { I = ast_group_item(p, AST_GROUP_CUBE, K, L, (AstGroupList){0}); }
group_item(I) ::= GROUPING(K) SETS LP group_items(L) RP.    { I = ast_group_item(p, AST_GROUP_SETS, K, (AstExprList){0}, L); }

%type windows {AstWindowList}
windows(L) ::= .                                { L = (AstWindowList){0}; }
windows(L) ::= WINDOW window_defs(A).           { L = A; }
%type window_defs {AstWindowList}
window_defs(L) ::= window_def(W).               { L = ast_window_append(p, (AstWindowList){0}, W); }
window_defs(L) ::= window_defs(A) COMMA window_def(W).                  { L = ast_window_append(p, A, W); }
%type window_def {AstWindow *}
window_def(W) ::= ident(N) AS LP window(A) RP.  { W = ast_window_named(p, A, N); }

%type window {AstWindow *}
window(W) ::= window_base(B) partition_by(P) order_by_if_any(O) frame(F).   { W = ast_window(p, B, P, O, F); }
%type window_base {AstIdent *}
window_base(B) ::= .                            { B = NULL; }
window_base(B) ::= ident(N).                    { B = N; }
%type partition_by {AstExprList}
partition_by(L) ::= .                           { L = (AstExprList){0}; }
partition_by(L) ::= PARTITION BY exprs(A).      { L = A; }
%type frame {AstFrame}
frame(F) ::= .                                  { F = (AstFrame){.pos = POS_NONE}; }
frame(F) ::= frame_unit(U) bound(S) exclude(X). { F = ast_frame(p, U, S, NULL, X); }
frame(F) ::= frame_unit(U) BETWEEN bound(S) AND bound(E) exclude(X).    { F = ast_frame(p, U, S, &E, X); }
%type frame_unit {Token}
frame_unit(U) ::= ROWS|RANGE|GROUPS(T).         { U = T; }
%type bound {AstBound}
bound(B) ::= UNBOUNDED(K) PRECEDING.            { B = (AstBound){K.pos, AST_BOUND_UNBOUNDED_PRECEDING, NULL}; }
bound(B) ::= UNBOUNDED(K) FOLLOWING.            { B = (AstBound){K.pos, AST_BOUND_UNBOUNDED_FOLLOWING, NULL}; }
bound(B) ::= CURRENT(K) ROW.                    { B = (AstBound){K.pos, AST_BOUND_CURRENT_ROW, NULL}; }
bound(B) ::= expr(E) PRECEDING.                 { B = (AstBound){E->pos, AST_BOUND_PRECEDING, E}; }
bound(B) ::= expr(E) FOLLOWING.                 { B = (AstBound){E->pos, AST_BOUND_FOLLOWING, E}; }
%type exclude {AstExclude}
exclude(X) ::= .                                { X = AST_EXCLUDE_NO_OTHERS; }
exclude(X) ::= EXCLUDE NO OTHERS.               { X = AST_EXCLUDE_NO_OTHERS; }
exclude(X) ::= EXCLUDE CURRENT ROW.             { X = AST_EXCLUDE_CURRENT_ROW; }
exclude(X) ::= EXCLUDE GROUP.                   { X = AST_EXCLUDE_GROUP; }
exclude(X) ::= EXCLUDE TIES.                    { X = AST_EXCLUDE_TIES; }

/* ------------------------------------------------------------------------------------------------------------- FROM */

%type from_clause {AstFromList}
from_clause(L) ::= .                            { L = (AstFromList){0}; }
from_clause(L) ::= FROM from_list(A).           { L = A; }
%type from_list {AstFromList}
from_list(L) ::= from(F).                       { L = ast_from_append(p, (AstFromList){0}, F); }
from_list(L) ::= from_list(A) COMMA from(F).    { L = ast_from_append(p, A, F); }
%type from {AstFrom *}
from(F) ::= name(N) version(V) alias(A).                                    { F = ast_from_table(p, N, V, A); }
from(F) ::= STRING(S) alias(A).                                             { F = ast_from_file(p, S, A); }
from(F) ::= query_parens(Q) alias(A).                                       { F = ast_from_query(p, Q, false, A); }
from(F) ::= LATERAL query_parens(Q) alias(A).                               { F = ast_from_query(p, Q, true, A); }
from(F) ::= function(C) ordinality(O) alias(A).                             { F = ast_from_function(p, C, O, false, A); }
from(F) ::= LATERAL function(C) ordinality(O) alias(A).                     { F = ast_from_function(p, C, O, true, A); }
from(F) ::= join(J).                                                        { F = J; }
from(F) ::= LP join(J) RP alias_given(A).                                         { F = ast_from_alias(p, J, A); }
%type version {AstExpr *}
version(V) ::= .                                { V = NULL; }
version(V) ::= AT LP VERSION expr(E) RP.        { V = E; }
%type ordinality {bool}
ordinality(B) ::= .                             { B = false; }
ordinality(B) ::= WITH_LA ORDINALITY.           { B = true; }
%type alias {AstAlias}
alias(A) ::= .                                  { A = (AstAlias){.name = NULL}; }
alias(A) ::= alias_given(B).                    { A = B; }
%type alias_given {AstAlias}
alias_given(A) ::= ident(N) column_names(C).    { A = (AstAlias){N, C}; }
alias_given(A) ::= AS ident(N) column_names(C). { A = (AstAlias){N, C}; }

%type join {AstFrom *}
join(J) ::= LP join(A) RP.                                          { J = A; }
join(J) ::= from(L) CROSS(K) JOIN from(R).                          { J = ast_join(p, K, AST_JOIN_CROSS, L, R, (AstJoinOn){0}); }
join(J) ::= from(L) JOIN(K) from(R) join_on(O).                     { J = ast_join(p, K, AST_JOIN_INNER, L, R, O); }
join(J) ::= from(L) join_type(T) JOIN(K) from(R) join_on(O).        { J = ast_join(p, K, T, L, R, O); }
join(J) ::= from(L) NATURAL(K) JOIN from(R).
    { J = ast_join(p, K, AST_JOIN_INNER, L, R, (AstJoinOn){.is_natural = true}); }
join(J) ::= from(L) NATURAL(K) join_type(T) JOIN from(R).           { J = ast_join(p, K, T, L, R, (AstJoinOn){.is_natural = true}); }
%type join_type {AstJoinType}
join_type(T) ::= INNER.                         { T = AST_JOIN_INNER; }
join_type(T) ::= LEFT outer.                    { T = AST_JOIN_LEFT; }
join_type(T) ::= RIGHT outer.                   { T = AST_JOIN_RIGHT; }
join_type(T) ::= FULL outer.                    { T = AST_JOIN_FULL; }
outer ::= .
outer ::= OUTER.
%type join_on {AstJoinOn}
join_on(O) ::= ON expr(E).                      { O = (AstJoinOn){.on = E}; }
join_on(O) ::= USING LP idents(L) RP.           { O = (AstJoinOn){.using = L}; }

/* ------------------------------------------------------------------------------------------------------ expressions */

%type exprs {AstExprList}
exprs(L) ::= expr(E).                           { L = ast_expr_append(p, (AstExprList){0}, E); }
exprs(L) ::= exprs(A) COMMA expr(E).            { L = ast_expr_append(p, A, E); }

%type expr {AstExpr *}
expr(E) ::= literal(A).                         { E = A; }
expr(E) ::= name(N).                            { E = ast_column(p, N); }
expr(E) ::= call(C).                            { E = C; }
expr(E) ::= case(C).                            { E = C; }
expr(E) ::= LP expr(A) RP.                      { E = ast_expr_in_parens(A); }
expr(E) ::= LP(K) expr(A) COMMA exprs(L) RP.    { E = ast_row_expr(p, K, ast_expr_prepend(p, A, L)); }
expr(E) ::= ROW(K) LP exprs(L) RP.              { E = ast_row_expr(p, K, L); }
expr(E) ::= ROW(K) LP RP.                       { E = ast_row_expr(p, K, (AstExprList){0}); }
expr(E) ::= query_parens(Q). [SIGN]             { E = ast_query_expr(p, AST_SUBQUERY, Q->pos, NULL, Q); }
expr(E) ::= EXISTS(K) query_parens(Q).          { E = ast_query_expr(p, AST_EXISTS, K.pos, NULL, Q); }

expr(E) ::= expr(L) OR(O) expr(R).              { E = ast_logic(p, AST_OR, O, L, R); }
expr(E) ::= expr(L) AND(O) expr(R).             { E = ast_logic(p, AST_AND, O, L, R); }
expr(E) ::= NOT(O) expr(A).                     { E = ast_expr_1(p, AST_NOT, O, A); }
expr(E) ::= expr(L) EQ|NE|LT|LE|GT|GE(O) expr(R).                   { E = ast_binary(p, O, L, R); }
expr(E) ::= expr(L) EQ|NE|LT|LE|GT|GE(O) any_or_all(Q) query_parens(S).     { E = ast_quantified(p, L, O, Q, S); }
expr(E) ::= expr(L) OP(O) expr(R).              { E = ast_infix(p, O, L, R); }
expr(E) ::= expr(L) OVERLAPS(K) expr(R).        { E = ast_overlaps(p, K, L, R); }
expr(E) ::= expr(L) PLUS|MINUS(O) expr(R).      { E = ast_binary(p, O, L, R); }
expr(E) ::= expr(L) STAR|SLASH|PERCENT(O) expr(R).                  { E = ast_binary(p, O, L, R); }
expr(E) ::= expr(L) CARET(O) expr(R).           { E = ast_binary(p, O, L, R); }
expr(E) ::= PLUS|MINUS(O) expr(A). [SIGN]       { E = ast_unary(p, O, A); }
expr(E) ::= OP(O) expr(A).                      { E = ast_unary(p, O, A); }
expr(E) ::= expr(A) TYPECAST(K) type(T).        { E = ast_cast(p, K, A, T, false); }
expr(E) ::= CAST(K) LP expr(A) AS type(T) RP.   { E = ast_cast(p, K, A, T, false); }
expr(E) ::= TRY_CAST(K) LP expr(A) AS type(T) RP.                   { E = ast_cast(p, K, A, T, true); }
expr(E) ::= expr(A) AT(K) TIME ZONE expr(Z). [AT]                   { E = ast_call_2(p, K, "timezone", Z, A); }

expr(E) ::= expr(A) IS(K) not(N) NULL.          { E = ast_negatable(ast_expr_1(p, AST_IS_NULL, K, A), N); }
expr(E) ::= expr(A) ISNULL(K).                  { E = ast_negatable(ast_expr_1(p, AST_IS_NULL, K, A), false); }
expr(E) ::= expr(A) NOTNULL(K).                 { E = ast_negatable(ast_expr_1(p, AST_IS_NULL, K, A), true); }
expr(E) ::= expr(A) IS(K) not(N) truth(T).      { E = ast_negatable(ast_is_boolean(p, K, A, T), N); }
expr(E) ::= expr(L) IS(K) not(N) DISTINCT FROM expr(R). [IS]        { E = ast_negatable(ast_expr_2(p, AST_IS_DISTINCT, K, L, R), N); }
expr(E) ::= expr(A) BETWEEN(K) symmetric(S) expr(L) AND expr(H). [BETWEEN]
    { E = ast_negatable(ast_between(p, K, S, A, L, H), false); }
expr(E) ::= expr(A) NOT_LA BETWEEN(K) symmetric(S) expr(L) AND expr(H). [BETWEEN]
    { E = ast_negatable(ast_between(p, K, S, A, L, H), true); }
expr(E) ::= expr(A) IN(K) in_list(L).           { E = ast_negatable(ast_in(p, K, A, L), false); }
expr(E) ::= expr(A) NOT_LA IN(K) in_list(L).    { E = ast_negatable(ast_in(p, K, A, L), true); }
expr(E) ::= expr(A) LIKE|ILIKE(K) expr(B).      { E = ast_negatable(ast_like(p, K, A, B, NULL), false); }
expr(E) ::= expr(A) LIKE|ILIKE(K) expr(B) ESCAPE expr(C). [LIKE]    { E = ast_negatable(ast_like(p, K, A, B, C), false); }
expr(E) ::= expr(A) NOT_LA LIKE|ILIKE(K) expr(B).                   { E = ast_negatable(ast_like(p, K, A, B, NULL), true); }
expr(E) ::= expr(A) NOT_LA LIKE|ILIKE(K) expr(B) ESCAPE expr(C). [LIKE]     { E = ast_negatable(ast_like(p, K, A, B, C), true); }
expr(E) ::= expr(A) SIMILAR(K) TO expr(B). [LIKE]                   { E = ast_negatable(ast_like(p, K, A, B, NULL), false); }
expr(E) ::= expr(A) SIMILAR(K) TO expr(B) ESCAPE expr(C). [LIKE]    { E = ast_negatable(ast_like(p, K, A, B, C), false); }
expr(E) ::= expr(A) NOT_LA SIMILAR(K) TO expr(B). [LIKE]            { E = ast_negatable(ast_like(p, K, A, B, NULL), true); }
expr(E) ::= expr(A) NOT_LA SIMILAR(K) TO expr(B) ESCAPE expr(C). [LIKE]     { E = ast_negatable(ast_like(p, K, A, B, C), true); }

%type not {bool}
not(B) ::= .                                    { B = false; }
not(B) ::= NOT.                                 { B = true; }
%type truth {AstTruth}
truth(T) ::= TRUE.                              { T = AST_TRUTH_TRUE; }
truth(T) ::= FALSE.                             { T = AST_TRUTH_FALSE; }
truth(T) ::= UNKNOWN.                           { T = AST_TRUTH_UNKNOWN; }
%type symmetric {bool}
symmetric(B) ::= .                              { B = false; }
symmetric(B) ::= SYMMETRIC.                     { B = true; }
%type any_or_all {bool}
any_or_all(B) ::= ANY.                          { B = false; }
any_or_all(B) ::= SOME.                         { B = false; }
any_or_all(B) ::= ALL.                          { B = true; }
%type in_list {AstInList}
in_list(L) ::= LP exprs(A) RP.                  { L = (AstInList){.exprs = A}; }
in_list(L) ::= query_parens(Q).                 { L = (AstInList){.query = Q}; }

%type literal {AstExpr *}
literal(E) ::= NULL(T).                         { E = ast_expr(p, AST_NULL, T); }
literal(E) ::= TRUE|FALSE(T).                   { E = ast_boolean(p, T); }
literal(E) ::= INTEGER(T).                      { E = ast_literal(p, AST_INTEGER, T); }
literal(E) ::= DECIMAL(T).                      { E = ast_literal(p, AST_DECIMAL, T); }
literal(E) ::= DOUBLE_NUMBER(T).                { E = ast_literal(p, AST_DOUBLE, T); }
literal(E) ::= STRING(T).                       { E = ast_literal(p, AST_STRING, T); }
literal(E) ::= PARAMETER(T).                    { E = ast_parameter(p, T); }
literal(E) ::= ID(T) STRING(S).                 { E = ast_typed_literal(p, ast_type(p, T, NULL), S); }
literal(E) ::= TIME(T) STRING(S).                { E = ast_typed_literal(p, ast_type(p, T, NULL), S); }
literal(E) ::= TIME(T) time_zone(Z) STRING(S).                { E = ast_typed_literal(p, ast_type_time(p, T, NULL, Z), S); }
literal(E) ::= TIMESTAMP(T) STRING(S).           { E = ast_typed_literal(p, ast_type(p, T, NULL), S); }
literal(E) ::= TIMESTAMP(T) time_zone(Z) STRING(S).           { E = ast_typed_literal(p, ast_type_time(p, T, NULL, Z), S); }
literal(E) ::= INTERVAL(T) STRING(S) interval_fields(F).    { E = ast_typed_literal(p, ast_type_interval(p, T, NULL, F), S); }

%type case {AstExpr *}
case(E) ::= CASE(K) case_operand(O) whens(W) else(L) END.   { E = ast_case(p, K, O, W, L); }
%type case_operand {AstExpr *}
case_operand(E) ::= .                           { E = NULL; }
case_operand(E) ::= expr(A).                    { E = A; }
%type whens {AstExprList}
whens(L) ::= WHEN expr(C) THEN expr(V).         { L = ast_when_append(p, (AstExprList){0}, C, V); }
whens(L) ::= whens(A) WHEN expr(C) THEN expr(V).            { L = ast_when_append(p, A, C, V); }
%type else {AstExpr *}
else(E) ::= .                                   { E = NULL; }
else(E) ::= ELSE expr(A).                       { E = A; }

/* A function is what may stand in FROM, too; a call adds what aggregates and window functions take behind it. */
%type function {AstExpr *}
function(E) ::= name(N) LP RP.                                      { E = ast_call(p, N, (AstExprList){0}); }
function(E) ::= name(N) LP STAR RP.                                 { E = ast_call_star(p, N); }
function(E) ::= name(N) LP exprs(L) order_by_if_any(O) null_treatment(T) RP.
    { E = ast_call_order(p, ast_call(p, N, L), O, T); }
function(E) ::= name(N) LP ALL exprs(L) order_by_if_any(O) null_treatment(T) RP.
    { E = ast_call_order(p, ast_call(p, N, L), O, T); }
function(E) ::= name(N) LP DISTINCT exprs(L) order_by_if_any(O) null_treatment(T) RP.
    { E = ast_call_distinct(p, ast_call_order(p, ast_call(p, N, L), O, T)); }
function(E) ::= LEFT|RIGHT(K) LP exprs(L) RP.                       { E = ast_call_word(p, K, L); }
%type call {AstExpr *}
call(E) ::= function(C) within_group(G) null_treatment(T) filter(F) over(O).    { E = ast_call_tail(p, C, G, T, F, O); }
call(E) ::= APPROXIMATE function(C) within_group(G) filter(F) over(O).
    { E = ast_call_tail(p, ast_call_approximate(p, C), G, AST_NULLS_UNSPECIFIED, F, O); }
call(E) ::= BARE_FUNCTION(K).                   { E = ast_call_bare(p, K, NULL); }
call(E) ::= BARE_FUNCTION(K) LP RP.             { E = ast_call_bare(p, K, NULL); }
call(E) ::= BARE_FUNCTION(K) LP INTEGER(I) RP.  { E = ast_call_bare(p, K, &I); }
call(E) ::= EXTRACT(K) LP ID|STRING(F) FROM expr(A) RP.             { E = ast_call_2(p, K, "extract", ast_literal(p, AST_STRING, F), A); }
call(E) ::= POSITION(K) LP expr(A) POSITION_IN expr(B) RP.          { E = ast_call_2(p, K, "position", B, A); }
call(E) ::= SUBSTRING(K) LP exprs(L) RP.        { E = ast_call_word(p, K, L); }
call(E) ::= SUBSTRING(K) LP expr(A) FROM expr(B) RP.                { E = ast_call_2(p, K, "substring", A, B); }
call(E) ::= SUBSTRING(K) LP expr(A) FROM expr(B) FOR expr(C) RP.    { E = ast_call_3(p, K, "substring", A, B, C); }
call(E) ::= SUBSTRING(K) LP expr(A) SIMILAR expr(B) ESCAPE expr(C) RP.   { E = ast_call_3(p, K, "substring", A, B, C); }
call(E) ::= SUBSTRING(K) LP expr(A) FOR expr(C) RP.                 { E = ast_call_substring_for(p, K, A, C); }
call(E) ::= OVERLAY(K) LP exprs(L) RP.          { E = ast_call_word(p, K, L); }
call(E) ::= OVERLAY(K) LP expr(A) PLACING expr(B) FROM expr(C) RP.              { E = ast_call_3(p, K, "overlay", A, B, C); }
call(E) ::= OVERLAY(K) LP expr(A) PLACING expr(B) FROM expr(C) FOR expr(D) RP.  { E = ast_call_4(p, K, "overlay", A, B, C, D); }
call(E) ::= TRIM(K) LP trim_side(S) exprs(L) RP.                    { E = ast_call_trim(p, K, S, NULL, L); }
call(E) ::= TRIM(K) LP trim_side(S) FROM exprs(L) RP.               { E = ast_call_trim(p, K, S, NULL, L); }
call(E) ::= TRIM(K) LP trim_side(S) expr(C) FROM expr(A) RP.
    { E = ast_call_trim(p, K, S, C, ast_expr_append(p, (AstExprList){0}, A)); }
%type trim_side {const char *}
trim_side(S) ::= .                              { S = "btrim"; }
trim_side(S) ::= BOTH.                          { S = "btrim"; }
trim_side(S) ::= LEADING.                       { S = "ltrim"; }
trim_side(S) ::= TRAILING.                      { S = "rtrim"; }

%type within_group {AstOrderList}
within_group(L) ::= .                           { L = (AstOrderList){0}; }
within_group(L) ::= WITHIN GROUP LP order_by(A) RP.     { L = A; }
%type null_treatment {AstNullTreatment}
null_treatment(T) ::= . [OR]                    { T = AST_NULLS_UNSPECIFIED; }
null_treatment(T) ::= RESPECT NULLS.            { T = AST_RESPECT_NULLS; }
null_treatment(T) ::= IGNORE NULLS.             { T = AST_IGNORE_NULLS; }
%type filter {AstExpr *}
filter(E) ::= .                                 { E = NULL; }
filter(E) ::= FILTER LP WHERE expr(A) RP.       { E = A; }
%type over {AstWindow *}
over(W) ::= .                                   { W = NULL; }
over(W) ::= OVER LP window(A) RP.               { W = A; }
over(W) ::= OVER ident(N).                      { W = ast_window_reference(p, N); }

/* ------------------------------------------------------------------------------------------------------------ types */

%type type {AstType *}
type(T) ::= ID(N).                              { T = ast_type(p, N, NULL); }
type(T) ::= ID(N) LP type_modifiers(M) RP.      { T = ast_type(p, N, &M); }
type(T) ::= DOUBLE(N) PRECISION.                { T = ast_type_words(p, N, "double precision", NULL); }
type(T) ::= CHARACTER(N).                       { T = ast_type_words(p, N, "char", NULL); }
type(T) ::= CHARACTER(N) LP type_modifiers(M) RP.           { T = ast_type_words(p, N, "char", &M); }
type(T) ::= CHARACTER(N) VARYING.               { T = ast_type_words(p, N, "varchar", NULL); }
type(T) ::= CHARACTER(N) VARYING LP type_modifiers(M) RP.   { T = ast_type_words(p, N, "varchar", &M); }
type(T) ::= TIME|TIMESTAMP(N).                  { T = ast_type(p, N, NULL); }
type(T) ::= TIME|TIMESTAMP(N) time_zone(Z).     { T = ast_type_time(p, N, NULL, Z); }
type(T) ::= TIME|TIMESTAMP(N) LP type_modifiers(M) RP.      { T = ast_type(p, N, &M); }
type(T) ::= TIME|TIMESTAMP(N) LP type_modifiers(M) RP time_zone(Z).     { T = ast_type_time(p, N, &M, Z); }
type(T) ::= INTERVAL(N) interval_fields(F).     { T = ast_type_interval(p, N, NULL, F); }
type(T) ::= INTERVAL(N) LP type_modifiers(M) RP.            { T = ast_type_interval(p, N, &M, NULL); }
%type type_modifiers {AstTypeModifiers}
type_modifiers(M) ::= type_modifier(N).                                 { M = ast_type_modifier(p, NULL, N); }
type_modifiers(M) ::= type_modifiers(A) COMMA type_modifier(N).         { M = ast_type_modifier(p, &A, N); }
%type type_modifier {Token}
type_modifier(N) ::= INTEGER(T).                { N = T; }
type_modifier(N) ::= MINUS(M) INTEGER(T).       { N = ast_negative_number(p, M, T); }
type_modifier(N) ::= ID(T).                     { N = T; }
%type time_zone {bool}
time_zone(Z) ::= WITH_LA TIME ZONE.             { Z = true; }
time_zone(Z) ::= WITHOUT TIME ZONE.             { Z = false; }
%type interval_fields {const char *}
interval_fields(F) ::= .                        { F = NULL; }
interval_fields(F) ::= interval_field(A).       { F = A.text; }
interval_fields(F) ::= interval_field(A) TO interval_field(B).          { F = ast_interval_fields(p, A, B); }
%type interval_field {Token}
interval_field(F) ::= YEAR|MONTH|DAY|HOUR|MINUTE|SECOND(T).             { F = T; }

/* ------------------------------------------------------------------------------------------------------------ names */

%type ident {AstIdent *}
ident(I) ::= ID(T).                             { I = ast_ident(p, T); }
%type idents {AstIdentList}
idents(L) ::= ident(I).                         { L = ast_ident_append(p, (AstIdentList){0}, I); }
idents(L) ::= idents(A) COMMA ident(I).         { L = ast_ident_append(p, A, I); }
%type column_names {AstIdentList}
column_names(L) ::= .                           { L = (AstIdentList){0}; }
column_names(L) ::= LP idents(A) RP.            { L = A; }
%type qualified_name {AstName *}
qualified_name(N) ::= ID(T).                    { N = ast_name(p, T); }
qualified_name(N) ::= qualified_name(A) DOT word(T).    { N = ast_name_append(p, A, T); }
%type qualified_names {AstNameList}
qualified_names(L) ::= qualified_name(N).       { L = ast_name_list_append(p, (AstNameList){0}, N); }
qualified_names(L) ::= qualified_names(A) COMMA qualified_name(N).      { L = ast_name_list_append(p, A, N); }
/* In expressions, where INTERVAL, TIME and TIMESTAMP also begin a literal. */
%type name {AstName *}
name(N) ::= ID(T).                              { N = ast_name(p, T); }
name(N) ::= INTERVAL(T).                        { N = ast_name(p, T); }
name(N) ::= TIME(T).                            { N = ast_name(p, T); }
name(N) ::= TIMESTAMP(T).                       { N = ast_name(p, T); }
name(N) ::= name(A) DOT word(T).                { N = ast_name_append(p, A, T); }
