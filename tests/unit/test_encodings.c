/* Encodings as a list: names, what takes what, what AUTO chooses, and blocks whose bytes make no sense though their checksum is
 * right. */
#include "storage/block.h"
#include "storage/dictionary.h"
#include "storage/encodings/codec.h"
#include "storage/encodings/pack.h"
#include "storage/encodings/repeats.h"
#include "storage/segment_write.h"
#include "table_fixture.h"

#include <dlfcn.h>

static Fixture f;
static void setup(void) {
    fixture_open(&f, 1, 1, 0);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(encodings, .init = setup, .fini = teardown, .timeout = 120);

static ColumnEncoding parse(const char *name) {
    ColumnEncoding encoding;
    MUST(&f, encoding_from_name(&f.cx, POS_NONE, name, &encoding));
    return encoding;
}

Test(encodings, names) {
    for (uint32_t id = 1; id < ENCODING_COUNT; id++) {
        cr_assert_eq(parse(encoding_name(id)).encoding, id);
    }
    cr_assert_eq(parse("auto").encoding, ENCODING_AUTO);
    cr_assert_eq(parse("zstd").codec, CODEC_ZSTD);
    cr_assert_eq(parse("lzo").codec, CODEC_LZ4);
    cr_assert_eq(parse("az64").encoding, ENCODING_BITPACK);
    cr_assert_eq(parse("mostly16").encoding, ENCODING_BITPACK);
    cr_assert_eq(parse("bytedict").encoding, ENCODING_DICT);
    cr_assert_eq(parse("text32k").encoding, ENCODING_DICT);
    cr_assert_eq(parse("delta32k").encoding, ENCODING_DELTA);
    ColumnEncoding encoding;
    cr_assert_eq(encoding_from_name(&f.cx, 7, "bzip2", &encoding), UNDEFINED_OBJECT);
    cr_assert_eq(f.error.pos, 7);
    cr_assert_not_null(strstr(f.error.hint, "bitpack"));
}

Test(encodings, mapped_names_are_noticed) {
    NoticeList *list = notice_list_create();
    f.cx.notices = list;
    parse("bitpack");
    cr_assert_null(notice_take(list));
    parse("az64");
    cr_assert_str_eq(notice_take(list), "ENCODE az64 is stored as bitpack");
    f.cx.notices = NULL;
    notice_list_free(list);
}

/* ------------------------------------------------------------------------------------------------------------- the choice */

enum { ROWS = 8192 };
static int64_t integers[ROWS];

static BlockInput input_of(int64_t (*value)(uint32_t), Type type) {
    static int64_t values[ROWS];
    for (uint32_t i = 0; i < ROWS; i++) {
        integers[i] = values[i] = value(i);
    }
    return (BlockInput){
        .type = type, .rows = ROWS, .integers = integers, .stats = unpack_kernels->stats(integers, ROWS), .values = values};
}

static int64_t always_7(uint32_t i) {
    return 7 + 0 * i;
}
static int64_t climbing(uint32_t i) {
    return 1000000 + (int64_t)i * 8 + (int64_t)(hash_u64(i) % 8);
}
static int64_t scattered(uint32_t i) {
    return (int64_t)(hash_u64(i) % 5000);
}
static int64_t long_runs(uint32_t i) {
    return (int64_t)(hash_u64(i / 100) % 5000);
}
static int64_t anything(uint32_t i) {
    return (int64_t)hash_u64(i);
}

Test(encodings, auto_takes_what_is_small_and_fast) {
    Type type = type_make(TYPE_BIGINT);
    BlockInput in = input_of(always_7, type);
    cr_assert_eq(encoding_choose(&in), ENCODING_CONSTANT);
    in = input_of(climbing, type);
    cr_assert_eq(encoding_choose(&in), ENCODING_DELTA);
    in = input_of(scattered, type);
    cr_assert_eq(encoding_choose(&in), ENCODING_BITPACK);
    in = input_of(long_runs, type);
    cr_assert_eq(encoding_choose(&in), ENCODING_RUNLENGTH);
    in = input_of(scattered, type);
    in.is_codes = true;
    cr_assert_eq(encoding_choose(&in), ENCODING_DICT);
}

/* What a payload says it needs is what it writes. */
Test(encodings, size_is_what_encode_writes) {
    int64_t (*const shapes[])(uint32_t) = {always_7, climbing, scattered, long_runs, anything};
    uint8_t *out = malloc(1 << 20);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        BlockInput in = input_of(shapes[s], type_make(TYPE_BIGINT));
        for (uint32_t rows = 1; rows <= ROWS; rows = rows * 3 + 1) {
            in.rows = rows;
            in.stats = unpack_kernels->stats(integers, rows);
            for (uint32_t id = 1; id < ENCODING_COUNT; id++) {
                const EncodingClass *class_ = encoding_class(id);
                uint64_t size = class_->size(&in);
                BlockEntry entry = {.rows = rows};
                if (size == ENCODING_CANNOT) {
                    continue;
                }
                memset(out, 0x5a, size + 64);
                class_->encode(&in, &entry, out);
                cr_assert_eq(out[size], 0x5a, "%s writes past its end", class_->name);
                cr_assert(class_->check(&entry, in.type, out, size), "%s does not take its own bytes", class_->name);
                cr_assert(size == 0 || !class_->check(&entry, in.type, out, size - 1), "%s takes too few bytes", class_->name);
            }
        }
    }
    free(out);
}

