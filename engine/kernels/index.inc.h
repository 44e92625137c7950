/* Group numbers from one input type, and sums of it by group: wants T, NAME(f). */
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

static void NAME(sum)(const void *in_, int64_t base, const uint32_t *groups, uint32_t count, int64_t *sums_, size_t copy) {
    const T *in = in_;
    uint64_t *sums = (uint64_t *)sums_;
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        sums[groups[i]] += (uint64_t)((int64_t)in[i] + base);
        sums[groups[i + 1] + copy] += (uint64_t)((int64_t)in[i + 1] + base);
        sums[groups[i + 2] + 2 * copy] += (uint64_t)((int64_t)in[i + 2] + base);
        sums[groups[i + 3] + 3 * copy] += (uint64_t)((int64_t)in[i + 3] + base);
    }
    for (; i < count; i++) {
        sums[groups[i]] += (uint64_t)((int64_t)in[i] + base);
    }
}
#undef T
#undef NAME
