/* Integer loops: wants T, U (its unsigned twin), W (an integer twice as wide, for products), NAME(f), A(i) and
 * B(i); HALF, a type of half the width, where that makes products faster. */
static bool NAME(add)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    U bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        U x = (U)A(i), y = (U)B(i), sum = (U)(x + y);
        bad |= (U)((x ^ sum) & (y ^ sum)); /* collected, not branched on: the loop stays vector code */
        out[i] = (T)sum;
    }
    return (T)bad < 0;
}

static bool NAME(subtract)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    U bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        U x = (U)A(i), y = (U)B(i), difference = (U)(x - y);
        bad |= (U)((x ^ y) & (x ^ difference));
        out[i] = (T)difference;
    }
    return (T)bad < 0;
}

/* Products of halves: if no value needs more than half the bits, none overflows and the loop is vector code. */
#ifdef HALF
static bool NAME(needs_more)(const T *restrict a, const T *restrict b, uint32_t n) {
    U high = 0;
    for (uint32_t i = 0; i < n; i++) {
        high |= ((U)A(i) + ((U)1 << (4 * sizeof(T) - 1))) | ((U)B(i) + ((U)1 << (4 * sizeof(T) - 1)));
    }
    return high >> (4 * sizeof(T)) != 0;
}
#endif

static bool NAME(multiply)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    U bad = 0;
#ifdef HALF
    if (!NAME(needs_more)(a, b, n)) {
        for (uint32_t i = 0; i < n; i++) {
            out[i] = (T)(HALF)A(i) * (HALF)B(i);
        }
        return false;
    }
#endif
    for (uint32_t i = 0; i < n; i++) {
        W product = (W)A(i) * (W)B(i);
        T low = (T)product;
        bad |= (U)(product >> (8 * sizeof(T))) ^ (U)(low >> (8 * sizeof(T) - 1)); /* the high half must be the sign */
        out[i] = low;
    }
    return bad != 0;
}

#undef NAME
#undef A
#undef B
