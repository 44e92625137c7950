/* Cutting files into chunks of whole records. The cut is made by one thread at a time and is cheap next to parsing: it copies
 * bytes and counts quotes and line ends in one pass that the compiler turns into vector code. */
#include "storage/csv/csv_input.h"

#include "core/arena.h"
#include "storage/csv/csv_decompress.h"

#include <glob.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct CsvInput {
    pthread_mutex_t lock;
    CsvDialect dialect;
    FileSystem *files;
    const char *const *paths;
    uint32_t path_count, path_index;
    const CsvSource *source; /* NULL: the files at `paths` */
    ByteStream *stream;      /* of paths[path_index], or NULL before it is opened */
    bool stream_ended;
    char line_end;                /* of the file; 0 before its first chunk */
    uint64_t lines_to_skip, line; /* line: of the next chunk */
    char *carry;                  /* the head of a record that the last read cut */
    size_t carry_bytes, carry_capacity;
    uint64_t sequence;
    bool failed;
};

Status csv_input_create(const Context *cx, const CsvDialect *dialect, const char *const *paths, uint32_t path_count,
                        CsvInput **out) {
    CsvInput *input;
    TRY_ALLOC_ZEROED(cx, input, sizeof *input);
    pthread_mutex_init(&input->lock, NULL);
    input->dialect = *dialect;
    input->paths = paths;
    input->path_count = path_count;
    Status status = file_system_host(cx, NULL, &input->files);
    if (status != OK) {
        csv_input_free(input);
        input = NULL;
    }
    *out = input;
    return status;
}

void csv_input_use_source(CsvInput *input, const CsvSource *source) {
    input->source = source;
}

void csv_input_free(CsvInput *input) {
    if (input != NULL) {
        byte_stream_close(input->stream);
        file_system_free(input->files);
        mem_free(input->carry);
        pthread_mutex_destroy(&input->lock);
        mem_free(input);
    }
}

void csv_chunk_free(CsvChunk *chunk) {
    mem_free(chunk->data);
    *chunk = (CsvChunk){0};
}

/* --------------------------------------------------------------------------------------------------------- record ends */

static uint64_t count_byte(const char *data, size_t bytes, char byte) {
    enum { RUN = 128 }; /* of fixed length, the count in a byte: this becomes vector code at any level of optimization */
    uint64_t count = 0;
    for (; bytes >= RUN; bytes -= RUN, data += RUN) {
        uint8_t in_run = 0;
        for (uint32_t i = 0; i < RUN; i++) {
            in_run = (uint8_t)(in_run + (data[i] == byte));
        }
        count += in_run;
    }
    for (size_t i = 0; i < bytes; i++) {
        count += data[i] == byte;
    }
    return count;
}

/* Quotes that are their own escape: a line end is one where the number of quotes before it is even. Looks back from the end,
 * where one is near. `quotes` is how many stand in the data. */
static size_t last_end_by_parity(const char *data, size_t bytes, char quote, char line_end, uint64_t quotes) {
    bool outside = quotes % 2 == 0;
    for (size_t i = bytes; i > 0; i--) {
        if (data[i - 1] == quote) {
            outside = !outside;
        } else if (data[i - 1] == line_end && outside) {
            return i;
        }
    }
    return 0;
}

/* Everything else reads forward: escapes change the meaning of what follows. */
static size_t last_end_by_states(const CsvDialect *dialect, const char *data, size_t bytes, char line_end) {
    size_t last = 0;
    bool in_quotes = false;
    for (size_t i = 0; i < bytes; i++) {
        if (data[i] == dialect->escape && (in_quotes || !dialect->is_quoted)) {
            i++;
        } else if (dialect->is_quoted && data[i] == dialect->quote) {
            in_quotes = !in_quotes;
        } else if (data[i] == line_end && !in_quotes) {
            last = i + 1;
        }
    }
    return last;
}

static size_t last_record_end(const CsvInput *input, const CsvChunk *chunk, uint64_t quotes) {
    if (chunk->has_escapes) {
        return last_end_by_states(&input->dialect, chunk->data, chunk->bytes, input->line_end);
    }
    if (quotes > 0) {
        return last_end_by_parity(chunk->data, chunk->bytes, input->dialect.quote, input->line_end, quotes);
    }
    const char *last = memrchr(chunk->data, input->line_end, chunk->bytes);
    return last == NULL ? 0 : (size_t)(last - chunk->data) + 1;
}

