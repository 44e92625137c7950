/* Floating to integer, rounding half to even: wants FROM, TO, HIGH (2 to the bits of TO less one, as FROM), ROUND and NAME. */
static bool NAME(const void *from_, void *to_, uint32_t n) {
    const FROM *restrict from = from_;
    TO *restrict to = to_;
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        FROM whole = ROUND(from[i]);
        int good = (whole >= -HIGH) & (whole < HIGH);
        to[i] = good ? (TO)whole : 0;
        bad |= !good;
    }
    return bad != 0;
}
#undef TO
#undef HIGH
#undef NAME
