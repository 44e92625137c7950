/* The one place where storage touches files: counts, injected faults, the log and messages are here; the host's calls are in
 * file_host.c, files in memory in file_memory.c. */
#include "storage/file_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPEND_BUFFER_BYTES ((size_t)64 << 10)

typedef struct FileLog {
    FileLogEntry *entries; /* owned, and what they point to */
    size_t count, capacity;
} FileLog;

struct FileSystem {
    const FileBackend *backend;
    FileRoot root;
    MemoryAccount *memory; /* borrowed */
    _Atomic(uint64_t) ops[FILE_OP_COUNT];
    _Atomic(uint64_t) read_bytes, written_bytes;
    _Atomic(int64_t) ops_until_fault; /* 1: the next one */
    _Atomic(int) fault;               /* errno, 0: none */
    _Atomic(bool) fault_stays;
    pthread_mutex_t log_lock;
    FileLog *log; /* owned, NULL: off */
    char root_path[FILE_PATH_MAX];
};

struct File {
    FileSystem *files;
    FileHandle handle;
    uint64_t appended; /* the buffered bytes included */
    uint8_t *buffer;   /* owned; made on the first append */
    size_t buffered;
    char path[];
};

/* Memory of a file system is charged to its own account, errors go to the caller. */
static Context file_context(const Context *cx, const FileSystem *files) {
    Context own = *cx;
    own.memory = files->memory;
    return own;
}

/* ------------------------------------------------------------------------------------------------------- faults and errors */

static int begin_op(FileSystem *files, FileOp op) {
    atomic_fetch_add_explicit(&files->ops[op], 1, memory_order_relaxed);
    int fault = atomic_load_explicit(&files->fault, memory_order_relaxed);
    if (__builtin_expect(fault == 0, 1)) {
        return 0;
    }
    int64_t left = atomic_fetch_sub(&files->ops_until_fault, 1);
    return left == 1 || (left < 1 && atomic_load(&files->fault_stays)) ? fault : 0;
}

static Status fail_file(const Context *cx, const FileSystem *files, int error, const char *verb, const char *path) {
    char full[2 * FILE_PATH_MAX];
    snprintf(full, sizeof full, "%s%s%s", files->root_path, files->root_path[0] != '\0' && path[0] != '\0' ? "/" : "", path);
    switch (error) {
    case ENOENT:
        return fail(cx, UNDEFINED_FILE, "cannot %s \"%s\": %s", verb, full,
                    strcmp(verb, "create") == 0 ? "there is no such folder" : "it does not exist");
    case ENOSPC:
    case EDQUOT: return fail(cx, DISK_FULL, "cannot %s \"%s\": the disk is full", verb, full);
    case ENOMEM: return fail(cx, OUT_OF_MEMORY, "cannot %s \"%s\": out of memory", verb, full);
    default: {
        char text[128];
        return fail(cx, IO_ERROR, "cannot %s \"%s\": %s", verb, full, strerror_r(error, text, sizeof text));
    }
    }
}

/* ----------------------------------------------------------------------------------------------------------------- the log */

static void free_log(FileLog *log) {
    for (size_t i = 0; log != NULL && i < log->count; i++) {
        free((char *)log->entries[i].path);
        free((char *)log->entries[i].target);
        free((uint8_t *)log->entries[i].data);
    }
    free(log != NULL ? log->entries : NULL);
    free(log);
}

/* The log is for tests, so its memory is not counted, and running out of it ends the log. */
static void log_op(FileSystem *files, FileOp op, const char *path, const char *target, uint64_t offset, const void *data,
                   size_t bytes) {
    pthread_mutex_lock(&files->log_lock);
    FileLog *log = files->log;
    if (log != NULL && log->count == log->capacity) {
        size_t capacity = log->capacity * 2 + 64;
        FileLogEntry *entries = realloc(log->entries, capacity * sizeof *entries);
        if (entries == NULL) {
            free_log(log);
            files->log = log = NULL;
        } else {
            log->entries = entries;
            log->capacity = capacity;
        }
    }
    if (log != NULL) {
        uint8_t *copy = data != NULL ? malloc(bytes + 1) : NULL;
        if (copy != NULL) {
            memcpy(copy, data, bytes);
        }
        log->entries[log->count++] = (FileLogEntry){.op = op,
                                                    .path = strdup(path),
                                                    .target = target != NULL ? strdup(target) : NULL,
                                                    .offset = offset,
                                                    .bytes = bytes,
                                                    .data = copy};
    }
    pthread_mutex_unlock(&files->log_lock);
}

