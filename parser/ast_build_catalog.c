/* Constructors of statements about the catalog and about prepared statements. */
#include "parser/ast_build.h"

AstCreateSchema *ast_create_schema(Parser *p, bool if_not_exists, AstIdent *name) {
    AstCreateSchema *create;
    NEW_NODE(p, create);
    *create = (AstCreateSchema){name, if_not_exists};
    return create;
}

AstCreateView *ast_create_view(Parser *p, bool or_replace, bool is_temporary, AstName *name, AstIdentList columns,
                               AstQuery *query) {
    AstCreateView *create;
    NEW_NODE(p, create);
    *create = (AstCreateView){name, columns, query, or_replace, is_temporary};
    return create;
}

/* ------------------------------------------------------------------------------------------------------------- ALTER */

AstAlterTable *ast_alter_table(Parser *p, bool if_exists, AstName *name, AstAlterationList alterations) {
    AstAlterTable *alter;
    NEW_NODE(p, alter);
    *alter = (AstAlterTable){name, if_exists, alterations};
    return alter;
}

static AstAlteration *alteration(Parser *p, AstAlterationKind kind, Token token) {
    AstAlteration *alteration;
    NEW_NODE(p, alteration);
    alteration->kind = kind;
    alteration->pos = token.pos;
    return alteration;
}

AstAlteration *ast_alter_attribute(Parser *p, Token token, AstTableAttribute *attribute, AstTableAttribute *second) {
    AstAlteration *change = alteration(p, AST_ALTER_ATTRIBUTES, token);
    change->attributes = ast_attribute_append(p, change->attributes, attribute);
    if (second != NULL) {
        change->attributes = ast_attribute_append(p, change->attributes, second);
    }
    return change;
}

AstAlteration *ast_alter_encode(Parser *p, Token token, AstIdent *column, Token encoding) {
    AstAlteration *change = alteration(p, AST_ALTER_ENCODE, token);
    change->column = column;
    change->encoding = encoding.text;
    change->encoding_pos = encoding.pos;
    return change;
}

AstAlteration *ast_alter_rename(Parser *p, Token token, AstIdent *column, AstIdent *name) {
    AstAlteration *change = alteration(p, column == NULL ? AST_ALTER_RENAME : AST_ALTER_RENAME_COLUMN, token);
    change->column = column;
    change->name = name;
    return change;
}

AstAlteration *ast_alter_statistics(Parser *p, Token token, AstOptionList options) {
    AstAlteration *change = alteration(p, AST_ALTER_STATISTICS, token);
    change->options = options;
    return change;
}

AstAlterWarehouse *ast_alter_warehouse(Parser *p, AstOptionList options) {
    AstAlterWarehouse *alter;
    NEW_NODE(p, alter);
    alter->options = options;
    return alter;
}

/* ----------------------------------------------------------------------------------------------------- the rest of them */

AstDrop *ast_drop(Parser *p, AstObjectKind object, bool if_exists, AstNameList names, bool cascade) {
    AstDrop *drop;
    NEW_NODE(p, drop);
    *drop = (AstDrop){object, names, if_exists, cascade};
    return drop;
}

AstComment *ast_comment(Parser *p, AstObjectKind object, AstName *name, const char *text) {
    AstComment *comment;
    NEW_NODE(p, comment);
    *comment = (AstComment){object, name, text};
    return comment;
}

AstPrepare *ast_prepare(Parser *p, AstIdent *name, AstTypeList types, AstStatement *statement) {
    AstPrepare *prepare;
    NEW_NODE(p, prepare);
    *prepare = (AstPrepare){name, types, statement};
    return prepare;
}

AstExecute *ast_execute(Parser *p, AstIdent *name, AstExprList args) {
    AstExecute *execute;
    NEW_NODE(p, execute);
    *execute = (AstExecute){name, args};
    return execute;
}

AstDeallocate *ast_deallocate(Parser *p, AstIdent *name) {
    AstDeallocate *deallocate;
    NEW_NODE(p, deallocate);
    deallocate->name = name;
    return deallocate;
}
