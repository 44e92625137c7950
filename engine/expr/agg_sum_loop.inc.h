/* One summing loop: wants SUM_LOOP (its name), ADD, T and BATCH_SUM. */
static __attribute__((unused)) void SUM_LOOP(uint8_t *states, size_t stride, const uint32_t *groups, const void *data,
                                             const uint64_t *validity, int64_t base, uint32_t rows) {
    const T *restrict values = data;
    if (groups == NULL && validity == NULL) {
        ADD(states, BATCH_SUM(values, rows) + (__int128)base * rows, rows);
    } else if (validity == NULL) {
        for (uint32_t row = 0; row < rows; row++) {
            ADD(states + groups[row] * stride, (int64_t)((uint64_t)values[row] + (uint64_t)base), 1);
        }
    } else {
        for (uint32_t row = 0; row < rows; row++) {
            if (bit_get(validity, row)) {
                ADD(agg_state(states, stride, groups, row), (int64_t)((uint64_t)values[row] + (uint64_t)base), 1);
            }
        }
    }
}
#undef SUM_LOOP
#undef ADD