void file_system_log(FileSystem *files, bool on) {
    pthread_mutex_lock(&files->log_lock);
    free_log(files->log);
    files->log = on ? calloc(1, sizeof *files->log) : NULL;
    pthread_mutex_unlock(&files->log_lock);
}

const FileLogEntry *file_system_log_entries(FileSystem *files, size_t *count) {
    *count = files->log != NULL ? files->log->count : 0;
    return files->log != NULL ? files->log->entries : NULL;
}

void file_system_fail_nth(FileSystem *files, int64_t nth, int error) {
    atomic_store(&files->fault, 0);
    atomic_store(&files->fault_stays, false);
    atomic_store(&files->ops_until_fault, nth);
    atomic_store(&files->fault, nth > 0 ? error : 0);
}

void file_system_fail_from(FileSystem *files, int64_t nth, int error) {
    file_system_fail_nth(files, nth, error);
    atomic_store(&files->fault_stays, true);
}

void file_system_counts(FileSystem *files, FileCounts *counts) {
    for (int op = 0; op < FILE_OP_COUNT; op++) {
        counts->ops[op] = atomic_load_explicit(&files->ops[op], memory_order_relaxed);
    }
    counts->read_bytes = atomic_load_explicit(&files->read_bytes, memory_order_relaxed);
    counts->written_bytes = atomic_load_explicit(&files->written_bytes, memory_order_relaxed);
}

/* ------------------------------------------------------------------------------------------------------------ file systems */

static Status make_file_system(const Context *cx, const FileBackend *backend, const char *root_path, FileSystem **files_out) {
    if (strlen(root_path) >= FILE_PATH_MAX) {
        return fail(cx, INVALID_NAME, "the path \"%.100s…\" is longer than %d bytes", root_path, FILE_PATH_MAX - 1);
    }
    FileSystem *files;
    TRY_ALLOC_ZEROED(cx, files, sizeof *files);
    files->backend = backend;
    files->memory = cx->memory;
    pthread_mutex_init(&files->log_lock, NULL);
    strcpy(files->root_path, root_path);
    *files_out = files;
    return OK;
}

static void free_unrooted(FileSystem *files) {
    pthread_mutex_destroy(&files->log_lock);
    free_log(files->log);
    mem_free(files);
}

Status file_system_host(const Context *cx, const char *root, FileSystem **files_out) {
    FileSystem *files;
    TRY(make_file_system(cx, &host_files, root != NULL ? root : "", &files));
    int error = host_files_root(root, &files->root);
    if (error != 0) {
        Status status = fail_file(cx, files, error, "open directory", "");
        free_unrooted(files);
        return status;
    }
    *files_out = files;
    return OK;
}

Status file_system_memory(const Context *cx, FileSystem **files_out) {
    FileSystem *files;
    TRY(make_file_system(cx, &memory_files, "", &files));
    Status status = memory_files_root(cx, &files->root);
    if (status != OK) {
        free_unrooted(files);
        return status;
    }
    *files_out = files;
    return OK;
}

void file_system_free(FileSystem *files) {
    if (files != NULL) {
        files->backend->free_root(files->root);
        free_unrooted(files);
    }
}

const char *file_system_root(const FileSystem *files) {
    return files->root_path;
}
/* ------------------------------------------------------------------------------------------------------------------- files */

Status file_open(const Context *cx, FileSystem *files, const char *path, FileMode mode, File **file_out) {
    Context own = file_context(cx, files);
    size_t path_bytes = strlen(path);
    if (path_bytes >= FILE_PATH_MAX) {
        return fail(cx, INVALID_NAME, "the path \"%.100s…\" is longer than %d bytes", path, FILE_PATH_MAX - 1);
    }
    File *file;
    TRY_ALLOC_ZEROED(&own, file, sizeof *file + path_bytes + 1);
    file->files = files;
    strcpy(file->path, path);
    bool made = false;
    int error = begin_op(files, FILE_OP_OPEN);
    if (error == 0) {
        error = files->backend->open(&own, files->root, path, mode, &file->handle, &made);
    }
    if (error != 0) {
        mem_free(file);
        return fail_file(cx, files, error, mode == FILE_CREATE ? "create" : "open", path);
    }
    if (made) {
        log_op(files, FILE_OP_OPEN, path, NULL, 0, NULL, 0);
    }
    *file_out = file;
    return OK;
}

void file_close(File *file) {
    if (file != NULL) {
        file->files->backend->close(file->files->root, file->handle);
        mem_free(file->buffer);
        mem_free(file);
    }
}

const char *file_path(const File *file) {
    return file->path;
}
uint64_t file_appended(const File *file) {
    return file->appended;
}

