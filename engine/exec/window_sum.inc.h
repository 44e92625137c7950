/* Running sums of a window's rows. T: the values' type; S: the sums'; NAME(f); FRAMES: frames ask for them, too. sums[i] is
 * the sum of the first i values. */
static void NAME(run)(const T *values, uint32_t count, S *sums) {
    S sum = 0;
    sums[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += values[i];
        sums[i + 1] = sum;
    }
}

#ifdef FRAMES
/* The sums of the frames of rows [first, first + count) of the slice. */
static void NAME(of_frames)(const S *sums, const SumWindow *window, uint32_t first, uint32_t count, __int128 *out) {
    const WindowFrames *frames = window->frames;
    const S *before = sums - window->low;
    for (uint32_t i = 0; i < count && frames->exclude == EXCLUDE_NO_OTHERS; i++) {
        out[i] = before[frames->ends[first + i]] - before[frames->starts[first + i]];
    }
    for (uint32_t i = 0; i < count && frames->exclude != EXCLUDE_NO_OTHERS; i++) {
        WindowRange ranges[WINDOW_RANGES_MAX];
        uint32_t parts = window_frame_ranges(frames, window->slice->from, first + i, ranges);
        out[i] = 0;
        for (uint32_t r = 0; r < parts; r++) {
            out[i] += before[ranges[r].end] - before[ranges[r].start];
        }
    }
}
#undef FRAMES
#endif
#undef T
#undef S
#undef NAME
