/* Dimensions that are drawn row by row. Words, counties, zip codes and sizes are such that the parameters of the
 * specification's queries select some rows; one address in six is near a store, so that questions about neighbours have
 * answers. */
#include "datasets/tpc_text.h"
#include "datasets/tpcds.h"

#include <math.h>
#include <string.h>

/* ----------------------------------------------------------------------------------------------------------------- sizes */

/* Of a dimension that does not shrink, and grows with the root of the scale. */
static int32_t slow_rows(double rows, const GenScale *scale) {
    return (int32_t)(rows * (scale->factor <= 1 ? 1 : sqrt(scale->factor)));
}
static int32_t rows_least(double rows, int32_t least, const GenScale *scale) {
    int32_t count = (int32_t)rows_at(rows, scale);
    return count < least ? least : count;
}
int32_t ds_customers(const GenScale *scale) {
    return rows_least(100000, 500, scale);
}
int32_t ds_addresses(const GenScale *scale) {
    return rows_least(50000, 500, scale);
}
int32_t ds_demographics(const GenScale *scale) {
    return scale->factor >= 1 ? 1920800 : rows_least(1920800, 2800, scale);
}
int32_t ds_items(const GenScale *scale) {
    return rows_least(18000, 400, scale);
}
int32_t ds_stores(const GenScale *scale) {
    return slow_rows(12, scale);
}
int32_t ds_call_centers(const GenScale *scale) {
    return slow_rows(6, scale);
}
int32_t ds_warehouses(const GenScale *scale) {
    return slow_rows(5, scale);
}
int32_t ds_web_sites(const GenScale *scale) {
    return slow_rows(30, scale);
}
int32_t ds_web_pages(const GenScale *scale) {
    return slow_rows(60, scale);
}
int32_t ds_promotions(const GenScale *scale) {
    return slow_rows(300, scale);
}
int32_t ds_catalog_pages(const GenScale *scale) {
    return slow_rows(11718, scale);
}

/* ------------------------------------------------------------------------------------------------------- putting a row */

/* Cells from left to right. */
typedef struct Put {
    const GenScale *scale;
    GenChunk *out;
    Random *random;
    uint32_t row, column;
} Put;

static void put_int(Put *put, int32_t value) {
    put->out->columns[put->column++].ints[put->row] = value;
}
static void put_between(Put *put, int32_t low, int32_t high) {
    put_int(put, random_between(put->random, low, high));
}
static void put_key(Put *put, int32_t key) {
    ds_put_key(&put->out->columns[put->column++], put->row, key);
}
static void put_cents(Put *put, int64_t cents) {
    put->out->columns[put->column++].cents[put->row] = cents;
}
static void put_text(Put *put, depot_text text) {
    put->out->columns[put->column++].texts[put->row] = text;
}
static void put_word(Put *put, const char *text) {
    put_text(put, word(text));
}
static void put_null_text(Put *put) {
    gen_null(&put->out->columns[put->column], put->row);
    put_word(put, "");
}
static void put_pick(Put *put, const char *const *words, size_t count) {
    put_word(put, pick(put->random, words, count));
}
#define PUT_ONE_OF(put, words) put_pick(put, words, COUNT_OF(words))
static void put_comment(Put *put, int32_t bytes_min, int32_t bytes_max) {
    put_text(put, random_comment(put->out, put->random, bytes_min, bytes_max));
}
static void put_flag(Put *put, int32_t percent) {
    put_word(put, random_between(put->random, 1, 100) <= percent ? "Y" : "N");
}

static const char *const first_names[] = {"James",  "Mary",   "Robert",  "Linda", "John",    "Susan", "Michael", "Karen",
                                          "David",  "Nancy",  "William", "Lisa",  "Richard", "Betty", "Joseph",  "Helen",
                                          "Thomas", "Sandra", "Charles", "Donna", "Daniel",  "Carol", "Matthew", "Ruth"};
static const char *const last_names[] = {"Smith",  "Johnson", "Brown",  "Jones",  "Garcia", "Miller", "Davis",    "Wilson",
                                         "Martin", "Lee",     "Perez",  "Harris", "Clark",  "Lewis",  "Robinson", "Walker",
                                         "Young",  "Allen",   "King",   "Wright", "Scott",  "Torres", "Nguyen",   "Hill",
                                         "Green",  "Adams",   "Nelson", "Baker",  "Hall",   "Rivera", "Campbell", "Carter"};

