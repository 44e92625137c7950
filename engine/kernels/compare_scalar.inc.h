/* One loop over blocks of 64 values without vectors: wants LOOP (its name and parameters), FLAG(i), which is 0 or 1. */
static void LOOP {
    uint32_t i = 0;
    uint8_t flags[64] __attribute__((aligned(64)));
    for (; i + 64 <= n; i += 64) {
        for (uint32_t j = 0; j < 64; j++) {
            flags[j] = FLAG(i + j);
        }
        mask[i / 64] = pack_flags(flags);
    }
    if (i < n) {
        uint64_t word = 0;
        for (uint32_t j = 0; i + j < n; j++) {
            word |= (uint64_t)(FLAG(i + j)) << j;
        }
        mask[i / 64] = word;
    }
}
#undef LOOP
#undef FLAG
