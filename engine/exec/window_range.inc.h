/* Searching the bounds of RANGE frames. T: the keys' type; NAME(f). Keys [first, end) ascend. For each target the first
 * position whose key is not less (`past`: whose key is greater), never before the last one's: months may move a later key to an
 * earlier day, and as in PostgreSQL frames do not go back. */
static void NAME(search)(const T *keys, uint32_t first, uint32_t end, const T *targets, uint32_t count, bool past,
                         uint32_t *out) {
    uint32_t low = first, high = end; /* the first target's by halving */
    while (low < high && count > 0) {
        uint32_t middle = low + (high - low) / 2;
        if (past ? keys[middle] > targets[0] : keys[middle] >= targets[0]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    for (uint32_t i = 0, at = low; i < count; i++) {
        T target = targets[i];
        if (past) {
            for (; at < end && keys[at] <= target; at++) {
            }
        } else {
            for (; at < end && keys[at] < target; at++) {
            }
        }
        out[i] = at;
    }
}

/* targets[i] = keys[i] ± distance, kept inside the type; true if any had to be. */
static bool NAME(shift)(const T *keys, uint32_t count, T distance, bool goes_back, T *targets) {
    bool leaves = false;
    for (uint32_t i = 0; i < count; i++) {
        bool overflows = goes_back ? __builtin_sub_overflow(keys[i], distance, &targets[i])
                                   : __builtin_add_overflow(keys[i], distance, &targets[i]);
        targets[i] = !overflows ? targets[i] : goes_back ? T_MIN : T_MAX;
        leaves |= overflows;
    }
    return leaves;
}

/* Bounds whose target lies outside of the type are past all keys. */
static void NAME(leave)(const T *keys, uint32_t count, T distance, bool goes_back, uint32_t beyond, uint32_t *out) {
    T moved;
    for (uint32_t i = 0; i < count; i++) {
        bool overflows =
            goes_back ? __builtin_sub_overflow(keys[i], distance, &moved) : __builtin_add_overflow(keys[i], distance, &moved);
        out[i] = overflows ? beyond : out[i];
    }
}
#undef T
#undef T_MIN
#undef T_MAX
#undef NAME
