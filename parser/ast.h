/* The syntax tree: what the text of a statement says, before any name or type is looked up. Read-only once parsed; all of it
 * lies in the statement's arena. The tree can express more than the binder accepts; what the grammar itself does not take is
 * refused there by name.
 *
 * Every node has a SourcePos: the byte offset of the token under which an error's caret stands (for a binary operator the
 * operator, for a call its name, for a column reference its first part, for a clause its keyword). Names are folded to lower
 * case unless they were quoted. Texts end with a 0; strings that may hold a 0 byte do not exist (the lexer refuses them).
 *
 * Families: AstStatement → AstQuery → AstSelect, AstFrom → AstExpr. Nesting is bounded by AST_DEPTH_MAX, so a recursive walk is
 * safe; chains of AND, OR and of one set operation are flat lists of any length. */
#ifndef DEPOT_PARSER_AST_H
#define DEPOT_PARSER_AST_H

#include "core/arena.h"
#include "core/schema.h"

#define AST_DEPTH_MAX 1000

typedef struct AstExpr AstExpr;
typedef struct AstQuery AstQuery;
typedef struct AstFrom AstFrom;
typedef struct AstStatement AstStatement;

/* Every list has this shape: count pointers in the arena, in the order of the text. `depth` is the deepest item's. An empty
 * list is all zero. */
#define AST_LIST(Name, Item)                                                                                                   \
    typedef struct Name {                                                                                                      \
        uint32_t count, capacity, depth;                                                                                       \
        Item **items;                                                                                                          \
    } Name
AST_LIST(AstExprList, AstExpr);

/* ------------------------------------------------------------------------------------------------------------ names */

typedef struct AstIdent {
    SourcePos pos;
    const char *text;
} AstIdent;
AST_LIST(AstIdentList, AstIdent);

/* a, a.b, a.b.c, a.b.c.d: parts[count - 1] is the object's own name, what stands before qualifies it. */
#define AST_NAME_PARTS_MAX 4
typedef struct AstName {
    SourcePos pos; /* of the first part */
    uint32_t count;
    AstIdent parts[AST_NAME_PARTS_MAX];
} AstName;
AST_LIST(AstNameList, AstName);

/* A type as written: type_from_name(cx, pos, name, modifiers, modifier_count, …). Names of several words are brought to one
 * spelling: "double precision", "varchar" (CHARACTER VARYING), "char", "timestamp", "timestamptz", "time", "timetz". */
typedef struct AstType {
    SourcePos pos;
    const char *name;
    uint32_t modifier_count;
    int64_t modifiers[2];
    const char *interval_fields; /* INTERVAL '1' DAY, INTERVAL YEAR TO MONTH: "day", "year to month"; else NULL */
} AstType;
AST_LIST(AstTypeList, AstType);

/* ------------------------------------------------------------------------------------------------------ expressions */

typedef enum AstExprKind {
    AST_NULL,          /* NULL */
    AST_BOOLEAN,       /* TRUE, FALSE: boolean */
    AST_INTEGER,       /* digits, perhaps after a minus: text (may exceed 64 bits) */
    AST_DECIMAL,       /* the same with a point: text */
    AST_DOUBLE,        /* the same with an exponent: text */
    AST_STRING,        /* '…', E'…', $$…$$: text, escapes resolved */
    AST_TYPED_LITERAL, /* DATE '…', INTERVAL '1' DAY, int4 '7': typed */
    AST_PARAMETER,     /* $1 or ?: parameter, from 0 */
    AST_COLUMN,        /* name */
    AST_STAR,          /* *, t.*: star (select list, and count(*)) */
    AST_DEFAULT,       /* DEFAULT in a row of INSERT … VALUES */
    AST_UNARY,         /* symbol args[0]: - + ~ */
    AST_BINARY,        /* args[0] symbol args[1]: + - * / % ^ || = <> < <= > >= ~ ~* !~ !~* & | # << >> */
    AST_AND,           /* args, two or more */
    AST_OR,            /* args, two or more */
    AST_NOT,           /* args[0] */
    AST_IS_NULL,       /* args[0] IS [NOT] NULL: negated */
    AST_IS_BOOLEAN,    /* args[0] IS [NOT] TRUE, FALSE, UNKNOWN: negated, truth */
    AST_IS_DISTINCT,   /* args[0] IS [NOT] DISTINCT FROM args[1]: negated */
    AST_BETWEEN,       /* args[0] [NOT] BETWEEN [SYMMETRIC] args[1] AND args[2]: negated, symmetric */
    AST_LIKE,          /* args[0] [NOT] LIKE args[1] [ESCAPE args[2]]: negated, like; two or three args */
    AST_IN,            /* args[0] [NOT] IN (args[1], …): negated */
    AST_IN_QUERY,      /* args[0] [NOT] IN (query): negated, query */
    AST_EXISTS,        /* EXISTS (query): query */
    AST_SUBQUERY,      /* (query) as a value: query */
    AST_QUANTIFIED,    /* args[0] symbol ANY|ALL (query): symbol, query, is_all */
    AST_ROW,           /* (a, b), ROW(a, …): args */
    AST_CASE,          /* [args[0] if has_operand], WHEN, THEN, WHEN, THEN, …, [ELSE if has_else]: has_operand, has_else */
    AST_CAST,          /* args[0]: cast */
    AST_CALL           /* args: call */
} AstExprKind;