static void put_person(Put *put) {
    const char *first = pick(put->random, first_names, COUNT_OF(first_names));
    put_text(put, gen_format(put->out, "%s %s", first, pick(put->random, last_names, COUNT_OF(last_names))));
}

/* A key's two last versions: odd ones ended, even ones hold. */
static void put_version(Put *put, int32_t key, bool has_dates) {
    bool is_current = key % 2 == 0;
    put_text(put, ds_id(put->out, (uint32_t)(key + 1) / 2));
    if (has_dates) {
        put_int(put, is_current ? gen_days(2000, 10, 27) : gen_days(1997, 10, 27));
        put_key(put, is_current ? 0 : gen_days(2000, 10, 26));
    }
}

static void put_sale_day(Put *put) {
    put_int(put, ds_day_key(ds_first_sale() + random_between(put->random, 0, DS_SALE_DAYS - 1)));
}

/* ---------------------------------------------------------------------------------------------------------------- places */

static const char *const cities[] = {"Fairview",   "Midway",   "Edgewood",   "Oak Grove", "Five Points", "Pleasant Hill",
                                     "Bethel",     "Antioch",  "Ashland",    "Belmont",   "Centerville", "Concord",
                                     "Georgetown", "Glendale", "Greenville", "Lakeside",  "Liberty",     "Marion"};
static const struct {
    const char *county, *state;
} counties[] = {
    {"Williamson County", "TN"}, {"Rush County", "KS"},     {"Toole County", "MT"},     {"Jefferson County", "KY"},
    {"Dona Ana County", "NM"},   {"La Porte County", "IN"}, {"Orange County", "CA"},    {"Bronx County", "NY"},
    {"Franklin Parish", "LA"},   {"Walker County", "GA"},   {"Fulton County", "GA"},    {"Cook County", "IL"},
    {"Harris County", "TX"},     {"Travis County", "TX"},   {"Summit County", "CO"},    {"Franklin County", "OH"},
    {"Lake County", "OR"},       {"Hinds County", "MS"},    {"Fairfax County", "VA"},   {"Polk County", "IA"},
    {"Pulaski County", "AR"},    {"Dane County", "WI"},     {"Hartford County", "CT"},  {"Essex County", "NJ"},
    {"Hennepin County", "MN"},   {"King County", "WA"},     {"Wayne County", "MI"},     {"Mobile County", "AL"},
    {"Lancaster County", "NE"},  {"Cass County", "ND"},     {"Minnehaha County", "SD"}, {"Wake County", "NC"},
    {"Boone County", "MO"},      {"Tulsa County", "OK"},    {"Sangamon County", "IL"},  {"Bibb County", "GA"},
};
/* Zip codes that the queries ask for; the rest is spread evenly. */
static const char *const asked_zips[] = {"85669", "86197", "88274", "83405", "86475", "85392", "85460", "80348",
                                         "81792", "24128", "76232", "65084", "87816", "83926", "35576"};
static const char *const store_zips[] = {"35576", "24128", "31904", "38605"};

typedef struct Place {
    const char *city, *county, *state;
    char zip[6];
} Place;

/* Where a store, a call center, a warehouse or a web site stands. */
static Place house_place(Random *random) {
    Place place = {cities[random_between(random, 0, 1)], counties[0].county, counties[0].state, ""};
    strcpy(place.zip, pick(random, store_zips, COUNT_OF(store_zips)));
    return place;
}

static Place any_place(Random *random) {
    if (random_between(random, 0, 5) == 0) {
        return house_place(random);
    }
    int32_t county = random_between(random, 0, COUNT_OF(counties) - 1);
    Place place = {pick(random, cities, COUNT_OF(cities)), counties[county].county, counties[county].state, ""};
    int32_t zip = random_between(random, 0, 1999);
    if (zip < (int32_t)COUNT_OF(asked_zips)) {
        strcpy(place.zip, asked_zips[zip]);
    } else {
        int32_t number = 10000 + zip * 45 % 90000;
        for (int32_t i = 4; i >= 0; i--, number /= 10) {
            place.zip[i] = (char)('0' + number % 10);
        }
        place.zip[5] = 0;
    }
    return place;
}

