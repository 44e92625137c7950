/* Constructors of the statements around a query: CREATE TABLE, COPY, INSERT, SET and the small ones. */
#include "parser/ast_build.h"

#include "parser/grammar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

AstStatement *ast_statement(Parser *p, AstStatementKind kind, void *body) {
    AstStatement *statement;
    NEW_NODE(p, statement);
    statement->kind = kind;
    statement->pos = p->start;
    statement->query = body; /* all members of the union are pointers */
    return statement;
}

AstExplain *ast_explain(Parser *p, AstOptionList options, AstStatement *statement) {
    AstExplain *explain;
    NEW_NODE(p, explain);
    *explain = (AstExplain){options, statement};
    return explain;
}

/* ---------------------------------------------------------------------------------------------------------- options */

AstOption *ast_option(Parser *p, Token name, const Token *value) {
    AstOption *option;
    NEW_NODE(p, option);
    *option = (AstOption){.pos = name.pos, .name = name.text, .value_pos = POS_NONE};
    if (value != NULL) {
        option->value = value->text;
        option->value_pos = value->pos;
        option->is_quoted = value->code == TOKEN_STRING;
    }
    return option;
}

AstOption *ast_option_columns(Parser *p, Token name, AstIdentList columns) {
    AstOption *option = ast_option(p, name, NULL);
    option->columns = columns;
    return option;
}

AstOption *ast_option_named(Parser *p, Token at, const char *name) {
    at.text = name;
    return ast_option(p, at, NULL);
}

AstOption *ast_copy_option(Parser *p, Token name, const Token *value) {
    static const struct {
        const char *word, *name, *value;
    } short_forms[] = {
        {"csv", "format", "csv"},          {"tsv", "format", "tsv"},        {"json", "format", "json"},
        {"gzip", "compression", "gzip"},   {"zstd", "compression", "zstd"}, {"lz4", "compression", "lz4"},
        {"bzip2", "compression", "bzip2"}, {"lzop", "compression", "lzop"},
    };
    for (size_t i = 0; value == NULL && name.text != NULL && i < sizeof short_forms / sizeof short_forms[0]; i++) {
        if (strcmp(name.text, short_forms[i].word) == 0) {
            Token long_value = {.pos = name.pos, .text = short_forms[i].value};
            name.text = short_forms[i].name;
            return ast_option(p, name, &long_value);
        }
    }
    return ast_option(p, name, value);
}

/* ----------------------------------------------------------------------------------------------------- CREATE TABLE */

static AstCreateTable *table_elements(Parser *p, AstCreateTable *elements) {
    return elements != NULL ? elements : parser_node(p, sizeof *elements);
}

AstCreateTable *ast_table_column(Parser *p, AstCreateTable *elements, AstColumnDef *column) {
    elements = table_elements(p, elements);
    elements->columns = ast_column_def_append(p, elements->columns, column);
    return elements;
}

AstCreateTable *ast_table_constraint(Parser *p, AstCreateTable *elements, AstConstraint *constraint) {
    elements = table_elements(p, elements);
    elements->constraints = ast_constraint_append(p, elements->constraints, constraint);
    return elements;
}

AstCreateTable *ast_table_like(Parser *p, AstCreateTable *elements, AstTableLike like) {
    elements = table_elements(p, elements);
    if (elements->like != NULL && p->status == OK) {
        parser_fail(p, like.pos, SYNTAX_ERROR, "LIKE may stand only once in CREATE TABLE");
    }
    elements->like = like.name;
    elements->like_options = like.options;
    return elements;
}

uint32_t ast_like_option(Parser *p, uint32_t options, bool is_included, Token word) {
    /* What is not kept anyhow is nothing that a table here has: physical options follow the table that is copied. */
    static const struct {
        const char *word;
        uint32_t option;
    } words[] = {{"all", AST_LIKE_ALL},
                 {"comments", AST_LIKE_COMMENTS},
                 {"constraints", AST_LIKE_CONSTRAINTS},
                 {"defaults", AST_LIKE_DEFAULTS},
                 {"indexes", AST_LIKE_INDEXES},
                 {"compression", 0},
                 {"generated", 0},
                 {"identity", 0},
                 {"statistics", 0},
                 {"storage", 0}};
    for (size_t i = 0; i < sizeof words / sizeof words[0] && p->status == OK; i++) {
        if (strcmp(words[i].word, word.text) == 0) {
            return is_included ? options | words[i].option : options & ~words[i].option;
        }
    }
    parser_fail(p, word.pos, SYNTAX_ERROR, "unknown option \"%s\" of LIKE", word.text);
    (void)fail_hint(p->cx, "It is one of DEFAULTS, CONSTRAINTS, INDEXES, COMMENTS, ALL.");
    return options;
}

