/* Days and their parts from moments, for whole batches. Lanes of NULLs may hold anything. */
#ifndef DEPOT_KERNELS_CALENDAR_KERNELS_H
#define DEPOT_KERNELS_CALENDAR_KERNELS_H

#include "kernels/dispatch.h"

/* A part of each day. */
typedef void DayPartLoop(const int32_t *days, uint32_t n, int64_t *out);
/* A day for each day: the first of its month … */
typedef void DayStartLoop(const int32_t *days, uint32_t n, int32_t *out);

struct CalendarKernels {
    void (*days)(const int64_t *moments, uint32_t n, int32_t *out); /* of microseconds since 1970 */
    DayPartLoop *year, *month, *day;                                /* the year before 1 is -1 */
    DayStartLoop *week_start, *month_start;                         /* Monday; the first */
};
extern const struct CalendarKernels *_Atomic calendar_kernels;

#endif
