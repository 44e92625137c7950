/* Loops over codes of one width — wants T (an unsigned type) and NAME(f). */
static void NAME(subtract_base)(const int64_t *restrict values, uint64_t base, uint32_t count, T *restrict codes) {
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = (T)((uint64_t)values[i] - base);
    }
}

static void NAME(add_base)(T *codes, T base, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = (T)(codes[i] + base);
    }
}

static void NAME(sum_deltas)(T *codes, T start, T delta_min, uint32_t count) {
    T sum = start;
    codes[0] = sum;
    for (uint32_t i = 1; i < count; i++) {
        sum = (T)(sum + (T)(codes[i] + delta_min));
        codes[i] = sum;
    }
}

/* Whole wide stores, past the run's end: the next run writes over that. Runs longer than one loop. Stores go through a pointer:
 * an index of 32 bits could wrap, and the compiler would store value by value. */
static uint32_t NAME(expand_runs)(const T *restrict values, const uint16_t *restrict lengths, uint32_t runs, uint32_t room,
                                  T *restrict out) {
    enum { WIDE = 64 / sizeof(T) };
    uint32_t at = 0;
    for (uint32_t r = 0; r < runs && at < room; r++) {
        T value = values[r], *to = out + at;
        uint32_t length = (uint32_t)lengths[r] + 1;
        length = length < room - at ? length : room - at;
        const T *end = to + length;
        do {
            for (uint32_t i = 0; i < WIDE; i++) {
                to[i] = value;
            }
            to += WIDE;
        } while (to < end);
        at += length;
    }
    return at;
}
#undef T
#undef NAME
