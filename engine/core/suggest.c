/* Nearness is the number of single-letter edits and swaps of neighbours (optimal string alignment), letters compared without
 * case. A name that only lacks its prefix ("revenue" for "lo_revenue") is near, too. */
#include "core/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_COMPARED 128

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static uint32_t edit_distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes) {
    uint32_t rows[3][NAME_MAX_COMPARED + 1];
    for (size_t j = 0; j <= b_bytes; j++) {
        rows[0][j] = (uint32_t)j;
    }
    for (size_t i = 1; i <= a_bytes; i++) {
        uint32_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (uint32_t)i;
        for (size_t j = 1; j <= b_bytes; j++) {
            uint32_t best = above[j - 1] + !same_letter(a[i - 1], b[j - 1]);
            best = least(best, least(row[j - 1], above[j]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1])) {
                best = least(best, two_above[j - 2] + 1);
            }
            row[j] = best;
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

/* Is one of them the other behind a prefix that ends with "_"? */
static bool lacks_prefix(const char *shorter, size_t shorter_bytes, const char *longer, size_t longer_bytes) {
    return shorter_bytes >= 3 && longer_bytes > shorter_bytes + 1 && longer[longer_bytes - shorter_bytes - 1] == '_' &&
           strcasecmp(longer + (longer_bytes - shorter_bytes), shorter) == 0;
}

void suggestion_init(Suggestion *suggestion, const char *wanted) {
    *suggestion = (Suggestion){.wanted = wanted, .distance = UINT32_MAX};
}

void suggestion_consider(Suggestion *suggestion, const char *name, const void *detail) {
    size_t wanted_bytes = strlen(suggestion->wanted), bytes = strlen(name);
    if (wanted_bytes > NAME_MAX_COMPARED || bytes > NAME_MAX_COMPARED || bytes == 0) {
        return;
    }
    uint32_t distance = edit_distance(suggestion->wanted, wanted_bytes, name, bytes);
    if (lacks_prefix(suggestion->wanted, wanted_bytes, name, bytes) ||
        lacks_prefix(name, bytes, suggestion->wanted, wanted_bytes)) {
        distance = least(distance, 1);
    }
    uint32_t most = wanted_bytes <= 2 ? 1 : wanted_bytes <= 5 ? 2 : 3; /* edits that still look like a slip */
    if (distance <= most && distance < wanted_bytes && distance < suggestion->distance) {
        suggestion->distance = distance;
        suggestion->nearest = name;
        suggestion->detail = detail;
    }
}
