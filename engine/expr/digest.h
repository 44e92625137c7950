/* Digests of texts, by nettle, as hexadecimal digits. */
#ifndef DEPOT_EXPR_DIGEST_H
#define DEPOT_EXPR_DIGEST_H

#include <stddef.h>
#include <stdint.h>

typedef enum Digest { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA224, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 } Digest;

#define DIGEST_HEX_MAX 128

/* Writes the digits (no final 0) and returns how many there are. */
uint32_t digest_hex(Digest digest, const char *data, size_t bytes, char hex[DIGEST_HEX_MAX]);

#endif
