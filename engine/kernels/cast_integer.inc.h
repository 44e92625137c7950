/* Integer to integer: wants FROM, TO, UNSIGNED_TO and PAIR(f). */
static bool PAIR(convert)(const void *from_, void *to_, uint32_t n) {
    const FROM *restrict from = from_;
    TO *restrict to = to_;
    FROM bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (TO)from[i];
        bad |= (FROM)((FROM)to[i] ^ from[i]);
    }
    return bad != 0;
}

static bool PAIR(scale_up)(const void *from_, __int128 factor_, __int128 limit_, void *to_, uint32_t n) {
    const FROM *restrict from = from_;
    TO *restrict to = to_;
    TO factor = (TO)factor_, most = (TO)((limit_ - 1) / factor_); /* |from| up to here does not overflow */
    TO bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        TO value = (TO)from[i];
        bad |= (TO)(value > most) | (TO)(value < -most) | (TO)((FROM)value != from[i]);
        to[i] = (TO)((UNSIGNED_TO)value * (UNSIGNED_TO)factor);
    }
    return bad != 0;
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
#undef UNSIGNED_TO
#undef PAIR
