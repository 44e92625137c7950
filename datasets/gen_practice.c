/* A shop with the traps that interviews about SQL set: ties, NULLs, repeated and late rows, gaps at the border of a session,
 * refunds, keys with hot values, customers without orders and products never sold. Sizes at scale F: customers 100,000 × F,
 * products 20,000 × F, orders 1,500,000 × F over two years (1 to 7 lines each: about 6,000,000 × F order_lines), events about
 * 6,000,000 × F (1,500,000 × F visits of 1 to 7 events) over three months by 300,000 × F users, drawn by Zipf's law. */
#include "datasets/tpc.h"
#include "datasets/zipf.h"

#include <stdlib.h>

enum { TABLE_CUSTOMER = 1, TABLE_PRODUCT, TABLE_ORDER, TABLE_COPIED_ORDER, TABLE_VISIT };
#define ORDERS_PER_CHUNK 512 /* up to 7 lines each: at most 3,584 rows */
#define LINES_PER_ORDER_MAX 7
#define VISITS_PER_CHUNK 512 /* up to 7 events each */
#define EVENTS_PER_VISIT_MAX 7
#define EVENT_IDS_PER_VISIT 8
#define SECONDS_PER_DAY 86400
#define ORDER_YEAR 2022
#define ORDER_DAYS 730
#define EVENT_YEAR 2024
#define EVENT_DAYS 91 /* January to March of a leap year */
#define HOT_CUSTOMER 1
#define HOT_CUSTOMER_PER_MILLE 80
#define USER_ZIPF 1.0

static uint64_t customer_rows(const GenScale *scale) {
    return rows_at(100000, scale);
}
static uint64_t product_rows(const GenScale *scale) {
    return rows_at(20000, scale);
}
static uint64_t order_rows(const GenScale *scale) {
    return rows_at(1500000, scale);
}
static uint64_t visit_count(const GenScale *scale) {
    return rows_at(1500000, scale);
}

static uint64_t customer_chunks(const GenScale *scale) {
    return chunks_of(customer_rows(scale));
}
static uint64_t product_chunks(const GenScale *scale) {
    return chunks_of(product_rows(scale));
}
static uint64_t order_chunks(const GenScale *scale) {
    return chunks_of(order_rows(scale));
}
static uint64_t line_chunks(const GenScale *scale) {
    return (order_rows(scale) + ORDERS_PER_CHUNK - 1) / ORDERS_PER_CHUNK;
}
static uint64_t event_chunks(const GenScale *scale) {
    return (visit_count(scale) + VISITS_PER_CHUNK - 1) / VISITS_PER_CHUNK;
}

static bool happens(Random *random, int32_t per_mille) {
    return random_between(random, 0, 999) < per_mille;
}

/* Seconds since 1970 of part `index` of `count` equal parts of the days from 1 January of `year` on. */
static int64_t moment_at(int32_t year, int32_t days, uint64_t index, uint64_t count) {
    uint64_t span = (uint64_t)days * SECONDS_PER_DAY;
    return (int64_t)gen_days(year, 1, 1) * SECONDS_PER_DAY + (int64_t)(span * index / count);
}

/* -------------------------------------------------------------------------------------------------- customers, products */

static void fill_customer(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, customer_rows(scale));
    GenColumn *c = out->columns;
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t key = (int32_t)(chunk * CHUNK_ROWS + row + 1);
        Random random = random_at(scale->seed, TABLE_CUSTOMER, (uint64_t)key);
        c[0].ints[row] = key;
        c[1].texts[row] = gen_format(out, "Customer %06d", key);
        c[2].texts[row] = word(nations[random_between(&random, 0, NATION_COUNT - 1)].name);
        c[3].texts[row] = word(pick(&random, segments, SEGMENT_COUNT));
        c[4].ints[row] = gen_days(ORDER_YEAR - 1, 1, 1) + random_between(&random, 0, 364);
        if (happens(&random, 50)) {
            gen_null(&c[3], row);
        }
    }
}

