/* One boxed value: constants, minima and maxima, parameters, cells handed to the caller. Not for loops. */
#ifndef DEPOT_CORE_VALUE_H
#define DEPOT_CORE_VALUE_H

#include "core/arena.h"
#include "core/types.h"

typedef struct Value {
    Type type;
    bool is_null;
    union {
        int64_t i64; /* BOOLEAN, SMALLINT, INTEGER, BIGINT, dates and times, DECIMAL of an I64 class: widened */
        __int128 i128;
        double f64; /* REAL widened */
        Text text;  /* borrowed if long */
        Interval interval;
    };
} Value;

Value value_null(Type type);
Value value_i64(Type type, int64_t i64);
Value value_f64(Type type, double f64);
Value value_text(Type type, Text text);
/* Reads element `row` of an array of `type`'s class, or writes it. */
Value value_load(Type type, const void *data, uint32_t row);
void value_store(const Value *value, void *data, uint32_t row);
/* Order of two values of the same storage class, neither NULL: <0, 0, >0. NaN sorts above all and equals itself. */
int value_compare(const Value *a, const Value *b);
/* Copies long text into the arena. */
Status value_copy(const Context *cx, Arena *arena, const Value *from, Value *to);

/* As PostgreSQL prints it, NULL as nothing; `buffer` is used for all but long text. *text borrows either. */
#define VALUE_PRINT_MAX 96
void value_print(const Value *value, char *buffer, const char **text, size_t *bytes);
/* The same with moments in a time zone; value_print() gives them in UTC. */
void value_print_in(const struct TimeZone *zone, const Value *value, char *buffer, const char **text, size_t *bytes);
/* The same as a cast to a text type gives it: booleans in full, cut to the type's length. Not for NULL. */
void value_print_as_text(const struct TimeZone *zone, const Value *from, Type to, char *buffer, const char **text,
                         size_t *bytes);
/* From text as in a literal or a CSV field. INVALID_TEXT_REPRESENTATION, NUMERIC_OUT_OF_RANGE, … naming the text and type. */
Status value_parse(const Context *cx, Type type, const char *text, size_t bytes, Value *value);
/* The same as a cast between types (rounding, range checks, truncation as in PostgreSQL). Text results go to the arena. */
Status value_cast(const Context *cx, Arena *arena, const Value *from, Type to, Value *out);

/* The placement hash of FORMAT.md (seed 1: slices, 2: bucket()): equal numbers of different integer types agree. */
uint64_t value_placement_hash(const Value *value, uint64_t seed);

#endif
