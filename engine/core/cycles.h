/* Cycles of the processor that a thread spends in its own code (not in the kernel), as the kernel's performance events count
 * them. Many machines, virtual ones above all, have no such counter, and many kernels do not grant it: then there is none, and
 * nothing else changes. A reading is a system call: for a profile that asks for it, not for every query. */
#ifndef DEPOT_CORE_CYCLES_H
#define DEPOT_CORE_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct CycleCounter { /* zeroed: closed */
    bool is_open;
    int file;
} CycleCounter;

/* Of the calling thread, from here on; stays closed where the kernel grants none. */
CycleCounter cycle_counter_open(void);
void cycle_counter_close(CycleCounter *counter);
/* By the thread that opened it; 0 if it is closed. Only differences of two readings mean something. */
uint64_t cycle_counter_read(const CycleCounter *counter);

/* Tests only: the nanoseconds that the thread was running stand in for cycles, which few test machines count. */
void cycle_counter_use_clock(bool on);

#endif