/* A column list without types belongs to CREATE TABLE … AS only, one with types never. */
static void check_columns(Parser *p, const AstCreateTable *table) {
    for (uint32_t i = 0; i < table->columns.count && p->status == OK; i++) {
        const AstColumnDef *column = table->columns.items[i];
        if (column->type == NULL && table->query == NULL) {
            parser_fail(p, column->pos, SYNTAX_ERROR, "column \"%s\" has no type", column->name);
        } else if (column->type != NULL && table->query != NULL) {
            parser_fail(p, column->type->pos, SYNTAX_ERROR, "columns of CREATE TABLE … AS take no types: the query has them");
        }
    }
}

AstCreateTable *ast_create_table(Parser *p, bool is_temporary, bool if_not_exists, AstName *name, AstCreateTable *elements,
                                 AstTableAttributeList attributes, AstTableSource source) {
    AstCreateTable *table = table_elements(p, elements);
    if (p->status != OK) {
        return table;
    }
    table->name = name;
    table->is_temporary = is_temporary;
    table->if_not_exists = if_not_exists;
    table->attributes = attributes;
    table->query = source.as.query;
    table->with_no_data = source.as.with_no_data;
    table->file = source.file.text;
    table->file_pos = source.file.pos;
    table->file_options = source.options;
    if (elements == NULL && table->query == NULL && table->file == NULL) {
        parser_fail(p, name->pos, SYNTAX_ERROR, "CREATE TABLE needs a list of columns or AS and a query");
    } else if (elements != NULL && table->file != NULL) {
        parser_fail(p, name->pos, SYNTAX_ERROR, "CREATE TABLE … FROM FILE takes no columns: the file has them");
        (void)fail_hint(p->cx, "CREATE TABLE with columns, then COPY, loads a file into columns of your own.");
    } else if (table->query != NULL && (table->constraints.count > 0 || table->like != NULL)) {
        parser_fail(p, name->pos, SYNTAX_ERROR, "CREATE TABLE … AS takes column names only in its parentheses");
    }
    check_columns(p, table);
    return table;
}

AstColumnDef *ast_column_def(Parser *p, const AstIdent *name, AstType *type, AstConstraintList constraints) {
    AstColumnDef *column;
    NEW_NODE(p, column);
    *column = (AstColumnDef){name->pos, name->text, type, constraints};
    return column;
}

AstConstraint *ast_constraint(Parser *p, AstConstraintKind kind, Token token) {
    AstConstraint *constraint;
    NEW_NODE(p, constraint);
    constraint->kind = kind;
    constraint->pos = token.pos;
    return constraint;
}

AstConstraint *ast_constraint_named(AstConstraint *constraint, const AstIdent *name) {
    constraint->name = name->text;
    return constraint;
}

AstConstraint *ast_constraint_expr(Parser *p, AstConstraintKind kind, Token token, AstExpr *expr) {
    AstConstraint *constraint = ast_constraint(p, kind, token);
    constraint->expr = expr;
    return constraint;
}

AstConstraint *ast_constraint_key(Parser *p, AstConstraintKind kind, Token token, AstIdentList columns) {
    AstConstraint *constraint = ast_constraint(p, kind, token);
    constraint->columns = columns;
    return constraint;
}

AstConstraint *ast_constraint_encode(Parser *p, Token token, Token encoding) {
    AstConstraint *constraint = ast_constraint(p, AST_CONSTRAINT_ENCODE, token);
    constraint->text = encoding.text;
    return constraint;
}

AstConstraint *ast_constraint_references(Parser *p, Token token, AstIdentList columns, AstName *target,
                                         AstIdentList target_columns) {
    AstConstraint *constraint = ast_constraint_key(p, AST_CONSTRAINT_FOREIGN_KEY, token, columns);
    constraint->target = target;
    constraint->target_columns = target_columns;
    return constraint;
}

AstTableAttribute *ast_attribute(Parser *p, AstTableAttributeKind kind, Token token) {
    AstTableAttribute *attribute;
    NEW_NODE(p, attribute);
    attribute->kind = kind;
    attribute->pos = token.pos;
    return attribute;
}

