/* Words and rules of the TPC-H specification (and, taken over from it, of the Star Schema Benchmark). */
#include "datasets/tpc.h"

#include <math.h>
#include <string.h>

const char *const regions[REGION_COUNT] = {"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};
const Nation nations[NATION_COUNT] = {
    {"ALGERIA", 0},      {"ARGENTINA", 1},  {"BRAZIL", 1},  {"CANADA", 1},         {"EGYPT", 4},
    {"ETHIOPIA", 0},     {"FRANCE", 3},     {"GERMANY", 3}, {"INDIA", 2},          {"INDONESIA", 2},
    {"IRAN", 4},         {"IRAQ", 4},       {"JAPAN", 2},   {"JORDAN", 4},         {"KENYA", 0},
    {"MOROCCO", 0},      {"MOZAMBIQUE", 0}, {"PERU", 1},    {"CHINA", 2},          {"ROMANIA", 3},
    {"SAUDI ARABIA", 4}, {"VIETNAM", 2},    {"RUSSIA", 3},  {"UNITED KINGDOM", 3}, {"UNITED STATES", 1},
};
const char *const segments[SEGMENT_COUNT] = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
const char *const ship_modes[SHIP_MODE_COUNT] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
const char *const colors[COLOR_COUNT] = {
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

uint64_t rows_at(double per_unit, const GenScale *scale) {
    double rows = floor(per_unit * scale->factor + 0.5);
    return rows < 1 ? 1 : (uint64_t)rows;
}

uint64_t chunks_of(uint64_t rows) {
    return (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
}

uint32_t rows_of_chunk(uint64_t chunk, uint64_t rows) {
    uint64_t left = rows - chunk * CHUNK_ROWS;
    return left < CHUNK_ROWS ? (uint32_t)left : CHUNK_ROWS;
}

const char *pick(Random *random, const char *const *words, size_t count) {
    return words[random_between(random, 0, (int32_t)count - 1)];
}

depot_text word(const char *text) {
    return gen_static(text, strlen(text));
}

depot_text random_address(GenChunk *out, Random *random, int32_t bytes_min, int32_t bytes_max) {
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,";
    char text[64];
    int32_t bytes = random_between(random, bytes_min, bytes_max);
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

depot_text random_phone(GenChunk *out, Random *random, int32_t nation) {
    int32_t line = random_between(random, 1000, 9999);
    int32_t exchange = random_between(random, 100, 999);
    int32_t area = random_between(random, 100, 999);
    return gen_format(out, "%d-%03d-%03d-%04d", nation + 10, area, exchange, line);
}

depot_text random_part_type(GenChunk *out, Random *random) {
    const char *size = pick(random, type_sizes, COUNT_OF(type_sizes));
    const char *finish = pick(random, type_finishes, COUNT_OF(type_finishes));
    return gen_format(out, "%s %s %s", size, finish, pick(random, type_metals, COUNT_OF(type_metals)));
}

depot_text random_container(GenChunk *out, Random *random) {
    const char *size = pick(random, container_sizes, COUNT_OF(container_sizes));
    return gen_format(out, "%s %s", size, pick(random, container_kinds, COUNT_OF(container_kinds)));
}

int32_t retail_price(int32_t part) {
    return 90000 + part / 10 % 20001 + 100 * (part % 1000);
}

int32_t sparse_key(uint64_t order) {
    return (int32_t)(order / 8 * 32 + order % 8 + 1);
}

int32_t ordering_customer(Random *random, int32_t customers) {
    int32_t key = random_between(random, 1, customers);
    return key % 3 != 0 || customers < 3 ? key : key - 1;
}
