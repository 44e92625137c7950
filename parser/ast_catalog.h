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

typedef enum AstAlterationKind {
    AST_ALTER_ATTRIBUTES,    /* attributes: what a table is declared with anew */
    AST_ALTER_ENCODE,        /* column, encoding */
    AST_ALTER_RENAME,        /* name */
    AST_ALTER_RENAME_COLUMN, /* column, name */
    AST_ALTER_STATISTICS     /* options: SET STATISTICS (rows = n) */
} AstAlterationKind;
typedef struct AstAlteration {
    AstAlterationKind kind;
    SourcePos pos;
    AstTableAttributeList attributes; /* one, or DISTSTYLE KEY and its DISTKEY */
    AstIdent *column, *name;
    const char *encoding;
    SourcePos encoding_pos;
    AstOptionList options;
} AstAlteration;
AST_LIST(AstAlterationList, AstAlteration);

typedef struct AstAlterTable {
    AstName *name;
    bool if_exists;
    AstAlterationList alterations;
} AstAlterTable;

/* ALTER WAREHOUSE RESIZE NODES n SLICES m: which words there are is checked where it runs. */
typedef struct AstAlterWarehouse {
    AstOptionList options;
} AstAlterWarehouse;

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
