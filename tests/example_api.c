/* A program that uses Depot as a library, as the header says: makes a table, loads batches from two threads in one commit, asks
 * with a parameter, reads rows and whole batches, shows an error with its place. The tests build and run it. */
#include <depot.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static int failures;
#define EXPECT(condition)                                                                                                      \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                          \
            failures++;                                                                                                        \
        }                                                                                                                      \
    } while (0)

#define BATCHES 20
#define ROWS 1000

typedef struct Loader {
    depot_appender *appender;
    pthread_mutex_t lock;
    uint64_t next;
} Loader;

/* Each thread takes the next number, fills a batch, hands it in. */
static void *load(void *loader_) {
    Loader *loader = loader_;
    for (;;) {
        pthread_mutex_lock(&loader->lock);
        uint64_t number = loader->next++;
        pthread_mutex_unlock(&loader->lock);
        if (number >= BATCHES) {
            return NULL;
        }
        int32_t ids[ROWS];
        depot_text names[ROWS];
        for (int i = 0; i < ROWS; i++) {
            ids[i] = (int32_t)(number * ROWS) + i;
            names[i] = i % 2 == 0 ? (depot_text){"even", 4} : (depot_text){"a name longer than twelve bytes", 31};
        }
        depot_column columns[] = {{.type = DEPOT_INTEGER, .element_bytes = sizeof *ids, .values = ids},
                                  {.type = DEPOT_VARCHAR, .element_bytes = sizeof *names, .values = names}};
        depot_batch batch = {ROWS, 2, columns};
        EXPECT(depot_appender_append(loader->appender, number, &batch, 1, NULL) == DEPOT_OK);
    }
}

static void load_table(depot *db) {
    Loader loader = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[2];
    uint64_t rows = 0;
    EXPECT(depot_execute(db, "CREATE TABLE t (id INTEGER NOT NULL, name VARCHAR(40)) SORTKEY (id)") == DEPOT_OK);
    EXPECT(depot_appender_open(db, NULL, "t", &loader.appender) == DEPOT_OK);
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, load, &loader);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT(depot_appender_commit(loader.appender, &rows) == DEPOT_OK);
    EXPECT(rows == BATCHES * ROWS);
}

/* A batch that breaks a CHECK constraint is refused, and nothing of the load is there afterwards. */
static void refuse_broken_rows(depot *db) {
    depot_appender *appender;
    depot_error error;
    int64_t values[2] = {5, -1};
    depot_column column = {.type = DEPOT_BIGINT, .element_bytes = sizeof *values, .values = values};
    depot_batch batch = {2, 1, &column};
    EXPECT(depot_execute(db, "CREATE TABLE positive (x BIGINT CHECK (x > 0))") == DEPOT_OK);
    EXPECT(depot_appender_open(db, NULL, "positive", &appender) == DEPOT_OK);
    EXPECT(depot_appender_append(appender, 0, &batch, 1, &error) == DEPOT_ERROR);
    EXPECT(strcmp(error.sqlstate, "23514") == 0);
    EXPECT(depot_appender_commit(appender, NULL) == DEPOT_ERROR);
    EXPECT(depot_execute(db, "SELECT 1 / (1 - count(*)) FROM positive") == DEPOT_OK);
}

static void ask_with_parameter(depot *db) {
    depot_statement *statement;
    EXPECT(depot_prepare(db, "SELECT name, count(*), min(id) FROM t WHERE id >= $1 GROUP BY name ORDER BY name", -1, &statement,
                         NULL) == DEPOT_OK);
    EXPECT(depot_parameter_count(statement) == 1);
    for (int64_t from = 0; from <= 10000; from += 10000) { /* the same statement twice */
        EXPECT(depot_bind_int64(statement, 1, from) == DEPOT_OK);
        EXPECT(depot_step(statement) == DEPOT_ROW);
        EXPECT(strcmp(depot_column_text(statement, 0), "a name longer than twelve bytes") == 0);
        EXPECT(depot_column_int64(statement, 1) == (BATCHES * ROWS - from) / 2);
        EXPECT(depot_column_int64(statement, 2) == from + 1);
        EXPECT(depot_step(statement) == DEPOT_ROW);
        EXPECT(depot_step(statement) == DEPOT_DONE);
    }
    depot_finalize(statement);
}

static void read_batches(depot *db) {
    depot_statement *statement;
    const depot_batch *batch;
    int64_t sum = 0, rows = 0;
    EXPECT(depot_prepare(db, "SELECT id, name FROM t", -1, &statement, NULL) == DEPOT_OK);
    while (depot_next_batch(statement, &batch) == DEPOT_OK) {
        EXPECT(batch->column_count == 2 && batch->columns[0].type == DEPOT_INTEGER);
        const int32_t *ids = batch->columns[0].values;
        for (uint32_t i = 0; i < batch->rows; i++) {
            sum += ids[i];
        }
        rows += batch->rows;
    }
    EXPECT(rows == BATCHES * ROWS);
    EXPECT(sum == (int64_t)(BATCHES * ROWS - 1) * (BATCHES * ROWS) / 2);
    depot_finalize(statement);
}

static void show_error(depot *db) {
    depot_statement *statement;
    EXPECT(depot_prepare(db, "SELECT nam FROM t", -1, &statement, NULL) == DEPOT_OK);
    EXPECT(depot_step(statement) == DEPOT_ERROR);
    const depot_error *error = depot_last_error(db);
    EXPECT(strcmp(error->sqlstate, "42703") == 0 && error->line == 1 && error->column == 8);
    EXPECT(strstr(error->hint, "name") != NULL);
    depot_finalize(statement);
}

int main(void) {
    depot *db;
    depot_error error;
    if (depot_open(NULL, NULL, &db, &error) != DEPOT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    load_table(db);
    refuse_broken_rows(db);
    ask_with_parameter(db);
    read_batches(db);
    show_error(db);
    depot_close(db);
    return failures > 0;
}