/* Street number, name, type, suite, city, county, state, zip, country, offset from GMT. */
static void put_place(Put *put, const Place *place, int32_t offset) {
    static const char *const streets[] = {"Main", "Oak", "Park", "Elm", "Lake", "Hill", "Cedar", "Maple", "First", "Second"};
    static const char *const kinds[] = {"Street", "Avenue", "Road", "Lane", "Drive", "Boulevard", "Way", "Court"};
    put_text(put, gen_format(put->out, "%d", random_between(put->random, 1, 999)));
    put_text(put, gen_format(put->out, "%s %s", pick(put->random, streets, COUNT_OF(streets)), streets[put->row % 10]));
    PUT_ONE_OF(put, kinds);
    put_text(put, gen_format(put->out, "Suite %d", random_between(put->random, 0, 49) * 10));
    put_word(put, place->city);
    put_word(put, place->county);
    put_word(put, place->state);
    put_text(put, gen_format(put->out, "%s", place->zip));
    put_word(put, "United States");
    put_cents(put, offset * 100);
}

static void put_house(Put *put) {
    Place place = house_place(put->random);
    put_place(put, &place, -5);
}

static void address_row(Put *put, int32_t key) {
    static const char *const kinds[] = {"apartment", "condo", "single family"};
    Place place = any_place(put->random);
    put_int(put, key);
    put_text(put, ds_id(put->out, (uint32_t)key));
    put_place(put, &place, strcmp(place.state, "TN") == 0 ? -5 : random_between(put->random, -8, -5));
    PUT_ONE_OF(put, kinds);
}

static void store_row(Put *put, int32_t key) {
    static const char *const hours[] = {"8AM-4PM", "8AM-8AM", "8AM-12AM"};
    put_int(put, key);
    put_version(put, key, true);
    put_key(put, 0);
    put_text(put, ds_syllables(put->out, (uint32_t)(key - 1) % 6));
    put_between(put, 200, 300);
    put_between(put, 5000000, 9999999);
    PUT_ONE_OF(put, hours);
    put_person(put);
    put_int(put, key % 10 + 1);
    put_word(put, "Unknown");
    put_comment(put, 15, 100);
    put_person(put);
    put_int(put, 1);
    put_word(put, "Unknown");
    put_int(put, 1);
    put_word(put, "Unknown");
    put_house(put);
    put_cents(put, random_between(put->random, 0, 11));
}

static void call_center_row(Put *put, int32_t key) {
    static const char *const names[] = {"NY Metro",      "Mid Atlantic", "Midwest",
                                        "North Midwest", "California",   "Pacific Northwest"};
    static const char *const sizes[] = {"small", "medium", "large"};
    put_int(put, key);
    put_version(put, key, true);
    put_key(put, 0);
    put_int(put, ds_day_key(gen_days(1998, 1, 1)) - 100 * key);
    put_word(put, names[(key - 1) % 6]);
    PUT_ONE_OF(put, sizes);
    put_between(put, 1, 7000);
    put_between(put, 1000, 40000);
    put_word(put, "8AM-4PM");
    put_person(put);
    put_between(put, 1, 6);
    put_comment(put, 20, 50);
    put_comment(put, 20, 100);
    put_person(put);
    put_int(put, key % 6 + 1);
    put_text(put, ds_syllables(put->out, (uint32_t)key % 6 + 1));
    put_int(put, key % 6 + 1);
    put_text(put, ds_syllables(put->out, (uint32_t)key % 6 + 1));
    put_house(put);
    put_cents(put, random_between(put->random, 0, 12));
}

static void warehouse_row(Put *put, int32_t key) {
    put_int(put, key);
    put_text(put, ds_id(put->out, (uint32_t)key));
    put_comment(put, 10, 20);
    put_between(put, 50000, 999999);
    put_house(put);
}

static void web_site_row(Put *put, int32_t key) {
    put_int(put, key);
    put_version(put, key, true);
    put_text(put, gen_format(put->out, "site_%d", (key - 1) / 6));
    put_int(put, ds_day_key(gen_days(1998, 1, 1)) - 50 * key);
    put_key(put, 0);
    put_word(put, "Unknown");
    put_person(put);
    put_between(put, 1, 6);
    put_comment(put, 20, 50);
    put_comment(put, 20, 100);
    put_person(put);
    put_int(put, key % 6 + 1);
    put_text(put, ds_syllables(put->out, (uint32_t)key % 6 + 1));
    put_house(put);
    put_cents(put, random_between(put->random, 0, 12));
}

