/* A file system in memory: a hash table of paths. A file lives on without a name while it is open, as on the host. One
 * read-write lock guards everything; reads of files (the hot call) share it. */
#include "storage/file_backend.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define BUCKETS 1024

typedef struct MemoryNode {
    struct MemoryNode *next; /* of the bucket */
    char *path;              /* owned */
    uint8_t *data;           /* owned */
    uint64_t size, capacity;
    uint32_t opens;
    uint32_t shared_locks;
    bool has_exclusive_lock;
    bool is_linked;
    bool is_directory;
} MemoryNode;

struct MemoryOpen {
    MemoryNode *node;
    FileLock lock;
};

struct MemoryTable {
    pthread_rwlock_t lock;
    MemoryNode *buckets[BUCKETS];
};

static uint32_t path_bucket(const char *path) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *path != '\0'; path++) {
        hash = (hash ^ (uint8_t)*path) * 16777619u;
    }
    return hash % BUCKETS;
}

static MemoryNode *find_node(struct MemoryTable *table, const char *path) {
    MemoryNode *node = table->buckets[path_bucket(path)];
    while (node != NULL && strcmp(node->path, path) != 0) {
        node = node->next;
    }
    return node;
}

static void free_node(MemoryNode *node) {
    mem_free(node->path);
    mem_free(node->data);
    mem_free(node);
}

static void link_node(struct MemoryTable *table, MemoryNode *node) {
    MemoryNode **bucket = &table->buckets[path_bucket(node->path)];
    node->next = *bucket;
    *bucket = node;
    node->is_linked = true;
}

/* Takes the name away; the node dies with its last open. */
static void unlink_node(struct MemoryTable *table, MemoryNode *node) {
    MemoryNode **at = &table->buckets[path_bucket(node->path)];
    while (*at != node) {
        at = &(*at)->next;
    }
    *at = node->next;
    node->is_linked = false;
    if (node->opens == 0) {
        free_node(node);
    }
}

static bool parent_exists(struct MemoryTable *table, const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return true;
    }
    char parent[FILE_PATH_MAX];
    size_t bytes = (size_t)(slash - path);
    memcpy(parent, path, bytes);
    parent[bytes] = '\0';
    MemoryNode *node = find_node(table, parent);
    return node != NULL && node->is_directory;
}

static int make_node(const Context *cx, struct MemoryTable *table, const char *path, bool is_directory, MemoryNode **made) {
    if (!parent_exists(table, path)) {
        return ENOENT;
    }
    MemoryNode *node = mem_alloc_zeroed(cx, sizeof *node);
    char *copy = mem_alloc(cx, strlen(path) + 1);
    if (node == NULL || copy == NULL) {
        mem_free(node);
        mem_free(copy);
        return ENOMEM;
    }
    strcpy(copy, path);
    *node = (MemoryNode){.path = copy, .is_directory = is_directory};
    link_node(table, node);
    *made = node;
    return 0;
}

Status memory_files_root(const Context *cx, FileRoot *root) {
    TRY_ALLOC_ZEROED(cx, root->table, sizeof *root->table);
    pthread_rwlock_init(&root->table->lock, NULL);
    return OK;
}

static void memory_free_root(FileRoot root) {
    for (uint32_t i = 0; i < BUCKETS; i++) {
        for (MemoryNode *node = root.table->buckets[i], *next; node != NULL; node = next) {
            next = node->next;
            free_node(node);
        }
    }
    pthread_rwlock_destroy(&root.table->lock);
    mem_free(root.table);
}

static int open_locked(const Context *cx, struct MemoryTable *table, const char *path, FileMode mode, FileHandle *handle,
                       bool *made) {
    MemoryNode *node = find_node(table, path);
    *made = mode == FILE_CREATE || (node == NULL && mode == FILE_UPDATE_OR_MAKE);
    if (node == NULL) {
        if (!*made) {
            return ENOENT;
        }
        int error = make_node(cx, table, path, false, &node);
        if (error != 0) {
            return error;
        }
    }
    if (node->is_directory) {
        return EISDIR;
    }
    struct MemoryOpen *opened = mem_alloc(cx, sizeof *opened);
    if (opened == NULL) {
        return ENOMEM;
    }
    if (mode == FILE_CREATE) {
        node->size = 0;
    }
    node->opens++;
    *opened = (struct MemoryOpen){.node = node};
    handle->memory = opened;
    return 0;
}

static int memory_open(const Context *cx, FileRoot root, const char *path, FileMode mode, FileHandle *handle, bool *made) {
    pthread_rwlock_wrlock(&root.table->lock);
    int error = open_locked(cx, root.table, path, mode, handle, made);
    pthread_rwlock_unlock(&root.table->lock);
    return error;
}

static void drop_lock(struct MemoryOpen *opened) {
    MemoryNode *node = opened->node;
    node->shared_locks -= opened->lock == FILE_LOCK_SHARED;
    if (opened->lock == FILE_LOCK_EXCLUSIVE) {
        node->has_exclusive_lock = false;
    }
    opened->lock = FILE_LOCK_NONE;
}

