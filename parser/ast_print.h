/* What the two halves of ast_print share: a growing text, and the printing of names and expressions into it. */
#ifndef DEPOT_PARSER_AST_PRINT_H
#define DEPOT_PARSER_AST_PRINT_H

#include "parser/ast.h"

typedef struct Printer {
    const Context *cx;
    Arena *arena;
    char *text; /* in arena */
    size_t bytes, capacity;
    bool failed; /* out of memory */
} Printer;

/* How tightly a construct binds, in the order of grammar.y. */
enum {
    LEVEL_ANY,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARE,
    LEVEL_LIKE,
    LEVEL_ESCAPE,
    LEVEL_OP,
    LEVEL_PLUS,
    LEVEL_STAR,
    LEVEL_CARET,
    LEVEL_SIGN,
    LEVEL_PRIMARY
};

void sql_put_bytes(Printer *out, const char *text, size_t bytes);
void sql_put(Printer *out, const char *text);
void sql_put_quoted(Printer *out, const char *text, char quote); /* quotes inside are doubled */
void sql_put_string(Printer *out, const char *text);
void sql_put_upper(Printer *out, const char *text);
void sql_put_number(Printer *out, int64_t number);
bool sql_is_plain_word(const char *text);           /* the lexer reads it back as one word */
void sql_put_ident(Printer *out, const char *text); /* quoted where it must be */
void sql_put_name(Printer *out, const AstName *name);
void sql_put_idents(Printer *out, const AstIdentList *idents);        /* (a, b) */
void sql_put_idents_if_any(Printer *out, const AstIdentList *idents); /* with a blank in front */
void sql_put_type(Printer *out, const AstType *type);

/* In parentheses if the expression binds weaker than `level`. */
void sql_print_expr(Printer *out, const AstExpr *expr, int level);
void sql_print_order_by(Printer *out, const AstOrderList *order); /* nothing for an empty list */
void sql_print_window(Printer *out, const AstWindow *window);
void sql_print_exprs(Printer *out, const AstExprList *exprs, uint32_t from);
void sql_print_from(Printer *out, const AstFrom *from);
void sql_print_with(Printer *out, const AstWith *with); /* nothing for NULL */
void sql_print_condition(Printer *out, const char *word, const AstExpr *condition);
/* ast_print_change.c */
void sql_print_delete(Printer *out, const AstDelete *delete);
void sql_print_update(Printer *out, const AstUpdate *update);
void sql_print_merge(Printer *out, const AstMerge *merge);
void sql_print_truncate(Printer *out, const AstTruncate *truncate);
void sql_print_attribute(Printer *out, const AstTableAttribute *attribute); /* of a table; with a blank in front */
void sql_print_options(Printer *out, const AstOptionList *options);         /* (a = b, …) */
void sql_print_query(Printer *out, const AstQuery *query);
void sql_print_query_in_parens(Printer *out, const AstQuery *query);
void sql_print_statement(Printer *out, const AstStatement *statement);

void sql_print_attribute(Printer *out, const AstTableAttribute *attribute); /* with a blank in front */
/* ast_print_compare.c */
void sql_print_table_design(Printer *out, const AstTableDesign *design);
void sql_print_variant(Printer *out, const AstVariant *variant);
void sql_print_compare(Printer *out, const AstCompare *compare);
void sql_print_advise(Printer *out, const AstAdvise *advise);
/* ast_print_catalog.c */
void sql_print_create_schema(Printer *out, const AstCreateSchema *create);
void sql_print_create_view(Printer *out, const AstCreateView *create);
void sql_print_alter_table(Printer *out, const AstAlterTable *alter);
void sql_print_alter_warehouse(Printer *out, const AstAlterWarehouse *alter);
void sql_print_drop(Printer *out, const AstDrop *drop);
void sql_print_comment(Printer *out, const AstComment *comment);
void sql_print_prepare(Printer *out, const AstPrepare *prepare);
void sql_print_execute(Printer *out, const AstExecute *execute);
void sql_print_deallocate(Printer *out, const AstDeallocate *deallocate);

#endif
