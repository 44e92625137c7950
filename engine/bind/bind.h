/* The binder: from the syntax tree to a logical plan or a table's definition. Names are looked up, types decided, casts made
 * explicit, and everything that PostgreSQL would refuse is refused here: with its SQLSTATE, a place in the text and, where one
 * can be given, a hint. What the dialect has but Depot does not yet is refused by name (0A000).
 *
 *   bind_select.c   one query: clauses in their logical order, ORDER BY, set operations
 *   bind_from.c     FROM: tables, joins, subqueries, table functions      scope.c    which names mean which columns
 *   bind_group.c    GROUP BY and aggregates                               bind_window.c  OVER (…)
 *   bind_expr.c     expressions    bind_call.c  calls    bind_subquery.c  scalar, IN, EXISTS
 *   bind_relation.c names of tables, views and schemas, the search path   bind_view.c    CREATE VIEW, views in FROM
 *   bind_alter.c    ALTER TABLE
 *   bind_ddl.c      CREATE TABLE   bind_dml.c   INSERT, COPY              suggest.c  "did you mean"
 *   bind_change.c   DELETE, UPDATE bind_merge.c MERGE
 *
 * Everything returned lies in the arena; the snapshot is borrowed by the plan and must outlive it. */
#ifndef DEPOT_BIND_BIND_H
#define DEPOT_BIND_BIND_H

#include "core/settings.h"
#include "parser/ast.h"
#include "plan/file_scan.h"
#include "plan/logical.h"

/* The values of $1, $2, …, which become constants of the plan: a statement is bound again for each execution. A VARCHAR value
 * without a length takes the type that its place wants, as a bare string literal does. `values` NULL: to learn the result's
 * columns before there are values; every parameter is then a NULL, and the plan must not be run. */
typedef struct BindParameters {
    uint32_t count;
    const Value *values;
    Type
        *wanted; /* with `values` NULL: by parameter, TYPE_NULL until the type that its place wants is known; NULL: not asked */
} BindParameters;

/* The root's columns are exactly the outputs, in order. `parameters` may be NULL. */
Status bind_query(const Context *cx, Arena *arena, Snapshot *snapshot, const AstQuery *query, const BindParameters *parameters,
                  LogicalPlan **plan) MUST_CHECK;

/* CREATE TABLE. DUPLICATE_TABLE unless IF NOT EXISTS: then *schema is NULL, with a notice. For CREATE TABLE … AS, *query is the
 * plan that fills the table (plan_into_table, once the table is there); else, and WITH NO DATA, it is NULL. */
Status bind_create_table(const Context *cx, Arena *arena, Snapshot *snapshot, const AstCreateTable *create,
                         const BindParameters *parameters, TableSchema **schema, LogicalPlan **query) MUST_CHECK;
/* ALTER TABLE: `schema` is what the table is to be. */
typedef struct TableAlteration {
    const TableVersion *table; /* NULL, with a notice: IF EXISTS, and it does not */
    TableSchema *schema;
    bool is_rewrite; /* the rows are to be written again: distribution, sort key, partitions or encodings change */
    bool fakes_rows; /* SET STATISTICS (rows = faked_rows) */
    uint64_t faked_rows;
} TableAlteration;
Status bind_alter_table(const Context *cx, Arena *arena, Snapshot *snapshot, const AstAlterTable *alter,
                        TableAlteration *alteration) MUST_CHECK;
/* Puts a LOGICAL_INSERT on top of a plan whose outputs have the table's columns and types. */
Status plan_into_table(const Context *cx, LogicalPlan *plan, const TableVersion *table) MUST_CHECK;

/* The root is a LOGICAL_INSERT whose child has every column of the table in order, cast, defaults filled in; a Filter of the
 * plan raises CHECK_VIOLATION. NOT NULL is the writer's to check. */
Status bind_insert(const Context *cx, Arena *arena, Snapshot *snapshot, const AstInsert *insert,
                   const BindParameters *parameters, LogicalPlan **plan) MUST_CHECK;

/* DELETE, UPDATE, MERGE: the root is a LOGICAL_CHANGE; values are cast, CHECKs raised as for INSERT. */
Status bind_delete(const Context *cx, Arena *arena, Snapshot *snapshot, const AstDelete *delete,
                   const BindParameters *parameters, LogicalPlan **plan) MUST_CHECK;
Status bind_update(const Context *cx, Arena *arena, Snapshot *snapshot, const AstUpdate *update,
                   const BindParameters *parameters, LogicalPlan **plan) MUST_CHECK;
Status bind_merge(const Context *cx, Arena *arena, Snapshot *snapshot, const AstMerge *merge, const BindParameters *parameters,
                  LogicalPlan **plan) MUST_CHECK;

/* For writers without a plan (COPY, the appender): a CHECK constraint over a row of the table: SLOT i is column i. The row
 * violates it where the condition is false (NULL passes): bind_check_violation() is the error then. */
typedef struct BoundCheck {
    Expr *condition;
    const char *name;
} BoundCheck;
/* *checks has schema->check_count items. */
Status bind_checks(const Context *cx, Arena *arena, const TableSchema *schema, BoundCheck **checks) MUST_CHECK;
Status bind_check_violation(const Context *cx, const TableSchema *schema, const BoundCheck *check); /* CHECK_VIOLATION */
/* The value of each column that a row does not give: *defaults has an expression of the column's type, without columns, for
 * each column; a NULL of that type where none is declared. */
Status bind_defaults(const Context *cx, Arena *arena, const TableSchema *schema, Expr ***defaults) MUST_CHECK;

