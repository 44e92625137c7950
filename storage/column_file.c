/* Footers and tails of column images and packed files: made and checked. */
#include "storage/column_file.h"

#include "storage/block.h"
#include "storage/encodings/codec.h"

#include <stddef.h>

/* The lowest version that knows all that stands in the blocks, so that older programs read what they can. */
static uint32_t version_needed(const BlockEntry *entries, uint32_t block_count) {
    for (uint32_t b = 0; b < block_count; b++) {
        if (entries[b].codec == CODEC_REPEATS) {
            return COLUMN_FILE_VERSION_REPEATS;
        }
    }
    return COLUMN_FILE_VERSION;
}

Status column_image_finish(const Context *cx, ByteBuffer *image, Type type, const BlockEntry *entries, uint32_t block_count,
                           const ByteBuffer *range_text, ColumnTail *tail) {
    size_t footer_at = image->used;
    TRY(byte_buffer_append(cx, image, entries, sizeof *entries * block_count));
    TRY(byte_buffer_append(cx, image, range_text->data, range_text->used));
    tail->footer_offset = footer_at;
    tail->footer_bytes = (uint32_t)(image->used - footer_at);
    tail->footer_checksum = codec_checksum(image->data + footer_at, tail->footer_bytes);
    tail->block_count = block_count;
    tail->type_id = type.id;
    tail->precision = type.precision;
    tail->scale = type.scale;
    tail->version = version_needed(entries, block_count);
    tail->zero = 0;
    tail->tail_checksum = codec_checksum(tail, offsetof(ColumnTail, tail_checksum));
    memcpy(tail->magic, COLUMN_FILE_MAGIC, sizeof tail->magic);
    return byte_buffer_append(cx, image, tail, sizeof *tail);
}

const char *column_tail_problem(const ColumnTail *tail, uint64_t image_bytes, Type type) {
    if (memcmp(tail->magic, COLUMN_FILE_MAGIC, sizeof tail->magic) != 0) {
        return "it does not end as a column file does";
    }
    if (CHECKSUMS_COUNT && tail->tail_checksum != codec_checksum(tail, offsetof(ColumnTail, tail_checksum))) {
        return "checksum of the tail does not match";
    }
    if (tail->version != COLUMN_FILE_VERSION && tail->version != COLUMN_FILE_VERSION_REPEATS) {
        return "its format version is unknown";
    }
    if (tail->type_id != type.id || tail->precision != type.precision || tail->scale != type.scale) {
        return "it is of another type";
    }
    uint64_t bytes = image_bytes;
    if (tail->footer_offset > bytes || tail->footer_bytes > bytes - tail->footer_offset ||
        tail->footer_offset + tail->footer_bytes + sizeof *tail != bytes || tail->dictionary_offset > tail->footer_offset ||
        tail->dictionary_offset + tail->dictionary_stored_bytes != tail->footer_offset ||
        (uint64_t)tail->block_count * sizeof(BlockEntry) > tail->footer_bytes) {
        return "the parts of the file do not fit together";
    }
    if (tail->dictionary_size == 0 && tail->dictionary_stored_bytes != 0) {
        return "it has a dictionary of no entries";
    }
    return NULL;
}

static bool range_text_fits(const ColumnMeta *meta, const uint8_t *value) {
    uint32_t at[2];
    memcpy(at, value, sizeof at);
    return at[0] <= meta->text_bytes && at[1] <= meta->text_bytes - at[0];
}

static const char *entries_problem(const ColumnMeta *meta) {
    uint64_t offset = 0, rows = 0;
    for (uint32_t b = 0; b < meta->tail.block_count; b++) {
        const BlockEntry *entry = &meta->entries[b];
        const char *problem = block_entry_problem(entry, meta->type);
        if (problem != NULL) {
            return problem;
        }
        uint64_t left = meta->tail.rows - rows;
        if (entry->offset != offset || entry->rows != (left < meta->tail.block_rows ? left : meta->tail.block_rows)) {
            return "blocks do not follow each other";
        }
        if (((entry->flags & BLOCK_IS_CODES) != 0) && meta->tail.dictionary_size == 0) {
            return "codes without a dictionary";
        }
        if (type_is_text(meta->type) && (!range_text_fits(meta, entry->min) || !range_text_fits(meta, entry->max))) {
            return "minimum or maximum is not in the footer";
        }
        offset += entry->stored_bytes;
        rows += entry->rows;
    }
    return offset == meta->tail.dictionary_offset && rows == meta->tail.rows ? NULL : "blocks do not add up";
}

