/* Normalised sort keys: the sort columns of a row as W words of 64 bits that compare as unsigned numbers, first word first.
 *
 *     per key: 1 bit NULL (placed by NULLS FIRST/LAST) | value, order-preserving, inverted for DESC
 *
 * Integers take the bits of their known range, dictionary codes those of the dictionary (code order is value order), floats are
 * bent so that NaN sorts above all, text gives 12 bytes and its length. Text that may be longer cannot be decided by words:
 * then encoding stops there, and rows with equal words are compared by value from that key on. */
#ifndef DEPOT_EXEC_SORT_KEY_H
#define DEPOT_EXEC_SORT_KEY_H

#include "exec/row_store.h"

typedef struct SortField {
    uint32_t slot;
    bool is_descending, nulls_first;
    ColumnFormat format;
    uint32_t bits;  /* of the value; the NULL bit comes before */
    uint32_t place; /* of the NULL bit, from the key's first bit */
    int64_t min;    /* integers */
} SortField;

typedef struct SortEncoding {
    uint32_t field_count; /* encoded ones */
    SortField *fields;    /* all keys; owned */
    uint32_t key_count;
    uint32_t words;
    bool is_exact; /* equal words mean equal keys; else compare from key tie_from on */
    uint32_t tie_from;
} SortEncoding;

Status sort_encoding_init(const Context *cx, SortEncoding *encoding, const PhysicalColumn *columns, const SortSlot *keys,
                          uint32_t key_count) MUST_CHECK;
void sort_encoding_free(SortEncoding *encoding);

typedef struct SortEncoder {
    uint64_t *values; /* one column; owned */
    void *stored;     /* one column in its format; owned */
    Vector scratch;
} SortEncoder;

Status sort_encoder_init(const Context *cx, SortEncoder *encoder) MUST_CHECK;
void sort_encoder_free(SortEncoder *encoder);
/* words[row × encoding->words …] of each row of the batch. */
Status sort_encode(const Context *cx, const SortEncoding *encoding, SortEncoder *encoder, const Batch *in,
                   uint64_t *words) MUST_CHECK;

/* The same of rows [from, from + rows) of a chunk that was kept in the format of the columns. */
void sort_encode_kept(const SortEncoding *encoding, SortEncoder *encoder, const RowChunk *chunk, uint32_t from, uint32_t rows,
                      uint64_t *words);

/* What the first words of the rows are at least: their bits of the first key, which has to be an encoded one, then zeros. */
Status sort_encode_heads(const Context *cx, const SortEncoding *encoding, SortEncoder *encoder, const Batch *in,
                         uint64_t *heads) MUST_CHECK;

/* Of the text of key tie_from of row `row` (of chunked rows): bytes [from, from + 8), big-endian, zeros beyond its end; and its
 * length (NULL: 0). */
uint64_t sort_text_word(const SortEncoding *encoding, RowChunk *const *chunks, uint32_t row, uint32_t from, uint32_t *bytes);

/* Comparison by value of rows a and b (of chunked rows) by keys [from, to): <0, 0, >0. */
int sort_compare_rows(const SortEncoding *encoding, uint32_t from, uint32_t to, RowChunk *const *chunks, uint32_t a,
                      uint32_t b);

#endif
