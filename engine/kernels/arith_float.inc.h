/* Floating loops: wants T, INFINITE (its infinity), NAME(f), A(i) and B(i). */
static bool NAME(add)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        T sum = A(i) + B(i);
        bad |= (sum == INFINITE) | (sum == -INFINITE);
        out[i] = sum;
    }
    return bad != 0;
}

static bool NAME(subtract)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        T difference = A(i) - B(i);
        bad |= (difference == INFINITE) | (difference == -INFINITE);
        out[i] = difference;
    }
    return bad != 0;
}

static bool NAME(multiply)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        T product = A(i) * B(i);
        bad |= (product == INFINITE) | (product == -INFINITE) | ((product == 0) & (A(i) != 0) & (B(i) != 0));
        out[i] = product;
    }
    return bad != 0;
}

static bool NAME(divide)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        T quotient = A(i) / B(i);
        bad |= (B(i) == 0) | (quotient == INFINITE) | (quotient == -INFINITE) | ((quotient == 0) & (A(i) != 0));
        out[i] = quotient;
    }
    return bad != 0;
}

#undef NAME
#undef A
#undef B
