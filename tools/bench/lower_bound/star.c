#include "tools/bench/lower_bound/star.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 32, THREADS_MAX = 64, YEAR_MIN = 1992, YEARS = 7 };

/* Texts as codes in the order of the texts. */
typedef struct Words {
    uint32_t count;
    char (*word)[TEXT_BYTES_MAX];
} Words;

typedef struct Dimension {
    uint32_t size; /* keys 0 to size - 1 */
    uint16_t *a, *b;
} Dimension;

struct Star {
    Facts facts;
    int64_t date_min;
    Dimension dates;         /* a: year */
    Dimension customers;     /* a: region, b: nation */
    Dimension suppliers;     /* a: region */
    Dimension parts, makers; /* a: category, b: brand; makers a: manufacturer */
    Words regions, nations, categories, brands, manufacturers;
    Lookup dates_found, suppliers_found, customers_found, parts_found; /* what a run fills: room that is kept */
};

/* -------------------------------------------------------------------------------------------------------------- loading */

static bool query_open(depot *db, const char *sql, depot_statement **statement) {
    return depot_prepare(db, sql, -1, statement, NULL) == DEPOT_OK && *statement != NULL;
}

static bool ask_number(depot *db, const char *sql, int64_t *number) {
    depot_statement *statement = NULL;
    bool ok = query_open(db, sql, &statement) && depot_step(statement) == DEPOT_ROW;
    *number = ok ? depot_column_int64(statement, 0) : 0;
    depot_finalize(statement);
    return ok;
}

static bool load_words(depot *db, const char *column, const char *table, Words *words) {
    char sql[256];
    depot_statement *statement = NULL;
    snprintf(sql, sizeof sql, "SELECT DISTINCT %s FROM %s ORDER BY 1", column, table);
    bool ok = query_open(db, sql, &statement);
    depot_code code = DEPOT_DONE;
    while (ok && (code = depot_step(statement)) == DEPOT_ROW) {
        words->word = realloc(words->word, sizeof *words->word * (words->count + 1));
        snprintf(words->word[words->count++], TEXT_BYTES_MAX, "%s", depot_column_text(statement, 0));
    }
    depot_finalize(statement);
    return ok && code == DEPOT_DONE;
}

static uint16_t word_code(const Words *words, const char *text, size_t bytes) {
    uint32_t low = 0, high = words->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = strncmp(words->word[middle], text, bytes);
        order = order == 0 ? words->word[middle][bytes] != 0 : order;
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (uint16_t)low;
}

static uint16_t attribute(const depot_column *column, uint32_t row, const Words *words) {
    if (words == NULL) {
        return (uint16_t)((const int32_t *)column->values)[row];
    }
    const depot_text *text = (const depot_text *)column->values + row;
    return word_code(words, text->data, text->bytes);
}

/* Keys are at most `size` from `min`; columns: key, a[, b]. Words NULL: a number. */
static bool load_dimension(depot *db, const char *sql, int64_t min, uint32_t size, const Words *a, const Words *b,
                           Dimension *dimension) {
    depot_statement *statement = NULL;
    const depot_batch *batch;
    depot_code code = DEPOT_ERROR;
    *dimension = (Dimension){.size = size, .a = calloc(size, 2), .b = calloc(size, 2)};
    if (query_open(db, sql, &statement)) {
        while ((code = depot_next_batch(statement, &batch)) == DEPOT_OK) {
            for (uint32_t i = 0; i < batch->rows; i++) {
                int64_t key = ((const int32_t *)batch->columns[0].values)[i] - min;
                if (key >= 0 && key < size) {
                    dimension->a[key] = attribute(&batch->columns[1], i, a);
                    dimension->b[key] = batch->column_count > 2 ? attribute(&batch->columns[2], i, b) : 0;
                }
            }
        }
    }
    depot_finalize(statement);
    return code == DEPOT_DONE;
}