static const char *const categories[] = {"Books", "Music", "Games",  "Toys",    "Garden", "Kitchen", "Sports", "Outdoor",
                                         "Shoes", "Bags",  "Phones", "Laptops", "Audio",  "Beauty",  "Pets",   "Office"};

/* Few prices, so that amounts tie. */
static int64_t price_of(int32_t product) {
    return (int64_t)(product % 97 + product % 13 * 10 + 1) * 100 - 1;
}

static void fill_product(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, product_rows(scale));
    GenColumn *c = out->columns;
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t key = (int32_t)(chunk * CHUNK_ROWS + row + 1);
        Random random = random_at(scale->seed, TABLE_PRODUCT, (uint64_t)key);
        c[0].ints[row] = key;
        c[1].texts[row] = gen_format(out, "%s %05d", pick(&random, colors, COLOR_COUNT), key);
        c[2].texts[row] = word(pick(&random, categories, COUNT_OF(categories)));
        c[3].texts[row] = gen_format(out, "Brand %03d", random_between(&random, 1, 200));
        c[4].cents[row] = price_of(key);
        if (happens(&random, 30)) {
            gen_null(&c[3], row);
        }
    }
}

/* ----------------------------------------------------------------------------------------------------- orders and lines */

typedef struct Line {
    int32_t product, quantity;
    int64_t price, discount;
    bool has_discount;
} Line;

typedef struct Order {
    int32_t customer;
    int64_t seconds; /* since 1970 */
    bool has_moment;
    const char *status;
    const char *channel; /* or NULL */
    uint32_t line_count;
    Line lines[LINES_PER_ORDER_MAX];
    int64_t amount;
} Order;

static const char *const channels[] = {"web", "app", "store", "phone"};

/* Every tenth customer never orders, every 50th product is never sold. */
static int32_t draw_customer(Random *random, int32_t customers) {
    int32_t key = random_between(random, 1, customers);
    bool is_hot = happens(random, HOT_CUSTOMER_PER_MILLE);
    return is_hot ? HOT_CUSTOMER : key % 10 != 0 ? key : key - 1;
}
static int32_t draw_product(Random *random, int32_t products) {
    int32_t key = random_between(random, 1, products);
    return key % 50 != 0 ? key : key - 1;
}

/* A given-away line costs nothing, a refund's quantities are negative; no discount is NULL, not 0. */
static Line draw_line(Random *random, int32_t products, bool is_refund) {
    Line line = {.product = draw_product(random, products), .quantity = random_between(random, 1, 5)};
    line.price = happens(random, 10) ? 0 : price_of(line.product);
    line.has_discount = happens(random, 400);
    line.discount = line.has_discount ? line.price * line.quantity * random_between(random, 0, 6) / 20 : 0;
    if (is_refund) {
        line.quantity = -line.quantity;
        line.discount = -line.discount;
    }
    return line;
}

static Order draw_order(const GenScale *scale, uint64_t index) {
    Random random = random_at(scale->seed, TABLE_ORDER, index);
    Order order = {.customer = draw_customer(&random, (int32_t)customer_rows(scale))};
    order.seconds = moment_at(ORDER_YEAR, ORDER_DAYS, index, order_rows(scale)) + random_between(&random, 0, 599);
    order.has_moment = !happens(&random, 1);
    order.channel = happens(&random, 50) ? NULL : pick(&random, channels, COUNT_OF(channels));
    int32_t fate = random_between(&random, 0, 999);
    order.status = fate < 20 ? "refunded" : fate < 70 ? "cancelled" : fate < 120 ? "open" : "paid";
    order.line_count = (uint32_t)random_between(&random, 1, LINES_PER_ORDER_MAX);
    for (uint32_t i = 0; i < order.line_count; i++) {
        Line line = draw_line(&random, (int32_t)product_rows(scale), fate < 20);
        order.lines[i] = line;
        order.amount += line.price * line.quantity - line.discount;
    }
    return order;
}

