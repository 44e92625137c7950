/* Which partitions and segments can hold a row that satisfies predicates, from the manifest alone. A partition's key value
 * bounds its column: year 1995 means a date from 1995-01-01 to 1995-12-31; a bucket is asked by hashing the wanted keys. */
#include "core/datetime.h"
#include "storage/partition.h"
#include "storage/segment_read.h"

/* Build keys are hashed one by one up to here. */
#define BUCKET_KEYS_MAX 4096
#define BUCKET_KEY_RANGE_MAX ((uint64_t)1 << 20)

/* --------------------------------------------------------------------------------------- what a key value says of its column
 */

static void range_of_days(Type type, int32_t first, int32_t last, ColumnRange *range) {
    bool is_timestamp = type.id != TYPE_DATE; /* TIMESTAMPTZ: days of UTC */
    range->min = value_i64(type, is_timestamp ? (int64_t)first * MICROS_PER_DAY : first);
    range->max = value_i64(type, is_timestamp ? ((int64_t)last + 1) * MICROS_PER_DAY - 1 : last);
}

static void range_of_truncated(Type type, const PartitionKey *key, const Value *value, ColumnRange *range) {
    range->min = range->max = *value;
    if (type_is_text(type)) {
        const Text *text = &value->text;
        range->max_is_truncated = utf8_length(text_data(text), text->bytes) >= key->parameter;
        return;
    }
    if (__builtin_add_overflow(value->i64, key->parameter - 1, &range->max.i64)) {
        range->max.i64 = INT64_MAX;
    }
}

/* The column's values in a partition whose key is `value`, not NULL. False if there is no such range (bucket). */
static bool range_of_key(Type type, const PartitionKey *key, const Value *value, ColumnRange *range) {
    *range = (ColumnRange){.has_range = true, .rows = 1};
    int32_t number = (int32_t)value->i64;
    switch (key->transform) {
    case PARTITION_IDENTITY: range->min = range->max = *value; return true;
    case PARTITION_YEAR:
        range_of_days(type, days_from_civil(number, 1, 1), days_from_civil(number, 12, 31), range);
        return true;
    case PARTITION_MONTH:
        range_of_days(type, days_from_civil(1970, number + 1, 1), days_from_civil(1970, number + 2, 1) - 1, range);
        return true;
    case PARTITION_DAY: range_of_days(type, number, number, range); return true;
    case PARTITION_TRUNCATE: range_of_truncated(type, key, value, range); return true;
    case PARTITION_BUCKET: return false;
    }
    return false;
}

/* ----------------------------------------------------------------------------------------------------------------- buckets */

static bool in_bucket(const PartitionKey *key, const Value *bucket, const Value *value) {
    return partition_of_value(key, value).i64 == bucket->i64;
}

static bool keys_in_bucket(const PartitionKey *key, Type type, const Value *bucket, const KeyFilter *keys) {
    if (keys->is_empty) {
        return false;
    }
    uint64_t range = (uint64_t)keys->max - (uint64_t)keys->min;
    if (keys->bitmap == NULL || keys->keys > BUCKET_KEYS_MAX || range > BUCKET_KEY_RANGE_MAX) {
        return true;
    }
    for (uint64_t word = 0; word <= range / 64; word++) {
        for (uint64_t bits = keys->bitmap[word]; bits != 0; bits &= bits - 1) {
            Value value = value_i64(type, keys->min + (int64_t)(word * 64 + (uint64_t)__builtin_ctzll(bits)));
            if (in_bucket(key, bucket, &value)) {
                return true;
            }
        }
    }
    return false;
}

static bool bucket_may_match(const PartitionKey *key, Type type, const Value *bucket, const Predicate *predicate) {
    switch (predicate->kind) {
    case PREDICATE_RANGE:
        return !predicate->has_low || !predicate->has_high || value_compare(&predicate->low, &predicate->high) != 0 ||
               in_bucket(key, bucket, &predicate->low);
    case PREDICATE_IN:
        for (uint32_t i = 0; i < predicate->value_count; i++) {
            if (in_bucket(key, bucket, &predicate->values[i])) {
                return true;
            }
        }
        return false;
    case PREDICATE_KEYS: return keys_in_bucket(key, type, bucket, predicate->keys);
    default: return true;
    }
}

/* -------------------------------------------------------------------------------------------------------------- partitions */

/* A NULL key means that the column is NULL in every row, any other that it is in none. */
static bool key_may_match(const PartitionKey *key, Type type, const Value *value, const Predicate *predicate) {
    if (value->is_null || predicate->kind == PREDICATE_IS_NULL) {
        return value->is_null && predicate->kind == PREDICATE_IS_NULL;
    }
    ColumnRange range;
    return range_of_key(type, key, value, &range) ? predicate_may_match(predicate, &range)
                                                  : bucket_may_match(key, type, value, predicate);
}

static bool partition_may_match(const TableSchema *schema, const Partition *partition, const Predicate *predicates,
                                uint32_t count) {
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        const PartitionKey *key = &schema->partition_keys[i];
        for (uint32_t j = 0; j < count; j++) {
            if (predicates[j].column == key->column &&
                !key_may_match(key, schema->columns[key->column].type, &partition->values[i], &predicates[j])) {
                return false;
            }
        }
    }
    return true;
}

static bool segment_may_match(const Segment *segment, const Predicate *predicates, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (!predicate_may_match(&predicates[i], &segment->columns[predicates[i].column].range)) {
            return false;
        }
    }
    return segment->deleted_rows < segment->rows;
}

/* What is known of a partition while its segments are looked at, in any order. */
typedef enum PartitionState { UNSEEN, PRUNED, POSSIBLE, READ } PartitionState;
#define PARTITION_STATES 4096 /* remembered; those beyond are decided anew for each segment */

static bool is_pruned(const TableVersion *table, uint32_t partition, const Predicate *predicates, uint32_t count,
                      uint8_t *states) {
    if (partition >= PARTITION_STATES) {
        return !partition_may_match(table->schema, &table->partitions[partition], predicates, count);
    }
    if (states[partition] == UNSEEN) {
        states[partition] =
            partition_may_match(table->schema, &table->partitions[partition], predicates, count) ? POSSIBLE : PRUNED;
    }
    return states[partition] == PRUNED;
}

/* Is segment `i`, which survives, the first of its partition that does? */
static bool is_first_read(const TableVersion *table, const uint8_t *survives, uint32_t i, uint8_t *states) {
    uint32_t partition = table->segments[i].partition;
    if (partition < PARTITION_STATES) {
        bool is_first = states[partition] != READ;
        states[partition] = READ;
        return is_first;
    }
    for (uint32_t earlier = 0; earlier < i; earlier++) {
        if (survives[earlier] && table->segments[earlier].partition == partition) {
            return false;
        }
    }
    return true;
}

void table_prune(const TableVersion *table, const Predicate *predicates, uint32_t count, uint8_t *survives,
                 uint32_t *partitions_read, uint32_t *segments_read) {
    uint8_t states[PARTITION_STATES] = {0};
    *partitions_read = *segments_read = 0;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const Segment *segment = &table->segments[i];
        survives[i] =
            !is_pruned(table, segment->partition, predicates, count, states) && segment_may_match(segment, predicates, count);
        if (survives[i]) {
            ++*segments_read;
            *partitions_read += is_first_read(table, survives, i, states);
        }
    }
}
