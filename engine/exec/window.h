/* The window operator's own state: the sink (window.c, window_store.c) and the source (window_output.c) share it. */
#ifndef DEPOT_EXEC_WINDOW_H
#define DEPOT_EXEC_WINDOW_H

#include "exec/window_part.h"

#include "exec/sort.h"
#include "exec/spill.h"

#include <pthread.h>

#define WINDOW_PART_BITS 6
#define WINDOW_PARTS (1u << WINDOW_PART_BITS)
#define WINDOW_SHELF_PARTS 8u
#define WINDOW_SHELVES (WINDOW_PARTS / WINDOW_SHELF_PARTS)

/* How rows come into parts. */
typedef enum WindowParting {
    PARTING_BY_HASH,  /* of the partition keys that all items have */
    PARTING_BY_RANGE, /* no partitions: of the sort keys; all parts make up one WindowPart */
    PARTING_BY_CHUNK  /* rows come sorted: each chunk, from its first whole partition on */
} WindowParting;

/* A chunk's rows, listed by part. */
typedef struct WindowChunk {
    uint32_t begins[WINDOW_PARTS + 1]; /* of the parts' rows */
    uint32_t places[WINDOW_SHELVES];   /* rows that each shelf had before it took its parts of the chunk */
} WindowChunk;

/* A task's rows. BY_HASH, what is more than a chunk goes to shelves, each of some parts: so the rows of parts that are over can
 * go while others are still to be read. */
typedef struct WindowRun {
    RowBuffer rows;
    RowBuffer *shelves;                        /* WINDOW_SHELVES; NULL: all is in `rows`; owned */
    uint32_t first_row;                        /* of `rows` in the table of all runs */
    uint32_t shelf_begins[WINDOW_SHELVES + 1]; /* of the shelves, likewise */
    uint32_t chunk_count, chunk_capacity;
    WindowChunk *chunks; /* owned */
    uint64_t row_count;
} WindowRun;

/* What a task has of its last chunk; with Top-N, of all its rows. */
typedef struct WindowFill {
    uint32_t rows;
    uint64_t capacity;
    uint8_t *parts;   /* BY_HASH; owned */
    uint64_t *hashes; /* of a batch; owned */
    uint32_t *order;  /* of a chunk's rows; owned */
} WindowFill;

#define WINDOW_TOP_MAX 64

typedef struct TopSlot {
    uint32_t group, tag; /* ROW_NONE: free */
} TopSlot;

/* The best rows of each partition that a task has seen (window_top.c). */
typedef struct WindowTop {
    uint32_t limit;
    bool keeps_ties;
    uint32_t partition_bits; /* of the words */
    bool is_off;             /* it kept nearly all: further rows are taken as they come */
    uint64_t seen, kept;     /* rows, since the last look at whether it pays */
    uint64_t mask;
    TopSlot *slots; /* owned */
    uint32_t group_count, group_capacity;
    uint32_t stride;      /* of a group, in words */
    uint64_t *groups;     /* the worst row's words, how many rows there are, and which, best first; owned */
    uint64_t *hashes;     /* of the groups; owned */
    uint64_t *kept_words; /* of the fill's rows; owned */
    uint32_t kept_capacity;
    uint64_t *words;   /* of a batch; owned */
    uint16_t *rows;    /* of a batch: those that are kept; owned */
    uint32_t *targets; /* and where; owned */
} WindowTop;

/* The rows of a part while they are sorted. */
typedef struct PartSort {
    SortItem *items;   /* owned */
    SortItem *scratch; /* owned */
    uint64_t *words;   /* of the items, if there are several per row; owned */
    uint64_t count;
} PartSort;

/* BY_RANGE: the first and the last row of a part. */
typedef struct PartEdge {
    uint32_t first, last; /* of the table */
    uint64_t *words;      /* first's, then last's; owned */
} PartEdge;

typedef struct OutputSlice {
    uint32_t part, from, to;
    uint32_t number; /* of the sorted part */
} OutputSlice;

/* Which slices read a chunk of the table. */
typedef struct ChunkUse {
    uint32_t first_part, last_part; /* whose rows it may have */
    _Atomic(uint32_t) slices;       /* of them that are not over */
} ChunkUse;

