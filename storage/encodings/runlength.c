/* Runs of equal integers: a header, where each chunk of 1,024 rows begins, the lengths less one, the values; lengths and values
 * are packed like any codes (FORMAT.md). NULL rows continue the run they stand in. */
#include "storage/encodings/encoding_classes.h"
#include "storage/encodings/pack.h"

typedef struct RunHeader {
    uint32_t runs;
    uint8_t length_bits;
    uint8_t zero[3];
} RunHeader;
_Static_assert(sizeof(RunHeader) == 8, "FORMAT.md says 8 bytes");

/* The run that row 1,024 × i is in, and how many of the run's rows come before. */
typedef struct RunStart {
    uint32_t run;
    uint32_t rows_before;
} RunStart;
_Static_assert(sizeof(RunStart) == 8, "FORMAT.md says 8 bytes");

static uint32_t value_bits(const BlockInput *in) {
    return bits_needed((uint64_t)in->stats.max - (uint64_t)in->stats.min);
}

static uint32_t longest_run(const BlockInput *in) {
    uint32_t longest = 1, start = 0;
    for (uint32_t i = 1; i < in->rows; i++) {
        if (in->integers[i] != in->integers[i - 1]) {
            longest = i - start > longest ? i - start : longest;
            start = i;
        }
    }
    return in->rows - start > longest ? in->rows - start : longest;
}

static uint64_t payload_bytes(uint32_t rows, uint32_t runs, uint32_t length_bits, uint32_t bits) {
    return sizeof(RunHeader) + (uint64_t)pack_chunks(rows) * sizeof(RunStart) + pack_bytes(length_bits, runs) +
           pack_bytes(bits, runs);
}

static uint64_t runlength_size(const BlockInput *in) {
    if (in->integers == NULL) {
        return ENCODING_CANNOT;
    }
    return payload_bytes(in->rows, in->stats.runs, bits_needed(longest_run(in) - 1), value_bits(in));
}

/* Collects runs, writes them a chunk at a time. */
typedef struct RunWriter {
    uint32_t length_bits, bits, held;
    uint64_t base;
    uint8_t *lengths_out, *values_out;
    int64_t lengths[PACK_CHUNK], values[PACK_CHUNK];
} RunWriter;

static void write_held_runs(RunWriter *w) {
    pack_integers(w->lengths, 1, w->length_bits, w->held, w->lengths_out);
    pack_integers(w->values, w->base, w->bits, w->held, w->values_out);
    w->lengths_out += pack_bytes(w->length_bits, w->held);
    w->values_out += pack_bytes(w->bits, w->held);
    w->held = 0;
}

static void write_run(RunWriter *w, int64_t value, uint32_t length) {
    if (w->held == PACK_CHUNK) {
        write_held_runs(w);
    }
    w->lengths[w->held] = length;
    w->values[w->held++] = value;
}

static void runlength_encode(const BlockInput *in, BlockEntry *entry, uint8_t *out) {
    RunHeader header = {.runs = in->stats.runs, .length_bits = (uint8_t)bits_needed(longest_run(in) - 1)};
    memcpy(out, &header, sizeof header);
    uint8_t *starts = out + sizeof header;
    entry->bits = (uint8_t)value_bits(in);
    block_entry_set_base(entry, in->wide_base + in->stats.min);
    RunWriter w = {.length_bits = header.length_bits, .bits = entry->bits, .base = (uint64_t)in->stats.min};
    w.lengths_out = starts + (size_t)pack_chunks(in->rows) * sizeof(RunStart);
    w.values_out = w.lengths_out + pack_bytes(header.length_bits, header.runs);
    uint32_t run = 0, start = 0;
    for (uint32_t i = 0; i <= in->rows; i++) {
        if (i == in->rows || (i > 0 && in->integers[i] != in->integers[i - 1])) {
            write_run(&w, in->integers[start], i - start);
            run++;
            start = i;
        }
        if (i < in->rows && i % PACK_CHUNK == 0) {
            RunStart at = {.run = run, .rows_before = i - start};
            memcpy(starts + (size_t)(i / PACK_CHUNK) * sizeof at, &at, sizeof at);
        }
    }
    write_held_runs(&w);
}