static void copy_narrow(const depot_column *column, uint32_t rows, int64_t min, uint32_t bytes, void *to, size_t at) {
    const int32_t *values = column->values;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t value = (uint32_t)(values[i] - min);
        if (bytes == 1) {
            ((uint8_t *)to)[at + i] = (uint8_t)value;
        } else if (bytes == 2) {
            ((uint16_t *)to)[at + i] = (uint16_t)value;
        } else {
            ((uint32_t *)to)[at + i] = value;
        }
    }
}

static bool load_facts(depot *db, Star *star) {
    Facts *facts = &star->facts;
    int64_t rows;
    depot_statement *statement = NULL;
    if (!ask_number(db, "SELECT count(*) FROM lineorder", &rows) ||
        !query_open(db,
                    "SELECT lo_orderdate, lo_custkey, lo_suppkey, lo_partkey, lo_extendedprice, lo_revenue, lo_supplycost, "
                    "lo_discount, lo_quantity FROM lineorder",
                    &statement)) {
        return false;
    }
    const uint32_t bytes[] = {2, 2, 2, 4, 4, 4, 4, 1, 1};
    void **const arrays[] = {(void **)&facts->date, (void **)&facts->customer, (void **)&facts->supplier,
                             (void **)&facts->part, (void **)&facts->price,    (void **)&facts->revenue,
                             (void **)&facts->cost, (void **)&facts->discount, (void **)&facts->quantity};
    for (uint32_t c = 0; c < 9; c++) {
        *arrays[c] = aligned_alloc(4096, ((size_t)rows * bytes[c] / 4096 + 1) * 4096);
    }
    const depot_batch *batch;
    depot_code code;
    while ((code = depot_next_batch(statement, &batch)) == DEPOT_OK) {
        for (uint32_t c = 0; c < 9; c++) {
            copy_narrow(&batch->columns[c], batch->rows, c == 0 ? star->date_min : 0, bytes[c], *arrays[c], facts->rows);
        }
        facts->rows += batch->rows;
    }
    depot_finalize(statement);
    return code == DEPOT_DONE;
}

static bool make_room(Star *star) {
    star->dates_found.group = calloc(star->dates.size, sizeof(uint16_t));
    star->suppliers_found.keep = calloc(star->suppliers.size, 1);
    star->customers_found.keep = calloc(star->customers.size, 1);
    star->parts_found.keep = calloc(star->parts.size, 1);
    return star->parts_found.keep != NULL;
}

bool star_load(depot *db, Star **out) {
    Star *star = *out = calloc(1, sizeof *star);
    int64_t date_max, customers, suppliers, parts;
    if (!ask_number(db, "SELECT min(d_datekey) FROM dates", &star->date_min) ||
        !ask_number(db, "SELECT max(d_datekey) FROM dates", &date_max) ||
        !ask_number(db, "SELECT max(c_custkey) FROM customer", &customers) ||
        !ask_number(db, "SELECT max(s_suppkey) FROM supplier", &suppliers) ||
        !ask_number(db, "SELECT max(p_partkey) FROM part", &parts)) {
        return false;
    }
    uint32_t dates = (uint32_t)(date_max - star->date_min + 1);
    if (dates > 65536 || customers > 65535 || suppliers > 65535) {
        fprintf(stderr, "the hand-written queries take keys of 16 bits (scale 1)\n");
        return false;
    }
    return load_words(db, "c_region", "customer", &star->regions) && load_words(db, "c_nation", "customer", &star->nations) &&
           load_words(db, "p_category", "part", &star->categories) && load_words(db, "p_brand1", "part", &star->brands) &&
           load_words(db, "p_mfgr", "part", &star->manufacturers) &&
           load_dimension(db, "SELECT d_datekey, d_year FROM dates", star->date_min, dates, NULL, NULL, &star->dates) &&
           load_dimension(db, "SELECT c_custkey, c_region, c_nation FROM customer", 0, (uint32_t)customers + 1, &star->regions,
                          &star->nations, &star->customers) &&
           load_dimension(db, "SELECT s_suppkey, s_region FROM supplier", 0, (uint32_t)suppliers + 1, &star->regions, NULL,
                          &star->suppliers) &&
           load_dimension(db, "SELECT p_partkey, p_category, p_brand1 FROM part", 0, (uint32_t)parts + 1, &star->categories,
                          &star->brands, &star->parts) &&
           load_dimension(db, "SELECT p_partkey, p_mfgr FROM part", 0, (uint32_t)parts + 1, &star->manufacturers, NULL,
                          &star->makers) &&
           load_facts(db, star) && make_room(star);
}

