/* A file as a stream of plain bytes, whatever it is compressed with. */
#ifndef DEPOT_STORAGE_CSV_DECOMPRESS_H
#define DEPOT_STORAGE_CSV_DECOMPRESS_H

#include "storage/csv/csv_input.h"
#include "storage/file.h"

typedef struct ByteStream ByteStream;

/* CSV_AUTO looks at the first bytes. */
Status byte_stream_open(const Context *cx, FileSystem *files, const char *path, CsvCompression compression,
                        ByteStream **stream);
/* CSV_AUTO takes the bytes as they come. */
Status byte_stream_open_source(const Context *cx, const CsvSource *source, CsvCompression compression, ByteStream **stream);
/* Up to `bytes` plain bytes; *got = 0 at the end. BAD_COPY_FORMAT if the compressed data is damaged or cut off. */
Status byte_stream_read(const Context *cx, ByteStream *stream, char *to, size_t bytes, size_t *got) MUST_CHECK;
void byte_stream_close(ByteStream *stream); /* NULL is fine */

#endif
