/* Single codes of a chunk of one lane width — wants T (the code's unsigned type) and NAME(f). */
static inline uint64_t NAME(unpack_one)(const uint8_t *chunk, uint32_t bits, uint32_t row) {
    enum { LANE_BITS = sizeof(T) * 8, LANES = PACK_CHUNK / LANE_BITS };
    uint32_t bit = row / LANES * bits, shift = bit % LANE_BITS;
    const uint8_t *at = chunk + ((size_t)(bit / LANE_BITS) * LANES + row % LANES) * sizeof(T);
    T word;
    memcpy(&word, at, sizeof word);
    uint64_t code = (uint64_t)word >> shift;
    if (shift + bits > LANE_BITS) {
        memcpy(&word, at + PACK_ROW_BYTES, sizeof word);
        code |= (uint64_t)word << (LANE_BITS - shift);
    }
    return bits == 64 ? code : code & ((UINT64_C(1) << bits) - 1);
}

static void NAME(unpack_few)(const uint8_t *chunk, uint32_t bits, const uint16_t *rows, uint32_t count, void *codes_) {
    T *codes = codes_;
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = (T)NAME(unpack_one)(chunk, bits, rows[i] % PACK_CHUNK);
    }
}

static void NAME(pick)(const void *chunk_, const uint16_t *rows, uint32_t count, void *codes_) {
    const T *chunk = chunk_;
    T *codes = codes_;
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = chunk[rows[i] % PACK_CHUNK];
    }
}
#undef T
#undef NAME
