/* What-if plans: table versions that do not exist take the place of the stored ones (what_if.h).
 *
 * Distinct counts: a column that is a key of its table (most rows have a value of their own) has as many more values as the
 * table has rows, and so has each column that is compared with one, or refers to one by a declared key. All others (years,
 * regions, flags) keep theirs. */
#include "plan/what_if.h"

#include "plan/columns.h"
#include "storage/partition.h"

#include <math.h>

#define KEY_LIKE_SHARE 0.1      /* distinct values per row, from which a column is a key */
#define KEY_LIKE_SHARE_TIME 0.9 /* the same for dates and times: a calendar does not grow with what happens in it */
#define PARTITIONS_MAX 10000
#define ROWS_MAX 9e18

/* --------------------------------------------------------------------------------------------------- which columns grow */

typedef struct Supposer {
    const Context *cx;
    LogicalPlan *plan;
    WhatIf *what_if;
    bool **grows; /* [table][column] */
    bool has_changed;
} Supposer;

static uint32_t table_index(const WhatIf *what_if, const TableVersion *table) {
    uint32_t i = 0;
    while (i < what_if->table_count && what_if->tables[i].stored != table) {
        i++;
    }
    return i;
}

static Status add_table(Supposer *s, const TableVersion *table) {
    WhatIf *what_if = s->what_if;
    if (table == NULL || table_index(what_if, table) < what_if->table_count) {
        return OK;
    }
    bool *grows;
    TRY_NEW_ARRAY(s->cx, s->plan->arena, grows, table->schema->column_count);
    for (uint32_t i = 0; i < table->schema->column_count; i++) {
        TypeId type = table->schema->columns[i].type.id;
        bool is_time = type == TYPE_DATE || type == TYPE_TIMESTAMP || type == TYPE_TIMESTAMPTZ;
        double share = is_time ? KEY_LIKE_SHARE_TIME : KEY_LIKE_SHARE;
        grows[i] = table->rows > 0 && table->statistics[i].distinct >= share * (double)table->rows;
    }
    s->grows[what_if->table_count] = grows;
    what_if->tables[what_if->table_count++].stored = table;
    return OK;
}

static bool *growth_of(Supposer *s, const Expr *expr) {
    const Expr *column = expr_widened_column(expr);
    if (column == NULL || column->kind != EXPR_COLUMN) {
        return NULL;
    }
    const LogicalColumn *logical = &s->plan->columns[column->column];
    if (logical->table == NULL || logical->table_column == ROW_ID_COLUMN) {
        return NULL;
    }
    return &s->grows[table_index(s->what_if, logical->table)][logical->table_column];
}

static void grow_together(Supposer *s, bool *a, bool *b) {
    if (a != NULL && b != NULL && *a != *b) {
        *a = *b = s->has_changed = true;
    }
}

static bool visit_equality(const Expr *node, void *argument) {
    Supposer *s = argument;
    if (node->kind == EXPR_COMPARE && node->compare == COMPARE_EQ) {
        grow_together(s, growth_of(s, node->args[0]), growth_of(s, node->args[1]));
    }
    return true;
}

static Status note_equalities(Expr **place, void *argument) {
    (void)expr_walk(*place, visit_equality, argument);
    return OK;
}

static Status grow_compared(Supposer *s, LogicalNode *node) {
    TRY(logical_each_expr(node, note_equalities, s));
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(grow_compared(s, node->children[i]));
    }
    return OK;
}

static void grow_referring(Supposer *s, uint32_t index) {
    const WhatIf *what_if = s->what_if;
    const TableSchema *schema = what_if->tables[index].stored->schema;
    for (uint32_t k = 0; k < schema->key_count; k++) {
        const KeyConstraint *key = &schema->keys[k];
        for (uint32_t t = 0; t < what_if->table_count && key->kind == KEY_FOREIGN && key->target_columns != NULL; t++) {
            const TableSchema *target = what_if->tables[t].stored->schema;
            bool is_target =
                strcmp(target->name, key->target_table) == 0 && strcmp(target->schema_name, key->target_schema) == 0;
            for (uint32_t i = 0; i < key->column_count && is_target; i++) {
                uint32_t column = schema_find_column(target, key->target_columns[i]);
                grow_together(s, &s->grows[index][key->columns[i]], column == UINT32_MAX ? NULL : &s->grows[t][column]);
            }
        }
    }
}