static void memory_close(FileRoot root, FileHandle handle) {
    pthread_rwlock_wrlock(&root.table->lock);
    MemoryNode *node = handle.memory->node;
    drop_lock(handle.memory);
    if (--node->opens == 0 && !node->is_linked) {
        free_node(node);
    }
    pthread_rwlock_unlock(&root.table->lock);
    mem_free(handle.memory);
}

static int memory_size(FileRoot root, FileHandle handle, uint64_t *bytes, bool *unlinked) {
    pthread_rwlock_rdlock(&root.table->lock);
    *bytes = handle.memory->node->size;
    *unlinked = !handle.memory->node->is_linked;
    pthread_rwlock_unlock(&root.table->lock);
    return 0;
}

static int memory_read(FileRoot root, FileHandle handle, uint64_t offset, void *to, size_t bytes, size_t *got) {
    pthread_rwlock_rdlock(&root.table->lock);
    const MemoryNode *node = handle.memory->node;
    uint64_t there = offset < node->size ? node->size - offset : 0;
    *got = there < bytes ? (size_t)there : bytes;
    if (*got > 0) {
        memcpy(to, node->data + offset, *got);
    }
    pthread_rwlock_unlock(&root.table->lock);
    return 0;
}

static int reserve(const Context *cx, MemoryNode *node, uint64_t bytes) {
    if (bytes <= node->capacity) {
        return 0;
    }
    uint64_t capacity = node->capacity * 2 > bytes ? node->capacity * 2 : bytes;
    uint8_t *data = mem_resize(cx, node->data, capacity);
    if (data == NULL) {
        return ENOMEM;
    }
    node->data = data;
    node->capacity = capacity;
    return 0;
}

static int memory_write(const Context *cx, FileRoot root, FileHandle handle, uint64_t offset, const void *data, size_t bytes) {
    pthread_rwlock_wrlock(&root.table->lock);
    MemoryNode *node = handle.memory->node;
    int error = reserve(cx, node, offset + bytes);
    if (error == 0) {
        if (offset > node->size) {
            memset(node->data + node->size, 0, offset - node->size);
        }
        memcpy(node->data + offset, data, bytes);
        node->size = offset + bytes > node->size ? offset + bytes : node->size;
    }
    pthread_rwlock_unlock(&root.table->lock);
    return error;
}

static int memory_truncate(FileRoot root, FileHandle handle, uint64_t bytes) {
    pthread_rwlock_wrlock(&root.table->lock);
    MemoryNode *node = handle.memory->node;
    node->size = bytes < node->size ? bytes : node->size;
    pthread_rwlock_unlock(&root.table->lock);
    return 0;
}

static int memory_sync(FileHandle handle) {
    (void)handle;
    return 0;
}

static int memory_lock(FileRoot root, FileHandle handle, FileLock lock) {
    pthread_rwlock_wrlock(&root.table->lock);
    struct MemoryOpen *opened = handle.memory;
    MemoryNode *node = opened->node;
    uint32_t others_shared = node->shared_locks - (opened->lock == FILE_LOCK_SHARED);
    bool other_exclusive = node->has_exclusive_lock && opened->lock != FILE_LOCK_EXCLUSIVE;
    bool conflict = (lock == FILE_LOCK_SHARED && other_exclusive) ||
                    (lock == FILE_LOCK_EXCLUSIVE && (other_exclusive || others_shared > 0));
    if (!conflict) {
        drop_lock(opened);
        node->shared_locks += lock == FILE_LOCK_SHARED;
        node->has_exclusive_lock = node->has_exclusive_lock || lock == FILE_LOCK_EXCLUSIVE;
        opened->lock = lock;
    }
    pthread_rwlock_unlock(&root.table->lock);
    return conflict ? EAGAIN : 0;
}

static int memory_exists(FileRoot root, const char *path, bool *exists) {
    pthread_rwlock_rdlock(&root.table->lock);
    *exists = path[0] == '\0' || find_node(root.table, path) != NULL;
    pthread_rwlock_unlock(&root.table->lock);
    return 0;
}

/* Takes over `to_copy` when it succeeds. */
static int rename_locked(struct MemoryTable *table, const char *from, char *to_copy) {
    MemoryNode *node = find_node(table, from), *old = find_node(table, to_copy);
    if (node == NULL || !parent_exists(table, to_copy)) {
        return ENOENT;
    }
    if (node == old || node->is_directory || (old != NULL && old->is_directory)) {
        return EISDIR;
    }
    if (old != NULL) {
        unlink_node(table, old);
    }
    node->opens++; /* keeps it alive while it has no name */
    unlink_node(table, node);
    node->opens--;
    mem_free(node->path);
    node->path = to_copy;
    link_node(table, node);
    return 0;
}

static int memory_rename(const Context *cx, FileRoot root, const char *from, const char *to) {
    char *to_copy = mem_alloc(cx, strlen(to) + 1);
    if (to_copy == NULL) {
        return ENOMEM;
    }
    strcpy(to_copy, to);
    pthread_rwlock_wrlock(&root.table->lock);
    int error = rename_locked(root.table, from, to_copy);
    pthread_rwlock_unlock(&root.table->lock);
    if (error != 0) {
        mem_free(to_copy);
    }
    return error;
}