typedef enum AstLike { AST_LIKE_PLAIN, AST_LIKE_ILIKE, AST_LIKE_SIMILAR } AstLike;
typedef enum AstTruth { AST_TRUTH_TRUE, AST_TRUTH_FALSE, AST_TRUTH_UNKNOWN } AstTruth;
typedef enum AstNulls { AST_NULLS_DEFAULT, AST_NULLS_FIRST, AST_NULLS_LAST } AstNulls;

typedef struct AstOrderItem {
    SourcePos pos;
    AstExpr *expr; /* NULL: ORDER BY ALL, the only item then */
    bool descending;
    AstNulls nulls;
} AstOrderItem;
AST_LIST(AstOrderList, AstOrderItem);

typedef enum AstFrameUnit { AST_FRAME_NONE, AST_FRAME_ROWS, AST_FRAME_RANGE, AST_FRAME_GROUPS } AstFrameUnit;
typedef enum AstBoundKind {
    AST_BOUND_UNBOUNDED_PRECEDING,
    AST_BOUND_PRECEDING, /* offset */
    AST_BOUND_CURRENT_ROW,
    AST_BOUND_FOLLOWING, /* offset */
    AST_BOUND_UNBOUNDED_FOLLOWING
} AstBoundKind;
typedef enum AstExclude { AST_EXCLUDE_NO_OTHERS, AST_EXCLUDE_CURRENT_ROW, AST_EXCLUDE_GROUP, AST_EXCLUDE_TIES } AstExclude;

typedef struct AstBound {
    SourcePos pos;
    AstBoundKind kind;
    AstExpr *offset; /* PRECEDING, FOLLOWING */
} AstBound;

/* unit AST_FRAME_NONE: none was written. A frame of one bound ends at the current row. */
typedef struct AstFrame {
    SourcePos pos;
    AstFrameUnit unit;
    AstBound start, end;
    AstExclude exclude;
} AstFrame;

/* OVER w: only base is set and is_reference. OVER (…) and WINDOW name AS (…): the rest. */
typedef struct AstWindow {
    SourcePos pos;
    const char *name; /* WINDOW name AS …; NULL after OVER */
    const char *base; /* the window that this one is, or copies; may be NULL */
    bool is_reference;
    AstExprList partition_by;
    AstOrderList order_by;
    AstFrame frame;
} AstWindow;
AST_LIST(AstWindowList, AstWindow);

typedef enum AstNullTreatment { AST_NULLS_UNSPECIFIED, AST_RESPECT_NULLS, AST_IGNORE_NULLS } AstNullTreatment;

