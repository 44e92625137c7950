/* Any bytes as a CSV file with a few kinds of options (chosen by the first byte): rows, rejects or an error. */
#include "engine/depot.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const options[] = {
    "FORMAT csv, MAXERROR 10",
    "FORMAT csv, HEADER",
    "FORMAT csv, DELIMITER '|', MAXERROR 1000",
    "FORMAT csv, DELIMITER '\t', NULL AS '-', MAXERROR 5",
    "FORMAT csv, ESCAPE '\\', MAXERROR 100",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    depot *db;
    char path[64];
    char sql[300];
    if (bytes == 0) {
        return 0;
    }
    snprintf(path, sizeof path, "/tmp/depot_fuzz_%d.csv", (int)getpid());
    if (depot_open(NULL, NULL, &db, NULL) != DEPOT_OK) {
        abort();
    }
    depot_set(db, "threads", "1");
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (file < 0 || write(file, data + 1, bytes - 1) != (ssize_t)(bytes - 1)) {
        abort();
    }
    close(file);
    depot_execute(db, "CREATE TABLE t (a integer, b varchar(12), c decimal(6,2), d date, e timestamp, f boolean, g real)");
    snprintf(sql, sizeof sql, "COPY t FROM '%s' (%s)", path, options[data[0] % (sizeof options / sizeof *options)]);
    depot_execute(db, sql);
    depot_execute(db, "SELECT * FROM t");
    depot_close(db);
    unlink(path);
    return 0;
}
