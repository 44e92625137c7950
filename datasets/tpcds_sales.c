/* Sales in three channels, what is returned of them, and stock. An order (a ticket in a store) is drawn from its number alone,
 * so sales and returns are two views of the same orders. Channels meet on purpose: some catalog and web orders are of a
 * customer who went to a store, on the same day or for the same items later, as questions across channels ask.
 *
 * Prices follow the specification: list = cost and a markup, price = list and a discount, extended by quantity; net = extended
 * less coupon; profit = net less extended cost. */
#include "datasets/tpcds.h"

#define LINES_MAX 23
#define TICKETS_PER_CHUNK 128 /* of 1 to 23 lines */
#define ORDERS_PER_CHUNK 256  /* of up to 16 lines */
#define RETURNED_PERCENT 10
#define NULL_PERCENT 4
#define SHARED_STEP 80 /* tickets whose customers order in the other channels on the same day */
#define STOCK_WEEKS 261

typedef enum Channel { STORE, CATALOG, WEB } Channel;

typedef struct Amounts { /* in cents, but quantity */
    int32_t quantity;
    int64_t cost, list, price;
    int64_t ext_discount, ext_price, ext_cost, ext_list, ext_tax, coupon, ext_ship;
    int64_t paid, paid_tax, paid_ship, paid_ship_tax, profit;
} Amounts;

typedef struct Return { /* in cents */
    bool is_there;
    int32_t day, time, quantity, reason;
    int64_t amount, tax, amount_tax, fee, ship, cash, reversed, credit, loss;
} Return;

typedef struct Line {
    int32_t item, promotion, warehouse, ship_mode, page, ship_day;
    Amounts amounts;
    Return returned;
} Line;

typedef struct Order {
    int32_t number, day, time;    /* day since 1970-01-01, second of the day */
    int32_t customer, shipped_to; /* customers; 0 is NULL, as in the keys below */
    DsCustomer bill, ship;
    int32_t place; /* store, call center or web site */
    uint32_t line_count;
    Line lines[LINES_MAX];
} Order;

static uint64_t order_rows(Channel channel, const GenScale *scale) {
    static const double counts[] = {240000, 160000, 60000};
    return rows_at(counts[channel], scale);
}

static int32_t or_null(Random *random, int32_t key) {
    return random_between(random, 1, 100) <= NULL_PERCENT ? 0 : key;
}

/* --------------------------------------------------------------------------------------------------------------- amounts */

static void draw_amounts(Random *random, Amounts *a) {
    a->quantity = random_between(random, 1, 100);
    a->cost = random_between(random, 100, 10000);
    a->list = a->cost * random_between(random, 100, 300) / 100;
    a->price = a->list * random_between(random, 5, 100) / 100;
    a->ext_price = a->price * a->quantity;
    a->ext_cost = a->cost * a->quantity;
    a->ext_list = a->list * a->quantity;
    a->ext_discount = a->ext_list - a->ext_price;
    a->coupon = random_between(random, 1, 5) == 1 ? a->ext_price * random_between(random, 0, 100) / 100 : 0;
    a->ext_ship = a->list * a->quantity * random_between(random, 0, 50) / 100;
    a->paid = a->ext_price - a->coupon;
    a->ext_tax = a->paid * random_between(random, 0, 9) / 100;
    a->paid_tax = a->paid + a->ext_tax;
    a->paid_ship = a->paid + a->ext_ship;
    a->paid_ship_tax = a->paid_ship + a->ext_tax;
    a->profit = a->paid - a->ext_cost;
}

static void draw_return(Random *random, const Amounts *a, int32_t from_day, Return *r) {
    r->is_there = random_between(random, 1, 100) <= RETURNED_PERCENT;
    r->day = from_day + random_between(random, 1, 60);
    r->time = random_between(random, 8 * 3600, 21 * 3600);
    r->reason = or_null(random, random_between(random, 1, DS_REASONS));
    r->quantity = random_between(random, 1, a->quantity);
    r->amount = a->price * r->quantity;
    r->tax = r->amount * random_between(random, 0, 9) / 100;
    r->amount_tax = r->amount + r->tax;
    r->fee = random_between(random, 50, 10000);
    r->ship = a->list * r->quantity * random_between(random, 0, 50) / 100;
    r->cash = r->amount * random_between(random, 0, 100) / 100;
    r->reversed = (r->amount - r->cash) * random_between(random, 0, 100) / 100;
    r->credit = r->amount - r->cash - r->reversed;
    r->loss = r->ship + r->fee + r->tax + r->amount / 2;
}

