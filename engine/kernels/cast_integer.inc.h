/* Integer to integer: wants FROM, TO and PAIR(f). */
static bool PAIR(convert)(const void *from_, void *to_, uint32_t n) {
    const FROM *restrict from = from_;
    TO *restrict to = to_;
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (TO)from[i];
        bad |= (FROM)to[i] != from[i];
    }
    return bad != 0;
}

static bool PAIR(scale_up)(const void *from_, __int128 factor_, __int128 limit_, void *to_, uint32_t n) {
    const FROM *restrict from = from_;
    TO *restrict to = to_;
    TO factor = (TO)factor_, limit = (TO)limit_;
    bool bad = false;
    for (uint32_t i = 0; i < n; i++) {
        TO product;
        bad |= __builtin_mul_overflow(from[i], factor, &product);
        bad |= (product >= limit) | (product <= -limit);
        to[i] = product;
    }
    return bad;
}

static bool PAIR(scale_down)(const void *from_, __int128 factor_, __int128 limit, void *to_, uint32_t n) {
    const FROM *restrict from = from_;
    TO *restrict to = to_;
    FROM factor = (FROM)factor_;
    bool bad = false;
    for (uint32_t i = 0; i < n; i++) {
        FROM quotient = from[i] / factor, rest = from[i] % factor;
        FROM size = rest < 0 ? -rest : rest;
        quotient += size >= factor - size ? (rest < 0 ? -1 : 1) : 0;
        to[i] = (TO)quotient;
        bad |= ((__int128)quotient >= limit) | ((__int128)quotient <= -limit) | ((FROM)to[i] != quotient);
    }
    return bad;
}
#undef TO
#undef PAIR