/* --------------------------------------------------------------------------------------------------------------- chunks */

static Status reserve_chunk(const Context *cx, CsvChunk *chunk, size_t bytes) {
    if (chunk->capacity < bytes + CSV_SLACK_BYTES) {
        char *grown = mem_resize(cx, chunk->data, bytes + CSV_SLACK_BYTES);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        chunk->data = grown;
        chunk->capacity = bytes + CSV_SLACK_BYTES;
    }
    return OK;
}

static Status keep_carry(const Context *cx, CsvInput *input, const char *data, size_t bytes) {
    if (input->carry_capacity < bytes) {
        mem_free(input->carry);
        input->carry_capacity = 0;
        TRY_ALLOC(cx, input->carry, bytes);
        input->carry_capacity = bytes;
    }
    if (bytes > 0) {
        memcpy(input->carry, data, bytes);
    }
    input->carry_bytes = bytes;
    return OK;
}

/* Reads until the chunk holds `wanted` bytes or the file ends. */
static Status fill_chunk(const Context *cx, CsvInput *input, CsvChunk *chunk, size_t wanted) {
    TRY(reserve_chunk(cx, chunk, wanted));
    while (chunk->bytes < wanted && !input->stream_ended) {
        size_t got;
        TRY(byte_stream_read(cx, input->stream, chunk->data + chunk->bytes, wanted - chunk->bytes, &got));
        chunk->bytes += got;
        input->stream_ended = got == 0;
    }
    return OK;
}

static Status open_file(const Context *cx, CsvInput *input) {
    CsvCompression compression = input->dialect.compression;
    TRY(input->source != NULL
            ? byte_stream_open_source(cx, input->source, compression, &input->stream)
            : byte_stream_open(cx, input->files, input->paths[input->path_index], compression, &input->stream));
    input->stream_ended = false;
    input->line_end = 0;
    input->line = 1;
    input->lines_to_skip = input->dialect.skip_lines;
    input->carry_bytes = 0;
    return OK;
}

/* Drops bytes from the head of the chunk. */
static void drop_head(CsvChunk *chunk, size_t bytes) {
    chunk->bytes -= bytes;
    memmove(chunk->data, chunk->data + bytes, chunk->bytes);
}

static void drop_byte_order_mark(CsvChunk *chunk) {
    if (chunk->bytes >= 3 && memcmp(chunk->data, "\xef\xbb\xbf", 3) == 0) {
        drop_head(chunk, 3);
    }
}

static void skip_lines(CsvInput *input, CsvChunk *chunk) {
    size_t at = 0;
    while (input->lines_to_skip > 0 && at < chunk->bytes) {
        const char *end = memchr(chunk->data + at, input->line_end, chunk->bytes - at);
        at = end == NULL ? chunk->bytes : (size_t)(end - chunk->data) + 1;
        input->lines_to_skip--;
        input->line++;
    }
    drop_head(chunk, at);
}