/* ---------------------------------------------------------------------------------------------------------------- orders */

/* More is sold late in the year. */
static int32_t draw_day(Random *random) {
    int32_t year = random_between(random, 1998, 2002), part = random_between(random, 1, 10);
    int32_t month = part <= 3   ? random_between(random, 1, 7)
                    : part <= 6 ? random_between(random, 8, 10)
                                : random_between(random, 11, 12);
    return gen_days(year, month, random_between(random, 1, gen_month_days(year, month)));
}

/* Some items are sold much more often than others. */
static int32_t draw_item(Random *random, int32_t items) {
    return random_between(random, 1, 5) == 1 ? random_between(random, 1, items / 50) : random_between(random, 1, items);
}

static bool has_item(const Order *order, int32_t item) {
    for (uint32_t i = 0; i < order->line_count; i++) {
        if (order->lines[i].item == item) {
            return true;
        }
    }
    return false;
}

static DsCustomer customer_of(const GenScale *scale, Random *random, int32_t key) {
    DsCustomer customer = ds_customer(scale, key == 0 ? 1 : key);
    if (random_between(random, 0, 1) == 1) { /* somebody of the house, or a present */
        customer.demographics = random_between(random, 1, ds_demographics(scale));
        customer.household = random_between(random, 1, DS_HOUSEHOLDS);
    }
    customer.demographics = or_null(random, customer.demographics);
    customer.household = or_null(random, customer.household);
    customer.address = or_null(random, customer.address);
    return customer;
}

static int32_t draw_place(const GenScale *scale, Channel channel, Random *random) {
    int32_t places = channel == STORE ? ds_stores(scale) : channel == CATALOG ? ds_call_centers(scale) : ds_web_sites(scale);
    return or_null(random, random_between(random, 1, places));
}

static void draw_line(const GenScale *scale, Channel channel, Random *random, const Order *order, int32_t item, Line *line) {
    int32_t pages = channel == CATALOG ? ds_catalog_pages(scale) : ds_web_pages(scale);
    line->item = item;
    line->promotion = or_null(random, random_between(random, 1, ds_promotions(scale)));
    line->warehouse = or_null(random, random_between(random, 1, ds_warehouses(scale)));
    line->ship_mode = or_null(random, random_between(random, 1, DS_SHIP_MODES));
    line->page = or_null(random, random_between(random, 1, pages));
    line->ship_day = order->day + random_between(random, 2, channel == WEB ? 120 : 90);
    draw_amounts(random, &line->amounts);
    draw_return(random, &line->amounts, channel == STORE ? order->day : line->ship_day, &line->returned);
}

static void draw_lines(const GenScale *scale, Channel channel, Random *random, Order *order, const Order *wanted) {
    static const int32_t least[] = {1, 4, 8}, most[] = {LINES_MAX, 14, 16};
    int32_t count = random_between(random, least[channel], most[channel]), items = ds_items(scale);
    for (int32_t i = 0; i < count; i++) {
        bool repeats = wanted != NULL && i < (int32_t)wanted->line_count;
        int32_t item = repeats ? wanted->lines[i].item : draw_item(random, items);
        while (has_item(order, item)) {
            item = random_between(random, 1, items);
        }
        draw_line(scale, channel, random, order, item, &order->lines[order->line_count]);
        order->line_count++;
    }
}

