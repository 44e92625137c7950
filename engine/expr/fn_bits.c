/* Bit operators of the integer types. */
#include "expr/fn_loop.h"

typedef enum BitOp { BIT_AND, BIT_OR, BIT_XOR, BIT_NOT, BIT_LEFT, BIT_RIGHT } BitOp;

#define T int16_t
#define NAME(f) f##_i16
#include "expr/fn_bits.inc.h"

#define T int32_t
#define NAME(f) f##_i32
#include "expr/fn_bits.inc.h"

#define T int64_t
#define NAME(f) f##_i64
#include "expr/fn_bits.inc.h"

static Status run_bits(BitOp op, const Vector *const *args, uint32_t arg_count, uint32_t rows, Vector *out) {
    const Vector *right = args[arg_count - 1];
    switch (type_class(out->type)) {
    case CLASS_I16: bits_i16(op, args[0], right, rows, out->data); break;
    case CLASS_I32: bits_i32(op, args[0], right, rows, out->data); break;
    default: bits_i64(op, args[0], right, rows, out->data); break;
    }
    return OK;
}

#define BIT_FUNCTION(name, op)                                                                                                 \
    Status name(FN_PARAMETERS) {                                                                                               \
        FN_UNUSED;                                                                                                             \
        return run_bits(op, args, arg_count, rows, out);                                                                       \
    }
BIT_FUNCTION(fn_bit_and, BIT_AND)
BIT_FUNCTION(fn_bit_or, BIT_OR)
BIT_FUNCTION(fn_bit_xor, BIT_XOR)
BIT_FUNCTION(fn_bit_not, BIT_NOT)
BIT_FUNCTION(fn_shift_left, BIT_LEFT)
BIT_FUNCTION(fn_shift_right, BIT_RIGHT)
#undef BIT_FUNCTION
