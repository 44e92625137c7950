/* The window operator's own state: the sink (window.c) and the source (window_output.c) share it. */
#ifndef DEPOT_EXEC_WINDOW_H
#define DEPOT_EXEC_WINDOW_H

#include "exec/window_part.h"

#include <pthread.h>

#define WINDOW_PART_BITS 6
#define WINDOW_PARTS (1u << WINDOW_PART_BITS)

/* A task's rows, listed by part when its input ended. */
typedef struct WindowRun {
    SortRun run;
    SortItem *items;                   /* by part; owned */
    uint64_t *words;                   /* of the items, if there are several per row; owned */
    uint32_t begins[WINDOW_PARTS + 1]; /* of the parts in items */
} WindowRun;

typedef struct WindowShared {
    pthread_mutex_t lock; /* guards table and runs while tasks merge */
    bool is_open;
    RowFormat format;
    SortEncoding encoding; /* partition keys, then order keys */
    uint32_t run_count;
    WindowRun *runs; /* owned */
    RowTable table;
    uint32_t part_count;
    WindowPart parts[WINDOW_PARTS];
    _Atomic(uint32_t) next_part;
    uint64_t bytes;
} WindowShared;

extern const SourceClass window_source;

#endif
