/* Drives one operator's classes as the executor would, over rows made up by the test: several threads, any batch size, columns
 * in every kind of vector. Results come back as lines of text, so that they compare as sorted lists. */
#ifndef DEPOT_TESTS_OPERATOR_DRIVER_H
#define DEPOT_TESTS_OPERATOR_DRIVER_H

#include "core/settings.h"
#include "exec/exec.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* ---------------------------------------------------------------------------------------------------------------- rows */

typedef struct Rows {
    uint32_t column_count;
    PhysicalColumn columns[8];
    uint32_t count;
    Value *cells; /* count × column_count */
} Rows;

static inline uint64_t driver_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline Rows rows_new(uint32_t count, const Type *types, uint32_t column_count) {
    Rows rows = {.column_count = column_count, .count = count};
    rows.cells = calloc((size_t)count * column_count + 1, sizeof(Value));
    for (uint32_t c = 0; c < column_count; c++) {
        rows.columns[c] = (PhysicalColumn){.type = types[c], .name = "c", .domain.can_be_null = true};
    }
    for (uint64_t i = 0; i < (uint64_t)count * column_count; i++) {
        rows.cells[i] = value_null(types[i % column_count]);
    }
    return rows;
}

static inline Value *cell(const Rows *rows, uint32_t row, uint32_t column) {
    return &rows->cells[(size_t)row * rows->column_count + column];
}

/* Static texts, of which some are too long to stand in their view. */
static inline Text driver_text(uint32_t i) {
    static char texts[64][40];
    i %= 64;
    uint32_t bytes = (uint32_t)snprintf(texts[i], sizeof texts[i], i % 3 == 0 ? "text number %u is rather long" : "t%u", i);
    return text_view(texts[i], bytes);
}

/* A shared dictionary of the texts above, sorted. */
static inline const Dictionary *driver_dictionary(void) {
    static Text values[64];
    static Dictionary dictionary;
    if (dictionary.size == 0) {
        for (uint32_t i = 0; i < 64; i++) {
            Text text = driver_text(i);
            uint32_t at = i;
            for (; at > 0 && text_compare(&values[at - 1], &text) > 0; at--) {
                values[at] = values[at - 1];
            }
            values[at] = text;
        }
        dictionary = (Dictionary){.type = type_varchar(0), .values = values, .is_shared = true, .size = 64};
    }
    return &dictionary;
}

static inline void fill_values(const Context *cx, const Rows *rows, uint32_t first, uint32_t count, uint32_t c, Vector *out) {
    cr_assert_eq(vector_prepare_flat(cx, out, rows->columns[c].type), OK);
    cr_assert_eq(vector_prepare_validity(cx, out, true), OK);
    bool has_null = false;
    for (uint32_t i = 0; i < count; i++) {
        const Value *value = cell(rows, first + i, c);
        if (value->is_null) {
            memset((uint8_t *)out->data + (size_t)i * type_bytes(out->type), 0, type_bytes(out->type));
            bit_clear(out->validity, i);
            has_null = true;
        } else {
            value_store(value, out->data, i);
        }
    }
    out->validity = has_null ? out->validity : NULL;
}

/* Integer codes over the least value, if they fit. */
static inline bool fill_codes(const Context *cx, const Rows *rows, uint32_t first, uint32_t count, uint32_t c, Vector *out) {
    const Dictionary *dictionary = rows->columns[c].domain.dictionary;
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    for (uint32_t i = 0; i < count; i++) {
        const Value *value = cell(rows, first + i, c);
        if (!value->is_null && dictionary == NULL) {
            least = value->i64 < least ? value->i64 : least;
            greatest = value->i64 > greatest ? value->i64 : greatest;
        }
    }
    if (dictionary == NULL && (least > greatest || (uint64_t)greatest - (uint64_t)least > 60000)) {
        return false;
    }
    cr_assert_eq(vector_prepare_codes(cx, out, rows->columns[c].type, 2), OK);
    cr_assert_eq(vector_prepare_validity(cx, out, true), OK);
    out->dictionary = dictionary;
    out->base = dictionary == NULL ? least : 0;
    for (uint32_t i = 0; i < count; i++) {
        const Value *value = cell(rows, first + i, c);
        bool found = false;
        uint32_t code = value->is_null       ? 0
                        : dictionary != NULL ? dictionary_lower_bound(dictionary, value, &found)
                                             : (uint32_t)(value->i64 - least);
        ((uint16_t *)out->data)[i] = (uint16_t)code;
        bit_put(out->validity, i, !value->is_null);
    }
    return true;
}