/* Functions, aggregates and window functions. SQL's special forms are plain calls here: EXTRACT(year FROM d) is
 * extract('year', d); SUBSTRING(s FROM 2 FOR 3) is substring(s, 2, 3); POSITION(a IN s) is position(s, a); TRIM(BOTH c FROM s)
 * is btrim(s, c), LEADING ltrim, TRAILING rtrim; OVERLAY is overlay(s, new, from [, count]); (a, b) OVERLAPS (c, d)
 * is overlaps(a, b, c, d); t AT TIME ZONE z is timezone(z,
 * t); CURRENT_DATE and its kin are calls with is_bare. The first argument of DATEADD(month, …) is an AST_COLUMN named "month".
 */
typedef struct AstCall {
    AstName *name;
    bool is_bare;        /* written without parentheses */
    bool is_distinct;    /* count(DISTINCT x) */
    bool is_approximate; /* APPROXIMATE count(DISTINCT x) */
    bool is_star;        /* count(*): no args */
    AstNullTreatment null_treatment;
    AstOrderList order_by;     /* string_agg(x, ',' ORDER BY y) */
    AstOrderList within_group; /* percentile_cont(0.5) WITHIN GROUP (ORDER BY x) */
    AstExpr *filter;           /* may be NULL */
    AstWindow *over;           /* may be NULL */
} AstCall;

struct AstExpr {
    AstExprKind kind;
    SourcePos pos;
    uint32_t depth;
    bool negated;   /* IS_NULL, IS_BOOLEAN, IS_DISTINCT, BETWEEN, LIKE, IN, IN_QUERY */
    bool in_parens; /* written in parentheses of its own */
    AstExprList args;
    union {
        bool boolean;
        const char *text;
        uint32_t parameter;
        AstName *name;
        struct {
            AstName *of;          /* what qualifies the star; NULL: all columns */
            AstIdentList exclude; /* * EXCLUDE (a, b); empty: none */
        } star;
        struct {
            AstType *type;
            const char *text;
        } typed;
        AstTruth truth;
        bool symmetric;
        AstLike like;
        struct {
            const char *symbol; /* static */
            AstQuery *query;
            bool is_all;
        };
        struct {
            bool has_operand, has_else;
        };
        struct {
            AstType *type;
            bool is_try; /* TRY_CAST */
        } cast;
        AstCall *call;
    };
};

/* ---------------------------------------------------------------------------------------------------------- queries */

typedef struct AstSelectItem {
    SourcePos pos;
    AstExpr *expr;     /* AST_STAR for * and t.* */
    const char *alias; /* NULL: none; ast_column_name() says what the column is called then */
} AstSelectItem;
AST_LIST(AstSelectItemList, AstSelectItem);

typedef enum AstGroupKind {
    AST_GROUP_EXPR,   /* expr; a row (a, b) stands for its members */
    AST_GROUP_EMPTY,  /* () */
    AST_GROUP_ROLLUP, /* exprs; a row is one step */
    AST_GROUP_CUBE,   /* exprs */
    AST_GROUP_SETS    /* sets: items of any kind */
} AstGroupKind;
typedef struct AstGroupItem AstGroupItem;
AST_LIST(AstGroupList, AstGroupItem);
struct AstGroupItem {
    AstGroupKind kind;
    SourcePos pos;
    AstExpr *expr;
    AstExprList exprs;
    AstGroupList sets;
};

typedef enum AstDistinct { AST_DISTINCT_NONE, AST_DISTINCT_ALL_COLUMNS, AST_DISTINCT_ON } AstDistinct;
AST_LIST(AstFromList, AstFrom);

typedef struct AstSelect {
    SourcePos pos;
    const char *hints; /* the text between "/" "*+" and its end after SELECT; NULL: none */
    SourcePos hints_pos;
    AstDistinct distinct;
    AstExprList distinct_on;
    AstSelectItemList items;
    AstFromList from;    /* separated by commas; empty: one row without columns */
    AstExpr *where;      /* may be NULL, like having and qualify */
    bool group_all;      /* GROUP BY ALL */
    bool group_distinct; /* GROUP BY DISTINCT: equal grouping sets count once */
    SourcePos group_pos; /* of GROUP; POS_NONE without GROUP BY */
    AstGroupList group_by;
    AstExpr *having;
    AstWindowList windows;
    AstExpr *qualify;
} AstSelect;

