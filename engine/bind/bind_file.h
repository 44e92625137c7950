/* Inside the binder: files as tables. */
#ifndef DEPOT_BIND_BIND_FILE_H
#define DEPOT_BIND_BIND_FILE_H

#include "bind/binder.h"

/* bind_copy.c: the options of COPY without a table. */
Status bind_file_options(const Context *cx, Arena *arena, const AstOptionList *options, const char *file, CopySpec **spec);
/* The rows of a file in FROM; *names are those of its columns, *name is the file's without folder and ending. */
Status bind_from_file(const Context *cx, Binder *binder, const AstFrom *ast, LogicalNode **node, const char **name,
                      const char ***names);
/* SELECT * FROM the file of CREATE TABLE … FROM FILE. */
Status make_file_query(const Context *cx, Arena *arena, const AstCreateTable *create, AstQuery **query);

#endif
