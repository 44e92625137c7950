/* Data on the schema of the TPC-DS specification: its tables, keys and the domains that its queries ask for, with numbers and
 * words of our own; results are not TPC results. Sizes at scale 1 are the specification's: store_sales about 2,880,000 rows,
 * catalog_sales 1,440,000, web_sales 720,000, inventory 11,745,000, customer 100,000, customer_demographics 1,920,800. Below
 * scale 1 the small dimensions keep their size. */
#include "datasets/tpcds.h"

static const GenTable *table_at(uint32_t index) {
    return index < DS_DIMENSION_COUNT ? &ds_dimensions[index] : &ds_facts[index - DS_DIMENSION_COUNT];
}

extern const Dataset tpcds_dataset;
const Dataset tpcds_dataset = {"tpcds", "on the schema of TPC-DS", false, DS_DIMENSION_COUNT + DS_FACT_COUNT, table_at};
