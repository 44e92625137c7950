/* A block in memory:
 *
 *     SymbolTexts | text lengths, packed | code lengths, packed | where each chunk's codes begin | codes
 *
 * Runs of rows are decoded at once and cut by the text lengths; single rows are found by the code lengths. */
#include "storage/encodings/symbol_texts.h"

#include "storage/encodings/encoding_classes.h"
#include "storage/encodings/pack.h"
#include "storage/encodings/text_rows.h"

/* Codes must be so much smaller than the texts that decoding them, at some GB/s, is a fair price. */
enum { PAYING_PERCENT_MAX = 60 };
/* A batch of decoded texts should stay in the cache of its core. */
enum { LONGEST_MAX = 512 };
/* If a chunk's rows are wanted by one in so many, all are decoded: as fast as half of them one by one. */
enum { DENSE_SHARE = 2 };

typedef struct SymbolTexts {
    const SymbolTable *symbols; /* borrowed */
    uint32_t rows, text_bytes, longest;
    uint32_t length_bits, code_length_bits;
    uint32_t code_lengths_offset, starts_offset, codes_offset; /* from the struct on */
} SymbolTexts;

enum { LENGTHS_OFFSET = 64 };
_Static_assert(sizeof(SymbolTexts) <= LENGTHS_OFFSET, "packed lengths are aligned");

static uint32_t round_up_64(uint64_t bytes) {
    return (uint32_t)((bytes + 63) / 64 * 64);
}

/* ------------------------------------------------------------------------------------------------------------------ making */

/* What encoding a block needs; freed with it. */
typedef struct Encoding {
    SymbolFinder *finder;
    uint8_t *codes;
    int64_t *lengths;        /* of the codes of each row */
    uint32_t *starts;        /* of the codes of each chunk, and the end of the last */
    uint32_t used, used_max; /* bytes of codes */
    uint32_t text_bytes, longest, longest_codes;
} Encoding;

static void encoding_free(Encoding *e) {
    mem_free(e->finder);
    mem_free(e->codes);
    mem_free(e->lengths);
    mem_free(e->starts);
}

static uint32_t paying_bytes(uint64_t text_bytes) {
    return (uint32_t)(text_bytes * PAYING_PERCENT_MAX / 100);
}

static Status encoding_init(const Context *cx, const BlockEntry *entry, const SymbolTable *symbols, Encoding *e) {
    TRY(symbol_finder_create(cx, symbols, &e->finder));
    e->used_max = paying_bytes(entry->plain_bytes);
    TRY_ALLOC(cx, e->codes, (size_t)e->used_max + 2 * LONGEST_MAX);
    TRY_ALLOC(cx, e->lengths, sizeof *e->lengths * entry->rows);
    TRY_ALLOC(cx, e->starts, sizeof *e->starts * (pack_chunks(entry->rows) + 1));
    return OK;
}

/* False if the chunk does not pay, with those before it. */
static bool encode_chunk(const TextRows *texts, uint32_t chunk, Encoding *e) {
    uint32_t ends[PACK_CHUNK], first = chunk * PACK_CHUNK, start = texts->starts[chunk];
    uint32_t here = pack_chunk_codes(texts->rows, chunk);
    text_rows_ends(texts, chunk, ends);
    e->starts[chunk] = e->used;
    for (uint32_t i = 0; i < here; i++) {
        uint32_t bytes = ends[i] - start;
        if (bytes > LONGEST_MAX || e->used > e->used_max) {
            return false;
        }
        uint32_t codes = symbols_encode(e->finder, texts->texts + start, bytes, e->codes + e->used);
        e->lengths[first + i] = codes;
        e->longest = bytes > e->longest ? bytes : e->longest;
        e->longest_codes = codes > e->longest_codes ? codes : e->longest_codes;
        e->used += codes;
        start = ends[i];
    }
    e->text_bytes = start;
    e->starts[chunk + 1] = e->used;
    return e->used <= paying_bytes(e->text_bytes);
}