static Order draw_ticket(const GenScale *scale, uint64_t number) {
    Random random = random_at(scale->seed, DS_STORE, number);
    Order order = {.number = (int32_t)number + 1, .day = draw_day(&random)};
    order.time = random_between(&random, 8 * 3600, 21 * 3600 - 1);
    order.customer = or_null(&random, random_between(&random, 1, ds_customers(scale)));
    order.bill = customer_of(scale, &random, order.customer);
    order.place = draw_place(scale, STORE, &random);
    draw_lines(scale, STORE, &random, &order, NULL);
    return order;
}

/* Of every 20 orders, the first is of a customer on the day that they were in a store, and the second and third (of catalogs
 * only) repeat a ticket's items some weeks later. */
static Order draw_order(const GenScale *scale, Channel channel, uint64_t number) {
    if (channel == STORE) {
        return draw_ticket(scale, number);
    }
    Random random = random_at(scale->seed, channel == CATALOG ? DS_CATALOG : DS_WEB, number);
    uint64_t tickets = order_rows(STORE, scale), kind = number % 20;
    bool shares_day = kind == 0, repeats = channel == CATALOG && (kind == 1 || kind == 2);
    uint64_t followed = shares_day ? number / 20 * SHARED_STEP % tickets : random_next(&random) % tickets;
    Order ticket = {0}, order = {.number = (int32_t)number + 1, .day = draw_day(&random)};
    order.time = random_between(&random, 0, 86399);
    order.customer = or_null(&random, random_between(&random, 1, ds_customers(scale)));
    if (shares_day || repeats) {
        ticket = draw_ticket(scale, followed);
        order.customer = ticket.customer;
        order.day = ticket.day + (repeats ? random_between(&random, 20, 80) : 0);
    }
    order.shipped_to = random_between(&random, 1, 10) == 1 ? or_null(&random, random_between(&random, 1, ds_customers(scale)))
                                                           : order.customer;
    order.bill = customer_of(scale, &random, order.customer);
    order.ship = order.shipped_to == order.customer ? order.bill : customer_of(scale, &random, order.shipped_to);
    order.place = draw_place(scale, channel, &random);
    draw_lines(scale, channel, &random, &order, repeats ? &ticket : NULL);
    return order;
}

/* ----------------------------------------------------------------------------------------------------------------- rows */

/* Cells from left to right. */
typedef struct Put {
    GenChunk *out;
    uint32_t row, column;
} Put;

static void put_key(Put *put, int32_t key) {
    ds_put_key(&put->out->columns[put->column++], put->row, key);
}
static void put_cents(Put *put, int64_t cents) {
    put->out->columns[put->column++].cents[put->row] = cents;
}
static void put_day(Put *put, int32_t days, bool is_null) {
    put_key(put, is_null ? 0 : ds_day_key(days));
}
static void put_customer(Put *put, int32_t key, const DsCustomer *customer) {
    put_key(put, key);
    put_key(put, customer->demographics);
    put_key(put, customer->household);
    put_key(put, customer->address);
}

static void put_amounts(Put *put, Channel channel, const Amounts *a) {
    put->out->columns[put->column++].ints[put->row] = a->quantity;
    put_cents(put, a->cost);
    put_cents(put, a->list);
    put_cents(put, a->price);
    put_cents(put, channel == STORE ? a->coupon : a->ext_discount);
    put_cents(put, a->ext_price);
    put_cents(put, a->ext_cost);
    put_cents(put, a->ext_list);
    put_cents(put, a->ext_tax);
    put_cents(put, a->coupon);
    if (channel != STORE) {
        put_cents(put, a->ext_ship);
    }
    put_cents(put, a->paid);
    put_cents(put, a->paid_tax);
    if (channel != STORE) {
        put_cents(put, a->paid_ship);
        put_cents(put, a->paid_ship_tax);
    }
    put_cents(put, a->profit);
}

static void put_return(Put *put, const Return *r) {
    put->out->columns[put->column++].ints[put->row] = r->quantity;
    const int64_t cents[] = {r->amount, r->tax, r->amount_tax, r->fee, r->ship, r->cash, r->reversed, r->credit, r->loss};
    for (uint32_t i = 0; i < COUNT_OF(cents); i++) {
        put_cents(put, cents[i]);
    }
}

/* One order in fifty has no date. */
static bool is_undated(const Order *order) {
    return order->number % 50 == 7;
}