AstTableAttribute *ast_attribute_diststyle(Parser *p, Token token, Token style) {
    static const char *const names[] = {[DIST_AUTO] = "auto", [DIST_EVEN] = "even", [DIST_KEY] = "key", [DIST_ALL] = "all"};
    AstTableAttribute *attribute = ast_attribute(p, AST_ATTRIBUTE_DISTSTYLE, token);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && p->status == OK; i++) {
        if (strcmp(names[i], style.text) == 0) {
            attribute->dist_style = (DistStyle)i;
            return attribute;
        }
    }
    if (p->status == OK) {
        parser_fail(p, style.pos, SYNTAX_ERROR, "unknown distribution style \"%s\"", style.text);
        (void)fail_hint(p->cx, "It is one of AUTO, EVEN, KEY, ALL.");
    }
    return attribute;
}

AstTableAttribute *ast_attribute_distkey(Parser *p, Token token, AstIdentList columns) {
    AstTableAttribute *attribute = ast_attribute(p, AST_ATTRIBUTE_DISTKEY, token);
    attribute->columns = columns;
    if (columns.count > 1 && p->status == OK) {
        parser_fail(p, columns.items[1]->pos, SYNTAX_ERROR, "DISTKEY takes one column");
    }
    return attribute;
}

AstTableAttribute *ast_attribute_distkey_on(Parser *p, Token token, AstIdent *column) {
    return ast_attribute_distkey(p, token, ast_ident_append(p, (AstIdentList){0}, column));
}

AstTableAttribute *ast_attribute_no_sortkey(Parser *p, Token token, Token word) {
    if (p->status == OK && strcmp(word.text, "none") != 0) {
        parser_fail(p, word.pos, SYNTAX_ERROR, "syntax error at or near \"%s\"", word.text);
        (void)fail_hint(p->cx, "It is SORTKEY (column, …), SORTKEY AUTO or SORTKEY NONE.");
    }
    return ast_attribute_sortkey(p, token, AST_SORT_NONE, (AstIdentList){0});
}

AstTableAttribute *ast_attribute_sortkey(Parser *p, Token token, AstSortStyle style, AstIdentList columns) {
    AstTableAttribute *attribute = ast_attribute(p, AST_ATTRIBUTE_SORTKEY, token);
    attribute->sort_style = style;
    attribute->columns = columns;
    return attribute;
}

AstTableAttribute *ast_attribute_partition_by(Parser *p, Token token, AstPartitionList partitions) {
    AstTableAttribute *attribute = ast_attribute(p, AST_ATTRIBUTE_PARTITION_BY, token);
    attribute->partitions = partitions;
    return attribute;
}

AstTableAttribute *ast_attribute_options(Parser *p, Token token, AstOptionList options) {
    AstTableAttribute *attribute = ast_attribute(p, AST_ATTRIBUTE_OPTIONS, token);
    attribute->options = options;
    return attribute;
}

AstPartitionItem *ast_partition_column(Parser *p, AstIdent *column) {
    AstPartitionItem *item;
    NEW_NODE(p, item);
    *item = (AstPartitionItem){.pos = column->pos, .transform = PARTITION_IDENTITY, .column = column};
    return item;
}

static const struct {
    const char *name;
    PartitionTransform transform;
    bool has_parameter;
} partition_transforms[] = {
    {"year", PARTITION_YEAR, false},    {"years", PARTITION_YEAR, false},       {"month", PARTITION_MONTH, false},
    {"months", PARTITION_MONTH, false}, {"day", PARTITION_DAY, false},          {"days", PARTITION_DAY, false},
    {"bucket", PARTITION_BUCKET, true}, {"truncate", PARTITION_TRUNCATE, true},
};

AstPartitionItem *ast_partition_item(Parser *p, Token transform, const Token *parameter, AstIdent *column) {
    AstPartitionItem *item;
    NEW_NODE(p, item);
    *item = (AstPartitionItem){.pos = transform.pos, .column = column};
    for (size_t i = 0; i < sizeof partition_transforms / sizeof partition_transforms[0]; i++) {
        if (strcmp(transform.text, partition_transforms[i].name) == 0 &&
            partition_transforms[i].has_parameter == (parameter != NULL)) {
            item->transform = partition_transforms[i].transform;
            errno = 0;
            item->parameter = parameter == NULL ? 0 : strtoll(parameter->text, NULL, 10);
            if (parameter != NULL && (errno != 0 || item->parameter <= 0)) {
                parser_fail(p, parameter->pos, INVALID_TABLE_DEFINITION, "%s() needs a positive number", transform.text);
            }
            return item;
        }
    }
    parser_fail(p, transform.pos, SYNTAX_ERROR, "unknown partition transform \"%s\"", transform.text);
    (void)fail_hint(p->cx, "A partition is a column, year(c), month(c), day(c), bucket(n, c) or truncate(w, c).");
    return item;
}

