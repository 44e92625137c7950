/* The grammar of Depot's SQL (lemon, LALR(1), no unresolved conflict). Each action is one call of a constructor (ast_build.h);
 * rules carry the names of the nodes that they build. What stands in keywords.def but is not of a construct's keywords falls
 * back to a name (ID). Before a token comes here parse.c has looked one token further, so that a few words mean one thing only:
 *   NOT_LA       NOT before BETWEEN, IN, LIKE, ILIKE, SIMILAR      WITH_LA   WITH before TIME, ORDINALITY
 *   POSITION_IN  IN in the parentheses of POSITION
 * and AT, CUBE, DOUBLE, EXTRACT, FILTER, GROUPING, IGNORE, OVER, OVERLAY, POSITION, RESPECT, ROLLUP, SUBSTRING, TOP, TRIM, TRY_CAST and
 * WITHIN are keywords only before what makes them one. Statements not built yet are in refusals.def. */
%include {
#include "parser/ast_build.h"
#include "parser/parse.h"

#include <string.h>

#define YYNOERRORRECOVERY 1
#define YYPARSEFREENOTNULL 1
}
%name Grammar
%token_prefix TOKEN_
%token_type {Token}
%extra_argument {Parser *p}
%stack_size 2000
%stack_overflow { parser_too_complex(p); }
%syntax_error { parser_syntax_error(p, &p->token); }
%start_symbol input

%fallback ID
  ABORT APPROXIMATE AT AUTO BACKUP BEGIN BY CASCADE CHARACTER COMMENT COMMIT COMPOUND COMPRESSION COPY CUBE CURRENT DATA DAY
  DEALLOCATE DELETE DESCRIBE DISTKEY DISTSTYLE DOUBLE DROP ENCODE ENCODING ESCAPE EXCLUDE EXCLUDING EXECUTE EXPLAIN EXTRACT
  FILE FILES FILTER FIRST FOLLOWING FORMAT FUNCTIONS GROUPING GROUPS HOUR IF IGNORE INCLUDING INSERT INTERLEAVED INTERVAL
  ISOLATION KEY LAST LEVEL LOCAL MATCHED MATERIALIZED MERGE MINUTE MONTH NEW NEXT NO NOTHING NULLS ORDINALITY OTHERS OVER
  OVERLAY PARTITION PARTITIONED POSITION PRECEDING PRECISION PREPARE RANGE READ RECURSIVE REPLACE RESET RESPECT RESTRICT
  ROLLBACK ROLLUP ROW ROWS SCHEMA SECOND SESSION SET SETS SHOW SORTKEY START STDIN STDOUT SUBSTRING TABLES TEMP TEMPORARY TIES
  TIME TIMESTAMP TOP TRANSACTION TRIM TRUNCATE TRY_CAST UNBOUNDED UNKNOWN UPDATE VARYING VERSION VIEW WITHIN WITHOUT WORK
  WRITE YEAR ZONE.
%wildcard ANY_TOKEN.

/* What binds weaker stands first. */
%left UNION EXCEPT.
%left INTERSECT.
%left OR.
%left AND.
%right NOT.
%nonassoc IS ISNULL NOTNULL.
%nonassoc EQ NE LT LE GT GE.
%nonassoc BETWEEN IN LIKE ILIKE SIMILAR NOT_LA OVERLAPS.
%nonassoc ESCAPE.
%left OP.
%left PLUS MINUS.
%left STAR SLASH PERCENT.
%left CARET.
%left AT.
%right SIGN.
%left TYPECAST.
%left DOT.
%left LP RP.
%left JOIN CROSS LEFT RIGHT FULL INNER NATURAL.
/* In lag(f(x) IGNORE NULLS) the words first go to f; ast_call_order() hands them out to lag. */
%nonassoc IGNORE RESPECT.

/* Tokens that no rule takes: they only make a good message. */
%token ILLEGAL RESERVED_WORD SEMICOLON PIVOT UNPIVOT.

input ::= statement(S).                 { parser_finish_statement(p, S); }
input ::= START_EXPRESSION expr(E).     { parser_finish_expr(p, E); }

/* ------------------------------------------------------------------------------------------------------- statements */