/* The next whole records of the open file; chunk->bytes = 0 at its end. */
static Status next_of_file(const Context *cx, CsvInput *input, CsvChunk *chunk) {
    bool is_first = input->line_end == 0;
    TRY(reserve_chunk(cx, chunk, CSV_CHUNK_BYTES + input->carry_bytes));
    if (input->carry_bytes > 0) {
        memcpy(chunk->data, input->carry, input->carry_bytes);
    }
    chunk->bytes = input->carry_bytes;
    for (size_t wanted = chunk->bytes + CSV_CHUNK_BYTES;; wanted *= 2) {
        TRY(fill_chunk(cx, input, chunk, wanted));
        if (is_first) {
            drop_byte_order_mark(chunk);
            bool only_cr = memchr(chunk->data, '\n', chunk->bytes) == NULL && memchr(chunk->data, '\r', chunk->bytes) != NULL;
            input->line_end = only_cr ? '\r' : '\n';
            is_first = false;
        }
        if (input->lines_to_skip > 0) {
            skip_lines(input, chunk);
        }
        const CsvDialect *dialect = &input->dialect;
        uint64_t quotes = dialect->is_quoted ? count_byte(chunk->data, chunk->bytes, dialect->quote) : 0;
        chunk->has_quotes = quotes > 0;
        chunk->has_escapes = !dialect->is_json && (!dialect->is_quoted || (quotes > 0 && dialect->escape != dialect->quote)) &&
                             memchr(chunk->data, dialect->escape, chunk->bytes) != NULL;
        size_t end = input->stream_ended ? chunk->bytes : last_record_end(input, chunk, quotes);
        if (end > 0 || input->stream_ended) {
            TRY(keep_carry(cx, input, chunk->data + end, chunk->bytes - end));
            chunk->bytes = end;
            return OK;
        }
        if (chunk->bytes > CSV_RECORD_BYTES_MAX) {
            fail(cx, BAD_COPY_FORMAT, "file \"%s\", line %llu: the record that begins here has no end within %zu MB",
                 input->paths[input->path_index], (unsigned long long)input->line, CSV_RECORD_BYTES_MAX >> 20);
            return fail_hint(cx, "is a quote not closed?");
        }
    }
}

static Status next_chunk(const Context *cx, CsvInput *input, CsvChunk *chunk, bool *done) {
    for (;;) {
        if (input->path_index == input->path_count) {
            *done = true;
            return OK;
        }
        if (input->stream == NULL) {
            TRY(open_file(cx, input));
        }
        chunk->file = input->paths[input->path_index];
        TRY(next_of_file(cx, input, chunk));
        if (chunk->bytes > 0) {
            chunk->first_line = input->line;
            chunk->line_end = input->line_end;
            chunk->sequence = input->sequence++;
            input->line += count_byte(chunk->data, chunk->bytes, input->line_end);
            return OK;
        }
        byte_stream_close(input->stream);
        input->stream = NULL;
        input->path_index++;
    }
}

Status csv_input_next(const Context *cx, CsvInput *input, CsvChunk *chunk, bool *done) {
    *done = false;
    pthread_mutex_lock(&input->lock);
    Status status = OK;
    if (input->failed) {
        *done = true; /* another thread has the error */
    } else {
        status = next_chunk(cx, input, chunk, done);
        input->failed = status != OK;
    }
    pthread_mutex_unlock(&input->lock);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- files */

static Status copy_paths(const Context *cx, Arena *arena, const glob_t *found, const char *const **paths, uint32_t *count) {
    const char **list;
    TRY_NEW_ARRAY(cx, arena, list, found->gl_pathc + 1);
    *count = 0;
    for (size_t i = 0; i < found->gl_pathc; i++) {
        struct stat info;
        if (stat(found->gl_pathv[i], &info) == 0 && !S_ISREG(info.st_mode)) {
            continue; /* a folder, or a pipe that nobody may ever write to */
        }
        list[*count] = arena_copy_text(cx, arena, found->gl_pathv[i], strlen(found->gl_pathv[i]));
        if (list[*count] == NULL) {
            return OUT_OF_MEMORY;
        }
        (*count)++;
    }
    *paths = list;
    return OK;
}

Status csv_list_files(const Context *cx, Arena *arena, const char *pattern, const char *const **paths, uint32_t *count) {
    struct stat info;
    const char *searched = pattern;
    *count = 0;
    if (stat(pattern, &info) == 0 && !S_ISDIR(info.st_mode)) { /* a name that exists is no pattern, whatever is in it */
        const char **list;
        TRY_NEW_ARRAY(cx, arena, list, 1);
        list[0] = pattern;
        *paths = list;
        *count = 1;
        return OK;
    }
    if (stat(pattern, &info) == 0) {
        searched = arena_format(cx, arena, "%s/*", pattern);
        if (searched == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    glob_t found;
    int result = glob(searched, 0, NULL, &found);
    if (result == 0) {
        Status status = copy_paths(cx, arena, &found, paths, count);
        globfree(&found);
        TRY(status);
    }
    if (*count == 0) {
        return fail(cx, UNDEFINED_FILE, "could not open file \"%s\": no such file", pattern);
    }
    return OK;
}
