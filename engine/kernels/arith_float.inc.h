/* Floating loops: wants T, B_T (an integer as wide, to collect trouble in), INFINITE, NAME(f), A(i) and B(i). */
static bool NAME(add)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    B_T bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        T sum = A(i) + B(i);
        bad |= (B_T)(sum == INFINITE) | (B_T)(sum == -INFINITE);
        out[i] = sum;
    }
    return bad != 0;
}

static bool NAME(subtract)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    B_T bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        T difference = A(i) - B(i);
        bad |= (B_T)(difference == INFINITE) | (B_T)(difference == -INFINITE);
        out[i] = difference;
    }
    return bad != 0;
}

static bool NAME(multiply)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    B_T bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        T product = A(i) * B(i);
        bad |= (B_T)(product == INFINITE) | (B_T)(product == -INFINITE) |
               ((B_T)(product == 0) & (B_T)(A(i) != 0) & (B_T)(B(i) != 0));
        out[i] = product;
    }
    return bad != 0;
}

static bool NAME(divide)(const void *a_, const void *b_, void *out_, uint32_t n) {
    const T *restrict a = a_, *restrict b = b_;
    T *restrict out = out_;
    B_T bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        T quotient = A(i) / B(i);
        bad |= (B_T)(B(i) == 0) | (B_T)(quotient == INFINITE) | (B_T)(quotient == -INFINITE) |
               ((B_T)(quotient == 0) & (B_T)(A(i) != 0));
        out[i] = quotient;
    }
    return bad != 0;
}

#undef NAME
#undef A
#undef B
