/* The list of data sets and the files built in beside them. */
#include "datasets/dataset.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DATASET(name, help) extern const Dataset name##_dataset;
#include "datasets/datasets.def"
#undef DATASET

static const Dataset *const datasets[] = {
#define DATASET(name, help) &name##_dataset,
#include "datasets/datasets.def"
#undef DATASET
};

uint32_t dataset_count(void) {
    return sizeof datasets / sizeof *datasets;
}
const Dataset *dataset_at(uint32_t index) {
    return datasets[index];
}

const Dataset *dataset_find(const char *name) {
    for (uint32_t i = 0; i < dataset_count(); i++) {
        if (strcmp(datasets[i]->name, name) == 0) {
            return datasets[i];
        }
    }
    return NULL;
}

/* Made by embed.cmake. */
extern const struct EmbeddedFile {
    const char *path;
    const unsigned char *bytes;
} embedded_files[];

const char *dataset_file(const char *path) {
    for (const struct EmbeddedFile *file = embedded_files; file->path != NULL; file++) {
        if (strcmp(file->path, path) == 0) {
            return (const char *)file->bytes;
        }
    }
    return NULL;
}

const char *dataset_file_name(const char *prefix, uint32_t index) {
    for (const struct EmbeddedFile *file = embedded_files; file->path != NULL; file++) {
        if (strncmp(file->path, prefix, strlen(prefix)) == 0 && index-- == 0) {
            return file->path;
        }
    }
    return NULL;
}

depot_text gen_format(GenChunk *chunk, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = chunk->pool + chunk->pool_used;
    size_t left = GEN_TEXT_BYTES - chunk->pool_used;
    int bytes = vsnprintf(text, left, format, args);
    va_end(args);
    if (bytes < 0 || (size_t)bytes >= left) {
        bytes = 0; /* the pool is sized for the widest rows: see GEN_TEXT_BYTES */
    }
    chunk->pool_used += (size_t)bytes;
    return gen_static(text, (size_t)bytes);
}
