/* The comparison loops of a class that has no vector code: wants T, NAME(f), EQUAL(x, y) and LESS(x, y), each 0 or 1. */
#define LOOP NAME(equal)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#define FLAG(i) EQUAL(((const T *)a_)[i], ((const T *)b_)[i])
#include "kernels/compare_scalar.inc.h"

#define LOOP NAME(less)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#define FLAG(i) LESS(((const T *)a_)[i], ((const T *)b_)[i])
#include "kernels/compare_scalar.inc.h"

#define LOOP NAME(equal_constant)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#define FLAG(i) EQUAL(((const T *)a_)[i], *(const T *)b_)
#include "kernels/compare_scalar.inc.h"

#define LOOP NAME(less_constant)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#define FLAG(i) LESS(((const T *)a_)[i], *(const T *)b_)
#include "kernels/compare_scalar.inc.h"

#define LOOP NAME(greater_constant)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#define FLAG(i) LESS(*(const T *)b_, ((const T *)a_)[i])
#include "kernels/compare_scalar.inc.h"

#undef T
#undef NAME
#undef EQUAL
#undef LESS
