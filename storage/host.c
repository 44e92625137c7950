/* The boot id of Linux, read once. */
#include "storage/host.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char boot_id[HOST_BOOT_ID_MAX];

static void read_boot_id(void) {
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd >= 0 ? read(fd, boot_id, sizeof boot_id - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    if (bytes <= 0) {
        snprintf(boot_id, sizeof boot_id, "unknown-%d", (int)getpid());
    }
    boot_id[strcspn(boot_id, " \n")] = '\0';
}

const char *host_boot_id(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_boot_id);
    return boot_id;
}