static void dimension_free(Dimension *dimension) {
    free(dimension->a);
    free(dimension->b);
}

void star_free(Star *star) {
    if (star == NULL) {
        return;
    }
    Facts *f = &star->facts;
    void *const arrays[] = {f->date,
                            f->customer,
                            f->supplier,
                            f->part,
                            f->price,
                            f->revenue,
                            f->cost,
                            f->discount,
                            f->quantity,
                            star->regions.word,
                            star->nations.word,
                            star->categories.word,
                            star->brands.word,
                            star->manufacturers.word,
                            star->dates_found.group,
                            star->suppliers_found.keep,
                            star->customers_found.keep,
                            star->parts_found.keep};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    dimension_free(&star->dates);
    dimension_free(&star->customers);
    dimension_free(&star->suppliers);
    dimension_free(&star->parts);
    dimension_free(&star->makers);
    free(star);
}

/* -------------------------------------------------------------------------------------------------------------- threads */

/* One query that is being run: what its parts share. */
typedef struct Work {
    const Star *star;
    const Loops *loops;
    uint16_t date_low, date_high;
    Lookup date, supplier, customer, part;
    uint32_t groups;
} Work;

typedef struct Part {
    const Work *work;
    size_t first, end;
    void (*run)(struct Part *part);
    int64_t sum;
    int64_t *sums; /* per group */
} Part;

static void *part_main(void *part_) {
    Part *part = part_;
    part->run(part);
    return NULL;
}

/* Cuts the rows into a part per thread; parts[0] has the sums of all afterwards. */
static void run_parts(const Work *work, int threads, void (*run)(Part *part), Part *parts) {
    pthread_t others[THREADS_MAX];
    size_t rows = work->star->facts.rows;
    for (int i = 0; i < threads; i++) {
        size_t first = rows * (size_t)i / (size_t)threads / 64 * 64, end = rows * ((size_t)i + 1) / (size_t)threads / 64 * 64;
        parts[i] = (Part){.work = work, .first = first, .end = i + 1 == threads ? rows : end, .run = run};
        parts[i].sums = calloc(work->groups + 1, sizeof *parts[i].sums);
        if (i > 0) {
            pthread_create(&others[i], NULL, part_main, &parts[i]);
        }
    }
    run(&parts[0]);
    for (int i = 1; i < threads; i++) {
        pthread_join(others[i], NULL);
        parts[0].sum += parts[i].sum;
        for (uint32_t g = 0; g < work->groups; g++) {
            parts[0].sums[g] += parts[i].sums[g];
        }
        free(parts[i].sums);
    }
}

/* -------------------------------------------------------------------------------------------------------------- queries */

static uint16_t code_of(const Words *words, const char *text) {
    return word_code(words, text, strlen(text));
}

/* Keys whose attribute lies between two codes. */
static void set_keys(const Dimension *dimension, uint16_t low, uint16_t high, uint8_t *keep) {
    for (uint32_t i = 0; i < dimension->size; i++) {
        keep[i] = (uint16_t)(dimension->a[i] - low) <= (uint16_t)(high - low);
    }
}

static void set_years(const Star *star, uint16_t times, uint16_t *group) {
    for (uint32_t i = 0; i < star->dates.size; i++) {
        group[i] = (uint16_t)((star->dates.a[i] - YEAR_MIN) * times);
    }
}

static void run_q1(Part *part) {
    const Work *work = part->work;
    part->sum = work->loops->q1(&work->star->facts, part->first, part->end, work->date_low, work->date_high);
}

