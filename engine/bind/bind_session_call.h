/* Calls of session_functions.def. */
#ifndef DEPOT_BIND_BIND_SESSION_CALL_H
#define DEPOT_BIND_BIND_SESSION_CALL_H

#include "bind/binder.h"

/* *out is the value as a constant; NULL if there is no such function. UNDEFINED_FUNCTION for wrong arguments. */
Status bind_session_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out);

#endif
