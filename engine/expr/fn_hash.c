/* MD5, SHA1, SHA2 and FNV_HASH. */
#include "expr/digest.h"
#include "expr/fn_loop.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static Status put_digest(const Context *cx, Digest digest, const Text *text, Arena *arena, Vector *out, uint32_t row) {
    char *hex = fn_text_room(cx, arena, DIGEST_HEX_MAX);
    if (hex == NULL) {
        return OUT_OF_MEMORY;
    }
    out_text(out, row, hex, digest_hex(digest, text_data(text), text->bytes, hex));
    return OK;
}

static Status digest_rows(const Context *cx, Digest digest, const Vector *const *args, uint32_t rows, Arena *arena,
                          Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        Text text = arg_TEXT(args[0], row);
        if (fn_row_valid(out, row)) {
            TRY(put_digest(cx, digest, &text, arena, out, row));
        }
    }
    return OK;
}

Status fn_md5(FN_PARAMETERS) {
    FN_UNUSED;
    return digest_rows(cx, DIGEST_MD5, args, rows, arena, out);
}

Status fn_sha1(FN_PARAMETERS) {
    FN_UNUSED;
    return digest_rows(cx, DIGEST_SHA1, args, rows, arena, out);
}

/* sha2(text, bits): 0 is 256, other numbers give NULL, as in Redshift. */
Status fn_sha2(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        Text text = arg_TEXT(args[0], row);
        int32_t bits = arg_I32(args[1], row);
        Digest digest = bits == 224 ? DIGEST_SHA224 : bits == 384 ? DIGEST_SHA384 : bits == 512 ? DIGEST_SHA512 : DIGEST_SHA256;
        bool is_known = bits == 0 || bits == 224 || bits == 256 || bits == 384 || bits == 512;
        TRY(is_known ? put_digest(cx, digest, &text, arena, out, row) : fn_set_null(cx, out, row));
    }
    return OK;
}

/* The bytes of an argument as FNV_HASH takes them: integers little-endian in their width. */
static const void *value_bytes(const Vector *value, uint32_t row, Text *text, size_t *bytes) {
    if (type_is_text(value->type)) {
        *text = arg_TEXT(value, row);
        *bytes = text->bytes;
        return text_data(text);
    }
    *bytes = type_bytes(value->type);
    return (const uint8_t *)value->data + (value->kind == VECTOR_CONSTANT ? 0 : row) * *bytes;
}

/* FNV-1a of 64 bits, going on from a seed; NULL adds nothing, as in Redshift. */
Status fn_fnv_hash(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        bool has_seed = arg_count > 1 && vector_is_valid(args[1], row);
        uint64_t hash = has_seed ? (uint64_t)arg_I64(args[1], row) : FNV_BASIS;
        Text text;
        size_t bytes = 0;
        const uint8_t *data = vector_is_valid(args[0], row) ? value_bytes(args[0], row, &text, &bytes) : NULL;
        for (size_t i = 0; i < bytes; i++) {
            hash = (hash ^ data[i]) * FNV_PRIME;
        }
        ((int64_t *)out->data)[row] = (int64_t)hash;
    }
    return OK;
}