/* --------------------------------------------------------------------------------------------------------------- people */

DsCustomer ds_customer(const GenScale *scale, int32_t key) {
    Random random = random_at(scale->seed, DS_PLACE, (uint64_t)key);
    DsCustomer customer;
    customer.demographics = random_between(&random, 1, ds_demographics(scale));
    customer.household = random_between(&random, 1, DS_HOUSEHOLDS);
    customer.address = random_between(&random, 1, ds_addresses(scale));
    return customer;
}

static void customer_row(Put *put, int32_t key) {
    static const char *const salutations[] = {"Mr.", "Mrs.", "Ms.", "Miss", "Dr.", "Sir"};
    static const char *const countries[] = {"GHANA",  "HONG KONG", "CANADA", "JAPAN",  "GERMANY", "CHILE",        "KENYA",
                                            "TURKEY", "VIET NAM",  "NORWAY", "MEXICO", "ICELAND", "UNITED STATES"};
    DsCustomer customer = ds_customer(put->scale, key);
    const char *first = pick(put->random, first_names, COUNT_OF(first_names));
    const char *last = pick(put->random, last_names, COUNT_OF(last_names));
    put_int(put, key);
    put_text(put, ds_id(put->out, (uint32_t)key));
    put_key(put, random_between(put->random, 0, 24) == 0 ? 0 : customer.demographics);
    put_key(put, random_between(put->random, 0, 24) == 0 ? 0 : customer.household);
    put_int(put, customer.address);
    put_sale_day(put);
    put_sale_day(put);
    PUT_ONE_OF(put, salutations);
    put_word(put, first);
    put_word(put, last);
    put_flag(put, 50);
    put_between(put, 1, 28);
    put_between(put, 1, 12);
    put_between(put, 1924, 1992);
    PUT_ONE_OF(put, countries);
    put_null_text(put);
    put_text(put, gen_format(put->out, "%s.%s@example%d.org", first, last, key % 97));
    put_sale_day(put);
}

/* ---------------------------------------------------------------------------------------------------------------- things */

/* Words of a brand in a category; the class gives its second half. */
static const char *const brand_words[] = {"amalg", "importo", "exporti", "edu pack", "scholar"};
static const struct {
    const char *name, *brand;
    int32_t brand_numbers;
    const char *classes[8];
} categories[] = {
    {"Women", "amalg", 2, {"dresses", "fragrances", "maternity", "swimwear", "dresses", "fragrances", "maternity", "swimwear"}},
    {"Men", "importo", 2, {"accessories", "pants", "shirts", "sports-apparel", "accessories", "pants", "shirts", "pants"}},
    {"Children",
     "exporti",
     2,
     {"infants", "newborn", "school-uniforms", "toddlers", "reference", "infants", "personal", "toddlers"}},
    {"Shoes", "edu pack", 2, {"athletic", "kids", "mens", "womens", "athletic", "kids", "mens", "womens"}},
    {"Music", "edu pack", 2, {"classical", "country", "pop", "rock", "classical", "country", "pop", "rock"}},
    {"Jewelry", "amalgcorp", 12, {"birdal", "bracelets", "consignment", "diamonds", "earings", "gold", "pendants", "rings"}},
    {"Home",
     "importonameless",
     12,
     {"bathroom", "bedding", "curtains/drapes", "decor", "furniture", "lighting", "paint", "rugs"}},
    {"Sports", "exportimaxi", 12, {"archery", "baseball", "basketball", "fishing", "football", "golf", "hockey", "tennis"}},
    {"Books", "exportiuniv", 12, {"arts", "business", "computers", "cooking", "history", "reference", "romance", "self-help"}},
    {"Electronics",
     "scholaramalg",
     17,
     {"audio", "cameras", "memory", "monitors", "personal", "portable", "stereo", "televisions"}},
};

