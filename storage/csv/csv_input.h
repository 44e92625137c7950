/* Files to chunks of whole records. One CsvInput reads a list of files one after another, plain or compressed (gzip, zstd, LZ4
 * frames), and cuts what it reads at record ends that are outside quotes, so that several threads can parse at the same time.
 */
#ifndef DEPOT_STORAGE_CSV_INPUT_H
#define DEPOT_STORAGE_CSV_INPUT_H

#include "core/arena.h"

#define CSV_CHUNK_BYTES ((size_t)1 << 20)
#define CSV_RECORD_BYTES_MAX ((size_t)64 << 20) /* a longer record is taken for an unclosed quote */

typedef enum CsvCompression { CSV_AUTO, CSV_PLAIN, CSV_GZIP, CSV_ZSTD, CSV_LZ4 } CsvCompression;

typedef struct CsvDialect {
    char delimiter;
    bool is_json;   /* an object per line; nothing else here has meaning but compression */
    bool is_quoted; /* quotes have meaning; else a backslash escapes the next byte */
    char quote, escape;
    uint64_t skip_lines; /* at the head of each file */
    CsvCompression compression;
} CsvDialect;

/* Whole records (only the last of a file may lack its line end). The buffer belongs to the chunk and is reused. */
typedef struct CsvChunk {
    char *data; /* [0, bytes); CSV_SLACK_BYTES more may be read */
    size_t bytes, capacity;
    uint64_t sequence; /* 0, 1, 2 … over all files */
    const char *file;  /* path as given; lives as long as the input */
    uint64_t first_line;
    char line_end;    /* '\n', or '\r' in files that know nothing else */
    bool has_quotes;  /* some byte is the quote */
    bool has_escapes; /* some byte is an escape that is not the quote, where one may stand */
} CsvChunk;
#define CSV_SLACK_BYTES 64

/* Bytes from somewhere else than a file: up to `bytes` of them, 0 at the end, -1 if they cannot be had. */
typedef struct CsvSource {
    int64_t (*read)(void *argument, char *to, size_t bytes);
    void *argument;
} CsvSource;

typedef struct CsvInput CsvInput;

/* `paths` are borrowed. Nothing is opened yet. */
Status csv_input_create(const Context *cx, const CsvDialect *dialect, const char *const *paths, uint32_t path_count,
                        CsvInput **input);
/* Reads plain bytes from the source instead of files; paths[0] is what messages call it. Borrowed. */
void csv_input_use_source(CsvInput *input, const CsvSource *source);
void csv_input_free(CsvInput *input);
/* Thread-safe; chunks are handed out in order. *done: there was none left. UNDEFINED_FILE, IO_ERROR, BAD_COPY_FORMAT (damaged
 * compressed data, a record without end) name file and line. */
Status csv_input_next(const Context *cx, CsvInput *input, CsvChunk *chunk, bool *done) MUST_CHECK;
void csv_chunk_free(CsvChunk *chunk);

/* Paths for a file, a folder (all files in it) or a glob, sorted; into the arena. UNDEFINED_FILE if nothing matches. */

Status csv_list_files(const Context *cx, Arena *arena, const char *pattern, const char *const **paths, uint32_t *count);

#endif
