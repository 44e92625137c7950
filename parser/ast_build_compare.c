/* Constructors of COMPARE, ADVISE and designs. */
#include "parser/ast_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

AstTableDesign *ast_table_design(Parser *p, AstName *table, AstTableAttribute *attribute) {
    AstTableDesign *design;
    NEW_NODE(p, design);
    design->table = table;
    return ast_table_design_add(p, design, attribute);
}

/* What changes where rows are; the rest of CREATE TABLE's attributes is no design. */
AstTableDesign *ast_table_design_add(Parser *p, AstTableDesign *design, AstTableAttribute *attribute) {
    if (p->status == OK && (attribute->kind == AST_ATTRIBUTE_OPTIONS || attribute->kind == AST_ATTRIBUTE_ENCODE_AUTO)) {
        parser_fail(p, attribute->pos, FEATURE_NOT_SUPPORTED,
                    "a design is made of DISTKEY, DISTSTYLE, SORTKEY and PARTITION BY here");
    }
    if (p->status == OK) {
        design->attributes = ast_attribute_append(p, design->attributes, attribute);
    }
    return design;
}

AstOption *ast_option_design(Parser *p, Token name, AstTableDesign *design) {
    Token table = {.pos = name.pos, .text = "table"};
    AstOption *option = ast_option(p, table, NULL);
    option->design = design;
    return option;
}

AstVariantPart *ast_variant_part(Parser *p, AstVariantKind kind, Token at) {
    AstVariantPart *part;
    NEW_NODE(p, part);
    *part = (AstVariantPart){.kind = kind, .pos = at.pos, .value_pos = at.pos};
    return part;
}

AstVariantPart *ast_variant_join(Parser *p, Token at, Token word) {
    AstVariantPart *part = ast_variant_part(p, AST_VARIANT_JOIN, at);
    part->word = word.text;
    part->value_pos = word.pos;
    return part;
}

AstVariantPart *ast_variant_table(Parser *p, Token at, AstTableDesign *design) {
    AstVariantPart *part = ast_variant_part(p, AST_VARIANT_TABLE, at);
    part->design = design;
    return part;
}

AstVariantPart *ast_variant_setting(Parser *p, Token name, Token value) {
    AstVariantPart *part = ast_variant_part(p, AST_VARIANT_SETTING, name);
    part->word = name.text;
    part->value = value.text;
    part->value_pos = value.pos;
    return part;
}

AstVariantPart *ast_variant_pruning(Parser *p, Token at, Token word, Token value) {
    if (p->status == OK && strcmp(word.text, "pruning") != 0) {
        parser_fail(p, word.pos, SYNTAX_ERROR, "PARTITION PRUNING on or off is what can be compared, not PARTITION %s",
                    word.text);
    }
    at.text = "partition_pruning";
    return ast_variant_setting(p, at, value);
}

AstVariant *ast_variant(Parser *p, AstVariantPart *part) {
    AstVariant *variant;
    NEW_NODE(p, variant);
    return ast_variant_add(p, variant, part);
}

AstVariant *ast_variant_add(Parser *p, AstVariant *variant, AstVariantPart *part) {
    if (p->status == OK) {
        variant->parts = ast_variant_part_append(p, variant->parts, part);
    }
    return variant;
}

AstCompare *ast_compare(Parser *p, AstVariantList variants, AstQuery *query) {
    AstCompare *compare;
    NEW_NODE(p, compare);
    *compare = (AstCompare){variants, query};
    return compare;
}

int64_t ast_advise_count(Parser *p, Token number, Token word) {
    errno = 0;
    int64_t count = p->status == OK ? strtoll(number.text, NULL, 10) : 0;
    if (p->status == OK && strcmp(word.text, "queries") != 0 && strcmp(word.text, "query") != 0) {
        parser_fail(p, word.pos, SYNTAX_ERROR, "ADVISE FOR n QUERIES was expected, not \"%s\"", word.text);
    } else if (p->status == OK && (errno != 0 || count <= 0)) {
        parser_fail(p, number.pos, SYNTAX_ERROR, "ADVISE FOR needs a positive number of queries");
    }
    return count;
}

AstAdvise *ast_advise(Parser *p, int64_t count, AstQuery *query) {
    AstAdvise *advise;
    NEW_NODE(p, advise);
    *advise = (AstAdvise){count, query};
    return advise;
}
