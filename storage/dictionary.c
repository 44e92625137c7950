/* Entries as bytes: fixed-width classes as their array, text as lengths (u32 each) and then the bytes; compressed if that saves
 * space, since a dictionary is read once per segment. */
#include "storage/dictionary.h"

#include "storage/encodings/codec.h"

#include <stdlib.h>

static Status append_plain(const Context *cx, Type type, const void *values, uint32_t size, ByteBuffer *image) {
    if (type_class(type) != CLASS_TEXT) {
        return byte_buffer_append(cx, image, values, (size_t)size * type_bytes(type));
    }
    const Text *texts = values;
    for (uint32_t i = 0; i < size; i++) {
        TRY(byte_buffer_append(cx, image, &texts[i].bytes, sizeof texts[i].bytes));
    }
    for (uint32_t i = 0; i < size; i++) {
        TRY(byte_buffer_append(cx, image, text_data(&texts[i]), texts[i].bytes));
    }
    return OK;
}

enum { COMPRESS_BYTES_MIN = 256 };

Status dictionary_write(const Context *cx, Type type, const void *values, uint32_t size, CodecId codec, ByteBuffer *image,
                        ColumnTail *tail) {
    size_t at = image->used;
    TRY(append_plain(cx, type, values, size, image));
    size_t plain = image->used - at, stored = 0;
    if (plain > INT32_MAX) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "a dictionary of %u entries takes more than 2 GB", size);
    }
    codec = codec == CODEC_AUTO ? (plain >= COMPRESS_BYTES_MIN ? CODEC_ZSTD : CODEC_NONE) : codec;
    if (codec != CODEC_NONE) {
        TRY(byte_buffer_reserve(cx, image, codec_bound(plain)));
        stored = codec_compress(NULL, codec, image->data + at, plain, image->data + image->used);
    }
    if (stored > 0) {
        memmove(image->data + at, image->data + image->used, stored);
        image->used = at + stored;
    }
    tail->dictionary_codec = (uint8_t)(stored > 0 ? codec : CODEC_NONE);
    tail->dictionary_size = size;
    tail->dictionary_plain_bytes = (uint32_t)plain;
    tail->dictionary_stored_bytes = (uint32_t)(image->used - at);
    tail->dictionary_checksum = codec_checksum(image->data + at, image->used - at);
    return OK;
}

/* Views into the plain bytes. */
static bool make_views(const uint8_t *plain, uint64_t bytes, uint32_t size, Text *texts) {
    uint64_t at = (uint64_t)size * sizeof(uint32_t);
    if (at > bytes) {
        return false;
    }
    for (uint32_t i = 0; i < size; i++) {
        uint32_t length;
        memcpy(&length, plain + (size_t)i * sizeof length, sizeof length);
        if (length > bytes - at) {
            return false;
        }
        texts[i] = text_view((const char *)plain + at, length);
        at += length;
    }
    return at == bytes;
}

/* Undoes the second stage into `plain`, tail->dictionary_plain_bytes long. */
static Status read_plain(const Context *cx, const ColumnTail *tail, const uint8_t *stored, uint8_t *plain,
                         const char **problem) {
    bool is_good = true;
    if (CHECKSUMS_COUNT && codec_checksum(stored, tail->dictionary_stored_bytes) != tail->dictionary_checksum) {
        *problem = "checksum of the dictionary does not match";
        return OK;
    }
    if (tail->dictionary_codec == CODEC_NONE && tail->dictionary_stored_bytes == tail->dictionary_plain_bytes) {
        memcpy(plain, stored, tail->dictionary_plain_bytes);
    } else {
        TRY(codec_decompress(cx, tail->dictionary_codec, stored, tail->dictionary_stored_bytes, plain,
                             tail->dictionary_plain_bytes, &is_good));
    }
    *problem = is_good ? NULL : "the compressed dictionary cannot be read";
    return OK;
}

static const char *make_values(Dictionary *dictionary, const ColumnTail *tail, const uint8_t *plain) {
    bool is_text = type_class(dictionary->type) == CLASS_TEXT;
    if (is_text ? !make_views(plain, tail->dictionary_plain_bytes, dictionary->size, (Text *)(uintptr_t)dictionary->values)
                : tail->dictionary_plain_bytes != (uint64_t)dictionary->size * type_bytes(dictionary->type)) {
        return "the dictionary's entries do not add up";
    }
    return NULL;
}

enum { HEADER_BYTES = (sizeof(Dictionary) + 63) / 64 * 64 };

