/* "did you mean …?": the nearest of many names to one that was not found. */
#ifndef DEPOT_CORE_SUGGEST_H
#define DEPOT_CORE_SUGGEST_H

#include <stdint.h>

typedef struct Suggestion {
    const char *wanted;
    const char *nearest; /* NULL: nothing is near enough; borrowed */
    const void *detail;  /* what suggestion_consider was given with it */
    uint32_t distance;
} Suggestion;

/* `wanted` is borrowed. */
void suggestion_init(Suggestion *suggestion, const char *wanted);
/* Of equally near names the first one stays. */
void suggestion_consider(Suggestion *suggestion, const char *name, const void *detail);

#endif
