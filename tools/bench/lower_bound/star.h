/* Three queries of the star schema benchmark as a programmer would write them who knows the data: narrow arrays, filters of
 * dimensions as byte arrays indexed by dense keys, group numbers into one array of sums. */
#ifndef LOWER_BOUND_STAR_H
#define LOWER_BOUND_STAR_H

#include "engine/depot.h"
#include "tools/bench/lower_bound/loops.h"

#include <stdbool.h>

typedef struct Star Star;

/* Copies what the three queries read out of the warehouse. False: `db` has its last error, or the keys do not fit. */
bool star_load(depot *db, Star **star);
void star_free(Star *star);

/* Is it a query that is written here ("q1_1", "q2_1", "q4_1")? */
bool star_has(const char *query);
/* Bytes of the narrow arrays that the query's tests and sums can touch. */
size_t star_bytes(const Star *star, const char *query);
/* Runs it from the beginning, filters of the dimensions included. The answer, as lines of cells with | between them, goes to
 * *answer (malloc) unless NULL. */
void star_run(const Star *star, const char *query, const Loops *loops, int threads, char **answer);

#endif
