/* Window frames: for each row of a partition, which rows its frame has. ROWS counts positions; RANGE without offsets knows only
 * groups of peers, so CURRENT ROW means the first or the last of the row's peers. */
#include "exec/window_part.h"

void window_part_free(WindowPart *part) {
    mem_free(part->rows);
    mem_free(part->partition_starts);
    mem_free(part->peer_starts);
    *part = (WindowPart){0};
}

bool window_frame_is_running(const WindowFrame *frame) {
    return frame->start == BOUND_UNBOUNDED_PRECEDING;
}

/* Position `at` + offset, kept inside [first, end]. */
static uint32_t move(uint32_t at, int64_t offset, uint32_t first, uint32_t end) {
    if (offset < 0) {
        return (uint64_t) - (offset + 1) >= at - first ? first : at - (uint32_t)-offset;
    }
    return (uint64_t)offset >= end - at ? end : at + (uint32_t)offset;
}

static void rows_bounds(const WindowFrame *frame, uint32_t first, uint32_t end, uint32_t *starts, uint32_t *ends) {
    for (uint32_t at = first; at < end; at++) {
        uint32_t start = first, stop = end;
        switch (frame->start) {
        case BOUND_PRECEDING: start = move(at, -frame->start_offset, first, end); break;
        case BOUND_CURRENT_ROW: start = at; break;
        case BOUND_FOLLOWING: start = move(at, frame->start_offset, first, end); break;
        default: break;
        }
        switch (frame->end) { /* one past the last row */
        case BOUND_PRECEDING:
            stop = (uint64_t)frame->end_offset > at - first ? first : at - (uint32_t)frame->end_offset + 1;
            break;
        case BOUND_CURRENT_ROW: stop = at + 1; break;
        case BOUND_FOLLOWING: stop = move(at + 1, frame->end_offset, first, end); break;
        default: break;
        }
        starts[at - first] = start;
        ends[at - first] = stop;
    }
}

static void peer_bounds(const WindowPart *part, const WindowFrame *frame, uint32_t first, uint32_t end, uint32_t *starts,
                        uint32_t *ends) {
    for (uint32_t peers = first; peers < end;) {
        uint32_t next = window_next_start(part->peer_starts, peers + 1, end);
        for (uint32_t at = peers; at < next; at++) {
            starts[at - first] = frame->start == BOUND_CURRENT_ROW ? peers : first;
            ends[at - first] = frame->end == BOUND_CURRENT_ROW ? next : end;
        }
        peers = next;
    }
}

void window_frames(const WindowPart *part, const WindowFrame *frame, uint32_t first, uint32_t end, uint32_t *starts,
                   uint32_t *ends) {
    if (frame->mode == FRAME_ROWS) {
        rows_bounds(frame, first, end, starts, ends);
    } else {
        peer_bounds(part, frame, first, end, starts, ends);
    }
}
