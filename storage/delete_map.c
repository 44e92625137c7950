/* Delete maps (delete_map.h). The only file that knows CRoaring, which writes the sets; roaring_read.c reads them. In memory a
 * map is a plain bitmap: a scan turns words into a selection faster than containers, and the library's allocations, which are
 * not counted, live only while a file is written. */
#include "storage/delete_map.h"

#include "core/hash.h"
#include "storage/bytes.h"
#include "storage/manifest.h"
#include "storage/roaring_read.h"

#include <inttypes.h>
#include <roaring/roaring.h>

#define DELETE_MAP_FORMAT_VERSION 1
#define DELETE_MAP_BYTES_MAX ((uint64_t)1 << 30)
#define CHUNK_ROWS 1024
static const char delete_map_magic[8] = "DEPOTDEL";

/* Followed by the bitmap and the checksum of all before it. */
typedef struct DeleteMapHeader {
    char magic[8];
    uint32_t version, zero;
    uint64_t id, segment_id;
    uint64_t rows, deleted;
    uint64_t bitmap_bytes;
} DeleteMapHeader;
_Static_assert(sizeof(DeleteMapHeader) == 56, "FORMAT.md says so");

/* --------------------------------------------------------------------------------------------------------------- in memory */

static size_t word_count(uint64_t rows) {
    return (size_t)((rows + 63) / 64);
}

Status delete_map_create(const Context *cx, uint64_t rows, const DeleteMap *from, DeleteMap **out) {
    DeleteMap *map;
    TRY_ALLOC_ZEROED(cx, map, sizeof *map + sizeof(uint64_t) * (word_count(rows) + 1));
    atomic_init(&map->references, 1);
    map->rows = rows;
    if (from != NULL) {
        memcpy((void *)map->words, (const void *)from->words, sizeof(uint64_t) * word_count(rows)); /* nobody adds to it */
    }
    *out = map;
    return OK;
}

DeleteMap *delete_map_retain(DeleteMap *map) {
    atomic_fetch_add(&map->references, 1);
    return map;
}

void delete_map_release(DeleteMap *map) {
    if (map != NULL && atomic_fetch_sub(&map->references, 1) == 1) {
        mem_free(map);
    }
}

static uint64_t word_at(const DeleteMap *map, uint64_t word) {
    return atomic_load_explicit(&map->words[word], memory_order_relaxed);
}

uint64_t delete_map_count(const DeleteMap *map, uint64_t first, uint64_t count) {
    uint64_t deleted = 0;
    for (uint64_t i = 0; i < count; i += 64) {
        uint64_t word = word_at(map, (first + i) / 64);
        uint64_t wanted = count - i >= 64 ? UINT64_MAX : (UINT64_C(1) << (count - i)) - 1;
        deleted += (uint64_t)__builtin_popcountll(word & wanted);
    }
    return deleted;
}

uint32_t delete_map_live(const DeleteMap *map, uint64_t first, uint32_t count, uint8_t *mask) {
    uint32_t live = count;
    memset(mask, 1, count);
    for (uint32_t i = 0; i < count; i += 64) {
        for (uint64_t word = word_at(map, (first + i) / 64); word != 0; word &= word - 1) {
            uint32_t row = i + (uint32_t)__builtin_ctzll(word);
            if (row < count) {
                mask[row] = 0;
                live--;
            }
        }
    }
    return live;
}

/* ----------------------------------------------------------------------------------------------------------------- reading */

static const char *header_problem(const DeleteMapHeader *header, const Segment *segment, size_t bytes) {
    if (header->version != DELETE_MAP_FORMAT_VERSION || header->zero != 0) {
        return "its format version is unknown";
    }
    if (header->id != segment->delete_map_id || header->segment_id != segment->id || header->rows != segment->rows ||
        header->deleted != segment->deleted_rows) {
        return "it is not the one that the manifest names";
    }
    return header->bitmap_bytes == bytes - sizeof *header - sizeof(uint64_t) ? NULL : "its size is not what it says";
}

static const char *decode(const uint8_t *data, size_t bytes, const Segment *segment, DeleteMap *map) {
    DeleteMapHeader header;
    uint64_t checksum;
    if (bytes < sizeof header + sizeof checksum) {
        return "it is too short";
    }
    memcpy(&header, data, sizeof header);
    memcpy(&checksum, data + bytes - sizeof checksum, sizeof checksum);
    if (memcmp(header.magic, delete_map_magic, sizeof header.magic) != 0) {
        return "it does not start as a delete map does";
    }
    if (CHECKSUMS_COUNT && hash_bytes(data, bytes - sizeof checksum, 0) != checksum) {
        return "its checksum is wrong";
    }
    const char *problem = header_problem(&header, segment, bytes);
    if (problem != NULL) {
        return problem;
    }
    uint64_t count;
    problem = roaring_read(data + sizeof header, (size_t)header.bitmap_bytes, map, &count);
    return problem != NULL || count == header.deleted ? problem : "it has another number of rows than it says";
}