static Status find_growing(Supposer *s) {
    do {
        s->has_changed = false;
        for (uint32_t i = 0; i < s->plan->shared_count; i++) {
            TRY(grow_compared(s, s->plan->shared[i].node));
        }
        TRY(grow_compared(s, s->plan->root));
        for (uint32_t t = 0; t < s->what_if->table_count; t++) {
            grow_referring(s, t);
        }
    } while (s->has_changed);
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------- partitions */

/* The numbers that a partition key can come to: [low, low + step × (count - 1)]. */
typedef struct KeyValues {
    Type type;
    int64_t low, step;
    uint64_t count;
} KeyValues;

static Status refuse_partition(const Context *cx, const TableSchema *schema, const PartitionKey *key) {
    fail(cx, FEATURE_NOT_SUPPORTED, "partitions of \"%s\" by column \"%s\" cannot be supposed: only the data know their values",
         schema->name, schema->columns[key->column].name);
    return fail_hint(cx, "COMPARE (TABLE %s PARTITION BY (…), DEFAULT) builds them", schema->name);
}

static Status key_values(const Context *cx, const TableVersion *table, const TableSchema *schema, const PartitionKey *key,
                         KeyValues *out) {
    const ColumnStatistics *statistics = &table->statistics[key->column];
    const ColumnRange *range = &statistics->range;
    *out = (KeyValues){.type = partition_key_type(key, schema->columns[key->column].type), .step = 1};
    if (key->transform == PARTITION_BUCKET) {
        out->count = (uint64_t)key->parameter;
        return OK;
    }
    if (!class_is_integer(type_class(out->type)) || !range->has_range) {
        return refuse_partition(cx, schema, key);
    }
    Value low = partition_of_value(key, &range->min), high = partition_of_value(key, &range->max);
    out->low = low.i64;
    out->step = key->transform == PARTITION_TRUNCATE ? key->parameter : 1;
    out->count = ((uint64_t)high.i64 - (uint64_t)low.i64) / (uint64_t)out->step + 1;
    bool has_gaps = key->transform == PARTITION_IDENTITY && (double)out->count > 2 * statistics->distinct + 1;
    return has_gaps ? refuse_partition(cx, schema, key) : OK;
}

/* One segment for each combination of key values, all of one size. */
static Status suppose_partitions(Supposer *s, const TableVersion *stored, TableVersion *table) {
    const Context *cx = s->cx;
    Arena *arena = s->plan->arena;
    const TableSchema *schema = table->schema;
    uint32_t keys = schema->partition_key_count;
    KeyValues *values;
    uint64_t count = 1;
    TRY_NEW_ARRAY(cx, arena, values, keys + 1);
    for (uint32_t k = 0; k < keys; k++) {
        TRY(key_values(cx, stored, schema, &schema->partition_keys[k], &values[k]));
        if (values[k].count > PARTITIONS_MAX || (count *= values[k].count) > PARTITIONS_MAX) {
            return fail(cx, CONFIGURATION_LIMIT_EXCEEDED, "\"%s\" would have more than %d partitions", schema->name,
                        PARTITIONS_MAX);
        }
    }
    Partition *partitions;
    Segment *segments;
    SegmentColumn *columns;
    TRY_NEW_ARRAY(cx, arena, partitions, count);
    TRY_NEW_ARRAY(cx, arena, segments, count);
    TRY_NEW_ARRAY(cx, arena, columns, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        columns[i].range = table->statistics[i].range;
    }
    for (uint32_t p = 0; p < count; p++) {
        Value *key;
        uint64_t rest = p;
        TRY_NEW_ARRAY(cx, arena, key, keys + 1);
        for (uint32_t k = 0; k < keys; k++) {
            key[k] = value_i64(values[k].type, values[k].low + values[k].step * (int64_t)(rest % values[k].count));
            rest /= values[k].count;
        }
        partitions[p] = (Partition){.directory = "", .key_count = keys, .values = key, .rows = table->rows / count};
        segments[p] = (Segment){.partition = p, .rows = table->rows / count + 1, .columns = columns, .is_sorted = true};
    }
    table->partition_count = table->segment_count = (uint32_t)count;
    table->partitions = partitions;
    table->segments = segments;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- tables */

static uint64_t scaled(uint64_t count, double scale) {
    double result = (double)count * scale;
    return result > ROWS_MAX ? (uint64_t)ROWS_MAX : (uint64_t)llround(result);
}

/* A key that has more values also has a wider range. */
static void widen_range(ColumnRange *range, Type type, double scale) {
    if (!range->has_range || !type_is_integer(type)) {
        return;
    }
    double most = type.id == TYPE_SMALLINT ? INT16_MAX : type.id == TYPE_INTEGER ? INT32_MAX : ROWS_MAX;
    double max = (double)range->min.i64 + ((double)range->max.i64 - (double)range->min.i64) * scale;
    range->max.i64 = (int64_t)(max > most ? most : max);
}

/* How many copies of a table there will be for one that there is: DISTSTYLE ALL stores one per node. */
static double copies_of(const Supposer *s, DistStyle from, DistStyle to) {
    uint32_t stored = snapshot_topology(s->plan->snapshot).nodes;
    uint32_t supposed = s->what_if->nodes > 0 ? s->what_if->nodes : stored;
    return (double)(to == DIST_ALL ? supposed : 1) / (from == DIST_ALL ? stored : 1);
}

static Status scale_table(Supposer *s, const bool *grows, double copies, TableVersion *table) {
    double scale = s->what_if->scale;
    uint32_t count = table->schema->column_count;
    ColumnStatistics *statistics;
    TRY_NEW_ARRAY(s->cx, s->plan->arena, statistics, count);
    memcpy(statistics, table->statistics, sizeof *statistics * count);
    table->rows = scaled(table->rows, scale);
    table->bytes = scaled(table->bytes, scale * copies);
    table->sample.table_rows = scaled(table->sample.table_rows, scale);
    table->sample.faked_rows = scaled(table->sample.faked_rows, scale);
    for (uint32_t i = 0; i < count; i++) {
        ColumnStatistics *column = &statistics[i];
        column->range.rows = scaled(column->range.rows, scale);
        column->range.nulls = scaled(column->range.nulls, scale);
        column->file_bytes = scaled(column->file_bytes, scale * copies);
        if (grows[i]) {
            column->distinct = fmin(column->distinct * scale, (double)table->rows);
            widen_range(&column->range, table->schema->columns[i].type, scale);
            column->common_count = column->bound_count = 0; /* of other values */
        }
    }
    table->statistics = statistics;
    return OK;
}

static bool same_partitions(const TableSchema *a, const TableSchema *b) {
    if (a->partition_key_count != b->partition_key_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->partition_key_count; i++) {
        const PartitionKey *x = &a->partition_keys[i], *y = &b->partition_keys[i];
        if (x->transform != y->transform || x->column != y->column || x->parameter != y->parameter) {
            return false;
        }
    }
    return true;
}

static bool same_sort_keys(const TableSchema *a, const TableSchema *b) {
    return a->sort_key_count == b->sort_key_count &&
           (a->sort_key_count == 0 || memcmp(a->sort_keys, b->sort_keys, sizeof *a->sort_keys * a->sort_key_count) == 0);
}

static Status sort_segments(Supposer *s, TableVersion *table) {
    Segment *segments;
    TRY_NEW_ARRAY(s->cx, s->plan->arena, segments, table->segment_count + 1);
    for (uint32_t i = 0; i < table->segment_count; i++) {
        segments[i] = table->segments[i];
        segments[i].is_sorted = table->schema->sort_key_count > 0;
    }
    table->segments = segments;
    return OK;
}

static void put_design(Supposer *s, const TableVersion *stored, TableVersion *table) {
    const WhatIf *what_if = s->what_if;
    for (uint32_t i = 0; i < what_if->change_count; i++) {
        if (what_if->changes[i].table->id == stored->id) {
            table->schema = what_if->changes[i].schema;
        }
    }
    table->dist_style = table->schema->dist_style == DIST_AUTO ? stored->dist_style : table->schema->dist_style;
}

static Status suppose_table(Supposer *s, uint32_t index) {
    SupposedTable *entry = &s->what_if->tables[index];
    const TableVersion *stored = entry->stored;
    TableVersion *table;
    TRY_NEW(s->cx, s->plan->arena, table);
    *table = *stored;
    put_design(s, stored, table);
    TRY(scale_table(s, s->grows[index], copies_of(s, stored->dist_style, table->dist_style), table));
    if (!same_partitions(table->schema, stored->schema)) {
        TRY(suppose_partitions(s, stored, table));
    } else if (!same_sort_keys(table->schema, stored->schema)) {
        TRY(sort_segments(s, table));
    }
    entry->supposed = table;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- entry */

static const TableVersion *in_place_of(const SupposedTable *tables, uint32_t count, const TableVersion *stored) {
    for (uint32_t i = 0; i < count; i++) {
        if (tables[i].stored == stored) {
            return tables[i].supposed;
        }
    }
    return stored;
}

static void put_in_tree(LogicalNode *node, const SupposedTable *tables, uint32_t count) {
    if (node->kind == LOGICAL_GET) {
        node->get.table = in_place_of(tables, count, node->get.table);
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        put_in_tree(node->children[i], tables, count);
    }
}

void plan_put_tables(LogicalPlan *plan, const SupposedTable *tables, uint32_t count) {
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        put_in_tree(plan->shared[i].node, tables, count);
    }
    put_in_tree(plan->root, tables, count);
    for (uint32_t i = 0; i < plan->column_count; i++) {
        plan->columns[i].table = in_place_of(tables, count, plan->columns[i].table);
    }
}

Status what_if_apply(const Context *cx, LogicalPlan *plan, WhatIf *what_if) {
    Supposer s = {.cx = cx, .plan = plan, .what_if = what_if};
    TRY_NEW_ARRAY(cx, plan->arena, what_if->tables, plan->column_count + 1);
    TRY_NEW_ARRAY(cx, plan->arena, s.grows, plan->column_count + 1);
    what_if->table_count = 0;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        TRY(add_table(&s, plan->columns[i].table));
    }
    TRY(find_growing(&s));
    for (uint32_t i = 0; i < what_if->table_count; i++) {
        TRY(suppose_table(&s, i));
    }
    plan_put_tables(plan, what_if->tables, what_if->table_count);
    plan->what_if = what_if;
    return OK;
}

const TableVersion *what_if_stored(const LogicalPlan *plan, const TableVersion *table) {
    for (uint32_t i = 0; plan->what_if != NULL && i < plan->what_if->table_count; i++) {
        if (plan->what_if->tables[i].supposed == table) {
            return plan->what_if->tables[i].stored;
        }
    }
    return table;
}

/* ----------------------------------------------------------------------------------------------------------------- text */

static Status add_text(const Context *cx, Arena *arena, const char **text, const char *part) {
    *text = *text == NULL ? part : arena_format(cx, arena, "%s, %s", *text, part);
    return part == NULL || *text == NULL ? OUT_OF_MEMORY : OK;
}

static Status columns_text(const Context *cx, Arena *arena, const TableSchema *schema, const uint32_t *columns, uint32_t count,
                           const char **text) {
    *text = NULL;
    for (uint32_t i = 0; i < count; i++) {
        TRY(add_text(cx, arena, text, schema->columns[columns[i]].name));
    }
    *text = count == 0 ? "none" : *text;
    return OK;
}

static Status partitions_text(const Context *cx, Arena *arena, const TableSchema *schema, const char **text) {
    *text = NULL;
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        const PartitionKey *key = &schema->partition_keys[i];
        const char *name = schema->columns[key->column].name, *transform = partition_transform_name(key->transform);
        bool has_parameter = partition_transform_takes_number(key->transform);
        const char *part = key->transform == PARTITION_IDENTITY ? name
                           : has_parameter ? arena_format(cx, arena, "%s(%lld, %s)", transform, (long long)key->parameter, name)
                                           : arena_format(cx, arena, "%s(%s)", transform, name);
        TRY(add_text(cx, arena, text, part));
    }
    *text = *text == NULL ? "none" : *text;
    return OK;
}