static void put_article(Put *put) {
    int32_t category = random_between(put->random, 0, COUNT_OF(categories) - 1);
    int32_t class = random_between(put->random, 0, 7), brand = random_between(put->random, 0, 4);
    int32_t number = random_between(put->random, 1, categories[category].brand_numbers);
    int32_t manufacturer = random_between(put->random, 1, 1000);
    put_int(put, (category + 1) * 1000000 + (brand + 1) * 1000 + number);
    put_text(put, gen_format(put->out, "%s%s #%d", categories[category].brand, brand_words[brand], number));
    put_int(put, class + 1);
    put_word(put, categories[category].classes[class]);
    put_int(put, category + 1);
    put_word(put, categories[category].name);
    put_int(put, manufacturer);
    put_text(put, ds_syllables(put->out, (uint32_t)manufacturer));
}

static void item_row(Put *put, int32_t key) {
    static const char *const sizes[] = {"small", "medium", "large", "extra large", "economy", "petite", "N/A"};
    static const char *const units[] = {"Ounce", "Oz",   "Bunch", "Ton", "N/A", "Dozen",  "Box",  "Pound",  "Pallet", "Gross",
                                        "Cup",   "Dram", "Each",  "Tbl", "Lb",  "Bundle", "Case", "Carton", "Gram",   "Tsp"};
    int32_t price = random_between(put->random, 9, 9999);
    if (random_between(put->random, 0, 39) == 0) {
        price = random_between(put->random, 99, 149);
    }
    put_int(put, key);
    put_version(put, key, true);
    put_comment(put, 30, 150);
    put_cents(put, price);
    put_cents(put, price * random_between(put->random, 20, 90) / 100);
    put_article(put);
    PUT_ONE_OF(put, sizes);
    put_text(put,
             gen_format(put->out, "%05d%s", random_between(put->random, 0, 99999), pick(put->random, colors, COLOR_COUNT)));
    put_pick(put, colors, COLOR_COUNT);
    PUT_ONE_OF(put, units);
    put_word(put, "Unknown");
    put_between(put, 1, 100);
    put_text(put, ds_syllables(put->out, (uint32_t)key));
}

static void promotion_row(Put *put, int32_t key) {
    int32_t start = ds_day_key(ds_first_sale() + random_between(put->random, 0, DS_SALE_DAYS - 60));
    put_int(put, key);
    put_text(put, ds_id(put->out, (uint32_t)key));
    put_int(put, start);
    put_int(put, start + random_between(put->random, 1, 60));
    put_between(put, 1, ds_items(put->scale));
    put_cents(put, 100000);
    put_int(put, 1);
    put_text(put, ds_syllables(put->out, (uint32_t)key));
    put_flag(put, 50);
    for (int32_t i = 0; i < 7; i++) { /* email, catalog, tv, radio, press, event, demo */
        put_flag(put, 5);
    }
    put_comment(put, 20, 60);
    put_word(put, "Unknown");
    put_word(put, "N");
}

static void catalog_page_row(Put *put, int32_t key) {
    static const char *const kinds[] = {"bi-annual", "quarterly", "monthly"};
    int32_t start = ds_day_key(ds_first_sale()) + key / 108 * 15;
    put_int(put, key);
    put_text(put, ds_id(put->out, (uint32_t)key));
    put_int(put, start);
    put_int(put, start + 90);
    put_word(put, "DEPARTMENT");
    put_int(put, key / 108 + 1);
    put_int(put, key % 108 + 1);
    put_comment(put, 30, 99);
    PUT_ONE_OF(put, kinds);
}

static void web_page_row(Put *put, int32_t key) {
    static const char *const kinds[] = {"ad", "dynamic", "feedback", "general", "order", "protected", "welcome"};
    put_int(put, key);
    put_version(put, key, true);
    put_sale_day(put);
    put_sale_day(put);
    put_flag(put, 30);
    put_key(put, random_between(put->random, 0, 2) == 0 ? random_between(put->random, 1, ds_customers(put->scale)) : 0);
    put_word(put, "http://www.foo.com");
    PUT_ONE_OF(put, kinds);
    put_int(put, key % 10 == 3 ? random_between(put->random, 5000, 5200) : random_between(put->random, 300, 8000));
    put_between(put, 2, 25);
    put_between(put, 1, 7);
    put_between(put, 0, 4);
}

/* ----------------------------------------------------------------------------------------------------------------- small */

static void income_band_row(Put *put, int32_t key) {
    put_int(put, key);
    put_int(put, key == 1 ? 0 : (key - 1) * 10000 + 1);
    put_int(put, key * 10000);
}

static void reason_row(Put *put, int32_t key) {
    put_int(put, key);
    put_text(put, ds_id(put->out, (uint32_t)key));
    put_text(put, gen_format(put->out, "reason %d", key));
}

