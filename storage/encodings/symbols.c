#include "storage/encodings/symbols.h"

#include <stdlib.h>
#include <string.h>

/* While symbols are looked for, each byte is a code of its own, too: those without a symbol are what the next round may join.
 */
enum { BYTE_CODES = 256, CODES_MAX = BYTE_CODES + SYMBOL_ESCAPE, ROUNDS = 5, SAMPLE_BYTES = 16 << 10 };
/* Pairs that are seen less often in the sample are chance. */
enum { PAIR_COUNT_MIN = 3 };
/* What a symbol of one byte saves is worth more than its length: it stands for an escape. */
enum { BYTE_GAIN = 8 };

/* ------------------------------------------------------------------------------------------------- the longest symbol here */

enum { LONG_SLOTS = 1024, LENGTH_SHIFT = 12, CODE_MASK = (1 << LENGTH_SHIFT) - 1 };

/* 16 bytes, so that the slots stay in the nearest cache. */
typedef struct LongSymbol {
    uint64_t bytes;
    uint16_t code;
    uint8_t length;     /* 0: none */
    uint8_t other_bits; /* of a word that are not the symbol's */
} LongSymbol;

/* Symbols of three and more bytes by a hash of their first three, one in each slot: the first that comes. */
struct SymbolFinder {
    LongSymbol longs[LONG_SLOTS];
    uint16_t pairs[65536]; /* by the next two bytes: code | length << LENGTH_SHIFT, of two bytes or one */
    uint16_t singles[256]; /* by the next byte */
};

typedef struct Found {
    uint32_t code, length;
} Found;

/* Of the bytes of a word that a symbol has, 1 to 8. */
static inline uint64_t symbol_mask(uint32_t length) {
    return ~UINT64_C(0) >> (SYMBOL_BYTES_MAX - length) * 8;
}

static uint32_t long_slot(uint64_t word) {
    return (uint32_t)((word & 0xffffff) * UINT64_C(2971215073) >> 20) % LONG_SLOTS;
}

static void finder_clear(SymbolFinder *finder) {
    memset(finder->longs, 0, sizeof finder->longs);
    for (uint32_t i = 0; i < 65536; i++) {
        finder->pairs[i] = (uint16_t)((i & 0xff) | 1 << LENGTH_SHIFT);
    }
    memcpy(finder->singles, finder->pairs, sizeof finder->singles);
}

/* False if there is no place. */
static bool finder_add(SymbolFinder *finder, uint64_t bytes, uint32_t length, uint32_t code) {
    uint16_t entry = (uint16_t)(code | length << LENGTH_SHIFT);
    if (length >= 3) {
        LongSymbol *slot = &finder->longs[long_slot(bytes)];
        if (slot->length != 0) {
            return false;
        }
        *slot = (LongSymbol){
            .bytes = bytes, .code = (uint16_t)code, .length = (uint8_t)length, .other_bits = (uint8_t)(64 - length * 8)};
    } else if (length == 2) {
        finder->pairs[bytes] = entry;
    } else {
        finder->singles[bytes] = entry;
        for (uint32_t i = (uint32_t)bytes; i < 65536; i += 256) {
            finder->pairs[i] = finder->pairs[i] >> LENGTH_SHIFT == 1 ? entry : finder->pairs[i];
        }
    }
    return true;
}

/* What the `left` bytes at `text` begin with; no symbol may reach past them. */
static inline Found find(const SymbolFinder *finder, const char *text, uint32_t left) {
    uint32_t near = left < SYMBOL_BYTES_MAX ? left : SYMBOL_BYTES_MAX;
    uint64_t word;
    memcpy(&word, text, sizeof word);
    word &= symbol_mask(near);
    const LongSymbol *slot = &finder->longs[long_slot(word)];
    if ((word ^ slot->bytes) << slot->other_bits == 0 && slot->length != 0 && slot->length <= near) {
        return (Found){.code = slot->code, .length = slot->length};
    }
    uint32_t entry = finder->pairs[word & 0xffff];
    if (entry >> LENGTH_SHIFT > near) { /* its second byte is a zero, as are those past the end */
        entry = finder->singles[word & 0xff];
    }
    return (Found){.code = entry & CODE_MASK, .length = entry >> LENGTH_SHIFT};
}