static Status change_text(const Context *cx, Arena *arena, const DesignChange *change, const char **text) {
    const TableSchema *from = change->table->schema, *to = change->schema;
    const char *part, *columns;
    char style[DIST_TEXT_BYTES_MAX];
    bool same_key = from->dist_style != DIST_KEY || from->dist_column == to->dist_column;
    if (from->dist_style != to->dist_style || !same_key) {
        part = to->dist_style == DIST_KEY
                   ? arena_format(cx, arena, "%s DISTKEY (%s)", to->name, to->columns[to->dist_column].name)
                   : arena_format(cx, arena, "%s DISTSTYLE %s", to->name, schema_dist_text(to, to->dist_style, style));
        TRY(add_text(cx, arena, text, part));
    }
    if (!same_sort_keys(from, to)) {
        TRY(columns_text(cx, arena, to, to->sort_keys, to->sort_key_count, &columns));
        TRY(add_text(cx, arena, text, arena_format(cx, arena, "%s SORTKEY (%s)", to->name, columns)));
    }
    if (!same_partitions(from, to)) {
        TRY(partitions_text(cx, arena, to, &columns));
        TRY(add_text(cx, arena, text, arena_format(cx, arena, "%s PARTITION BY (%s)", to->name, columns)));
    }
    return OK;
}

Status what_if_text(const Context *cx, Arena *arena, const WhatIf *what_if, const char **text) {
    *text = NULL;
    if (what_if->nodes > 0) {
        TRY(add_text(cx, arena, text, arena_format(cx, arena, "%u node%s", what_if->nodes, what_if->nodes == 1 ? "" : "s")));
    }
    if (what_if->scale != 1) {
        TRY(add_text(cx, arena, text, arena_format(cx, arena, "%.15g times the rows of every table", what_if->scale)));
    }
    for (uint32_t i = 0; i < what_if->change_count; i++) {
        TRY(change_text(cx, arena, &what_if->changes[i], text));
    }
    *text = *text == NULL ? "everything as it is" : *text;
    return OK;
}