static Status read_size(const Context *cx, File *file, uint64_t *bytes, bool *unlinked) {
    int error = file->files->backend->size(file->files->root, file->handle, bytes, unlinked);
    return error != 0 ? fail_file(cx, file->files, error, "examine", file->path) : OK;
}

Status file_size(const Context *cx, File *file, uint64_t *bytes) {
    bool unlinked;
    TRY(read_size(cx, file, bytes, &unlinked));
    *bytes += file->buffered;
    return OK;
}

Status file_is_unlinked(const Context *cx, File *file, bool *unlinked) {
    uint64_t bytes;
    return read_size(cx, file, &bytes, unlinked);
}

Status file_read_some(const Context *cx, File *file, uint64_t offset, void *to, size_t bytes, size_t *got) {
    FileSystem *files = file->files;
    int error = begin_op(files, FILE_OP_READ);
    if (error == 0) {
        error = files->backend->read(files->root, file->handle, offset, to, bytes, got);
    }
    if (error != 0) {
        return fail_file(cx, files, error, "read", file->path);
    }
    atomic_fetch_add_explicit(&files->read_bytes, *got, memory_order_relaxed);
    return OK;
}

Status file_read(const Context *cx, File *file, uint64_t offset, void *to, size_t bytes) {
    size_t got;
    TRY(file_read_some(cx, file, offset, to, bytes, &got));
    if (got != bytes) {
        return fail(cx, DATA_CORRUPTED, "file \"%s\" ends at byte %" PRIu64 ", but should hold %" PRIu64 " bytes at least",
                    file->path, offset + got, offset + bytes);
    }
    return OK;
}

static Status write_at(const Context *cx, File *file, uint64_t offset, const void *data, size_t bytes) {
    FileSystem *files = file->files;
    Context own = file_context(cx, files);
    int error = begin_op(files, FILE_OP_WRITE);
    if (error == 0) {
        error = files->backend->write(&own, files->root, file->handle, offset, data, bytes);
    }
    if (error != 0) {
        return fail_file(cx, files, error, "write", file->path);
    }
    atomic_fetch_add_explicit(&files->written_bytes, bytes, memory_order_relaxed);
    log_op(files, FILE_OP_WRITE, file->path, NULL, offset, data, bytes);
    return OK;
}

Status file_flush(const Context *cx, File *file) {
    if (file->buffered > 0) {
        TRY(write_at(cx, file, file->appended - file->buffered, file->buffer, file->buffered));
        file->buffered = 0;
    }
    return OK;
}

Status file_append(const Context *cx, File *file, const void *data, size_t bytes) {
    if (bytes == 0) {
        return OK; /* `data` may be NULL */
    }
    if (file->buffered + bytes > APPEND_BUFFER_BYTES) {
        TRY(file_flush(cx, file));
    }
    if (bytes >= APPEND_BUFFER_BYTES) {
        TRY(write_at(cx, file, file->appended, data, bytes));
        file->appended += bytes;
        return OK;
    }
    if (file->buffer == NULL) {
        Context own = file_context(cx, file->files);
        TRY_ALLOC(&own, file->buffer, APPEND_BUFFER_BYTES);
    }
    memcpy(file->buffer + file->buffered, data, bytes);
    file->buffered += bytes;
    file->appended += bytes;
    return OK;
}

Status file_sync(const Context *cx, File *file) {
    TRY(file_flush(cx, file));
    int error = begin_op(file->files, FILE_OP_SYNC);
    if (error == 0) {
        error = file->files->backend->sync(file->handle);
    }
    if (error != 0) {
        return fail_file(cx, file->files, error, "sync", file->path);
    }
    log_op(file->files, FILE_OP_SYNC, file->path, NULL, 0, NULL, 0);
    return OK;
}

Status file_overwrite(const Context *cx, File *file, const void *data, size_t bytes) {
    TRY(write_at(cx, file, 0, data, bytes));
    int error = file->files->backend->truncate(file->files->root, file->handle, bytes);
    return error != 0 ? fail_file(cx, file->files, error, "shorten", file->path) : OK;
}

Status file_lock(const Context *cx, File *file, FileLock lock, bool *acquired) {
    int error = begin_op(file->files, FILE_OP_LOCK);
    if (error == 0) {
        error = file->files->backend->lock(file->files->root, file->handle, lock);
    }
    *acquired = error == 0;
    return error != 0 && error != EAGAIN ? fail_file(cx, file->files, error, "lock", file->path) : OK;
}

/* ------------------------------------------------------------------------------------------------------------- directories */

