/* The least of physical memory, RLIMIT_DATA, RLIMIT_AS and the limits of the process's control groups (of both versions) and
 * those around them. */
#include "core/machine.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LEAST_BYTES ((int64_t)64 << 20) /* who has less than that is not helped by smaller shares */

static int64_t least_of(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t resource_limit(int resource) {
    struct rlimit limit;
    bool is_limited = getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < INT64_MAX;
    return is_limited ? (int64_t)limit.rlim_cur : INT64_MAX;
}

/* A file with one number; "max", or no such file: no limit. */
static int64_t limit_in_file(const char *path) {
    char line[64];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return INT64_MAX;
    }
    bool is_read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    char *end = line;
    long long bytes = is_read ? strtoll(line, &end, 10) : 0;
    return end != line && bytes > 0 ? bytes : INT64_MAX;
}

/* `group` is cut off one name after the other, up to the root. */
static int64_t limit_of_group(const char *root, const char *file, char *group) {
    int64_t least = INT64_MAX;
    for (char *end = group + strlen(group); end != NULL; end = strrchr(group, '/')) {
        char path[1024];
        *end = 0;
        if ((size_t)snprintf(path, sizeof path, "%s%s/%s", root, group, file) < sizeof path) {
            least = least_of(least, limit_in_file(path));
        }
    }
    return least;
}

/* Lines of /proc/self/cgroup are number:controllers:path; version 2 names no controllers. */
static int64_t control_group_limit(void) {
    char line[1024];
    int64_t least = INT64_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':'), *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (path == NULL) {
            continue;
        }
        *path++ = 0;
        if (controllers[1] == 0) {
            least = least_of(least, limit_of_group("/sys/fs/cgroup", "memory.max", path));
        } else if (strcmp(controllers + 1, "memory") == 0) {
            least = least_of(least, limit_of_group("/sys/fs/cgroup/memory", "memory.limit_in_bytes", path));
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return least;
}

static int64_t bytes_left;

static void ask(void) {
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    bytes = least_of(bytes, resource_limit(RLIMIT_DATA));
    bytes = least_of(bytes, resource_limit(RLIMIT_AS));
    bytes = least_of(bytes, control_group_limit());
    bytes_left = bytes < LEAST_BYTES ? LEAST_BYTES : bytes;
}

int64_t machine_memory_bytes(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask);
    return bytes_left;
}
