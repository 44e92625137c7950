/* Encodings: what stands in a block. Each is a file with a table of functions; encodings.def lists them.
 *
 * Most work on the values as *integers*: the integer classes themselves, the bit patterns of floats, decimals of class I128
 * less their minimum where the range fits in 64 bits, and dictionary codes, which stand for values of any type. An encoding
 * stores integers as a base and unsigned codes of `bits` bits; code + base is the integer. RAW and CONSTANT also take values as
 * they are. A second stage (codec.h) may follow. storage/FORMAT.md has the bytes. */
#ifndef DEPOT_STORAGE_ENCODING_H
#define DEPOT_STORAGE_ENCODING_H

#include "core/schema.h"
#include "core/vector.h"
#include "kernels/unpack_kernels.h"

typedef enum EncodingId {
    ENCODING_AUTO = 0,
#define ENCODING(tag, id, name, class_) ENCODING_##tag = id,
#include "storage/encodings/encodings.def"
#undef ENCODING
    ENCODING_COUNT
} EncodingId;

typedef enum CodecId { CODEC_AUTO, CODEC_NONE, CODEC_LZ4, CODEC_ZSTD, CODEC_REPEATS, CODEC_COUNT } CodecId;

/* Encodings are chosen by their bytes, weighed by what decoding them costs: sums take several times as long as packed bits, and
 * each run a mispredicted branch (runs of four decode ten times slower than packed bits, whose repeats the file leaves out as
 * well: repeats.h). */
enum { ENCODING_DELTA_PERCENT = 250, ENCODING_RUN_BYTES = 12 };

enum BlockFlags {
    BLOCK_HAS_RANGE = 1,    /* min and max are set: some row is not NULL */
    BLOCK_IS_SORTED = 2,    /* no NULLs, and no value below the one before it */
    BLOCK_IS_CODES = 4,     /* the integers are codes of the segment's dictionary */
    BLOCK_RANGE_IS_CUT = 8, /* text: min or max is a prefix */
    BLOCK_FLAGS_ALL = 15
};

/* What a file says of a block, as it stands there (little-endian). */
typedef struct BlockEntry {
    uint64_t offset;   /* of the stored bytes, from the start of the column's image */
    uint64_t checksum; /* XXH3 of the stored bytes */
    uint32_t stored_bytes;
    uint32_t plain_bytes; /* before the second stage: validity (if 0 < nulls < rows), then values */
    uint32_t rows, nulls;
    uint8_t encoding, codec; /* EncodingId, CodecId */
    uint8_t bits;            /* of a code */
    uint8_t flags;           /* BlockFlags */
    uint32_t zero;
    uint64_t base[2];         /* of the codes: 128 bits, two's complement */
    uint8_t min[16], max[16]; /* as value_store writes them; text: offset and length (u32, u32) into the footer's text */
} BlockEntry;
_Static_assert(sizeof(BlockEntry) == 88, "FORMAT.md says 88 bytes");

static inline __int128 block_entry_base(const BlockEntry *entry) {
    return (__int128)((unsigned __int128)entry->base[1] << 64 | entry->base[0]);
}
static inline void block_entry_set_base(BlockEntry *entry, __int128 base) {
    entry->base[0] = (uint64_t)base;
    entry->base[1] = (uint64_t)(base >> 64);
}

/* Bytes of the validity bitmap in front of the values; a multiple of 64, so that values are aligned. */
static inline uint32_t block_validity_bytes(uint32_t rows, uint32_t nulls) {
    return nulls == 0 || nulls == rows ? 0 : (rows + 511) / 512 * 64;
}

/* The rows of one block, to be encoded. */
typedef struct BlockInput {
    Type type;
    uint32_t rows, nulls;
    const uint64_t *validity; /* NULL: no NULLs */
    bool is_codes;
    /* As integers, NULL lanes filled with a neighbour; NULL if the values are not integers (text, intervals, wide decimals of
     * a range over 64 bits). */
    const int64_t *integers;
    IntegerStats stats; /* of integers */
    __int128 wide_base; /* class I128: value = wide_base + integer; else 0 */
    const void *values; /* array of the class, NULL lanes zero; not for codes */
} BlockInput;

struct ColumnBlock;

#define ENCODING_CANNOT UINT64_MAX
/* Room past the end of a codes array that decoding may write to. */
#define CODES_SLACK_BYTES 64

typedef struct EncodingClass {
    const char *name;
    /* Bytes that encode() will write; ENCODING_CANNOT if it does not take this block. */
    uint64_t (*size)(const BlockInput *in);
    /* Writes them, and bits and base of the entry. */
    void (*encode)(const BlockInput *in, BlockEntry *entry, uint8_t *out);
    /* Is this a well-formed payload? Called once when a block enters the cache; `values` has `bytes` bytes. */
    bool (*check)(const BlockEntry *entry, Type type, const uint8_t *values, uint64_t bytes);
    /* Integers: codes of rows [first, first + count), pack_code_bytes(bits) wide. NULL for encodings of values. */
    void (*codes)(const struct ColumnBlock *block, uint32_t first, uint32_t count, void *codes);
    void (*gather_codes)(const struct ColumnBlock *block, const uint16_t *rows, uint32_t count, void *codes);
    /* Values; NULL for encodings of integers. Validity is set by the caller. */
    Status (*decode)(const Context *cx, const struct ColumnBlock *block, uint32_t first, uint32_t count, Vector *out);
    Status (*gather)(const Context *cx, const struct ColumnBlock *block, const uint16_t *rows, uint32_t count, Vector *out);
} EncodingClass;

/* NULL if there is none with this id. */
const EncodingClass *encoding_class(uint32_t id);
const char *encoding_name(uint32_t id); /* "auto" for 0 */

/* ENCODE name: ours, and Redshift's, which are mapped to the nearest of ours with a notice. UNDEFINED_OBJECT with the list. */
Status encoding_from_name(const Context *cx, SourcePos pos, const char *name, ColumnEncoding *out);
/* "dict", "raw + zstd", "auto". `buffer` takes at least 32 bytes; returns it. */
const char *encoding_describe(ColumnEncoding encoding, char *buffer);
/* Can a column of this type use the encoding at all? */
bool encoding_takes_type(uint32_t id, Type type);
/* The smallest encoding, where slower ones must be smaller by more. Of blocks of codes: among what takes codes. */
uint32_t encoding_choose(const BlockInput *in);

/* gather_codes of encodings without random access: decodes the chunks that hold the rows and picks. */
void gather_codes_by_chunks(const struct ColumnBlock *block, const uint16_t *rows, uint32_t count, void *codes);

static inline uint32_t bits_needed(uint64_t range) {
    return range == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(range);
}

#endif
