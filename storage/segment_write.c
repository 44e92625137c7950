/* Drafts of segments and their files. */
#include "storage/segment_write.h"

#include "core/notice.h"
#include "core/settings.h"
#include "storage/encodings/codec.h"
#include "storage/sort_order.h"

Status segment_draft_prepare(const Context *cx, SegmentDraft *draft) {
    uint32_t column_count = draft->schema->column_count;
    TRY_ALLOC_ZEROED(cx, draft->written, sizeof *draft->written * column_count);
    TRY_ALLOC_ZEROED(cx, draft->arenas, sizeof *draft->arenas * column_count);
    for (uint32_t c = 0; c < column_count; c++) {
        arena_init(&draft->arenas[c]);
    }
    draft->segment.is_sorted = draft->schema->sort_key_count > 0;
    return sort_order_find(cx, draft->schema, draft->columns, (uint32_t)draft->segment.rows, &draft->order);
}

static Status write_file(const Context *cx, SegmentDraft *draft, uint32_t which, const ByteBuffer *content) {
    File *file;
    TRY(commit_create_file(cx, draft->commit, draft->table_id, &draft->segment, which, &file));
    Status status = file_append(cx, file, content->data, content->used);
    if (status == OK) {
        status = file_flush(cx, file);
    }
    file_close(file);
    return status;
}

Status segment_draft_write_column(const Context *cx, SegmentDraft *draft, uint32_t column, const SharedLoops *loops,
                                  uint8_t *sketch) {
    ColumnWritten *written = &draft->written[column];
    ColumnWrite write = {.buffer = &draft->columns[column],
                         .order = draft->order,
                         .want = draft->want[column],
                         .segment_id = draft->segment.id,
                         .column = column,
                         .block_rows = draft->segment.block_rows,
                         .loops = loops};
    written->sketch = sketch;
    TRY(column_write(cx, &draft->arenas[column], &write, written));
    column_buffer_free(&draft->columns[column]);
    if (!draft->segment.is_packed) {
        TRY(write_file(cx, draft, column, &written->image));
        byte_buffer_free(&written->image);
    }
    return OK;
}

static Status write_packed(const Context *cx, SegmentDraft *draft) {
    uint32_t column_count = draft->schema->column_count;
    ByteBuffer file = {0};
    PackedEntry *entries;
    TRY_ALLOC(cx, entries, sizeof *entries * column_count);
    Status status = OK;
    for (uint32_t c = 0; status == OK && c < column_count; c++) {
        const ByteBuffer *image = &draft->written[c].image;
        entries[c] = (PackedEntry){.offset = file.used, .bytes = image->used};
        status = byte_buffer_append(cx, &file, image->data, image->used);
    }
    if (status == OK) {
        status = packed_file_finish(cx, &file, draft->segment.id, entries, column_count);
    }
    if (status == OK) {
        status = write_file(cx, draft, SEGMENT_FILE_PACKED, &file);
    }
    draft->segment.bytes = file.used;
    mem_free(entries);
    byte_buffer_free(&file);
    return status;
}

Status segment_draft_finish(const Context *cx, SegmentDraft *draft) {
    uint32_t column_count = draft->schema->column_count;
    SegmentColumn *columns;
    if (draft->segment.is_packed) {
        TRY(write_packed(cx, draft));
    }
    TRY_ALLOC(cx, columns, sizeof *columns * column_count);
    for (uint32_t c = 0; c < column_count; c++) {
        columns[c] = draft->written[c].column;
        draft->segment.bytes += draft->segment.is_packed ? 0 : columns[c].file_bytes;
    }
    draft->segment.columns = columns;
    Status status = commit_add_segment(cx, draft->commit, draft->table_id, &draft->segment);
    draft->segment.columns = NULL;
    mem_free(columns);
    return status;
}

void segment_draft_free(SegmentDraft *draft) {
    for (uint32_t c = 0; c < draft->schema->column_count; c++) {
        if (draft->columns != NULL) {
            column_buffer_free(&draft->columns[c]);
        }
        if (draft->written != NULL) {
            byte_buffer_free(&draft->written[c].image);
        }
        if (draft->arenas != NULL) {
            arena_free(&draft->arenas[c]);
        }
    }
    mem_free(draft->columns);
    mem_free(draft->order);
    mem_free(draft->written);
    mem_free(draft->arenas);
}

static uint8_t codec_from_name(const char *name) {
    for (uint32_t codec = CODEC_NONE; codec < CODEC_COUNT; codec++) {
        if (strcmp(name, codec_name(codec)) == 0) {
            return (uint8_t)codec;
        }
    }
    return CODEC_AUTO;
}

void segment_wanted_encodings(const Context *cx, const TableSchema *schema, ColumnEncoding *want) {
    ColumnEncoding forced = {0};
    if (cx->settings->force_encoding[0] != 0 && encoding_from_name(cx, POS_NONE, cx->settings->force_encoding, &forced) != OK) {
        error_clear(cx->error);
    }
    forced.codec = codec_from_name(cx->settings->force_codec);
    for (uint32_t c = 0; c < schema->column_count; c++) {
        const ColumnDef *column = &schema->columns[c];
        char type[32];
        want[c].encoding = forced.encoding != ENCODING_AUTO ? forced.encoding : column->encode.encoding;
        want[c].codec = forced.codec != CODEC_AUTO ? forced.codec : column->encode.codec;
        if (want[c].encoding != ENCODING_AUTO && !encoding_takes_type(want[c].encoding, column->type)) {
            notice(cx, "encoding %s does not apply to column \"%s\" (%s), which is stored as auto",
                   encoding_name(want[c].encoding), column->name, type_name(column->type, type));
            want[c].encoding = ENCODING_AUTO;
        }
    }
}
