/* What a disk may hold after the power went: a model of files and directory entries, each with what is there now and what is
 * durable, driven by the log of a file system. Any state between the two may come out; those below are its corners. */
#ifndef DEPOT_TESTS_DISK_MODEL_H
#define DEPOT_TESTS_DISK_MODEL_H

#include "storage_fixture.h"

#include <stdlib.h>

#define MODEL_MAX 512

typedef struct Bytes {
    uint8_t *data;
    size_t bytes;
} Bytes;

typedef struct ModelFile {
    bool is_directory;
    Bytes now, durable;
} ModelFile;

typedef struct ModelEntry {
    char path[200];
    ModelFile *now, *durable; /* NULL: no such entry */
} ModelEntry;

typedef struct DiskModel {
    ModelEntry entries[MODEL_MAX];
    ModelFile files[MODEL_MAX];
    uint32_t entry_count, file_count;
} DiskModel;

typedef enum CrashMode {
    CRASH_KEEPS_ALL,     /* only the process died */
    CRASH_DROPS_ALL,     /* only what was synced is there */
    CRASH_DROPS_DATA,    /* entries are there, unsynced data is not */
    CRASH_DROPS_ENTRIES, /* data is there, unsynced entries are not */
    CRASH_TEARS_DATA,    /* of unsynced data the first half is there */
    CRASH_MODES
} CrashMode;

static inline void bytes_copy(Bytes *to, const Bytes *from) {
    to->data = realloc(to->data, from->bytes + 1);
    if (from->bytes > 0) {
        memcpy(to->data, from->data, from->bytes);
    }
    to->bytes = from->bytes;
}

static inline ModelEntry *model_entry(DiskModel *model, const char *path) {
    for (uint32_t i = 0; i < model->entry_count; i++) {
        if (strcmp(model->entries[i].path, path) == 0) {
            return &model->entries[i];
        }
    }
    cr_assert_lt(model->entry_count, MODEL_MAX);
    ModelEntry *entry = &model->entries[model->entry_count++];
    snprintf(entry->path, sizeof entry->path, "%s", path);
    return entry;
}

static inline ModelFile *model_file(DiskModel *model, bool is_directory) {
    cr_assert_lt(model->file_count, MODEL_MAX);
    ModelFile *file = &model->files[model->file_count++];
    file->is_directory = is_directory;
    return file;
}

static inline bool is_within(const char *path, const char *directory) {
    size_t bytes = strlen(directory);
    if (bytes == 0) {
        return strchr(path, '/') == NULL;
    }
    return strncmp(path, directory, bytes) == 0 && path[bytes] == '/' && strchr(path + bytes + 1, '/') == NULL;
}

static inline void model_write(ModelFile *file, const FileLogEntry *op) {
    size_t end = op->offset + op->bytes;
    if (end > file->now.bytes) {
        file->now.data = realloc(file->now.data, end);
        file->now.bytes = end;
    }
    memcpy(file->now.data + op->offset, op->data, op->bytes);
}

static inline void model_apply(DiskModel *model, const FileLogEntry *op) {
    ModelEntry *entry = model_entry(model, op->path);
    switch (op->op) {
    case FILE_OP_OPEN:
        if (entry->now == NULL) {
            entry->now = model_file(model, false);
        }
        entry->now->now.bytes = 0;
        break;
    case FILE_OP_WRITE: model_write(entry->now, op); break;
    case FILE_OP_SYNC: bytes_copy(&entry->now->durable, &entry->now->now); break;
    case FILE_OP_RENAME:
        model_entry(model, op->target)->now = entry->now;
        entry->now = NULL;
        break;
    case FILE_OP_MAKE_DIRECTORY: entry->now = model_file(model, true); break;
    case FILE_OP_REMOVE:
    case FILE_OP_REMOVE_DIRECTORY: entry->now = NULL; break;
    case FILE_OP_SYNC_DIRECTORY:
        for (uint32_t i = 0; i < model->entry_count; i++) {
            if (is_within(model->entries[i].path, op->path)) {
                model->entries[i].durable = model->entries[i].now;
            }
        }
        break;
    default: break;
    }
}

