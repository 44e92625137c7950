/* Loops of 128-bit integers, which overflow by the compiler's check: wants NAME(f), A(i) and B(i). */
#define WIDE_LOOP(name, builtin)                                                                                               \
    static bool NAME(name)(const void *a_, const void *b_, void *out_, uint32_t n) {                                           \
        const __int128 *restrict a = a_, *restrict b = b_;                                                                     \
        __int128 *restrict out = out_;                                                                                         \
        bool bad = false;                                                                                                      \
        for (uint32_t i = 0; i < n; i++) {                                                                                     \
            bad |= builtin(A(i), B(i), &out[i]);                                                                               \
        }                                                                                                                      \
        return bad;                                                                                                            \
    }
WIDE_LOOP(add, __builtin_add_overflow)
WIDE_LOOP(subtract, __builtin_sub_overflow)
WIDE_LOOP(multiply, __builtin_mul_overflow)
#undef WIDE_LOOP
#undef NAME
#undef A
#undef B