/* ------------------------------------------------------------------------------------------------ bytes that make no sense */

/* Random bytes with a right checksum: refused, or decoded to something; never read or written out of bounds. */
static void read_nonsense(uint64_t seed, const Type *types, uint32_t type_count) {
    uint8_t stored[4096] __attribute__((aligned(64)));
    Type type = types[hash_u64(seed) % type_count];
    uint32_t bytes = (uint32_t)(hash_u64(seed + 1) % sizeof stored);
    for (uint32_t i = 0; i < bytes; i++) {
        stored[i] = hash_u64(seed * 31 + i) % 3 == 0 ? (uint8_t)hash_u64(seed + i * 7) : (uint8_t)(seed % 4);
    }
    BlockEntry entry = {.rows = 1 + (uint32_t)(hash_u64(seed + 2) % 3000), .codec = CODEC_NONE};
    entry.nulls = hash_u64(seed + 3) % 2 == 0 ? 0 : (uint32_t)(hash_u64(seed + 4) % (entry.rows + 1));
    entry.encoding = (uint8_t)(1 + hash_u64(seed + 5) % (ENCODING_COUNT - 1));
    entry.codec = (uint8_t)(CODEC_NONE + hash_u64(seed + 6) % 3);
    entry.bits = (uint8_t)(hash_u64(seed + 7) % 33);
    entry.flags = (uint8_t)(hash_u64(seed + 8) % 16);
    if (hash_u64(seed + 9) % 2 == 0) { /* likely sizes */
        uint64_t wanted = pack_bytes(entry.bits, entry.rows) + block_validity_bytes(entry.rows, entry.nulls);
        bytes = wanted < sizeof stored ? (uint32_t)wanted : bytes;
    }
    entry.stored_bytes = bytes;
    entry.plain_bytes = entry.codec == CODEC_NONE ? bytes : bytes * 2;
    entry.checksum = codec_checksum(stored, bytes);
    if (block_entry_problem(&entry, type) != NULL) {
        return;
    }
    CacheFrame frame = {0};
    frame.data = malloc(block_frame_bytes(&entry, type) + 1);
    if (entry.codec == CODEC_NONE) {
        memcpy(frame.data, stored, bytes);
    }
    Error error;
    Context cx = {.error = &error};
    const char *problem;
    const uint8_t *bytes_read = entry.codec == CODEC_NONE ? frame.data : stored;
    cr_assert_eq(block_read(&cx, &entry, type, 100, bytes_read, &frame, &problem), OK);
    if (problem == NULL) {
        ColumnBlock block = {.encoding = encoding_class(entry.encoding),
                             .entry = &entry,
                             .data = frame.values,
                             .type = type,
                             .rows = entry.rows,
                             .validity = frame.validity};
        static uint64_t codes[4096 + CODES_SLACK_BYTES];
        if (block.encoding->codes != NULL) {
            block.encoding->codes(&block, 0, entry.rows, codes);
        }
    }
    free(frame.data);
}

Test(encodings, nonsense_is_refused_or_read) {
    const Type types[] = {type_make(TYPE_INTEGER), type_make(TYPE_BIGINT),  type_varchar(0),         type_make(TYPE_DOUBLE),
                          type_decimal(38, 2),     type_make(TYPE_BOOLEAN), type_make(TYPE_INTERVAL)};
    for (uint64_t seed = 0; seed < 200000; seed++) {
        read_nonsense(seed * 11, types, sizeof types / sizeof *types);
    }
}

/* ------------------------------------------------------------------------------------------------------------------ codecs */

static bool has_no_decompressor;

/* In place of the library's, which is called where memory is there. */
void *ZSTD_createDCtx(void);
void *ZSTD_createDCtx(void) {
    void *(*real)(void);
    *(void **)&real = dlsym(RTLD_NEXT, "ZSTD_createDCtx");
    return has_no_decompressor ? NULL : real();
}

static bool decompresses(CodecId codec, const void *from, size_t from_bytes, void *to, size_t bytes) {
    Error error;
    Context cx = {.error = &error};
    bool is_good;
    cr_assert_eq(codec_decompress(&cx, codec, from, from_bytes, to, bytes, &is_good), OK);
    return is_good;
}

