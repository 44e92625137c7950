/* Top-N per group: where only the first rows of each partition are asked for, a task keeps for each partition the best rows
 * that it has seen, in a hash table. A better row takes the place of the worst one; with ties (rank), rows behind the last of
 * the best are dropped. What is left is sorted and numbered like any other input. Where that would replace rows all over
 * memory, all are kept, and the best of each part are found before it is sorted. */
#include "exec/window.h"

#define SLOTS_FIRST 1024
#define TRIAL_ROWS (2 * ROW_CHUNK_ROWS)
#define GROUPS_FEW 16384 /* up to here replacing rows stays in the cache */

bool window_top_is_possible(const WindowShared *shared, const WindowSpec *spec) {
    return spec->row_limit >= 1 && spec->row_limit <= WINDOW_TOP_MAX && shared->parting == PARTING_BY_HASH &&
           shared->encoding.is_exact;
}

void window_top_free(WindowTop *top) {
    mem_free(top->slots);
    mem_free(top->groups);
    mem_free(top->hashes);
    mem_free(top->kept_words);
    mem_free(top->words);
    mem_free(top->rows);
    mem_free(top->targets);
}

static Status grow_slots(const Context *cx, WindowTop *top) {
    uint64_t count = top->slots == NULL ? SLOTS_FIRST : (top->mask + 1) * 2;
    mem_free(top->slots);
    top->slots = NULL;
    TRY_ALLOC(cx, top->slots, sizeof *top->slots * count);
    memset(top->slots, 0xff, sizeof *top->slots * count);
    top->mask = count - 1;
    for (uint32_t g = 0; g < top->group_count; g++) {
        uint64_t slot = top->hashes[g] & top->mask;
        while (top->slots[slot].group != ROW_NONE) {
            slot = (slot + 1) & top->mask;
        }
        top->slots[slot] = (TopSlot){.group = g, .tag = (uint32_t)(top->hashes[g] >> 32)};
    }
    return OK;
}

static Status grow_groups(const Context *cx, WindowTop *top) {
    uint32_t capacity = top->group_capacity == 0 ? SLOTS_FIRST / 2 : top->group_capacity * 2;
    uint64_t *groups = mem_resize(cx, top->groups, sizeof *groups * capacity * top->stride);
    if (groups == NULL) {
        return OUT_OF_MEMORY;
    }
    top->groups = groups;
    uint64_t *hashes = mem_resize(cx, top->hashes, sizeof *hashes * capacity);
    if (hashes == NULL) {
        return OUT_OF_MEMORY;
    }
    top->hashes = hashes;
    top->group_capacity = capacity;
    return OK;
}

Status window_top_open(const Context *cx, const WindowShared *shared, const WindowSpec *spec, WindowTop *top) {
    top->limit = (uint32_t)spec->row_limit;
    top->keeps_ties = spec->limit_keeps_ties;
    top->partition_bits = window_bits_of_keys(&shared->encoding, spec->partition_count);
    top->stride = shared->encoding.words + (top->limit + 2) / 2; /* the count and the rows are 32 bits each */
    TRY_ALLOC(cx, top->words, sizeof *top->words * BATCH_ROWS_MAX * shared->encoding.words);
    TRY_ALLOC(cx, top->rows, sizeof *top->rows * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, top->targets, sizeof *top->targets * BATCH_ROWS_MAX);
    TRY(grow_slots(cx, top));
    return grow_groups(cx, top);
}

Status window_top_reserve(const Context *cx, const WindowShared *shared, WindowTop *top, const WindowFill *fill) {
    if (top->kept_capacity == fill->capacity) {
        return OK;
    }
    uint64_t *grown = mem_resize(cx, top->kept_words, sizeof *grown * fill->capacity * shared->encoding.words);
    if (grown == NULL) {
        return OUT_OF_MEMORY;
    }
    top->kept_words = grown;
    top->kept_capacity = fill->capacity;
    return OK;
}