%type statement {AstStatement *}
%type explainable {AstStatement *}
statement(S) ::= explainable(E).        { S = E; }
statement(S) ::= explain(E).            { S = ast_statement(p, AST_STATEMENT_EXPLAIN, E); }
statement(S) ::= create_schema(C).      { S = ast_statement(p, AST_STATEMENT_CREATE_SCHEMA, C); }
statement(S) ::= create_view(C).        { S = ast_statement(p, AST_STATEMENT_CREATE_VIEW, C); }
statement(S) ::= drop(D).               { S = ast_statement(p, AST_STATEMENT_DROP, D); }
statement(S) ::= comment(C).            { S = ast_statement(p, AST_STATEMENT_COMMENT, C); }
statement(S) ::= prepare(P).            { S = ast_statement(p, AST_STATEMENT_PREPARE, P); }
statement(S) ::= execute(E).            { S = ast_statement(p, AST_STATEMENT_EXECUTE, E); }
statement(S) ::= deallocate(D).         { S = ast_statement(p, AST_STATEMENT_DEALLOCATE, D); }
statement(S) ::= truncate(T).           { S = ast_statement(p, AST_STATEMENT_TRUNCATE, T); }
statement(S) ::= copy(C).               { S = ast_statement(p, AST_STATEMENT_COPY, C); }
statement(S) ::= analyze(A).            { S = ast_statement(p, AST_STATEMENT_ANALYZE, A); }
statement(S) ::= transaction(T).        { S = ast_statement(p, AST_STATEMENT_TRANSACTION, T); }
statement(S) ::= set(X).                { S = ast_statement(p, AST_STATEMENT_SET, X); }
statement(S) ::= reset(X).              { S = ast_statement(p, AST_STATEMENT_RESET, X); }
statement(S) ::= show(X).               { S = ast_statement(p, AST_STATEMENT_SHOW, X); }
statement(S) ::= describe(D).           { S = ast_statement(p, AST_STATEMENT_DESCRIBE, D); }
explainable(S) ::= query(Q).            { S = ast_statement(p, AST_STATEMENT_QUERY, Q); }
explainable(S) ::= insert(I).           { S = ast_statement(p, AST_STATEMENT_INSERT, I); }
explainable(S) ::= delete(D).           { S = ast_statement(p, AST_STATEMENT_DELETE, D); }
explainable(S) ::= update(U).           { S = ast_statement(p, AST_STATEMENT_UPDATE, U); }
explainable(S) ::= merge(M).            { S = ast_statement(p, AST_STATEMENT_MERGE, M); }
explainable(S) ::= create_table(C).     { S = ast_statement(p, AST_STATEMENT_CREATE_TABLE, C); }

%type explain {AstExplain *}
explain(E) ::= EXPLAIN explainable(S).                      { E = ast_explain(p, (AstOptionList){0}, S); }
explain(E) ::= EXPLAIN LP options(O) RP explainable(S).     { E = ast_explain(p, O, S); }
explain(E) ::= EXPLAIN explain_words(O) explainable(S).     { E = ast_explain(p, O, S); }
%type explain_words {AstOptionList}
explain_words(L) ::= ANALYZE(A).                { L = ast_option_append(p, (AstOptionList){0}, ast_option(p, A, NULL)); }
explain_words(L) ::= VERBOSE(V).                { L = ast_option_append(p, (AstOptionList){0}, ast_option(p, V, NULL)); }
explain_words(L) ::= ANALYZE(A) VERBOSE(V).
    { L = ast_option_append(p, ast_option_append(p, (AstOptionList){0}, ast_option(p, A, NULL)), ast_option(p, V, NULL)); }

/* NAME, NAME value, NAME = value, NAME (a, b), separated by commas. */
%type options {AstOptionList}
%type option {AstOption *}
%type option_value {Token}
%type word {Token}
options(L) ::= option(O).                       { L = ast_option_append(p, (AstOptionList){0}, O); }
options(L) ::= options(A) COMMA option(O).      { L = ast_option_append(p, A, O); }
option(O) ::= word(N).                          { O = ast_option(p, N, NULL); }
option(O) ::= word(N) option_value(V).          { O = ast_option(p, N, &V); }
option(O) ::= word(N) EQ option_value(V).       { O = ast_option(p, N, &V); }
option(O) ::= word(N) AS option_value(V).       { O = ast_option(p, N, &V); }
option(O) ::= word(N) LP idents(C) RP.          { O = ast_option_columns(p, N, C); }
option(O) ::= ONLY(N) NEW FILES.                { O = ast_option_named(p, N, "only_new_files"); }
option_value(V) ::= word(W).                    { V = W; }
option_value(V) ::= STRING(S).                  { V = S; }
option_value(V) ::= number(N).                  { V = N; }
%type number {Token}
number(N) ::= INTEGER|DECIMAL|DOUBLE_NUMBER(I). { N = I; }
number(N) ::= MINUS(M) INTEGER|DECIMAL|DOUBLE_NUMBER(I).    { N = ast_negative_number(p, M, I); }
word(W) ::= ID(I).                              { W = I; }
word(W) ::= ANY_TOKEN(A).                       { W = ast_word(p, A); }

