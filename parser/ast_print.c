/* SQL text from the syntax tree. Every construct has one spelling here (casts are CAST, COPY's options a list, frames BETWEEN),
 * which parses to the same tree again. Expressions are in ast_print_expr.c. */
#include "parser/ast_print.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- FROM */

static void print_join(Printer *out, const AstFrom *from) {
    static const char *const words[] = {"JOIN ", "LEFT JOIN ", "RIGHT JOIN ", "FULL JOIN ", "CROSS JOIN "};
    bool right_in_parens = from->join.right->kind == AST_FROM_JOIN && from->join.right->alias == NULL;
    sql_print_from(out, from->join.left);
    sql_put(out, from->join.is_natural ? " NATURAL " : " ");
    sql_put(out, words[from->join.type]);
    sql_put(out, right_in_parens ? "(" : "");
    sql_print_from(out, from->join.right);
    sql_put(out, right_in_parens ? ")" : "");
    if (from->join.on != NULL) {
        sql_put(out, " ON ");
        sql_print_expr(out, from->join.on, LEVEL_ANY);
    } else if (from->join.using.count > 0) {
        sql_put(out, " USING ");
        sql_put_idents(out, &from->join.using);
    }
}

static void print_from_table(Printer *out, const AstFrom *from) {
    sql_put_name(out, from->table.name);
    if (from->table.version != NULL) {
        sql_put(out, " AT (VERSION ");
        sql_print_expr(out, from->table.version, LEVEL_ANY);
        sql_put(out, ")");
    }
}

void sql_print_from(Printer *out, const AstFrom *from) {
    sql_put(out, from->is_lateral ? "LATERAL " : "");
    switch (from->kind) {
    case AST_FROM_TABLE: print_from_table(out, from); break;
    case AST_FROM_QUERY: sql_print_query_in_parens(out, from->query); break;
    case AST_FROM_FUNCTION:
        sql_put_name(out, from->function.call->call->name);
        sql_put(out, from->function.call->call->is_star ? "(*" : from->function.call->call->is_distinct ? "(DISTINCT " : "(");
        sql_print_exprs(out, &from->function.call->args, 0);
        sql_print_order_by(out, &from->function.call->call->order_by);
        sql_put(out, from->function.with_ordinality ? ") WITH ORDINALITY" : ")");
        break;
    case AST_FROM_FILE: sql_put_string(out, from->file); break;
    case AST_FROM_JOIN:
        sql_put(out, from->alias != NULL ? "(" : "");
        print_join(out, from);
        sql_put(out, from->alias != NULL ? ")" : "");
        break;
    }
    if (from->alias != NULL) {
        sql_put(out, " AS ");
        sql_put_ident(out, from->alias);
        sql_put_idents_if_any(out, &from->alias_columns);
    }
}

/* ---------------------------------------------------------------------------------------------------------- queries */

static void print_select_items(Printer *out, const AstSelectItemList *items) {
    for (uint32_t i = 0; i < items->count; i++) {
        sql_put(out, i == 0 ? "" : ", ");
        sql_print_expr(out, items->items[i]->expr, LEVEL_ANY);
        if (items->items[i]->alias != NULL) {
            sql_put(out, " AS ");
            sql_put_ident(out, items->items[i]->alias);
        }
    }
}

static void print_group_item(Printer *out, const AstGroupItem *item) {
    static const char *const words[] = {"", "()", "ROLLUP (", "CUBE (", "GROUPING SETS ("};
    sql_put(out, words[item->kind]);
    if (item->kind == AST_GROUP_EXPR) {
        sql_print_expr(out, item->expr, LEVEL_ANY);
        return;
    }
    sql_print_exprs(out, &item->exprs, 0);
    for (uint32_t i = 0; i < item->sets.count; i++) {
        sql_put(out, i == 0 ? "" : ", ");
        print_group_item(out, item->sets.items[i]);
    }
    sql_put(out, item->kind == AST_GROUP_EMPTY ? "" : ")");
}