static uint64_t *group_at(const WindowTop *top, uint32_t group) {
    return top->groups + (size_t)group * top->stride;
}

typedef struct TopInput {
    const WindowShared *shared;
    WindowTop *top;
    WindowFill *fill;
    uint32_t new_rows; /* the next row's number */
    uint32_t count;    /* of rows[] and targets[] */
} TopInput;

static const uint64_t *kept_words(const TopInput *input, uint32_t row) {
    return input->top->kept_words + (size_t)row * input->shared->encoding.words;
}

static int compare_words(const uint64_t *a, const uint64_t *b, uint32_t words) {
    for (uint32_t w = 0; w < words; w++) {
        if (a[w] != b[w]) {
            return a[w] < b[w] ? -1 : 1;
        }
    }
    return 0;
}

/* The group of the row's partition; a new one is empty. */
static Status find_group(const Context *cx, const TopInput *input, const uint64_t *words, uint64_t hash, uint64_t **group) {
    WindowTop *top = input->top;
    uint32_t tag = (uint32_t)(hash >> 32);
    uint64_t slot = hash & top->mask;
    for (; top->slots[slot].group != ROW_NONE; slot = (slot + 1) & top->mask) {
        uint64_t *found = group_at(top, top->slots[slot].group);
        if (top->slots[slot].tag == tag && window_same_bits(found, words, top->partition_bits)) {
            *group = found;
            return OK;
        }
    }
    if (top->group_count == top->group_capacity) {
        TRY(grow_groups(cx, top));
    }
    top->slots[slot] = (TopSlot){.group = top->group_count, .tag = tag};
    top->hashes[top->group_count] = hash;
    *group = group_at(top, top->group_count++);
    memset(*group, 0, sizeof **group * top->stride);
    return (uint64_t)top->group_count * 2 > top->mask ? grow_slots(cx, top) : OK;
}

/* Where the row goes: a new row or in the place of the worst; ROW_NONE if it is not wanted. */
static uint32_t choose_target(TopInput *input, const uint64_t *words, uint64_t *group) {
    const WindowTop *top = input->top;
    uint32_t width = input->shared->encoding.words, *count = (uint32_t *)(group + width), *rows = count + 1, at = *count;
    bool is_full = at == top->limit;
    if (is_full) {
        int order = compare_words(words, group, width);
        if (order > 0 || (order == 0 && !top->keeps_ties)) {
            return ROW_NONE;
        }
        at--;
    }
    uint32_t target = is_full && !top->keeps_ties ? rows[at] : input->new_rows++;
    *count = at + 1;
    for (; at > 0 && compare_words(words, kept_words(input, rows[at - 1]), width) < 0; at--) {
        rows[at] = rows[at - 1];
    }
    rows[at] = target;
    memcpy(group, at + 1 == *count ? words : kept_words(input, rows[*count - 1]), sizeof *words * width);
    return target;
}

/* Brings what the rows will look at into the cache. */
static void fetch_groups(const TopInput *input, uint32_t rows) {
    const WindowTop *top = input->top;
    for (uint32_t i = 0; i < rows; i++) {
        __builtin_prefetch(&top->slots[input->fill->hashes[i] & top->mask]);
    }
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t group = top->slots[input->fill->hashes[i] & top->mask].group;
        if (group != ROW_NONE) {
            __builtin_prefetch(group_at(top, group));
        }
    }
}

static Status choose_rows(const Context *cx, TopInput *input, uint32_t rows) {
    WindowTop *top = input->top;
    uint32_t width = input->shared->encoding.words;
    fetch_groups(input, rows);
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t *words = top->words + (size_t)i * width;
        uint64_t hash = input->fill->hashes[i];
        uint64_t *group;
        TRY(find_group(cx, input, words, hash, &group));
        uint32_t target = choose_target(input, words, group);
        if (target != ROW_NONE) {
            memcpy(top->kept_words + (size_t)target * width, words, sizeof *words * width);
            input->fill->parts[target] = (uint8_t)(hash >> (64 - WINDOW_PART_BITS));
            top->rows[input->count] = (uint16_t)i;
            top->targets[input->count++] = target;
        }
    }
    return OK;
}

