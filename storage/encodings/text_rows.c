#include "storage/encodings/text_rows.h"

#include "storage/encodings/pack.h"

static void unpack_lengths(const uint8_t *lengths, uint32_t bits, uint32_t rows, uint32_t chunk, uint32_t *out) {
    uint64_t narrow[PACK_CHUNK];
    unpack_chunk(lengths, bits, rows, chunk, narrow);
    unpack_kernels->resize(narrow, pack_code_bytes(bits), PACK_CHUNK, sizeof *out, out);
}

bool text_rows_starts(const uint8_t *lengths, uint32_t bits, uint32_t rows, uint64_t text_bytes, uint32_t *starts) {
    uint64_t at = 0;
    for (uint32_t chunk = 0; chunk < pack_chunks(rows); chunk++) {
        uint32_t here[PACK_CHUNK], count = pack_chunk_codes(rows, chunk);
        starts[chunk] = (uint32_t)at;
        unpack_lengths(lengths, bits, rows, chunk, here);
        for (uint32_t i = 0; i < count; i++) {
            at += here[i];
        }
        if (at > text_bytes) {
            return false;
        }
    }
    return at == text_bytes;
}

void text_rows_ends(const TextRows *in, uint32_t chunk, uint32_t *ends) {
    unpack_lengths(in->lengths, in->bits, in->rows, chunk, ends);
    unpack_kernels->sum_deltas(ends, (uint64_t)in->starts[chunk] + ends[0], 0, PACK_CHUNK, sizeof *ends);
}

static uint32_t start_of(const TextRows *in, uint32_t chunk, const uint32_t *ends, uint32_t row) {
    return row == 0 ? in->starts[chunk] : ends[row - 1];
}

void text_views(const char *texts, uint32_t start, const uint32_t *ends, uint32_t count, Text *out) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bytes = ends[i] - start;
        out[i] = text_rows_view(texts, bytes);
        texts += bytes;
        start = ends[i];
    }
}

void text_rows_views(const TextRows *in, uint32_t first, uint32_t count, Text *out) {
    while (count > 0) {
        uint32_t ends[PACK_CHUNK], chunk = first / PACK_CHUNK, from = first % PACK_CHUNK;
        uint32_t here = PACK_CHUNK - from < count ? PACK_CHUNK - from : count;
        text_rows_ends(in, chunk, ends);
        uint32_t start = start_of(in, chunk, ends, from);
        text_views(in->texts + start, start, ends + from, here, out);
        out += here;
        first += here;
        count -= here;
    }
}

void text_rows_gather(const TextRows *in, const uint16_t *rows, uint32_t count, Text *out) {
    for (uint32_t i = 0; i < count;) {
        uint32_t ends[PACK_CHUNK], chunk = rows[i] / PACK_CHUNK;
        text_rows_ends(in, chunk, ends);
        for (; i < count && rows[i] / PACK_CHUNK == chunk; i++) {
            uint32_t row = rows[i] % PACK_CHUNK, start = start_of(in, chunk, ends, row);
            out[i] = text_rows_view(in->texts + start, ends[row] - start);
        }
    }
}

/* -------------------------------------------------------------------------------------------------------------- raw blocks */

/* Bytes of a block's values, and where the starts stand behind them. */
static uint64_t value_bytes(const BlockEntry *entry) {
    return entry->plain_bytes - block_validity_bytes(entry->rows, entry->nulls);
}
static uint64_t starts_offset(const BlockEntry *entry) {
    return (value_bytes(entry) + TEXT_ROWS_SLACK + 63) / 64 * 64;
}
static uint64_t starts_bytes(const BlockEntry *entry) {
    return pack_chunks(entry->rows) * sizeof(uint32_t);
}

/* An entry may be damaged: its validity need not fit. */
uint64_t raw_text_frame_bytes(const BlockEntry *entry) {
    uint64_t validity = block_validity_bytes(entry->rows, entry->nulls);
    return validity > entry->plain_bytes ? entry->plain_bytes : validity + starts_offset(entry) + starts_bytes(entry);
}

bool raw_text_open(const BlockEntry *entry, uint8_t *values, uint64_t bytes) {
    if (entry->bits > 32 || bytes < pack_bytes(entry->bits, entry->rows)) {
        return false;
    }
    uint32_t *starts = (uint32_t *)(void *)(values + starts_offset(entry));
    memset(values + bytes, 0, starts_offset(entry) - bytes);
    return text_rows_starts(values, entry->bits, entry->rows, bytes - pack_bytes(entry->bits, entry->rows), starts);
}

TextRows raw_text_rows(const BlockEntry *entry, const uint8_t *values) {
    return (TextRows){.lengths = values,
                      .starts = (const uint32_t *)(const void *)(values + starts_offset(entry)),
                      .texts = (const char *)values + pack_bytes(entry->bits, entry->rows),
                      .bits = entry->bits,
                      .rows = entry->rows};
}
