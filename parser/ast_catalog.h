/* The syntax tree of statements about the catalog and about prepared statements. Part of ast.h, which includes it. */
#ifndef DEPOT_PARSER_AST_CATALOG_H
#define DEPOT_PARSER_AST_CATALOG_H

typedef struct AstCreateSchema {
    AstIdent *name;
    bool if_not_exists;
} AstCreateSchema;

typedef struct AstCreateView {
    AstName *name;
    AstIdentList columns; /* empty: as the query calls them */
    AstQuery *query;
    bool or_replace;
    bool is_temporary;
} AstCreateView;

typedef enum AstObjectKind { AST_OBJECT_TABLE, AST_OBJECT_VIEW, AST_OBJECT_SCHEMA, AST_OBJECT_COLUMN } AstObjectKind;

typedef struct AstDrop {
    AstObjectKind object; /* not COLUMN */
    AstNameList names;
    bool if_exists;
    bool cascade;
} AstDrop;

typedef struct AstComment {
    AstObjectKind object;
    AstName *name;    /* of a column: [schema.]table.column */
    const char *text; /* NULL removes the comment */
} AstComment;

typedef struct AstPrepare {
    AstIdent *name;
    AstTypeList types; /* may be fewer than the parameters */
    AstStatement *statement;
} AstPrepare;

typedef struct AstExecute {
    AstIdent *name;
    AstExprList args;
} AstExecute;

typedef struct AstDeallocate {
    AstIdent *name; /* NULL: ALL */
} AstDeallocate;

#endif