static Status fail_damaged(const Context *cx, const TableVersion *table, const char *path, const char *why) {
    return fail(cx, DATA_CORRUPTED, "delete map \"%s\" of table \"%s\" is damaged: %s", path, table->schema->name, why);
}

Status delete_map_read(const Context *cx, FileSystem *files, const TableVersion *table, const Segment *segment,
                       DeleteMap **out) {
    char path[FILE_PATH_MAX];
    uint8_t *data;
    size_t bytes;
    segment_file_path(table, segment, SEGMENT_FILE_DELETES, path);
    Status status = file_read_all(cx, files, path, DELETE_MAP_BYTES_MAX, &data, &bytes);
    if (status == UNDEFINED_FILE) {
        return fail_damaged(cx, table, path, "the file is missing");
    }
    TRY(status);
    DeleteMap *map = NULL;
    status = delete_map_create(cx, segment->rows, NULL, &map);
    if (status == OK) {
        const char *problem = decode(data, bytes, segment, map);
        status = problem == NULL ? OK : fail_damaged(cx, table, path, problem);
    }
    mem_free(data);
    if (status != OK) {
        delete_map_release(map);
        return status;
    }
    map->id = segment->delete_map_id;
    *out = map;
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- writing */

static Status make_bitmap(const Context *cx, const DeleteMap *map, roaring_bitmap_t **out) {
    roaring_bitmap_t *bitmap = roaring_bitmap_create();
    if (bitmap == NULL) {
        return fail(cx, OUT_OF_MEMORY, "out of memory");
    }
    uint32_t rows[CHUNK_ROWS], count = 0;
    for (size_t w = 0; w < word_count(map->rows); w++) {
        if (count + 64 > CHUNK_ROWS) {
            roaring_bitmap_add_many(bitmap, count, rows);
            count = 0;
        }
        for (uint64_t word = word_at(map, w); word != 0; word &= word - 1) {
            rows[count++] = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(word));
        }
    }
    roaring_bitmap_add_many(bitmap, count, rows);
    roaring_bitmap_run_optimize(bitmap);
    *out = bitmap;
    return OK;
}

static Status encode(const Context *cx, const DeleteMap *map, const Segment *segment, ByteWriter *writer) {
    roaring_bitmap_t *bitmap;
    TRY(make_bitmap(cx, map, &bitmap));
    DeleteMapHeader header = {.version = DELETE_MAP_FORMAT_VERSION,
                              .id = segment->delete_map_id,
                              .segment_id = segment->id,
                              .rows = segment->rows,
                              .deleted = segment->deleted_rows,
                              .bitmap_bytes = roaring_bitmap_portable_size_in_bytes(bitmap)};
    memcpy(header.magic, delete_map_magic, sizeof header.magic);
    put_bytes(writer, &header, sizeof header);
    uint8_t *space = put_space(writer, (size_t)header.bitmap_bytes);
    if (space != NULL) {
        roaring_bitmap_portable_serialize(bitmap, (char *)space);
        put_u64(writer, hash_bytes(writer->data, writer->bytes, 0));
    }
    roaring_bitmap_free(bitmap);
    return writer->status;
}

static Status write_file(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment,
                         const ByteWriter *writer) {
    File *file;
    TRY(commit_create_file(cx, commit, table_id, segment, SEGMENT_FILE_DELETES, &file));
    Status status = file_append(cx, file, writer->data, writer->bytes);
    if (status == OK) {
        status = file_flush(cx, file);
    }
    file_close(file);
    return status;
}

Status commit_delete_rows(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment, DeleteMap *map) {
    Segment changed = *segment;
    changed.deleted_rows = delete_map_count(map, 0, map->rows);
    if (changed.deleted_rows == segment->rows) {
        return commit_remove_segment(cx, commit, table_id, segment->id);
    }
    changed.delete_map_id = commit_new_id(commit);
    ByteWriter writer = {.cx = cx};
    Status status = encode(cx, map, &changed, &writer);
    if (status == OK) {
        status = write_file(cx, commit, table_id, &changed, &writer);
    }
    mem_free(writer.data);
    TRY(status);
    map->id = changed.delete_map_id;
    return commit_mark_deleted(cx, commit, table_id, segment->id, changed.delete_map_id, changed.deleted_rows);
}
