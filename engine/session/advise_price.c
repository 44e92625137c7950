/* What a plan is thought to cost, from its estimates: bytes through exchanges, bytes of the blocks that scans read. How many
 * blocks a sort key leaves to read follows from the shares that predicates and join filters let through. */
#include "session/advise.h"

#include "plan/join_cost.h"

#include <math.h>

#define CORRELATED 0.9 /* values that follow the order of rows: as good as a sort key */
#define BLOCK_ROWS_DEFAULT 8192

typedef struct Pricer {
    const PhysicalPlan *plan;
    Cluster cluster;
    Price *price;
} Pricer;

/* ---------------------------------------------------------------------------------------------------- shares of columns */

static bool value_place(const Value *value, double *place) {
    StorageClass storage_class = type_class(value->type);
    if (storage_class == CLASS_F32 || storage_class == CLASS_F64) {
        *place = value->f64;
        return true;
    }
    *place = (double)value->i64;
    return class_is_integer(storage_class);
}

static double range_share(const ColumnStatistics *statistics, const Predicate *predicate) {
    double min, max, low, high, least = 1 / (statistics->distinct < 1 ? 1 : statistics->distinct);
    bool is_point = predicate->has_low && predicate->has_high && value_compare(&predicate->low, &predicate->high) == 0;
    if (is_point) {
        return least;
    }
    if (!statistics->range.has_range || !value_place(&statistics->range.min, &min) ||
        !value_place(&statistics->range.max, &max) || max <= min) {
        return 0.33;
    }
    low = min;
    high = max;
    (void)(predicate->has_low && value_place(&predicate->low, &low));
    (void)(predicate->has_high && value_place(&predicate->high, &high));
    low = low < min ? min : low;
    high = high > max ? max : high;
    double share = (high - low) / (max - min);
    return share < least ? least : share > 1 ? 1 : share;
}

static double predicate_share(const ColumnStatistics *statistics, const Predicate *predicate) {
    double values = statistics->distinct < 1 ? 1 : statistics->distinct;
    switch (predicate->kind) {
    case PREDICATE_RANGE: return range_share(statistics, predicate);
    case PREDICATE_IN: return predicate->value_count < values ? predicate->value_count / values : 1;
    default: return 1;
    }
}

static bool is_publisher(const PhysicalNode *node, const void *filter_id) {
    return node->kind == PHYSICAL_HASH_JOIN && node->join.publishes_filter &&
           node->join.filter_id == *(const uint32_t *)filter_id;
}

static double blocks_of(const TableVersion *table) {
    uint32_t block_rows = table->schema->block_rows;
    double blocks = (double)table->rows / (block_rows == 0 ? BLOCK_ROWS_DEFAULT : block_rows);
    return blocks < 1 ? 1 : blocks;
}

static bool follows_rows(const TableVersion *table, uint32_t column) {
    return fabs(table->statistics[column].correlation) > CORRELATED;
}

static const ScanSpec *find_scan(const PhysicalNode *node) {
    while (node->kind != PHYSICAL_SCAN && node->child_count > 0) {
        node = node->children[0];
    }
    return node->kind == PHYSICAL_SCAN ? &node->scan : NULL;
}

/* The keys that a join's inner side keeps are a run (the days of a year) if a restricted column follows the order of its rows;
 * else they lie anywhere, and a block is left out if it holds none of them. */
static double keys_share(const Pricer *pricer, const PhysicalNode *join, const TableVersion *table,
                         const ColumnStatistics *statistics) {
    const ScanSpec *inner = find_scan(join->children[1]);
    double run = 1, distinct = statistics->distinct < 1 ? 1 : statistics->distinct;
    for (uint32_t i = 0; inner != NULL && i < inner->predicate_count; i++) {
        uint32_t column = inner->predicates[i].column;
        bool is_run = follows_rows(inner->table, column);
        run *= is_run ? predicate_share(&inner->table->statistics[column], &inner->predicates[i]) : 1;
    }
    if (run < 1) {
        return run;
    }
    const Topology *topology = &pricer->plan->topology;
    double blocks = blocks_of(table) / (topology->nodes * topology->slices_per_node); /* every slice has all values */
    double share = join->children[1]->rows / distinct, values = distinct / (blocks < 1 ? 1 : blocks);
    return share >= 1 ? 1 : 1 - pow(1 - share, values < 1 ? 1 : values);
}

