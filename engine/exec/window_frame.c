/* Window frames: for each row of a slice, which rows its frame has. ROWS counts positions; GROUPS counts groups of peers; RANGE
 * without offsets knows only groups of peers, so CURRENT ROW means the first or the last of the row's peers. */
#include "exec/window_part.h"

/* ------------------------------------------------------------------------------------------------------------------- ROWS */

static uint32_t least(uint64_t a, uint32_t b) {
    return a < b ? (uint32_t)a : b;
}

/* Position at + offset kept inside [first, end]: *out[i] for at = from + i. */
static void fill_moved(const PartitionSpan *span, bool goes_back, uint64_t offset, uint32_t *out) {
    if (goes_back) {
        for (uint32_t at = span->from; at < span->to; at++) {
            *out++ = at - least(offset, at - span->first);
        }
    } else {
        for (uint32_t at = span->from; at < span->to; at++) {
            *out++ = at + least(offset, span->end - at);
        }
    }
}

static void fill(uint32_t value, uint32_t count, uint32_t *out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = value;
    }
}

static void rows_bounds(const WindowFrame *frame, const PartitionSpan *span, uint32_t *starts, uint32_t *ends) {
    uint32_t count = span->to - span->from;
    uint64_t start = (uint64_t)frame->start_offset, end = (uint64_t)frame->end_offset;
    switch (frame->start) {
    case BOUND_PRECEDING: fill_moved(span, true, start, starts); break;
    case BOUND_CURRENT_ROW: fill_moved(span, true, 0, starts); break;
    case BOUND_FOLLOWING: fill_moved(span, false, start, starts); break;
    default: fill(span->first, count, starts); break;
    }
    switch (frame->end) { /* one past the last row */
    case BOUND_CURRENT_ROW: fill_moved(span, false, 1, ends); break;
    case BOUND_FOLLOWING: fill_moved(span, false, end == INT64_MAX ? end : end + 1, ends); break;
    case BOUND_PRECEDING:
        for (uint32_t at = span->from; at < span->to; at++) {
            ends[at - span->from] = end > at - span->first ? span->first : at - (uint32_t)end + 1;
        }
        break;
    default: fill(span->end, count, ends); break;
    }
}

/* ------------------------------------------------------------------------------------------------------------------ peers */

/* Calls nothing, fills: peers[i] and ends[i] of the row's group of peers. */
static void peer_bounds(const uint64_t *peer_starts, const PartitionSpan *span, uint32_t *starts, uint32_t *ends) {
    uint32_t first = window_start_of(peer_starts, span->from);
    for (uint32_t at = span->from; at < span->to;) {
        uint32_t next = window_next_start(peer_starts, at + 1, span->end);
        for (; at < next && at < span->to; at++) {
            starts[at - span->from] = first;
            ends[at - span->from] = next;
        }
        first = next;
    }
}

static void range_bounds(const uint64_t *peer_starts, const WindowFrame *frame, const PartitionSpan *span, uint32_t *starts,
                         uint32_t *ends) {
    uint32_t count = span->to - span->from;
    peer_bounds(peer_starts, span, starts, ends);
    if (frame->start == BOUND_UNBOUNDED_PRECEDING) {
        fill(span->first, count, starts);
    }
    if (frame->end == BOUND_UNBOUNDED_FOLLOWING) {
        fill(span->end, count, ends);
    }
}

/* ----------------------------------------------------------------------------------------------------------------- GROUPS */

/* The start of the group that is `distance` groups away from the current one: kept inside the partition, where one past the
 * last group is the partition's end. */
typedef struct GroupWalk {
    const uint64_t *starts;
    const PartitionSpan *span;
    uint32_t at;      /* the start of a group, or the end */
    uint64_t missing; /* groups before the partition that the distance still asks for */
} GroupWalk;

static GroupWalk walk_from(const uint64_t *starts, const PartitionSpan *span, uint32_t group, bool goes_back,
                           uint64_t distance) {
    GroupWalk walk = {starts, span, group, distance};
    while (walk.missing > 0 && walk.at != (goes_back ? span->first : span->end)) {
        walk.at = goes_back ? window_start_of(starts, walk.at - 1) : window_next_start(starts, walk.at + 1, span->end);
        walk.missing--;
    }
    walk.missing = goes_back ? walk.missing : 0; /* at the end it stays there */
    return walk;
}

/* The current group is the next one now. */
static void walk_on(GroupWalk *walk) {
    if (walk->missing > 0) {
        walk->missing--;
    } else if (walk->at < walk->span->end) {
        walk->at = window_next_start(walk->starts, walk->at + 1, walk->span->end);
    }
}

/* The group's start for a frame's start; one group further for its end. */
static GroupWalk walk_to_bound(const uint64_t *starts, const PartitionSpan *span, uint32_t group, FrameBound bound,
                               uint64_t offset, bool is_end) {
    uint64_t distance = bound == BOUND_CURRENT_ROW ? 0 : offset;
    if (bound != BOUND_PRECEDING) {
        return walk_from(starts, span, group, false, is_end && distance < UINT64_MAX ? distance + 1 : distance);
    }
    if (is_end && distance == 0) {
        return walk_from(starts, span, group, false, 1);
    }
    return walk_from(starts, span, group, true, is_end ? distance - 1 : distance);
}

