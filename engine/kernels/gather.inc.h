/* Gather loops of one element type: wants T, NAME(f). */
static void NAME(gather)(const void *data_, const uint32_t *restrict rows, uint32_t count, void *out_) {
    const T *restrict data = data_;
    T *restrict out = out_;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = data[rows[i]];
    }
}

static void NAME(gather_chunked)(void *const *chunks, const uint32_t *restrict rows, uint32_t count, void *out_) {
    T *restrict out = out_;
    for (uint32_t i = 0; i < count; i++) {
        const T *chunk = chunks[rows[i] >> 16];
        out[i] = chunk[rows[i] & 0xffff];
    }
}

#undef T
#undef NAME