const char *column_footer_problem(ColumnMeta *meta) {
    if (CHECKSUMS_COUNT && codec_checksum(meta->footer, meta->tail.footer_bytes) != meta->tail.footer_checksum) {
        return "checksum of the footer does not match";
    }
    size_t entry_bytes = sizeof(BlockEntry) * meta->tail.block_count;
    meta->entries = (const BlockEntry *)(const void *)meta->footer;
    meta->texts = (const char *)meta->footer + entry_bytes;
    meta->text_bytes = (uint32_t)(meta->tail.footer_bytes - entry_bytes);
    return entries_problem(meta);
}

static Value range_value(const ColumnMeta *meta, const uint8_t *stored) {
    if (type_is_text(meta->type)) {
        uint32_t at[2];
        memcpy(at, stored, sizeof at);
        return value_text(meta->type, text_view(meta->texts + at[0], at[1]));
    }
    uint8_t aligned[16] __attribute__((aligned(16)));
    memcpy(aligned, stored, sizeof aligned);
    return value_load(meta->type, aligned, 0);
}

void column_meta_range(const ColumnMeta *meta, uint32_t block, ColumnRange *range) {
    const BlockEntry *entry = &meta->entries[block];
    *range = (ColumnRange){.rows = entry->rows, .nulls = entry->nulls};
    range->has_range = (entry->flags & BLOCK_HAS_RANGE) != 0;
    range->max_is_truncated = (entry->flags & BLOCK_RANGE_IS_CUT) != 0;
    range->min = range->has_range ? range_value(meta, entry->min) : value_null(meta->type);
    range->max = range->has_range ? range_value(meta, entry->max) : value_null(meta->type);
}

/* Entries and tail stand next to each other in the file, so they have one checksum. */
static uint64_t packed_checksum(const PackedTail *tail, const PackedEntry *entries) {
    uint64_t parts[2] = {codec_checksum(entries, sizeof *entries * tail->column_count),
                         codec_checksum(tail, offsetof(PackedTail, checksum))};
    return codec_checksum(parts, sizeof parts);
}

Status packed_file_finish(const Context *cx, ByteBuffer *file, uint64_t segment_id, const PackedEntry *entries,
                          uint32_t column_count) {
    PackedTail tail = {.segment_id = segment_id, .column_count = column_count, .version = COLUMN_FILE_VERSION};
    tail.checksum = packed_checksum(&tail, entries);
    memcpy(tail.magic, PACKED_FILE_MAGIC, sizeof tail.magic);
    TRY(byte_buffer_append(cx, file, entries, sizeof *entries * column_count));
    return byte_buffer_append(cx, file, &tail, sizeof tail);
}

const char *packed_tail_problem(const PackedTail *tail, const PackedEntry *entries, uint64_t file_bytes, uint64_t segment_id) {
    if (memcmp(tail->magic, PACKED_FILE_MAGIC, sizeof tail->magic) != 0) {
        return "it does not end as a packed file does";
    }
    if (tail->checksum != packed_checksum(tail, entries)) {
        return "checksum of the directory does not match";
    }
    if (tail->version != COLUMN_FILE_VERSION) {
        return "its format version is unknown";
    }
    if (tail->segment_id != segment_id) {
        return "it belongs to another segment";
    }
    uint64_t offset = 0;
    for (uint32_t c = 0; c < tail->column_count; c++) {
        if (entries[c].offset != offset || entries[c].bytes > file_bytes) {
            return "columns do not follow each other";
        }
        offset += entries[c].bytes;
    }
    return offset + sizeof *entries * tail->column_count + sizeof *tail == file_bytes ? NULL : "columns do not add up";
}
