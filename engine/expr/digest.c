/* Digests by nettle. See digest.h. */
#include "expr/digest.h"

#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>

uint32_t digest_hex(Digest digest, const char *data, size_t bytes, char hex[DIGEST_HEX_MAX]) {
    static const struct nettle_hash *const hashes[] = {
        [DIGEST_MD5] = &nettle_md5,       [DIGEST_SHA1] = &nettle_sha1,     [DIGEST_SHA224] = &nettle_sha224,
        [DIGEST_SHA256] = &nettle_sha256, [DIGEST_SHA384] = &nettle_sha384, [DIGEST_SHA512] = &nettle_sha512};
    static const char digits[] = "0123456789abcdef";
    const struct nettle_hash *hash = hashes[digest];
    _Alignas(16) uint8_t context[512], result[DIGEST_HEX_MAX / 2];
    _Static_assert(sizeof(struct sha512_ctx) <= sizeof context, "the largest context fits");
    hash->init(context);
    hash->update(context, bytes, (const uint8_t *)data);
    hash->digest(context, hash->digest_size, result);
    for (uint32_t i = 0; i < hash->digest_size; i++) {
        hex[2 * i] = digits[result[i] >> 4];
        hex[2 * i + 1] = digits[result[i] & 15];
    }
    return 2 * hash->digest_size;
}
