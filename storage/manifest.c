/* Manifests as bytes. A manifest is written once under a name that was never used, synced, and never changed. Layout of both
 * kinds: magic (8), format version (4), zero (4), content, XXH3 of all before it (8). Root manifests and the pointer
 * file are here, table manifests in manifest_table.c. Each put_ function has its get_ twin below it. */
#include "storage/manifest.h"

#include "core/hash.h"

#include <inttypes.h>
#include <stdio.h>

#define HEADER_BYTES 16
#define CHECKSUM_BYTES 8
static const char root_magic[8] = "DEPOTROT";

void root_manifest_path(uint64_t version, char *path) {
    snprintf(path, FILE_PATH_MAX, MANIFEST_DIRECTORY "/root-%" PRIu64, version);
}

void table_manifest_path(uint64_t table_id, uint64_t version, char *path) {
    snprintf(path, FILE_PATH_MAX, MANIFEST_DIRECTORY "/table-%" PRIu64 "-%" PRIu64, table_id, version);
}

bool root_manifest_name_parse(const char *name, uint64_t *version) {
    int end = 0;
    return sscanf(name, "root-%" SCNu64 "%n", version, &end) == 1 && name[end] == '\0';
}

bool table_manifest_name_parse(const char *name, uint64_t *table_id, uint64_t *version) {
    int end = 0;
    return sscanf(name, "table-%" SCNu64 "-%" SCNu64 "%n", table_id, version, &end) == 2 && name[end] == '\0';
}

/* ------------------------------------------------------------------------------------------------------------ the envelope */

void manifest_begin(ByteWriter *writer, const char *magic) {
    put_bytes(writer, magic, 8);
    put_u32(writer, MANIFEST_FORMAT_VERSION);
    put_u32(writer, 0);
}

Status manifest_seal(ByteWriter *writer, uint64_t *checksum) {
    TRY(writer->status);
    *checksum = hash_bytes(writer->data, writer->bytes, 0);
    put_u64(writer, *checksum);
    return writer->status;
}

static Status fail_damaged(const Context *cx, const char *path, const char *what) {
    return fail(cx, DATA_CORRUPTED, "manifest \"%s\" is damaged: %s", path, what);
}

/* A reader over the content, after magic, version and checksum have been found right. */
Status manifest_open(const Context *cx, const char *path, const char *magic, const uint8_t *data, size_t bytes,
                     ByteReader *reader, uint64_t *checksum) {
    if (bytes < HEADER_BYTES + CHECKSUM_BYTES) {
        return fail_damaged(cx, path, "it is too short");
    }
    size_t covered = bytes - CHECKSUM_BYTES;
    memcpy(checksum, data + covered, CHECKSUM_BYTES);
    if (memcmp(data, magic, 8) != 0) {
        return fail_damaged(cx, path, "it does not start as a manifest does");
    }
    if (CHECKSUMS_COUNT && hash_bytes(data, covered, 0) != *checksum) {
        return fail_damaged(cx, path, "its checksum is wrong");
    }
    uint32_t version;
    memcpy(&version, data + 8, sizeof version);
    if (version == 0 || version > MANIFEST_FORMAT_VERSION) {
        return fail(cx, FEATURE_NOT_SUPPORTED, "manifest \"%s\" has format version %u; this program reads versions up to %u",
                    path, version, MANIFEST_FORMAT_VERSION);
    }
    *reader = (ByteReader){.at = data + HEADER_BYTES, .end = data + covered, .version = version};
    return OK;
}

Status manifest_close(const Context *cx, const char *path, const ByteReader *reader) {
    return reader->is_damaged || reader->at != reader->end ? fail_damaged(cx, path, "its content makes no sense") : OK;
}

Status get_string(const Context *cx, Arena *arena, ByteReader *reader, const char **text) {
    uint32_t bytes = get_count(reader);
    const uint8_t *data = get_bytes(reader, bytes);
    *text = data != NULL ? arena_copy_text(cx, arena, (const char *)data, bytes) : "";
    return *text != NULL ? OK : OUT_OF_MEMORY;
}

/* ------------------------------------------------------------------------------------------------------------ root manifest */

/* An absent text is stored as an empty one. */
void put_text_if_any(ByteWriter *writer, const char *text) {
    put_string(writer, text == NULL ? "" : text);
}

Status get_text_if_any(const Context *cx, Arena *arena, ByteReader *reader, const char **text) {
    TRY(get_string(cx, arena, reader, text));
    *text = (*text)[0] == '\0' ? NULL : *text;
    return OK;
}

static void put_namespaces(ByteWriter *writer, const Root *root) {
    put_varint(writer, root->namespace_count);
    for (uint32_t i = 0; i < root->namespace_count; i++) {
        put_string(writer, root->namespaces[i].name);
        put_text_if_any(writer, root->namespaces[i].comment);
    }
}

/* Version 1 has one schema. */
static Status get_namespaces(const Context *cx, Arena *arena, ByteReader *reader, Root *root) {
    root->namespace_count = reader->version < 2 ? 1 : get_count(reader);
    TRY_NEW_ARRAY(cx, arena, root->namespaces, root->namespace_count);
    if (reader->version < 2) {
        root->namespaces[0].name = DEFAULT_SCHEMA;
        return OK;
    }
    for (uint32_t i = 0; i < root->namespace_count; i++) {
        TRY(get_string(cx, arena, reader, &root->namespaces[i].name));
        TRY(get_text_if_any(cx, arena, reader, &root->namespaces[i].comment));
    }
    return OK;
}

