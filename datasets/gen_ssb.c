/* Star Schema Benchmark style data, after P. O'Neil, E. O'Neil, X. Chen, S. Revilak: Star Schema Benchmark, revision 3 (2009),
 * and for what it takes over from TPC-H (sparse order keys, prices, two thirds of the customers order) that specification.
 * Sizes at scale F: lineorder about 6,000,000 × F (1,500,000 × F orders of 1 to 7 lines), customer 30,000 × F, supplier
 * 2,000 × F, part 200,000 × (1 + log2 F) (below scale 1: × F), dates 2,556. With a Zipf exponent, lineorder's keys of
 * customers, parts and suppliers are skewed, key 1 being the hottest, and all customers order. */
#include "datasets/tpc.h"
#include "datasets/zipf.h"

#include <math.h>

enum { TABLE_CUSTOMER = 1, TABLE_SUPPLIER, TABLE_PART, TABLE_ORDER, SKEWED_ORDER };
#define ORDERS_PER_CHUNK 512 /* up to 7 lines each: at most 3,584 rows */
#define DATE_COUNT 2556
#define ORDER_DATE_COUNT 2406 /* 1992-01-01 … 1998-08-02, so that every commit date exists */

static uint64_t customer_rows(const GenScale *scale) {
    return rows_at(30000, scale);
}
static uint64_t supplier_rows(const GenScale *scale) {
    return rows_at(2000, scale);
}
static uint64_t order_rows(const GenScale *scale) {
    return rows_at(1500000, scale);
}
static uint64_t part_rows(const GenScale *scale) {
    return scale->factor >= 1 ? (uint64_t)(200000 * (1 + floor(log2(scale->factor)))) : rows_at(200000, scale);
}

static uint64_t customer_chunks(const GenScale *scale) {
    return chunks_of(customer_rows(scale));
}
static uint64_t supplier_chunks(const GenScale *scale) {
    return chunks_of(supplier_rows(scale));
}
static uint64_t part_chunks(const GenScale *scale) {
    return chunks_of(part_rows(scale));
}
static uint64_t lineorder_chunks(const GenScale *scale) {
    return (order_rows(scale) + ORDERS_PER_CHUNK - 1) / ORDERS_PER_CHUNK;
}
static uint64_t date_chunks(const GenScale *scale) {
    (void)scale;
    return chunks_of(DATE_COUNT);
}

static const char *const priorities[] = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECI", "5-LOW"};

/* Address, city, nation, region, phone: five columns from `column` on, alike in customer and supplier. */
static void fill_place(GenChunk *out, uint32_t column, uint32_t row, Random *random) {
    int32_t nation = random_between(random, 0, 24);
    int32_t city = random_between(random, 0, 9);
    out->columns[column].texts[row] = random_address(out, random, 10, 25);
    out->columns[column + 1].texts[row] = gen_format(out, "%-9.9s%d", nations[nation].name, city);
    out->columns[column + 2].texts[row] = word(nations[nation].name);
    out->columns[column + 3].texts[row] = word(regions[nations[nation].region]);
    out->columns[column + 4].texts[row] = random_phone(out, random, nation);
}

static void fill_customer(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, customer_rows(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t key = (int32_t)(chunk * CHUNK_ROWS + row + 1);
        Random random = random_at(scale->seed, TABLE_CUSTOMER, (uint64_t)key);
        out->columns[0].ints[row] = key;
        out->columns[1].texts[row] = gen_format(out, "Customer#%09d", key);
        fill_place(out, 2, row, &random);
        out->columns[7].texts[row] = word(pick(&random, segments, SEGMENT_COUNT));
    }
}

static void fill_supplier(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, supplier_rows(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t key = (int32_t)(chunk * CHUNK_ROWS + row + 1);
        Random random = random_at(scale->seed, TABLE_SUPPLIER, (uint64_t)key);
        out->columns[0].ints[row] = key;
        out->columns[1].texts[row] = gen_format(out, "Supplier#%09d", key);
        fill_place(out, 2, row, &random);
    }
}

