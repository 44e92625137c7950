/* Wants T (an unsigned integer type), NAME(f). The tests of kernels/select_kernels.h for one width. */
static void NAME(range)(const void *values_, uint64_t low_, uint64_t span_, uint32_t n, uint8_t *restrict mask) {
    const T *restrict values = values_;
    T low = (T)low_, span = (T)span_;
    for (uint32_t i = 0; i < n; i++) {
        mask[i] = (T)(values[i] - low) <= span;
    }
}

SCALAR_LOOP static void NAME(table)(const void *codes_, const uint8_t *restrict keep, uint32_t n, uint8_t *restrict mask) {
    const T *restrict codes = codes_;
    for (uint32_t i = 0; i < n; i++) {
        mask[i] = keep[codes[i]];
    }
}

SCALAR_LOOP static void NAME(bitmap)(const void *values_, uint64_t low_, uint64_t span_, const uint64_t *restrict bits,
                                     uint64_t offset, uint32_t n, uint8_t *restrict mask) {
    const T *restrict values = values_;
    T low = (T)low_, span = (T)span_;
    for (uint32_t i = 0; i < n; i++) {
        T distance = (T)(values[i] - low);
        uint64_t inside = distance <= span;
        uint64_t bit = inside != 0 ? distance + offset : offset; /* a select, not a branch: the load is always inside */
        mask[i] = (uint8_t)(bits[bit >> 6] >> (bit & 63) & inside);
    }
}

SCALAR_LOOP static void NAME(bitmap_inside)(const void *codes_, uint64_t shift, const uint64_t *restrict bits, uint32_t n,
                                            uint8_t *restrict mask) {
    const T *restrict codes = codes_;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bit = codes[i] + shift;
        mask[i] = (uint8_t)(bits[bit >> 6] >> (bit & 63) & 1);
    }
}

#undef T
#undef NAME
