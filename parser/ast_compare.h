/* The syntax tree of COMPARE and ADVISE, and of designs that a table does not have. Part of ast.h, which includes it. */
#ifndef DEPOT_PARSER_AST_COMPARE_H
#define DEPOT_PARSER_AST_COMPARE_H

/* lineorder DISTKEY (lo_custkey) SORTKEY (lo_orderdate); at least one attribute. */
typedef struct AstTableDesign {
    AstName *table;
    AstTableAttributeList attributes;
} AstTableDesign;

typedef enum AstVariantKind {
    AST_VARIANT_DEFAULT, /* everything as it is */
    AST_VARIANT_JOIN,    /* word: what a hint is called */
    AST_VARIANT_TABLE,   /* design */
    AST_VARIANT_SETTING  /* word, value; PARTITION PRUNING on is partition_pruning = on */
} AstVariantKind;

typedef struct AstVariantPart {
    AstVariantKind kind;
    SourcePos pos, value_pos;
    const char *word, *value;
    AstTableDesign *design;
} AstVariantPart;
AST_LIST(AstVariantPartList, AstVariantPart);

/* Parts that hold together: TABLE a DISTKEY x AND TABLE b DISTKEY y. */
typedef struct AstVariant {
    AstVariantPartList parts;
} AstVariant;
AST_LIST(AstVariantList, AstVariant);

typedef struct AstCompare {
    AstVariantList variants;
    AstQuery *query;
} AstCompare;

typedef struct AstAdvise {
    int64_t count;   /* of queries of the log, the newest first; 0: all. If query is NULL */
    AstQuery *query; /* NULL: the query log */
} AstAdvise;

#endif
