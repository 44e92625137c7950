/* Cycles per operator: with the time that a thread runs in their place, since few test machines count them. */
#include "core/cycles.h"
#include "engine/depot.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void use_clock(void) {
    cycle_counter_use_clock(true);
    CycleCounter counter = cycle_counter_open();
    bool is_granted = counter.is_open;
    cycle_counter_close(&counter);
    if (!is_granted) {
        cr_skip("the kernel grants no performance events");
    }
}

static uint32_t open_files(void) {
    uint32_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static char *answer(depot *db, const char *sql) {
    depot_statement *statement;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    cr_assert(depot_prepare(db, sql, -1, &statement, NULL) == DEPOT_OK);
    depot_code code;
    while ((code = depot_step(statement)) == DEPOT_ROW) {
        fprintf(out, "%s\n", depot_column_text(statement, 0));
    }
    cr_assert(code == DEPOT_DONE);
    depot_finalize(statement);
    fclose(out);
    return text;
}

Test(cycles, a_counter_goes_up) {
    use_clock();
    CycleCounter counter = cycle_counter_open();
    uint64_t first = cycle_counter_read(&counter), next = first;
    for (uint32_t i = 0; i < 1000000000 && next == first; i++) {
        next = cycle_counter_read(&counter);
    }
    cr_assert(next > first);
    cycle_counter_close(&counter);
    cr_assert(cycle_counter_read(&counter) == 0);
}

Test(cycles, operators_show_them_where_they_are_asked_for) {
    static const char query[] = "SELECT a.g % 10, count(*) FROM generate_series(1, 300000) a(g) "
                                "JOIN generate_series(1, 300000) b(g) ON a.g = b.g GROUP BY 1";
    char sql[512];
    depot *db;
    use_clock();
    cr_assert(depot_open(NULL, NULL, &db, NULL) == DEPOT_OK);
    uint32_t files = open_files();
    snprintf(sql, sizeof sql, "EXPLAIN (ANALYZE, CYCLES) %s", query);
    char *text = answer(db, sql);
    const char *join = strstr(text, "Hash Join"), *total = strstr(text, "\nCycles: ");
    const char *counted = join == NULL ? NULL : strstr(join, " cycles/row");
    cr_assert(counted != NULL && counted < strchr(join, '\n'), "%s", text);
    cr_assert(total != NULL && strtoull(total + strlen("\nCycles: "), NULL, 10) > 1000, "%s", text);
    free(text);
    cr_assert(open_files() == files);
    snprintf(sql, sizeof sql, "EXPLAIN ANALYZE %s", query);
    text = answer(db, sql);
    cr_assert(strstr(text, "ycles") == NULL, "%s", text);
    free(text);
    depot_close(db);
}
