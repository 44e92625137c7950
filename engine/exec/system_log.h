/* System tables whose rows come from the query log. */
#ifndef DEPOT_EXEC_SYSTEM_LOG_H
#define DEPOT_EXEC_SYSTEM_LOG_H

#include "exec/system_table.h"
#include "plan/query_log.h"

/* Defines fill_<table>: `add`, a LoggedQueryVisit whose argument is the SystemFill, is called for each entry of the log. */
#define FILL_FROM_LOG(table, add)                                                                                              \
    Status fill_##table(SystemFill *fill) {                                                                                    \
        return query_log_each(snapshot_warehouse(fill->snapshot), add, fill);                                                  \
    }

#endif