static void put_store_sale(Put *put, const Order *order, const Line *line) {
    put_day(put, order->day, is_undated(order));
    put_key(put, order->time);
    put_key(put, line->item);
    put_customer(put, order->customer, &order->bill);
    put_key(put, order->place);
    put_key(put, line->promotion);
    put_key(put, order->number);
    put_amounts(put, STORE, &line->amounts);
}

static void put_catalog_sale(Put *put, const Order *order, const Line *line) {
    put_day(put, order->day, is_undated(order));
    put_key(put, order->time);
    put_day(put, line->ship_day, false);
    put_customer(put, order->customer, &order->bill);
    put_customer(put, order->shipped_to, &order->ship);
    put_key(put, order->place);
    put_key(put, line->page);
    put_key(put, line->ship_mode);
    put_key(put, line->warehouse);
    put_key(put, line->item);
    put_key(put, line->promotion);
    put_key(put, order->number);
    put_amounts(put, CATALOG, &line->amounts);
}

static void put_web_sale(Put *put, const Order *order, const Line *line) {
    put_day(put, order->day, is_undated(order));
    put_key(put, order->time);
    put_day(put, line->ship_day, false);
    put_key(put, line->item);
    put_customer(put, order->customer, &order->bill);
    put_customer(put, order->shipped_to, &order->ship);
    put_key(put, line->page);
    put_key(put, order->place);
    put_key(put, line->ship_mode);
    put_key(put, line->warehouse);
    put_key(put, line->promotion);
    put_key(put, order->number);
    put_amounts(put, WEB, &line->amounts);
}

static void put_store_return(Put *put, const Order *order, const Line *line) {
    put_day(put, line->returned.day, is_undated(order));
    put_key(put, line->returned.time);
    put_key(put, line->item);
    put_customer(put, order->customer, &order->bill);
    put_key(put, order->place);
    put_key(put, line->returned.reason);
    put_key(put, order->number);
    put_return(put, &line->returned);
}

static void put_catalog_return(Put *put, const Order *order, const Line *line) {
    put_day(put, line->returned.day, is_undated(order));
    put_key(put, line->returned.time);
    put_key(put, line->item);
    put_customer(put, order->customer, &order->bill);
    put_customer(put, order->shipped_to, &order->ship);
    put_key(put, order->place);
    put_key(put, line->page);
    put_key(put, line->ship_mode);
    put_key(put, line->warehouse);
    put_key(put, line->returned.reason);
    put_key(put, order->number);
    put_return(put, &line->returned);
}

static void put_web_return(Put *put, const Order *order, const Line *line) {
    put_day(put, line->returned.day, is_undated(order));
    put_key(put, line->returned.time);
    put_key(put, line->item);
    put_customer(put, order->customer, &order->bill);
    put_customer(put, order->shipped_to, &order->ship);
    put_key(put, line->page);
    put_key(put, line->returned.reason);
    put_key(put, order->number);
    put_return(put, &line->returned);
}

/* ---------------------------------------------------------------------------------------------------------------- tables */

static uint64_t per_chunk(Channel channel) {
    return channel == STORE ? TICKETS_PER_CHUNK : ORDERS_PER_CHUNK;
}

static uint64_t channel_chunks(const GenScale *scale, Channel channel) {
    return (order_rows(channel, scale) + per_chunk(channel) - 1) / per_chunk(channel);
}

typedef void (*PutLine)(Put *put, const Order *order, const Line *line);

static void fill_lines(const GenScale *scale, uint64_t chunk, GenChunk *out, Channel channel, bool is_returns,
                       PutLine put_line) {
    uint64_t end = (chunk + 1) * per_chunk(channel), orders = order_rows(channel, scale);
    end = end < orders ? end : orders;
    out->rows = 0;
    for (uint64_t number = chunk * per_chunk(channel); number < end; number++) {
        Order order = draw_order(scale, channel, number);
        for (uint32_t i = 0; i < order.line_count; i++) {
            if (!is_returns || order.lines[i].returned.is_there) {
                Put put = {.out = out, .row = out->rows++};
                put_line(&put, &order, &order.lines[i]);
            }
        }
    }
}

