/* The table of encodings, their names, and the choice of ENCODE AUTO. */
#include "storage/encodings/encoding.h"

#include "core/notice.h"
#include "storage/encodings/codec.h"
#include "storage/encodings/encoding_classes.h"
#include "storage/encodings/pack.h"

#include <stdio.h>

static const EncodingClass *const classes[ENCODING_COUNT] = {
#define ENCODING(tag, id, name, class_) [id] = &class_,
#include "storage/encodings/encodings.def"
#undef ENCODING
};

const EncodingClass *encoding_class(uint32_t id) {
    return id < ENCODING_COUNT ? classes[id] : NULL;
}

const char *encoding_name(uint32_t id) {
    const EncodingClass *class_ = encoding_class(id);
    return class_ != NULL ? class_->name : "auto";
}

const char *encoding_describe(ColumnEncoding encoding, char *buffer) {
    if (encoding.codec <= CODEC_NONE) {
        snprintf(buffer, 32, "%s", encoding_name(encoding.encoding));
    } else if (encoding.encoding == ENCODING_AUTO) {
        snprintf(buffer, 32, "%s", codec_name(encoding.codec));
    } else {
        snprintf(buffer, 32, "%s + %s", encoding_name(encoding.encoding), codec_name(encoding.codec));
    }
    return buffer;
}

/* Names beside those of encodings.def: codecs, and Redshift's encodings with the nearest of ours. */
static const struct {
    const char *name;
    ColumnEncoding encoding;
    const char *stored_as; /* NULL: the name is ours */
} other_names[] = {
    {"auto", {ENCODING_AUTO, CODEC_AUTO}, NULL},
    {"none", {ENCODING_RAW, CODEC_NONE}, NULL},
    {"lz4", {ENCODING_AUTO, CODEC_LZ4}, NULL},
    {"zstd", {ENCODING_AUTO, CODEC_ZSTD}, NULL},
    {"az64", {ENCODING_BITPACK, CODEC_AUTO}, "bitpack"},
    {"mostly8", {ENCODING_BITPACK, CODEC_AUTO}, "bitpack"},
    {"mostly16", {ENCODING_BITPACK, CODEC_AUTO}, "bitpack"},
    {"mostly32", {ENCODING_BITPACK, CODEC_AUTO}, "bitpack"},
    {"bytedict", {ENCODING_DICT, CODEC_AUTO}, "dict"},
    {"text255", {ENCODING_DICT, CODEC_AUTO}, "dict"},
    {"text32k", {ENCODING_DICT, CODEC_AUTO}, "dict"},
    {"delta32k", {ENCODING_DELTA, CODEC_AUTO}, "delta"},
    {"lzo", {ENCODING_AUTO, CODEC_LZ4}, "lz4"},
};

Status encoding_from_name(const Context *cx, SourcePos pos, const char *name, ColumnEncoding *out) {
    for (uint32_t id = 1; id < ENCODING_COUNT; id++) {
        if (classes[id] != NULL && strcmp(name, classes[id]->name) == 0) {
            *out = (ColumnEncoding){.encoding = (uint8_t)id, .codec = id == ENCODING_RAW ? CODEC_NONE : CODEC_AUTO};
            return OK; /* raw is what it says: not compressed afterwards either */
        }
    }
    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++) {
        if (strcmp(name, other_names[i].name) == 0) {
            *out = other_names[i].encoding;
            if (other_names[i].stored_as != NULL) {
                notice(cx, "ENCODE %s is stored as %s", name, other_names[i].stored_as);
            }
            return OK;
        }
    }
    fail_at(cx, pos, UNDEFINED_OBJECT, "encoding \"%s\" does not exist", name);
    return fail_hint(cx, "encodings are auto, raw, constant, runlength, dict, bitpack, delta, lz4 and zstd");
}

bool encoding_takes_type(uint32_t id, Type type) {
    StorageClass class_ = type_class(type);
    switch (id) {
    case ENCODING_BITPACK:
    case ENCODING_DELTA: return class_ != CLASS_TEXT && class_ != CLASS_INTERVAL;
    case ENCODING_DICT:
    case ENCODING_RUNLENGTH: return class_ != CLASS_INTERVAL;
    default: return id < ENCODING_COUNT;
    }
}

/* What a stored byte costs, in percent. Flat values take more memory traffic than codes. */
static const uint32_t cost_percent[ENCODING_COUNT] = {
    [ENCODING_RAW] = 105,  [ENCODING_CONSTANT] = 100, [ENCODING_RUNLENGTH] = 100,
    [ENCODING_DICT] = 100, [ENCODING_BITPACK] = 100,  [ENCODING_DELTA] = ENCODING_DELTA_PERCENT,
};
static uint64_t decode_cost(const BlockInput *in, uint32_t id, uint64_t size) {
    uint64_t runs = id == ENCODING_RUNLENGTH ? in->stats.runs : 0;
    return size * cost_percent[id] + runs * ENCODING_RUN_BYTES * 100;
}

uint32_t encoding_choose(const BlockInput *in) {
    /* Sizes that take a pass over the rows come last: they are not asked for where the rest of the cost is too much already. */
    static const uint8_t order[] = {ENCODING_CONSTANT, ENCODING_RAW,   ENCODING_DICT,
                                    ENCODING_BITPACK,  ENCODING_DELTA, ENCODING_RUNLENGTH};
    _Static_assert(sizeof order == ENCODING_COUNT - 1, "every encoding is tried");
    uint32_t best = ENCODING_RAW;
    uint64_t best_cost = UINT64_MAX;
    for (uint32_t i = 0; i < sizeof order && best_cost > 0; i++) {
        uint32_t id = order[i];
        uint64_t size = decode_cost(in, id, 0) < best_cost ? classes[id]->size(in) : ENCODING_CANNOT;
        if (size != ENCODING_CANNOT && decode_cost(in, id, size) < best_cost) {
            best = id;
            best_cost = decode_cost(in, id, size);
        }
    }
    return best;
}

void gather_codes_by_chunks(const ColumnBlock *block, const uint16_t *rows, uint32_t count, void *codes) {
    uint32_t code_bytes = pack_code_bytes(block->entry->bits);
    uint8_t *out = codes;
    for (uint32_t i = 0; i < count;) {
        uint64_t chunk[PACK_CHUNK + CODES_SLACK_BYTES / 8];
        uint32_t first = rows[i] / PACK_CHUNK * PACK_CHUNK, end = i + 1;
        while (end < count && rows[end] - first < PACK_CHUNK) {
            end++;
        }
        uint32_t here = block->rows - first < PACK_CHUNK ? block->rows - first : PACK_CHUNK;
        block->encoding->codes(block, first, here, chunk);
        pick_codes(chunk, code_bytes, rows + i, end - i, out);
        out += (size_t)(end - i) * code_bytes;
        i = end;
    }
}
