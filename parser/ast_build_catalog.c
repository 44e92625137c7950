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
