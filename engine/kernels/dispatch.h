/* Which instruction set the loops use. Every kernels/<family>_kernels.c is compiled once per set (KERNEL_SET is baseline, avx2
 * or avx512) and defines one constant table of function pointers:
 *
 *     KERNEL_TABLE(CompareKernels, compare_kernels) = { … };     // compare_kernels_avx2 in the avx2 build of the file
 *
 * kernels.def lists the families; dispatch.c points `compare_kernels` at the best table the processor has when the process
 * starts, and kernels_select() at another (SET kernels = baseline). All other functions in a *_kernels.c file are static. */
#ifndef DEPOT_KERNELS_DISPATCH_H
#define DEPOT_KERNELS_DISPATCH_H

#include "core/status.h"

#define KERNEL_CONCAT_(a, b) a##_##b
#define KERNEL_CONCAT(a, b) KERNEL_CONCAT_(a, b)
#define KERNEL_TABLE(type, name)                                                                                               \
    extern const type KERNEL_CONCAT(name, KERNEL_SET);                                                                         \
    const type KERNEL_CONCAT(name, KERNEL_SET)

/* "auto", "baseline", "avx2" or "avx512". INVALID_PARAMETER_VALUE if the processor lacks it. Process-wide; call it between
 * statements. */
Status kernels_select(const Context *cx, const char *name);

#endif