/* One allocation: the struct, for text the views, the plain bytes. */
Status dictionary_read(const Context *cx, Type type, const ColumnTail *tail, const uint8_t *stored, Dictionary **out,
                       const char **problem) {
    uint64_t view_bytes = type_class(type) == CLASS_TEXT ? (uint64_t)tail->dictionary_size * sizeof(Text) : 0;
    uint8_t *memory;
    TRY_ALLOC(cx, memory, HEADER_BYTES + view_bytes + tail->dictionary_plain_bytes);
    memset(memory, 0, HEADER_BYTES);
    Dictionary *dictionary = (Dictionary *)(void *)memory;
    dictionary->type = type;
    dictionary->size = tail->dictionary_size;
    dictionary->values = memory + HEADER_BYTES;
    uint8_t *plain = memory + HEADER_BYTES + view_bytes;
    Status status = read_plain(cx, tail, stored, plain, problem);
    if (status == OK && *problem == NULL) {
        *problem = make_values(dictionary, tail, plain);
    }
    if (status != OK || *problem != NULL) {
        dictionary_free(dictionary);
        dictionary = NULL;
    }
    *out = dictionary;
    return status;
}

void dictionary_free(Dictionary *dictionary) {
    if (dictionary != NULL) {
        free((void *)(uintptr_t)atomic_load(&dictionary->hashes)); /* dictionary_hashes takes it from malloc */
        mem_free(dictionary);
    }
}

static void put_code(void *map, uint32_t map_bytes, uint32_t at, uint32_t code) {
    if (map_bytes == 1) {
        ((uint8_t *)map)[at] = (uint8_t)code;
    } else {
        ((uint16_t *)map)[at] = (uint16_t)code;
    }
}

static int compare_entries(const Dictionary *a, uint32_t i, const Dictionary *b, uint32_t j) {
    Value x = value_load(a->type, a->values, i), y = value_load(b->type, b->values, j);
    return value_compare(&x, &y);
}

void dictionary_map(const Dictionary *from, const Dictionary *to, uint32_t map_bytes, void *map, bool *is_identity) {
    uint32_t code = 0;
    *is_identity = true;
    for (uint32_t i = 0; i < from->size; i++) {
        while (code < to->size - 1 && compare_entries(from, i, to, code) > 0) {
            code++;
        }
        put_code(map, map_bytes, i, code);
        *is_identity = *is_identity && code == i;
    }
}

/* Merges two sorted arrays of entries into `out`; returns how many. */
static uint32_t merge(const Dictionary *a, const Dictionary *b, uint32_t size_max, uint8_t *out) {
    uint32_t bytes = type_bytes(a->type), i = 0, j = 0, size = 0;
    while (i < a->size || j < b->size) {
        int order = i == a->size ? 1 : j == b->size ? -1 : compare_entries(a, i, b, j);
        const Dictionary *from = order <= 0 ? a : b;
        uint32_t entry = order <= 0 ? i : j;
        if (size == size_max) {
            return size_max + 1;
        }
        memcpy(out + (size_t)size++ * bytes, (const uint8_t *)from->values + (size_t)entry * bytes, bytes);
        i += order <= 0;
        j += order >= 0;
    }
    return size;
}

static bool same_entries(const Dictionary *a, const Dictionary *b) {
    if (a->size != b->size) {
        return false;
    }
    for (uint32_t i = 0; i < a->size; i++) {
        if (compare_entries(a, i, b, i) != 0) {
            return false;
        }
    }
    return true;
}

Status dictionary_union(const Context *cx, Type type, const Dictionary *const *dictionaries, uint32_t count, uint32_t size_max,
                        Dictionary **out) {
    uint32_t bytes = type_bytes(type);
    size_t memory_bytes = HEADER_BYTES + (size_t)size_max * bytes;
    Dictionary *parts[2] = {NULL, NULL}; /* the union so far, and the next one */
    Status status = OK;
    *out = NULL;
    for (uint32_t side = 0; side < 2; side++) {
        parts[side] = mem_alloc_zeroed(cx, memory_bytes);
        if (parts[side] == NULL) {
            status = OUT_OF_MEMORY;
            goto done;
        }
        parts[side]->type = type;
        parts[side]->values = (uint8_t *)parts[side] + HEADER_BYTES;
    }
    for (uint32_t d = 0; d < count; d++) {
        if (same_entries(parts[0], dictionaries[d])) {
            continue;
        }
        parts[1]->size = merge(parts[0], dictionaries[d], size_max, (uint8_t *)parts[1] + HEADER_BYTES);
        if (parts[1]->size > size_max) {
            goto done;
        }
        Dictionary *swap = parts[0];
        parts[0] = parts[1];
        parts[1] = swap;
    }
    *out = mem_resize(cx, parts[0], HEADER_BYTES + (size_t)parts[0]->size * bytes);
    if (*out == NULL) {
        status = OUT_OF_MEMORY;
    } else {
        parts[0] = NULL;
        (*out)->values = (uint8_t *)*out + HEADER_BYTES;
    }
done:
    mem_free(parts[0]);
    mem_free(parts[1]);
    return status;
}