static int remove_locked(struct MemoryTable *table, const char *path, bool is_directory) {
    MemoryNode *node = find_node(table, path);
    if (node == NULL) {
        return ENOENT;
    }
    if (node->is_directory != is_directory) {
        return is_directory ? ENOTDIR : EISDIR;
    }
    unlink_node(table, node);
    return 0;
}

static int memory_remove(FileRoot root, const char *path) {
    pthread_rwlock_wrlock(&root.table->lock);
    int error = remove_locked(root.table, path, false);
    pthread_rwlock_unlock(&root.table->lock);
    return error;
}

static int memory_make_directory(const Context *cx, FileRoot root, const char *path) {
    MemoryNode *made;
    pthread_rwlock_wrlock(&root.table->lock);
    int error = find_node(root.table, path) != NULL ? EEXIST : make_node(cx, root.table, path, true, &made);
    pthread_rwlock_unlock(&root.table->lock);
    return error;
}

/* The name of `node` within `directory`, or NULL if it is not directly in it. */
static const char *name_within(const MemoryNode *node, const char *directory) {
    size_t bytes = strlen(directory);
    const char *name = node->path;
    if (bytes > 0) {
        if (strncmp(node->path, directory, bytes) != 0 || node->path[bytes] != '/') {
            return NULL;
        }
        name = node->path + bytes + 1;
    }
    return strchr(name, '/') == NULL ? name : NULL;
}

static bool directory_is_empty(const struct MemoryTable *table, const char *path) {
    for (uint32_t i = 0; i < BUCKETS; i++) {
        for (const MemoryNode *node = table->buckets[i]; node != NULL; node = node->next) {
            if (name_within(node, path) != NULL) {
                return false;
            }
        }
    }
    return true;
}

static int memory_remove_directory(FileRoot root, const char *path) {
    pthread_rwlock_wrlock(&root.table->lock);
    int error = directory_is_empty(root.table, path) ? remove_locked(root.table, path, true) : ENOTEMPTY;
    pthread_rwlock_unlock(&root.table->lock);
    return error;
}

static int memory_sync_directory(FileRoot root, const char *path) {
    bool exists;
    memory_exists(root, path, &exists);
    return exists ? 0 : ENOENT;
}

typedef struct Names {
    char *text; /* 'd' or 'f', then the name, then 0; owned */
    size_t bytes, capacity;
} Names;

static int add_name(const Context *cx, Names *names, const char *name, bool is_directory) {
    size_t bytes = strlen(name) + 2;
    if (names->bytes + bytes > names->capacity) {
        size_t capacity = (names->bytes + bytes) * 2;
        char *text = mem_resize(cx, names->text, capacity);
        if (text == NULL) {
            return ENOMEM;
        }
        names->text = text;
        names->capacity = capacity;
    }
    names->text[names->bytes] = is_directory ? 'd' : 'f';
    memcpy(names->text + names->bytes + 1, name, bytes - 1);
    names->bytes += bytes;
    return 0;
}

static int collect_names(const Context *cx, const struct MemoryTable *table, const char *path, Names *names) {
    for (uint32_t i = 0; i < BUCKETS; i++) {
        for (const MemoryNode *node = table->buckets[i]; node != NULL; node = node->next) {
            const char *name = name_within(node, path);
            int error = name != NULL ? add_name(cx, names, name, node->is_directory) : 0;
            if (error != 0) {
                return error;
            }
        }
    }
    return 0;
}

/* The names are copied first, so that a visit may change the directory. */
static int memory_list(const Context *cx, FileRoot root, const char *path, FileVisit *visit, void *argument, Status *status) {
    *status = OK;
    Names names = {0};
    pthread_rwlock_rdlock(&root.table->lock);
    const MemoryNode *directory = find_node(root.table, path);
    int error = path[0] != '\0' && (directory == NULL || !directory->is_directory) ? ENOENT : 0;
    if (error == 0) {
        error = collect_names(cx, root.table, path, &names);
    }
    pthread_rwlock_unlock(&root.table->lock);
    for (size_t at = 0; error == 0 && *status == OK && at < names.bytes; at += strlen(names.text + at) + 1) {
        *status = visit(cx, argument, names.text + at + 1, names.text[at] == 'd');
    }
    mem_free(names.text);
    return error;
}

const FileBackend memory_files = {.free_root = memory_free_root,
                                  .open = memory_open,
                                  .close = memory_close,
                                  .size = memory_size,
                                  .read = memory_read,
                                  .write = memory_write,
                                  .truncate = memory_truncate,
                                  .sync = memory_sync,
                                  .lock = memory_lock,
                                  .exists = memory_exists,
                                  .rename = memory_rename,
                                  .remove = memory_remove,
                                  .make_directory = memory_make_directory,
                                  .remove_directory = memory_remove_directory,
                                  .sync_directory = memory_sync_directory,
                                  .list = memory_list};
