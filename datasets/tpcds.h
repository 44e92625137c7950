/* What the parts of the TPC-DS generator share: sizes of tables, rules for columns, days as keys. */
#ifndef DEPOT_DATASETS_TPCDS_H
#define DEPOT_DATASETS_TPCDS_H

#include "datasets/tpc.h"

/* Seeds of random_at. */
enum { DS_DIMENSION = 1, DS_PLACE = 40, DS_INVENTORY, DS_STORE, DS_CATALOG, DS_WEB };

/* ----------------------------------------------------------------------------------------------------------------- sizes */

int32_t ds_customers(const GenScale *scale);
int32_t ds_addresses(const GenScale *scale);
int32_t ds_demographics(const GenScale *scale); /* of customers */
int32_t ds_items(const GenScale *scale);
int32_t ds_stores(const GenScale *scale);
int32_t ds_call_centers(const GenScale *scale);
int32_t ds_warehouses(const GenScale *scale);
int32_t ds_web_sites(const GenScale *scale);
int32_t ds_web_pages(const GenScale *scale);
int32_t ds_promotions(const GenScale *scale);
int32_t ds_catalog_pages(const GenScale *scale);
#define DS_HOUSEHOLDS 7200
#define DS_INCOME_BANDS 20
#define DS_REASONS 35
#define DS_SHIP_MODES 20
#define DS_TIMES 86400
#define DS_DAYS 73049 /* 1900-01-02 … 2100-01-01 */

/* ------------------------------------------------------------------------------------------------------------------ days */

/* Keys of days are Julian day numbers. */
#define DS_KEY_OF_1970 2440588
static inline int32_t ds_day_key(int32_t days) {
    return days + DS_KEY_OF_1970;
}
/* Days since 1970-01-01: sales are made from 1998-01-01 up to and without 2003-01-01. */
int32_t ds_first_sale(void);
#define DS_SALE_DAYS 1826

/* --------------------------------------------------------------------------------------------------------------- columns */

/* 16 letters for a number. */
depot_text ds_id(GenChunk *out, uint32_t number);
/* A word of syllables for the digits of a number. */
depot_text ds_syllables(GenChunk *out, uint32_t number);

static inline void ds_put_key(GenColumn *column, uint32_t row, int32_t key) { /* 0 is NULL */
    column->ints[row] = key;
    if (key == 0) {
        gen_null(column, row);
    }
}

/* Tables: in tpcds_calendar.c, tpcds_dimensions.c and tpcds_sales.c. */
void ds_fill_dates(const GenScale *scale, uint64_t chunk, GenChunk *out);
void ds_fill_times(const GenScale *scale, uint64_t chunk, GenChunk *out);
void ds_fill_households(const GenScale *scale, uint64_t chunk, GenChunk *out);
void ds_fill_demographics(const GenScale *scale, uint64_t chunk, GenChunk *out);
#define DS_DIMENSION_COUNT 17
#define DS_FACT_COUNT 7
extern const GenTable ds_dimensions[DS_DIMENSION_COUNT];
extern const GenTable ds_facts[DS_FACT_COUNT];

/* Of customer `key`, who keeps them in all channels: 0 is NULL. */
typedef struct DsCustomer {
    int32_t demographics, household, address;
} DsCustomer;
DsCustomer ds_customer(const GenScale *scale, int32_t key);

#endif
