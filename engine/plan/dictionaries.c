/* Query dictionaries, as planning asks for them (dictionaries.h). */
#include "plan/dictionaries.h"

#include "storage/segment_read.h"

#define SEGMENTS_NEAR 64 /* so many dictionaries are read in about a millisecond */

Status plan_dictionary(const Context *cx, const LogicalPlan *plan, const TableVersion *table, uint32_t column,
                       const Dictionary **dictionary) {
    *dictionary = NULL;
    if (column == ROW_ID_COLUMN || !type_is_text(table->schema->columns[column].type) ||
        (plan->is_shown && table->segment_count > SEGMENTS_NEAR)) {
        return OK;
    }
    Status status = table_dictionary(cx, plan->snapshot, what_if_stored(plan, table), column, dictionary);
    if (status != IO_ERROR && status != DATA_CORRUPTED && status != UNDEFINED_FILE) {
        return status;
    }
    error_clear(cx->error);
    *dictionary = NULL;
    return OK;
}