/* ----------------------------------------------------------------------------------------------------- CREATE TABLE */

%type create_table {AstCreateTable *}
create_table(T) ::= CREATE temporary(M) TABLE if_not_exists(I) qualified_name(N) table_elements(E) table_attributes(A)
                    table_source(S).            { T = ast_create_table(p, M, I, N, E, A, S); }
%type temporary {bool}
temporary(B) ::= .                              { B = false; }
temporary(B) ::= TEMP.                          { B = true; }
temporary(B) ::= TEMPORARY.                     { B = true; }
temporary(B) ::= LOCAL TEMP.                    { B = true; }
temporary(B) ::= LOCAL TEMPORARY.               { B = true; }
%type if_not_exists {bool}
if_not_exists(B) ::= .                          { B = false; }
if_not_exists(B) ::= IF NOT EXISTS.             { B = true; }
%type table_source {AstTableSource}
table_source(S) ::= .                           { S = (AstTableSource){.file.pos = POS_NONE}; }
table_source(S) ::= as_query(A).                { S = (AstTableSource){.as = A, .file.pos = POS_NONE}; }
table_source(S) ::= FROM FILE STRING(F) copy_options(O).    { S = (AstTableSource){.file = F, .options = O}; }
%type as_query {AstAsQuery}
as_query(A) ::= AS query(Q).                    { A = (AstAsQuery){.query = Q}; }
as_query(A) ::= AS query(Q) WITH DATA.          { A = (AstAsQuery){.query = Q}; }
as_query(A) ::= AS query(Q) WITH NO DATA.       { A = (AstAsQuery){.query = Q, .with_no_data = true}; }

%type table_elements {AstCreateTable *}
%type table_element_list {AstCreateTable *}
table_elements(E) ::= .                         { E = NULL; }
table_elements(E) ::= LP table_element_list(L) RP.                          { E = L; }
table_element_list(L) ::= column_def(C).                                    { L = ast_table_column(p, NULL, C); }
table_element_list(L) ::= table_constraint(C).                              { L = ast_table_constraint(p, NULL, C); }
table_element_list(L) ::= table_like(C).                                    { L = ast_table_like(p, NULL, C); }
table_element_list(L) ::= table_element_list(A) COMMA column_def(C).        { L = ast_table_column(p, A, C); }
table_element_list(L) ::= table_element_list(A) COMMA table_constraint(C).  { L = ast_table_constraint(p, A, C); }
table_element_list(L) ::= table_element_list(A) COMMA table_like(C).        { L = ast_table_like(p, A, C); }

%type table_like {AstTableLike}
table_like(L) ::= LIKE(K) qualified_name(N) like_options(O).    { L = (AstTableLike){K.pos, N, O}; }
%type like_options {uint32_t}
like_options(O) ::= .                                       { O = 0; }
like_options(O) ::= like_options(A) INCLUDING word(W).      { O = ast_like_option(p, A, true, W); }
like_options(O) ::= like_options(A) EXCLUDING word(W).      { O = ast_like_option(p, A, false, W); }

%type column_def {AstColumnDef *}
column_def(C) ::= ident(N).                                         { C = ast_column_def(p, N, NULL, (AstConstraintList){0}); }
column_def(C) ::= ident(N) type(T) column_constraints(L).           { C = ast_column_def(p, N, T, L); }
%type column_constraints {AstConstraintList}
column_constraints(L) ::= .                                         { L = (AstConstraintList){0}; }
column_constraints(L) ::= column_constraints(A) column_constraint(C).
    { L = ast_constraint_append(p, A, C); }
column_constraints(L) ::= column_constraints(A) CONSTRAINT ident(N) column_constraint(C).
    { L = ast_constraint_append(p, A, ast_constraint_named(C, N)); }

%type column_constraint {AstConstraint *}
column_constraint(C) ::= NOT(K) NULL.           { C = ast_constraint(p, AST_CONSTRAINT_NOT_NULL, K); }
column_constraint(C) ::= NULL(K).               { C = ast_constraint(p, AST_CONSTRAINT_NULL, K); }
column_constraint(C) ::= DEFAULT(K) expr(E).    { C = ast_constraint_expr(p, AST_CONSTRAINT_DEFAULT, K, E); }
column_constraint(C) ::= CHECK(K) LP expr(E) RP.            { C = ast_constraint_expr(p, AST_CONSTRAINT_CHECK, K, E); }
column_constraint(C) ::= PRIMARY(K) KEY.        { C = ast_constraint(p, AST_CONSTRAINT_PRIMARY_KEY, K); }
column_constraint(C) ::= UNIQUE(K).             { C = ast_constraint(p, AST_CONSTRAINT_UNIQUE, K); }
column_constraint(C) ::= REFERENCES(K) qualified_name(N) column_names(T).
    { C = ast_constraint_references(p, K, (AstIdentList){0}, N, T); }