static void ship_mode_row(Put *put, int32_t key) {
    static const char *const kinds[] = {"EXPRESS", "LIBRARY", "NEXT DAY", "OVERNIGHT", "REGULAR", "TWO DAY"};
    static const char *const codes[] = {"AIR", "SURFACE", "SEA"};
    static const char *const carriers[] = {"DHL",      "BARIAN",   "UPS",        "FEDEX",        "USPS",
                                           "TBS",      "ZHOU",     "ZOUROS",     "MSC",          "LATVIAN",
                                           "ALLIANCE", "ORIENTAL", "BOXBUNDLES", "GREAT EASTERN"};
    put_int(put, key);
    put_text(put, ds_id(put->out, (uint32_t)key));
    put_word(put, kinds[(key - 1) % 6]);
    PUT_ONE_OF(put, codes);
    put_word(put, carriers[(key - 1) % 14]);
    put_text(put, random_address(put->out, put->random, 10, 20));
}

/* ---------------------------------------------------------------------------------------------------------------- tables */

depot_text ds_id(GenChunk *out, uint32_t number) {
    char *text = gen_reserve(out, 16);
    memset(text, 'A', 16);
    for (int32_t i = 8; number > 0; i++, number /= 16) {
        text[i] = (char)('A' + number % 16);
    }
    return gen_static(text, 16);
}

depot_text ds_syllables(GenChunk *out, uint32_t number) {
    static const char *const syllables[] = {"bar", "ought", "able", "pri", "ese", "anti", "cally", "ation", "eing", "n st"};
    char text[64] = "";
    do {
        strcat(text, syllables[number % 10]);
        number /= 10;
    } while (number > 0);
    return gen_format(out, "%s", text);
}

typedef void (*PutRow)(Put *put, int32_t key);

static void fill_rows(const GenScale *scale, uint64_t chunk, GenChunk *out, uint32_t table, int32_t rows, PutRow put_row) {
    out->rows = rows_of_chunk(chunk, (uint64_t)rows);
    for (uint32_t row = 0; row < out->rows; row++) {
        uint64_t key = chunk * CHUNK_ROWS + row + 1;
        Random random = random_at(scale->seed, DS_DIMENSION + table, key);
        Put put = {.scale = scale, .out = out, .random = &random, .row = row};
        put_row(&put, (int32_t)key);
    }
}

static int32_t income_band_count(const GenScale *scale) {
    (void)scale;
    return DS_INCOME_BANDS;
}
static int32_t reason_count(const GenScale *scale) {
    (void)scale;
    return DS_REASONS;
}
static int32_t ship_mode_count(const GenScale *scale) {
    (void)scale;
    return DS_SHIP_MODES;
}
static uint64_t date_chunks(const GenScale *scale) {
    (void)scale;
    return chunks_of(DS_DAYS);
}
static uint64_t time_chunks(const GenScale *scale) {
    (void)scale;
    return chunks_of(DS_TIMES);
}
static uint64_t household_chunks(const GenScale *scale) {
    (void)scale;
    return chunks_of(DS_HOUSEHOLDS);
}
static uint64_t demographics_chunks(const GenScale *scale) {
    return chunks_of((uint64_t)ds_demographics(scale));
}

#define DRAWN(name, number, count)                                                                                             \
    static void fill_##name(const GenScale *scale, uint64_t chunk, GenChunk *out) {                                            \
        fill_rows(scale, chunk, out, number, count(scale), name##_row);                                                        \
    }                                                                                                                          \
    static uint64_t name##_chunks(const GenScale *scale) {                                                                     \
        return chunks_of((uint64_t)count(scale));                                                                              \
    }
DRAWN(address, 0, ds_addresses)
DRAWN(store, 1, ds_stores)
DRAWN(call_center, 2, ds_call_centers)
DRAWN(warehouse, 3, ds_warehouses)
DRAWN(web_site, 4, ds_web_sites)
DRAWN(customer, 5, ds_customers)
DRAWN(item, 6, ds_items)
DRAWN(promotion, 7, ds_promotions)
DRAWN(catalog_page, 8, ds_catalog_pages)
DRAWN(web_page, 9, ds_web_pages)
DRAWN(income_band, 10, income_band_count)
DRAWN(reason, 11, reason_count)
DRAWN(ship_mode, 12, ship_mode_count)