Status file_exists(const Context *cx, FileSystem *files, const char *path, bool *exists) {
    int error = begin_op(files, FILE_OP_OPEN);
    if (error == 0) {
        error = files->backend->exists(files->root, path, exists);
    }
    return error != 0 ? fail_file(cx, files, error, "look for", path) : OK;
}

Status file_rename(const Context *cx, FileSystem *files, const char *from, const char *to) {
    Context own = file_context(cx, files);
    int error = begin_op(files, FILE_OP_RENAME);
    if (error == 0) {
        error = files->backend->rename(&own, files->root, from, to);
    }
    if (error != 0) {
        return fail_file(cx, files, error, "rename", from);
    }
    log_op(files, FILE_OP_RENAME, from, to, 0, NULL, 0);
    return OK;
}

Status file_remove(const Context *cx, FileSystem *files, const char *path) {
    int error = begin_op(files, FILE_OP_REMOVE);
    if (error == 0) {
        error = files->backend->remove(files->root, path);
        if (error == ENOENT) {
            return OK;
        }
    }
    if (error != 0) {
        return fail_file(cx, files, error, "remove", path);
    }
    log_op(files, FILE_OP_REMOVE, path, NULL, 0, NULL, 0);
    return OK;
}

Status file_make_directory(const Context *cx, FileSystem *files, const char *path, bool *made) {
    Context own = file_context(cx, files);
    int error = begin_op(files, FILE_OP_MAKE_DIRECTORY);
    if (error == 0) {
        error = files->backend->make_directory(&own, files->root, path);
    }
    *made = error == 0;
    if (error != 0) {
        return error == EEXIST ? OK : fail_file(cx, files, error, "make directory", path);
    }
    log_op(files, FILE_OP_MAKE_DIRECTORY, path, NULL, 0, NULL, 0);
    return OK;
}

Status file_remove_directory(const Context *cx, FileSystem *files, const char *path, bool *removed) {
    int error = begin_op(files, FILE_OP_REMOVE_DIRECTORY);
    if (error == 0) {
        error = files->backend->remove_directory(files->root, path);
    }
    *removed = error == 0;
    if (error != 0) {
        bool is_fine = error == ENOTEMPTY || error == EEXIST || error == ENOENT;
        return is_fine ? OK : fail_file(cx, files, error, "remove directory", path);
    }
    log_op(files, FILE_OP_REMOVE_DIRECTORY, path, NULL, 0, NULL, 0);
    return OK;
}

Status file_sync_directory(const Context *cx, FileSystem *files, const char *path) {
    int error = begin_op(files, FILE_OP_SYNC_DIRECTORY);
    if (error == 0) {
        error = files->backend->sync_directory(files->root, path);
    }
    if (error != 0) {
        return fail_file(cx, files, error, "sync directory", path);
    }
    log_op(files, FILE_OP_SYNC_DIRECTORY, path, NULL, 0, NULL, 0);
    return OK;
}

Status file_sync_path(const Context *cx, FileSystem *files, const char *path) {
    File *file;
    TRY(file_open(cx, files, path, FILE_READ, &file));
    Status status = file_sync(cx, file);
    file_close(file);
    return status;
}

Status file_list(const Context *cx, FileSystem *files, const char *path, FileVisit *visit, void *argument) {
    Context own = file_context(cx, files);
    Status status = OK;
    int error = begin_op(files, FILE_OP_LIST);
    if (error == 0) {
        error = files->backend->list(&own, files->root, path, visit, argument, &status);
    }
    return error != 0 ? fail_file(cx, files, error, "list directory", path) : status;
}

static Status read_opened(const Context *cx, File *file, uint64_t bytes_max, uint8_t **data, size_t *bytes) {
    uint64_t size;
    TRY(file_size(cx, file, &size));
    if (size > bytes_max) {
        return fail(cx, DATA_CORRUPTED, "file \"%s\" has %llu bytes, more than the %llu it may have", file->path,
                    (unsigned long long)size, (unsigned long long)bytes_max);
    }
    TRY_ALLOC(cx, *data, size + 1);
    Status status = file_read(cx, file, 0, *data, size);
    if (status != OK) {
        mem_free(*data);
        return status;
    }
    *bytes = size;
    return OK;
}

Status file_read_all(const Context *cx, FileSystem *files, const char *path, uint64_t bytes_max, uint8_t **data,
                     size_t *bytes) {
    File *file;
    TRY(file_open(cx, files, path, FILE_READ, &file));
    Status status = read_opened(cx, file, bytes_max, data, bytes);
    file_close(file);
    return status;
}