/* One order in a hundred is the one before it, sent again: 1 to 301 seconds later, 300 and 301 more often than others. */
static Order order_at(const GenScale *scale, uint64_t index) {
    Random random = random_at(scale->seed, TABLE_COPIED_ORDER, index);
    if (index == 0 || !happens(&random, 10)) {
        return draw_order(scale, index);
    }
    Order order = draw_order(scale, index - 1);
    int32_t later = random_between(&random, 1, 400);
    order.seconds += later <= 301 ? later : 300 + later % 2;
    return order;
}

static void fill_order(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    out->rows = rows_of_chunk(chunk, order_rows(scale));
    GenColumn *c = out->columns;
    for (uint32_t row = 0; row < out->rows; row++) {
        uint64_t index = chunk * CHUNK_ROWS + row;
        Order order = order_at(scale, index);
        c[0].ints[row] = (int32_t)index + 1;
        c[1].ints[row] = order.customer;
        c[2].moments[row] = order.seconds * 1000000;
        c[3].texts[row] = word(order.status);
        c[4].texts[row] = word(order.channel == NULL ? "" : order.channel);
        c[5].cents[row] = order.amount;
        if (!order.has_moment) {
            gen_null(&c[2], row);
        }
        if (order.channel == NULL) {
            gen_null(&c[4], row);
        }
    }
}

static void fill_lines(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    uint64_t end = (chunk + 1) * ORDERS_PER_CHUNK;
    end = end < order_rows(scale) ? end : order_rows(scale);
    GenColumn *c = out->columns;
    uint32_t row = 0;
    for (uint64_t index = chunk * ORDERS_PER_CHUNK; index < end; index++) {
        Order order = order_at(scale, index);
        for (uint32_t i = 0; i < order.line_count; i++, row++) {
            c[0].ints[row] = (int32_t)index + 1;
            c[1].ints[row] = (int32_t)i + 1;
            c[2].ints[row] = order.lines[i].product;
            c[3].ints[row] = order.lines[i].quantity;
            c[4].cents[row] = order.lines[i].price;
            c[5].cents[row] = order.lines[i].discount;
            if (!order.lines[i].has_discount) {
                gen_null(&c[5], row);
            }
        }
    }
    out->rows = row;
}

/* --------------------------------------------------------------------------------------------------------------- events */

typedef struct Event {
    int32_t id, user; /* user 0: unknown */
    const char *type, *device;
    int32_t product; /* 0: none */
    int64_t arrives, happened;
} Event;

static const char *const event_types[] = {"view", "view", "view", "search", "click", "click", "cart", "checkout", "purchase"};
static const char *const devices[] = {"mobile", "desktop", "tablet"};

/* Seconds from one event of a visit to the next: mostly within minutes, some just before, at and after half an hour. */
static int32_t draw_gap(Random *random) {
    return happens(random, 30) ? random_between(random, 1799, 1801) : random_between(random, 0, 240);
}

/* A repeated event comes up to 301 seconds after the first; 300 and 301 more often than others. */
static int32_t draw_echo(Random *random) {
    int32_t later = random_between(random, 0, 400);
    return later <= 301 ? later : 300 + later % 2;
}

static void draw_kind(Random *random, int32_t products, Event *event) {
    event->type = pick(random, event_types, COUNT_OF(event_types));
    event->product = random_between(random, 1, products);
    event->product = event->type[0] == 's' ? 0 : event->product;
}

