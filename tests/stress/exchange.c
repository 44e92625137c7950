/* No exchange waits for ever: queries that move rows every way there is, on 4 nodes of 2 slices, with one thread that has to do
 * everything, one message per link under way, and small batches; some are cancelled at any moment. Every answer must be that of
 * a single node. A query that takes a minute is taken for a deadlock. usage: exchange_stress [QUERIES [SEED]] */
#include "engine/depot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES 4096
#define DEADLOCK_SECONDS 60

static const char *const tables[] = {
    "CREATE TABLE e (k int, g int, v int, s varchar(40)) DISTSTYLE EVEN",
    "CREATE TABLE f (k int, g int, v int) DISTKEY (k) SORTKEY (k)",
    "CREATE TABLE m (k int, w int) DISTKEY (k) SORTKEY (k)",
    "CREATE TABLE a (g int, name varchar(40)) DISTSTYLE ALL",
    "INSERT INTO e SELECT n % 701, n % 7, n, CASE WHEN n % 3 = 0 THEN 'a text longer than twelve bytes' ELSE 's' || n % 11 END "
    "FROM "
    "generate_series(1, 3000) AS t (n)",
    "INSERT INTO f SELECT CASE WHEN n % 50 = 0 THEN NULL ELSE n % 900 END, n % 5, n FROM generate_series(1, 2500) AS t (n)",
    "INSERT INTO m SELECT n, n % 13 FROM generate_series(1, 1000) AS t (n)",
    "INSERT INTO a SELECT n, 'group ' || n FROM generate_series(0, 6) AS t (n)",
    "CREATE TABLE h (k int, v int) DISTSTYLE EVEN",
    "INSERT INTO h SELECT CASE WHEN n % 3 = 0 THEN 7 WHEN n % 7 = 0 THEN NULL ELSE n % 500 END, n FROM generate_series(1, "
    "3000) AS t "
    "(n)",
    "ANALYZE h", /* 7 is hot: joins by it are salted */
};

static const char *const questions[] = {
    "SELECT count(*), sum(e.v), sum(f.v) FROM e JOIN f ON e.k = f.k",
    "SELECT count(*), sum(e.v), sum(f.v) FROM e JOIN f ON e.k = f.k AND e.g = f.g",
    "SELECT count(*), sum(f.v), sum(m.w) FROM f JOIN m ON f.k = m.k",
    "SELECT count(*), sum(e.v), count(f.k) FROM e LEFT JOIN f ON e.k = f.k AND f.g = 1",
    "SELECT count(*), sum(e.v), sum(f.v) FROM e FULL JOIN f ON e.v = f.v",
    "SELECT a.name, count(*), sum(f.v) FROM a JOIN e ON a.g = e.g JOIN f ON e.v = f.v GROUP BY a.name ORDER BY 1",
    "SELECT e.k, count(*), count(DISTINCT e.s) FROM e GROUP BY e.k HAVING count(*) > 4 ORDER BY 1 LIMIT 20",
    "SELECT v, s FROM e ORDER BY s, v DESC LIMIT 30",
    "SELECT v FROM f WHERE k IS NULL ORDER BY v",
    "SELECT sum(r) FROM (SELECT rank() OVER (PARTITION BY g ORDER BY v) AS r FROM e) q",
    "SELECT count(*), sum(v) FROM e WHERE NOT EXISTS (SELECT 1 FROM f WHERE f.k = e.k AND f.v > e.v)",
    "SELECT count(*), sum(v) FROM e WHERE k NOT IN (SELECT w FROM m)",
    "SELECT g, sum(v) FROM (SELECT g, v FROM e UNION ALL SELECT g, v FROM f) u GROUP BY g ORDER BY g",
    "SELECT count(*) FROM (SELECT DISTINCT k, g FROM e UNION SELECT k, g FROM f) u",
    "WITH s AS (SELECT k, sum(v) AS v FROM e GROUP BY k) SELECT count(*), sum(x.v), sum(y.v) FROM s x JOIN s y ON x.k = y.k + "
    "1",
    "SELECT count(*), sum(x.v) FROM e x, e y WHERE x.v = y.v AND x.k < 100 AND y.g > x.g - 1",
    "SELECT v FROM e LIMIT 0",
    "SELECT count(*), sum(h.v), sum(m.w) FROM h LEFT JOIN m ON h.k = m.k",
    "SELECT count(*), sum(h.v), sum(f.v) FROM h JOIN f ON h.k = f.k WHERE f.g = 2",
    "SELECT count(*), sum(h.v) FROM h WHERE EXISTS (SELECT 1 FROM m WHERE m.k = h.k AND m.w = 3)",
    "SELECT count(*), sum(h.v), sum(f.v), sum(e.v) FROM h JOIN f ON h.v = f.v JOIN e ON e.k = f.k JOIN m ON m.k = h.k WHERE "
    "m.w = 5 "
    "AND f.g = 1",
};
enum { QUESTIONS = sizeof questions / sizeof *questions };
static const char *const moves[] = {"auto", "auto", "broadcast", "inner", "outer", "both"};
enum { MOVES = sizeof moves / sizeof *moves };