column_constraint(C) ::= ENCODE(K) word(W).     { C = ast_constraint_encode(p, K, W); }
column_constraint(C) ::= DISTKEY(K).            { C = ast_constraint(p, AST_CONSTRAINT_DISTKEY, K); }
column_constraint(C) ::= SORTKEY(K).            { C = ast_constraint(p, AST_CONSTRAINT_SORTKEY, K); }

%type table_constraint {AstConstraint *}
%type plain_table_constraint {AstConstraint *}
table_constraint(C) ::= plain_table_constraint(A).                          { C = A; }
table_constraint(C) ::= CONSTRAINT ident(N) plain_table_constraint(A).      { C = ast_constraint_named(A, N); }
plain_table_constraint(C) ::= PRIMARY(K) KEY LP idents(L) RP.   { C = ast_constraint_key(p, AST_CONSTRAINT_PRIMARY_KEY, K, L); }
plain_table_constraint(C) ::= UNIQUE(K) LP idents(L) RP.        { C = ast_constraint_key(p, AST_CONSTRAINT_UNIQUE, K, L); }
plain_table_constraint(C) ::= CHECK(K) LP expr(E) RP.           { C = ast_constraint_expr(p, AST_CONSTRAINT_CHECK, K, E); }
plain_table_constraint(C) ::= FOREIGN(K) KEY LP idents(L) RP REFERENCES qualified_name(N) column_names(T).
    { C = ast_constraint_references(p, K, L, N, T); }

%type table_attributes {AstTableAttributeList}
table_attributes(L) ::= .                                           { L = (AstTableAttributeList){0}; }
table_attributes(L) ::= table_attributes(A) table_attribute(T).     { L = ast_attribute_append(p, A, T); }
%type table_attribute {AstTableAttribute *}
table_attribute(T) ::= DISTSTYLE(K) word(W).                        { T = ast_attribute_diststyle(p, K, W); }
table_attribute(T) ::= DISTKEY(K) LP idents(C) RP.                  { T = ast_attribute_distkey(p, K, C); }
table_attribute(T) ::= SORTKEY(K) LP idents(C) RP.                  { T = ast_attribute_sortkey(p, K, AST_SORT_COMPOUND, C); }
table_attribute(T) ::= COMPOUND(K) SORTKEY LP idents(C) RP.         { T = ast_attribute_sortkey(p, K, AST_SORT_COMPOUND, C); }
table_attribute(T) ::= INTERLEAVED(K) SORTKEY LP idents(C) RP.      { T = ast_attribute_sortkey(p, K, AST_SORT_INTERLEAVED, C); }
table_attribute(T) ::= SORTKEY(K) AUTO.         { T = ast_attribute_sortkey(p, K, AST_SORT_AUTO, (AstIdentList){0}); }
table_attribute(T) ::= PARTITION|PARTITIONED(K) BY LP partition_items(L) RP.    { T = ast_attribute_partition_by(p, K, L); }
table_attribute(T) ::= ENCODE(K) AUTO.          { T = ast_attribute(p, AST_ATTRIBUTE_ENCODE_AUTO, K); }
table_attribute(T) ::= WITH(K) LP options(O) RP.    { T = ast_attribute_options(p, K, O); }
%type partition_items {AstPartitionList}
partition_items(L) ::= partition_item(I).       { L = ast_partition_append(p, (AstPartitionList){0}, I); }
partition_items(L) ::= partition_items(A) COMMA partition_item(I).      { L = ast_partition_append(p, A, I); }
%type partition_item {AstPartitionItem *}
partition_item(I) ::= ident(C).                                         { I = ast_partition_column(p, C); }
partition_item(I) ::= ID(F) LP ident(C) RP.                             { I = ast_partition_item(p, F, NULL, C); }
partition_item(I) ::= ID(F) LP INTEGER(N) COMMA ident(C) RP.            { I = ast_partition_item(p, F, &N, C); }

/* -------------------------------------------------------------------------------------- schemas, views, DROP, COMMENT */

%type create_schema {AstCreateSchema *}
create_schema(S) ::= CREATE SCHEMA if_not_exists(I) ident(N).   { S = ast_create_schema(p, I, N); }
%type create_view {AstCreateView *}
create_view(V) ::= CREATE temporary(M) VIEW qualified_name(N) column_names(C) AS query(Q).
    { V = ast_create_view(p, false, M, N, C, Q); }
