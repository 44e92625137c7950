/* Group numbers from one input type: wants T, NAME(f). */
static void NAME(set_index)(const void *in_, uint64_t offset, uint32_t times, uint32_t count, uint32_t *restrict groups) {
    const T *restrict in = in_;
    uint32_t shift = (uint32_t)offset; /* modulo 2^32 all the way: the same as in 64 bits */
    for (uint32_t i = 0; i < count; i++) {
        groups[i] = ((uint32_t)in[i] + shift) * times;
    }
}

static void NAME(add_index)(const void *in_, uint64_t offset, uint32_t times, uint32_t count, uint32_t *restrict groups) {
    const T *restrict in = in_;
    uint32_t shift = (uint32_t)offset;
    for (uint32_t i = 0; i < count; i++) {
        groups[i] += ((uint32_t)in[i] + shift) * times;
    }
}
#undef T
#undef NAME