typedef enum AstMaterialized { AST_MATERIALIZED_DEFAULT, AST_MATERIALIZED_YES, AST_MATERIALIZED_NO } AstMaterialized;
typedef struct AstCte {
    SourcePos pos;
    const char *name;
    AstIdentList columns; /* may be empty */
    AstMaterialized materialized;
    AstQuery *query;
} AstCte;
AST_LIST(AstCteList, AstCte);

typedef struct AstWith {
    SourcePos pos;
    bool is_recursive;
    AstCteList ctes;
} AstWith;

typedef enum AstSetOp { AST_UNION, AST_INTERSECT, AST_EXCEPT } AstSetOp;
AST_LIST(AstQueryList, AstQuery);

/* A row of VALUES. */
typedef struct AstRow {
    SourcePos pos;
    AstExprList values;
} AstRow;
AST_LIST(AstRowList, AstRow);

typedef enum AstQueryKind {
    AST_QUERY_SELECT,        /* select; TABLE t is SELECT * FROM t */
    AST_QUERY_SET_OPERATION, /* set */
    AST_QUERY_VALUES         /* values */
} AstQueryKind;

/* One query expression with what may surround it. Limits apply after the order. */
struct AstQuery {
    AstQueryKind kind;
    SourcePos pos; /* SELECT, VALUES, or the first UNION, INTERSECT, EXCEPT */
    uint32_t depth;
    AstWith *with;         /* may be NULL */
    AstOrderList order_by; /* may be empty */
    AstExpr *limit;        /* LIMIT, FETCH FIRST, TOP; NULL: none or LIMIT ALL */
    AstExpr *offset;       /* may be NULL */
    bool with_ties;        /* FETCH FIRST … WITH TIES */
    bool in_parens;        /* written in parentheses of its own */
    union {
        AstSelect *select;
        struct {
            AstSetOp op;
            bool is_all;
            AstQueryList inputs; /* two or more, applied from left to right */
        } set;
        AstRowList values;
    };
};

/* ------------------------------------------------------------------------------------------------------------- FROM */

/* NAME, NAME value or NAME = value in EXPLAIN (…), COPY … and WITH (…). */
typedef struct AstOption {
    SourcePos pos;
    const char *name;
    const char *value; /* a word, a number or a string, as text; NULL: the option just stands there */
    bool is_quoted;    /* the value was a string */
    SourcePos value_pos;
    AstIdentList columns;          /* FORCE_NULL (a, b); value is NULL then */
    struct AstTableDesign *design; /* EXPLAIN (DISTKEY t(c)); NULL: none */
} AstOption;
AST_LIST(AstOptionList, AstOption);

typedef enum AstFromKind {
    AST_FROM_TABLE,    /* table */
    AST_FROM_QUERY,    /* query, is_lateral */
    AST_FROM_FUNCTION, /* function, is_lateral, with_ordinality */
    AST_FROM_FILE,     /* file */
    AST_FROM_JOIN      /* join; an alias only on a parenthesised join */
} AstFromKind;
typedef enum AstJoinType { AST_JOIN_INNER, AST_JOIN_LEFT, AST_JOIN_RIGHT, AST_JOIN_FULL, AST_JOIN_CROSS } AstJoinType;

struct AstFrom {
    AstFromKind kind;
    SourcePos pos; /* the name, the parenthesis, the word JOIN */
    uint32_t depth;
    const char *alias; /* NULL: none */
    SourcePos alias_pos;
    AstIdentList alias_columns;
    bool is_lateral;
    AstOptionList file_options; /* of COPY; CREATE TABLE … FROM FILE makes some */
    union {
        struct {
            AstName *name;
            AstExpr *version; /* AT (VERSION n); may be NULL */
            bool is_target;   /* of DELETE, UPDATE, MERGE: never a WITH name, and its rows are told apart */
        } table;
        AstQuery *query;
        struct {
            AstExpr *call; /* AST_CALL */
            bool with_ordinality;
        } function;
        const char *file; /* file_options */
        struct {
            AstJoinType type;
            bool is_natural;
            AstFrom *left, *right;
            AstExpr *on;        /* NULL with USING, NATURAL and CROSS */
            AstIdentList using; /* empty: none */
        } join;
    };
};