static void print_group_by(Printer *out, const AstSelect *select) {
    sql_put(out, select->group_all ? " GROUP BY ALL" : "");
    for (uint32_t i = 0; i < select->group_by.count; i++) {
        sql_put(out, i > 0 ? ", " : select->group_distinct ? " GROUP BY DISTINCT " : " GROUP BY ");
        print_group_item(out, select->group_by.items[i]);
    }
}

static void print_windows(Printer *out, const AstWindowList *windows) {
    for (uint32_t i = 0; i < windows->count; i++) {
        sql_put(out, i == 0 ? " WINDOW " : ", ");
        sql_put_ident(out, windows->items[i]->name);
        sql_put(out, " AS ");
        sql_print_window(out, windows->items[i]);
    }
}

void sql_print_condition(Printer *out, const char *word, const AstExpr *condition) {
    if (condition != NULL) {
        sql_put(out, word);
        sql_print_expr(out, condition, LEVEL_ANY);
    }
}

static void print_select(Printer *out, const AstSelect *select) {
    sql_put(out, "SELECT ");
    if (select->hints != NULL) {
        sql_put(out, "/*+");
        sql_put(out, select->hints);
        sql_put(out, "*/ ");
    }
    sql_put(out, select->distinct == AST_DISTINCT_NONE ? "" : "DISTINCT ");
    if (select->distinct == AST_DISTINCT_ON) {
        sql_put(out, "ON (");
        sql_print_exprs(out, &select->distinct_on, 0);
        sql_put(out, ") ");
    }
    print_select_items(out, &select->items);
    for (uint32_t i = 0; i < select->from.count; i++) {
        sql_put(out, i == 0 ? " FROM " : ", ");
        sql_print_from(out, select->from.items[i]);
    }
    sql_print_condition(out, " WHERE ", select->where);
    print_group_by(out, select);
    sql_print_condition(out, " HAVING ", select->having);
    print_windows(out, &select->windows);
    sql_print_condition(out, " QUALIFY ", select->qualify);
}

static void print_set_operation(Printer *out, const AstQuery *query) {
    static const char *const words[] = {" UNION ", " INTERSECT ", " EXCEPT "};
    for (uint32_t i = 0; i < query->set.inputs.count; i++) {
        const AstQuery *input = query->set.inputs.items[i];
        bool in_parens = input->kind == AST_QUERY_SET_OPERATION || input->with != NULL || input->order_by.count > 0 ||
                         input->limit != NULL || input->offset != NULL;
        sql_put(out, i == 0 ? "" : words[query->set.op]);
        sql_put(out, i > 0 && query->set.is_all ? "ALL " : "");
        sql_put(out, in_parens ? "(" : "");
        sql_print_query(out, input);
        sql_put(out, in_parens ? ")" : "");
    }
}

static void print_values(Printer *out, const AstRowList *rows) {
    sql_put(out, "VALUES ");
    for (uint32_t i = 0; i < rows->count; i++) {
        sql_put(out, i == 0 ? "(" : ", (");
        sql_print_exprs(out, &rows->items[i]->values, 0);
        sql_put(out, ")");
    }
}

void sql_print_with(Printer *out, const AstWith *with) {
    static const char *const materialized[] = {"", "MATERIALIZED ", "NOT MATERIALIZED "};
    for (uint32_t i = 0; with != NULL && i < with->ctes.count; i++) {
        const AstCte *cte = with->ctes.items[i];
        sql_put(out, i > 0 ? ", " : with->is_recursive ? "WITH RECURSIVE " : "WITH ");
        sql_put_ident(out, cte->name);
        sql_put_idents_if_any(out, &cte->columns);
        sql_put(out, " AS ");
        sql_put(out, materialized[cte->materialized]);
        sql_print_query_in_parens(out, cte->query);
    }
    sql_put(out, with != NULL ? " " : "");
}

