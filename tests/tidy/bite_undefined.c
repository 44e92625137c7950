/* Overflows a signed addition on purpose: a run under UndefinedBehaviorSanitizer must fail (sanitizers_bite.sh). */
#include <limits.h>

int main(int argc, char **argv) {
    (void)argv;
    int volatile most = INT_MAX;
    return most + argc == 12345;
}
