/* How the grammar builds the tree: the parser's state and one constructor per rule. Nodes come from the statement's arena.
 *
 * Constructors do not return a Status, so that a grammar action is one call. The first failure is kept in parser->status (its
 * details in the context's Error); from then on every constructor returns the scrap node at once, never NULL, and parsing stops
 * before the next token. Lists are passed by value; their items are in the arena. */
#ifndef DEPOT_PARSER_AST_BUILD_H
#define DEPOT_PARSER_AST_BUILD_H

#include "parser/ast.h"
#include "parser/lexer.h"

#define PARSER_STACK_MAX 2000 /* as %stack_size in grammar.y */

/* The states on the grammar's stack before a token: enough to ask what could have stood there. */
typedef struct ParserStates {
    uint32_t count;
    uint16_t states[PARSER_STACK_MAX + 1];
} ParserStates;

typedef struct Parser {
    const Context *cx;
    Arena *arena;
    Lexer lexer;
    Status status;
    Token token, next;                                   /* being fed to the grammar; the one behind it */
    Token previous;                                      /* fed before; code 0 at the start */
    SourcePos start;                                     /* of the statement's first token */
    uint32_t open_parens;                                /* not yet closed */
    uint64_t position_parens[PARSER_STACK_MAX / 64 + 1]; /* bit i: the parenthesis of level i is POSITION's, IN still to come */
    bool has_stray_paren;                                /* one was closed that was not open */
    SourcePos open_paren_pos;                            /* of the outermost */
    uint32_t parameter_count;
    bool has_numbered_parameters, has_plain_parameters;
    const SourcePos *stored_at;           /* the one place of all nodes, for a text of the catalog; NULL: where they stand */
    ParserStates *states, *states_before; /* before `token`, before `previous`; borrowed from grammar_run */
    AstStatement *statement;              /* result */
    AstExpr *expr;                        /* result of parse_expression */
    _Alignas(16) char scrap[512];
} Parser;

/* Feeds tokens to the grammar until the statement ends or something fails. `first` is 0 or a token put in front. */
Status grammar_run(Parser *p, int first) MUST_CHECK;
/* Could `code`, and behind it `then` (0: whatever), stand where `states` was taken? */
bool grammar_accepts(const ParserStates *states, int code, int then);
/* parse.c: moves to the next token; TOKEN 0 at the end of the statement. */
Status parser_advance(Parser *p) MUST_CHECK;
/* parse_error.c */
void parser_syntax_error(Parser *p, const Token *token);
void parser_too_complex(Parser *p);
/* Fails the parse unless it has failed already. */
void parser_fail(Parser *p, SourcePos pos, Status status, const char *format, ...) FORMAT_LIKE_PRINTF(4, 5);
/* A zeroed node, or the scrap node once the parse has failed. */
void *parser_node(Parser *p, size_t bytes);

/* node = a new one; after a failure, return the scrap node at once. */
#define NEW_NODE(p, node)                                                                                                      \
    do {                                                                                                                       \
        (node) = parser_node((p), sizeof *(node));                                                                             \
        if ((p)->status != OK) {                                                                                               \
            return (node);                                                                                                     \
        }                                                                                                                      \
    } while (0)

/* The depth of a node over children of depth `children`; STATEMENT_TOO_COMPLEX past AST_DEPTH_MAX. */
uint32_t ast_deepen(Parser *p, SourcePos pos, uint32_t children);
uint32_t ast_group_depth(const AstGroupItem *item);
static inline uint32_t ast_max_depth(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}
static inline uint32_t ast_expr_depth(const AstExpr *expr) {
    return expr == NULL ? 0 : expr->depth;
}

void parser_finish_statement(Parser *p, AstStatement *statement);
void parser_finish_expr(Parser *p, AstExpr *expr);

/* ------------------------------------------------------------------------ what only lives between two grammar rules */

