/* Rows on disk, for operators that need more memory than memory_limit leaves them. All of them do the same: rows are split into
 * parts by a hash of their keys (or, sorted, into runs), every part goes to disk, and later one part at a time is worked on in
 * memory by the operator's ordinary code.
 *
 * A writer belongs to a task and gathers rows per part until a chunk of them is worth a write; its parts are then joined with
 * those of other tasks. Long text travels with its rows; codes stay codes. */
#ifndef DEPOT_EXEC_SPILL_H
#define DEPOT_EXEC_SPILL_H

#include "exec/exec.h"
#include "exec/row_store.h"
#include "storage/spill_file.h"

#define SPILL_PART_BITS 6
#define SPILL_PARTS (1u << SPILL_PART_BITS)

/* What is left of memory_limit is so little that an operator which keeps rows should begin to spill. */
bool query_is_tight(const Task *task);
/* The same for what has so little in memory, of `kept_bytes`, that spilling it may be of no use. */
bool query_should_spill(const Task *task, uint64_t kept_bytes);

/* The query's file for spilled rows, made at the first call. */
Status query_spill_file(Task *task, SpillFile **file) MUST_CHECK;

typedef struct SpillChunk {
    SpillExtent extent;
    uint32_t rows;
} SpillChunk;

/* Zeroed memory is empty. */
typedef struct SpillPart {
    uint64_t rows, stored_bytes;
    uint32_t count, capacity;
    SpillChunk *chunks; /* owned; in the order in which they were written */
} SpillPart;

Status spill_part_join(const Context *cx, SpillPart *to, SpillPart *from) MUST_CHECK; /* moves all of `from` to the end */
void spill_part_free(SpillPart *part);
uint64_t spill_part_bytes(const SpillPart *part); /* of its rows, before they were compressed */

typedef struct SpillWriter {
    const RowFormat *format; /* borrowed; of the input's columns */
    uint32_t part_count;
    uint64_t chunk_bytes; /* gathered per part before it is written */
    RowBuffer *buffers;   /* owned; per part */
    SpillPart *parts;     /* owned */
    Batch selected;
    uint16_t *rows; /* owned; of a batch, by part */
} SpillWriter;

/* `op`: the operator whose output is spilled. The format must outlive the writer. */
Status spill_writer_open(const Context *cx, SpillWriter *writer, const PhysicalNode *op, const RowFormat *format,
                         uint32_t part_count) MUST_CHECK;
/* Row i goes to part parts[i]; NULL: all to part 0, in order. */
Status spill_writer_add(Task *task, SpillWriter *writer, const Batch *in, const uint8_t *parts) MUST_CHECK;
/* Writes what is still gathered. */
Status spill_writer_flush(Task *task, SpillWriter *writer) MUST_CHECK;
void spill_writer_close(SpillWriter *writer);

/* Reads chunk `number` of a part into the buffer, as one chunk behind those that it has. spill_read_from: of another query. */
Status spill_read(Task *task, const SpillPart *part, uint32_t number, RowBuffer *buffer) MUST_CHECK;
Status spill_read_from(Task *task, SpillFile *file, const SpillPart *part, uint32_t number, RowBuffer *buffer) MUST_CHECK;
/* Rows [first, first + rows) of a chunk as a batch that borrows from it; `first` is a multiple of 64. */
void row_chunk_view(const RowFormat *format, const RowChunk *chunk, uint32_t first, uint32_t rows, Batch *out);

/* Goes through rows of a part as often as it is started, a batch at a time; one chunk of them is in memory. */
typedef struct SpillReader {
    const SpillPart *part; /* borrowed */
    uint32_t chunk, end;   /* the next of its chunks, and behind the last that is read */
    uint32_t row;          /* the next of the chunk in memory */
    RowBuffer rows;        /* of that chunk */
    Batch view;
} SpillReader;

/* `op`: whose output the rows are. The format must outlive the reader. */
Status spill_reader_open(const Context *cx, SpillReader *reader, const PhysicalNode *op, const RowFormat *format) MUST_CHECK;
/* Chunks [begin, end) of the part come next. */
void spill_reader_start(SpillReader *reader, const SpillPart *part, uint32_t begin, uint32_t end);
/* At most `most` rows, a multiple of 64, borrowed until the next call; *out = NULL after the last. */
Status spill_reader_next(Task *task, SpillReader *reader, uint32_t most, const Batch **out) MUST_CHECK;
bool spill_reader_is_over(const SpillReader *reader);
void spill_reader_close(SpillReader *reader); /* zeroed memory is fine */

typedef Status SpillVisit(Task *task, void *argument, const Batch *in);
/* Calls `visit` with all rows of the part, a batch at a time, freeing each chunk after it. `op`: whose output the rows are. */
Status spill_each_batch(Task *task, const PhysicalNode *op, const RowFormat *format, const SpillPart *part, SpillVisit *visit,
                        void *argument) MUST_CHECK;
/* The same for chunks in memory, which stay. */
Status row_chunks_each_batch(Task *task, const PhysicalNode *op, const RowFormat *format, RowChunk *const *chunks,
                             uint32_t count, SpillVisit *visit, void *argument) MUST_CHECK;

#endif
