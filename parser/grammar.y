/* The grammar of Depot's SQL (lemon, LALR(1), no unresolved conflict): its tokens and its statements. What statements are made of
 * (queries, FROM, expressions, types, names) follows in grammar_query.y; the build gives lemon both as one file. Each action is one call of a constructor (ast_build.h);
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
  ABORT ADVISE ALTER APPROXIMATE AT AUTO BACKUP BEGIN BY CASCADE CHARACTER COMMENT COMMIT COMPARE COMPOUND COMPRESSION COMPROWS COPY CUBE CURRENT DATA DAY
  DEALLOCATE DELETE DESCRIBE DISTKEY DISTSTYLE DOUBLE DROP ENCODE ENCODING ESCAPE EXCLUDE EXCLUDING EXECUTE EXPLAIN EXTRACT
  FILE FILES FILTER FIRST FOLLOWING FORMAT FUNCTIONS GROUPING GROUPS HOUR IF IGNORE INCLUDING INSERT INTERLEAVED INTERVAL
  ISOLATION KEY LAST LEVEL LOCAL MATCHED MATERIALIZED MERGE MINUTE MONTH NEW NEXT NO NOTHING NULLS ORDINALITY OTHERS OVER
  OVERLAY PARTITION PARTITIONED POSITION PRECEDING PRECISION PREPARE RANGE READ RECURSIVE RENAME REPLACE RESET RESIZE RESPECT RESTRICT
  ROLLBACK ROLLUP ROW ROWS SCHEMA SECOND SESSION SET SETS SHOW SORTKEY START STATISTICS STDIN STDOUT SUBSTRING TABLES TEMP TEMPORARY TIES
  TIME TIMESTAMP TOP TRANSACTION TRIM TRUNCATE TRY_CAST UNBOUNDED UNKNOWN UPDATE VARYING VERSION VIEW WAREHOUSE WITHIN WITHOUT WORK
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
statement(S) ::= compare(C).            { S = ast_statement(p, AST_STATEMENT_COMPARE, C); }
statement(S) ::= advise(A).             { S = ast_statement(p, AST_STATEMENT_ADVISE, A); }
statement(S) ::= create_schema(C).      { S = ast_statement(p, AST_STATEMENT_CREATE_SCHEMA, C); }
statement(S) ::= create_view(C).        { S = ast_statement(p, AST_STATEMENT_CREATE_VIEW, C); }
statement(S) ::= alter_table(A).        { S = ast_statement(p, AST_STATEMENT_ALTER_TABLE, A); }
statement(S) ::= alter_warehouse(A).    { S = ast_statement(p, AST_STATEMENT_RESIZE, A); }
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
explain(E) ::= EXPLAIN LP explain_options(O) RP explainable(S).     { E = ast_explain(p, O, S); }
explain(E) ::= EXPLAIN explain_words(O) explainable(S).     { E = ast_explain(p, O, S); }
%type explain_words {AstOptionList}
explain_words(L) ::= ANALYZE(A).                { L = ast_option_append(p, (AstOptionList){0}, ast_option(p, A, NULL)); }
explain_words(L) ::= VERBOSE(V).                { L = ast_option_append(p, (AstOptionList){0}, ast_option(p, V, NULL)); }
explain_words(L) ::= ANALYZE(A) VERBOSE(V).
    { L = ast_option_append(p, ast_option_append(p, (AstOptionList){0}, ast_option(p, A, NULL)), ast_option(p, V, NULL)); }

/* NAME, NAME value, and designs of tables that are not there. */
%type explain_options {AstOptionList}
%type explain_option {AstOption *}
explain_options(L) ::= explain_option(O).                           { L = ast_option_append(p, (AstOptionList){0}, O); }
explain_options(L) ::= explain_options(A) COMMA explain_option(O).  { L = ast_option_append(p, A, O); }
explain_option(O) ::= word(N).                                      { O = ast_option(p, N, NULL); }
explain_option(O) ::= word(N) option_value(V).                      { O = ast_option(p, N, &V); }
explain_option(O) ::= word(N) EQ option_value(V).                   { O = ast_option(p, N, &V); }
explain_option(O) ::= TABLE(K) table_design(D).                     { O = ast_option_design(p, K, D); }
explain_option(O) ::= DISTKEY(K) qualified_name(T) LP idents(C) RP.
    { O = ast_option_design(p, K, ast_table_design(p, T, ast_attribute_distkey(p, K, C))); }