typedef struct ModelLoad {
    DiskModel *model;
    FileSystem *files;
    const char *path;
} ModelLoad;

static inline Status model_load_visit(const Context *cx, void *argument, const char *name, bool is_directory) {
    ModelLoad *load = argument;
    char path[200];
    snprintf(path, sizeof path, "%s%s%s", load->path, load->path[0] != '\0' ? "/" : "", name);
    ModelEntry *entry = model_entry(load->model, path);
    entry->now = entry->durable = model_file(load->model, is_directory);
    if (is_directory) {
        ModelLoad below = {load->model, load->files, path};
        return file_list(cx, load->files, path, model_load_visit, &below);
    }
    uint8_t *data;
    Bytes read = {0};
    TRY(file_read_all(cx, load->files, path, 1 << 20, &data, &read.bytes));
    read.data = data;
    bytes_copy(&entry->now->now, &read);
    bytes_copy(&entry->now->durable, &read);
    mem_free(data);
    return OK;
}

/* All that is in a file system now, and durable. */
static inline DiskModel *model_of(Fixture *f, FileSystem *files) {
    DiskModel *model = calloc(1, sizeof *model);
    ModelLoad load = {model, files, ""};
    MUST(f, file_list(&f->cx, files, "", model_load_visit, &load));
    return model;
}

static inline void model_free(DiskModel *model) {
    for (uint32_t i = 0; i < model->file_count; i++) {
        free(model->files[i].now.data);
        free(model->files[i].durable.data);
    }
    free(model);
}

static inline Bytes crashed_bytes(const ModelFile *file, CrashMode mode) {
    bool is_synced = file->now.bytes == file->durable.bytes &&
                     (file->now.bytes == 0 || memcmp(file->now.data, file->durable.data, file->now.bytes) == 0);
    if (mode == CRASH_DROPS_ALL || mode == CRASH_DROPS_DATA) {
        return file->durable;
    }
    Bytes bytes = file->now;
    if (mode == CRASH_TEARS_DATA && !is_synced) {
        bytes.bytes /= 2;
    }
    return bytes;
}

static inline void put_crashed(Fixture *f, FileSystem *files, const char *path, const ModelFile *file, CrashMode mode) {
    if (file->is_directory) {
        bool made;
        MUST(f, file_make_directory(&f->cx, files, path, &made));
        return;
    }
    Bytes bytes = crashed_bytes(file, mode);
    File *made;
    MUST(f, file_open(&f->cx, files, path, FILE_CREATE, &made));
    MUST(f, file_append(&f->cx, made, bytes.data, bytes.bytes));
    MUST(f, file_flush(&f->cx, made));
    file_close(made);
}

static inline int compare_entries(const void *a, const void *b) {
    return strcmp((*(ModelEntry *const *)a)->path, (*(ModelEntry *const *)b)->path);
}

/* A file system as it is found after the crash. A directory sorts before what is in it. */
static inline FileSystem *model_crash(Fixture *f, DiskModel *model, CrashMode mode) {
    FileSystem *files;
    MUST(f, file_system_memory(&f->cx, &files));
    ModelEntry *entries[MODEL_MAX];
    for (uint32_t i = 0; i < model->entry_count; i++) {
        entries[i] = &model->entries[i];
    }
    qsort(entries, model->entry_count, sizeof *entries, compare_entries);
    bool drops_entries = mode == CRASH_DROPS_ALL || mode == CRASH_DROPS_ENTRIES;
    for (uint32_t i = 0; i < model->entry_count; i++) {
        const ModelFile *file = drops_entries ? entries[i]->durable : entries[i]->now;
        char parent[200];
        snprintf(parent, sizeof parent, "%s", entries[i]->path);
        char *slash = strrchr(parent, '/');
        bool has_parent = true;
        if (slash != NULL) {
            *slash = '\0';
            MUST(f, file_exists(&f->cx, files, parent, &has_parent));
        }
        if (file != NULL && has_parent) {
            put_crashed(f, files, entries[i]->path, file, mode);
        }
    }
    return files;
}

#endif
