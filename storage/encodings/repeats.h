/* A second stage for packed codes of which many are the one before once more: a bit per row that says whether its code is a new
 * one, and the new ones, packed. It is undone when a block enters the cache, so scans never see it. */
#ifndef DEPOT_STORAGE_REPEATS_H
#define DEPOT_STORAGE_REPEATS_H

#include "storage/encodings/pack.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes that `rows` codes take of which `fresh` differ from the one before; the first one does. */
size_t repeats_bytes(uint32_t bits, uint32_t rows, uint32_t fresh);
/* Packed codes (pack.h) → the bits and the new codes; `to` has room for repeats_bytes(bits, rows, rows). Returns the bytes. */
size_t repeats_compress(const uint8_t *packed, uint32_t bits, uint32_t rows, uint8_t *to);
/* Back to pack_bytes(bits, rows) bytes; false if `from` is not what compressing gives. */
bool repeats_expand(const uint8_t *from, size_t bytes, uint32_t bits, uint32_t rows, uint8_t *packed);

#endif
