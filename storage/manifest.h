/* The bytes of manifests (FORMAT.md, "Manifests") and of the pointer file. Every reader is bounds-checked and every file ends
 * with a checksum of all its bytes: damage is DATA_CORRUPTED naming the file. */
#ifndef DEPOT_STORAGE_MANIFEST_H
#define DEPOT_STORAGE_MANIFEST_H

#include "storage/bytes.h"
#include "storage/catalog.h"

#define MANIFEST_FORMAT_VERSION 3 /* what is written; FORMAT.md says what older versions lack */
#define POINTER_FORMAT_VERSION 1
#define MANIFEST_BYTES_MAX ((uint64_t)1 << 30)
#define MANIFEST_DIRECTORY "manifests"
#define TABLES_DIRECTORY "tables"
#define POINTER_FILE "CURRENT"
#define POINTER_FILE_NEW "CURRENT.new"
#define POINTER_BYTES_MAX 128
#define SLICES_MAX 1024 /* of a warehouse */

void root_manifest_path(uint64_t version, char *path); /* FILE_PATH_MAX bytes */
void table_manifest_path(uint64_t table_id, uint64_t version, char *path);
/* False if the name within manifests/ is not of that kind. */
bool root_manifest_name_parse(const char *name, uint64_t *version);
bool table_manifest_name_parse(const char *name, uint64_t *table_id, uint64_t *version);

/* The envelope of both kinds; `magic` has 8 bytes. Opening gives a reader over the content, which knows the version. */
void manifest_begin(ByteWriter *writer, const char *magic);
Status manifest_seal(ByteWriter *writer, uint64_t *checksum);
Status manifest_open(const Context *cx, const char *path, const char *magic, const uint8_t *data, size_t bytes,
                     ByteReader *reader, uint64_t *checksum);
Status manifest_close(const Context *cx, const char *path, const ByteReader *reader);
/* A text with a final 0, in the arena. */
Status get_string(const Context *cx, Arena *arena, ByteReader *reader, const char **text);

/* The same for a text that may be absent (NULL). */
void put_text_if_any(ByteWriter *writer, const char *text);
Status get_text_if_any(const Context *cx, Arena *arena, ByteReader *reader, const char **text);

/* manifest_table.c: a value that is not NULL, by the storage class of its type; long text goes to the arena. */
void put_value(ByteWriter *writer, const Value *value);
Status get_value(const Context *cx, Arena *arena, ByteReader *reader, Type type, Value *value);

/* manifest_sample.c: what state->sample holds, and faked rows. */
void put_sample(ByteWriter *writer, const TableState *state);
Status get_sample(const Context *cx, ByteReader *reader, TableState *state);

/* manifest_schema.c */
void put_schema(ByteWriter *writer, const TableSchema *schema);
Status get_schema(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema);

/* The writer's data is owned by the caller (mem_free). *checksum as the root repeats it. */
Status table_manifest_encode(const Context *cx, const TableState *state, ByteWriter *writer, uint64_t *checksum);
/* Fills `state`, which was just created, summary included. */
Status table_manifest_decode(const Context *cx, const char *path, const uint8_t *data, size_t bytes, TableState *state);
Status root_manifest_encode(const Context *cx, const Root *root, ByteWriter *writer);
Status root_manifest_decode(const Context *cx, Arena *arena, const char *path, const uint8_t *data, size_t bytes, Root *root);

/* "depot 1 version 42 checksum 0123456789abcdef\n"; returns the bytes. */
size_t pointer_encode(uint64_t version, char *text);
Status pointer_decode(const Context *cx, const char *text, size_t bytes, uint64_t *version);

#endif