#define CHANNEL(name, channel)                                                                                                 \
    static uint64_t name##_chunks(const GenScale *scale) {                                                                     \
        return channel_chunks(scale, channel);                                                                                 \
    }                                                                                                                          \
    static void fill_##name##_sales(const GenScale *scale, uint64_t chunk, GenChunk *out) {                                    \
        fill_lines(scale, chunk, out, channel, false, put_##name##_sale);                                                      \
    }                                                                                                                          \
    static void fill_##name##_returns(const GenScale *scale, uint64_t chunk, GenChunk *out) {                                  \
        fill_lines(scale, chunk, out, channel, true, put_##name##_return);                                                     \
    }
CHANNEL(store, STORE)
CHANNEL(catalog, CATALOG)
CHANNEL(web, WEB)

/* Every second item in every warehouse, week by week. */
static uint64_t inventory_rows(const GenScale *scale) {
    return (uint64_t)STOCK_WEEKS * (uint64_t)(ds_items(scale) / 2) * (uint64_t)ds_warehouses(scale);
}
static uint64_t inventory_chunks(const GenScale *scale) {
    return chunks_of(inventory_rows(scale));
}

static void fill_inventory(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    uint64_t items = (uint64_t)ds_items(scale) / 2, warehouses = (uint64_t)ds_warehouses(scale);
    out->rows = rows_of_chunk(chunk, inventory_rows(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        uint64_t index = chunk * CHUNK_ROWS + row;
        Random random = random_at(scale->seed, DS_INVENTORY, index);
        int64_t share = random_between(&random, 0, 100); /* much is little: the third power */
        GenColumn *c = out->columns;
        c[0].ints[row] = ds_day_key(ds_first_sale() + (int32_t)(index / items / warehouses) * 7);
        c[1].ints[row] = (int32_t)(index / warehouses % items) * 2 + 1 + (int32_t)(index / items / warehouses % 2);
        c[2].ints[row] = (int32_t)(index % warehouses) + 1;
        ds_put_key(&c[3], row, random_between(&random, 0, 19) == 0 ? 0 : (int32_t)(share * share * share / 1000) + 1);
    }
}

#define I GEN_INT32
#define C GEN_CENTS7
#define R I, C, C, C, C, C, C, C, C, C /* a return */
static const GenKind inventory_kinds[] = {I, I, I, I};
static const GenKind store_sales_kinds[] = {I, I, I, I, I, I, I, I, I, I, I, C, C, C, C, C, C, C, C, C, C, C, C};
static const GenKind catalog_sales_kinds[] = {I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
                                              I, I, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C};
static const GenKind web_sales_kinds[] = {I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
                                          I, I, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C};
static const GenKind store_returns_kinds[] = {I, I, I, I, I, I, I, I, I, I, R};
static const GenKind catalog_returns_kinds[] = {I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, R};
static const GenKind web_returns_kinds[] = {I, I, I, I, I, I, I, I, I, I, I, I, I, I, R};
#undef I
#undef C
#undef R

const GenTable ds_facts[DS_FACT_COUNT] = {
    {"inventory", COUNT_OF(inventory_kinds), inventory_kinds, inventory_chunks, fill_inventory},
    {"store_sales", COUNT_OF(store_sales_kinds), store_sales_kinds, store_chunks, fill_store_sales},
    {"store_returns", COUNT_OF(store_returns_kinds), store_returns_kinds, store_chunks, fill_store_returns},
    {"catalog_sales", COUNT_OF(catalog_sales_kinds), catalog_sales_kinds, catalog_chunks, fill_catalog_sales},
    {"catalog_returns", COUNT_OF(catalog_returns_kinds), catalog_returns_kinds, catalog_chunks, fill_catalog_returns},
    {"web_sales", COUNT_OF(web_sales_kinds), web_sales_kinds, web_chunks, fill_web_sales},
    {"web_returns", COUNT_OF(web_returns_kinds), web_returns_kinds, web_chunks, fill_web_returns},
};
