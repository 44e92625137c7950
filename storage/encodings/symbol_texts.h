/* How the block cache may keep a block of raw text: each text as symbols (symbols.h), so that it takes at most three
 * fifths of the memory and each row can still be read alone. Reading decodes what it is asked for into the vector. */
#ifndef DEPOT_STORAGE_SYMBOL_TEXTS_H
#define DEPOT_STORAGE_SYMBOL_TEXTS_H

#include "storage/encodings/encoding.h"
#include "storage/encodings/symbols.h"

extern const EncodingClass symbol_texts_encoding; /* to decode and gather with; no file has it */

/* Symbols for a column's blocks from the first one. `values` are a raw block's after raw_text_open(). None if they would not
 * pay. */
Status symbol_texts_train(const Context *cx, const BlockEntry *entry, const uint8_t *values, SymbolTable *out) MUST_CHECK;
/* The block with room for `lead` bytes before it, from mem_alloc(); *out NULL: it does not pay. Borrows the symbols. */
Status symbol_texts_make(const Context *cx, const BlockEntry *entry, const uint8_t *values, const SymbolTable *symbols,
                         uint32_t lead, uint8_t **out) MUST_CHECK;

#endif
