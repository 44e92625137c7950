/* Reads a freed block on purpose: a run under AddressSanitizer must fail (sanitizers_bite.sh). */
#include <stdlib.h>

static int *volatile numbers;

int main(void) {
    numbers = calloc(4, sizeof *numbers);
    free(numbers);
    return numbers[1] == 12345;
}
