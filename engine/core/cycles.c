#include "core/cycles.h"

#include <linux/perf_event.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic(bool) uses_clock;

void cycle_counter_use_clock(bool on) {
    atomic_store(&uses_clock, on);
}

CycleCounter cycle_counter_open(void) {
    bool of_clock = atomic_load(&uses_clock);
    struct perf_event_attr event = {
        .size = sizeof event,
        .type = of_clock ? PERF_TYPE_SOFTWARE : PERF_TYPE_HARDWARE,
        .config = of_clock ? PERF_COUNT_SW_TASK_CLOCK : PERF_COUNT_HW_CPU_CYCLES,
        .exclude_kernel = 1, /* what an unprivileged process may count */
        .exclude_hv = 1,
    };
    long file = syscall(SYS_perf_event_open, &event, 0 /* this thread */, -1 /* any processor */, -1, PERF_FLAG_FD_CLOEXEC);
    return file < 0 ? (CycleCounter){0} : (CycleCounter){.is_open = true, .file = (int)file};
}

void cycle_counter_close(CycleCounter *counter) {
    if (counter->is_open) {
        close(counter->file);
    }
    *counter = (CycleCounter){0};
}

uint64_t cycle_counter_read(const CycleCounter *counter) {
    uint64_t cycles = 0;
    return counter->is_open && read(counter->file, &cycles, sizeof cycles) == sizeof cycles ? cycles : 0;
}
