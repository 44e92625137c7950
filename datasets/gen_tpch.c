/* Data after the TPC-H specification (revision 3): sizes, domains, keys, prices and dates as it has them, so that the standard
 * parameters of its queries select what they should. Random numbers and the wording of comments are our own; results are not
 * TPC results.
 * Sizes at scale F: lineitem about 6,000,000 × F (1,500,000 × F orders of 1 to 7 lines), partsupp 800,000 × F, part
 * 200,000 × F, customer 150,000 × F, supplier 10,000 × F, nation 25, region 5. */
#include "datasets/tpc.h"
#include "datasets/tpc_text.h"

#include <string.h>

enum {
    TABLE_SUPPLIER = 1,
    TABLE_PART,
    TABLE_PARTSUPP,
    TABLE_CUSTOMER,
    TABLE_ORDER,
    TABLE_ORDER_TEXT,
    TABLE_LINE_TEXT,
    TABLE_NATION
};
#define ORDERS_PER_CHUNK 512 /* up to 7 lines each: at most 3,584 rows */
#define SUPPLIERS_PER_PART 4
#define LINES_PER_ORDER_MAX 7
#define ORDER_DAYS 2406 /* 1992-01-01 … 1998-08-02: the last lines arrive before the end of 1998 */

static uint64_t supplier_rows(const GenScale *scale) {
    return rows_at(10000, scale);
}
static uint64_t part_rows(const GenScale *scale) {
    return rows_at(200000, scale);
}
static uint64_t customer_rows(const GenScale *scale) {
    return rows_at(150000, scale);
}
static uint64_t order_rows(const GenScale *scale) {
    return rows_at(1500000, scale);
}
static uint64_t partsupp_rows(const GenScale *scale) {
    return part_rows(scale) * SUPPLIERS_PER_PART;
}

static uint64_t one_chunk(const GenScale *scale) {
    (void)scale;
    return 1;
}
static uint64_t supplier_chunks(const GenScale *scale) {
    return chunks_of(supplier_rows(scale));
}
static uint64_t part_chunks(const GenScale *scale) {
    return chunks_of(part_rows(scale));
}
static uint64_t partsupp_chunks(const GenScale *scale) {
    return chunks_of(partsupp_rows(scale));
}
static uint64_t customer_chunks(const GenScale *scale) {
    return chunks_of(customer_rows(scale));
}
static uint64_t order_chunks(const GenScale *scale) {
    return (order_rows(scale) + ORDERS_PER_CHUNK - 1) / ORDERS_PER_CHUNK;
}

/* -------------------------------------------------------------------------------------------------------- small tables */

static void fill_region(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    (void)chunk;
    out->rows = REGION_COUNT;
    for (uint32_t row = 0; row < REGION_COUNT; row++) {
        Random random = random_at(scale->seed, TABLE_NATION, NATION_COUNT + row);
        out->columns[0].ints[row] = (int32_t)row;
        out->columns[1].texts[row] = word(regions[row]);
        out->columns[2].texts[row] = random_comment(out, &random, 31, 115);
    }
}

static void fill_nation(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    (void)chunk;
    out->rows = NATION_COUNT;
    for (uint32_t row = 0; row < NATION_COUNT; row++) {
        Random random = random_at(scale->seed, TABLE_NATION, row);
        out->columns[0].ints[row] = (int32_t)row;
        out->columns[1].texts[row] = word(nations[row].name);
        out->columns[2].ints[row] = nations[row].region;
        out->columns[3].texts[row] = random_comment(out, &random, 31, 114);
    }
}

static int64_t random_balance(Random *random) {
    return random_between(random, -99999, 999999);
}

/* Of 10,000 suppliers, 5 have a customer who complained and 5 one who recommends them. */
static depot_text supplier_comment(GenChunk *out, Random *random) {
    depot_text comment = random_comment(out, random, 25, 100);
    int32_t mark = random_between(random, 0, 1999);
    if (mark <= 1) {
        depot_text customer = {"Customer ", 9}, what = {mark == 0 ? "Complaints" : "Recommends", 10};
        size_t ends = comment.bytes - what.bytes;
        int32_t first = random_between(random, 0, (int32_t)(ends - customer.bytes));
        int32_t second = random_between(random, first + (int32_t)customer.bytes, (int32_t)ends);
        char *text = gen_reserve(out, comment.bytes);
        memcpy(text, comment.data, comment.bytes);
        memcpy(text + first, customer.data, customer.bytes);
        memcpy(text + second, what.data, what.bytes);
        comment.data = text;
    }
    return comment;
}

