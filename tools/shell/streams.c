/* Line by line, so that nothing behind the last row is read. See streams.h. */
#include "tools/shell/streams.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void copy_streams_begin(CopyStreams *streams, FILE *in, FILE *out) {
    *streams = (CopyStreams){.in = in, .out = out};
}

static bool is_end_mark(const char *line, size_t bytes) {
    while (bytes > 0 && (line[bytes - 1] == '\n' || line[bytes - 1] == '\r')) {
        bytes--;
    }
    return bytes == 2 && memcmp(line, "\\.", 2) == 0;
}

/* The next line of rows; false at their end. */
static bool next_line(CopyStreams *streams) {
    if (!streams->has_read && isatty(fileno(streams->in))) {
        fprintf(stderr, "Enter rows, each on a line. A line of \\. alone, or Ctrl-D, ends them.\n");
    }
    streams->has_read = true;
    ssize_t bytes = streams->has_ended ? -1 : getline(&streams->line, &streams->capacity, streams->in);
    streams->has_ended = bytes < 0 || is_end_mark(streams->line, (size_t)bytes);
    streams->at = 0;
    streams->bytes = streams->has_ended ? 0 : (size_t)bytes;
    return !streams->has_ended;
}

int64_t copy_streams_read(void *streams_, char *to, size_t bytes) {
    CopyStreams *streams = streams_;
    if (streams->at == streams->bytes && !next_line(streams)) {
        return ferror(streams->in) ? -1 : 0;
    }
    size_t left = streams->bytes - streams->at, part = left < bytes ? left : bytes;
    memcpy(to, streams->line + streams->at, part);
    streams->at += part;
    return (int64_t)part;
}

int copy_streams_write(void *streams_, const char *data, size_t bytes) {
    CopyStreams *streams = streams_;
    streams->has_written = true;
    return fwrite(data, 1, bytes, streams->out) == bytes ? 0 : 1;
}

void copy_streams_end(CopyStreams *streams) {
    while (streams->has_read && next_line(streams)) {
    }
    free(streams->line);
    streams->line = NULL;
}
