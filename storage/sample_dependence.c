/* Which columns of a sample depend on each other. The chance that two rows agree in a column is a, in another b, in both ab: of
 * independent columns ab is a × b, and if the one follows from the other ab is the smaller of both. Where ab stands between
 * these, on a scale of logarithms, is the strength. Pairs of rows that agree are counted, so chance does not look like
 * dependence however many values a column has. */
#include "core/hash.h"
#include "storage/table_sample.h"

#include <math.h>

#define ROWS_COMPARED 10000

typedef struct Agreement {
    double *alone;       /* by column */
    uint32_t *counts;    /* of pairs of codes */
    uint32_t rows, step; /* on average, at no fixed distance: rows may come in cycles */
} Agreement;

/* The chance that two rows have the same pair of codes; `b` NULL: the same code. */
static double agreement(const Agreement *of, const uint8_t *a, const uint8_t *b) {
    double pairs = 0, rows = 0;
    memset(of->counts, 0, sizeof *of->counts * SAMPLE_CODES_MAX * SAMPLE_CODES_MAX);
    for (uint32_t i = 0; i < of->rows; i += 1 + (uint32_t)hash_u64(i) % (2 * of->step - 1)) {
        uint32_t *count = &of->counts[(uint32_t)a[i] * SAMPLE_CODES_MAX + (b == NULL ? 0 : b[i])];
        pairs += (*count)++;
        rows++;
    }
    return pairs / (rows * (rows - 1) / 2);
}

static double strength(double a, double b, double both) {
    double most = a < b ? b : a; /* the column with fewer values can follow from the other: then both = min(a, b) */
    bool is_nearly_constant = most > 0.95;
    if (is_nearly_constant || a <= 0 || b <= 0 || both <= a * b) {
        return 0;
    }
    double x = log(both / (a * b)) / log(1 / most);
    return x > 1 ? 1 : x;
}

static uint32_t find(const Agreement *of, uint8_t *const *codes, uint32_t columns, ColumnDependence *out) {
    uint32_t count = 0;
    for (uint32_t a = 0; a < columns; a++) {
        for (uint32_t b = a + 1; b < columns; b++) {
            if (codes[a] == NULL || codes[b] == NULL) {
                continue;
            }
            double x = strength(of->alone[a], of->alone[b], agreement(of, codes[a], codes[b]));
            if (x >= DEPENDENCE_MIN) {
                out[count++] = (ColumnDependence){a, b, x};
            }
        }
    }
    return count;
}

Status sample_dependences(const Context *cx, Arena *arena, uint8_t *const *codes, uint32_t columns, uint32_t rows,
                          uint32_t *count, const ColumnDependence **dependences) {
    ColumnDependence *out;
    double alone[DEPENDENCE_COLUMNS_MAX] = {0};
    Agreement of = {.alone = alone, .rows = rows, .step = (rows + ROWS_COMPARED - 1) / ROWS_COMPARED};
    columns = columns < DEPENDENCE_COLUMNS_MAX ? columns : DEPENDENCE_COLUMNS_MAX;
    *count = 0;
    *dependences = NULL;
    if (rows < 2 || rows / of.step < 2) {
        return OK;
    }
    TRY_NEW_ARRAY(cx, arena, out, (size_t)columns * columns / 2 + 1);
    TRY_ALLOC(cx, of.counts, sizeof *of.counts * SAMPLE_CODES_MAX * SAMPLE_CODES_MAX);
    for (uint32_t c = 0; c < columns; c++) {
        alone[c] = codes[c] == NULL ? 0 : agreement(&of, codes[c], NULL);
    }
    *count = find(&of, codes, columns, out);
    *dependences = out;
    mem_free(of.counts);
    return OK;
}