explain_option(O) ::= SORTKEY(K) qualified_name(T) LP idents(C) RP.
    { O = ast_option_design(p, K, ast_table_design(p, T, ast_attribute_sortkey(p, K, AST_SORT_COMPOUND, C))); }
explain_option(O) ::= DISTSTYLE(K) qualified_name(T) word(W).
    { O = ast_option_design(p, K, ast_table_design(p, T, ast_attribute_diststyle(p, K, W))); }
explain_option(O) ::= PARTITION(K) qualified_name(T) LP partition_items(L) RP.
    { O = ast_option_design(p, K, ast_table_design(p, T, ast_attribute_partition_by(p, K, L))); }

/* Another design for a table: attributes as CREATE TABLE writes them; a key of one column needs no parentheses. */
%type table_design {AstTableDesign *}
%type design_attribute {AstTableAttribute *}
table_design(D) ::= qualified_name(T) design_attribute(A).          { D = ast_table_design(p, T, A); }
table_design(D) ::= table_design(B) design_attribute(A).            { D = ast_table_design_add(p, B, A); }
design_attribute(A) ::= table_attribute(B).                         { A = B; }
design_attribute(A) ::= DISTKEY(K) ident(C).
    { A = ast_attribute_distkey(p, K, ast_ident_append(p, (AstIdentList){0}, C)); }
design_attribute(A) ::= SORTKEY(K) ident(C).
    { A = ast_attribute_sortkey(p, K, AST_SORT_COMPOUND, ast_ident_append(p, (AstIdentList){0}, C)); }

/* ------------------------------------------------------------------------------------------------- COMPARE, ADVISE */

%type compare {AstCompare *}
compare(C) ::= COMPARE LP variants(L) RP query(Q).                  { C = ast_compare(p, L, Q); }
%type variants {AstVariantList}
variants(L) ::= variant(V).                                         { L = ast_variant_append(p, (AstVariantList){0}, V); }
variants(L) ::= variants(A) COMMA variant(V).                       { L = ast_variant_append(p, A, V); }
%type variant {AstVariant *}
variant(V) ::= variant_part(A).                                     { V = ast_variant(p, A); }
variant(V) ::= variant(B) AND variant_part(A).                      { V = ast_variant_add(p, B, A); }
%type variant_part {AstVariantPart *}
variant_part(V) ::= DEFAULT(K).                                     { V = ast_variant_part(p, AST_VARIANT_DEFAULT, K); }
variant_part(V) ::= JOIN(K) word(W).                                { V = ast_variant_join(p, K, W); }
variant_part(V) ::= TABLE(K) table_design(D).                       { V = ast_variant_table(p, K, D); }
variant_part(V) ::= PARTITION(K) ID(W) option_value(O).             { V = ast_variant_pruning(p, K, W, O); }
variant_part(V) ::= ID(N) option_value(O).                          { V = ast_variant_setting(p, N, O); }
variant_part(V) ::= ID(N) EQ option_value(O).                       { V = ast_variant_setting(p, N, O); }
variant_part(V) ::= SET ID(N) TO|EQ option_value(O).                { V = ast_variant_setting(p, N, O); }