static void q1_1(Work *work, int threads, FILE *out) {
    Part parts[THREADS_MAX];
    work->date_low = (uint16_t)(19930101 - work->star->date_min);
    work->date_high = (uint16_t)(19931231 - work->star->date_min);
    run_parts(work, threads, run_q1, parts);
    if (out != NULL) {
        fprintf(out, "%lld\n", (long long)parts[0].sum);
    }
    free(parts[0].sums);
}

static void run_q2(Part *part) {
    const Work *work = part->work;
    work->loops->q2(&work->star->facts, part->first, part->end, &work->date, &work->supplier, &work->part, part->sums);
}

static void q2_1(Work *work, int threads, FILE *out) {
    const Star *star = work->star;
    Part parts[THREADS_MAX];
    uint16_t region = code_of(&star->regions, "AMERICA"), category = code_of(&star->categories, "MFGR#12");
    uint16_t brands = (uint16_t)star->brands.count;
    set_keys(&star->suppliers, region, region, work->supplier.keep);
    set_keys(&star->parts, category, category, work->part.keep);
    set_years(star, brands, work->date.group);
    work->part.group = star->parts.b;
    work->groups = (uint32_t)YEARS * brands;
    run_parts(work, threads, run_q2, parts);
    for (uint32_t g = 0; out != NULL && g < work->groups; g++) {
        if (parts[0].sums[g] != 0) {
            fprintf(out, "%lld|%u|%s\n", (long long)parts[0].sums[g], YEAR_MIN + g / brands, star->brands.word[g % brands]);
        }
    }
    free(parts[0].sums);
}

static void run_q4(Part *part) {
    const Work *work = part->work;
    work->loops->q4(&work->star->facts, part->first, part->end, &work->date, &work->supplier, &work->customer, &work->part,
                    part->sums);
}

static void q4_1(Work *work, int threads, FILE *out) {
    const Star *star = work->star;
    Part parts[THREADS_MAX];
    uint16_t region = code_of(&star->regions, "AMERICA"), nations = (uint16_t)star->nations.count;
    set_keys(&star->suppliers, region, region, work->supplier.keep);
    set_keys(&star->customers, region, region, work->customer.keep);
    set_keys(&star->makers, code_of(&star->manufacturers, "MFGR#1"), code_of(&star->manufacturers, "MFGR#2"), work->part.keep);
    set_years(star, nations, work->date.group);
    work->customer.group = star->customers.b;
    work->groups = (uint32_t)YEARS * nations;
    run_parts(work, threads, run_q4, parts);
    for (uint32_t g = 0; out != NULL && g < work->groups; g++) {
        if (parts[0].sums[g] != 0) {
            fprintf(out, "%u|%s|%lld\n", YEAR_MIN + g / nations, star->nations.word[g % nations], (long long)parts[0].sums[g]);
        }
    }
    free(parts[0].sums);
}

typedef struct StarQuery {
    const char *name;
    void (*run)(Work *work, int threads, FILE *out);
    uint32_t row_bytes; /* of all arrays that it reads */
} StarQuery;

static const StarQuery queries[] = {
    {"q1_1", q1_1, 2 + 1 + 1 + 4}, {"q2_1", q2_1, 2 + 4 + 2 + 4}, {"q4_1", q4_1, 2 + 2 + 4 + 2 + 4 + 4}};

static const StarQuery *find(const char *name) {
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        if (strcmp(queries[i].name, name) == 0) {
            return &queries[i];
        }
    }
    return NULL;
}

bool star_has(const char *query) {
    return find(query) != NULL;
}

size_t star_bytes(const Star *star, const char *query) {
    return star->facts.rows * find(query)->row_bytes;
}

void star_run(const Star *star, const char *query, const Loops *loops, int threads, char **answer) {
    size_t bytes;
    FILE *out = answer == NULL ? NULL : open_memstream(answer, &bytes);
    Work work = {.star = star,
                 .loops = loops,
                 .date = star->dates_found,
                 .supplier = star->suppliers_found,
                 .customer = star->customers_found,
                 .part = star->parts_found};
    find(query)->run(&work, threads < THREADS_MAX ? threads : THREADS_MAX, out);
    if (out != NULL) {
        fclose(out);
    }
}
