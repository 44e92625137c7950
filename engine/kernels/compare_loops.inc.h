/* The comparison loops of one number class: wants T, NAME(f), EQUAL(x, y) and LESS(x, y), for vectors and scalars alike. */
#define TEST EQUAL
#define A ((const T *)a_)
#define Y(R, i) (*(const R *)((const T *)b_ + (i)))
#define LOOP NAME(equal)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"

#define A ((const T *)a_)
#define Y(R, i) (*(const T *)b_ - (R){0}) /* in every lane */
#define LOOP NAME(equal_constant)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"
#undef TEST

#define TEST LESS
#define A ((const T *)a_)
#define Y(R, i) (*(const R *)((const T *)b_ + (i)))
#define LOOP NAME(less)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"

#define A ((const T *)a_)
#define Y(R, i) (*(const T *)b_ - (R){0}) /* in every lane */
#define LOOP NAME(less_constant)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"
#undef TEST

#define TEST(x, y) LESS(y, x)
#define A ((const T *)a_)
#define Y(R, i) (*(const T *)b_ - (R){0}) /* in every lane */
#define LOOP NAME(greater_constant)(const void *a_, const void *b_, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"
#undef TEST

#undef T
#undef NAME
#undef EQUAL
#undef LESS