Test(encodings, codecs_round_trip_and_refuse_garbage) {
    uint8_t plain[5000], small[12000], back[5000];
    for (uint32_t i = 0; i < sizeof plain; i++) {
        plain[i] = (uint8_t)(i / 50);
    }
    for (CodecId codec = CODEC_LZ4; codec <= CODEC_ZSTD; codec++) {
        cr_assert_leq(codec_bound(sizeof plain), sizeof small);
        size_t size = codec_compress(NULL, codec, plain, sizeof plain, small);
        cr_assert(size > 0 && size < sizeof plain);
        cr_assert(decompresses(codec, small, size, back, sizeof back));
        cr_assert_eq(memcmp(plain, back, sizeof plain), 0);
        cr_assert_not(decompresses(codec, small, size / 2, back, sizeof back));
        cr_assert_not(decompresses(codec, small, size, back, sizeof back - 1));
        cr_assert_not(decompresses(codec, plain, sizeof plain, back, sizeof back));
    }
}

/* A block is not damaged because there is no memory to decompress it. */
Test(encodings, no_memory_to_decompress_is_no_damage) {
    uint8_t plain[5000] = {0}, small[12000];
    Error error = {0};
    Context cx = {.error = &error};
    CacheFrame frame = {.data = plain};
    size_t size = codec_compress(NULL, CODEC_ZSTD, plain, sizeof plain, small);
    BlockEntry entry = {.codec = CODEC_ZSTD,
                        .stored_bytes = (uint32_t)size,
                        .plain_bytes = sizeof plain,
                        .rows = 1000,
                        .checksum = codec_checksum(small, size)};
    const char *problem = NULL;
    has_no_decompressor = true;
    cr_assert_eq(block_read(&cx, &entry, type_make(TYPE_INTEGER), 0, small, &frame, &problem), OUT_OF_MEMORY);
    cr_assert_eq(error.status, OUT_OF_MEMORY);
    cr_assert_null(problem);

    ColumnTail tail = {.dictionary_size = 1250,
                       .dictionary_codec = CODEC_ZSTD,
                       .dictionary_stored_bytes = (uint32_t)size,
                       .dictionary_plain_bytes = sizeof plain,
                       .dictionary_checksum = codec_checksum(small, size)};
    Dictionary *dictionary;
    MemoryAccount memory;
    memory_account_init(&memory, NULL, "test", 0);
    cx.memory = &memory;
    cr_assert_eq(dictionary_read(&cx, type_make(TYPE_INTEGER), &tail, small, &dictionary, &problem), OUT_OF_MEMORY);
    cr_assert_null(dictionary);
    has_no_decompressor = false;
    cr_assert_eq(dictionary_read(&cx, type_make(TYPE_INTEGER), &tail, small, &dictionary, &problem), OK);
    cr_assert_null(problem);
    dictionary_free(dictionary);
    cr_assert_eq(memory_used(&memory), 0);
}

/* Codes of all widths, in runs of 1, 2, 3 … `longest` rows; whatever is cut or turned is refused or is other codes. */
static void round_trip_repeats(uint32_t bits, uint32_t rows, uint32_t longest) {
    static int64_t codes[65536];
    static uint8_t packed[65536 * 8 + 1024], small[65536 * 9 + 1024], back[65536 * 8 + 1024];
    uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    uint32_t fresh = 0;
    for (uint32_t row = 0, length = 1; row < rows; length = length % longest + 1, fresh++) {
        for (uint32_t i = 0; i < length && row < rows; i++) {
            codes[row++] = (int64_t)((fresh * UINT64_C(0x9e3779b97f4a7c15) >> (64 - bits) ^ fresh % 2) & mask);
        }
    }
    pack_integers(codes, 0, bits, rows, packed);
    size_t plain = pack_bytes(bits, rows), size = repeats_compress(packed, bits, rows, small);
    cr_assert_leq(size, repeats_bytes(bits, rows, fresh));
    memset(back, 0xaa, plain);
    cr_assert(repeats_expand(small, size, bits, rows, back));
    cr_assert_eq(memcmp(packed, back, plain), 0, "%u bits, %u rows", bits, rows);
    cr_assert_not(repeats_expand(small, size - 1, bits, rows, back));
    cr_assert_not(repeats_expand(small, size + 1, bits, rows, back));
    cr_assert_not(repeats_expand(small, size, bits, rows + 64, back));
    small[0] ^= 1;
    cr_assert_not(repeats_expand(small, size, bits, rows, back));
}

Test(encodings, repeats_round_trip_and_refuse_garbage) {
    static const uint32_t counts[] = {1, 2, 63, 64, 65, 1023, 1024, 1025, 2048, 5000, 65536};
    for (uint32_t bits = 1; bits <= 64; bits++) {
        for (uint32_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            round_trip_repeats(bits, counts[i], 1 + (bits + i) % 5);
        }
    }
}

Test(encodings, a_forced_encoding_that_does_not_apply_is_noticed) {
    NoticeList *list = notice_list_create();
    ColumnEncoding want;
    ColumnDef column;
    TableSchema schema = one_column_schema(&column, "t", type_varchar(10), 2048);
    f.cx.notices = list;
    set(&f, "force_encoding", "delta");
    segment_wanted_encodings(&f.cx, &schema, &want);
    cr_assert_eq(want.encoding, ENCODING_AUTO);
    cr_assert_not_null(strstr(notice_take(list), "delta does not apply to column \"v\""));
    f.cx.notices = NULL;
    notice_list_free(list);
}