static void print_limit(Printer *out, const AstQuery *query) {
    sql_print_condition(out, " OFFSET ", query->offset);
    if (query->with_ties) {
        sql_print_condition(out, " FETCH FIRST (", query->limit);
        sql_put(out, ") ROWS WITH TIES");
    } else {
        sql_print_condition(out, " LIMIT ", query->limit);
    }
}

void sql_print_query(Printer *out, const AstQuery *query) {
    sql_print_with(out, query->with);
    switch (query->kind) {
    case AST_QUERY_SELECT: print_select(out, query->select); break;
    case AST_QUERY_SET_OPERATION: print_set_operation(out, query); break;
    case AST_QUERY_VALUES: print_values(out, &query->values); break;
    }
    sql_print_order_by(out, &query->order_by);
    print_limit(out, query);
}

/* ------------------------------------------------------------------------------------------------------- statements */

/* An option's name may be any word but those that begin something else in its place. */
static void put_option_name(Printer *out, const char *name) {
    static const char *const taken[] = {"only", "select", "table", "values", "with"};
    bool is_plain = sql_is_plain_word(name);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        is_plain &= strcmp(name, taken[i]) != 0;
    }
    if (is_plain) {
        sql_put_upper(out, name);
    } else {
        sql_put_quoted(out, name, '"');
    }
}

static void put_option_value(Printer *out, const AstOption *option) {
    bool is_number = (option->value[0] >= '0' && option->value[0] <= '9') || option->value[0] == '.' || option->value[0] == '-';
    sql_put(out, " ");
    if (option->is_quoted) {
        sql_put_string(out, option->value);
    } else if (is_number || (sql_is_plain_word(option->value) && strcmp(option->value, "as") != 0)) {
        sql_put(out, option->value);
    } else {
        sql_put_quoted(out, option->value, '"');
    }
}

void sql_print_options(Printer *out, const AstOptionList *options) {
    for (uint32_t i = 0; i < options->count; i++) {
        const AstOption *option = options->items[i];
        sql_put(out, i == 0 ? "(" : ", ");
        if (option->design != NULL) {
            sql_print_table_design(out, option->design);
            continue;
        }
        put_option_name(out, option->name);
        if (option->value != NULL) {
            put_option_value(out, option);
        }
        sql_put_idents_if_any(out, &option->columns);
    }
    sql_put(out, ")");
}

static void print_constraint(Printer *out, const AstConstraint *constraint) {
    static const char *const words[] = {
        "NOT NULL", "NULL", "DEFAULT ", "CHECK (", "PRIMARY KEY", "UNIQUE", "FOREIGN KEY", "ENCODE ", "DISTKEY", "SORTKEY",
    };
    bool is_column_reference = constraint->kind == AST_CONSTRAINT_FOREIGN_KEY && constraint->columns.count == 0;
    if (constraint->name != NULL) {
        sql_put(out, "CONSTRAINT ");
        sql_put_ident(out, constraint->name);
        sql_put(out, " ");
    }
    sql_put(out, is_column_reference ? "" : words[constraint->kind]);
    sql_put_idents_if_any(out, &constraint->columns);
    if (constraint->expr != NULL) {
        sql_print_expr(out, constraint->expr, LEVEL_ANY);
        sql_put(out, constraint->kind == AST_CONSTRAINT_CHECK ? ")" : "");
    }
    if (constraint->kind == AST_CONSTRAINT_ENCODE) {
        sql_put_ident(out, constraint->text);
    }
    if (constraint->kind == AST_CONSTRAINT_FOREIGN_KEY) {
        sql_put(out, is_column_reference ? "REFERENCES " : " REFERENCES ");
        sql_put_name(out, constraint->target);
        sql_put_idents_if_any(out, &constraint->target_columns);
    }
}

static void print_column_def(Printer *out, const AstColumnDef *column) {
    sql_put_ident(out, column->name);
    if (column->type != NULL) {
        sql_put(out, " ");
        sql_put_type(out, column->type);
    }
    for (uint32_t i = 0; i < column->constraints.count; i++) {
        sql_put(out, " ");
        print_constraint(out, column->constraints.items[i]);
    }
}

