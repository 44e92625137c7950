/* Picks the instruction set of the kernel tables at start, and on request. */
#include "kernels/dispatch.h"

#include <string.h>

typedef enum KernelSet { SET_BASELINE, SET_AVX2, SET_AVX512 } KernelSet;
static const char *const set_names[] = {"baseline", "avx2", "avx512"};
static _Atomic(KernelSet) selected;

#define KERNEL_FAMILY(name, type) extern const struct type name##_baseline, name##_avx2, name##_avx512;
#include "kernels/kernels.def"
#undef KERNEL_FAMILY
/* Atomic: SET kernels changes them for the whole process, while other sessions compute. */
#define KERNEL_FAMILY(name, type) const struct type *_Atomic name = &name##_baseline;
#include "kernels/kernels.def"
#undef KERNEL_FAMILY

static KernelSet best_set(void) {
#ifdef DEPOT_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd")) {
        return SET_AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        return SET_AVX2;
    }
#endif
    return SET_BASELINE;
}

static void point_tables_at(KernelSet set) {
#ifdef DEPOT_X86
#define KERNEL_FAMILY(name, type) name = set == SET_AVX512 ? &name##_avx512 : set == SET_AVX2 ? &name##_avx2 : &name##_baseline;
#include "kernels/kernels.def"
#undef KERNEL_FAMILY
#endif
    selected = set;
}

__attribute__((constructor)) static void select_best(void) {
    point_tables_at(best_set());
}

Status kernels_select(const Context *cx, const char *name) {
    KernelSet best = best_set();
    if (strcmp(name, "auto") == 0) {
        point_tables_at(best);
        return OK;
    }
    for (KernelSet set = SET_BASELINE; set <= SET_AVX512; set++) {
        if (strcmp(name, set_names[set]) == 0) {
            if (set > best) {
                return fail(cx, INVALID_PARAMETER_VALUE, "this processor has no %s", name);
            }
            point_tables_at(set);
            return OK;
        }
    }
    return fail(cx, INVALID_PARAMETER_VALUE, "unknown kernels \"%s\"", name);
}
