/* Work in a process of its own, so that its peak memory is its own. */
#ifndef DEPOT_TOOLS_BENCH_CHILD_H
#define DEPOT_TOOLS_BENCH_CHILD_H

#include <stdbool.h>

typedef struct ChildReport {
    double seconds;  /* as `work` measured them */
    double peak_mib; /* resident memory at most; of 2^20 bytes */
} ChildReport;

/* Calls work(context, &seconds) in a child. False if that was the answer, or the child did not live to give one. To be called
 * before this process has threads. */
bool child_run(bool (*work)(const void *context, double *seconds), const void *context, ChildReport *report);

#endif
