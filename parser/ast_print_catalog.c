/* Statements about the catalog and about prepared statements as SQL again. */
#include "parser/ast_print.h"

static const char *const objects[] = {"TABLE ", "VIEW ", "SCHEMA ", "COLUMN "};

void sql_print_create_schema(Printer *out, const AstCreateSchema *create) {
    sql_put(out, create->if_not_exists ? "CREATE SCHEMA IF NOT EXISTS " : "CREATE SCHEMA ");
    sql_put_ident(out, create->name->text);
}

void sql_print_create_view(Printer *out, const AstCreateView *create) {
    sql_put(out, create->or_replace ? "CREATE OR REPLACE " : "CREATE ");
    sql_put(out, create->is_temporary ? "TEMP VIEW " : "VIEW ");
    sql_put_name(out, create->name);
    sql_put_idents_if_any(out, &create->columns);
    sql_put(out, " AS ");
    sql_print_query(out, create->query);
}

static void print_alteration(Printer *out, const AstAlteration *change) {
    switch (change->kind) {
    case AST_ALTER_ATTRIBUTES:
        sql_put(out, " ALTER");
        if (change->attributes.count == 2) { /* only this pair stands together, the second without parentheses */
            sql_put(out, " DISTSTYLE KEY DISTKEY ");
            sql_put_ident(out, change->attributes.items[1]->columns.items[0]->text);
        } else {
            sql_print_attribute(out, change->attributes.items[0]);
        }
        break;
    case AST_ALTER_ENCODE:
        sql_put(out, " ALTER COLUMN ");
        sql_put_ident(out, change->column->text);
        sql_put(out, " ENCODE ");
        sql_put_ident(out, change->encoding);
        break;
    case AST_ALTER_RENAME_COLUMN:
        sql_put(out, " RENAME COLUMN ");
        sql_put_ident(out, change->column->text);
        sql_put(out, " TO ");
        sql_put_ident(out, change->name->text);
        break;
    case AST_ALTER_RENAME:
        sql_put(out, " RENAME TO ");
        sql_put_ident(out, change->name->text);
        break;
    case AST_ALTER_STATISTICS:
        sql_put(out, " SET STATISTICS ");
        sql_print_options(out, &change->options);
        break;
    }
}

void sql_print_alter_table(Printer *out, const AstAlterTable *alter) {
    sql_put(out, alter->if_exists ? "ALTER TABLE IF EXISTS " : "ALTER TABLE ");
    sql_put_name(out, alter->name);
    for (uint32_t i = 0; i < alter->alterations.count; i++) {
        sql_put(out, i == 0 ? "" : ",");
        print_alteration(out, alter->alterations.items[i]);
    }
}

void sql_print_alter_warehouse(Printer *out, const AstAlterWarehouse *alter) {
    sql_put(out, "ALTER WAREHOUSE RESIZE ");
    sql_print_options(out, &alter->options);
}

void sql_print_drop(Printer *out, const AstDrop *drop) {
    sql_put(out, "DROP ");
    sql_put(out, objects[drop->object]);
    sql_put(out, drop->if_exists ? "IF EXISTS " : "");
    for (uint32_t i = 0; i < drop->names.count; i++) {
        sql_put(out, i == 0 ? "" : ", ");
        sql_put_name(out, drop->names.items[i]);
    }
    sql_put(out, drop->cascade ? " CASCADE" : "");
}

void sql_print_comment(Printer *out, const AstComment *comment) {
    sql_put(out, "COMMENT ON ");
    sql_put(out, objects[comment->object]);
    sql_put_name(out, comment->name);
    sql_put(out, " IS ");
    if (comment->text == NULL) {
        sql_put(out, "NULL");
    } else {
        sql_put_string(out, comment->text);
    }
}

void sql_print_prepare(Printer *out, const AstPrepare *prepare) {
    sql_put(out, "PREPARE ");
    sql_put_ident(out, prepare->name->text);
    for (uint32_t i = 0; i < prepare->types.count; i++) {
        sql_put(out, i == 0 ? " (" : ", ");
        sql_put_type(out, prepare->types.items[i]);
    }
    sql_put(out, prepare->types.count > 0 ? ") AS " : " AS ");
    sql_print_statement(out, prepare->statement);
}

void sql_print_execute(Printer *out, const AstExecute *execute) {
    sql_put(out, "EXECUTE ");
    sql_put_ident(out, execute->name->text);
    if (execute->args.count > 0) {
        sql_put(out, " (");
        sql_print_exprs(out, &execute->args, 0);
        sql_put(out, ")");
    }
}

void sql_print_deallocate(Printer *out, const AstDeallocate *deallocate) {
    sql_put(out, "DEALLOCATE ");
    if (deallocate->name == NULL) {
        sql_put(out, "ALL");
    } else {
        sql_put_ident(out, deallocate->name->text);
    }
}