typedef struct AstAsQuery {
    AstQuery *query;
    bool with_no_data;
} AstAsQuery;
typedef struct AstTableLike {
    SourcePos pos;
    AstName *name;
    uint32_t options;
} AstTableLike;
typedef struct AstTableSource {
    AstAsQuery as;
    Token file; /* pos POS_NONE: none */
    AstOptionList options;
} AstTableSource;
typedef struct AstLimit {
    SourcePos pos;
    AstExpr *limit, *offset;
    bool with_ties;
} AstLimit;
typedef struct AstDistinctClause {
    AstDistinct kind;
    AstExprList on;
} AstDistinctClause;
typedef struct AstGroupBy {
    SourcePos pos;
    bool all;
    AstGroupList items;
    bool is_distinct;
} AstGroupBy;
typedef struct AstAlias {
    AstIdent *name;
    AstIdentList columns;
} AstAlias;
typedef struct AstJoinOn {
    bool is_natural;
    AstExpr *on;
    AstIdentList using;
} AstJoinOn;
typedef struct AstInList {
    AstExprList exprs;
    AstQuery *query;
} AstInList;
typedef struct AstTypeModifiers {
    uint32_t count;
    int64_t values[2];
} AstTypeModifiers;

/* ----------------------------------------------------------------------------------------------------- names, types */

AstIdent *ast_ident(Parser *p, Token token);
AstIdent *ast_dotted_ident(Parser *p, const AstIdent *a, const AstIdent *b);
AstName *ast_name(Parser *p, Token token);
AstName *ast_name_append(Parser *p, AstName *name, Token token);
Token ast_word(Parser *p, Token token); /* fails for what is not a word */
Token ast_negative_number(Parser *p, Token minus, Token number);
AstType *ast_type(Parser *p, Token name, const AstTypeModifiers *modifiers);
AstType *ast_type_words(Parser *p, Token first, const char *name, const AstTypeModifiers *modifiers);
AstType *ast_type_time(Parser *p, Token name, const AstTypeModifiers *modifiers, bool has_zone);
AstType *ast_type_interval(Parser *p, Token name, const AstTypeModifiers *modifiers, const char *fields);
AstTypeModifiers ast_type_modifier(Parser *p, const AstTypeModifiers *before, Token token);
const char *ast_interval_fields(Parser *p, Token from, Token to);

/* ------------------------------------------------------------------------------------------------------ expressions */

AstExpr *ast_expr(Parser *p, AstExprKind kind, Token token);
AstExpr *ast_expr_1(Parser *p, AstExprKind kind, Token token, AstExpr *a);
AstExpr *ast_expr_2(Parser *p, AstExprKind kind, Token token, AstExpr *a, AstExpr *b);
AstExpr *ast_negatable(AstExpr *expr, bool negated);
AstExpr *ast_expr_in_parens(AstExpr *expr);
AstExpr *ast_literal(Parser *p, AstExprKind kind, Token token);
AstExpr *ast_boolean(Parser *p, Token token);
AstExpr *ast_typed_literal(Parser *p, AstType *type, Token text);
AstExpr *ast_parameter(Parser *p, Token token);
AstExpr *ast_column(Parser *p, AstName *name);
AstExpr *ast_star(Parser *p, Token token, AstName *qualifier, AstIdentList exclude);
/* (a, b) OVERLAPS (c, d) is overlaps(a, b, c, d) */
AstExpr *ast_overlaps(Parser *p, Token word, AstExpr *left, AstExpr *right);
AstExpr *ast_unary(Parser *p, Token op, AstExpr *operand); /* a minus before a number literal becomes part of it */
AstExpr *ast_binary(Parser *p, Token op, AstExpr *left, AstExpr *right);
AstExpr *ast_logic(Parser *p, AstExprKind kind, Token op, AstExpr *left, AstExpr *right); /* flattens on the left */
AstExpr *ast_is_boolean(Parser *p, Token op, AstExpr *operand, AstTruth truth);
AstExpr *ast_between(Parser *p, Token op, bool symmetric, AstExpr *operand, AstExpr *low, AstExpr *high);
AstExpr *ast_in(Parser *p, Token op, AstExpr *operand, AstInList list);
AstExpr *ast_like(Parser *p, Token op, AstExpr *operand, AstExpr *pattern, AstExpr *escape);
AstExpr *ast_infix(Parser *p, Token op, AstExpr *left, AstExpr *right);
AstExpr *ast_query_expr(Parser *p, AstExprKind kind, SourcePos pos, AstExpr *operand, AstQuery *query);
AstExpr *ast_quantified(Parser *p, AstExpr *left, Token op, bool is_all, AstQuery *query);
AstExpr *ast_row_expr(Parser *p, Token token, AstExprList values);
AstExpr *ast_case(Parser *p, Token token, AstExpr *operand, AstExprList whens, AstExpr *otherwise);
AstExpr *ast_cast(Parser *p, Token token, AstExpr *operand, AstType *type, bool is_try);