static void print_partition_items(Printer *out, const AstPartitionList *items) {
    static const char *const transforms[] = {"", "year(", "month(", "day(", "bucket(", "truncate("};
    for (uint32_t i = 0; i < items->count; i++) {
        const AstPartitionItem *item = items->items[i];
        sql_put(out, i == 0 ? "" : ", ");
        sql_put(out, transforms[item->transform]);
        if (item->transform == PARTITION_BUCKET || item->transform == PARTITION_TRUNCATE) {
            sql_put_number(out, item->parameter);
            sql_put(out, ", ");
        }
        sql_put_ident(out, item->column->text);
        sql_put(out, item->transform == PARTITION_IDENTITY ? "" : ")");
    }
}

void sql_print_attribute(Printer *out, const AstTableAttribute *attribute) {
    static const char *const styles[] = {[DIST_AUTO] = "AUTO", [DIST_EVEN] = "EVEN", [DIST_KEY] = "KEY", [DIST_ALL] = "ALL"};
    static const char *const sorts[] = {" SORTKEY", " INTERLEAVED SORTKEY", " SORTKEY AUTO", " SORTKEY NONE"};
    switch (attribute->kind) {
    case AST_ATTRIBUTE_DISTSTYLE:
        sql_put(out, " DISTSTYLE ");
        sql_put(out, styles[attribute->dist_style]);
        break;
    case AST_ATTRIBUTE_DISTKEY:
        sql_put(out, " DISTKEY");
        sql_put_idents_if_any(out, &attribute->columns);
        break;
    case AST_ATTRIBUTE_SORTKEY:
        sql_put(out, sorts[attribute->sort_style]);
        sql_put_idents_if_any(out, &attribute->columns);
        break;
    case AST_ATTRIBUTE_PARTITION_BY:
        sql_put(out, " PARTITION BY (");
        print_partition_items(out, &attribute->partitions);
        sql_put(out, ")");
        break;
    case AST_ATTRIBUTE_ENCODE_AUTO: sql_put(out, " ENCODE AUTO"); break;
    case AST_ATTRIBUTE_OPTIONS:
        sql_put(out, " WITH ");
        sql_print_options(out, &attribute->options);
        break;
    }
}

static void print_like_options(Printer *out, uint32_t options) {
    static const char *const words[] = {" INCLUDING DEFAULTS", " INCLUDING CONSTRAINTS", " INCLUDING INDEXES",
                                        " INCLUDING COMMENTS"};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0] && options != AST_LIKE_ALL; i++) {
        sql_put(out, (options & 1U << i) != 0 ? words[i] : "");
    }
    sql_put(out, options == AST_LIKE_ALL ? " INCLUDING ALL" : "");
}

static void print_table_elements(Printer *out, const AstCreateTable *table) {
    const char *before = " (";
    for (uint32_t i = 0; i < table->columns.count; i++, before = ", ") {
        sql_put(out, before);
        print_column_def(out, table->columns.items[i]);
    }
    for (uint32_t i = 0; i < table->constraints.count; i++, before = ", ") {
        sql_put(out, before);
        print_constraint(out, table->constraints.items[i]);
    }
    if (table->like != NULL) {
        sql_put(out, before);
        sql_put(out, "LIKE ");
        sql_put_name(out, table->like);
        print_like_options(out, table->like_options);
        before = ", ";
    }
    sql_put(out, before[0] == ',' ? ")" : "");
}

static void print_file(Printer *out, const char *words, const char *file, const AstOptionList *options) {
    sql_put(out, words);
    sql_put_string(out, file);
    if (options->count > 0) {
        sql_put(out, " ");
        sql_print_options(out, options);
    }
}