/* Where rows are often better than those before them (the latest of each, from rows in the order of time), replacing rows all
 * over memory costs more than keeping them all. */
static void note_use(WindowTop *top, uint32_t seen, uint32_t kept) {
    top->seen += seen;
    top->kept += kept;
    if (top->seen >= TRIAL_ROWS) {
        top->is_off = top->group_count > GROUPS_FEW && top->kept > top->seen / 10 * 3;
        top->seen = top->kept = 0;
    }
}

Status window_top_append(const Context *cx, const WindowShared *shared, const WindowSpec *spec, WindowTop *top,
                         WindowFill *fill, WindowRun *run, const Batch *in) {
    TopInput input = {.shared = shared, .top = top, .fill = fill, .new_rows = fill->rows};
    if ((uint64_t)fill->rows + in->rows >= ROW_NONE) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "a window cannot hold more than 4,294,967,294 rows");
    }
    TRY(window_hash_partitions(cx, spec, fill, in));
    TRY(choose_rows(cx, &input, in->rows));
    TRY(row_buffer_put(cx, &run->rows, in, top->rows, top->targets, input.count));
    fill->rows = input.new_rows;
    note_use(top, in->rows, input.count);
    if (top->is_off) { /* from here on rows stay where they are */
        window_top_free(top);
        *top = (WindowTop){.limit = top->limit, .is_off = true};
        return window_fill_end_chunks(cx, shared, fill, run);
    }
    return check_cancel(cx);
}

/* ------------------------------------------------------------------------------------------------- before a part is sorted */

#define NARROW_LIMIT_MAX 8     /* rows per partition that are found without sorting */
#define NARROW_TRIAL_ROWS 8192 /* so many rows show whether partitions have more rows than are asked for */

/* The best items of each partition of a part: in `best`, limit per group, best first. */
typedef struct NarrowTop {
    const WindowShared *shared;
    const PartSort *sort;
    uint32_t limit, bits;
    uint32_t group_count;
    uint64_t mask;
    uint32_t *slots;  /* group + 1; owned */
    uint32_t *best;   /* items; owned */
    uint32_t *counts; /* of best, per group; owned */
    uint32_t *groups; /* of the items; owned */
} NarrowTop;

static const uint64_t *item_words(const NarrowTop *narrow, uint32_t item) {
    const PartSort *sort = narrow->sort;
    uint32_t words = narrow->shared->encoding.words;
    return words == 1 ? &sort->items[item].key : sort->words + (size_t)sort->items[item].index * words;
}

