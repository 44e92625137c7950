/* One loop over blocks of 64 values, a vector at a time: wants LOOP (its name and parameters), T, A (the array), B(i) or
 * nothing, Y(i) (what x is tested with: an expression of vector or scalar, from the index) and TEST(x, y), which must work on
 * vectors (giving all bits per true lane) and on scalars alike. */
static void LOOP {
    typedef T Lanes __attribute__((vector_size(VECTOR_BYTES), aligned(1), may_alias));
    const uint32_t lanes = VECTOR_BYTES / sizeof(T);
    uint32_t i = 0;
    for (; i + 64 <= n; i += 64) {
        uint64_t word = 0;
        for (uint32_t j = 0; j < 64; j += lanes) {
            Lanes x = *(const Lanes *)(A + i + j);
            word |= MASK_OF(sizeof(T), TEST(x, Y(Lanes, i + j))) << j;
        }
        mask[i / 64] = word;
    }
    if (i < n) {
        uint64_t word = 0;
        for (uint32_t j = 0; i + j < n; j++) {
            T x = A[i + j];
            word |= (uint64_t)((TEST(x, Y(T, i + j))) != 0) << j;
        }
        mask[i / 64] = word;
    }
}
#undef LOOP
#undef A
#undef Y