/* Column c of the batch in a kind that fits: constant if it is, codes or flat by chance. */
static inline void fill_column(const Context *cx, const Rows *rows, uint32_t first, uint32_t count, uint32_t c, Vector *out,
                               uint64_t *random) {
    bool is_constant = true;
    for (uint32_t i = 1; i < count && is_constant; i++) {
        const Value *a = cell(rows, first, c), *b = cell(rows, first + i, c);
        is_constant = a->is_null == b->is_null && (a->is_null || value_compare(a, b) == 0);
    }
    if (is_constant && driver_random(random) % 2 == 0) {
        cr_assert_eq(vector_set_constant(cx, out, cell(rows, first, c)), OK);
        return;
    }
    bool may_code = class_is_integer(type_class(rows->columns[c].type)) && driver_random(random) % 2 == 0;
    if (rows->columns[c].domain.dictionary != NULL || may_code) {
        if (fill_codes(cx, rows, first, count, c, out)) {
            return;
        }
    }
    fill_values(cx, rows, first, count, c, out);
}

/* -------------------------------------------------------------------------------------------------------------- results */

typedef struct Lines {
    pthread_mutex_t lock;
    uint32_t count, capacity;
    char **lines;
} Lines;

static inline void lines_add(Lines *lines, const char *line) {
    if (lines->count == lines->capacity) {
        lines->capacity = lines->capacity == 0 ? 64 : lines->capacity * 2;
        lines->lines = realloc(lines->lines, sizeof *lines->lines * lines->capacity);
    }
    lines->lines[lines->count++] = strdup(line);
}

static inline void line_append_value(char *line, size_t size, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *text = "NULL";
    size_t bytes = 4, at = strlen(line);
    if (!value->is_null) {
        value_print(value, buffer, &text, &bytes);
    }
    snprintf(line + at, size - at, "%.*s|", (int)bytes, text);
}

static inline void lines_add_batch(Lines *lines, const Batch *batch) {
    pthread_mutex_lock(&lines->lock);
    for (uint32_t i = 0; i < batch->rows; i++) {
        char line[512] = "";
        for (uint32_t c = 0; c < batch->column_count; c++) {
            Value value = vector_value(&batch->columns[c], i);
            line_append_value(line, sizeof line, &value);
        }
        lines_add(lines, line);
    }
    pthread_mutex_unlock(&lines->lock);
}

