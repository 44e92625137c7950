/* Query dictionaries, as planning asks for them. */
#ifndef DEPOT_PLAN_DICTIONARIES_H
#define DEPOT_PLAN_DICTIONARIES_H

#include "plan/logical.h"

/* The query dictionary of a table's column, or NULL: there is none, the plan is only shown and the table has so many segments
 * that reading a dictionary from each would be felt, or one of them cannot be read. The last is not an error here: the segment
 * may be pruned; if it is not, the scan tells. */
Status plan_dictionary(const Context *cx, const LogicalPlan *plan, const TableVersion *table, uint32_t column,
                       const Dictionary **dictionary);

#endif
