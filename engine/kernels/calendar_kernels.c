/* Calendar arithmetic in vectors: 32-bit products, and doubles for the one division of 64 bits. */
#include "kernels/calendar_kernels.h"

#include "core/datetime.h"

#include <string.h>

/* A day is 2^13 × 10546875 microseconds. What is left of a moment after the shift has 50 bits: it becomes a double exactly (by
 * adding it to the last bits of 1.5 × 2^52, which needs no instruction of its own), and its quotient by 10546875 never rounds
 * up to a whole number that it does not reach. */
static void days(const int64_t *restrict moments, uint32_t n, int32_t *restrict out) {
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bits = (uint64_t)(moments[i] >> 13) + UINT64_C(0x4338000000000000);
        double shifted;
        memcpy(&shifted, &bits, sizeof shifted);
        double exact = (shifted - 0x1.8p52) / 10546875.0;
        int32_t towards_zero = (int32_t)exact;
        out[i] = towards_zero - (towards_zero > exact);
    }
}

static void year(const int32_t *restrict in, uint32_t n, int64_t *restrict out) {
    for (uint32_t i = 0; i < n; i++) {
        int32_t year;
        uint32_t month, day;
        calendar_split(in[i], &year, &month, &day);
        out[i] = year - (year <= 0);
    }
}

static void month(const int32_t *restrict in, uint32_t n, int64_t *restrict out) {
    for (uint32_t i = 0; i < n; i++) {
        int32_t year;
        uint32_t month, day;
        calendar_split(in[i], &year, &month, &day);
        out[i] = month;
    }
}

static void day(const int32_t *restrict in, uint32_t n, int64_t *restrict out) {
    for (uint32_t i = 0; i < n; i++) {
        int32_t year;
        uint32_t month, day;
        calendar_split(in[i], &year, &month, &day);
        out[i] = day;
    }
}

static void month_start(const int32_t *restrict in, uint32_t n, int32_t *restrict out) {
    for (uint32_t i = 0; i < n; i++) {
        int32_t year;
        uint32_t month, day;
        calendar_split(in[i], &year, &month, &day);
        out[i] = (int32_t)((uint32_t)in[i] - day + 1);
    }
}

#define WEEK_ORIGIN (7u * 500000 + 3) /* days, from a Monday before all dates to Thursday, 1970-01-01 */

static void week_start(const int32_t *restrict in, uint32_t n, int32_t *restrict out) {
    for (uint32_t i = 0; i < n; i++) {
        uint32_t since = (uint32_t)in[i] + WEEK_ORIGIN;
        out[i] = (int32_t)((uint32_t)in[i] - since % 7);
    }
}

KERNEL_TABLE(struct CalendarKernels, calendar_kernels) = {
    .days = days, .year = year, .month = month, .day = day, .week_start = week_start, .month_start = month_start};