/* Chunk `chunk` of the lengths less one, as 16 bits. */
static void unpack_lengths(const uint8_t *packed, const RunHeader *header, uint32_t chunk, uint16_t *lengths) {
    if (header->length_bits > 8) {
        unpack_chunk(packed, header->length_bits, header->runs, chunk, lengths);
    } else {
        uint8_t narrow[PACK_CHUNK];
        unpack_chunk(packed, header->length_bits, header->runs, chunk, narrow);
        unpack_kernels->resize(narrow, 1, PACK_CHUNK, 2, lengths);
    }
}

/* Do the lengths add up to the rows, and do the starts agree with them? */
static bool starts_are_true(const RunHeader *header, uint32_t rows, const uint8_t *starts) {
    const uint8_t *packed = starts + (size_t)pack_chunks(rows) * sizeof(RunStart);
    uint16_t lengths[PACK_CHUNK];
    uint64_t row = 0, next_start = 0;
    for (uint32_t run = 0; run < header->runs; run++) {
        if (run % PACK_CHUNK == 0) {
            unpack_lengths(packed, header, run / PACK_CHUNK, lengths);
        }
        uint64_t end = row + lengths[run % PACK_CHUNK] + 1;
        for (; next_start < end && next_start < rows; next_start += PACK_CHUNK) {
            RunStart at;
            memcpy(&at, starts + next_start / PACK_CHUNK * sizeof at, sizeof at);
            if (at.run != run || at.rows_before != next_start - row) {
                return false;
            }
        }
        row = end;
    }
    return row == rows;
}

static bool runlength_check(const BlockEntry *entry, Type type, const uint8_t *values, uint64_t bytes) {
    StorageClass class_ = type_class(type);
    RunHeader header;
    if (bytes < sizeof header || ((class_ == CLASS_TEXT || class_ == CLASS_INTERVAL) && (entry->flags & BLOCK_IS_CODES) == 0)) {
        return false;
    }
    memcpy(&header, values, sizeof header);
    return header.runs > 0 && header.runs <= entry->rows && header.length_bits <= 16 &&
           bytes == payload_bytes(entry->rows, header.runs, header.length_bits, entry->bits) &&
           starts_are_true(&header, entry->rows, values + sizeof header);
}

static void runlength_codes(const ColumnBlock *block, uint32_t first, uint32_t count, void *codes) {
    RunHeader header;
    memcpy(&header, block->data, sizeof header);
    const uint8_t *starts = block->data + sizeof header;
    const uint8_t *packed_lengths = starts + (size_t)pack_chunks(block->rows) * sizeof(RunStart);
    const uint8_t *packed_values = packed_lengths + pack_bytes(header.length_bits, header.runs);
    uint32_t bits = block->entry->bits, code_bytes = pack_code_bytes(bits);
    RunStart start;
    memcpy(&start, starts + (size_t)(first / PACK_CHUNK) * sizeof start, sizeof start);
    uint32_t run = start.run, skip = start.rows_before + first % PACK_CHUNK;
    uint8_t *out = codes;
    while (count > 0) {
        uint16_t lengths[PACK_CHUNK];
        uint64_t values[PACK_CHUNK];
        uint32_t chunk = run / PACK_CHUNK, i = run % PACK_CHUNK;
        uint32_t here = pack_chunk_codes(header.runs, chunk);
        unpack_lengths(packed_lengths, &header, chunk, lengths);
        unpack_chunk(packed_values, bits, header.runs, chunk, values);
        for (; i < here && skip > lengths[i]; i++) {
            skip -= (uint32_t)lengths[i] + 1;
        }
        if (i < here) {
            lengths[i] = (uint16_t)(lengths[i] - skip);
            skip = 0;
            uint32_t written = unpack_kernels->expand_runs((uint8_t *)values + (size_t)i * code_bytes, lengths + i, here - i,
                                                           count, code_bytes, out);
            out += (size_t)written * code_bytes;
            count -= written;
        }
        run = (chunk + 1) * PACK_CHUNK;
    }
}

const EncodingClass runlength_encoding = {
    .name = "runlength",
    .size = runlength_size,
    .encode = runlength_encode,
    .check = runlength_check,
    .codes = runlength_codes,
    .gather_codes = gather_codes_by_chunks,
};