create_view(V) ::= CREATE OR REPLACE temporary(M) VIEW qualified_name(N) column_names(C) AS query(Q).
    { V = ast_create_view(p, true, M, N, C, Q); }

%type drop {AstDrop *}
drop(D) ::= DROP object(O) if_exists(I) qualified_names(N) drop_behaviour(B).       { D = ast_drop(p, O, I, N, B); }
%type object {AstObjectKind}
object(O) ::= TABLE.                            { O = AST_OBJECT_TABLE; }
object(O) ::= VIEW.                             { O = AST_OBJECT_VIEW; }
object(O) ::= SCHEMA.                           { O = AST_OBJECT_SCHEMA; }
%type if_exists {bool}
if_exists(B) ::= .                              { B = false; }
if_exists(B) ::= IF EXISTS.                     { B = true; }
%type drop_behaviour {bool}
drop_behaviour(B) ::= .                         { B = false; }
drop_behaviour(B) ::= RESTRICT.                 { B = false; }
drop_behaviour(B) ::= CASCADE.                  { B = true; }

%type comment {AstComment *}
comment(C) ::= COMMENT ON object(O) qualified_name(N) IS comment_text(T).       { C = ast_comment(p, O, N, T); }
comment(C) ::= COMMENT ON COLUMN qualified_name(N) IS comment_text(T).          { C = ast_comment(p, AST_OBJECT_COLUMN, N, T); }
%type comment_text {const char *}
comment_text(T) ::= STRING(S).                  { T = S.text; }
comment_text(T) ::= NULL.                       { T = NULL; }

/* ---------------------------------------------------------------------------------------------- prepared statements */

%type prepare {AstPrepare *}
prepare(P) ::= PREPARE ident(N) AS explainable(S).              { P = ast_prepare(p, N, (AstTypeList){0}, S); }
prepare(P) ::= PREPARE ident(N) LP types(T) RP AS explainable(S).           { P = ast_prepare(p, N, T, S); }
%type types {AstTypeList}
types(L) ::= type(T).                           { L = ast_type_append(p, (AstTypeList){0}, T); }
types(L) ::= types(A) COMMA type(T).            { L = ast_type_append(p, A, T); }
%type execute {AstExecute *}
execute(E) ::= EXECUTE ident(N).                { E = ast_execute(p, N, (AstExprList){0}); }
execute(E) ::= EXECUTE ident(N) LP exprs(L) RP. { E = ast_execute(p, N, L); }
%type deallocate {AstDeallocate *}
deallocate(D) ::= DEALLOCATE prepared ident(N). { D = ast_deallocate(p, N); }
deallocate(D) ::= DEALLOCATE prepared ALL.      { D = ast_deallocate(p, NULL); }
prepared ::= .
prepared ::= PREPARE.

/* ----------------------------------------------------------------------------------------------------- INSERT */

%type insert {AstInsert *}
insert(I) ::= insert_rows(A).                   { I = A; }
insert(I) ::= with(W) insert_rows(A).           { I = A; I->with = W; }
%type insert_rows {AstInsert *}
insert_rows(I) ::= INSERT INTO qualified_name(T) query(Q).                       { I = ast_insert(p, T, (AstIdentList){0}, Q); }
insert_rows(I) ::= INSERT INTO qualified_name(T) LP idents(C) RP query(Q).       { I = ast_insert(p, T, C, Q); }
insert_rows(I) ::= INSERT INTO qualified_name(T) DEFAULT VALUES.                 { I = ast_insert(p, T, (AstIdentList){0}, NULL); }

/* ------------------------------------------------------------------------------------ DELETE, UPDATE, MERGE, TRUNCATE */

/* The table that a statement changes. */
%type target {AstFrom *}
target(F) ::= qualified_name(N).                { F = ast_from_target(p, N, NULL); }
target(F) ::= qualified_name(N) ident(A).       { F = ast_from_target(p, N, A); }
target(F) ::= qualified_name(N) AS ident(A).    { F = ast_from_target(p, N, A); }

%type delete {AstDelete *}
delete(D) ::= delete_rows(A).                   { D = A; }
delete(D) ::= with(W) delete_rows(A).           { D = A; D->with = W; }
%type delete_rows {AstDelete *}
delete_rows(D) ::= DELETE FROM target(T) using(U) where(W).             { D = ast_delete(p, T, U, W); }
%type using {AstFromList}
using(L) ::= .                                  { L = (AstFromList){0}; }
using(L) ::= USING from_list(A).                { L = A; }

