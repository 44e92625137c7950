/* Array lookups for one key type: wants T (signed or unsigned integer), NAME(f). */
#define LOOKUP(entry, E)                                                                                                       \
    static void NAME(lookup_##entry)(const void *keys_, uint64_t offset, uint64_t range, const void *entries_, uint32_t count, \
                                     uint32_t *restrict out) {                                                                 \
        const T *restrict keys = keys_;                                                                                        \
        const E *restrict entries = entries_;                                                                                  \
        for (uint32_t i = 0; i < count; i++) {                                                                                 \
            uint64_t at = (uint64_t)keys[i] + offset;                                                                          \
            out[i] = entries[at < range ? at : range];                                                                         \
        }                                                                                                                      \
    }
LOOKUP(u8, uint8_t)
LOOKUP(u16, uint16_t)
LOOKUP(u32, uint32_t)
#undef LOOKUP
#undef T
#undef NAME