/* The events of a visit; every thirtieth arrives up to two days after it happened. Returns how many. */
static uint32_t draw_visit(const GenScale *scale, const Zipf *users, uint64_t index, Event *events) {
    Random random = random_at(scale->seed, TABLE_VISIT, index);
    uint32_t count = (uint32_t)random_between(&random, 1, EVENTS_PER_VISIT_MAX);
    int64_t seconds = moment_at(EVENT_YEAR, EVENT_DAYS, index, visit_count(scale));
    int32_t user = zipf_draw(users, &random);
    bool is_known = !happens(&random, 10);
    const char *device = pick(&random, devices, COUNT_OF(devices));
    for (uint32_t i = 0; i < count; i++) {
        Event *event = &events[i];
        bool is_echo = happens(&random, 40) && i > 0;
        *event = i > 0 ? events[i - 1] : (Event){.user = is_known ? user : 0, .device = device};
        seconds += i == 0 ? 0 : is_echo ? draw_echo(&random) : draw_gap(&random);
        if (!is_echo) {
            draw_kind(&random, (int32_t)product_rows(scale), event);
        }
        event->id = (int32_t)(index * EVENT_IDS_PER_VISIT + i) + 1;
        event->arrives = seconds;
        event->happened = seconds - (happens(&random, 30) ? random_between(&random, 0, 2 * SECONDS_PER_DAY) : 0);
    }
    return count;
}

static int compare_arrivals(const void *a_, const void *b_) {
    const Event *a = a_, *b = b_;
    return a->arrives != b->arrives ? (a->arrives > b->arrives) - (a->arrives < b->arrives) : (a->id > b->id) - (a->id < b->id);
}

/* The events of a chunk's visits in the order of their arrival. */
static void fill_events(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    Zipf users;
    Event events[VISITS_PER_CHUNK * EVENTS_PER_VISIT_MAX];
    zipf_init(&users, (int32_t)rows_at(300000, scale), scale->zipf > 0 ? scale->zipf : USER_ZIPF);
    uint64_t end = (chunk + 1) * VISITS_PER_CHUNK;
    end = end < visit_count(scale) ? end : visit_count(scale);
    out->rows = 0;
    for (uint64_t index = chunk * VISITS_PER_CHUNK; index < end; index++) {
        out->rows += draw_visit(scale, &users, index, events + out->rows);
    }
    qsort(events, out->rows, sizeof *events, compare_arrivals);
    GenColumn *c = out->columns;
    for (uint32_t row = 0; row < out->rows; row++) {
        const Event *event = &events[row];
        c[0].ints[row] = event->id;
        c[1].ints[row] = event->user;
        c[2].texts[row] = word(event->type);
        c[3].moments[row] = event->happened * 1000000;
        c[4].ints[row] = event->product;
        c[5].texts[row] = word(event->device);
        if (event->user == 0) {
            gen_null(&c[1], row);
        }
        if (event->product == 0) {
            gen_null(&c[4], row);
        }
    }
}

static const GenKind customer_kinds[] = {GEN_INT32, GEN_TEXT, GEN_TEXT, GEN_TEXT, GEN_DATE};
static const GenKind product_kinds[] = {GEN_INT32, GEN_TEXT, GEN_TEXT, GEN_TEXT, GEN_CENTS7};
static const GenKind order_kinds[] = {GEN_INT32, GEN_INT32, GEN_TIMESTAMP, GEN_TEXT, GEN_TEXT, GEN_CENTS15};
static const GenKind line_kinds[] = {GEN_INT32, GEN_INT32, GEN_INT32, GEN_INT32, GEN_CENTS7, GEN_CENTS7};
static const GenKind event_kinds[] = {GEN_INT32, GEN_INT32, GEN_TEXT, GEN_TIMESTAMP, GEN_INT32, GEN_TEXT};

static const GenTable tables[] = {
    {"customers", COUNT_OF(customer_kinds), customer_kinds, customer_chunks, fill_customer},
    {"products", COUNT_OF(product_kinds), product_kinds, product_chunks, fill_product},
    {"orders", COUNT_OF(order_kinds), order_kinds, order_chunks, fill_order},
    {"order_lines", COUNT_OF(line_kinds), line_kinds, line_chunks, fill_lines},
    {"events", COUNT_OF(event_kinds), event_kinds, event_chunks, fill_events},
};

static const GenTable *table_at(uint32_t index) {
    return &tables[index];
}

extern const Dataset practice_dataset;
const Dataset practice_dataset = {"practice", "a shop for interview questions", true, COUNT_OF(tables), table_at};