static Status lay_out(const Context *cx, const BlockEntry *entry, const uint8_t *values, const SymbolTable *symbols,
                      const Encoding *e, uint32_t lead, uint8_t **out) {
    uint32_t chunks = pack_chunks(entry->rows);
    uint64_t length_bytes = pack_bytes(entry->bits, entry->rows);
    SymbolTexts head = {.symbols = symbols,
                        .rows = entry->rows,
                        .text_bytes = e->text_bytes,
                        .longest = e->longest,
                        .length_bits = entry->bits,
                        .code_length_bits = bits_needed(e->longest_codes)};
    head.code_lengths_offset = round_up_64(LENGTHS_OFFSET + length_bytes);
    head.starts_offset = round_up_64(head.code_lengths_offset + pack_bytes(head.code_length_bits, entry->rows));
    head.codes_offset = head.starts_offset + (uint32_t)sizeof *e->starts * (chunks + 1);
    TRY_ALLOC(cx, *out, lead + (uint64_t)head.codes_offset + e->used);
    uint8_t *to = *out + lead;
    memcpy(to, &head, sizeof head);
    memcpy(to + LENGTHS_OFFSET, values, length_bytes);
    pack_integers(e->lengths, 0, head.code_length_bits, entry->rows, to + head.code_lengths_offset);
    memcpy(to + head.starts_offset, e->starts, sizeof *e->starts * (chunks + 1));
    memcpy(to + head.codes_offset, e->codes, e->used);
    return OK;
}

static Status make(const Context *cx, const BlockEntry *entry, const uint8_t *values, const SymbolTable *symbols, uint32_t lead,
                   Encoding *e, uint8_t **out) {
    TextRows texts = raw_text_rows(entry, values);
    TRY(encoding_init(cx, entry, symbols, e));
    for (uint32_t chunk = 0; chunk < pack_chunks(entry->rows); chunk++) {
        if (!encode_chunk(&texts, chunk, e)) {
            return OK;
        }
    }
    return lay_out(cx, entry, values, symbols, e, lead, out);
}

Status symbol_texts_make(const Context *cx, const BlockEntry *entry, const uint8_t *values, const SymbolTable *symbols,
                         uint32_t lead, uint8_t **out) {
    Encoding e = {0};
    *out = NULL;
    Status status = make(cx, entry, values, symbols, lead, &e, out);
    encoding_free(&e);
    return status;
}