typedef struct WindowShared {
    pthread_mutex_t lock; /* guards table, runs and splitters while tasks merge */
    bool is_open;
    WindowParting parting;
    RowFormat format;
    SortEncoding encoding; /* partition keys, then order keys */
    bool has_splitters;
    uint64_t splitters[WINDOW_PARTS - 1]; /* BY_RANGE: first words that begin parts */
    uint32_t run_count;
    WindowRun *runs; /* owned */
    RowTable table;
    WindowBefore *befores[WINDOW_PARTS]; /* BY_RANGE, per slice of a stretch: one per item; owned; NULL: it is no stretch */
    const uint32_t *reaches;             /* per item, of a stretch: see WindowSlice; borrowed */
    struct WindowStream *stream;         /* the rows are sorted runs on disk; NULL: they are not; owned */
    bool is_part;                        /* one part of a window whose rows were spilled: it keeps all of them */
    SpillPart *spilled;                  /* BY_HASH: WINDOW_PARTS, rows on disk; NULL: none are; owned */
    _Atomic(uint32_t) next_spilled;
    _Atomic(uint64_t) streamed_bytes; /* that parts too large to be loaded had on disk once more */
    uint32_t sort_count;              /* parts to sort */
    uint32_t part_count;
    WindowPart *parts;                  /* owned */
    uint32_t offsets[WINDOW_PARTS + 1]; /* BY_RANGE: of the sorted parts in the one part */
    PartEdge edges[WINDOW_PARTS];       /* BY_RANGE */
    WindowCarry *carries[WINDOW_PARTS]; /* BY_RANGE, per sorted part: one per item; owned */
    WindowResult *whole;                /* BY_RANGE: per item, of those that are evaluated for all rows at once; owned */
    uint32_t slice_count;
    OutputSlice *slices; /* owned */
    ChunkUse *uses;      /* per chunk of the table, which goes after its last slice; NULL: all go together; owned */
    _Atomic(uint32_t) next_slice, ended_slices;
    _Atomic(uint64_t) bytes;
} WindowShared;

/* A task's part of the sink. */
typedef struct WindowLocal {
    WindowRun run;
    WindowFill fill;
    WindowTop top;             /* if only the first rows of partitions are asked for */
    SortEncoder encoder;       /* of Top-N's keys, or of ranges */
    SpillWriter *spill;        /* owned; NULL: rows are kept */
    struct StreamFill *stream; /* the same, into sorted runs */
} WindowLocal;

extern const SinkClass window_sink;
extern const SourceClass window_source;

/* What the source reads rows with. */
typedef struct OutputLocal {
    Batch out;
    bool has_slice;
    OutputSlice slice;             /* being put out */
    const WindowPart *part;        /* of the slice */
    uint32_t next;                 /* position */
    WindowResult *results;         /* per item, of the slice's rows; owned */
    Vector picked, fallback, flat; /* lag's and lead's value and default */
    WindowShared *loaded;          /* a spilled part at hand; owned; NULL: take the next */
    struct WindowStream *stream;   /* instead, of a part that is too large; owned */
    struct StretchReader *reader;  /* of rows on disk in order; its stretches are loaded; owned; NULL: take the next range */
} OutputLocal;

/* window_output.c: the next batch of the slices of `shared`; DONE after the last. */
Status window_output_next(Task *task, const PhysicalNode *op, WindowShared *shared, OutputLocal *local, const Batch **out,
                          Flow *flow);

/* window_spill.c: rows are spilled from here on, those that the task has kept at once. */
Status window_spill_begin(Task *task, const PhysicalNode *op, WindowShared *shared, WindowLocal *local) MUST_CHECK;
Status window_spill_rows(Task *task, const PhysicalNode *op, WindowLocal *local, const Batch *in) MUST_CHECK;
/* Called with the lock held, after the writer was flushed. */
Status window_spill_take(Task *task, WindowShared *shared, WindowLocal *local) MUST_CHECK;
/* The rows that other tasks kept, once some have spilled. */
Status window_spill_table(Task *task, const PhysicalNode *op, WindowShared *shared) MUST_CHECK;
/* The source after spilling: loads one part after the other and puts it out. */
Status window_spilled_next(Task *task, const PhysicalNode *op, WindowShared *shared, OutputLocal *local, const Batch **out,
                           Flow *flow) MUST_CHECK;