static void fill_part(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, part_rows(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t key = (int32_t)(chunk * CHUNK_ROWS + row + 1);
        Random random = random_at(scale->seed, TABLE_PART, (uint64_t)key);
        const char *color = pick(&random, colors, COLOR_COUNT);
        int32_t maker = random_between(&random, 1, 5);
        int32_t category = maker * 10 + random_between(&random, 1, 5);
        int32_t brand = random_between(&random, 1, 40);
        out->columns[0].ints[row] = key;
        out->columns[1].texts[row] = gen_format(out, "%s %s", color, pick(&random, colors, COLOR_COUNT));
        out->columns[2].texts[row] = gen_format(out, "MFGR#%d", maker);
        out->columns[3].texts[row] = gen_format(out, "MFGR#%d", category);
        out->columns[4].texts[row] = gen_format(out, "MFGR#%d%d", category, brand);
        out->columns[5].texts[row] = word(color);
        out->columns[6].texts[row] = random_part_type(out, &random);
        out->columns[7].ints[row] = random_between(&random, 1, 50);
        out->columns[8].texts[row] = random_container(out, &random);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- dates */

/* Day `index` from 1992-01-01. */
static GenDay day_at(int32_t index) {
    return gen_day(gen_days(1992, 1, 1) + index);
}

static int32_t date_key(int32_t index) {
    GenDay day = day_at(index);
    return day.year * 10000 + day.month * 100 + day.day;
}

static const char *selling_season(const GenDay *day) {
    if ((day->month == 12 && day->day <= 25) || (day->month == 11 && day->day > 15)) {
        return "Christmas";
    }
    return day->month >= 3 && day->month <= 5   ? "Spring"
           : day->month <= 8 && day->month > 5  ? "Summer"
           : day->month <= 10 && day->month > 8 ? "Fall"
                                                : "Winter";
}

static bool is_holiday(const GenDay *day) {
    static const int32_t holidays[][2] = {{1, 1}, {2, 14},  {3, 17},  {5, 1},   {7, 4},
                                          {9, 1}, {10, 31}, {11, 11}, {12, 24}, {12, 25}};
    for (size_t i = 0; i < COUNT_OF(holidays); i++) {
        if (holidays[i][0] == day->month && holidays[i][1] == day->day) {
            return true;
        }
    }
    return false;
}

static void fill_date(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    (void)scale;
    out->rows = rows_of_chunk(chunk, DATE_COUNT);
    for (uint32_t row = 0; row < out->rows; row++) {
        GenDay day = day_at((int32_t)(chunk * CHUNK_ROWS + row));
        const char *month = months[day.month - 1];
        bool last_of_month = day.day == gen_month_days(day.year, day.month);
        GenColumn *c = out->columns;
        c[0].ints[row] = day.year * 10000 + day.month * 100 + day.day;
        c[1].texts[row] = gen_format(out, "%s %d, %d", month, day.day, day.year);
        c[2].texts[row] = word(days[day.of_week]);
        c[3].texts[row] = word(month);
        c[4].ints[row] = day.year;
        c[5].ints[row] = day.year * 100 + day.month;
        c[6].texts[row] = gen_format(out, "%.3s%d", month, day.year);
        c[7].ints[row] = day.of_week + 1;
        c[8].ints[row] = day.day;
        c[9].ints[row] = day.of_year;
        c[10].ints[row] = day.month;
        c[11].ints[row] = (day.of_year - 1) / 7 + 1;
        c[12].texts[row] = word(selling_season(&day));
        c[13].texts[row] = word(day.of_week == 6 ? "1" : "0");
        c[14].texts[row] = word(last_of_month ? "1" : "0");
        c[15].texts[row] = word(is_holiday(&day) ? "1" : "0");
        c[16].texts[row] = word(day.of_week >= 1 && day.of_week <= 5 ? "1" : "0");
    }
}

/* ------------------------------------------------------------------------------------------------------------ lineorder */

enum {
    LO_ORDERKEY,
    LO_LINENUMBER,
    LO_CUSTKEY,
    LO_PARTKEY,
    LO_SUPPKEY,
    LO_ORDERDATE,
    LO_ORDERPRIORITY,
    LO_SHIPPRIORITY,
    LO_QUANTITY,
    LO_EXTENDEDPRICE,
    LO_ORDTOTALPRICE,
    LO_DISCOUNT,
    LO_REVENUE,
    LO_SUPPLYCOST,
    LO_TAX,
    LO_COMMITDATE,
    LO_SHIPMODE
};

typedef struct Sizes {
    int32_t customers, parts, suppliers;
    bool is_skewed;
    Zipf zipf_customers, zipf_parts, zipf_suppliers;
} Sizes;

static Sizes sizes_of(const GenScale *scale) {
    Sizes sizes = {.customers = (int32_t)customer_rows(scale),
                   .parts = (int32_t)part_rows(scale),
                   .suppliers = (int32_t)supplier_rows(scale),
                   .is_skewed = scale->zipf > 0};
    if (sizes.is_skewed) {
        zipf_init(&sizes.zipf_customers, sizes.customers, scale->zipf);
        zipf_init(&sizes.zipf_parts, sizes.parts, scale->zipf);
        zipf_init(&sizes.zipf_suppliers, sizes.suppliers, scale->zipf);
    }
    return sizes;
}

/* The key that was drawn evenly, or one drawn by Zipf's law from a sequence of its own: everything else stays the same. */
static int32_t fact_key(const Sizes *sizes, const Zipf *zipf, Random *skewed, int32_t even) {
    return sizes->is_skewed ? zipf_draw(zipf, skewed) : even;
}

static void fill_line(GenChunk *out, uint32_t row, const Sizes *sizes, Random *random, Random *skewed) {
    GenColumn *c = out->columns;
    int32_t part = fact_key(sizes, &sizes->zipf_parts, skewed, random_between(random, 1, sizes->parts));
    int32_t quantity = random_between(random, 1, 50);
    int32_t discount = random_between(random, 0, 10);
    int32_t price = quantity * retail_price(part);
    c[LO_PARTKEY].ints[row] = part;
    c[LO_SUPPKEY].ints[row] = fact_key(sizes, &sizes->zipf_suppliers, skewed, random_between(random, 1, sizes->suppliers));
    c[LO_QUANTITY].ints[row] = quantity;
    c[LO_EXTENDEDPRICE].ints[row] = price;
    c[LO_DISCOUNT].ints[row] = discount;
    c[LO_REVENUE].ints[row] = (int32_t)((int64_t)price * (100 - discount) / 100);
    c[LO_SUPPLYCOST].ints[row] = 6 * retail_price(part) / 10;
    c[LO_TAX].ints[row] = random_between(random, 0, 8);
    c[LO_SHIPMODE].texts[row] = word(pick(random, ship_modes, SHIP_MODE_COUNT));
}

static void fill_order(const GenScale *scale, uint64_t order, const Sizes *sizes, GenChunk *out) {
    Random random = random_at(scale->seed, TABLE_ORDER, order), skewed = random_at(scale->seed, SKEWED_ORDER, order);
    GenColumn *c = out->columns;
    int32_t customer = fact_key(sizes, &sizes->zipf_customers, &skewed, ordering_customer(&random, sizes->customers));
    int32_t day = random_between(&random, 0, ORDER_DATE_COUNT - 1);
    int32_t date = date_key(day);
    depot_text priority = word(pick(&random, priorities, COUNT_OF(priorities)));
    uint32_t lines = (uint32_t)random_between(&random, 1, 7);
    uint32_t first = out->rows;
    int64_t total = 0;
    for (uint32_t line = 0; line < lines; line++) {
        uint32_t row = first + line;
        fill_line(out, row, sizes, &random, &skewed);
        c[LO_ORDERKEY].ints[row] = sparse_key(order);
        c[LO_LINENUMBER].ints[row] = (int32_t)line + 1;
        c[LO_CUSTKEY].ints[row] = customer;
        c[LO_ORDERDATE].ints[row] = date;
        c[LO_ORDERPRIORITY].texts[row] = priority;
        c[LO_SHIPPRIORITY].texts[row] = word("0");
        c[LO_COMMITDATE].ints[row] = date_key(day + random_between(&random, 30, 90));
        total += (int64_t)c[LO_REVENUE].ints[row] * (100 + c[LO_TAX].ints[row]) / 100;
    }
    for (uint32_t line = 0; line < lines; line++) {
        c[LO_ORDTOTALPRICE].ints[first + line] = (int32_t)total;
    }
    out->rows += lines;
}

static void fill_lineorder(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    Sizes sizes = sizes_of(scale);
    uint64_t end = (chunk + 1) * ORDERS_PER_CHUNK;
    end = end < order_rows(scale) ? end : order_rows(scale);
    out->rows = 0;
    for (uint64_t order = chunk * ORDERS_PER_CHUNK; order < end; order++) {
        fill_order(scale, order, &sizes, out);
    }
}

#define I GEN_INT32
#define T GEN_TEXT
static const GenKind customer_kinds[] = {I, T, T, T, T, T, T, T};
static const GenKind supplier_kinds[] = {I, T, T, T, T, T, T};
static const GenKind part_kinds[] = {I, T, T, T, T, T, T, I, T};
static const GenKind date_kinds[] = {I, T, T, T, I, I, T, I, I, I, I, I, T, T, T, T, T};
static const GenKind lineorder_kinds[] = {I, I, I, I, I, I, T, T, I, I, I, I, I, I, I, I, T};
#undef I
#undef T

static const GenTable tables[] = {
    {"dates", COUNT_OF(date_kinds), date_kinds, date_chunks, fill_date},
    {"customer", COUNT_OF(customer_kinds), customer_kinds, customer_chunks, fill_customer},
    {"supplier", COUNT_OF(supplier_kinds), supplier_kinds, supplier_chunks, fill_supplier},
    {"part", COUNT_OF(part_kinds), part_kinds, part_chunks, fill_part},
    {"lineorder", COUNT_OF(lineorder_kinds), lineorder_kinds, lineorder_chunks, fill_lineorder},
};

static const GenTable *table_at(uint32_t index) {
    return &tables[index];
}

extern const Dataset ssb_dataset;
const Dataset ssb_dataset = {"ssb", "Star Schema Benchmark style", true, COUNT_OF(tables), table_at};
