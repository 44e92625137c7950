/* Room on disk for what a query has no memory for: one file without a name in some directory, so that nothing is left of it
 * whatever ends the process. Any thread may write and read; what was written is not changed. */
#ifndef DEPOT_STORAGE_SPILL_FILE_H
#define DEPOT_STORAGE_SPILL_FILE_H

#include "core/memory.h"

typedef struct SpillFile SpillFile;

/* IO_ERROR, naming the directory and the setting spill_directory, if no file can be made there. */
Status spill_file_open(const Context *cx, const char *directory, SpillFile **file) MUST_CHECK;
void spill_file_close(SpillFile *file); /* its space is free again; NULL is fine */

/* Where a run of bytes went. */
typedef struct SpillExtent {
    uint64_t offset;
    uint32_t stored_bytes, bytes; /* equal: not compressed */
} SpillExtent;

/* Compressed by LZ4 where that makes it smaller. DISK_FULL, IO_ERROR. */
Status spill_file_write(const Context *cx, SpillFile *file, void *data, uint32_t bytes, SpillExtent *extent) MUST_CHECK;
/* `to` has room for extent->bytes. */
Status spill_file_read(const Context *cx, SpillFile *file, const SpillExtent *extent, void *to) MUST_CHECK;
uint64_t spill_file_bytes(const SpillFile *file); /* written so far */

#endif