AstExpr *ast_call(Parser *p, AstName *name, AstExprList args);
AstExpr *ast_call_word(Parser *p, Token word, AstExprList args); /* a keyword as the function's name */
AstExpr *ast_call_star(Parser *p, AstName *name);
AstExpr *ast_call_bare(Parser *p, Token word, const Token *precision);
AstExpr *ast_call_2(Parser *p, Token at, const char *name, AstExpr *a, AstExpr *b);
AstExpr *ast_call_3(Parser *p, Token at, const char *name, AstExpr *a, AstExpr *b, AstExpr *c);
AstExpr *ast_call_4(Parser *p, Token at, const char *name, AstExpr *a, AstExpr *b, AstExpr *c, AstExpr *d);
AstExpr *ast_call_substring_for(Parser *p, Token at, AstExpr *text, AstExpr *length);
AstExpr *ast_call_trim(Parser *p, Token at, const char *name, AstExpr *characters, AstExprList args);
AstExpr *ast_call_order(Parser *p, AstExpr *call, AstOrderList order_by, AstNullTreatment nulls);
AstExpr *ast_call_distinct(Parser *p, AstExpr *call);
AstExpr *ast_call_approximate(Parser *p, AstExpr *call);
AstExpr *ast_call_tail(Parser *p, AstExpr *call, AstOrderList within_group, AstNullTreatment nulls, AstExpr *filter,
                       AstWindow *over);

AstOrderItem *ast_order_item(Parser *p, SourcePos pos, AstExpr *expr, bool descending, AstNulls nulls);
AstWindow *ast_window(Parser *p, AstIdent *base, AstExprList partition_by, AstOrderList order_by, AstFrame frame);
AstWindow *ast_window_named(Parser *p, AstWindow *window, const AstIdent *name);
AstWindow *ast_window_reference(Parser *p, const AstIdent *name);
AstFrame ast_frame(Parser *p, Token unit, AstBound start, const AstBound *end, AstExclude exclude);

/* ---------------------------------------------------------------------------------------------------------- queries */

AstQuery *ast_query_in_parens(AstQuery *query);
AstQuery *ast_query_select(Parser *p, Token token, AstExpr *top, AstSelect select);
AstQuery *ast_query_values(Parser *p, Token token, AstRowList rows);
AstQuery *ast_query_table(Parser *p, Token token, AstName *name); /* TABLE t: SELECT * FROM t */
AstQuery *ast_query_set_operation(Parser *p, Token token, AstSetOp op, bool is_all, AstQuery *left, AstQuery *right);
/* Adds WITH, ORDER BY and limits; to a query that has such already (it stood in parentheses), around it. */
AstQuery *ast_query_tail(Parser *p, AstWith *with, AstQuery *query, AstOrderList order_by, AstLimit limit);
AstExpr *ast_fetch_count(Parser *p, AstExpr *count); /* FETCH FIRST ROW is one row */
AstWith *ast_with(Parser *p, Token token, bool is_recursive, AstCteList ctes);
AstCte *ast_cte(Parser *p, const AstIdent *name, AstIdentList columns, AstMaterialized materialized, AstQuery *query);
AstRow *ast_row(Parser *p, Token token, AstExprList values);
AstSelectItem *ast_select_item(Parser *p, AstExpr *expr, const Token *alias);
AstGroupItem *ast_group_expr(Parser *p, AstExpr *expr);
AstGroupItem *ast_group_item(Parser *p, AstGroupKind kind, Token token, AstExprList exprs, AstGroupList sets);

AstFrom *ast_from_table(Parser *p, AstName *name, AstExpr *version, AstAlias alias);
AstFrom *ast_from_file(Parser *p, Token file, AstAlias alias);
AstFrom *ast_from_query(Parser *p, AstQuery *query, bool is_lateral, AstAlias alias);
AstFrom *ast_from_function(Parser *p, AstExpr *call, bool with_ordinality, bool is_lateral, AstAlias alias);
AstFrom *ast_from_alias(Parser *p, AstFrom *from, AstAlias alias);
AstFrom *ast_join(Parser *p, Token token, AstJoinType type, AstFrom *left, AstFrom *right, AstJoinOn on);

/* ------------------------------------------------------------------------------------------------------- statements */

