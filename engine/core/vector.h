/* Vectors and batches: the unit of execution.
 *
 * A vector holds up to 2,048 values of one column:
 *   FLAT      data is an array of the storage class
 *   CONSTANT  data is one element; validity (if any) has one meaningful bit
 *   CODES     data is an array of u8, u16 or u32 codes; value = dictionary[code] (sorted, so code order is value order) or,
 *             without a dictionary, value = base + code (integer classes up to 64 bits, DECIMAL of class I64 included)
 * Every lane holds defined bytes; NULL lanes of FLAT vectors hold zero, of CODES vectors a valid code, so loops run straight
 * through them.
 *
 * A batch is vectors of the same rows. Batches between operators are DENSE: there is no selection vector. A filter compacts
 * the columns that live on (codes compact cheaply), so that every kernel and operator has one shape of input. Within a scan,
 * selections are arrays of u16 row numbers (core/predicate.h, storage/segment_read.h).
 *
 * Ownership: a batch handed to a consumer is borrowed; its memory (text behind views included) is valid until the producer
 * is called again. Whoever keeps values longer copies them (vector_copy_deep, hash tables, sort runs). */
#ifndef DEPOT_CORE_VECTOR_H
#define DEPOT_CORE_VECTOR_H

#include "core/bits.h"
#include "core/value.h"

#define BATCH_ROWS_MAX 2048
#define VALIDITY_WORDS (BATCH_ROWS_MAX / 64)

/* Sorted distinct values of one column. A query dictionary is shared by all segments of a table version: codes from it may
 * be compared, hashed and grouped across segments. Immutable; lives at least as long as the statement's snapshot. */
typedef struct Dictionary {
    Type type;
    uint32_t size;                    /* codes are 0 … size - 1 */
    const void *values;               /* array of the type's class, ascending */
    bool is_shared;                   /* a query dictionary: one code space for the whole table version */
    _Atomic(const uint64_t *) hashes; /* hash_values() of each entry, made on first use (dictionary_hashes); malloc: who frees
                                         the dictionary free()s it */
    _Atomic(int32_t) references;
} Dictionary;

typedef enum VectorKind { VECTOR_FLAT, VECTOR_CONSTANT, VECTOR_CODES } VectorKind;

typedef struct Vector {
    Type type;
    uint8_t kind;                 /* VectorKind */
    uint8_t code_bytes;           /* CODES: 1, 2 or 4 */
    uint32_t owned_bytes;         /* capacity of `owned` */
    void *data;                   /* borrowed, or = owned */
    uint64_t *validity;           /* NULL: no NULLs; else VALIDITY_WORDS words; borrowed, or = owned_validity */
    const Dictionary *dictionary; /* CODES; NULL: base + code */
    int64_t base;                 /* CODES without dictionary */
    void *owned;                  /* scratch of this vector, reused from batch to batch; freed by vector_free */
    uint64_t *owned_validity;
} Vector;

typedef struct Batch {
    uint32_t rows;
    uint32_t column_count;
    Vector *columns; /* owned by whoever called batch_init */
} Batch;

/* A vector of no rows without scratch. */
void vector_init(Vector *vector, Type type);
void vector_free(Vector *vector);
/* Makes data = owned scratch of at least `bytes`; kind, type and validity are the caller's business. */
Status vector_reserve(const Context *cx, Vector *vector, size_t bytes) MUST_CHECK;
/* FLAT of `type` with room for BATCH_ROWS_MAX values, no NULLs; data not initialised. */
Status vector_prepare_flat(const Context *cx, Vector *vector, Type type) MUST_CHECK;
/* CODES with scratch for BATCH_ROWS_MAX codes. */
Status vector_prepare_codes(const Context *cx, Vector *vector, Type type, uint32_t code_bytes) MUST_CHECK;
/* Points validity at own scratch, all bits set or all clear. */
Status vector_prepare_validity(const Context *cx, Vector *vector, bool all_valid) MUST_CHECK;
/* CONSTANT; long text stays borrowed. */
Status vector_set_constant(const Context *cx, Vector *vector, const Value *value) MUST_CHECK;
/* `to` becomes a borrowed view of the same values; its own scratch is kept for later. */
void vector_borrow(Vector *to, const Vector *from);
static inline bool vector_is_valid(const Vector *v, uint32_t row) {
    return v->validity == NULL || bit_get(v->validity, v->kind == VECTOR_CONSTANT ? 0 : row);
}
/* The boxed value of a row of any kind of vector; text is borrowed. */
Value vector_value(const Vector *vector, uint32_t row);
/* Makes `out` a FLAT vector of the same values (borrowing if it is flat already). NULL lanes are zero. */
Status vector_flatten(const Context *cx, const Vector *in, uint32_t rows, Vector *out) MUST_CHECK;
/* out[i] = in[rows[i]]; keeps codes as codes and constants as constants. `out` must not be `in`. */
Status vector_gather(const Context *cx, const Vector *in, const uint16_t *rows, uint32_t count, Vector *out) MUST_CHECK;
/* Rows [first, first + count) as a borrowed view where validity allows it (first a multiple of 64), else copied. */
Status vector_slice(const Context *cx, const Vector *in, uint32_t first, uint32_t count, Vector *out) MUST_CHECK;
/* A self-contained flat copy: owns data, validity and (in the arena) long text. */
Status vector_copy_deep(const Context *cx, Arena *text_arena, const Vector *in, uint32_t rows, Vector *out) MUST_CHECK;
/* Hashes of the entries, computed once per dictionary and thread-safe; NULL after an out-of-memory error. */
const uint64_t *dictionary_hashes(const Context *cx, const Dictionary *dictionary);
/* Code of `value`, or of the first entry >= it; *found tells which. size if all are smaller. */
uint32_t dictionary_lower_bound(const Dictionary *dictionary, const Value *value, bool *found);

Status batch_init(const Context *cx, Batch *batch, const Type *types, uint32_t column_count) MUST_CHECK;
void batch_free(Batch *batch);

#endif