#define I GEN_INT32
#define D GEN_DATE
#define T GEN_TEXT
#define C GEN_CENTS7
#define P T, T, T, T, T, T, T, T, T, GEN_CENTS5 /* a place */
static const GenKind address_kinds[] = {I, T, P, T};
static const GenKind store_kinds[] = {I, T, D, D, I, T, I, I, T, T, I, T, T, T, I, T, I, T, P, GEN_CENTS5};
static const GenKind call_center_kinds[] = {I, T, D, D, I, I, T, T, I, I, T, T, I, T, T, T, I, T, I, T, P, GEN_CENTS5};
static const GenKind warehouse_kinds[] = {I, T, T, I, P};
static const GenKind web_site_kinds[] = {I, T, D, D, T, I, I, T, T, I, T, T, T, I, T, P, GEN_CENTS5};
static const GenKind customer_kinds[] = {I, T, I, I, I, I, I, T, T, T, T, I, I, I, T, T, T, I};
static const GenKind item_kinds[] = {I, T, D, D, T, C, C, I, T, I, T, I, T, I, T, T, T, T, T, T, I, T};
static const GenKind promotion_kinds[] = {I, T, I, I, I, GEN_CENTS15, I, T, T, T, T, T, T, T, T, T, T, T, T};
static const GenKind catalog_page_kinds[] = {I, T, I, I, T, I, I, T, T};
static const GenKind web_page_kinds[] = {I, T, D, D, I, I, T, I, T, T, I, I, I, I};
static const GenKind income_band_kinds[] = {I, I, I};
static const GenKind reason_kinds[] = {I, T, T};
static const GenKind ship_mode_kinds[] = {I, T, T, T, T, T};
static const GenKind date_kinds[] = {I, T, D, I, I, I, I, I, I, I, I, I, I, I, T, T, T, T, T, I, I, I, I, T, T, T, T, T};
static const GenKind time_kinds[] = {I, T, I, I, I, I, T, T, T, T};
static const GenKind household_kinds[] = {I, I, T, I, I};
static const GenKind demographics_kinds[] = {I, T, T, T, I, T, I, I, I};
#undef I
#undef D
#undef T
#undef C
#undef P

const GenTable ds_dimensions[DS_DIMENSION_COUNT] = {
    {"income_band", COUNT_OF(income_band_kinds), income_band_kinds, income_band_chunks, fill_income_band},
    {"reason", COUNT_OF(reason_kinds), reason_kinds, reason_chunks, fill_reason},
    {"ship_mode", COUNT_OF(ship_mode_kinds), ship_mode_kinds, ship_mode_chunks, fill_ship_mode},
    {"date_dim", COUNT_OF(date_kinds), date_kinds, date_chunks, ds_fill_dates},
    {"time_dim", COUNT_OF(time_kinds), time_kinds, time_chunks, ds_fill_times},
    {"household_demographics", COUNT_OF(household_kinds), household_kinds, household_chunks, ds_fill_households},
    {"customer_demographics", COUNT_OF(demographics_kinds), demographics_kinds, demographics_chunks, ds_fill_demographics},
    {"customer_address", COUNT_OF(address_kinds), address_kinds, address_chunks, fill_address},
    {"customer", COUNT_OF(customer_kinds), customer_kinds, customer_chunks, fill_customer},
    {"item", COUNT_OF(item_kinds), item_kinds, item_chunks, fill_item},
    {"store", COUNT_OF(store_kinds), store_kinds, store_chunks, fill_store},
    {"warehouse", COUNT_OF(warehouse_kinds), warehouse_kinds, warehouse_chunks, fill_warehouse},
    {"call_center", COUNT_OF(call_center_kinds), call_center_kinds, call_center_chunks, fill_call_center},
    {"catalog_page", COUNT_OF(catalog_page_kinds), catalog_page_kinds, catalog_page_chunks, fill_catalog_page},
    {"web_page", COUNT_OF(web_page_kinds), web_page_kinds, web_page_chunks, fill_web_page},
    {"web_site", COUNT_OF(web_site_kinds), web_site_kinds, web_site_chunks, fill_web_site},
    {"promotion", COUNT_OF(promotion_kinds), promotion_kinds, promotion_chunks, fill_promotion},
};