static void put_root(ByteWriter *writer, const Root *root) {
    put_varint(writer, root->version);
    put_varint(writer, root->topology.nodes);
    put_varint(writer, root->topology.slices_per_node);
    uint32_t slices = root->topology.nodes * root->topology.slices_per_node;
    for (uint32_t bucket = 0; bucket < VIRTUAL_BUCKETS; bucket++) {
        put_u16(writer, (uint16_t)(bucket % slices));
    }
    put_varint(writer, root->next_id);
    put_varint(writer, root->table_count);
    for (uint32_t i = 0; i < root->table_count; i++) {
        put_varint(writer, root->tables[i].id);
        put_varint(writer, root->tables[i].version);
        put_u64(writer, root->tables[i].checksum);
    }
    put_varint(writer, root->older_count);
    for (uint32_t i = 0; i < root->older_count; i++) {
        put_varint(writer, root->older[i]);
    }
    put_varint(writer, root->retired_count);
    for (uint32_t i = 0; i < root->retired_count; i++) {
        put_varint(writer, root->retired[i].created);
        put_varint(writer, root->retired[i].dropped);
        put_varint(writer, root->retired[i].column_files);
        put_string(writer, root->retired[i].path);
    }
    put_namespaces(writer, root);
}

static void get_topology(ByteReader *reader, Topology *topology) {
    topology->nodes = get_limited(reader, SLICES_MAX);
    topology->slices_per_node = get_limited(reader, SLICES_MAX);
    if (topology->nodes == 0 || topology->slices_per_node == 0 ||
        (uint64_t)topology->nodes * topology->slices_per_node > SLICES_MAX) {
        reader->is_damaged = true;
        *topology = (Topology){1, 1};
    }
}

/* Version 1 knows one map only: bucket modulo slices. */
static void get_bucket_map(ByteReader *reader, Topology topology) {
    uint32_t slices = topology.nodes * topology.slices_per_node;
    for (uint32_t bucket = 0; bucket < VIRTUAL_BUCKETS; bucket++) {
        reader->is_damaged |= get_u16(reader) != bucket % slices;
    }
}

static Status get_root(const Context *cx, Arena *arena, ByteReader *reader, Root *root) {
    root->version = get_varint(reader);
    get_topology(reader, &root->topology);
    get_bucket_map(reader, root->topology);
    root->next_id = get_varint(reader);
    root->table_count = get_count(reader);
    TRY_NEW_ARRAY(cx, arena, root->tables, root->table_count);
    for (uint32_t i = 0; i < root->table_count; i++) {
        root->tables[i].id = get_varint(reader);
        root->tables[i].version = get_varint(reader);
        root->tables[i].checksum = get_u64(reader);
    }
    root->older_count = get_count(reader);
    TRY_NEW_ARRAY(cx, arena, root->older, root->older_count);
    for (uint32_t i = 0; i < root->older_count; i++) {
        root->older[i] = get_varint(reader);
    }
    root->retired_count = get_count(reader);
    TRY_NEW_ARRAY(cx, arena, root->retired, root->retired_count);
    for (uint32_t i = 0; i < root->retired_count; i++) {
        root->retired[i].created = get_varint(reader);
        root->retired[i].dropped = get_varint(reader);
        root->retired[i].column_files = get_limited(reader, COLUMNS_MAX);
        TRY(get_string(cx, arena, reader, &root->retired[i].path));
    }
    return get_namespaces(cx, arena, reader, root);
}

Status root_manifest_encode(const Context *cx, const Root *root, ByteWriter *writer) {
    *writer = (ByteWriter){.cx = cx};
    manifest_begin(writer, root_magic);
    put_root(writer, root);
    uint64_t checksum;
    return manifest_seal(writer, &checksum);
}

Status root_manifest_decode(const Context *cx, Arena *arena, const char *path, const uint8_t *data, size_t bytes, Root *root) {
    ByteReader reader;
    uint64_t checksum;
    TRY(manifest_open(cx, path, root_magic, data, bytes, &reader, &checksum));
    TRY(get_root(cx, arena, &reader, root));
    return manifest_close(cx, path, &reader);
}

/* ------------------------------------------------------------------------------------------------------------- pointer file */

size_t pointer_encode(uint64_t version, char *text) {
    int bytes = snprintf(text, POINTER_BYTES_MAX, "depot %u version %" PRIu64 " checksum ", POINTER_FORMAT_VERSION, version);
    int more =
        snprintf(text + bytes, POINTER_BYTES_MAX - (size_t)bytes, "%016" PRIx64 "\n", hash_bytes(text, (size_t)bytes, 0));
    return (size_t)bytes + (size_t)more;
}

/* There is one right text for a version: what is read must be it, byte by byte. */
Status pointer_decode(const Context *cx, const char *text, size_t bytes, uint64_t *version) {
    char copy[POINTER_BYTES_MAX + 1] = {0}, right[POINTER_BYTES_MAX];
    uint32_t format;
    memcpy(copy, text, bytes < POINTER_BYTES_MAX ? bytes : POINTER_BYTES_MAX);
    if (sscanf(copy, "depot %u version %" SCNu64, &format, version) != 2 || pointer_encode(*version, right) != bytes ||
        memcmp(text, right, bytes) != 0) {
        return fail(cx, DATA_CORRUPTED, "file \"" POINTER_FILE "\", which names the version of the warehouse, is damaged");
    }
    return OK;
}