static char expected[QUESTIONS][ANSWER_BYTES];
static depot *db;
static atomic_uint cancel_after_us; /* 0: not this one */
static atomic_bool is_over;
static atomic_llong started_s; /* when the query at hand began; 0: none runs */
static const char *_Atomic running;

static long long now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void *cancel_and_watch(void *unused) {
    (void)unused;
    while (!atomic_load(&is_over)) {
        unsigned after = atomic_exchange(&cancel_after_us, 0);
        usleep(after > 0 ? after : 50);
        if (after > 0) {
            depot_cancel(db);
        }
        long long since = atomic_load(&started_s);
        if (since != 0 && now_s() - since > DEADLOCK_SECONDS) {
            fprintf(stderr, "deadlock: %s\n", atomic_load(&running));
            _exit(2);
        }
    }
    return NULL;
}

/* All rows as one text. True if the query came to its end; false if it was cancelled. */
static bool answer(depot *on, const char *sql, char *text) {
    depot_statement *statement;
    depot_code code = depot_prepare(on, sql, -1, &statement, NULL);
    size_t used = 0;
    text[0] = 0;
    while (code == DEPOT_OK || code == DEPOT_ROW) {
        code = depot_step(statement);
        for (uint32_t c = 0; code == DEPOT_ROW && c < depot_column_count(statement); c++) {
            const char *cell = depot_column_text(statement, c);
            used += (size_t)snprintf(text + used, ANSWER_BYTES - used, "%s%s", cell == NULL ? "NULL" : cell,
                                     c + 1 == depot_column_count(statement) ? "\n" : "|");
            used = used < ANSWER_BYTES ? used : ANSWER_BYTES - 1;
        }
    }
    if (code == DEPOT_ERROR && strcmp(depot_last_error(on)->sqlstate, "57014") != 0) {
        fprintf(stderr, "%s: %s\n", sql, depot_last_error(on)->message);
        exit(1);
    }
    depot_finalize(statement);
    return code != DEPOT_ERROR;
}

static depot *open_with_tables(uint32_t nodes, uint32_t slices) {
    depot *opened;
    depot_error error;
    depot_options options = {.nodes = nodes, .slices = slices};
    bool ok = depot_open(NULL, &options, &opened, &error) == DEPOT_OK;
    for (size_t i = 0; ok && i < sizeof tables / sizeof *tables; i++) {
        ok = depot_execute(opened, tables[i]) == DEPOT_OK;
    }
    if (!ok) {
        fprintf(stderr, "the tables could not be made\n");
        exit(1);
    }
    return opened;
}

static void learn_answers(void) {
    depot *single = open_with_tables(1, 1);
    for (int i = 0; i < QUESTIONS; i++) {
        answer(single, questions[i], expected[i]);
    }
    depot_close(single);
}

static void set(const char *name, const char *value) {
    if (depot_set(db, name, value) != DEPOT_OK) {
        fprintf(stderr, "SET %s: %s\n", name, depot_last_error(db)->message);
        exit(1);
    }
}

int main(int argc, char **argv) {
    int queries = argc > 1 ? atoi(argv[1]) : 300, cancelled = 0, wrong = 0;
    unsigned seed = argc > 2 ? (unsigned)atoi(argv[2]) : (unsigned)time(NULL);
    char text[ANSWER_BYTES];
    pthread_t watcher;
    printf("seed %u\n", seed);
    learn_answers();
    db = open_with_tables(4, 2);
    set("threads", "1");
    set("exchange_credit", "1");
    pthread_create(&watcher, NULL, cancel_and_watch, NULL);
    for (int i = 0; i < queries && wrong == 0; i++) {
        int question = rand_r(&seed) % QUESTIONS;
        set("batch_rows", rand_r(&seed) % 4 == 0 ? "1" : "37");
        set("join_move", moves[rand_r(&seed) % MOVES]);
        atomic_store(&running, questions[question]);
        atomic_store(&started_s, now_s());
        if (rand_r(&seed) % 5 == 0) {
            atomic_store(&cancel_after_us, 1 + (unsigned)rand_r(&seed) % 3000);
        }
        bool is_whole = answer(db, questions[question], text);
        atomic_store(&started_s, 0);
        cancelled += !is_whole;
        if (is_whole && strcmp(text, expected[question]) != 0) {
            fprintf(stderr, "%s\n%sinstead of\n%s", questions[question], text, expected[question]);
            wrong++;
        }
    }
    atomic_store(&is_over, true);
    pthread_join(watcher, NULL);
    depot_close(db);
    printf("%d queries, %d cancelled, %d wrong\n", queries, cancelled, wrong);
    return wrong > 0;
}