/* ------------------------------------------------------------------------------------------------------- statements */

typedef enum AstConstraintKind {
    AST_CONSTRAINT_NOT_NULL,
    AST_CONSTRAINT_NULL,
    AST_CONSTRAINT_DEFAULT,     /* expr */
    AST_CONSTRAINT_CHECK,       /* expr */
    AST_CONSTRAINT_PRIMARY_KEY, /* columns, if it stands alone */
    AST_CONSTRAINT_UNIQUE,      /* columns, if it stands alone */
    AST_CONSTRAINT_FOREIGN_KEY, /* columns, if it stands alone; target, target_columns (may be empty) */
    AST_CONSTRAINT_ENCODE,      /* text: as written, "az64", "auto" */
    AST_CONSTRAINT_DISTKEY,
    AST_CONSTRAINT_SORTKEY
} AstConstraintKind;
typedef struct AstConstraint {
    AstConstraintKind kind;
    SourcePos pos;
    const char *name; /* CONSTRAINT name; may be NULL */
    AstExpr *expr;
    const char *text;
    AstIdentList columns; /* empty in a column's constraint */
    AstName *target;
    AstIdentList target_columns;
} AstConstraint;
AST_LIST(AstConstraintList, AstConstraint);

typedef struct AstColumnDef {
    SourcePos pos;
    const char *name;
    AstType *type; /* NULL in CREATE TABLE t (a, b) AS … */
    AstConstraintList constraints;
} AstColumnDef;
AST_LIST(AstColumnDefList, AstColumnDef);

typedef struct AstPartitionItem {
    SourcePos pos; /* of the transform or the column */
    PartitionTransform transform;
    AstIdent *column;
    int64_t parameter; /* bucket, truncate */
} AstPartitionItem;
AST_LIST(AstPartitionList, AstPartitionItem);

typedef enum AstTableAttributeKind {
    AST_ATTRIBUTE_DISTSTYLE,    /* dist_style */
    AST_ATTRIBUTE_DISTKEY,      /* columns: one */
    AST_ATTRIBUTE_SORTKEY,      /* sort_style, columns (none for AUTO and NONE, which only ALTER TABLE has) */
    AST_ATTRIBUTE_PARTITION_BY, /* partitions */
    AST_ATTRIBUTE_ENCODE_AUTO,
    AST_ATTRIBUTE_OPTIONS /* options: WITH (…) */
} AstTableAttributeKind;
typedef enum AstSortStyle { AST_SORT_COMPOUND, AST_SORT_INTERLEAVED, AST_SORT_AUTO, AST_SORT_NONE } AstSortStyle;
typedef struct AstTableAttribute {
    AstTableAttributeKind kind;
    SourcePos pos;
    DistStyle dist_style;
    AstSortStyle sort_style;
    AstIdentList columns;
    AstPartitionList partitions;
    AstOptionList options;
} AstTableAttribute;
AST_LIST(AstTableAttributeList, AstTableAttribute);

/* What LIKE takes over besides names, types, NOT NULL and the physical design. */
enum { AST_LIKE_DEFAULTS = 1, AST_LIKE_CONSTRAINTS = 2, AST_LIKE_INDEXES = 4, AST_LIKE_COMMENTS = 8, AST_LIKE_ALL = 15 };

/* Columns and constraints, LIKE, a query or a file; attributes in the order written (the same one twice is for the binder to
 * refuse).
 */
typedef struct AstCreateTable {
    AstName *name;
    bool is_temporary;
    bool if_not_exists;
    AstColumnDefList columns;
    AstConstraintList constraints;
    AstName *like;         /* LIKE table; may be NULL */
    uint32_t like_options; /* AST_LIKE_… */
    AstTableAttributeList attributes;
    AstQuery *query;   /* CREATE TABLE … AS; may be NULL */
    bool with_no_data; /* AS … WITH NO DATA */
    const char *file;  /* FROM FILE; may be NULL */
    SourcePos file_pos;
    AstOptionList file_options; /* as of COPY */
} AstCreateTable;

