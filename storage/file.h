/* All file I/O of storage. A FileSystem is a directory of the host or a table of files in memory, behind one interface, so
 * that an in-memory warehouse is the same code. Every operation is counted, can be made to fail, and can be logged, so that
 * a test can replay each prefix of a commit with unsynced writes dropped or torn.
 *
 * Paths are relative to the file system's root, with '/' between names, at most FILE_PATH_MAX - 1 bytes. A FileSystem is
 * thread-safe. A File may be read by many threads; one thread at a time may append to it. Errors name the path:
 * UNDEFINED_FILE (it does not exist), DISK_FULL, IO_ERROR. */
#ifndef DEPOT_STORAGE_FILE_H
#define DEPOT_STORAGE_FILE_H

#include "core/memory.h"

#define FILE_PATH_MAX 1024

typedef struct FileSystem FileSystem;
typedef struct File File;

/* ------------------------------------------------------------------------------------------------------------ file systems */

/* The host's directory `root`, which must exist; NULL: paths are the process's own (absolute or from where it runs). Memory
 * is charged to cx->memory, which must outlive the file system. */
Status file_system_host(const Context *cx, const char *root, FileSystem **files) MUST_CHECK;
/* An empty one in memory. */
Status file_system_memory(const Context *cx, FileSystem **files) MUST_CHECK;
void file_system_free(FileSystem *files);              /* all files closed; NULL is fine */
const char *file_system_root(const FileSystem *files); /* "" in memory */

/* ------------------------------------------------------------------------------------------------------------------- files */

typedef enum FileMode {
    FILE_READ,          /* must exist */
    FILE_CREATE,        /* made, or emptied if it exists; for appending; its directory must exist */
    FILE_UPDATE,        /* must exist, content kept; for locking exclusively, reading and file_overwrite */
    FILE_UPDATE_OR_MAKE /* the same, made if missing */
} FileMode;

Status file_open(const Context *cx, FileSystem *files, const char *path, FileMode mode, File **file) MUST_CHECK;
/* What was appended and not flushed is thrown away: call file_flush first. Locks go. NULL is fine. */
void file_close(File *file);
const char *file_path(const File *file); /* as it was opened */
/* Bytes in the file, what is still buffered included. */
Status file_size(const Context *cx, File *file, uint64_t *bytes) MUST_CHECK;
/* Exactly `bytes` bytes at `offset`, or DATA_CORRUPTED "file … ends at byte …". */
Status file_read(const Context *cx, File *file, uint64_t offset, void *to, size_t bytes) MUST_CHECK;
/* Up to `bytes` bytes; *got is less only at the end of the file. */
Status file_read_some(const Context *cx, File *file, uint64_t offset, void *to, size_t bytes, size_t *got) MUST_CHECK;
/* Appends through a buffer of 64 KB; larger pieces pass it by. */
Status file_append(const Context *cx, File *file, const void *data, size_t bytes) MUST_CHECK;
uint64_t file_appended(const File *file);                    /* bytes appended so far: the offset of the next */
Status file_flush(const Context *cx, File *file) MUST_CHECK; /* to the operating system; call it before file_close */
Status file_sync(const Context *cx, File *file) MUST_CHECK;  /* flushes, then to the disk */
/* Replaces the whole content by `bytes` bytes, in place (not atomic); FILE_UPDATE and FILE_UPDATE_OR_MAKE only. */
Status file_overwrite(const Context *cx, File *file, const void *data, size_t bytes) MUST_CHECK;
/* True once no directory names the file any more (someone removed or replaced it). */
Status file_is_unlinked(const Context *cx, File *file, bool *unlinked) MUST_CHECK;

/* Locks of the whole file, held by the open File (open-file-description locks): two opens conflict even in one process, and
 * a lock dies with its holder. Never waits: *acquired tells. Locking again changes the kind. */
typedef enum FileLock { FILE_LOCK_NONE, FILE_LOCK_SHARED, FILE_LOCK_EXCLUSIVE } FileLock;
Status file_lock(const Context *cx, File *file, FileLock lock, bool *acquired) MUST_CHECK;

/* ------------------------------------------------------------------------------------------------------------- directories */

Status file_exists(const Context *cx, FileSystem *files, const char *path, bool *exists) MUST_CHECK; /* files and directories */
/* Replaces `to` if it exists; atomic. Durable after file_sync_directory of its directory. */
Status file_rename(const Context *cx, FileSystem *files, const char *from, const char *to) MUST_CHECK;
Status file_remove(const Context *cx, FileSystem *files, const char *path) MUST_CHECK; /* one that is not there is fine */
Status file_make_directory(const Context *cx, FileSystem *files, const char *path, bool *made) MUST_CHECK; /* existing: fine */
/* An empty directory; *removed is false if it is not empty or not there. */
Status file_remove_directory(const Context *cx, FileSystem *files, const char *path, bool *removed) MUST_CHECK;
Status file_sync_directory(const Context *cx, FileSystem *files, const char *path) MUST_CHECK; /* "" is the root */
/* Syncs a file that is closed. */
Status file_sync_path(const Context *cx, FileSystem *files, const char *path) MUST_CHECK;
/* Calls `visit` for each entry, in no order; "." and ".." are left out. A failing visit ends the walk. */
typedef Status FileVisit(const Context *cx, void *argument, const char *name, bool is_directory);
Status file_list(const Context *cx, FileSystem *files, const char *path, FileVisit *visit, void *argument) MUST_CHECK;
/* The whole file in memory from mem_alloc; the caller frees it. DATA_CORRUPTED if it has more than `bytes_max`. */
Status file_read_all(const Context *cx, FileSystem *files, const char *path, uint64_t bytes_max, uint8_t **data,
                     size_t *bytes) MUST_CHECK;

/* ------------------------------------------------------------------------------------------------ counting, faults, the log */

typedef enum FileOp {
    FILE_OP_OPEN,
    FILE_OP_READ,
    FILE_OP_WRITE,
    FILE_OP_SYNC,
    FILE_OP_SYNC_DIRECTORY,
    FILE_OP_RENAME,
    FILE_OP_REMOVE,
    FILE_OP_MAKE_DIRECTORY,
    FILE_OP_REMOVE_DIRECTORY,
    FILE_OP_LIST,
    FILE_OP_LOCK,
    FILE_OP_COUNT
} FileOp;

typedef struct FileCounts {
    uint64_t ops[FILE_OP_COUNT];
    uint64_t read_bytes, written_bytes;
} FileCounts;
void file_system_counts(FileSystem *files, FileCounts *counts);

/* The n-th operation from now on (1 = the next) fails with errno `error` (EIO, ENOSPC), later ones work again; 0: off. */
void file_system_fail_nth(FileSystem *files, int64_t nth, int error);
/* The n-th operation and all after it fail: a disk that is gone. */
void file_system_fail_from(FileSystem *files, int64_t nth, int error);

/* What changed the disk, in order. FILE_OP_OPEN is logged where it made or emptied a file. */
typedef struct FileLogEntry {
    FileOp op;
    const char *path;
    const char *target; /* rename */
    uint64_t offset, bytes;
    const uint8_t *data; /* write */
} FileLogEntry;
/* Starts an empty log (true) or ends and frees it (false). */
void file_system_log(FileSystem *files, bool on);
/* Borrowed until the log ends; only while no one writes. */
const FileLogEntry *file_system_log_entries(FileSystem *files, size_t *count);

#endif
