/* Expected loads of slices, from common values (salting.h). All other values are taken to be even. */
#include "plan/salting.h"

#include "plan/join_cost.h"
#include "storage/distribute.h"

/* Keys are salted until the fullest slice is expected to have no more than this over the mean. */
#define SKEW_TOLERATED 1.1

typedef struct Loads {
    uint32_t slices, slices_per_node;
    double *shares;     /* per slice, of the rows with a key; spread rows left out */
    double spread;      /* share of the rows that go to all slices in turn */
    uint32_t *slice_of; /* per common value */
} Loads;

static double fullest_over_mean(const Loads *loads, uint32_t slices_together) {
    double most = 0;
    for (uint32_t first = 0; first < loads->slices; first += slices_together) {
        double share = 0;
        for (uint32_t i = 0; i < slices_together; i++) {
            share += loads->shares[first + i];
        }
        most = share > most ? share : most;
    }
    return loads->spread + most * loads->slices / slices_together;
}

/* Each common value's share on its slice, the rest of the rows with a key on all. */
static Status place_common(const Lowering *low, const ColumnStatistics *statistics, double with_key, Loads *loads) {
    double rest = 1;
    TRY_NEW_ARRAY(low->cx, low->arena, loads->shares, loads->slices);
    TRY_NEW_ARRAY(low->cx, low->arena, loads->slice_of, statistics->common_count);
    for (uint32_t i = 0; i < statistics->common_count; i++) {
        double share = statistics->common[i].share / with_key;
        loads->slice_of[i] = slice_of_hash(value_placement_hash(&statistics->common[i].value, PLACEMENT_SEED), loads->slices);
        loads->shares[loads->slice_of[i]] += share;
        rest -= share;
    }
    for (uint32_t i = 0; i < loads->slices; i++) {
        loads->shares[i] += rest < 0 ? 0 : rest / loads->slices;
    }
    return OK;
}

static const ColumnStatistics *statistics_of(const Lowering *low, ColumnId column, double *with_key) {
    const LogicalColumn *info = column < low->logical->column_count ? &low->logical->columns[column] : NULL;
    if (info == NULL || info->table == NULL) {
        return NULL;
    }
    const ColumnStatistics *statistics = &info->table->statistics[info->table_column];
    *with_key = 1 - (double)statistics->range.nulls / (info->table->rows == 0 ? 1 : (double)info->table->rows);
    return statistics->common_count > 0 && *with_key > 0 ? statistics : NULL;
}

Status hot_keys_find(const Lowering *low, ColumnId column, HotKeys *hot) {
    *hot = (HotKeys){.slice_skew = 1, .node_skew = 1, .salted_slice_skew = 1, .salted_node_skew = 1};
    uint32_t nodes = planned_nodes(low->logical, low->plan->topology.nodes);
    double with_key;
    const ColumnStatistics *statistics = nodes > 1 ? statistics_of(low, column, &with_key) : NULL;
    if (statistics == NULL) {
        return OK;
    }
    Loads loads = {.slices_per_node = low->plan->topology.slices_per_node};
    loads.slices = nodes * loads.slices_per_node;
    TRY(place_common(low, statistics, with_key, &loads));
    hot->slice_skew = fullest_over_mean(&loads, 1);
    hot->node_skew = fullest_over_mean(&loads, loads.slices_per_node);
    while (hot->count < statistics->common_count && fullest_over_mean(&loads, 1) > SKEW_TOLERATED) {
        double share = statistics->common[hot->count].share / with_key;
        loads.shares[loads.slice_of[hot->count++]] -= share;
        loads.spread += share;
    }
    hot->salted_slice_skew = fullest_over_mean(&loads, 1);
    hot->salted_node_skew = fullest_over_mean(&loads, loads.slices_per_node);
    Value *values;
    TRY_NEW_ARRAY(low->cx, low->arena, values, hot->count);
    for (uint32_t i = 0; i < hot->count; i++) {
        values[i] = statistics->common[i].value;
    }
    hot->values = values;
    return OK;
}
