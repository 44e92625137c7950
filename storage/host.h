/* What storage asks of the machine beside files. */
#ifndef DEPOT_STORAGE_HOST_H
#define DEPOT_STORAGE_HOST_H

#define HOST_BOOT_ID_MAX 48

/* Changes whenever the machine starts anew; static. "unknown-<pid>" where the machine does not tell. */
const char *host_boot_id(void);

#endif
