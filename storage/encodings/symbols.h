/* Texts as codes of a table of symbols: up to 255 strings of one to eight bytes, found in a sample; a code is a byte, and a
 * byte that no symbol begins with is an escape and itself. Each text can be decoded on its own, at some GB/s. (FSST: Boncz,
 * Neumann and Leis 2020.) The block cache keeps texts so; files do not. */
#ifndef DEPOT_STORAGE_SYMBOLS_H
#define DEPOT_STORAGE_SYMBOLS_H

#include "core/memory.h"

#define SYMBOL_BYTES_MAX 8
#define SYMBOL_ESCAPE 255
/* Decoding writes up to so many bytes past the text, encoding and training read as many past the last. */
#define SYMBOLS_SLACK 8

typedef struct SymbolTable {
    uint64_t bytes[SYMBOL_ESCAPE + 1]; /* as they stand in memory, zeros behind them */
    uint8_t lengths[SYMBOL_ESCAPE + 1];
    uint32_t count;
} SymbolTable;

/* Symbols for texts like these: text i ends at ends[i] of `texts`, where the next one begins; the first begins at 0. */
Status symbols_train(const Context *cx, const char *texts, const uint32_t *ends, uint32_t count, SymbolTable *out) MUST_CHECK;

/* A table to encode by. Free it with mem_free(). */
typedef struct SymbolFinder SymbolFinder;
Status symbol_finder_create(const Context *cx, const SymbolTable *symbols, SymbolFinder **out) MUST_CHECK;
/* Writes at most 2 × bytes codes; returns how many. */
uint32_t symbols_encode(const SymbolFinder *finder, const char *text, uint32_t bytes, uint8_t *codes);
/* Returns the end of what it wrote. The codes must be symbols_encode()'s. */
char *symbols_decode(const SymbolTable *symbols, const uint8_t *codes, uint32_t count, char *to);

#endif
