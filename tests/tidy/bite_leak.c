/* Leaks on purpose: a run under AddressSanitizer must fail (sanitizers_bite.sh). */
#include <stdlib.h>
#include <string.h>

static void *volatile kept;

int main(void) {
    kept = malloc(100);
    memset(kept, 1, 100);
    kept = NULL;
    return 0;
}
