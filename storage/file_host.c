/* Files of the host, by the calls of POSIX and Linux's open-file-description locks. Nothing is mapped: a damaged or
 * truncated file must be an error and never a signal. */
#include "storage/file_backend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path_or_root(const char *path) {
    return path[0] == '\0' ? "." : path;
}

int host_files_root(const char *directory, FileRoot *root) {
    root->fd = AT_FDCWD;
    if (directory != NULL) {
        root->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return root->fd < 0 ? errno : 0;
    }
    return 0;
}

static void host_free_root(FileRoot root) {
    if (root.fd != AT_FDCWD) {
        close(root.fd);
    }
}

static int host_open(const Context *cx, FileRoot root, const char *path, FileMode mode, FileHandle *handle, bool *made) {
    static const int flags[] = {[FILE_READ] = O_RDONLY,
                                [FILE_CREATE] = O_RDWR | O_CREAT | O_TRUNC,
                                [FILE_UPDATE] = O_RDWR,
                                [FILE_UPDATE_OR_MAKE] = O_RDWR | O_CREAT};
    (void)cx;
    handle->fd = openat(root.fd, path_or_root(path), flags[mode] | O_CLOEXEC, 0666);
    if (handle->fd < 0) {
        return errno;
    }
    struct stat info;
    if (fstat(handle->fd, &info) != 0 || S_ISDIR(info.st_mode)) {
        close(handle->fd);
        return EISDIR;
    }
    *made = mode == FILE_CREATE || (mode == FILE_UPDATE_OR_MAKE && info.st_size == 0);
    return 0;
}

static void host_close(FileRoot root, FileHandle handle) {
    (void)root;
    close(handle.fd);
}

static int host_size(FileRoot root, FileHandle handle, uint64_t *bytes, bool *unlinked) {
    (void)root;
    struct stat info;
    if (fstat(handle.fd, &info) != 0) {
        return errno;
    }
    *bytes = (uint64_t)info.st_size;
    *unlinked = info.st_nlink == 0;
    return 0;
}

static int host_read(FileRoot root, FileHandle handle, uint64_t offset, void *to, size_t bytes, size_t *got) {
    (void)root;
    *got = 0;
    while (*got < bytes) {
        ssize_t n = pread(handle.fd, (char *)to + *got, bytes - *got, (off_t)(offset + *got));
        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n == 0) {
            break;
        }
        *got += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int host_write(const Context *cx, FileRoot root, FileHandle handle, uint64_t offset, const void *data, size_t bytes) {
    (void)cx, (void)root;
    size_t done = 0;
    while (done < bytes) {
        ssize_t n = pwrite(handle.fd, (const char *)data + done, bytes - done, (off_t)(offset + done));
        if (n < 0 && errno != EINTR) {
            return errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int host_truncate(FileRoot root, FileHandle handle, uint64_t bytes) {
    (void)root;
    return ftruncate(handle.fd, (off_t)bytes) != 0 ? errno : 0;
}

static int host_sync(FileHandle handle) {
    return fdatasync(handle.fd) != 0 ? errno : 0;
}

static int host_lock(FileRoot root, FileHandle handle, FileLock lock) {
    static const short kinds[] = {[FILE_LOCK_NONE] = F_UNLCK, [FILE_LOCK_SHARED] = F_RDLCK, [FILE_LOCK_EXCLUSIVE] = F_WRLCK};
    (void)root;
    struct flock request = {.l_type = kinds[lock], .l_whence = SEEK_SET};
    if (fcntl(handle.fd, F_OFD_SETLK, &request) == 0) {
        return 0;
    }
    return errno == EACCES ? EAGAIN : errno;
}

static int host_exists(FileRoot root, const char *path, bool *exists) {
    struct stat info;
    *exists = fstatat(root.fd, path_or_root(path), &info, 0) == 0;
    return *exists || errno == ENOENT || errno == ENOTDIR ? 0 : errno;
}

static int host_rename(const Context *cx, FileRoot root, const char *from, const char *to) {
    (void)cx;
    return renameat(root.fd, from, root.fd, to) != 0 ? errno : 0;
}

static int host_remove(FileRoot root, const char *path) {
    return unlinkat(root.fd, path, 0) != 0 ? errno : 0;
}

static int host_make_directory(const Context *cx, FileRoot root, const char *path) {
    (void)cx;
    return mkdirat(root.fd, path, 0777) != 0 ? errno : 0;
}

static int host_remove_directory(FileRoot root, const char *path) {
    return unlinkat(root.fd, path, AT_REMOVEDIR) != 0 ? errno : 0;
}

static int host_sync_directory(FileRoot root, const char *path) {
    int fd = openat(root.fd, path_or_root(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int error = fsync(fd) != 0 ? errno : 0;
    close(fd);
    return error;
}

static int visit_entries(const Context *cx, DIR *directory, FileVisit *visit, void *argument, Status *status) {
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(directory);
        if (entry == NULL) {
            return errno;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        bool is_directory = entry->d_type == DT_DIR;
        if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
            struct stat info;
            is_directory = fstatat(dirfd(directory), entry->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
        }
        *status = visit(cx, argument, entry->d_name, is_directory);
        if (*status != OK) {
            return 0;
        }
    }
}

static int host_list(const Context *cx, FileRoot root, const char *path, FileVisit *visit, void *argument, Status *status) {
    *status = OK;
    int fd = openat(root.fd, path_or_root(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        return error;
    }
    int error = visit_entries(cx, directory, visit, argument, status);
    closedir(directory);
    return error;
}

const FileBackend host_files = {.free_root = host_free_root,
                                .open = host_open,
                                .close = host_close,
                                .size = host_size,
                                .read = host_read,
                                .write = host_write,
                                .truncate = host_truncate,
                                .sync = host_sync,
                                .lock = host_lock,
                                .exists = host_exists,
                                .rename = host_rename,
                                .remove = host_remove,
                                .make_directory = host_make_directory,
                                .remove_directory = host_remove_directory,
                                .sync_directory = host_sync_directory,
                                .list = host_list};
