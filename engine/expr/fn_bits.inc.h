/* Bit operators of one integer class: wants T, U (its unsigned twin) and NAME(f). Shifts count modulo the bits of the register
 * that the value stands in, as the hardware that PostgreSQL runs on does. */
static void NAME(bits)(BitOp op, const Vector *left, const Vector *right, uint32_t rows, void *out_) {
    T *restrict out = out_;
    const T *a = left->data;
    const uint32_t mask = sizeof(T) == 8 ? 63 : 31;
    uint32_t left_step = left->kind == VECTOR_CONSTANT ? 0 : 1, right_step = right->kind == VECTOR_CONSTANT ? 0 : 1;
    if (op == BIT_LEFT || op == BIT_RIGHT) {
        const int32_t *counts = right->data;
        for (uint32_t i = 0; i < rows; i++) {
            uint32_t count = (uint32_t)counts[i * right_step] & mask;
            int64_t value = a[i * left_step];
            out[i] = op == BIT_LEFT ? (T)((uint64_t)value << count) : (T)(value >> count);
        }
        return;
    }
    const T *b = right->data;
    for (uint32_t i = 0; i < rows; i++) {
        T x = a[i * left_step], y = b[i * right_step];
        out[i] = (T)(op == BIT_AND ? x & y : op == BIT_OR ? x | y : op == BIT_XOR ? x ^ y : ~x);
    }
}
#undef T
#undef NAME