Status symbol_texts_train(const Context *cx, const BlockEntry *entry, const uint8_t *values, SymbolTable *out) {
    TextRows texts = raw_text_rows(entry, values);
    uint32_t *ends;
    uint8_t *made = NULL;
    TRY_ALLOC(cx, ends, sizeof *ends * PACK_CHUNK * pack_chunks(entry->rows));
    for (uint32_t chunk = 0; chunk < pack_chunks(entry->rows); chunk++) {
        text_rows_ends(&texts, chunk, ends + (size_t)chunk * PACK_CHUNK);
    }
    Status status = symbols_train(cx, texts.texts, ends, entry->rows, out);
    mem_free(ends);
    TRY(status);
    TRY(symbol_texts_make(cx, entry, values, out, 0, &made));
    if (made == NULL) {
        out->count = 0;
    }
    mem_free(made);
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- reading */

static const uint32_t *starts_of(const SymbolTexts *in) {
    return (const uint32_t *)(const void *)((const uint8_t *)in + in->starts_offset);
}
static const uint8_t *codes_of(const SymbolTexts *in) {
    return (const uint8_t *)in + in->codes_offset;
}

static void code_ends(const SymbolTexts *in, uint32_t chunk, uint32_t *ends) {
    TextRows codes = {.lengths = (const uint8_t *)in + in->code_lengths_offset,
                      .starts = starts_of(in),
                      .bits = in->code_length_bits,
                      .rows = in->rows};
    text_rows_ends(&codes, chunk, ends);
}

/* Ends of the chunk's texts, from its first. */
static void text_ends(const SymbolTexts *in, uint32_t chunk, uint32_t *ends) {
    static const uint32_t zero;
    TextRows texts = {.lengths = (const uint8_t *)in + LENGTHS_OFFSET + (size_t)chunk * in->length_bits * PACK_ROW_BYTES,
                      .starts = &zero,
                      .bits = in->length_bits,
                      .rows = in->rows - chunk * PACK_CHUNK};
    text_rows_ends(&texts, 0, ends);
}

/* A flat vector of views with room behind them for the texts of `rows` rows. */
static Status prepare(const Context *cx, const SymbolTexts *in, Type type, uint64_t rows, Vector *out, char **texts) {
    uint64_t most = rows * in->longest < in->text_bytes ? rows * in->longest : in->text_bytes;
    uint64_t views = (uint64_t)BATCH_ROWS_MAX * sizeof(Text);
    TRY(vector_reserve(cx, out, views + most + SYMBOLS_SLACK + TEXT_ROWS_SLACK));
    TRY(vector_prepare_flat(cx, out, type));
    *texts = (char *)out->data + views;
    return OK;
}

static uint32_t start_of(const uint32_t *ends, uint32_t row, uint32_t first) {
    return row == 0 ? first : ends[row - 1];
}

/* Rows [from, from + count) of a chunk to `to`. */
static void decode_run(const SymbolTexts *in, uint32_t chunk, uint32_t from, uint32_t count, char *to) {
    uint32_t first = starts_of(in)[chunk], end = starts_of(in)[chunk + 1];
    if (from > 0 || count < pack_chunk_codes(in->rows, chunk)) {
        uint32_t ends[PACK_CHUNK];
        code_ends(in, chunk, ends);
        end = ends[from + count - 1];
        first = start_of(ends, from, first);
    }
    symbols_decode(in->symbols, codes_of(in) + first, end - first, to);
}

static Status texts_decode(const Context *cx, const ColumnBlock *block, uint32_t first, uint32_t count, Vector *out) {
    const SymbolTexts *in = (const SymbolTexts *)(const void *)block->data;
    char *texts;
    TRY(prepare(cx, in, block->type, count, out, &texts));
    Text *views = out->data;
    while (count > 0) {
        uint32_t ends[PACK_CHUNK], chunk = first / PACK_CHUNK, from = first % PACK_CHUNK;
        uint32_t here = PACK_CHUNK - from < count ? PACK_CHUNK - from : count;
        decode_run(in, chunk, from, here, texts);
        text_ends(in, chunk, ends);
        text_views(texts, start_of(ends, from, 0), ends + from, here, views);
        texts += ends[from + here - 1] - start_of(ends, from, 0);
        views += here;
        first += here;
        count -= here;
    }
    return OK;
}

/* All rows of the chunk are decoded. Returns the end of the texts. */
static char *gather_dense(const SymbolTexts *in, uint32_t chunk, const uint16_t *rows, uint32_t count, char *texts, Text *out) {
    uint32_t ends[PACK_CHUNK], all = pack_chunk_codes(in->rows, chunk);
    decode_run(in, chunk, 0, all, texts);
    text_ends(in, chunk, ends);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = rows[i] % PACK_CHUNK, start = start_of(ends, row, 0);
        out[i] = text_rows_view(texts + start, ends[row] - start);
    }
    return texts + ends[all - 1];
}

static char *gather_single(const SymbolTexts *in, uint32_t chunk, const uint16_t *rows, uint32_t count, char *texts,
                           Text *out) {
    uint32_t ends[PACK_CHUNK];
    code_ends(in, chunk, ends);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = rows[i] % PACK_CHUNK, start = start_of(ends, row, starts_of(in)[chunk]);
        char *end = symbols_decode(in->symbols, codes_of(in) + start, ends[row] - start, texts);
        out[i] = text_rows_view(texts, (uint32_t)(end - texts));
        texts = end;
    }
    return texts;
}

static Status texts_gather(const Context *cx, const ColumnBlock *block, const uint16_t *rows, uint32_t count, Vector *out) {
    const SymbolTexts *in = (const SymbolTexts *)(const void *)block->data;
    char *texts;
    TRY(prepare(cx, in, block->type, (uint64_t)count * DENSE_SHARE, out, &texts));
    Text *views = out->data;
    for (uint32_t i = 0, end; i < count; i = end) {
        uint32_t chunk = rows[i] / PACK_CHUNK;
        for (end = i + 1; end < count && rows[end] / PACK_CHUNK == chunk;) {
            end++;
        }
        bool is_dense = (end - i) * DENSE_SHARE >= pack_chunk_codes(in->rows, chunk);
        texts = (is_dense ? gather_dense : gather_single)(in, chunk, rows + i, end - i, texts, views + i);
    }
    return OK;
}

const EncodingClass symbol_texts_encoding = {.name = "symbols", .decode = texts_decode, .gather = texts_gather};