/* VALUES is a query, too. query is NULL for DEFAULT VALUES. */
typedef struct AstInsert {
    AstName *table;
    AstIdentList columns; /* empty: all */
    AstQuery *query;
    AstWith *with; /* in front of INSERT; may be NULL */
} AstInsert;

/* `a = v`, `(a, b) = (v, w)`: a value per column, AST_DEFAULT among them; `(a, b) = (SELECT …)`: a query instead. */
typedef struct AstAssignment {
    SourcePos pos;
    AstIdentList columns;
    AstExprList values;
    AstQuery *query; /* NULL: values */
} AstAssignment;
AST_LIST(AstAssignmentList, AstAssignment);

/* The target of what changes rows is a table of FROM with is_target set. */
typedef struct AstDelete {
    AstWith *with; /* may be NULL, as `where` */
    AstFrom *target;
    AstFromList using;
    AstExpr *where;
} AstDelete;

typedef struct AstUpdate {
    AstWith *with; /* may be NULL, as `where` */
    AstFrom *target;
    AstAssignmentList set;
    AstFromList from;
    AstExpr *where;
} AstUpdate;

typedef enum AstMergeAction { AST_MERGE_NOTHING, AST_MERGE_UPDATE, AST_MERGE_DELETE, AST_MERGE_INSERT } AstMergeAction;
/* WHEN [NOT] MATCHED [AND condition] THEN … */
typedef struct AstMergeClause {
    SourcePos pos;
    bool is_matched;
    AstExpr *condition; /* may be NULL */
    AstMergeAction action;
    AstAssignmentList set; /* UPDATE */
    AstIdentList columns;  /* INSERT; empty: all */
    AstRow *row;           /* INSERT; NULL: DEFAULT VALUES */
} AstMergeClause;
AST_LIST(AstMergeClauseList, AstMergeClause);

typedef struct AstMerge {
    AstWith *with; /* may be NULL */
    AstFrom *target, *source;
    AstExpr *on;
    AstMergeClauseList clauses;
} AstMerge;

typedef struct AstTruncate {
    AstNameList names;
} AstTruncate;

/* Redshift's bare options are brought to the names of the list form: CSV is format = csv, GZIP is compression = gzip, NULL AS
 * is null; ONLY NEW FILES is only_new_files. Which options there are is for COPY to know. */
typedef struct AstCopy {
    AstName *table;       /* NULL: COPY (query) TO */
    AstQuery *query;      /* COPY (query) TO */
    AstIdentList columns; /* empty: all */
    bool is_to;           /* COPY … TO */
    const char *file;     /* NULL: STDIN or STDOUT */
    SourcePos file_pos;
    AstOptionList options;
} AstCopy;

/* EXPLAIN ANALYZE is the option "analyze", EXPLAIN VERBOSE is "verbose". */
typedef struct AstExplain {
    AstOptionList options;
    AstStatement *statement;
} AstExplain;

typedef struct AstAnalyze {
    AstName *table;       /* NULL: all tables */
    AstIdentList columns; /* empty: all */
    bool is_verbose;
    bool is_compression; /* ANALYZE COMPRESSION */
    int64_t sample_rows; /* COMPROWS; 0: not given */
} AstAnalyze;

typedef enum AstTransactionKind { AST_BEGIN, AST_COMMIT, AST_ROLLBACK } AstTransactionKind;
typedef struct AstTransaction {
    AstTransactionKind kind;
    bool is_read_only; /* BEGIN READ ONLY */
} AstTransaction;

/* SET [SESSION|LOCAL] name = value, RESET name. Values that are lists are joined with ", ". */
typedef struct AstSet {
    AstIdent *name;    /* "a.b" if it has two parts; NULL: RESET ALL */
    const char *value; /* NULL: DEFAULT, and RESET */
    SourcePos value_pos;
    bool is_local;
} AstSet;

typedef enum AstShowKind {
    AST_SHOW_SETTING, /* name */
    AST_SHOW_ALL,
    AST_SHOW_FUNCTIONS,
    AST_SHOW_TABLES,
    AST_SHOW_CREATE /* relation */
} AstShowKind;
typedef struct AstShow {
    AstShowKind kind;
    AstIdent *name;
    AstName *relation;
} AstShow;