/* ------------------------------------------------------------------------------------------------------------- finding them */

typedef struct Candidate {
    uint64_t bytes;
    uint32_t length, gain;
} Candidate;

typedef struct Training {
    SymbolFinder finder;
    SymbolTable *symbols;
    uint32_t counts[CODES_MAX];
    uint16_t pair_counts[CODES_MAX][CODES_MAX];
    uint32_t candidate_count;
    Candidate candidates[CODES_MAX + SAMPLE_BYTES];
} Training;

static uint64_t code_bytes(const Training *t, uint32_t code) {
    return code < BYTE_CODES ? code : t->symbols->bytes[code - BYTE_CODES];
}
static uint32_t code_length(const Training *t, uint32_t code) {
    return code < BYTE_CODES ? 1 : t->symbols->lengths[code - BYTE_CODES];
}

static void count_text(Training *t, const char *text, uint32_t bytes) {
    uint32_t before = CODES_MAX;
    for (uint32_t at = 0; at < bytes;) {
        Found here = find(&t->finder, text + at, bytes - at);
        t->counts[here.code]++;
        if (before != CODES_MAX) {
            t->pair_counts[before][here.code]++;
        }
        if (here.length > 1) { /* the byte alone may be worth a symbol as well */
            t->counts[(uint8_t)text[at]]++;
        }
        before = here.code;
        at += here.length;
    }
}

/* Every so many texts, SAMPLE_BYTES of them. */
static void count_sample(Training *t, const char *texts, const uint32_t *ends, uint32_t count) {
    uint32_t step = ends[count - 1] / SAMPLE_BYTES + 1, left = SAMPLE_BYTES;
    memset(t->counts, 0, sizeof t->counts);
    memset(t->pair_counts, 0, sizeof t->pair_counts);
    for (uint32_t i = 0; i < count && left > 0; i += step) {
        uint32_t start = i == 0 ? 0 : ends[i - 1], bytes = ends[i] - start < left ? ends[i] - start : left;
        count_text(t, texts + start, bytes);
        left -= bytes;
    }
}

static void add_candidate(Training *t, uint64_t bytes, uint32_t length, uint32_t count) {
    uint32_t gain = count * (length == 1 ? BYTE_GAIN : length);
    t->candidates[t->candidate_count++] = (Candidate){.bytes = bytes, .length = length, .gain = gain};
}

static void add_pair(Training *t, uint32_t first, uint32_t second) {
    uint32_t first_length = code_length(t, first), length = first_length + code_length(t, second);
    if (first_length == SYMBOL_BYTES_MAX) {
        return;
    }
    length = length < SYMBOL_BYTES_MAX ? length : SYMBOL_BYTES_MAX;
    uint64_t bytes = (code_bytes(t, first) | code_bytes(t, second) << first_length * 8) & symbol_mask(length);
    add_candidate(t, bytes, length, t->pair_counts[first][second]);
}

static int by_bytes(const void *a_, const void *b_) {
    const Candidate *a = a_, *b = b_;
    return a->bytes != b->bytes ? (a->bytes < b->bytes ? -1 : 1) : (a->length > b->length) - (a->length < b->length);
}
static int by_gain(const void *a_, const void *b_) {
    const Candidate *a = a_, *b = b_;
    return a->gain != b->gain ? (a->gain > b->gain ? -1 : 1) : by_bytes(a, b);
}

/* Different codes may join to the same string. */
static void merge_candidates(Training *t) {
    uint32_t kept = 0;
    qsort(t->candidates, t->candidate_count, sizeof *t->candidates, by_bytes);
    for (uint32_t i = 0; i < t->candidate_count; i++) {
        if (kept > 0 && by_bytes(&t->candidates[kept - 1], &t->candidates[i]) == 0) {
            t->candidates[kept - 1].gain += t->candidates[i].gain;
        } else {
            t->candidates[kept++] = t->candidates[i];
        }
    }
    t->candidate_count = kept;
}

