/* Texts as symbols: every text comes back, alone and in a run, whatever the table was found in. */
#include "storage/encodings/symbols.h"
#include "table_fixture.h"

static Fixture f;
static void setup(void) {
    fixture_open(&f, 1, 1, 0);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(symbols, .init = setup, .fini = teardown, .timeout = 60);

enum { TEXTS = 3000, TEXT_BYTES_MAX = 300 };

typedef struct Texts {
    char *bytes;
    uint32_t ends[TEXTS];
} Texts;

typedef uint32_t MakeText(uint32_t i, char *to); /* returns its length, at most TEXT_BYTES_MAX */

static Texts make_texts(MakeText *make) {
    Texts texts = {.bytes = malloc((size_t)TEXTS * TEXT_BYTES_MAX + SYMBOLS_SLACK)};
    uint32_t at = 0;
    for (uint32_t i = 0; i < TEXTS; i++) {
        at += make(i, texts.bytes + at);
        texts.ends[i] = at;
    }
    return texts;
}

/* Encodes, decodes each alone and all at once; returns the bytes of the codes. */
static uint32_t round_trip(const SymbolTable *symbols, const Texts *texts) {
    SymbolFinder *finder;
    uint32_t all = texts->ends[TEXTS - 1], used = 0;
    uint8_t *codes = malloc(2 * (size_t)all + 1);
    char *back = malloc(all + SYMBOLS_SLACK);
    MUST(&f, symbol_finder_create(&f.cx, symbols, &finder));
    for (uint32_t i = 0; i < TEXTS; i++) {
        uint32_t start = i == 0 ? 0 : texts->ends[i - 1], bytes = texts->ends[i] - start;
        uint32_t count = symbols_encode(finder, texts->bytes + start, bytes, codes + used);
        cr_assert_leq(count, 2 * bytes);
        char *end = symbols_decode(symbols, codes + used, count, back);
        cr_assert_eq(end - back, bytes);
        cr_assert_eq(memcmp(back, texts->bytes + start, bytes), 0, "text %u differs", i);
        used += count;
    }
    cr_assert_eq(symbols_decode(symbols, codes, used, back) - back, all);
    cr_assert_eq(memcmp(back, texts->bytes, all), 0);
    mem_free(finder);
    free(codes);
    free(back);
    return used;
}

static uint32_t words(uint32_t i, char *to) {
    static const char *const list[] = {"furiously ", "special ", "requests ", "sleep ", "carefully ", "a ", "", "packages "};
    uint32_t bytes = 0;
    for (uint32_t k = 0; k < i % 9; k++) {
        const char *word = list[hash_u64(i * 16 + k) % 8];
        memcpy(to + bytes, word, strlen(word));
        bytes += (uint32_t)strlen(word);
    }
    return bytes;
}
static uint32_t noise(uint32_t i, char *to) {
    for (uint32_t k = 0; k < i % 23; k++) {
        to[k] = (char)hash_u64(i * 32 + k);
    }
    return i % 23;
}
static uint32_t zeros(uint32_t i, char *to) {
    memset(to, i % 2 == 0 ? 0 : 0xff, i % 19);
    return i % 19;
}
static uint32_t nothing(uint32_t i, char *to) {
    (void)i, (void)to;
    return 0;
}
static uint32_t numbers(uint32_t i, char *to) {
    return (uint32_t)snprintf(to, TEXT_BYTES_MAX, "Customer#%09u", i * 7);
}

Test(symbols, texts_come_back_whatever_the_symbols_are) {
    static MakeText *const kinds[] = {words, noise, zeros, nothing, numbers};
    enum { KINDS = sizeof kinds / sizeof *kinds };
    for (uint32_t from = 0; from < KINDS; from++) {
        SymbolTable symbols;
        Texts sample = make_texts(kinds[from]);
        MUST(&f, symbols_train(&f.cx, sample.bytes, sample.ends, TEXTS, &symbols));
        for (uint32_t of = 0; of < KINDS; of++) {
            Texts texts = make_texts(kinds[of]);
            round_trip(&symbols, &texts);
            free(texts.bytes);
        }
        free(sample.bytes);
    }
}

Test(symbols, words_take_less_than_a_third) {
    SymbolTable symbols;
    Texts texts = make_texts(words);
    MUST(&f, symbols_train(&f.cx, texts.bytes, texts.ends, TEXTS, &symbols));
    cr_assert_leq(symbols.count, SYMBOL_ESCAPE);
    cr_assert_lt(round_trip(&symbols, &texts) * 3, texts.ends[TEXTS - 1]);
    free(texts.bytes);
}

Test(symbols, no_texts_have_no_symbols) {
    SymbolTable symbols;
    MUST(&f, symbols_train(&f.cx, NULL, NULL, 0, &symbols));
    cr_assert_eq(symbols.count, 0);
}
