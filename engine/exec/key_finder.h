/* Finds the first candidate build row of every probe row of a batch. One per task.
 *
 * Codes over a base are looked up as they are. Codes of a query dictionary are looked up once per dictionary entry, as soon as
 * that many rows have come: from then on a probe is one array access whatever the key's type. */
#ifndef DEPOT_EXEC_KEY_FINDER_H
#define DEPOT_EXEC_KEY_FINDER_H

#include "exec/join_table.h"

typedef struct KeyFinder {
    uint32_t *heads;              /* per row: first candidate (row + 1), 0: none; owned */
    uint64_t *keys;               /* hash index: integer keys or hashes per row; owned */
    uint64_t *hashes;             /* hash index of integer keys: their hashes; owned */
    bool is_verified;             /* candidates are known to have equal keys */
    bool is_single;               /* no row has a further candidate that matters */
    const Dictionary *dictionary; /* that entry_heads belongs to */
    uint32_t *entry_heads;        /* per dictionary entry: verified; owned */
    const Dictionary *seen;       /* whose codes came last */
    uint64_t rows_seen;           /* of it */
    Vector scratch;
} KeyFinder;

Status key_finder_open(const Context *cx, KeyFinder *finder) MUST_CHECK;
void key_finder_close(KeyFinder *finder);
/* The next rows meet another index: nothing that was looked up in the last one holds. */
void key_finder_forget(KeyFinder *finder);
/* Fills heads, is_verified and is_single for the rows of `in`. */
Status key_finder_find(const Context *cx, KeyFinder *finder, const JoinSpec *spec, const JoinIndex *index,
                       const RowTable *table, const Batch *in) MUST_CHECK;
/* Hashes of all key columns, combined. */
Status join_hash_keys(const Context *cx, const Batch *in, const uint32_t *keys, uint32_t key_count,
                      uint64_t *hashes) MUST_CHECK;

#endif