static uint64_t partition_hash(const uint64_t *words, uint32_t bits) {
    uint64_t hash = 0;
    for (; bits >= 64; bits -= 64) {
        hash = (hash ^ *words++) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    hash = (hash ^ (bits == 0 ? 0 : *words >> (64 - bits))) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static Status narrow_open(const Context *cx, NarrowTop *narrow, const WindowShared *shared, const WindowSpec *spec,
                          const PartSort *sort) {
    *narrow = (NarrowTop){.shared = shared, .sort = sort, .limit = (uint32_t)spec->row_limit};
    narrow->bits = window_bits_of_keys(&shared->encoding, spec->partition_count);
    uint64_t slots = 64;
    while (slots < sort->count) {
        slots *= 2;
    }
    narrow->mask = slots - 1;
    TRY_ALLOC_ZEROED(cx, narrow->slots, sizeof *narrow->slots * slots);
    TRY_ALLOC(cx, narrow->best, sizeof *narrow->best * (sort->count / 2 + NARROW_TRIAL_ROWS) * narrow->limit);
    TRY_ALLOC(cx, narrow->counts, sizeof *narrow->counts * (sort->count / 2 + NARROW_TRIAL_ROWS));
    TRY_ALLOC(cx, narrow->groups, sizeof *narrow->groups * sort->count);
    return OK;
}

static void narrow_free(NarrowTop *narrow) {
    mem_free(narrow->slots);
    mem_free(narrow->best);
    mem_free(narrow->counts);
    mem_free(narrow->groups);
}

static uint32_t narrow_group(NarrowTop *narrow, const uint64_t *words) {
    uint64_t slot = partition_hash(words, narrow->bits) & narrow->mask;
    for (; narrow->slots[slot] != 0; slot = (slot + 1) & narrow->mask) {
        uint32_t group = narrow->slots[slot] - 1;
        if (window_same_bits(item_words(narrow, narrow->best[(size_t)group * narrow->limit]), words, narrow->bits)) {
            return group;
        }
    }
    narrow->counts[narrow->group_count] = 0;
    narrow->slots[slot] = ++narrow->group_count;
    return narrow->group_count - 1;
}

/* Puts the item among the best of its group, if it is one of them. */
static void narrow_add(NarrowTop *narrow, uint32_t item) {
    const uint64_t *words = item_words(narrow, item);
    uint32_t width = narrow->shared->encoding.words, group = narrow_group(narrow, words), at = narrow->counts[group];
    uint32_t *best = narrow->best + (size_t)group * narrow->limit;
    narrow->groups[item] = group;
    if (at == narrow->limit) {
        if (compare_words(words, item_words(narrow, best[at - 1]), width) >= 0) {
            return;
        }
        at--;
    }
    narrow->counts[group] = at + 1;
    for (; at > 0 && compare_words(words, item_words(narrow, best[at - 1]), width) < 0; at--) {
        best[at] = best[at - 1];
    }
    best[at] = item;
}

/* Items that are not among the best go, but for those that tie with the last of them where ties count. */
static void narrow_keep(const NarrowTop *narrow, bool keeps_ties, PartSort *sort) {
    uint32_t width = narrow->shared->encoding.words, kept = 0;
    uint8_t *is_kept = (uint8_t *)sort->scratch;
    memset(is_kept, 0, sort->count);
    for (uint32_t g = 0; g < narrow->group_count; g++) {
        for (uint32_t i = 0; i < narrow->counts[g]; i++) {
            is_kept[narrow->best[(size_t)g * narrow->limit + i]] = 1;
        }
    }
    for (uint32_t i = 0; keeps_ties && i < sort->count; i++) {
        uint32_t group = narrow->groups[i], count = narrow->counts[group];
        const uint64_t *last = item_words(narrow, narrow->best[(size_t)group * narrow->limit + count - 1]);
        is_kept[i] |= compare_words(item_words(narrow, i), last, width) == 0;
    }
    for (uint32_t i = 0; i < sort->count; i++) {
        sort->items[kept] = sort->items[i];
        kept += is_kept[i];
    }
    sort->count = kept;
}

static Status find_best(const Context *cx, NarrowTop *narrow, bool *pays) {
    *pays = true;
    for (uint32_t i = 0; i < narrow->sort->count && *pays; i++) {
        narrow_add(narrow, i);
        if (i % NARROW_TRIAL_ROWS == NARROW_TRIAL_ROWS - 1) {
            *pays = narrow->group_count < i / 2;
            TRY(check_cancel(cx));
        }
    }
    return OK;
}

Status window_top_narrow(const Context *cx, const WindowShared *shared, const WindowSpec *spec, PartSort *sort) {
    NarrowTop narrow;
    bool pays;
    if (!window_top_is_possible(shared, spec) || spec->row_limit > NARROW_LIMIT_MAX || sort->count < NARROW_TRIAL_ROWS) {
        return OK;
    }
    Status status = narrow_open(cx, &narrow, shared, spec, sort);
    status = status == OK ? find_best(cx, &narrow, &pays) : status;
    if (status == OK && pays) {
        narrow_keep(&narrow, spec->limit_keeps_ties, sort);
    }
    narrow_free(&narrow);
    return status;
}