%type update {AstUpdate *}
update(U) ::= update_rows(A).                   { U = A; }
update(U) ::= with(W) update_rows(A).           { U = A; U->with = W; }
%type update_rows {AstUpdate *}
update_rows(U) ::= UPDATE target(T) SET assignments(L) from_clause(F) where(W).     { U = ast_update(p, T, L, F, W); }
%type assignments {AstAssignmentList}
assignments(L) ::= assignment(A).               { L = ast_assignment_append(p, (AstAssignmentList){0}, A); }
assignments(L) ::= assignments(B) COMMA assignment(A).                  { L = ast_assignment_append(p, B, A); }
%type assignment {AstAssignment *}
assignment(A) ::= qualified_name(N) EQ row_value(V).                    { A = ast_assignment(p, ast_assigned(p, N), V); }
assignment(A) ::= LP idents(C) RP EQ row(R).                            { A = ast_assignment_row(p, C, R); }
assignment(A) ::= LP idents(C) RP EQ ROW row(R).                        { A = ast_assignment_row(p, C, R); }
assignment(A) ::= LP idents(C) RP EQ query_parens(Q).                   { A = ast_assignment_query(p, C, Q); }

%type merge {AstMerge *}
merge(M) ::= merge_rows(A).                     { M = A; }
merge(M) ::= with(W) merge_rows(A).             { M = A; M->with = W; }
%type merge_rows {AstMerge *}
merge_rows(M) ::= MERGE INTO target(T) USING from(S) ON expr(E) merge_clauses(L).   { M = ast_merge(p, T, S, E, L); }
%type merge_clauses {AstMergeClauseList}
merge_clauses(L) ::= merge_clause(C).           { L = ast_merge_clause_append(p, (AstMergeClauseList){0}, C); }
merge_clauses(L) ::= merge_clauses(A) merge_clause(C).                  { L = ast_merge_clause_append(p, A, C); }
%type merge_clause {AstMergeClause *}
merge_clause(C) ::= WHEN(K) MATCHED merge_and(E) THEN merge_change(A).          { C = ast_merge_when(p, K, true, E, A); }
merge_clause(C) ::= WHEN(K) NOT MATCHED merge_and(E) THEN merge_insert(A).      { C = ast_merge_when(p, K, false, E, A); }
%type merge_and {AstExpr *}
merge_and(E) ::= .                              { E = NULL; }
merge_and(E) ::= AND expr(A).                   { E = A; }
%type merge_change {AstMergeClause *}
merge_change(C) ::= UPDATE SET assignments(L).  { C = ast_merge_clause(p, AST_MERGE_UPDATE); C->set = L; }
merge_change(C) ::= DELETE.                     { C = ast_merge_clause(p, AST_MERGE_DELETE); }
merge_change(C) ::= DO NOTHING.                 { C = ast_merge_clause(p, AST_MERGE_NOTHING); }
%type merge_insert {AstMergeClause *}
merge_insert(C) ::= INSERT VALUES row(R).       { C = ast_merge_clause(p, AST_MERGE_INSERT); C->row = R; }
merge_insert(C) ::= INSERT LP idents(L) RP VALUES row(R).
    { C = ast_merge_clause(p, AST_MERGE_INSERT); C->columns = L; C->row = R; }
merge_insert(C) ::= INSERT DEFAULT VALUES.      { C = ast_merge_clause(p, AST_MERGE_INSERT); }
merge_insert(C) ::= DO NOTHING.                 { C = ast_merge_clause(p, AST_MERGE_NOTHING); }

%type truncate {AstTruncate *}
truncate(T) ::= TRUNCATE qualified_names(L) drop_behaviour(B).          { T = ast_truncate(p, L, B); }
truncate(T) ::= TRUNCATE TABLE qualified_names(L) drop_behaviour(B).    { T = ast_truncate(p, L, B); }

/* ------------------------------------------------------------------------------------------------------------ COPY */

%type copy {AstCopy *}
copy(C) ::= COPY qualified_name(T) column_names(L) copy_direction(D) copy_target(F) copy_options(O).
    { C = ast_copy(p, T, NULL, L, D, F, O); }
copy(C) ::= COPY query_parens(Q) TO copy_target(F) copy_options(O).
    { C = ast_copy(p, NULL, Q, (AstIdentList){0}, true, F, O); }