/* Output of the rows that are loaded; they are freed with the last of them. */
Status window_loaded_next(Task *task, const PhysicalNode *op, OutputLocal *local, const Batch **out, Flow *flow) MUST_CHECK;
void window_loaded_free(const PhysicalNode *op, OutputLocal *local);
uint64_t window_spill_free(WindowShared *shared); /* bytes that were on disk */

/* window_stream.c: rows without partitions are spilled as sorted runs. window_stretch.c: they are evaluated in stretches of
 * the merged order. */
typedef struct WindowStream WindowStream;
typedef struct StreamFill StreamFill;
typedef struct StretchReader StretchReader;
/* Can stretches of the rows be evaluated one after the other? */
bool window_can_stream(const PhysicalNode *op);
/* The task's rows go to sorted runs from here on, those that it has kept at once. */
Status window_stream_begin(Task *task, const PhysicalNode *op, WindowShared *shared, WindowLocal *local) MUST_CHECK;
Status window_stream_rows(Task *task, const PhysicalNode *op, WindowShared *shared, WindowLocal *local,
                          const Batch *in) MUST_CHECK;
/* No more of the task's rows will come. */
Status window_stream_end(Task *task, const PhysicalNode *op, WindowShared *shared, WindowLocal *local) MUST_CHECK;
/* When all tasks have ended: the rows that some of them kept. */
Status window_stream_table(Task *task, const PhysicalNode *op, WindowShared *shared) MUST_CHECK;
/* After that, ranges of the order, for tasks to read side by side: how many; then, for each and in any order, where it begins
 * and its totals; then what came before each. */
Status window_stream_split(Task *task, const PhysicalNode *op, WindowStream *stream, uint32_t *ranges) MUST_CHECK;
Status window_stream_find(Task *task, const PhysicalNode *op, WindowStream *stream, uint32_t range) MUST_CHECK;
Status window_stream_join(const Context *cx, const PhysicalNode *op, WindowStream *stream) MUST_CHECK;
uint32_t window_stream_tasks(const WindowStream *stream); /* how many are of use */
/* The rows of a part on disk that is too large to be loaded. *stream is the caller's, after an error too. */
Status window_stream_part(Task *task, const PhysicalNode *op, WindowShared *shared, const SpillPart *part,
                          WindowStream **stream) MUST_CHECK;
/* The source: ranges that are left, each a stretch after the other. */
Status window_stream_next(Task *task, const PhysicalNode *op, WindowStream *stream, OutputLocal *local, const Batch **out,
                          Flow *flow) MUST_CHECK;
void window_stream_fill_free(StreamFill *fill);           /* NULL is fine */
void window_reader_free(StretchReader *reader);           /* NULL is fine */
uint64_t window_stream_free(WindowStream *stream);        /* bytes that were on disk; NULL is fine */
uint64_t window_stream_bytes(const WindowStream *stream); /* of the largest stretch */

/* window_store.c: keeping rows, and parting them. */
Status window_fill_open(const Context *cx, WindowFill *fill) MUST_CHECK;
void window_fill_free(WindowFill *fill);
/* Room for `rows` more. The fill is a chunk at most, but for Top-N, which lists all its rows at the end. */
Status window_fill_reserve(const Context *cx, WindowFill *fill, uint32_t rows) MUST_CHECK;
/* Takes a batch. */
Status window_fill_append(const Context *cx, const WindowShared *shared, const WindowSpec *spec, WindowFill *fill,
                          WindowRun *run, const Batch *in) MUST_CHECK;
/* fill->hashes of the batch's partition keys. */
Status window_hash_partitions(const Context *cx, const WindowSpec *spec, WindowFill *fill, const Batch *in) MUST_CHECK;
/* The same, and to which part each row goes by its hash. */
Status window_find_parts(const Context *cx, const WindowSpec *spec, WindowFill *fill, const Batch *in,
                         uint8_t *parts) MUST_CHECK;
/* Ends all whole chunks of the fill; what is left of it begins anew. */
Status window_fill_end_chunks(const Context *cx, const WindowShared *shared, WindowFill *fill, WindowRun *run) MUST_CHECK;
/* No more rows will come. */
Status window_fill_end(const Context *cx, const WindowShared *shared, WindowFill *fill, WindowRun *run) MUST_CHECK;
/* BY_RANGE: splitters from a sample of the run, and its chunks listed by them. */
Status window_choose_splitters(const Context *cx, WindowShared *shared, const WindowRun *run, SortEncoder *encoder) MUST_CHECK;
Status window_part_by_range(const Context *cx, const WindowShared *shared, SortEncoder *encoder, WindowFill *fill,
                            WindowRun *run) MUST_CHECK;