static void collect_candidates(Training *t) {
    t->candidate_count = 0;
    for (uint32_t first = 0; first < CODES_MAX; first++) {
        if (t->counts[first] == 0) {
            continue;
        }
        add_candidate(t, code_bytes(t, first), code_length(t, first), t->counts[first]);
        for (uint32_t second = 0; second < CODES_MAX; second++) {
            if (t->pair_counts[first][second] >= PAIR_COUNT_MIN) {
                add_pair(t, first, second);
            }
        }
    }
    merge_candidates(t);
}

/* The candidates that save most become the symbols. */
static void choose_symbols(Training *t) {
    qsort(t->candidates, t->candidate_count, sizeof *t->candidates, by_gain);
    *t->symbols = (SymbolTable){0};
    finder_clear(&t->finder);
    for (uint32_t i = 0; i < t->candidate_count && t->symbols->count < SYMBOL_ESCAPE; i++) {
        const Candidate *candidate = &t->candidates[i];
        uint32_t code = t->symbols->count;
        if (finder_add(&t->finder, candidate->bytes, candidate->length, BYTE_CODES + code)) {
            t->symbols->bytes[code] = candidate->bytes;
            t->symbols->lengths[code] = (uint8_t)candidate->length;
            t->symbols->count++;
        }
    }
}

Status symbols_train(const Context *cx, const char *texts, const uint32_t *ends, uint32_t count, SymbolTable *out) {
    Training *t;
    *out = (SymbolTable){0};
    if (count == 0) {
        return OK;
    }
    TRY_ALLOC(cx, t, sizeof *t);
    t->symbols = out;
    finder_clear(&t->finder);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        count_sample(t, texts, ends, count);
        collect_candidates(t);
        choose_symbols(t);
    }
    mem_free(t);
    return OK;
}

/* -------------------------------------------------------------------------------------------------------- to codes and back */

Status symbol_finder_create(const Context *cx, const SymbolTable *symbols, SymbolFinder **out) {
    TRY_ALLOC(cx, *out, sizeof **out);
    finder_clear(*out);
    for (uint32_t i = 0; i < symbols->count; i++) {
        (void)finder_add(*out, symbols->bytes[i], symbols->lengths[i], BYTE_CODES + i); /* there was place for all */
    }
    return OK;
}

uint32_t symbols_encode(const SymbolFinder *finder, const char *text, uint32_t bytes, uint8_t *codes) {
    uint8_t *to = codes;
    for (uint32_t at = 0; at < bytes;) {
        Found here = find(finder, text + at, bytes - at);
        *to = SYMBOL_ESCAPE;
        to += here.code < BYTE_CODES;
        *to++ = (uint8_t)here.code; /* less BYTE_CODES, or the byte */
        at += here.length;
    }
    return (uint32_t)(to - codes);
}

static inline char *put_symbol(const SymbolTable *symbols, uint8_t code, char *to) {
    memcpy(to, &symbols->bytes[code], SYMBOL_BYTES_MAX);
    return to + symbols->lengths[code];
}

/* Is one of the four codes the escape, whose bits are all set? (Zero bytes of the complement.) */
static inline bool has_escape(uint32_t codes) {
    return ((~codes - 0x01010101U) & codes & 0x80808080U) != 0;
}

char *symbols_decode(const SymbolTable *symbols, const uint8_t *codes, uint32_t count, char *to) {
    for (uint32_t at = 0; at < count;) {
        uint32_t four;
        if (count - at >= sizeof four) {
            memcpy(&four, codes + at, sizeof four);
            if (!has_escape(four)) {
                to = put_symbol(symbols, codes[at], to);
                to = put_symbol(symbols, codes[at + 1], to);
                to = put_symbol(symbols, codes[at + 2], to);
                to = put_symbol(symbols, codes[at + 3], to);
                at += sizeof four;
                continue;
            }
        }
        if (codes[at] == SYMBOL_ESCAPE) {
            *to++ = (char)codes[at + 1];
            at += 2;
        } else {
            to = put_symbol(symbols, codes[at++], to);
        }
    }
    return to;
}
