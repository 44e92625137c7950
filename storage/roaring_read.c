/* Roaring sets, byte by byte (roaring_read.h). A set is a header (which containers there are, of what kind and size), then the
 * containers: each holds the numbers of one value of their high 16 bits. */
#include "storage/roaring_read.h"

#include <string.h>

#define COOKIE_PLAIN 12346     /* no run containers */
#define COOKIE_RUNS 12347      /* in the low 16 bits */
#define CONTAINERS_MAX 65536   /* high halves of 32-bit numbers */
#define ARRAY_NUMBERS_MAX 4096 /* more are a bitset */
#define BITSET_BYTES 8192
#define OFFSETS_FROM 4 /* containers from which a set with runs says where they begin */

typedef struct SetReader {
    const uint8_t *start, *at, *end;
    uint32_t containers;
    const uint8_t *run_flags; /* NULL: no run containers */
    const uint8_t *keys;      /* u16 high half, u16 size less one, per container */
    const uint8_t *offsets;   /* NULL: left out */
    DeleteMap *map;
} SetReader;

static const char too_short[] = "its bitmap is too short";

static uint32_t u16_at(const uint8_t *data) {
    uint16_t x;
    memcpy(&x, data, sizeof x);
    return x;
}

static uint32_t u32_at(const uint8_t *data) {
    uint32_t x;
    memcpy(&x, data, sizeof x);
    return x;
}

/* The next `bytes` bytes, or NULL. */
static const uint8_t *take(SetReader *reader, size_t bytes) {
    if ((size_t)(reader->end - reader->at) < bytes) {
        return NULL;
    }
    reader->at += bytes;
    return reader->at - bytes;
}

static const char *read_cookie(SetReader *reader) {
    const uint8_t *cookie = take(reader, 4);
    if (cookie == NULL) {
        return too_short;
    }
    if ((u32_at(cookie) & 0xffff) == COOKIE_RUNS) {
        reader->containers = (u32_at(cookie) >> 16) + 1;
        reader->run_flags = take(reader, (reader->containers + 7) / 8);
        return reader->run_flags == NULL ? too_short : NULL;
    }
    const uint8_t *count = take(reader, 4);
    if (u32_at(cookie) != COOKIE_PLAIN || count == NULL || u32_at(count) > CONTAINERS_MAX) {
        return "its bitmap does not start as one does";
    }
    reader->containers = u32_at(count);
    return NULL;
}

static const char *read_header(SetReader *reader) {
    const char *problem = read_cookie(reader);
    if (problem != NULL) {
        return problem;
    }
    reader->keys = take(reader, 4 * (size_t)reader->containers);
    if (reader->keys == NULL) {
        return too_short;
    }
    if (reader->run_flags == NULL || reader->containers >= OFFSETS_FROM) {
        reader->offsets = take(reader, 4 * (size_t)reader->containers);
        return reader->offsets == NULL ? too_short : NULL;
    }
    return NULL;
}

static bool add(SetReader *reader, uint32_t high, uint32_t low) {
    uint64_t row = (uint64_t)high << 16 | low;
    return row < reader->map->rows && delete_map_add(reader->map, row);
}

static const char *read_runs(SetReader *reader, uint32_t high, uint32_t size) {
    const uint8_t *count = take(reader, 2);
    const uint8_t *runs = count == NULL ? NULL : take(reader, 4 * (size_t)u16_at(count));
    uint32_t from = 0, seen = 0; /* the least number that may come */
    if (runs == NULL) {
        return too_short;
    }
    for (uint32_t i = 0; i < u16_at(count); i++) {
        uint32_t first = u16_at(runs + 4 * (size_t)i), last = first + u16_at(runs + 4 * (size_t)i + 2);
        if (first < from || last > 0xffff) {
            return "a run of its bitmap makes no sense";
        }
        for (uint32_t low = first; low <= last; low++) {
            if (!add(reader, high, low)) {
                return "it has rows that the segment has not";
            }
        }
        seen += last - first + 1;
        from = last + 1;
    }
    return seen == size ? NULL : "a container of its bitmap has another size than it says";
}

static const char *read_array(SetReader *reader, uint32_t high, uint32_t size) {
    const uint8_t *numbers = take(reader, 2 * (size_t)size);
    uint32_t from = 0;
    if (numbers == NULL) {
        return too_short;
    }
    for (uint32_t i = 0; i < size; i++) {
        uint32_t low = u16_at(numbers + 2 * (size_t)i);
        if (low < from) {
            return "the numbers of its bitmap are not in order";
        }
        if (!add(reader, high, low)) {
            return "it has rows that the segment has not";
        }
        from = low + 1;
    }
    return NULL;
}

static const char *read_bitset(SetReader *reader, uint32_t high, uint32_t size) {
    const uint8_t *words = take(reader, BITSET_BYTES);
    uint32_t seen = 0;
    if (words == NULL) {
        return too_short;
    }
    for (uint32_t w = 0; w < BITSET_BYTES / 8; w++) {
        uint64_t word;
        memcpy(&word, words + 8 * (size_t)w, sizeof word);
        for (; word != 0; word &= word - 1, seen++) {
            if (!add(reader, high, w * 64 + (uint32_t)__builtin_ctzll(word))) {
                return "it has rows that the segment has not";
            }
        }
    }
    return seen == size ? NULL : "a container of its bitmap has another size than it says";
}

static const char *read_container(SetReader *reader, uint32_t i, uint32_t high, uint32_t size) {
    if (reader->offsets != NULL && u32_at(reader->offsets + 4 * (size_t)i) != (size_t)(reader->at - reader->start)) {
        return "a container of its bitmap is not where it should be";
    }
    if (reader->run_flags != NULL && (reader->run_flags[i / 8] >> i % 8 & 1) != 0) {
        return read_runs(reader, high, size);
    }
    return size <= ARRAY_NUMBERS_MAX ? read_array(reader, high, size) : read_bitset(reader, high, size);
}

const char *roaring_read(const uint8_t *data, size_t bytes, DeleteMap *map, uint64_t *count) {
    SetReader reader = {.start = data, .at = data, .end = data + bytes, .map = map};
    const char *problem = read_header(&reader);
    uint32_t from = 0; /* the least high half that may come */
    *count = 0;
    for (uint32_t i = 0; problem == NULL && i < reader.containers; i++) {
        uint32_t high = u16_at(reader.keys + 4 * (size_t)i), size = u16_at(reader.keys + 4 * (size_t)i + 2) + 1;
        problem = high < from ? "the containers of its bitmap are not in order" : read_container(&reader, i, high, size);
        from = high + 1;
        *count += size;
    }
    return problem != NULL || reader.at == reader.end ? problem : "its bitmap ends early";
}