static void groups_bounds(const uint64_t *peer_starts, const WindowFrame *frame, const PartitionSpan *span, uint32_t *starts,
                          uint32_t *ends) {
    uint32_t group = window_start_of(peer_starts, span->from);
    bool from_first = frame->start == BOUND_UNBOUNDED_PRECEDING, to_last = frame->end == BOUND_UNBOUNDED_FOLLOWING;
    GroupWalk start = walk_to_bound(peer_starts, span, group, frame->start, (uint64_t)frame->start_offset, false);
    GroupWalk end = walk_to_bound(peer_starts, span, group, frame->end, (uint64_t)frame->end_offset, true);
    for (uint32_t at = span->from; at < span->to;) {
        uint32_t next = window_next_start(peer_starts, at + 1, span->end);
        for (; at < next && at < span->to; at++) {
            starts[at - span->from] = from_first ? span->first : start.at;
            ends[at - span->from] = to_last ? span->end : end.at;
        }
        walk_on(&start);
        walk_on(&end);
    }
}

/* -------------------------------------------------------------------------------------------------------------- all modes */

static Status partition_bounds(const Context *cx, const WindowItem *item, const WindowSlice *slice, const PartitionSpan *span,
                               WindowFrames *frames) {
    const WindowFrame *frame = &item->frame;
    const uint64_t *peer_starts = slice->part->starts[item->peer_keys];
    uint32_t i = span->from - slice->from, *starts = frames->starts + i, *ends = frames->ends + i;
    bool has_offset = bound_has_offset(frame->start) || bound_has_offset(frame->end);
    if (frame->mode == FRAME_ROWS) {
        rows_bounds(frame, span, starts, ends);
    } else if (!has_offset) {
        range_bounds(peer_starts, frame, span, starts, ends);
    } else if (frame->mode == FRAME_GROUPS) {
        groups_bounds(peer_starts, frame, span, starts, ends);
    } else {
        TRY(window_range_bounds(cx, item, slice, span, starts, ends));
    }
    if (frames->peers != NULL) {
        peer_bounds(peer_starts, span, frames->peers + i, frames->peer_ends + i);
    }
    return check_cancel(cx);
}

Status window_frames_init(const Context *cx, const WindowItem *item, const WindowSlice *slice, WindowFrames *frames) {
    uint32_t count = slice->to - slice->from;
    *frames = (WindowFrames){.exclude = item->frame.exclude};
    TRY_ALLOC(cx, frames->starts, sizeof *frames->starts * count);
    TRY_ALLOC(cx, frames->ends, sizeof *frames->ends * count);
    if (frames->exclude == EXCLUDE_GROUP || frames->exclude == EXCLUDE_TIES) {
        TRY_ALLOC(cx, frames->peers, sizeof *frames->peers * count);
        TRY_ALLOC(cx, frames->peer_ends, sizeof *frames->peer_ends * count);
    }
    PartitionSpan span;
    for (uint32_t at = slice->from; window_next_partition(slice, slice->part->starts[item->partition_keys], &at, &span);) {
        TRY(partition_bounds(cx, item, slice, &span, frames));
    }
    for (uint32_t i = 0; i < count; i++) { /* what ends before it starts is empty */
        frames->ends[i] = frames->ends[i] < frames->starts[i] ? frames->starts[i] : frames->ends[i];
    }
    return OK;
}

void window_frames_free(WindowFrames *frames) {
    mem_free(frames->starts);
    mem_free(frames->ends);
    mem_free(frames->peers);
    mem_free(frames->peer_ends);
    *frames = (WindowFrames){0};
}

/* Appends [start, end) if it is not empty. */
static uint32_t add_range(WindowRange *ranges, uint32_t count, uint32_t start, uint32_t end) {
    if (start < end) {
        ranges[count++] = (WindowRange){start, end};
    }
    return count;
}

uint32_t window_frame_ranges(const WindowFrames *frames, uint32_t from, uint32_t i, WindowRange *ranges) {
    uint32_t start = frames->starts[i], end = frames->ends[i], at = from + i, count = 0;
    if (frames->exclude == EXCLUDE_NO_OTHERS) {
        return add_range(ranges, 0, start, end);
    }
    bool by_peers = frames->exclude != EXCLUDE_CURRENT_ROW;
    uint32_t out = by_peers ? frames->peers[i] : at, back = by_peers ? frames->peer_ends[i] : at + 1;
    count = add_range(ranges, count, start, end < out ? end : out);
    if (frames->exclude == EXCLUDE_TIES && at >= start && at < end) {
        count = add_range(ranges, count, at, at + 1);
    }
    return add_range(ranges, count, start > back ? start : back, end);
}
