/* What the machine leaves this process: the base of every default that says "a share of the machine's memory". */
#ifndef DEPOT_CORE_MACHINE_H
#define DEPOT_CORE_MACHINE_H

#include <stdint.h>

/* Bytes of memory that the process may use: the machine's, or less where a resource limit (data or address space) or a control
 * group says so. Asked for once; the same from then on. */
int64_t machine_memory_bytes(void);

#endif