%type advise {AstAdvise *}
advise(A) ::= ADVISE.                                               { A = ast_advise(p, 0, NULL); }
advise(A) ::= ADVISE query(Q).                                      { A = ast_advise(p, 0, Q); }
advise(A) ::= ADVISE FOR query(Q).                                  { A = ast_advise(p, 0, Q); }
advise(A) ::= ADVISE FOR INTEGER(N) ID(W).                          { A = ast_advise(p, ast_advise_count(p, N, W), NULL); }

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

/* ------------------------------------------------------------------------------------------------------------- ALTER */

%type alter_table {AstAlterTable *}
alter_table(A) ::= ALTER TABLE if_exists(I) qualified_name(N) alterations(L).    { A = ast_alter_table(p, I, N, L); }
%type alterations {AstAlterationList}
alterations(L) ::= alteration(A).                       { L = ast_alteration_append(p, (AstAlterationList){0}, A); }
alterations(L) ::= alterations(B) COMMA alteration(A).  { L = ast_alteration_append(p, B, A); }
/* Attributes as CREATE TABLE writes them; Redshift's spelling of DISTKEY has no parentheses here. */
%type alteration {AstAlteration *}
alteration(A) ::= ALTER(K) table_attribute(T).          { A = ast_alter_attribute(p, K, T, NULL); }
alteration(A) ::= ALTER(K) DISTKEY(D) ident(C).         { A = ast_alter_attribute(p, K, ast_attribute_distkey_on(p, D, C), NULL); }
alteration(A) ::= ALTER(K) DISTSTYLE(S) word(W) DISTKEY(D) ident(C).
    { A = ast_alter_attribute(p, K, ast_attribute_diststyle(p, S, W), ast_attribute_distkey_on(p, D, C)); }
alteration(A) ::= ALTER(K) SORTKEY(S) ID(W).            { A = ast_alter_attribute(p, K, ast_attribute_no_sortkey(p, S, W), NULL); }
alteration(A) ::= ALTER(K) ident(C) ENCODE word(W).     { A = ast_alter_encode(p, K, C, W); }
alteration(A) ::= ALTER(K) COLUMN ident(C) ENCODE word(W).      { A = ast_alter_encode(p, K, C, W); }
alteration(A) ::= RENAME(K) TO ident(N).                { A = ast_alter_rename(p, K, NULL, N); }
alteration(A) ::= RENAME(K) ident(C) TO ident(N).       { A = ast_alter_rename(p, K, C, N); }
alteration(A) ::= RENAME(K) COLUMN ident(C) TO ident(N).    { A = ast_alter_rename(p, K, C, N); }
alteration(A) ::= SET(K) STATISTICS LP options(O) RP.   { A = ast_alter_statistics(p, K, O); }

%type alter_warehouse {AstAlterWarehouse *}
alter_warehouse(A) ::= ALTER WAREHOUSE RESIZE copy_words(O).        { A = ast_alter_warehouse(p, O); }
alter_warehouse(A) ::= ALTER WAREHOUSE RESIZE LP options(O) RP.     { A = ast_alter_warehouse(p, O); }

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
analyze(A) ::= ANALYZE verbose(V).              { A = ast_analyze(p, NULL, (AstIdentList){0}, V); }
analyze(A) ::= ANALYZE verbose(V) qualified_name(T) column_names(C).    { A = ast_analyze(p, T, C, V); }
analyze(A) ::= ANALYZE COMPRESSION comprows(R).         { A = ast_analyze_compression(p, NULL, (AstIdentList){0}, R); }
analyze(A) ::= ANALYZE COMPRESSION qualified_name(T) column_names(C) comprows(R).   { A = ast_analyze_compression(p, T, C, R); }
%type comprows {Token}
comprows(R) ::= .                               { R = (Token){.code = 0}; }
comprows(R) ::= COMPROWS INTEGER(N).            { R = N; }
%type verbose {bool}
verbose(V) ::= .                                { V = false; }
verbose(V) ::= VERBOSE.                         { V = true; }

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

%code {
#include "parser/grammar_run.inc.h"
}
