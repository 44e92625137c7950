/* Opening segments, their metadata, their blocks (segment_read.h). Nothing is read before it is asked for: the tail and footer
 * of a column when its first zone map or block is wanted, its dictionary when a block of codes is. */
#include "storage/segment_read.h"

#include "storage/block.h"
#include "storage/dictionary.h"
#include "storage/encodings/symbol_texts.h"
#include "storage/table_cache.h"

#include <inttypes.h>
#include <stdio.h>

#define NO_BLOCK UINT32_MAX

/* Fills the error with where the damage is: "block 3 of column "x" of table "t" (segment 7, file …) is damaged: why". */
static Status fail_damaged(const Context *cx, const SegmentReader *reader, uint32_t column, uint32_t block, const char *why) {
    char path[FILE_PATH_MAX], what[32] = "metadata";
    segment_file_path(&reader->place, &reader->segment, reader->segment.is_packed ? SEGMENT_FILE_PACKED : column, path);
    if (block != NO_BLOCK) {
        snprintf(what, sizeof what, "block %u", block);
    }
    return fail(cx, DATA_CORRUPTED, "%s of column \"%s\" of table \"%s\" (segment %" PRIu64 ", file \"%s\") is damaged: %s",
                what, reader->schema->columns[column].name, reader->schema->name, reader->segment.id, path, why);
}