static inline int compare_lines(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void lines_free(Lines *lines) {
    for (uint32_t i = 0; i < lines->count; i++) {
        free(lines->lines[i]);
    }
    free(lines->lines);
}

/* Frees both. */
static inline void assert_same_lines(Lines *got, Lines *expected, bool in_order, const char *what) {
    if (!in_order && got->count > 0 && expected->count > 0) {
        qsort(got->lines, got->count, sizeof(char *), compare_lines);
        qsort(expected->lines, expected->count, sizeof(char *), compare_lines);
    }
    for (uint32_t i = 0; i < got->count && i < expected->count; i++) {
        cr_assert_str_eq(got->lines[i], expected->lines[i], "%s: line %u of %u: got %s expected %s", what, i, got->count,
                         got->lines[i], expected->lines[i]);
    }
    cr_assert_eq(got->count, expected->count, "%s: %u lines, expected %u", what, got->count, expected->count);
    lines_free(got);
    lines_free(expected);
}

/* -------------------------------------------------------------------------------------------------------------- driving */

typedef struct Driver {
    Settings settings;
    MemoryAccount memory;
    Error error;
    Context cx;
    uint32_t threads, batch_rows;
    uint64_t seed;
    void *shared;
    void *sink_locals[16], *locals[16];
    uint32_t sink_tasks;
} Driver;

static inline void driver_open(Driver *driver, uint32_t threads, uint32_t batch_rows) {
    memset(driver, 0, sizeof *driver);
    settings_init(&driver->settings);
    memory_account_init(&driver->memory, NULL, "test", 0);
    driver->cx = (Context){.error = &driver->error, .memory = &driver->memory, .settings = &driver->settings};
    driver->settings.batch_rows = batch_rows;
    driver->threads = threads;
    driver->batch_rows = batch_rows;
    driver->seed = threads * 7919 + batch_rows + 1;
}

static inline void driver_close(Driver *driver, const PhysicalNode *op, const SinkClass *sink) {
    OperatorProfile profile = {0};
    for (uint32_t t = 0; t < driver->sink_tasks; t++) {
        sink->close_local(op, driver->shared, driver->sink_locals[t], &profile);
        free(driver->sink_locals[t]);
    }
    sink->close(op, driver->shared, &profile);
    free(driver->shared);
    cr_assert_eq(atomic_load(&driver->memory.used_bytes), 0, "memory is left");
    memory_account_close(&driver->memory);
}

typedef struct DriverTask {
    Driver *driver;
    Task task;
    Error error;
    const PhysicalNode *op;
    const Rows *rows;
    _Atomic(uint32_t) *next_row;
    const SinkClass *sink;
    const StageClass *stage;
    const SourceClass *source;
    void *local;
    Lines *lines;
    Status status;
    uint64_t random;
} DriverTask;

static inline Status driver_push(DriverTask *task, const Batch *batch, bool *is_done) {
    Flow flow = MORE_OUTPUT;
    while (task->stage != NULL && flow == MORE_OUTPUT) {
        const Batch *out = NULL;
        TRY(task->stage->push(&task->task, task->op, task->driver->shared, task->local, batch, &out, &flow));
        if (out != NULL) {
            lines_add_batch(task->lines, out);
        }
    }
    if (task->sink != NULL) {
        TRY(task->sink->consume(&task->task, task->op, task->driver->shared, task->local, batch, &flow));
    }
    *is_done = flow == DONE;
    return OK;
}

static inline Status driver_feed(DriverTask *task) {
    Batch batch;
    Type types[8];
    for (uint32_t c = 0; c < task->rows->column_count; c++) {
        types[c] = task->rows->columns[c].type;
    }
    TRY(batch_init(&task->task.cx, &batch, types, task->rows->column_count));
    Status status = OK;
    for (bool is_done = false; status == OK && !is_done;) {
        uint32_t first = atomic_fetch_add(task->next_row, task->driver->batch_rows);
        if (first >= task->rows->count) {
            break;
        }
        uint32_t left = task->rows->count - first;
        batch.rows = left < task->driver->batch_rows ? left : task->driver->batch_rows;
        for (uint32_t c = 0; c < batch.column_count; c++) {
            fill_column(&task->task.cx, task->rows, first, batch.rows, c, &batch.columns[c], &task->random);
        }
        status = driver_push(task, &batch, &is_done);
    }
    if (status == OK && task->sink != NULL) {
        status = task->sink->merge(&task->task, task->op, task->driver->shared, task->local);
    }
    batch_free(&batch);
    return status;
}

static inline Status driver_drain(DriverTask *task) {
    for (;;) {
        const Batch *out = NULL;
        Flow flow = DONE;
        TRY(task->source->next(&task->task, task->op, task->driver->shared, task->local, &out, &flow));
        if (flow == DONE) {
            return OK;
        }
        if (flow == MORE_OUTPUT) {
            lines_add_batch(task->lines, out);
        }
    }
}

static inline void *driver_run_task(void *argument) {
    DriverTask *task = argument;
    task->status = task->source != NULL ? driver_drain(task) : driver_feed(task);
    return NULL;
}

/* Runs `count` tasks, each a copy of `model`, on threads; local states of `local_size` bytes are left in `locals`. */
static inline Status driver_run(Driver *driver, const DriverTask *model, uint32_t count, size_t local_size, void **locals,
                                Status (*open_local)(Task *, const PhysicalNode *, void *, void *)) {
    DriverTask *tasks = calloc(count, sizeof *tasks);
    pthread_t threads[16];
    _Atomic(uint32_t) next_row = 0;
    Status status = OK;
    for (uint32_t t = 0; t < count; t++) {
        tasks[t] = *model;
        tasks[t].driver = driver;
        tasks[t].next_row = &next_row;
        tasks[t].random = driver->seed + t * 104729;
        tasks[t].task = (Task){.cx = driver->cx, .index = t, .task_count = count};
        tasks[t].task.cx.error = &tasks[t].error;
        tasks[t].local = locals[t] = calloc(1, local_size + 1);
        cr_assert_eq(open_local(&tasks[t].task, model->op, driver->shared, locals[t]), OK);
    }
    for (uint32_t t = 0; t < count; t++) {
        pthread_create(&threads[t], NULL, driver_run_task, &tasks[t]);
    }
    for (uint32_t t = 0; t < count; t++) {
        pthread_join(threads[t], NULL);
        if (tasks[t].status != OK) {
            status = tasks[t].status;
            driver->error = tasks[t].error;
        }
    }
    free(tasks);
    return status;
}

/* Opens the shared state, feeds the rows, finishes. */
static inline Status driver_sink(Driver *driver, const PhysicalNode *op, const SinkClass *sink, const Rows *rows) {
    Task task = {.cx = driver->cx, .task_count = driver->threads};
    driver->shared = calloc(1, sink->shared_size);
    TRY(sink->open(&task, op, driver->shared));
    DriverTask model = {.op = op, .rows = rows, .sink = sink};
    driver->sink_tasks = driver->threads;
    TRY(driver_run(driver, &model, driver->threads, sink->local_size, driver->sink_locals, sink->open_local));
    uint32_t parts = 0;
    if (sink->finish != NULL) {
        TRY(sink->finish(&task, op, driver->shared, &parts));
    }
    for (uint32_t p = parts; p-- > 0;) {
        TRY(sink->finish_part(&task, op, driver->shared, p));
    }
    return sink->finish_end == NULL ? OK : sink->finish_end(&task, op, driver->shared);
}

static inline Status driver_stage(Driver *driver, const PhysicalNode *op, const StageClass *stage, const Rows *rows,
                                  Lines *lines) {
    DriverTask model = {.op = op, .rows = rows, .stage = stage, .lines = lines};
    Status status = driver_run(driver, &model, driver->threads, stage->local_size, driver->locals, stage->open_local);
    for (uint32_t t = 0; t < driver->threads; t++) {
        OperatorProfile profile = {0};
        stage->close_local(op, driver->shared, driver->locals[t], &profile);
        free(driver->locals[t]);
    }
    return status;
}

static inline Status driver_source(Driver *driver, const PhysicalNode *op, const SourceClass *source, Lines *lines) {
    Task task = {.cx = driver->cx, .task_count = driver->threads};
    uint32_t limit = source->task_limit == NULL ? 1 : source->task_limit(&task, op, driver->shared);
    uint32_t count = limit < driver->threads ? limit : driver->threads;
    DriverTask model = {.op = op, .source = source, .lines = lines};
    count = count == 0 ? 1 : count;
    Status status = driver_run(driver, &model, count, source->local_size, driver->locals, source->open_local);
    for (uint32_t t = 0; t < count; t++) {
        OperatorProfile profile = {0};
        source->close_local(op, driver->shared, driver->locals[t], &profile);
        free(driver->locals[t]);
    }
    return status;
}

#endif
