/* The file of a query's spilled rows (spill_file.h): space is given out from its end, so writers never meet. */
#include "storage/spill_file.h"

#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct SpillFile {
    int fd;
    _Atomic(uint64_t) end;
};

/* Some file systems cannot make files without a name: then one is made and unlinked at once. */
static int open_unlinked(const char *directory) {
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/depot-spill-XXXXXX", directory) >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        (void)unlink(path);
    }
    return fd;
}

Status spill_file_open(const Context *cx, const char *directory, SpillFile **file) {
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        fd = open_unlinked(directory);
    }
    if (fd < 0) {
        fail(cx, IO_ERROR, "cannot make a file for spilled rows in \"%s\": %s", directory, strerror(errno));
        return fail_hint(cx, "SET spill_directory = '…' names a directory with room");
    }
    *file = mem_alloc(cx, sizeof **file);
    if (*file == NULL) {
        (void)close(fd);
        return OUT_OF_MEMORY;
    }
    (*file)->fd = fd;
    atomic_init(&(*file)->end, 0);
    return OK;
}

void spill_file_close(SpillFile *file) {
    if (file != NULL) {
        (void)close(file->fd);
        mem_free(file);
    }
}

static Status fail_io(const Context *cx, const char *what) {
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
        fail(cx, DISK_FULL, "no room left for spilled rows: %s", strerror(errno));
        return fail_hint(cx, "raise memory_limit, or SET spill_directory = '…' to a directory with room");
    }
    return fail(cx, IO_ERROR, "cannot %s spilled rows: %s", what, strerror(errno));
}

/* pread or pwrite, until all is done; `what` is for the message. */
typedef ssize_t Transfer(int fd, void *data, size_t bytes, off_t offset);

static Status transfer_all(const Context *cx, const SpillFile *file, Transfer *transfer, const char *what, int errno_at_end,
                           char *data, size_t bytes, uint64_t offset) {
    while (bytes > 0) {
        ssize_t moved = transfer(file->fd, data, bytes, (off_t)offset);
        if (moved < 0 && errno == EINTR) {
            continue;
        }
        if (moved <= 0) {
            errno = moved == 0 ? errno_at_end : errno;
            return fail_io(cx, what);
        }
        data += moved;
        offset += (uint64_t)moved;
        bytes -= (size_t)moved;
    }
    return OK;
}

static ssize_t write_some(int fd, void *data, size_t bytes, off_t offset) {
    return pwrite(fd, data, bytes, offset);
}

static Status write_all(const Context *cx, const SpillFile *file, void *data, size_t bytes, uint64_t offset) {
    return transfer_all(cx, file, write_some, "write", ENOSPC, data, bytes, offset);
}

static Status read_all(const Context *cx, const SpillFile *file, void *to, size_t bytes, uint64_t offset) {
    return transfer_all(cx, file, pread, "read", EIO, to, bytes, offset);
}

Status spill_file_write(const Context *cx, SpillFile *file, void *data, uint32_t bytes, SpillExtent *extent) {
    int most = LZ4_compressBound((int)bytes);
    char *packed;
    TRY_ALLOC(cx, packed, (size_t)most);
    int size = LZ4_compress_default(data, packed, (int)bytes, most);
    bool is_smaller = size > 0 && (uint32_t)size < bytes;
    *extent = (SpillExtent){.stored_bytes = is_smaller ? (uint32_t)size : bytes, .bytes = bytes};
    extent->offset = atomic_fetch_add(&file->end, extent->stored_bytes);
    Status status = write_all(cx, file, is_smaller ? packed : data, extent->stored_bytes, extent->offset);
    mem_free(packed);
    return status;
}

Status spill_file_read(const Context *cx, SpillFile *file, const SpillExtent *extent, void *to) {
    if (extent->stored_bytes == extent->bytes) {
        return read_all(cx, file, to, extent->bytes, extent->offset);
    }
    char *packed;
    TRY_ALLOC(cx, packed, extent->stored_bytes);
    Status status = read_all(cx, file, packed, extent->stored_bytes, extent->offset);
    if (status == OK && LZ4_decompress_safe(packed, to, (int)extent->stored_bytes, (int)extent->bytes) != (int)extent->bytes) {
        status = fail(cx, IO_ERROR, "spilled rows came back damaged");
    }
    mem_free(packed);
    return status;
}

uint64_t spill_file_bytes(const SpillFile *file) {
    return atomic_load(&file->end);
}