AstStatement *ast_statement(Parser *p, AstStatementKind kind, void *body);
/* ast_build_compare.c */
AstTableDesign *ast_table_design(Parser *p, AstName *table, AstTableAttribute *attribute);
AstTableDesign *ast_table_design_add(Parser *p, AstTableDesign *design, AstTableAttribute *attribute);
AstOption *ast_option_design(Parser *p, Token name, AstTableDesign *design);
AstVariantPart *ast_variant_part(Parser *p, AstVariantKind kind, Token at);
AstVariantPart *ast_variant_join(Parser *p, Token at, Token word);
AstVariantPart *ast_variant_table(Parser *p, Token at, AstTableDesign *design);
AstVariantPart *ast_variant_setting(Parser *p, Token name, Token value);
AstVariantPart *ast_variant_pruning(Parser *p, Token at, Token word, Token value);
AstVariant *ast_variant(Parser *p, AstVariantPart *part);
AstVariant *ast_variant_add(Parser *p, AstVariant *variant, AstVariantPart *part);
AstCompare *ast_compare(Parser *p, AstVariantList variants, AstQuery *query);
int64_t ast_advise_count(Parser *p, Token number, Token word);
AstAdvise *ast_advise(Parser *p, int64_t count, AstQuery *query);
AstExplain *ast_explain(Parser *p, AstOptionList options, AstStatement *statement);
AstOption *ast_option(Parser *p, Token name, const Token *value);
AstOption *ast_option_columns(Parser *p, Token name, AstIdentList columns);
AstOption *ast_option_named(Parser *p, Token at, const char *name);
AstOption *ast_copy_option(Parser *p, Token name, const Token *value); /* CSV, GZIP …: Redshift's words to the list's names */

AstCreateTable *ast_create_table(Parser *p, bool is_temporary, bool if_not_exists, AstName *name, AstCreateTable *elements,
                                 AstTableAttributeList attributes, AstTableSource source);
uint32_t ast_like_option(Parser *p, uint32_t options, bool is_included, Token word);
/* `elements` NULL begins a list of table elements. */
AstCreateTable *ast_table_column(Parser *p, AstCreateTable *elements, AstColumnDef *column);
AstCreateTable *ast_table_constraint(Parser *p, AstCreateTable *elements, AstConstraint *constraint);
AstCreateTable *ast_table_like(Parser *p, AstCreateTable *elements, AstTableLike like);
AstColumnDef *ast_column_def(Parser *p, const AstIdent *name, AstType *type, AstConstraintList constraints);
AstConstraint *ast_constraint(Parser *p, AstConstraintKind kind, Token token);
AstConstraint *ast_constraint_named(AstConstraint *constraint, const AstIdent *name);
AstConstraint *ast_constraint_expr(Parser *p, AstConstraintKind kind, Token token, AstExpr *expr);
AstConstraint *ast_constraint_key(Parser *p, AstConstraintKind kind, Token token, AstIdentList columns);
AstConstraint *ast_constraint_encode(Parser *p, Token token, Token encoding);
AstConstraint *ast_constraint_references(Parser *p, Token token, AstIdentList columns, AstName *target,
                                         AstIdentList target_columns);
AstTableAttribute *ast_attribute(Parser *p, AstTableAttributeKind kind, Token token);
AstTableAttribute *ast_attribute_diststyle(Parser *p, Token token, Token style);
AstTableAttribute *ast_attribute_distkey(Parser *p, Token token, AstIdentList columns);
AstTableAttribute *ast_attribute_sortkey(Parser *p, Token token, AstSortStyle style, AstIdentList columns);
AstTableAttribute *ast_attribute_partition_by(Parser *p, Token token, AstPartitionList partitions);
AstTableAttribute *ast_attribute_options(Parser *p, Token token, AstOptionList options);
AstTableAttribute *ast_attribute_distkey_on(Parser *p, Token token, AstIdent *column);
AstTableAttribute *ast_attribute_no_sortkey(Parser *p, Token token, Token word); /* SORTKEY NONE */
AstPartitionItem *ast_partition_column(Parser *p, AstIdent *column);
AstPartitionItem *ast_partition_item(Parser *p, Token transform, const Token *parameter, AstIdent *column);