/* The share of a table's blocks that predicates and join filters on one column let through, were it sorted by that. */
static double column_share(const Pricer *pricer, const ScanSpec *scan, uint32_t column) {
    const ColumnStatistics *statistics = &scan->table->statistics[column];
    double share = 1;
    for (uint32_t i = 0; i < scan->predicate_count; i++) {
        share *= scan->predicates[i].column == column ? predicate_share(statistics, &scan->predicates[i]) : 1;
    }
    for (uint32_t i = 0; i < scan->join_filter_count; i++) {
        const PhysicalNode *join = scan->columns[scan->join_filters[i].column] == column
                                       ? physical_plan_find(pricer->plan, is_publisher, &scan->join_filters[i].filter_id)
                                       : NULL;
        share *= join == NULL ? 1 : keys_share(pricer, join, scan->table, statistics);
    }
    return share;
}

/* Blocks are left out by the first sort key, by the next ones while those before are held at one value, and by what follows the
 * order of rows anyhow. */
static double block_share(const Pricer *pricer, const ScanSpec *scan) {
    const TableSchema *schema = scan->table->schema;
    double share = 1;
    bool goes_on = true;
    for (uint32_t k = 0; k < schema->sort_key_count && goes_on; k++) {
        const ColumnStatistics *statistics = &scan->table->statistics[schema->sort_keys[k]];
        double one = column_share(pricer, scan, schema->sort_keys[k]);
        share *= one;
        goes_on = one * statistics->distinct < 2;
    }
    for (uint32_t i = 0; i < schema->column_count && schema->sort_key_count == 0; i++) {
        double one = follows_rows(scan->table, i) ? column_share(pricer, scan, i) : 1;
        share = one < share ? one : share;
    }
    return share;
}

/* ---------------------------------------------------------------------------------------------------------------- plans */

static void price_scan(Pricer *pricer, const PhysicalNode *node) {
    const ScanSpec *scan = &node->scan;
    const TableVersion *table = scan->table;
    double nodes = pricer->plan->topology.nodes, slices = pricer->plan->topology.slices_per_node;
    bool reads_one_copy = table->dist_style == DIST_ALL && node->on_leader;
    double bytes = 0;
    double share = block_share(pricer, scan), least = slices * nodes / blocks_of(table); /* no slice reads less than a block */
    share = share < least ? fmin(least, 1) : share;
    if (table->partition_count > 1) {
        share *= (double)scan->partitions_read / table->partition_count;
    }
    for (uint32_t i = 0; i < scan->column_count; i++) {
        bytes += scan->columns[i] == ROW_ID_COLUMN ? 0 : (double)table->statistics[scan->columns[i]].file_bytes;
    }
    bytes *= reads_one_copy ? share / nodes : share; /* the files are those of all copies */
    pricer->price->scanned += bytes;
    pricer->price->nanoseconds += bytes * BYTE_SCAN_NS / slices / (reads_one_copy ? 1 : nodes);
}

static void price_sent(Pricer *pricer, const PhysicalNode *node) {
    double nodes = pricer->plan->topology.nodes, bytes = node->children[0]->rows * node->width, moved = 0;
    if (node->exchange.kind == EXCHANGE_BROADCAST) {
        moved = bytes * (nodes - 1);
    } else if (node->exchange.kind == EXCHANGE_HASH) {
        moved = bytes * (nodes - 1) / nodes;
    }
    pricer->price->moved += moved;
    pricer->price->nanoseconds += moved > 0 ? pricer->cluster.latency_ns + moved / nodes * pricer->cluster.byte_ns : 0;
}

static void price_node(Pricer *pricer, const PhysicalNode *node) {
    if (node->kind == PHYSICAL_SCAN) {
        price_scan(pricer, node);
    } else if (node->kind == PHYSICAL_EXCHANGE) {
        price_sent(pricer, node);
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        price_node(pricer, node->children[i]);
    }
}

void price_plan(const Settings *settings, const PhysicalPlan *plan, Price *price) {
    Pricer pricer = {plan, cluster_of(settings, plan->topology.nodes), price};
    *price = (Price){0};
    price_node(&pricer, plan->root);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        price_node(&pricer, plan->shared[i]);
    }
}
