/* MIN and MAX of one number class: wants T, MEMBER (of the state), NAME and LESS(a, b). Without groups and NULLs the batch is
 * reduced first, which is vector code. */
static void NAME(bool is_min, uint8_t *states, size_t stride, const uint32_t *groups, const void *data,
                 const uint64_t *validity, uint32_t rows) {
    const T *restrict values = data;
    T one;
    if (groups == NULL && validity == NULL) {
        one = values[0];
        if (is_min) {
            for (uint32_t row = 1; row < rows; row++) {
                one = LESS(values[row], one) ? values[row] : one;
            }
        } else {
            for (uint32_t row = 1; row < rows; row++) {
                one = LESS(one, values[row]) ? values[row] : one;
            }
        }
        values = &one;
        rows = 1;
    }
    for (uint32_t row = 0; row < rows; row++) {
        if (validity != NULL && !bit_get(validity, row)) {
            continue;
        }
        T value = values[row];
        Extreme *state = (Extreme *)agg_state(states, stride, groups, row);
        if (!state->has_value || (is_min ? LESS(value, state->MEMBER) : LESS(state->MEMBER, value))) {
            state->MEMBER = value;
            state->has_value = true;
        }
    }
}
#undef T
#undef MEMBER
#undef NAME
#undef LESS