/* Bytes of a column's file. A file that is missing or too short is damage too. */
static Status read_at(const Context *cx, const SegmentReader *reader, uint32_t column, uint32_t block, uint64_t offset,
                      void *to, size_t bytes) {
    char path[FILE_PATH_MAX];
    File *file;
    segment_file_path(&reader->place, &reader->segment, reader->segment.is_packed ? SEGMENT_FILE_PACKED : column, path);
    Status status = file_open(cx, reader->files, path, FILE_READ, &file);
    if (status == OK) {
        status = file_read(cx, file, offset, to, bytes);
        file_close(file);
    }
    if (status == UNDEFINED_FILE || status == DATA_CORRUPTED) {
        Error cause = *cx->error;
        return fail_damaged(cx, reader, column, block, cause.message);
    }
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- metadata */

/* Packed: where each column's image stands. The caller holds the reader's lock. */
static Status read_directory(const Context *cx, SegmentReader *reader, uint32_t column) {
    uint32_t column_count = reader->schema->column_count;
    size_t entry_bytes = sizeof(PackedEntry) * column_count;
    uint64_t file_bytes = entry_bytes + sizeof(PackedTail);
    for (uint32_t c = 0; c < column_count; c++) {
        file_bytes += reader->columns[c].image_bytes;
    }
    uint8_t *end;
    TRY_ALLOC(cx, end, entry_bytes + sizeof(PackedTail));
    Status status = read_at(cx, reader, column, NO_BLOCK, file_bytes - entry_bytes - sizeof(PackedTail), end,
                            entry_bytes + sizeof(PackedTail));
    const PackedEntry *entries = (const PackedEntry *)(void *)end;
    if (status == OK) {
        PackedTail tail;
        memcpy(&tail, end + entry_bytes, sizeof tail);
        const char *problem = tail.column_count != column_count
                                  ? "it has another number of columns"
                                  : packed_tail_problem(&tail, entries, file_bytes, reader->segment.id);
        status = problem == NULL ? OK : fail_damaged(cx, reader, column, NO_BLOCK, problem);
    }
    for (uint32_t c = 0; status == OK && c < column_count; c++) {
        if (entries[c].bytes != reader->columns[c].image_bytes) {
            status = fail_damaged(cx, reader, c, NO_BLOCK, "its size is not what the manifest says");
        }
        reader->columns[c].image_offset = entries[c].offset;
    }
    reader->directory_is_read = status == OK;
    mem_free(end);
    return status;
}

/* Tail, then footer. */
static Status read_footer(const Context *cx, const SegmentReader *reader, uint32_t column, ColumnMeta *meta) {
    const OpenColumn *in = &reader->columns[column];
    if (in->image_bytes < sizeof meta->tail) {
        return fail_damaged(cx, reader, column, NO_BLOCK, "it is too short");
    }
    TRY(read_at(cx, reader, column, NO_BLOCK, in->image_offset + in->image_bytes - sizeof meta->tail, &meta->tail,
                sizeof meta->tail));
    meta->type = reader->schema->columns[column].type;
    const char *problem = column_tail_problem(&meta->tail, in->image_bytes, meta->type);
    if (problem == NULL && (meta->tail.segment_id != reader->segment.id || meta->tail.column != column)) {
        problem = "it belongs to another segment or column";
    }
    if (problem == NULL && (meta->tail.rows != reader->segment.rows || meta->tail.block_rows != reader->segment.block_rows)) {
        problem = "its rows are not what the manifest says";
    }
    if (problem != NULL) {
        return fail_damaged(cx, reader, column, NO_BLOCK, problem);
    }
    TRY_ALLOC(cx, meta->footer, meta->tail.footer_bytes);
    TRY(read_at(cx, reader, column, NO_BLOCK, in->image_offset + meta->tail.footer_offset, meta->footer,
                meta->tail.footer_bytes));
    problem = column_footer_problem(meta);
    return problem == NULL ? OK : fail_damaged(cx, reader, column, NO_BLOCK, problem);
}

static Status read_meta(const Context *cx, SegmentReader *reader, uint32_t column) {
    if (reader->segment.is_packed && !reader->directory_is_read) {
        TRY(read_directory(cx, reader, column));
    }
    ColumnMeta *meta;
    CacheSlot *slots = NULL;
    TRY_ALLOC_ZEROED(cx, meta, sizeof *meta);
    Status status = read_footer(cx, reader, column, meta);
    if (status == OK) {
        slots = mem_alloc_zeroed(cx, sizeof *slots * meta->tail.block_count);
        status = slots == NULL ? OUT_OF_MEMORY : OK;
    }
    if (status != OK) {
        mem_free(meta->footer);
        mem_free(meta);
        return status;
    }
    reader->columns[column].slots = slots;
    atomic_store_explicit(&reader->columns[column].meta, meta, memory_order_release);
    return OK;
}

static Context cache_context(const Context *cx, const SegmentReader *reader) {
    Context own = *cx;
    own.memory = block_cache_account(reader->cache);
    return own;
}

Status segment_column_meta(const Context *cx, SegmentReader *reader, uint32_t column, const ColumnMeta **meta) {
    _Atomic(ColumnMeta *) *place = &reader->columns[column].meta;
    Status status = OK;
    *meta = atomic_load_explicit(place, memory_order_acquire);
    if (*meta == NULL) {
        Context own = cache_context(cx, reader);
        pthread_mutex_lock(&reader->lock);
        if (atomic_load(place) == NULL) {
            status = read_meta(&own, reader, column);
        }
        pthread_mutex_unlock(&reader->lock);
        *meta = atomic_load(place);
    }
    return status;
}

static Status read_dictionary(const Context *cx, SegmentReader *reader, uint32_t column, const ColumnTail *tail) {
    uint8_t *stored;
    Dictionary *dictionary = NULL;
    const char *problem = NULL;
    TRY_ALLOC(cx, stored, tail->dictionary_stored_bytes);
    Status status = read_at(cx, reader, column, NO_BLOCK, reader->columns[column].image_offset + tail->dictionary_offset,
                            stored, tail->dictionary_stored_bytes);
    if (status == OK) {
        status = dictionary_read(cx, reader->schema->columns[column].type, tail, stored, &dictionary, &problem);
    }
    if (status == OK && problem != NULL) {
        status = fail_damaged(cx, reader, column, NO_BLOCK, problem);
    }
    mem_free(stored);
    atomic_store_explicit(&reader->columns[column].dictionary, dictionary, memory_order_release);
    return status;
}

Status segment_dictionary(const Context *cx, SegmentReader *reader, uint32_t column, const Dictionary **dictionary) {
    _Atomic(Dictionary *) *place = &reader->columns[column].dictionary;
    Status status = OK;
    *dictionary = atomic_load_explicit(place, memory_order_acquire);
    if (*dictionary != NULL) {
        return OK;
    }
    const ColumnMeta *meta;
    TRY(segment_column_meta(cx, reader, column, &meta));
    if (meta->tail.dictionary_size == 0) {
        return fail_damaged(cx, reader, column, NO_BLOCK, "it has no dictionary");
    }
    Context own = cache_context(cx, reader);
    pthread_mutex_lock(&reader->lock);
    if (atomic_load(place) == NULL) {
        status = read_dictionary(&own, reader, column, &meta->tail);
    }
    pthread_mutex_unlock(&reader->lock);
    *dictionary = atomic_load(place);
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- segments */

Status segment_open(const Context *cx, Snapshot *snapshot, const TableVersion *table, const Segment *segment,
                    SegmentReader **reader) {
    return table_cache_reader(cx, snapshot, table, segment, reader);
}

/* Readers belong to their table version's cache. */
void segment_close(SegmentReader *reader) {
    (void)reader;
}

uint32_t segment_block_count(const SegmentReader *reader) {
    return (uint32_t)((reader->segment.rows + reader->segment.block_rows - 1) / reader->segment.block_rows);
}

uint32_t segment_block_row_count(const SegmentReader *reader, uint32_t block) {
    uint64_t left = reader->segment.rows - (uint64_t)block * reader->segment.block_rows;
    return left < reader->segment.block_rows ? (uint32_t)left : reader->segment.block_rows;
}

Status segment_block_range(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block, ColumnRange *range) {
    const ColumnMeta *meta;
    TRY(segment_column_meta(cx, reader, column, &meta));
    column_meta_range(meta, block, range);
    return OK;
}

Status segment_block_bytes(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block, uint64_t *bytes) {
    const ColumnMeta *meta;
    TRY(segment_column_meta(cx, reader, column, &meta));
    *bytes = meta->entries[block].stored_bytes;
    return OK;
}

/* A map of the segment, if the reader keeps it. */
static DeleteMap *kept_deletes(SegmentReader *reader, uint64_t id) {
    for (uint32_t i = 0; i < DELETE_MAPS_KEPT; i++) {
        if (reader->deletes[i] != NULL && reader->deletes[i]->id == id) {
            return delete_map_retain(reader->deletes[i]);
        }
    }
    return NULL;
}

static Status load_deletes(const Context *cx, SegmentReader *reader, const Segment *segment, DeleteMap **map) {
    Context own = cache_context(cx, reader);
    Segment placed = *segment;
    placed.partition = 0; /* the only one of `place` */
    TRY(delete_map_read(&own, reader->files, &reader->place, &placed, map));
    delete_map_release(reader->deletes[DELETE_MAPS_KEPT - 1]);
    memmove(reader->deletes + 1, reader->deletes, sizeof *reader->deletes * (DELETE_MAPS_KEPT - 1));
    reader->deletes[0] = delete_map_retain(*map);
    return OK;
}

Status segment_deletes(const Context *cx, SegmentReader *reader, const Segment *segment, DeleteMap **map) {
    *map = NULL;
    if (segment->delete_map_id == 0) {
        return OK;
    }
    pthread_mutex_lock(&reader->lock);
    *map = kept_deletes(reader, segment->delete_map_id);
    Status status = *map != NULL ? OK : load_deletes(cx, reader, segment, map);
    pthread_mutex_unlock(&reader->lock);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------------- blocks */

typedef struct BlockLoad {
    SegmentReader *reader;
    const ColumnMeta *meta;
    uint32_t column, block;
    uint32_t dictionary_size;
    bool is_for_once; /* the block does not stay in the cache */
    uint64_t read_bytes;
} BlockLoad;

/* Texts that take less in a segment are not worth finding symbols for. */
#define SYMBOL_TEXT_BYTES_MIN ((uint64_t)2 << 20)

static Status find_symbols(const Context *cx, const BlockEntry *entry, const CacheFrame *frame, OpenColumn *column) {
    SymbolTable *symbols;
    TRY_ALLOC(cx, symbols, sizeof *symbols);
    Status status = block_find_symbols(cx, entry, frame, symbols);
    if (status != OK) {
        mem_free(symbols);
        return status;
    }
    atomic_store_explicit(&column->symbols, symbols, memory_order_release);
    return OK;
}

/* The column's, found in the block that is read first. */
static Status column_symbols(const Context *cx, const BlockLoad *load, const CacheFrame *frame, const SymbolTable **symbols) {
    OpenColumn *column = &load->reader->columns[load->column];
    Status status = OK;
    *symbols = atomic_load_explicit(&column->symbols, memory_order_acquire);
    if (*symbols == NULL) {
        pthread_mutex_lock(&load->reader->lock);
        if (atomic_load(&column->symbols) == NULL) {
            status = find_symbols(cx, &load->meta->entries[load->block], frame, column);
        }
        pthread_mutex_unlock(&load->reader->lock);
        *symbols = atomic_load(&column->symbols);
    }
    return status;
}

/* Texts take most of the memory that a cache of columns needs: where it pays they are kept as symbols. Not where blocks come
 * and go: encoding costs more than reading them again. */
static Status recode_texts(const Context *cx, const BlockLoad *load, CacheFrame *frame) {
    const BlockEntry *entry = &load->meta->entries[load->block];
    uint64_t column_bytes = (uint64_t)entry->plain_bytes * load->meta->tail.block_count;
    bool is_large = block_takes_symbols(entry, load->meta->type) && column_bytes >= SYMBOL_TEXT_BYTES_MIN;
    if (!is_large || load->is_for_once || block_cache_is_full(load->reader->cache)) {
        return OK;
    }
    Context own = cache_context(cx, load->reader);
    const SymbolTable *symbols;
    Status status = column_symbols(&own, load, frame, &symbols);
    if (status == OK && symbols->count > 0) {
        status = block_recode(&own, entry, symbols, frame);
    }
    if (status == OUT_OF_MEMORY) { /* the block can be read as it is */
        error_clear(cx->error);
        status = OK;
    }
    return status;
}

static Status load_block(const Context *cx, void *load_, CacheFrame *frame) {
    BlockLoad *load = load_;
    const BlockEntry *entry = &load->meta->entries[load->block];
    uint64_t offset = load->reader->columns[load->column].image_offset + entry->offset;
    uint8_t *stored = frame->data;
    const char *problem = NULL;
    if (entry->codec != CODEC_NONE) {
        TRY_ALLOC(cx, stored, entry->stored_bytes);
    }
    Status status = read_at(cx, load->reader, load->column, load->block, offset, stored, entry->stored_bytes);
    if (status == OK) {
        status = block_read(cx, entry, load->meta->type, load->dictionary_size, stored, frame, &problem);
    }
    if (status == OK && problem != NULL) {
        status = fail_damaged(cx, load->reader, load->column, load->block, problem);
    }
    if (stored != frame->data) {
        mem_free(stored);
    }
    load->read_bytes = entry->stored_bytes;
    return status == OK ? recode_texts(cx, load, frame) : status;
}

Status column_block_load(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block, bool is_for_once,
                         ColumnBlock *out) {
    const ColumnMeta *meta;
    TRY(segment_column_meta(cx, reader, column, &meta));
    const BlockEntry *entry = &meta->entries[block];
    *out = (ColumnBlock){.encoding = encoding_class(entry->encoding), .entry = entry, .type = meta->type, .rows = entry->rows};
    BlockLoad load = {.reader = reader, .meta = meta, .column = column, .block = block, .is_for_once = is_for_once};
    if ((entry->flags & BLOCK_IS_CODES) != 0) {
        TRY(segment_dictionary(cx, reader, column, &out->segment_dictionary));
        load.dictionary_size = out->segment_dictionary->size;
    }
    CacheSlot *slot = &reader->columns[column].slots[block];
    TRY(block_cache_pin(cx, reader->cache, slot, block_frame_bytes(entry, meta->type), load_block, &load));
    out->slot = slot;
    out->data = atomic_load_explicit(&slot->values, memory_order_relaxed);
    out->validity = slot->validity;
    out->data_bytes = slot->bytes;
    out->encoding = slot->is_recoded ? &symbol_texts_encoding : out->encoding;
    out->read_bytes = load.read_bytes;
    return OK;
}

const uint8_t *column_block_address(SegmentReader *reader, uint32_t column, uint32_t block) {
    const ColumnMeta *meta = atomic_load_explicit(&reader->columns[column].meta, memory_order_acquire);
    if (meta == NULL) {
        return NULL;
    }
    __builtin_prefetch(&meta->entries[block]);
    return atomic_load_explicit(&reader->columns[column].slots[block].values, memory_order_relaxed);
}

void column_block_close(ColumnBlock *block) {
    if (block->slot != NULL) {
        block_cache_unpin(block->slot);
        block->slot = NULL;
    }
}

void column_block_close_unkept(SegmentReader *reader, ColumnBlock *block) {
    CacheSlot *slot = block->slot;
    bool was_read = block->read_bytes > 0;
    column_block_close(block);
    if (was_read) {
        block_cache_drop(reader->cache, slot, 1);
    }
}
