/* Decimal digits eight at a time, in the bytes of a word: no branch depends on how many there are. Reads up to
 * CSV_CELL_SLACK_BYTES behind the digits. */
#ifndef DEPOT_STORAGE_CSV_DIGITS_H
#define DEPOT_STORAGE_CSV_DIGITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CSV_CELL_SLACK_BYTES 16
#define CSV_DIGITS_MAX 18 /* that surely fit in 63 bits */

/* Each byte 0 to 9? Larger ones carry at most into bytes above a byte that is wrong itself. */
static inline bool csv_bytes_are_digits(uint64_t bytes) {
    return (((bytes + UINT64_C(0x7676767676767676)) | bytes) & UINT64_C(0x8080808080808080)) == 0;
}

/* `count` digits, 1 to 8. */
static inline bool csv_eight_digits(const char *at, uint32_t count, uint64_t *value) {
    const uint64_t zeros = UINT64_C(0x3030303030303030), pairs = UINT64_C(0x000000ff000000ff);
    uint32_t shift = 64 - 8 * count;
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word = (word ^ zeros) << shift; /* the last digit on top; 0 stands before the first one */
    if (!csv_bytes_are_digits(word)) {
        return false;
    }
    word = word * 10 + (word >> 8); /* two digits in every other byte */
    *value = ((word & pairs) * UINT64_C(0x000f424000000064) + ((word >> 16) & pairs) * UINT64_C(0x0000271000000001)) >> 32;
    return true;
}

/* `count` digits, 1 to CSV_DIGITS_MAX. */
static inline bool csv_digits(const char *at, uint32_t count, int64_t *value) {
    uint32_t here = (count - 1) % 8 + 1;
    uint64_t sum, part;
    if (!csv_eight_digits(at, here, &sum)) {
        return false;
    }
    for (; here < count; here += 8) {
        if (!csv_eight_digits(at + here, 8, &part)) {
            return false;
        }
        sum = sum * 100000000 + part;
    }
    *value = (int64_t)sum;
    return true;
}

/* YYYY-MM-DD. */
static inline bool csv_iso_date(const char *at, uint32_t *year, uint32_t *month, uint32_t *day) {
    uint64_t word, days;
    memcpy(&word, at, sizeof word);
    word ^= UINT64_C(0x2d30302d30303030); /* "0000-00-" */
    if (!csv_bytes_are_digits(word) || (word & UINT64_C(0xff0000ff00000000)) != 0 || !csv_eight_digits(at + 8, 2, &days)) {
        return false;
    }
    word = word * 10 + (word >> 8);
    *year = (uint32_t)(word & 0xff) * 100 + (uint32_t)(word >> 16 & 0xff);
    *month = (uint32_t)(word >> 40 & 0xff);
    *day = (uint32_t)days;
    return true;
}

#endif