static void fill_supplier(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, supplier_rows(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t key = (int32_t)(chunk * CHUNK_ROWS + row + 1);
        Random random = random_at(scale->seed, TABLE_SUPPLIER, (uint64_t)key);
        int32_t nation = random_between(&random, 0, NATION_COUNT - 1);
        out->columns[0].ints[row] = key;
        out->columns[1].texts[row] = gen_format(out, "Supplier#%09d", key);
        out->columns[2].texts[row] = random_address(out, &random, 10, 40);
        out->columns[3].ints[row] = nation;
        out->columns[4].texts[row] = random_phone(out, &random, nation);
        out->columns[5].cents[row] = random_balance(&random);
        out->columns[6].texts[row] = supplier_comment(out, &random);
    }
}

static void fill_customer(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, customer_rows(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t key = (int32_t)(chunk * CHUNK_ROWS + row + 1);
        Random random = random_at(scale->seed, TABLE_CUSTOMER, (uint64_t)key);
        int32_t nation = random_between(&random, 0, NATION_COUNT - 1);
        out->columns[0].ints[row] = key;
        out->columns[1].texts[row] = gen_format(out, "Customer#%09d", key);
        out->columns[2].texts[row] = random_address(out, &random, 10, 40);
        out->columns[3].ints[row] = nation;
        out->columns[4].texts[row] = random_phone(out, &random, nation);
        out->columns[5].cents[row] = random_balance(&random);
        out->columns[6].texts[row] = word(pick(&random, segments, SEGMENT_COUNT));
        out->columns[7].texts[row] = random_comment(out, &random, 29, 116);
    }
}

/* ----------------------------------------------------------------------------------------------------------------- parts */

#define COLORS_PER_NAME 5

/* Five different colours. */
static depot_text part_name(GenChunk *out, Random *random) {
    const char *names[COLORS_PER_NAME];
    for (int32_t i = 0; i < COLORS_PER_NAME; i++) {
        bool is_new;
        do {
            names[i] = pick(random, colors, COLOR_COUNT);
            is_new = true;
            for (int32_t j = 0; j < i; j++) {
                is_new = is_new && names[j] != names[i];
            }
        } while (!is_new);
    }
    return gen_format(out, "%s %s %s %s %s", names[0], names[1], names[2], names[3], names[4]);
}

static void fill_part(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, part_rows(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t key = (int32_t)(chunk * CHUNK_ROWS + row + 1);
        Random random = random_at(scale->seed, TABLE_PART, (uint64_t)key);
        int32_t maker = random_between(&random, 1, 5);
        out->columns[0].ints[row] = key;
        out->columns[1].texts[row] = part_name(out, &random);
        out->columns[2].texts[row] = gen_format(out, "Manufacturer#%d", maker);
        out->columns[3].texts[row] = gen_format(out, "Brand#%d%d", maker, random_between(&random, 1, 5));
        out->columns[4].texts[row] = random_part_type(out, &random);
        out->columns[5].ints[row] = random_between(&random, 1, 50);
        out->columns[6].texts[row] = random_container(out, &random);
        out->columns[7].cents[row] = retail_price(key);
        out->columns[8].texts[row] = random_comment(out, &random, 5, 22);
    }
}

/* The supplier that stands at `place` (0 … 3) of a part's four. */
static int32_t part_supplier(int32_t part, int32_t place, int32_t suppliers) {
    int64_t step = suppliers / SUPPLIERS_PER_PART + (part - 1) / suppliers;
    return (int32_t)((part + place * step) % suppliers) + 1;
}

