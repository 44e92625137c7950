/* COPY … FROM STDIN and COPY … TO STDOUT in the shell: rows stand behind the statement, where the next one would, up to a line
 * of \. or the end; after -c and at a prompt they come from standard input. */
#ifndef DEPOT_TOOLS_SHELL_STREAMS_H
#define DEPOT_TOOLS_SHELL_STREAMS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct CopyStreams {
    FILE *in, *out;
    char *line; /* owned: the one being handed on, [at, bytes) of it left */
    size_t capacity, at, bytes;
    bool has_read, has_ended, has_written;
} CopyStreams;

/* Before a statement. */
void copy_streams_begin(CopyStreams *streams, FILE *in, FILE *out);
/* After it: rows that a failed load left are passed over. */
void copy_streams_end(CopyStreams *streams);
/* depot_reader and depot_writer over CopyStreams. */
int64_t copy_streams_read(void *streams, char *to, size_t bytes);
int copy_streams_write(void *streams, const char *data, size_t bytes);

#endif
