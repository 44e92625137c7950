/* Codes through a map, one loop per width of the result — wants T (the codes' type) and NAME(f). */
static void NAME(map_to_u8)(const T *restrict codes, const uint8_t *restrict map, uint32_t count, uint8_t *restrict out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = map[codes[i]];
    }
}

static void NAME(map_to_u16)(const T *restrict codes, const uint16_t *restrict map, uint32_t count, uint16_t *restrict out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = map[codes[i]];
    }
}

static void NAME(map_to_u32)(const T *restrict codes, const uint32_t *restrict map, uint32_t count, uint32_t *restrict out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = map[codes[i]];
    }
}
#undef T
#undef NAME
