/* Recursive Union: WITH RECURSIVE as a source. Its terms are plans of their own, each run as a query inside this one: the first
 * once, the second for each round, over the rows that the round before put out (the working table), until a round has none.
 * Rows go on as they come, so that a LIMIT above ends even an endless recursion.
 *
 *     round 0: plans[0] ──┬── rows ──→ out
 *     round n: plans[1] ──┘    └─────→ working table of round n + 1
 *
 * UNION keeps the rows that were there in a table of groups, and lets only new ones through. */
#include "exec/exec.h"
#include "exec/group_table.h"

typedef struct Seen { /* UNION */
    GroupLayout layout;
    GroupTable table;
    KeyEncoder encoder;
    Arena text;
    uint32_t *slots; /* 0, 1, …: all columns; owned */
    Batch out;
    uint32_t groups[BATCH_ROWS_MAX];
    uint16_t rows[BATCH_ROWS_MAX];
} Seen;

typedef struct RecursionLocal {
    RowFormat format;
    RowBuffer kept; /* of this round */
    RowTable rows;  /* of the round before */
    WorkingTable working;
    Query *query; /* of this round; owned; NULL between rounds */
    uint32_t round;
    bool is_over;
    Seen *seen; /* owned; NULL: UNION ALL */
} RecursionLocal;

static Status seen_open(const Context *cx, const PhysicalNode *op, Seen *seen) {
    TRY_ALLOC(cx, seen->slots, sizeof *seen->slots * op->column_count);
    for (uint32_t i = 0; i < op->column_count; i++) {
        seen->slots[i] = i;
    }
    arena_init(&seen->text);
    TRY(batch_init_like(cx, op, &seen->out));
    TRY(group_layout_init(cx, &seen->layout, op->columns, seen->slots, op->column_count, 0));
    seen->table.layout = &seen->layout;
    return key_encoder_init(cx, &seen->encoder, &seen->layout);
}

static void seen_close(Seen *seen) {
    if (seen == NULL) {
        return;
    }
    key_encoder_free(&seen->encoder);
    group_table_free(&seen->table);
    group_layout_free(&seen->layout);
    arena_free(&seen->text);
    batch_free(&seen->out);
    mem_free(seen->slots);
    mem_free(seen);
}

/* The rows of the batch that were not there before; *batch = NULL if there are none. Groups are numbered as they come. */
static Status keep_new(const Context *cx, Seen *seen, const Batch **batch) {
    const Batch *in = *batch;
    uint32_t next = seen->table.count, count = 0;
    TRY(key_encode_batch(cx, &seen->encoder, &seen->layout, in, seen->slots));
    TRY(group_table_reserve(cx, &seen->table, in->rows));
    TRY(group_table_find(cx, &seen->table, seen->encoder.keys, seen->layout.key_bytes, seen->encoder.hashes, in->rows,
                         &seen->text, seen->groups));
    for (uint32_t i = 0; i < in->rows; i++) {
        seen->rows[count] = (uint16_t)i;
        bool is_new = seen->groups[i] == next;
        count += is_new;
        next += is_new;
    }
    if (count == in->rows) {
        return OK;
    }
    for (uint32_t c = 0; c < in->column_count; c++) {
        TRY(vector_gather(cx, &in->columns[c], seen->rows, count, &seen->out.columns[c]));
    }
    seen->out.rows = count;
    *batch = count > 0 ? &seen->out : NULL;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- rounds */

static Status recursion_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    RecursionLocal *local = local_;
    const Context *cx = &task->cx;
    (void)shared;
    TRY(row_format_init(cx, &local->format, op->columns, op->column_count, false));
    row_buffer_init(&local->kept, &local->format);
    local->working = (WorkingTable){op->recursion.id, &local->rows, query_working(task->query)};
    if (!op->recursion.is_distinct) {
        return OK;
    }
    TRY_ALLOC_ZEROED(cx, local->seen, sizeof *local->seen);
    return seen_open(cx, op, local->seen);
}

static Status start_round(Task *task, const PhysicalNode *op, RecursionLocal *local) {
    Context cx = query_inner_context(task);
    QueryOptions options = query_inner_options(task->query);
    options.working = &local->working;
    return query_start(&cx, op->recursion.plans[local->round > 0], query_pool(task->query), &options, &local->query);
}

/* What this round kept is what the next one reads. */
static Status end_round(Task *task, RecursionLocal *local) {
    uint32_t first_chunk;
    query_close(local->query);
    local->query = NULL;
    local->round++;
    local->is_over = local->kept.rows == 0;
    row_table_free(&local->rows);
    local->rows = (RowTable){0};
    if (local->is_over) {
        return OK;
    }
    TRY(row_table_take(&task->cx, &local->rows, &local->kept, &first_chunk));
    return row_table_open(&task->cx, &local->rows);
}

static Status recursion_next(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch **out, Flow *flow) {
    RecursionLocal *local = local_;
    (void)shared;
    *flow = local->is_over ? DONE : NEED_INPUT;
    if (local->is_over) {
        return OK;
    }
    if (local->query == NULL) {
        TRY(start_round(task, op, local));
    }
    const Batch *batch;
    Context cx = query_inner_context(task);
    TRY(query_next(&cx, local->query, &batch));
    if (batch == NULL) {
        return end_round(task, local);
    }
    if (local->seen != NULL) {
        TRY(keep_new(&task->cx, local->seen, &batch));
    }
    if (batch == NULL) {
        return OK;
    }
    *out = batch;
    *flow = MORE_OUTPUT;
    return row_buffer_append(&task->cx, &local->kept, batch, NULL);
}

static void recursion_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    RecursionLocal *local = local_;
    (void)op, (void)shared;
    query_close(local->query);
    if (profile != NULL && local->seen != NULL) {
        profile->groups += local->seen->table.count;
    }
    seen_close(local->seen);
    row_buffer_free(&local->kept);
    row_table_free(&local->rows);
    row_format_free(&local->format);
}

/* One task: the rounds follow each other; inside of a round all threads work. */
static const SourceClass recursion_source = {.name = "Recursive Union",
                                             .local_size = sizeof(RecursionLocal),
                                             .open_local = recursion_open_local,
                                             .next = recursion_next,
                                             .close_local = recursion_close_local};
const OperatorClass recursion_operator = {.source = &recursion_source};
