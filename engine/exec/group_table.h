/* Hash tables of groups. Keys of all group columns are packed into rows of words (codes of shared dictionaries and values of
 * known ranges take few bytes, so most keys fit one or two words); a group is one record:
 *
 *     hash (8) | key words | padding to 16 | states of the aggregates
 *
 * A task's table stays small enough for the cache: when it is full its records move to partitions by their hash, and equal
 * groups meet again when the partitions are merged. */
#ifndef DEPOT_EXEC_GROUP_TABLE_H
#define DEPOT_EXEC_GROUP_TABLE_H

#include "exec/row_store.h"

#define GROUP_PARTITION_BITS 6
#define GROUP_PARTITIONS ((uint32_t)1 << GROUP_PARTITION_BITS)
/* Partitions may be split again, each time by the next bits of the hash. */
static inline uint32_t group_partition(uint64_t hash, uint32_t level) {
    return (uint32_t)(hash >> (64 - (level + 1) * GROUP_PARTITION_BITS)) & (GROUP_PARTITIONS - 1);
}

typedef struct KeyField {
    ColumnFormat format;
    uint32_t offset;               /* in the key */
    uint32_t null_byte, null_mask; /* the bit that says NULL */
} KeyField;

typedef struct GroupLayout {
    uint32_t field_count;
    KeyField *fields;          /* owned */
    uint32_t key_bytes;        /* a multiple of 8 */
    bool compares_values;      /* long text or intervals: equal keys may differ in bytes */
    uint32_t partition_offset; /* in the record: the hash that decides on the partition */
    uint32_t states_offset;    /* in the record */
    uint32_t record_bytes;     /* a multiple of 16 */
} GroupLayout;

/* Keys of these columns of `columns`. */
Status group_layout_init(const Context *cx, GroupLayout *layout, const PhysicalColumn *columns, const uint32_t *slots,
                         uint32_t slot_count, uint32_t state_bytes) MUST_CHECK;
/* Keys for DISTINCT: the group's hash and key, then the values; no states. Without group columns the values' hash partitions.
 */
Status group_layout_init_distinct(const Context *cx, GroupLayout *layout, const GroupLayout *group,
                                  const PhysicalColumn *columns, const uint32_t *slots, uint32_t slot_count) MUST_CHECK;
void group_layout_free(GroupLayout *layout);
#define GROUP_KEY_OFFSET 8u /* of the key in a record */

/* Scratch for making keys of batches. */
typedef struct KeyEncoder {
    uint8_t *keys;    /* BATCH_ROWS_MAX × key_bytes; owned */
    uint64_t *hashes; /* owned */
    void *column;     /* one column in its format; owned */
    Vector scratch;
} KeyEncoder;

Status key_encoder_init(const Context *cx, KeyEncoder *encoder, const GroupLayout *layout) MUST_CHECK;
void key_encoder_free(KeyEncoder *encoder);
/* Writes one field of all keys; keys were zeroed. */
Status key_encode_field(const Context *cx, KeyEncoder *encoder, const KeyField *field, uint32_t key_bytes, const Vector *vector,
                        uint32_t rows) MUST_CHECK;
/* Keys and hashes of the batch's columns `slots`. Text in keys is borrowed from the batch. */
Status key_encode_batch(const Context *cx, KeyEncoder *encoder, const GroupLayout *layout, const Batch *in,
                        const uint32_t *slots) MUST_CHECK;

typedef struct GroupSlot {
    uint32_t tag;   /* upper half of the hash */
    uint32_t group; /* + 1; 0: free */
} GroupSlot;

typedef struct GroupTable {
    const GroupLayout *layout; /* borrowed */
    uint32_t count, capacity;  /* groups */
    uint8_t *records;          /* owned */
    uint32_t slot_bits;
    GroupSlot *slots; /* owned */
} GroupTable;

/* What making that room takes: nothing if there is enough. */
uint64_t group_table_growth(const GroupTable *table, uint32_t more);
/* Makes room for `more` groups beyond those there are. */
Status group_table_reserve(const Context *cx, GroupTable *table, uint32_t more) MUST_CHECK;
void group_table_free(GroupTable *table);
/* groups[i] = number of the group with keys[i] (at keys + i × stride), added with zero states if it is new. Room must have
 * been reserved. `text`: where to copy long text of new keys; NULL: keep borrowing. */
Status group_table_find(const Context *cx, GroupTable *table, const uint8_t *keys, size_t stride, const uint64_t *hashes,
                        uint32_t count, Arena *text, uint32_t *groups) MUST_CHECK;

/* Adds a group per key without looking for equal ones, for input that hardly repeats: the table is then only good for flushing.
 * Room must have been reserved. Long text of keys is still borrowed: group_table_own_text copies that of groups from `first`
 * on. */
void group_table_append(GroupTable *table, const uint8_t *keys, size_t stride, const uint64_t *hashes, uint32_t count,
                        uint32_t *groups);
Status group_table_own_text(const Context *cx, GroupTable *table, uint32_t first, Arena *text) MUST_CHECK;

/* Two keys of the layout are those of one group. */
bool group_keys_equal(const GroupLayout *layout, const uint8_t *a, const uint8_t *b);

/* Blocks of records. */
typedef struct RecordBlock {
    struct RecordBlock *next;
    uint32_t count, capacity;
    uint8_t padding[48]; /* records start at 64 bytes */
    uint8_t records[];
} RecordBlock;
_Static_assert(sizeof(RecordBlock) == 64, "records of a block are aligned");

typedef struct RecordList {
    RecordBlock *first, *last; /* owned */
    uint64_t count;
} RecordList;

/* Appends a copy of the record. */
Status record_list_add(const Context *cx, RecordList *list, const GroupLayout *layout, const uint8_t *record) MUST_CHECK;
void record_list_free(RecordList *list);
void record_list_join(RecordList *list, RecordList *more); /* moves all of `more` to the end */
/* Moves all records to the partitions (GROUP_PARTITIONS lists) that the hash bits of the level name: 0 has the highest. Blocks
 * are freed as they are done. */
Status record_list_split(const Context *cx, RecordList *list, const GroupLayout *layout, uint32_t level,
                         RecordList *partitions) MUST_CHECK;
/* Moves all groups of the table to the partitions of level 0, clearing it. */
Status group_table_flush(const Context *cx, GroupTable *table, RecordList *partitions) MUST_CHECK;

/* Decodes a field of `count` records into a vector (FLAT or CODES; text borrowed). */
Status group_decode_field(const Context *cx, const KeyField *field, const uint8_t *records, size_t stride, uint32_t count,
                          Vector *out) MUST_CHECK;

#endif
