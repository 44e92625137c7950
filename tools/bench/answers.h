/* Whether two engines gave one answer. */
#ifndef DEPOT_TOOLS_BENCH_ANSWERS_H
#define DEPOT_TOOLS_BENCH_ANSWERS_H

#include <stdbool.h>

/* Both as text, a row per line, cells separated by |. Rows may come in any order (ties do); numbers with a point are equal to
 * 1e-9 of their size, booleans in either spelling. The first difference is printed under `name`. Both texts are cut up. */
bool answers_equal(const char *name, char *ours, char *theirs);

#endif
