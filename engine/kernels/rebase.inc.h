/* Conversion loops from one element type: wants T, NAME(f). */
static void NAME(widen)(const void *in_, int64_t offset, uint32_t count, int64_t *restrict out) {
    const T *restrict in = in_;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (int64_t)((uint64_t)in[i] + (uint64_t)offset);
    }
}

#define REBASE(to, U)                                                                                                          \
    static uint64_t NAME(rebase_##to)(const void *in_, int64_t offset, uint32_t count, void *out_) {                           \
        const T *restrict in = in_;                                                                                            \
        U *restrict out = out_;                                                                                                \
        uint64_t all = 0;                                                                                                      \
        for (uint32_t i = 0; i < count; i++) {                                                                                 \
            uint64_t sum = (uint64_t)in[i] + (uint64_t)offset;                                                                 \
            all |= sum;                                                                                                        \
            out[i] = (U)sum;                                                                                                   \
        }                                                                                                                      \
        return all;                                                                                                            \
    }
REBASE(u8, uint8_t)
REBASE(u16, uint16_t)
REBASE(u32, uint32_t)
#undef REBASE
#undef T
#undef NAME
