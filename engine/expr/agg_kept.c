/* Values that states keep. See agg_kept.h. */
#include "expr/agg_kept.h"

Status kept_set(const Context *cx, Kept *kept, const Value *value, Arena *arena) {
    memcpy(&kept->bits, &value->i128, sizeof kept->bits);
    if (!type_is_text(value->type) || value->text.bytes <= TEXT_INLINE_MAX) {
        return OK;
    }
    if (value->text.bytes > kept->room_bytes) {
        kept->room_bytes = (uint64_t)value->text.bytes * 3 / 2;
        kept->room = arena_alloc(cx, arena, kept->room_bytes);
        if (kept->room == NULL) {
            kept->room_bytes = 0;
            return OUT_OF_MEMORY;
        }
    }
    memcpy(kept->room, value->text.pointer, value->text.bytes);
    kept->text = text_view(kept->room, value->text.bytes);
    return OK;
}

Value kept_value(const Kept *kept, Type type) {
    Value value = {.type = type};
    memcpy(&value.i128, &kept->bits, sizeof kept->bits);
    return value;
}