static void fill_partsupp(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, partsupp_rows(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        uint64_t index = chunk * CHUNK_ROWS + row;
        int32_t part = (int32_t)(index / SUPPLIERS_PER_PART) + 1;
        Random random = random_at(scale->seed, TABLE_PARTSUPP, index);
        out->columns[0].ints[row] = part;
        out->columns[1].ints[row] = part_supplier(part, (int32_t)(index % SUPPLIERS_PER_PART), (int32_t)supplier_rows(scale));
        out->columns[2].ints[row] = random_between(&random, 1, 9999);
        out->columns[3].cents[row] = random_between(&random, 100, 100000);
        out->columns[4].texts[row] = random_comment(out, &random, 49, 198);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- orders */

typedef struct Line {
    int32_t part, supplier, quantity, discount, tax; /* discount and tax in percent */
    int32_t shipped, committed, received;            /* days since 1970-01-01 */
    int64_t price;                                   /* in cents */
    const char *flag, *instruction, *mode;
} Line;

typedef struct Order {
    int32_t customer, day, clerk;
    const char *priority;
    uint32_t line_count, lines_shipped;
    int64_t total; /* in cents */
    Line lines[LINES_PER_ORDER_MAX];
} Order;

typedef struct Market { /* what an order draws from */
    int32_t customers, parts, suppliers, clerks;
    int32_t first_day, current_day;
} Market;

static Market market_at(const GenScale *scale) {
    return (Market){.customers = (int32_t)customer_rows(scale),
                    .parts = (int32_t)part_rows(scale),
                    .suppliers = (int32_t)supplier_rows(scale),
                    .clerks = (int32_t)rows_at(1000, scale),
                    .first_day = gen_days(1992, 1, 1),
                    .current_day = gen_days(1995, 6, 17)};
}

static void draw_line(const Market *market, Random *random, int32_t order_day, Line *line) {
    static const char *const instructions[] = {"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"};
    line->part = random_between(random, 1, market->parts);
    line->supplier = part_supplier(line->part, random_between(random, 0, SUPPLIERS_PER_PART - 1), market->suppliers);
    line->quantity = random_between(random, 1, 50);
    line->discount = random_between(random, 0, 10);
    line->tax = random_between(random, 0, 8);
    line->price = (int64_t)line->quantity * retail_price(line->part);
    line->shipped = order_day + random_between(random, 1, 121);
    line->committed = order_day + random_between(random, 30, 90);
    line->received = line->shipped + random_between(random, 1, 30);
    bool is_returned = random_between(random, 0, 1) == 1;
    line->flag = line->received > market->current_day ? "N" : is_returned ? "R" : "A";
    line->instruction = pick(random, instructions, COUNT_OF(instructions));
    line->mode = pick(random, ship_modes, SHIP_MODE_COUNT);
}

static Order draw_order(const GenScale *scale, const Market *market, uint64_t number) {
    static const char *const priorities[] = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"};
    Random random = random_at(scale->seed, TABLE_ORDER, number);
    Order order = {.customer = ordering_customer(&random, market->customers)};
    order.day = market->first_day + random_between(&random, 0, ORDER_DAYS - 1);
    order.priority = pick(&random, priorities, COUNT_OF(priorities));
    order.clerk = random_between(&random, 1, market->clerks);
    order.line_count = (uint32_t)random_between(&random, 1, LINES_PER_ORDER_MAX);
    for (uint32_t i = 0; i < order.line_count; i++) {
        Line *line = &order.lines[i];
        draw_line(market, &random, order.day, line);
        order.lines_shipped += line->shipped <= market->current_day;
        order.total += line->price * (100 - line->discount) / 100 * (100 + line->tax) / 100;
    }
    return order;
}

static uint64_t chunk_end(uint64_t chunk, const GenScale *scale) {
    uint64_t end = (chunk + 1) * ORDERS_PER_CHUNK;
    return end < order_rows(scale) ? end : order_rows(scale);
}

static void fill_orders(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    Market market = market_at(scale);
    GenColumn *c = out->columns;
    out->rows = 0;
    for (uint64_t number = chunk * ORDERS_PER_CHUNK; number < chunk_end(chunk, scale); number++) {
        uint32_t row = out->rows++;
        Order order = draw_order(scale, &market, number);
        Random random = random_at(scale->seed, TABLE_ORDER_TEXT, number);
        bool is_shipped = order.lines_shipped == order.line_count;
        c[0].ints[row] = sparse_key(number);
        c[1].ints[row] = order.customer;
        c[2].texts[row] = word(is_shipped ? "F" : order.lines_shipped == 0 ? "O" : "P");
        c[3].cents[row] = order.total;
        c[4].ints[row] = order.day;
        c[5].texts[row] = word(order.priority);
        c[6].texts[row] = gen_format(out, "Clerk#%09d", order.clerk);
        c[7].ints[row] = 0;
        c[8].texts[row] = random_comment(out, &random, 19, 78);
    }
}

static void put_line(GenChunk *out, uint64_t order, uint32_t index, const Line *line, const Market *market, Random *random) {
    GenColumn *c = out->columns;
    uint32_t row = out->rows++;
    c[0].ints[row] = sparse_key(order);
    c[1].ints[row] = line->part;
    c[2].ints[row] = line->supplier;
    c[3].ints[row] = (int32_t)index + 1;
    c[4].cents[row] = line->quantity * 100;
    c[5].cents[row] = line->price;
    c[6].cents[row] = line->discount;
    c[7].cents[row] = line->tax;
    c[8].texts[row] = word(line->flag);
    c[9].texts[row] = word(line->shipped > market->current_day ? "O" : "F");
    c[10].ints[row] = line->shipped;
    c[11].ints[row] = line->committed;
    c[12].ints[row] = line->received;
    c[13].texts[row] = word(line->instruction);
    c[14].texts[row] = word(line->mode);
    c[15].texts[row] = random_comment(out, random, 10, 43);
}

static void fill_lineitem(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    Market market = market_at(scale);
    out->rows = 0;
    for (uint64_t number = chunk * ORDERS_PER_CHUNK; number < chunk_end(chunk, scale); number++) {
        Order order = draw_order(scale, &market, number);
        Random random = random_at(scale->seed, TABLE_LINE_TEXT, number);
        for (uint32_t i = 0; i < order.line_count; i++) {
            put_line(out, number, i, &order.lines[i], &market, &random);
        }
    }
}

#define I GEN_INT32
#define C GEN_CENTS15
#define D GEN_DATE
#define T GEN_TEXT
static const GenKind region_kinds[] = {I, T, T};
static const GenKind nation_kinds[] = {I, T, I, T};
static const GenKind supplier_kinds[] = {I, T, T, I, T, C, T};
static const GenKind customer_kinds[] = {I, T, T, I, T, C, T, T};
static const GenKind part_kinds[] = {I, T, T, T, T, I, T, C, T};
static const GenKind partsupp_kinds[] = {I, I, I, C, T};
static const GenKind orders_kinds[] = {I, I, T, C, D, T, T, I, T};
static const GenKind lineitem_kinds[] = {I, I, I, I, C, C, C, C, T, T, D, D, D, T, T, T};
#undef I
#undef C
#undef D
#undef T

static const GenTable tables[] = {
    {"region", COUNT_OF(region_kinds), region_kinds, one_chunk, fill_region},
    {"nation", COUNT_OF(nation_kinds), nation_kinds, one_chunk, fill_nation},
    {"supplier", COUNT_OF(supplier_kinds), supplier_kinds, supplier_chunks, fill_supplier},
    {"customer", COUNT_OF(customer_kinds), customer_kinds, customer_chunks, fill_customer},
    {"part", COUNT_OF(part_kinds), part_kinds, part_chunks, fill_part},
    {"partsupp", COUNT_OF(partsupp_kinds), partsupp_kinds, partsupp_chunks, fill_partsupp},
    {"orders", COUNT_OF(orders_kinds), orders_kinds, order_chunks, fill_orders},
    {"lineitem", COUNT_OF(lineitem_kinds), lineitem_kinds, order_chunks, fill_lineitem},
};

static const GenTable *table_at(uint32_t index) {
    return &tables[index];
}

extern const Dataset tpch_dataset;
const Dataset tpch_dataset = {"tpch", "after the TPC-H specification", false, COUNT_OF(tables), table_at};