typedef struct AstDescribe {
    AstName *table; /* NULL: DESCRIBE FILE */
    const char *file;
    SourcePos file_pos;
    AstOptionList options; /* of a file: as of COPY */
} AstDescribe;

#include "parser/ast_catalog.h"
#include "parser/ast_compare.h"

typedef enum AstStatementKind {
    AST_STATEMENT_QUERY,         /* query */
    AST_STATEMENT_EXPLAIN,       /* explain */
    AST_STATEMENT_COMPARE,       /* compare */
    AST_STATEMENT_ADVISE,        /* advise */
    AST_STATEMENT_CREATE_TABLE,  /* create_table */
    AST_STATEMENT_CREATE_SCHEMA, /* create_schema */
    AST_STATEMENT_CREATE_VIEW,   /* create_view */
    AST_STATEMENT_ALTER_TABLE,   /* alter_table */
    AST_STATEMENT_RESIZE,        /* alter_warehouse */
    AST_STATEMENT_DROP,          /* drop */
    AST_STATEMENT_COMMENT,       /* comment */
    AST_STATEMENT_PREPARE,       /* prepare */
    AST_STATEMENT_EXECUTE,       /* execute */
    AST_STATEMENT_DEALLOCATE,    /* deallocate */
    AST_STATEMENT_INSERT,        /* insert */
    AST_STATEMENT_DELETE,        /* delete */
    AST_STATEMENT_UPDATE,        /* update */
    AST_STATEMENT_MERGE,         /* merge */
    AST_STATEMENT_TRUNCATE,      /* truncate */
    AST_STATEMENT_COPY,          /* copy */
    AST_STATEMENT_ANALYZE,       /* analyze */
    AST_STATEMENT_TRANSACTION,   /* transaction */
    AST_STATEMENT_SET,           /* set */
    AST_STATEMENT_RESET,         /* set */
    AST_STATEMENT_SHOW,          /* show */
    AST_STATEMENT_DESCRIBE       /* describe */
} AstStatementKind;

struct AstStatement {
    AstStatementKind kind;
    SourcePos pos;            /* its first word */
    uint32_t start, end;      /* its text, without the semicolon: [start, end) of what was parsed */
    uint32_t parameter_count; /* $n and ? in it: highest number */
    union {
        AstQuery *query;
        AstExplain *explain;
        AstCompare *compare;
        AstAdvise *advise;
        AstCreateTable *create_table;
        AstCreateSchema *create_schema;
        AstCreateView *create_view;
        AstAlterTable *alter_table;
        AstAlterWarehouse *alter_warehouse;
        AstDrop *drop;
        AstComment *comment;
        AstPrepare *prepare;
        AstExecute *execute;
        AstDeallocate *deallocate;
        AstInsert *insert;
        AstDelete *delete;
        AstUpdate *update;
        AstMerge *merge;
        AstTruncate *truncate;
        AstCopy *copy;
        AstAnalyze *analyze;
        AstTransaction *transaction;
        AstSet *set;
        AstShow *show;
        AstDescribe *describe;
    };
};
AST_LIST(AstStatementList, AstStatement);

/* ---------------------------------------------------------------------------------------------------------- helpers */

/* What a select item without alias is called: the column's name, the function's, the cast's type …, else "?column?". */
const char *ast_column_name(const AstExpr *expr);
/* The last option of that name, or NULL. */
const AstOption *ast_option_find(const AstOptionList *options, const char *name);

/* SQL text that parses to the same tree (positions aside); in the arena, NULL without memory. Words in upper case, names quoted
 * where they must be, as few parentheses as needed. */
char *ast_print(const Context *cx, Arena *arena, const AstStatement *statement);
char *ast_print_query(const Context *cx, Arena *arena, const AstQuery *query);
char *ast_print_variant(const Context *cx, Arena *arena, const AstVariant *variant);
char *ast_print_ident(const Context *cx, Arena *arena, const char *name);
char *ast_print_expr(const Context *cx, Arena *arena, const AstExpr *expr);

#endif
