/* Integer loops: wants T, U (its unsigned twin), W (an integer twice as wide, for products), NAME(f), A(i) and B(i). */
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

static bool NAME(multiply)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    U bad = 0;
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