static void print_create_table(Printer *out, const AstCreateTable *table) {
    sql_put(out, table->is_temporary ? "CREATE TEMP TABLE " : "CREATE TABLE ");
    sql_put(out, table->if_not_exists ? "IF NOT EXISTS " : "");
    sql_put_name(out, table->name);
    print_table_elements(out, table);
    for (uint32_t i = 0; i < table->attributes.count; i++) {
        sql_print_attribute(out, table->attributes.items[i]);
    }
    if (table->query != NULL) {
        sql_put(out, " AS ");
        sql_print_query(out, table->query);
        sql_put(out, table->with_no_data ? " WITH NO DATA" : "");
    }
    if (table->file != NULL) {
        print_file(out, " FROM FILE ", table->file, &table->file_options);
    }
}

static void print_insert(Printer *out, const AstInsert *insert) {
    sql_print_with(out, insert->with);
    sql_put(out, "INSERT INTO ");
    sql_put_name(out, insert->table);
    sql_put_idents_if_any(out, &insert->columns);
    sql_put(out, " ");
    if (insert->query == NULL) {
        sql_put(out, "DEFAULT VALUES");
    } else {
        sql_print_query(out, insert->query);
    }
}

static void print_copy(Printer *out, const AstCopy *copy) {
    sql_put(out, "COPY ");
    if (copy->table != NULL) {
        sql_put_name(out, copy->table);
    } else {
        sql_print_query_in_parens(out, copy->query);
    }
    sql_put_idents_if_any(out, &copy->columns);
    sql_put(out, copy->is_to ? " TO " : " FROM ");
    if (copy->file != NULL) {
        sql_put_string(out, copy->file);
    } else {
        sql_put(out, copy->is_to ? "STDOUT" : "STDIN");
    }
    if (copy->options.count > 0) {
        sql_put(out, " ");
        sql_print_options(out, &copy->options);
    }
}

static void print_analyze(Printer *out, const AstAnalyze *analyze) {
    sql_put(out, analyze->is_compression ? "ANALYZE COMPRESSION" : analyze->is_verbose ? "ANALYZE VERBOSE" : "ANALYZE");
    if (analyze->table != NULL) {
        sql_put(out, " ");
        sql_put_name(out, analyze->table);
        sql_put_idents_if_any(out, &analyze->columns);
    }
    if (analyze->sample_rows > 0) {
        sql_put(out, " COMPROWS ");
        sql_put_number(out, analyze->sample_rows);
    }
}

static void print_transaction(Printer *out, const AstTransaction *transaction) {
    static const char *const words[] = {"BEGIN", "COMMIT", "ROLLBACK"};
    sql_put(out, words[transaction->kind]);
    sql_put(out, transaction->is_read_only ? " READ ONLY" : "");
}

static void put_setting(Printer *out, const AstIdent *name) {
    if (name == NULL) {
        sql_put(out, "ALL");
    } else {
        sql_put_ident(out, name->text);
    }
}

static void print_set(Printer *out, const AstSet *set) {
    sql_put(out, set->is_local ? "SET LOCAL " : "SET ");
    put_setting(out, set->name);
    sql_put(out, " = ");
    if (set->value == NULL) {
        sql_put(out, "DEFAULT");
    } else {
        sql_put_string(out, set->value);
    }
}

static void print_show(Printer *out, const AstShow *show) {
    static const char *const words[] = {"SHOW ", "SHOW ALL", "SHOW FUNCTIONS", "SHOW TABLES", "SHOW CREATE TABLE "};
    sql_put(out, words[show->kind]);
    if (show->kind == AST_SHOW_SETTING) {
        put_setting(out, show->name);
    } else if (show->kind == AST_SHOW_CREATE) {
        sql_put_name(out, show->relation);
    }
}

static void print_describe(Printer *out, const AstDescribe *describe) {
    if (describe->table != NULL) {
        sql_put(out, "DESCRIBE ");
        sql_put_name(out, describe->table);
    } else {
        print_file(out, "DESCRIBE FILE ", describe->file, &describe->options);
    }
}

