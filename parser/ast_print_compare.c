/* COMPARE, ADVISE and designs as SQL again. */
#include "parser/ast_print.h"

void sql_print_table_design(Printer *out, const AstTableDesign *design) {
    sql_put(out, "TABLE ");
    sql_put_name(out, design->table);
    for (uint32_t i = 0; i < design->attributes.count; i++) {
        sql_print_attribute(out, design->attributes.items[i]);
    }
}

/* Where any word may stand, keywords need no quotes. */
static void put_word(Printer *out, const char *word) {
    if (sql_is_plain_word(word)) {
        sql_put(out, word);
    } else {
        sql_put_ident(out, word);
    }
}

static void print_part(Printer *out, const AstVariantPart *part) {
    switch (part->kind) {
    case AST_VARIANT_DEFAULT: sql_put(out, "DEFAULT"); break;
    case AST_VARIANT_JOIN:
        sql_put(out, "JOIN ");
        put_word(out, part->word);
        break;
    case AST_VARIANT_TABLE: sql_print_table_design(out, part->design); break;
    case AST_VARIANT_SETTING:
        sql_put_ident(out, part->word);
        sql_put(out, " = ");
        if (sql_is_plain_word(part->value)) {
            sql_put(out, part->value);
        } else {
            sql_put_string(out, part->value);
        }
        break;
    }
}

void sql_print_variant(Printer *out, const AstVariant *variant) {
    for (uint32_t i = 0; i < variant->parts.count; i++) {
        sql_put(out, i == 0 ? "" : " AND ");
        print_part(out, variant->parts.items[i]);
    }
}

void sql_print_compare(Printer *out, const AstCompare *compare) {
    sql_put(out, "COMPARE (");
    for (uint32_t i = 0; i < compare->variants.count; i++) {
        sql_put(out, i == 0 ? "" : ", ");
        sql_print_variant(out, compare->variants.items[i]);
    }
    sql_put(out, ") ");
    sql_print_query(out, compare->query);
}

void sql_print_advise(Printer *out, const AstAdvise *advise) {
    sql_put(out, "ADVISE");
    if (advise->query != NULL) {
        sql_put(out, " ");
        sql_print_query(out, advise->query);
    } else if (advise->count > 0) {
        sql_put(out, " FOR ");
        sql_put_number(out, advise->count);
        sql_put(out, " QUERIES");
    }
}
