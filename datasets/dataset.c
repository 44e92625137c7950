/* The list of data sets and the files built in beside them. */
#include "datasets/dataset.h"

#include <assert.h>
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

char *gen_reserve(GenChunk *chunk, size_t bytes) {
    assert(chunk->pool_used + bytes <= GEN_TEXT_BYTES); /* the pool is sized for the widest rows */
    char *text = chunk->pool + chunk->pool_used;
    chunk->pool_used += bytes;
    return text;
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

/* ------------------------------------------------------------------------------------------------------------- calendar */

static bool is_leap(int32_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int32_t gen_month_days(int32_t year, int32_t month) {
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days before 1 January of `year`, counted from 1970-01-01. */
static int32_t year_start(int32_t year) {
    int32_t y = year - 1;
    return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
}

int32_t gen_days(int32_t year, int32_t month, int32_t day) {
    int32_t days = year_start(year) + day - 1;
    for (int32_t i = 1; i < month; i++) {
        days += gen_month_days(year, i);
    }
    return days;
}

GenDay gen_day(int32_t days) {
    GenDay day = {.year = 1970 + days / 366, .month = 1, .of_week = ((days + 4) % 7 + 7) % 7};
    while (days >= year_start(day.year + 1)) {
        day.year++;
    }
    while (days < year_start(day.year)) {
        day.year--;
    }
    int32_t left = days - year_start(day.year);
    day.of_year = left + 1;
    while (left >= gen_month_days(day.year, day.month)) {
        left -= gen_month_days(day.year, day.month);
        day.month++;
    }
    day.day = left + 1;
    return day;
}