void sql_print_statement(Printer *out, const AstStatement *statement) {
    switch (statement->kind) {
    case AST_STATEMENT_QUERY: sql_print_query(out, statement->query); break;
    case AST_STATEMENT_EXPLAIN:
        sql_put(out, "EXPLAIN ");
        if (statement->explain->options.count > 0) {
            sql_print_options(out, &statement->explain->options);
            sql_put(out, " ");
        }
        sql_print_statement(out, statement->explain->statement);
        break;
    case AST_STATEMENT_COMPARE: sql_print_compare(out, statement->compare); break;
    case AST_STATEMENT_ADVISE: sql_print_advise(out, statement->advise); break;
    case AST_STATEMENT_CREATE_TABLE: print_create_table(out, statement->create_table); break;
    case AST_STATEMENT_CREATE_SCHEMA: sql_print_create_schema(out, statement->create_schema); break;
    case AST_STATEMENT_CREATE_VIEW: sql_print_create_view(out, statement->create_view); break;
    case AST_STATEMENT_ALTER_TABLE: sql_print_alter_table(out, statement->alter_table); break;
    case AST_STATEMENT_RESIZE: sql_print_alter_warehouse(out, statement->alter_warehouse); break;
    case AST_STATEMENT_DROP: sql_print_drop(out, statement->drop); break;
    case AST_STATEMENT_COMMENT: sql_print_comment(out, statement->comment); break;
    case AST_STATEMENT_PREPARE: sql_print_prepare(out, statement->prepare); break;
    case AST_STATEMENT_EXECUTE: sql_print_execute(out, statement->execute); break;
    case AST_STATEMENT_DEALLOCATE: sql_print_deallocate(out, statement->deallocate); break;
    case AST_STATEMENT_INSERT: print_insert(out, statement->insert); break;
    case AST_STATEMENT_DELETE: sql_print_delete(out, statement->delete); break;
    case AST_STATEMENT_UPDATE: sql_print_update(out, statement->update); break;
    case AST_STATEMENT_MERGE: sql_print_merge(out, statement->merge); break;
    case AST_STATEMENT_TRUNCATE: sql_print_truncate(out, statement->truncate); break;
    case AST_STATEMENT_COPY: print_copy(out, statement->copy); break;
    case AST_STATEMENT_ANALYZE: print_analyze(out, statement->analyze); break;
    case AST_STATEMENT_TRANSACTION: print_transaction(out, statement->transaction); break;
    case AST_STATEMENT_SET: print_set(out, statement->set); break;
    case AST_STATEMENT_RESET:
        sql_put(out, "RESET ");
        put_setting(out, statement->set->name);
        break;
    case AST_STATEMENT_SHOW: print_show(out, statement->show); break;
    case AST_STATEMENT_DESCRIBE: print_describe(out, statement->describe); break;
    }
}

char *ast_print(const Context *cx, Arena *arena, const AstStatement *statement) {
    Printer out = {.cx = cx, .arena = arena};
    sql_print_statement(&out, statement);
    return out.failed ? NULL : out.text;
}

char *ast_print_query(const Context *cx, Arena *arena, const AstQuery *query) {
    Printer out = {.cx = cx, .arena = arena};
    sql_print_query(&out, query);
    return out.failed ? NULL : out.text;
}

char *ast_print_variant(const Context *cx, Arena *arena, const AstVariant *variant) {
    Printer out = {.cx = cx, .arena = arena};
    sql_print_variant(&out, variant);
    return out.failed ? NULL : out.text;
}

char *ast_print_ident(const Context *cx, Arena *arena, const char *name) {
    Printer out = {.cx = cx, .arena = arena};
    sql_put_ident(&out, name);
    return out.failed ? NULL : out.text;
}

char *ast_print_expr(const Context *cx, Arena *arena, const AstExpr *expr) {
    Printer out = {.cx = cx, .arena = arena};
    sql_print_expr(&out, expr, LEVEL_ANY);
    return out.failed ? NULL : out.text;
}