typedef enum CopyCompression {
    COPY_COMPRESSION_AUTO, /* by the file's first bytes */
    COPY_COMPRESSION_NONE,
    COPY_COMPRESSION_GZIP,
    COPY_COMPRESSION_ZSTD,
    COPY_COMPRESSION_LZ4
} CopyCompression;

/* COPY t FROM 'file', checked. Texts end with a 0. */
typedef struct CopySpec {
    const TableVersion *table;
    uint32_t field_count;   /* fields of a line, in order */
    const uint32_t *fields; /* field → table column */
    Expr **defaults;        /* by table column: what a column gets that no field fills; NULL entry: a field fills it */
    const char *file;       /* path, glob or folder; NULL: standard input */
    SourcePos file_pos;
    char delimiter;      /* ',' for CSV, a tab for TSV, '|' by DELIMITER or for Redshift's default format */
    bool is_json;        /* an object per line; the fields are its members */
    bool is_quoted;      /* quotes have meaning (CSV); else backslash escapes have (text, TSV) */
    char quote;          /* '"' */
    char escape;         /* '"'; '\\' in text */
    uint64_t skip_lines; /* HEADER is 1, IGNOREHEADER n */
    bool has_null_text;  /* NULL AS was given; else an empty unquoted field is NULL (CSV), "\N" is (text) */
    const char *null_text;
    const bool *null_if_quoted; /* by table column: FORCE_NULL; NULL: none */
    const char *date_format;    /* "YYYY-MM-DD"; NULL: what a DATE literal takes ("auto") */
    const char *time_format;    /* of TIMESTAMP */
    uint64_t max_errors;        /* MAXERROR; 0: the first bad row fails the load */
    CopyCompression compression;
    bool accept_invalid_utf8; /* ACCEPTINVCHARS: bad bytes are replaced by replacement_char */
    char replacement_char;
    bool blanks_as_null;     /* BLANKSASNULL */
    bool empty_as_null;      /* EMPTYASNULL */
    bool trim_blanks;        /* TRIMBLANKS */
    bool fill_record;        /* FILLRECORD: missing last fields are NULL */
    bool truncate_columns;   /* TRUNCATECOLUMNS: text too long for its column is cut */
    bool ignore_blank_lines; /* IGNOREBLANKLINES */
} CopySpec;

/* How the files read; the fields are the caller's to fill in. */
void copy_format(const CopySpec *spec, CsvFormat *format);
/* A file without a table: what is in it. Options are those of COPY and take the place of guesses. BAD_COPY_FORMAT,
 * UNDEFINED_FILE. */
Status bind_file(const Context *cx, Arena *arena, const char *file, SourcePos pos, const AstOptionList *options,
                 FileScan **scan) MUST_CHECK;

/* INVALID_PARAMETER_VALUE, SYNTAX_ERROR (unknown option, with the nearest name) … */
Status bind_copy(const Context *cx, Arena *arena, Snapshot *snapshot, const AstCopy *copy, CopySpec **spec) MUST_CHECK;

/* PREPARE: binds the statement once, so that what is wrong is told now. *types has one per parameter: declared, or wanted by
 * the place where it stands; TYPE_NULL where neither says. Checks as far as the binder does: the statement may fail later. */
Status bind_prepared(const Context *cx, Arena *arena, Snapshot *snapshot, const AstPrepare *prepare, uint32_t count,
                     Type **types) MUST_CHECK;
/* EXECUTE: the arguments as values of those types. `own` are the parameters of the EXECUTE itself. */
Status bind_arguments_of(const Context *cx, Arena *arena, const AstExecute *execute, const BindParameters *own,
                         const Type *types, uint32_t count, Value **values) MUST_CHECK;

/* A table and its definition under another design: what-if plans, COMPARE. */
Status bind_design(const Context *cx, Arena *arena, Snapshot *snapshot, const AstTableDesign *ast, const TableVersion **table,
                   TableSchema **schema) MUST_CHECK;

/* CREATE VIEW: the definition, its text with every relation's name qualified. *replaced is the view to be redefined, or NULL.
 */
Status bind_create_view(const Context *cx, Arena *arena, Snapshot *snapshot, const AstCreateView *create, TableSchema **schema,
                        const TableVersion **replaced) MUST_CHECK;

/* The table of that name, or UNDEFINED_TABLE with the nearest name ("did you mean"); WRONG_OBJECT_TYPE for a view. Names of
 * three and more parts are refused. For what reads or changes stored rows. */
Status bind_table(const Context *cx, Arena *arena, Snapshot *snapshot, const AstName *name,
                  const TableVersion **table) MUST_CHECK;
/* The table or view of that name. */
Status bind_relation(const Context *cx, Snapshot *snapshot, const AstName *name, const TableVersion **relation) MUST_CHECK;
/* The same without error if there is none (*relation NULL), for IF EXISTS. */
Status bind_relation_if_exists(const Context *cx, Snapshot *snapshot, const AstName *name,
                               const TableVersion **relation) MUST_CHECK;
/* The error of DROP for a name that means nothing; `what` is "table" or "view". */
Status bind_missing_relation(const Context *cx, Snapshot *snapshot, const AstName *name, const char *what);
/* The schema in which something of that name is to be made: UNDEFINED_SCHEMA. */
Status bind_target_schema(const Context *cx, Arena *arena, Snapshot *snapshot, const AstName *name, bool is_temporary,
                          const char **schema_name) MUST_CHECK;
/* The first schema of the search path that there is; NULL if there is none. */
const char *bind_current_schema(const Settings *settings, const Snapshot *snapshot);

#endif