%type copy_direction {bool}
copy_direction(B) ::= FROM.                     { B = false; }
copy_direction(B) ::= TO.                       { B = true; }
%type copy_target {Token}
copy_target(T) ::= STRING(S).                   { T = S; }
copy_target(T) ::= STDIN|STDOUT(S).             { T = S; }
%type copy_options {AstOptionList}
copy_options(L) ::= .                           { L = (AstOptionList){0}; }
copy_options(L) ::= copy_words(A).              { L = A; }
copy_options(L) ::= WITH copy_words(A).         { L = A; }
copy_options(L) ::= LP options(A) RP.           { L = A; }
copy_options(L) ::= WITH LP options(A) RP.      { L = A; }
/* Redshift's options, one after the other: a value is a string or a number, or a word after AS and in the options named here. */
%type copy_words {AstOptionList}
%type copy_word {AstOption *}
copy_words(L) ::= copy_word(O).                 { L = ast_option_append(p, (AstOptionList){0}, O); }
copy_words(L) ::= copy_words(A) copy_word(O).   { L = ast_option_append(p, A, O); }
copy_word(O) ::= word(N).                       { O = ast_copy_option(p, N, NULL); }
copy_word(O) ::= word(N) STRING(V).             { O = ast_copy_option(p, N, &V); }
copy_word(O) ::= word(N) number(V).             { O = ast_copy_option(p, N, &V); }
copy_word(O) ::= word(N) AS option_value(V).    { O = ast_copy_option(p, N, &V); }
copy_word(O) ::= FORMAT|ENCODING|COMPRESSION(N) option_value(V).        { O = ast_copy_option(p, N, &V); }
copy_word(O) ::= FORMAT|ENCODING|COMPRESSION(N) AS option_value(V).     { O = ast_copy_option(p, N, &V); }
copy_word(O) ::= ONLY(N) NEW FILES.             { O = ast_option_named(p, N, "only_new_files"); }

/* ------------------------------------------------------------------------------------------------- small statements */

%type analyze {AstAnalyze *}
analyze(A) ::= ANALYZE verbose.                 { A = ast_analyze(p, NULL, (AstIdentList){0}); }
analyze(A) ::= ANALYZE verbose qualified_name(T) column_names(C).       { A = ast_analyze(p, T, C); }
verbose ::= .
verbose ::= VERBOSE.

%type transaction {AstTransaction *}
transaction(T) ::= BEGIN transaction_word transaction_modes(R).         { T = ast_transaction(p, AST_BEGIN, R); }
transaction(T) ::= START TRANSACTION transaction_modes(R).              { T = ast_transaction(p, AST_BEGIN, R); }
transaction(T) ::= COMMIT transaction_word.     { T = ast_transaction(p, AST_COMMIT, false); }
transaction(T) ::= END transaction_word.        { T = ast_transaction(p, AST_COMMIT, false); }
transaction(T) ::= ROLLBACK transaction_word.   { T = ast_transaction(p, AST_ROLLBACK, false); }
transaction(T) ::= ABORT transaction_word.      { T = ast_transaction(p, AST_ROLLBACK, false); }
transaction_word ::= .
transaction_word ::= WORK.
transaction_word ::= TRANSACTION.
%type transaction_modes {bool}
%type transaction_mode_list {bool}
%type transaction_mode {bool}
transaction_modes(R) ::= .                                              { R = false; }
transaction_modes(R) ::= transaction_mode_list(A).                      { R = A; }
transaction_mode_list(R) ::= transaction_mode(A).                       { R = A; }
transaction_mode_list(R) ::= transaction_mode_list(A) COMMA transaction_mode(B).    { R = A || B; }
transaction_mode(R) ::= READ ONLY.              { R = true; }
transaction_mode(R) ::= READ WRITE.             { R = false; }
transaction_mode(R) ::= ISOLATION LEVEL ID(A).          { R = ast_isolation(p, A, "serializable", NULL); }
transaction_mode(R) ::= ISOLATION LEVEL ID(A) READ.     { R = ast_isolation(p, A, "repeatable", NULL); }
transaction_mode(R) ::= ISOLATION LEVEL READ ID(A).     { R = ast_isolation(p, A, "committed", "uncommitted"); }

%type set {AstSet *}
set(S) ::= SET set_scope(L) setting(N) TO|EQ set_values(V).             { S = ast_set(p, L, N, V); }
set(S) ::= SET set_scope(L) setting(N) TO|EQ DEFAULT.                   { S = ast_set(p, L, N, NULL); }
set(S) ::= SET set_scope(L) TIME(T) ZONE LOCAL|DEFAULT.                  { S = ast_set(p, L, ast_time_zone(p, T), NULL); }
set(S) ::= SET set_scope(L) TIME(T) ZONE set_values(V).                 { S = ast_set(p, L, ast_time_zone(p, T), V); }
%type set_scope {bool}
set_scope(L) ::= .                              { L = false; }
set_scope(L) ::= SESSION.                       { L = false; }
set_scope(L) ::= LOCAL.                         { L = true; }
%type set_values {AstIdent *}
set_values(V) ::= option_value(T).                                      { V = ast_ident(p, T); }
set_values(V) ::= set_values(A) COMMA option_value(T).                  { V = ast_set_values(p, A, T); }
%type setting {AstIdent *}
setting(N) ::= ident(A).                        { N = A; }
setting(N) ::= setting(A) DOT ident(B).         { N = ast_dotted_ident(p, A, B); }

