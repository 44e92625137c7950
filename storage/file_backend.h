/* What a kind of file system must be able to do; used by file.c alone. Functions return 0 or an errno. Paths are valid
 * and relative; handles are what `open` gave. */
#ifndef DEPOT_STORAGE_FILE_BACKEND_H
#define DEPOT_STORAGE_FILE_BACKEND_H

#include "storage/file.h"

typedef union FileHandle {
    int fd;
    struct MemoryOpen *memory;
} FileHandle;

typedef union FileRoot {
    int fd; /* of the directory, or AT_FDCWD */
    struct MemoryTable *table;
} FileRoot;

typedef struct FileBackend {
    void (*free_root)(FileRoot root);
    int (*open)(const Context *cx, FileRoot root, const char *path, FileMode mode, FileHandle *handle, bool *made);
    void (*close)(FileRoot root, FileHandle handle);
    int (*size)(FileRoot root, FileHandle handle, uint64_t *bytes, bool *unlinked);
    int (*read)(FileRoot root, FileHandle handle, uint64_t offset, void *to, size_t bytes, size_t *got);
    int (*write)(const Context *cx, FileRoot root, FileHandle handle, uint64_t offset, const void *data, size_t bytes);
    int (*truncate)(FileRoot root, FileHandle handle, uint64_t bytes);
    int (*sync)(FileHandle handle);
    int (*lock)(FileRoot root, FileHandle handle, FileLock lock); /* EAGAIN if another holds it */
    int (*exists)(FileRoot root, const char *path, bool *exists);
    int (*rename)(const Context *cx, FileRoot root, const char *from, const char *to);
    int (*remove)(FileRoot root, const char *path);
    int (*make_directory)(const Context *cx, FileRoot root, const char *path);
    int (*remove_directory)(FileRoot root, const char *path);
    int (*sync_directory)(FileRoot root, const char *path);
    /* A visit that fails puts its status into *status and ends the walk. */
    int (*list)(const Context *cx, FileRoot root, const char *path, FileVisit *visit, void *argument, Status *status);
} FileBackend;

extern const FileBackend host_files, memory_files;
/* The root of an empty file system in memory. */
Status memory_files_root(const Context *cx, FileRoot *root);
int host_files_root(const char *directory, FileRoot *root);

#endif