AstCreateSchema *ast_create_schema(Parser *p, bool if_not_exists, AstIdent *name);
AstCreateView *ast_create_view(Parser *p, bool or_replace, bool is_temporary, AstName *name, AstIdentList columns,
                               AstQuery *query);
AstAlterTable *ast_alter_table(Parser *p, bool if_exists, AstName *name, AstAlterationList alterations);
AstAlteration *ast_alter_attribute(Parser *p, Token token, AstTableAttribute *attribute, AstTableAttribute *second);
AstAlteration *ast_alter_encode(Parser *p, Token token, AstIdent *column, Token encoding);
AstAlteration *ast_alter_rename(Parser *p, Token token, AstIdent *column, AstIdent *name); /* column NULL: the table */
AstAlteration *ast_alter_statistics(Parser *p, Token token, AstOptionList options);
AstAlterWarehouse *ast_alter_warehouse(Parser *p, AstOptionList options);
AstDrop *ast_drop(Parser *p, AstObjectKind object, bool if_exists, AstNameList names, bool cascade);
AstComment *ast_comment(Parser *p, AstObjectKind object, AstName *name, const char *text);
AstPrepare *ast_prepare(Parser *p, AstIdent *name, AstTypeList types, AstStatement *statement);
AstExecute *ast_execute(Parser *p, AstIdent *name, AstExprList args);
AstDeallocate *ast_deallocate(Parser *p, AstIdent *name);
AstInsert *ast_insert(Parser *p, AstName *table, AstIdentList columns, AstQuery *query);
AstCopy *ast_copy(Parser *p, AstName *table, AstQuery *query, AstIdentList columns, bool is_to, Token target,
                  AstOptionList options);
AstAnalyze *ast_analyze(Parser *p, AstName *table, AstIdentList columns, bool is_verbose);
AstFrom *ast_from_target(Parser *p, AstName *name, const AstIdent *alias);
AstDelete *ast_delete(Parser *p, AstFrom *target, AstFromList using, AstExpr *where);
AstUpdate *ast_update(Parser *p, AstFrom *target, AstAssignmentList set, AstFromList from, AstExpr *where);
AstIdent *ast_assigned(Parser *p, const AstName *name);
AstAssignment *ast_assignment(Parser *p, AstIdent *column, AstExpr *value);
AstAssignment *ast_assignment_row(Parser *p, AstIdentList columns, AstRow *row);
AstAssignment *ast_assignment_query(Parser *p, AstIdentList columns, AstQuery *query);
AstMerge *ast_merge(Parser *p, AstFrom *target, AstFrom *source, AstExpr *on, AstMergeClauseList clauses);
AstMergeClause *ast_merge_clause(Parser *p, AstMergeAction action);
/* Puts a clause's action behind its WHEN. */
AstMergeClause *ast_merge_when(Parser *p, Token token, bool is_matched, AstExpr *condition, AstMergeClause *clause);
AstTruncate *ast_truncate(Parser *p, AstNameList names, bool cascade);
AstAnalyze *ast_analyze_compression(Parser *p, AstName *table, AstIdentList columns, Token rows); /* code 0: not given */
AstTransaction *ast_transaction(Parser *p, AstTransactionKind kind, bool is_read_only);
/* The word that makes an isolation level; all of them are read from one snapshot. Always false: not read-only. */
bool ast_isolation(Parser *p, Token word, const char *right, const char *also_right);
AstSet *ast_set(Parser *p, bool is_local, AstIdent *name, const AstIdent *value);
AstIdent *ast_set_values(Parser *p, const AstIdent *before, Token value);
AstIdent *ast_time_zone(Parser *p, Token token); /* the setting behind SET TIME ZONE */
AstShow *ast_show(Parser *p, AstShowKind kind, AstIdent *name);
AstShow *ast_show_create(Parser *p, AstName *relation);
AstDescribe *ast_describe(Parser *p, AstName *table, const Token *file, AstOptionList options);

/* ------------------------------------------------------------------------------------------------------------ lists */

/* One function per list type: the list with the item behind it. LIST(function, list, item, depth of `item`) */
#define LIST(append, List, Item, depth) List append(Parser *p, List list, Item *item);
#include "parser/ast_lists.def"
#undef LIST
AstExprList ast_expr_prepend(Parser *p, AstExpr *expr, AstExprList list);
AstExprList ast_when_append(Parser *p, AstExprList list, AstExpr *condition, AstExpr *value);

#endif