%type reset {AstSet *}
reset(S) ::= RESET setting(N).                  { S = ast_set(p, false, N, NULL); }
reset(S) ::= RESET TIME(T) ZONE.                { S = ast_set(p, false, ast_time_zone(p, T), NULL); }
reset(S) ::= RESET ALL.                         { S = ast_set(p, false, NULL, NULL); }

%type show {AstShow *}
show(S) ::= SHOW setting(N).                    { S = ast_show(p, AST_SHOW_SETTING, N); }
show(S) ::= SHOW TIME(T) ZONE.                  { S = ast_show(p, AST_SHOW_SETTING, ast_time_zone(p, T)); }
show(S) ::= SHOW ALL.                           { S = ast_show(p, AST_SHOW_ALL, NULL); }
show(S) ::= SHOW FUNCTIONS.                     { S = ast_show(p, AST_SHOW_FUNCTIONS, NULL); }
show(S) ::= SHOW TABLES.                        { S = ast_show(p, AST_SHOW_TABLES, NULL); }
show(S) ::= SHOW CREATE TABLE|VIEW qualified_name(N).           { S = ast_show_create(p, N); }

%type describe {AstDescribe *}
describe(D) ::= DESCRIBE qualified_name(N).         { D = ast_describe(p, N, NULL, (AstOptionList){0}); }
describe(D) ::= DESCRIBE TABLE|VIEW qualified_name(N).      { D = ast_describe(p, N, NULL, (AstOptionList){0}); }
describe(D) ::= DESCRIBE FILE STRING(F) copy_options(O).    { D = ast_describe(p, NULL, &F, O); }

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

/* --------------------------------------------------------------------------------------------------- driving it all */

%code {
static void take_states(const yyParser *parser, ParserStates *states) {
    states->count = (uint32_t)(parser->yytos - parser->yystack) + 1;
    for (uint32_t i = 0; i < states->count; i++) {
        states->states[i] = parser->yystack[i].stateno;
    }
}

/* What the grammar would do with `code`, on the states alone. */
static bool simulate(ParserStates *states, int code) {
    for (;;) {
        YYACTIONTYPE action = yy_find_shift_action((YYCODETYPE)code, states->states[states->count - 1]);
        if (action <= YY_MAX_SHIFTREDUCE) {
            if (states->count > PARSER_STACK_MAX) {
                return false;
            }
            bool is_reduced = action > YY_MAX_SHIFT;
            states->states[states->count++] = (uint16_t)(is_reduced ? action + YY_MIN_REDUCE - YY_MIN_SHIFTREDUCE : action);
            return true;
        }
        if (action < YY_MIN_REDUCE) {
            return action == YY_ACCEPT_ACTION;
        }
        uint32_t rule = action - YY_MIN_REDUCE;
        states->count -= (uint32_t)-yyRuleInfoNRhs[rule];
        action = yy_find_reduce_action(states->states[states->count - 1], yyRuleInfoLhs[rule]);
        if (states->count > PARSER_STACK_MAX) {
            return false;
        }
        states->states[states->count++] = action;
    }
}

bool grammar_accepts(const ParserStates *states, int code, int then) {
    ParserStates copy;
    copy.count = states->count;
    memcpy(copy.states, states->states, states->count * sizeof copy.states[0]);
    return simulate(&copy, code) && (then == 0 || simulate(&copy, then));
}

Status grammar_run(Parser *p, int first) {
    yyParser parser;
    ParserStates states[2];
    p->states = &states[0];
    p->states_before = &states[1];
    GrammarInit(&parser);
    if (first != 0) {
        Grammar(&parser, first, (Token){.code = first}, p);
    }
    do {
        ParserStates *older = p->states_before;
        p->states_before = p->states;
        p->states = older;
        take_states(&parser, p->states);
        p->status = p->status == OK ? parser_advance(p) : p->status;
        if (p->status == OK) {
            Token token = p->token;
            token.start = token.pos;
            token.pos = p->stored_at == NULL ? token.pos : *p->stored_at;
            Grammar(&parser, token.code, token, p);
        }
    } while (p->status == OK && p->token.code != 0);
    GrammarFinalize(&parser);
    return p->status;
}
}
