/* MD5 (RFC 1321), for the checksums that sqllogictest files give in place of long answers. */
#ifndef DEPOT_TESTS_RUNNER_MD5_H
#define DEPOT_TESTS_RUNNER_MD5_H

#include <stddef.h>

void md5_hex(const void *bytes, size_t count, char hex[33]);

#endif
