/* A column file or packed file, block by block, from its footers alone: no values are read. */
#include "storage/check.h"
#include "storage/column_file.h"
#include "storage/encodings/codec.h"

#include <stddef.h>

#define INSPECT_BYTES_MAX ((uint64_t)4 << 30)

typedef struct Inspection {
    const char *path;
    const uint8_t *data; /* the file */
    size_t bytes;
    BlockVisit *visit;
    void *argument;
} Inspection;

static Status fail_inspect(const Context *cx, const Inspection *in, const char *problem) {
    return fail(cx, DATA_CORRUPTED, "file \"%s\" is damaged: %s", in->path, problem);
}

static Status visit_blocks(const Context *cx, const Inspection *in, const ColumnMeta *meta) {
    uint64_t first_row = 0;
    for (uint32_t b = 0; b < meta->tail.block_count; b++) {
        const BlockEntry *entry = &meta->entries[b];
        BlockDescription block = {.column = meta->tail.column,
                                  .block = b,
                                  .first_row = first_row,
                                  .bytes = entry->stored_bytes,
                                  .encoding = encoding_name(entry->encoding),
                                  .codec = codec_name(entry->codec),
                                  .is_codes = (entry->flags & BLOCK_IS_CODES) != 0,
                                  .dictionary_size = meta->tail.dictionary_size,
                                  .bits = entry->bits};
        column_meta_range(meta, b, &block.range);
        TRY(check_cancel(cx));
        TRY(in->visit(cx, in->argument, &block));
        first_row += entry->rows;
    }
    return OK;
}

static Status inspect_image(const Context *cx, const Inspection *in, uint64_t offset, uint64_t bytes) {
    ColumnMeta meta = {0};
    if (bytes < sizeof meta.tail) {
        return fail_inspect(cx, in, "it is too short");
    }
    memcpy(&meta.tail, in->data + offset + bytes - sizeof meta.tail, sizeof meta.tail);
    bool has_digits = meta.tail.type_id == TYPE_DECIMAL;
    if (meta.tail.type_id >= TYPE_COUNT ||
        (has_digits && (meta.tail.precision > 38 || meta.tail.scale > meta.tail.precision))) {
        return fail_inspect(cx, in, "its type is unknown");
    }
    meta.type = (Type){.id = meta.tail.type_id, .precision = meta.tail.precision, .scale = meta.tail.scale};
    const char *problem = column_tail_problem(&meta.tail, bytes, meta.type);
    if (problem != NULL) {
        return fail_inspect(cx, in, problem);
    }
    TRY_ALLOC(cx, meta.footer, meta.tail.footer_bytes); /* aligned */
    memcpy(meta.footer, in->data + offset + meta.tail.footer_offset, meta.tail.footer_bytes);
    problem = column_footer_problem(&meta);
    Status status = problem == NULL ? visit_blocks(cx, in, &meta) : fail_inspect(cx, in, problem);
    mem_free(meta.footer);
    return status;
}

static Status inspect_packed(const Context *cx, const Inspection *in) {
    PackedTail tail;
    memcpy(&tail, in->data + in->bytes - sizeof tail, sizeof tail);
    size_t entry_bytes = sizeof(PackedEntry) * (size_t)tail.column_count;
    if (entry_bytes > in->bytes - sizeof tail) {
        return fail_inspect(cx, in, "its directory does not fit");
    }
    PackedEntry *entries;
    TRY_ALLOC(cx, entries, entry_bytes);
    memcpy(entries, in->data + in->bytes - sizeof tail - entry_bytes, entry_bytes);
    const char *problem = packed_tail_problem(&tail, entries, in->bytes, tail.segment_id);
    Status status = problem == NULL ? OK : fail_inspect(cx, in, problem);
    for (uint32_t c = 0; status == OK && c < tail.column_count; c++) {
        status = inspect_image(cx, in, entries[c].offset, entries[c].bytes);
    }
    mem_free(entries);
    return status;
}

static bool ends_with(const Inspection *in, const char *magic) {
    return in->bytes >= sizeof(PackedTail) && memcmp(in->data + in->bytes - 8, magic, 8) == 0;
}

Status file_inspect(const Context *cx, FileSystem *files, const char *path, BlockVisit *visit, void *argument) {
    uint8_t *data;
    size_t bytes;
    TRY(file_read_all(cx, files, path, INSPECT_BYTES_MAX, &data, &bytes));
    Inspection in = {.path = path, .data = data, .bytes = bytes, .visit = visit, .argument = argument};
    Status status;
    if (ends_with(&in, COLUMN_FILE_MAGIC)) {
        status = inspect_image(cx, &in, 0, bytes);
    } else if (ends_with(&in, PACKED_FILE_MAGIC)) {
        status = inspect_packed(cx, &in);
    } else {
        status =
            fail(cx, WRONG_OBJECT_TYPE, "file \"%s\" is neither a column file nor a packed file, or its end is damaged", path);
    }
    mem_free(data);
    return status;
}
