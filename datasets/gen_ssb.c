/* Star Schema Benchmark style data, after P. O'Neil, E. O'Neil, X. Chen, S. Revilak: Star Schema Benchmark, revision 3 (2009),
 * and for what it takes over from TPC-H (sparse order keys, prices, two thirds of the customers order) that specification.
 * Sizes at scale F: lineorder about 6,000,000 × F (1,500,000 × F orders of 1 to 7 lines), customer 30,000 × F, supplier
 * 2,000 × F, part 200,000 × (1 + log2 F) (below scale 1: × F), dates 2,556. */
#include "datasets/dataset.h"

#include <math.h>
#include <string.h>

enum { TABLE_CUSTOMER = 1, TABLE_SUPPLIER, TABLE_PART, TABLE_ORDER };
#define CHUNK_ROWS 2048
#define ORDERS_PER_CHUNK 512 /* up to 7 lines each: at most 3,584 rows */
#define DATE_COUNT 2556
#define ORDER_DATE_COUNT 2406 /* 1992-01-01 … 1998-08-02, so that every commit date exists */

static uint64_t rows_at(double per_unit, const GenScale *scale) {
    double rows = floor(per_unit * scale->factor + 0.5);
    return rows < 1 ? 1 : (uint64_t)rows;
}
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

static uint64_t chunks_of(uint64_t rows) {
    return (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
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

/* ----------------------------------------------------------------------------------------------------------- text pools */

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *name, *region;
} nations[25] = {
    {"ALGERIA", "AFRICA"},
    {"ARGENTINA", "AMERICA"},
    {"BRAZIL", "AMERICA"},
    {"CANADA", "AMERICA"},
    {"EGYPT", "MIDDLE EAST"},
    {"ETHIOPIA", "AFRICA"},
    {"FRANCE", "EUROPE"},
    {"GERMANY", "EUROPE"},
    {"INDIA", "ASIA"},
    {"INDONESIA", "ASIA"},
    {"IRAN", "MIDDLE EAST"},
    {"IRAQ", "MIDDLE EAST"},
    {"JAPAN", "ASIA"},
    {"JORDAN", "MIDDLE EAST"},
    {"KENYA", "AFRICA"},
    {"MOROCCO", "AFRICA"},
    {"MOZAMBIQUE", "AFRICA"},
    {"PERU", "AMERICA"},
    {"CHINA", "ASIA"},
    {"ROMANIA", "EUROPE"},
    {"SAUDI ARABIA", "MIDDLE EAST"},
    {"VIETNAM", "ASIA"},
    {"RUSSIA", "EUROPE"},
    {"UNITED KINGDOM", "EUROPE"},
    {"UNITED STATES", "AMERICA"},
};
static const char *const segments[] = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
static const char *const priorities[] = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECI", "5-LOW"};
static const char *const ship_modes[] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
static const char *const colors[] = {
    "almond",   "antique", "aquamarine", "azure",     "beige",      "bisque",    "black",     "blanched", "blue",
    "blush",    "brown",   "burlywood",  "burnished", "chartreuse", "chiffon",   "chocolate", "coral",    "cornflower",
    "cornsilk", "cream",   "cyan",       "dark",      "deep",       "dim",       "dodger",    "drab",     "firebrick",
    "floral",   "forest",  "frosted",    "gainsboro", "ghost",      "goldenrod", "green",     "grey",     "honeydew",
    "hot",      "indian",  "ivory",      "khaki",     "lace",       "lavender",  "lawn",      "lemon",    "light",
    "lime",     "linen",   "magenta",    "maroon",    "medium",     "metallic",  "midnight",  "mint",     "misty",
    "moccasin", "navajo",  "navy",       "olive",     "orange",     "orchid",    "pale",      "papaya",   "peach",
    "peru",     "pink",    "plum",       "powder",    "puff",       "purple",    "red",       "rose",     "rosy",
    "royal",    "saddle",  "salmon",     "sandy",     "seashell",   "sienna",    "sky",       "slate",    "smoke",
    "snow",     "spring",  "steel",      "tan",       "thistle",    "tomato",    "turquoise", "violet",   "wheat",
    "white",    "yellow",
};
static const char *const type_sizes[] = {"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"};
static const char *const type_finishes[] = {"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"};
static const char *const type_metals[] = {"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"};
static const char *const container_sizes[] = {"SM", "LG", "MED", "JUMBO", "WRAP"};
static const char *const container_kinds[] = {"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"};

static const char *pick(Random *random, const char *const *words, size_t count) {
    return words[random_between(random, 0, (int32_t)count - 1)];
}
static depot_text word(const char *text) {
    return gen_static(text, strlen(text));
}

static depot_text random_address(GenChunk *out, Random *random) {
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,";
    char text[32];
    int32_t bytes = random_between(random, 10, 25);
    for (int32_t i = 0; i < bytes; i++) {
        text[i] = letters[random_between(random, 0, sizeof letters - 2)];
    }
    if (text[0] == ' ') {
        text[0] = 'a';
    }
    if (text[bytes - 1] == ' ') {
        text[bytes - 1] = 'z';
    }
    return gen_format(out, "%.*s", (int)bytes, text);
}

/* Address, city, nation, region, phone: five columns from `column` on, alike in customer and supplier. */
static void fill_place(GenChunk *out, uint32_t column, uint32_t row, Random *random) {
    int32_t nation = random_between(random, 0, 24);
    int32_t city = random_between(random, 0, 9);
    out->columns[column].texts[row] = random_address(out, random);
    out->columns[column + 1].texts[row] = gen_format(out, "%-9.9s%d", nations[nation].name, city);
    out->columns[column + 2].texts[row] = word(nations[nation].name);
    out->columns[column + 3].texts[row] = word(nations[nation].region);
    out->columns[column + 4].texts[row] = gen_format(out, "%d-%03d-%03d-%04d", nation + 10, random_between(random, 100, 999),
                                                     random_between(random, 100, 999), random_between(random, 1000, 9999));
}

static uint32_t rows_of_chunk(uint64_t chunk, uint64_t rows) {
    uint64_t left = rows - chunk * CHUNK_ROWS;
    return left < CHUNK_ROWS ? (uint32_t)left : CHUNK_ROWS;
}

static void fill_customer(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, customer_rows(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t key = (int32_t)(chunk * CHUNK_ROWS + row + 1);
        Random random = random_at(scale->seed, TABLE_CUSTOMER, (uint64_t)key);
        out->columns[0].ints[row] = key;
        out->columns[1].texts[row] = gen_format(out, "Customer#%09d", key);
        fill_place(out, 2, row, &random);
        out->columns[7].texts[row] = word(pick(&random, segments, COUNT_OF(segments)));
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
        const char *color = pick(&random, colors, COUNT_OF(colors));
        int32_t maker = random_between(&random, 1, 5);
        int32_t category = maker * 10 + random_between(&random, 1, 5);
        int32_t brand = random_between(&random, 1, 40);
        out->columns[0].ints[row] = key;
        out->columns[1].texts[row] = gen_format(out, "%s %s", color, pick(&random, colors, COUNT_OF(colors)));
        out->columns[2].texts[row] = gen_format(out, "MFGR#%d", maker);
        out->columns[3].texts[row] = gen_format(out, "MFGR#%d", category);
        out->columns[4].texts[row] = gen_format(out, "MFGR#%d%d", category, brand);
        out->columns[5].texts[row] = word(color);
        const char *size = pick(&random, type_sizes, COUNT_OF(type_sizes));
        const char *finish = pick(&random, type_finishes, COUNT_OF(type_finishes));
        out->columns[6].texts[row] =
            gen_format(out, "%s %s %s", size, finish, pick(&random, type_metals, COUNT_OF(type_metals)));
        out->columns[7].ints[row] = random_between(&random, 1, 50);
        const char *container = pick(&random, container_sizes, COUNT_OF(container_sizes));
        out->columns[8].texts[row] =
            gen_format(out, "%s %s", container, pick(&random, container_kinds, COUNT_OF(container_kinds)));
    }
}

/* ---------------------------------------------------------------------------------------------------------------- dates */

typedef struct Day {
    int32_t year, month, day; /* month and day from 1 */
    int32_t of_year;          /* from 1 */
    int32_t of_week;          /* 0 = Sunday */
} Day;

static bool is_leap(int32_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t month_days(int32_t year, int32_t month) {
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Day `index` from 1992-01-01, a Wednesday. */
static Day day_at(int32_t index) {
    Day day = {.year = 1992, .month = 1, .of_week = (index + 3) % 7};
    int32_t left = index;
    while (left >= 365 + is_leap(day.year)) {
        left -= 365 + is_leap(day.year);
        day.year++;
    }
    day.of_year = left + 1;
    while (left >= month_days(day.year, day.month)) {
        left -= month_days(day.year, day.month);
        day.month++;
    }
    day.day = left + 1;
    return day;
}

static int32_t date_key(int32_t index) {
    Day day = day_at(index);
    return day.year * 10000 + day.month * 100 + day.day;
}

static const char *selling_season(const Day *day) {
    if ((day->month == 12 && day->day <= 25) || (day->month == 11 && day->day > 15)) {
        return "Christmas";
    }
    return day->month >= 3 && day->month <= 5   ? "Spring"
           : day->month <= 8 && day->month > 5  ? "Summer"
           : day->month <= 10 && day->month > 8 ? "Fall"
                                                : "Winter";
}

static bool is_holiday(const Day *day) {
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
        Day day = day_at((int32_t)(chunk * CHUNK_ROWS + row));
        const char *month = months[day.month - 1];
        bool last_of_month = day.day == month_days(day.year, day.month);
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

/* In cents, as TPC-H prices a part. */
static int32_t retail_price(int32_t part) {
    return 90000 + part / 10 % 20001 + 100 * (part % 1000);
}

typedef struct Sizes {
    int32_t customers, parts, suppliers;
} Sizes;

/* The first 8 of every 32 keys are used. */
static int32_t sparse_key(uint64_t order) {
    return (int32_t)(order / 8 * 32 + order % 8 + 1);
}

/* Only customers whose key is not a multiple of 3 order (if there are enough of them). */
static int32_t ordering_customer(Random *random, int32_t customers) {
    int32_t key = random_between(random, 1, customers);
    return key % 3 != 0 || customers < 3 ? key : key - 1;
}

static void fill_line(GenChunk *out, uint32_t row, const Sizes *sizes, Random *random) {
    GenColumn *c = out->columns;
    int32_t part = random_between(random, 1, sizes->parts);
    int32_t quantity = random_between(random, 1, 50);
    int32_t discount = random_between(random, 0, 10);
    int32_t price = quantity * retail_price(part);
    c[LO_PARTKEY].ints[row] = part;
    c[LO_SUPPKEY].ints[row] = random_between(random, 1, sizes->suppliers);
    c[LO_QUANTITY].ints[row] = quantity;
    c[LO_EXTENDEDPRICE].ints[row] = price;
    c[LO_DISCOUNT].ints[row] = discount;
    c[LO_REVENUE].ints[row] = (int32_t)((int64_t)price * (100 - discount) / 100);
    c[LO_SUPPLYCOST].ints[row] = 6 * retail_price(part) / 10;
    c[LO_TAX].ints[row] = random_between(random, 0, 8);
    c[LO_SHIPMODE].texts[row] = word(pick(random, ship_modes, COUNT_OF(ship_modes)));
}

static void fill_order(const GenScale *scale, uint64_t order, const Sizes *sizes, GenChunk *out) {
    Random random = random_at(scale->seed, TABLE_ORDER, order);
    GenColumn *c = out->columns;
    int32_t customer = ordering_customer(&random, sizes->customers);
    int32_t day = random_between(&random, 0, ORDER_DATE_COUNT - 1);
    int32_t date = date_key(day);
    depot_text priority = word(pick(&random, priorities, COUNT_OF(priorities)));
    uint32_t lines = (uint32_t)random_between(&random, 1, 7);
    uint32_t first = out->rows;
    int64_t total = 0;
    for (uint32_t line = 0; line < lines; line++) {
        uint32_t row = first + line;
        fill_line(out, row, sizes, &random);
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
    Sizes sizes = {(int32_t)customer_rows(scale), (int32_t)part_rows(scale), (int32_t)supplier_rows(scale)};
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

extern const Dataset ssb_dataset;
const Dataset ssb_dataset = {"ssb", "Star Schema Benchmark style", COUNT_OF(tables), tables};