/* ------------------------------------------------------------------------------------------------ rows and the rest */

AstInsert *ast_insert(Parser *p, AstName *table, AstIdentList columns, AstQuery *query) {
    AstInsert *insert;
    NEW_NODE(p, insert);
    *insert = (AstInsert){.table = table, .columns = columns, .query = query};
    return insert;
}

AstCopy *ast_copy(Parser *p, AstName *table, AstQuery *query, AstIdentList columns, bool is_to, Token target,
                  AstOptionList options) {
    AstCopy *copy;
    NEW_NODE(p, copy);
    *copy = (AstCopy){.table = table, .query = query, .columns = columns, .is_to = is_to, .options = options};
    copy->file = target.code == TOKEN_STRING ? target.text : NULL;
    copy->file_pos = target.pos;
    if (target.code == (is_to ? TOKEN_STDIN : TOKEN_STDOUT)) {
        parser_fail(p, target.pos, SYNTAX_ERROR, is_to ? "COPY … TO writes to STDOUT" : "COPY … FROM reads from STDIN");
    }
    return copy;
}

AstAnalyze *ast_analyze(Parser *p, AstName *table, AstIdentList columns, bool is_verbose) {
    AstAnalyze *analyze;
    NEW_NODE(p, analyze);
    *analyze = (AstAnalyze){.table = table, .columns = columns, .is_verbose = is_verbose};
    return analyze;
}

AstAnalyze *ast_analyze_compression(Parser *p, AstName *table, AstIdentList columns, Token rows) {
    AstAnalyze *analyze = ast_analyze(p, table, columns, false);
    analyze->is_compression = true;
    errno = 0;
    analyze->sample_rows = rows.code == 0 ? 0 : strtoll(rows.text, NULL, 10);
    if (rows.code != 0 && (errno != 0 || analyze->sample_rows <= 0)) {
        parser_fail(p, rows.pos, INVALID_PARAMETER_VALUE, "COMPROWS takes a number of rows from 1 on");
    }
    return analyze;
}

AstTransaction *ast_transaction(Parser *p, AstTransactionKind kind, bool is_read_only) {
    AstTransaction *transaction;
    NEW_NODE(p, transaction);
    *transaction = (AstTransaction){kind, is_read_only};
    return transaction;
}

bool ast_isolation(Parser *p, Token word, const char *right, const char *also_right) {
    if (strcmp(word.text, right) != 0 && (also_right == NULL || strcmp(word.text, also_right) != 0)) {
        parser_fail(p, word.pos, SYNTAX_ERROR, "there is no isolation level of that name");
        (void)fail_hint(p->cx,
                        "SERIALIZABLE, REPEATABLE READ, READ COMMITTED and READ UNCOMMITTED are taken: a transaction reads "
                        "one snapshot in each.");
    }
    return false;
}

AstSet *ast_set(Parser *p, bool is_local, AstIdent *name, const AstIdent *value) {
    AstSet *set;
    NEW_NODE(p, set);
    *set = (AstSet){.name = name, .value_pos = POS_NONE, .is_local = is_local};
    if (value != NULL) {
        set->value = value->text;
        set->value_pos = value->pos;
    }
    return set;
}

AstIdent *ast_set_values(Parser *p, const AstIdent *before, Token value) {
    AstIdent *values;
    NEW_NODE(p, values);
    values->pos = before->pos;
    values->text = arena_format(p->cx, p->arena, "%s, %s", before->text, value.text);
    p->status = values->text == NULL ? OUT_OF_MEMORY : p->status;
    return values;
}

AstIdent *ast_time_zone(Parser *p, Token token) {
    token.text = "timezone";
    return ast_ident(p, token);
}

AstShow *ast_show(Parser *p, AstShowKind kind, AstIdent *name) {
    AstShow *show;
    NEW_NODE(p, show);
    *show = (AstShow){.kind = kind, .name = name};
    return show;
}

AstShow *ast_show_create(Parser *p, AstName *relation) {
    AstShow *show = ast_show(p, AST_SHOW_CREATE, NULL);
    show->relation = relation;
    return show;
}

AstDescribe *ast_describe(Parser *p, AstName *table, const Token *file, AstOptionList options) {
    AstDescribe *describe;
    NEW_NODE(p, describe);
    *describe = (AstDescribe){.table = table, .file_pos = POS_NONE, .options = options};
    if (file != NULL) {
        describe->file = file->text;
        describe->file_pos = file->pos;
    }
    return describe;
}