void window_run_free(WindowRun *run);
/* After parts were sorted and slices listed: which slices each chunk of the table waits for. */
Status window_note_uses(const Context *cx, WindowShared *shared) MUST_CHECK;
/* The slice of a part is over: chunks that no other slice reads go. */
void window_end_uses(WindowShared *shared, uint32_t part);
/* The rows of a part of all runs. */
uint64_t window_part_rows(const WindowShared *shared, uint32_t part);
/* Its items and their words. */
Status window_collect_part(const Context *cx, const WindowShared *shared, SortEncoder *encoder, uint32_t part,
                           PartSort *sort) MUST_CHECK;
/* BY_CHUNK: the chunk's rows from its first whole partition on, and the rest of its last one. */
Status window_collect_chunk(const Context *cx, const WindowShared *shared, const WindowSpec *spec, SortEncoder *encoder,
                            uint32_t part, PartSort *sort) MUST_CHECK;
/* Memory per row that sorting parts takes: words and places of the rows; and items, of all rows where partitions are few. */
static inline uint64_t window_sort_bytes(const SortEncoding *encoding, bool has_items) {
    return sizeof(uint64_t) * encoding->words + sizeof(uint32_t) + (has_items ? 2 * sizeof(SortItem) : 0);
}
/* Bits of the first `key_count` keys, as far as they are encoded. */
uint32_t window_bits_of_keys(const SortEncoding *encoding, uint32_t key_count);
/* Are the first `bits` bits of both keys the same? */
static inline bool window_same_bits(const uint64_t *a, const uint64_t *b, uint32_t bits) {
    for (; bits >= 64; bits -= 64, a++, b++) {
        if (*a != *b) {
            return false;
        }
    }
    return bits == 0 || (*a ^ *b) >> (64 - bits) == 0;
}
/* Do two rows (their words, and their numbers in the table) agree in the first `key_count` keys? */
bool window_same_keys(const WindowShared *shared, uint32_t key_count, const uint64_t *words_a, uint32_t row_a,
                      const uint64_t *words_b, uint32_t row_b);

bool window_top_is_possible(const WindowShared *shared, const WindowSpec *spec);
Status window_top_open(const Context *cx, const WindowShared *shared, const WindowSpec *spec, WindowTop *top) MUST_CHECK;
void window_top_free(WindowTop *top);
/* Room for the words of the fill's rows, while they are asked for. */
Status window_top_reserve(const Context *cx, const WindowShared *shared, WindowTop *top, const WindowFill *fill) MUST_CHECK;
/* Takes a batch whose words are in top->words; fill has room for it. */
Status window_top_append(const Context *cx, const WindowShared *shared, const WindowSpec *spec, WindowTop *top,
                         WindowFill *fill, WindowRun *run, const Batch *in) MUST_CHECK;

/* Leaves only items of a part that may be among the first rows of their partitions, if that is all that is asked for. */
Status window_top_narrow(const Context *cx, const WindowShared *shared, const WindowSpec *spec, PartSort *sort) MUST_CHECK;

/* window_carry.c: BY_RANGE. The totals of a sorted part; the carries of all, and what is evaluated as a whole. */
Status window_add_totals(const Context *cx, WindowShared *shared, const PhysicalNode *op, uint32_t number) MUST_CHECK;
Status window_add_carries(const Context *cx, WindowShared *shared, const PhysicalNode *op) MUST_CHECK;
typedef enum SliceWay {
    SLICE_ALONE,   /* the rows that its frames reach are enough */
    SLICE_CARRIED, /* frames begin with the first row: the aggregate of all rows before, or of all rows */
    SLICE_WHOLE    /* no slices */
} SliceWay;
SliceWay window_way_of_item(const WindowItem *item);
/* What came before slice `number` of a stretch; NULL: nothing that matters. */
const WindowBefore *window_before_of(const WindowShared *shared, uint32_t number, uint32_t item);
const WindowCarry *window_carry_of(const WindowShared *shared, const PhysicalNode *op, uint32_t number, uint32_t item);
void window_carries_free(WindowShared *shared, const PhysicalNode *op);

#endif
