/* JSON lines for csv_sniff. */
#include "core/schema.h"
#include "storage/csv/json_lines.h"
#include "storage/csv/sniff.h"

#include <ctype.h>
#include <strings.h>

/* The keys of all objects, in the order in which they are first met, and the members found. */
typedef struct Objects {
    const char **keys;
    uint32_t key_count, key_capacity, row;
    uint32_t member_count, member_capacity;
    struct JsonFound {
        uint32_t row, key;
        Field field;
    } * members;
} Objects;

static Status find_key(const Sniffer *sniffer, const char *path, Objects *objects, const JsonMember *member, uint32_t *key) {
    for (*key = 0; *key < objects->key_count; (*key)++) {
        const char *name = objects->keys[*key];
        if (strncasecmp(name, member->key, member->key_bytes) == 0 && name[member->key_bytes] == '\0') {
            return OK;
        }
    }
    if (objects->key_count == COLUMNS_MAX) {
        return fail(sniffer->cx, TOO_MANY_COLUMNS, "file \"%s\": its objects have more than %d keys", path, COLUMNS_MAX);
    }
    const char *copy = arena_copy_text(sniffer->cx, sniffer->arena, member->key, member->key_bytes);
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY_APPEND(sniffer->cx, sniffer->arena, objects->keys, objects->key_capacity, objects->key_count, copy);
    return OK;
}

static Status read_object(const Sniffer *sniffer, const char *path, const char *data, size_t bytes, Objects *objects) {
    JsonLine line;
    JsonMember member;
    bool found;
    json_line_begin(&line, data, bytes);
    for (;;) {
        TRY(json_line_next(sniffer->cx, sniffer->arena, &line, &member, &found));
        if (!found) {
            break;
        }
        struct JsonFound new = {.row = objects->row};
        new.field = (Field){.data = member.data,
                            .bytes = member.bytes,
                            .is_null = member.kind == JSON_MEMBER_NULL,
                            .is_string = member.kind == JSON_MEMBER_STRING || member.kind == JSON_MEMBER_TREE};
        TRY(find_key(sniffer, path, objects, &member, &new.key));
        TRY_APPEND(sniffer->cx, sniffer->arena, objects->members, objects->member_capacity, objects->member_count, new);
    }
    objects->row++;
    return line.problem == NULL
               ? OK
               : fail(sniffer->cx, BAD_COPY_FORMAT, "file \"%s\", object %u: %s", path, objects->row, line.problem);
}

static Status read_objects(const Sniffer *sniffer, const char *const *paths, Objects *objects) {
    for (uint32_t i = 0; i < sniffer->text_count; i++) {
        const char *at = sniffer->texts[i], *end = at + sniffer->text_bytes[i];
        while (at < end && objects->row < SAMPLE_RECORDS_MAX) {
            const char *line_end = memchr(at, '\n', (size_t)(end - at));
            size_t bytes = line_end == NULL ? (size_t)(end - at) : (size_t)(line_end - at);
            size_t blank = 0;
            while (blank < bytes && isspace((unsigned char)at[blank])) {
                blank++;
            }
            if (blank < bytes) {
                TRY(read_object(sniffer, paths[i], at, bytes, objects));
            }
            at += bytes + 1;
        }
    }
    return OK;
}

/* As records of as many fields as there are keys. */
static Status records_of_objects(const Sniffer *sniffer, const Objects *objects, Records *records) {
    Field missing = {.data = "", .is_null = true};
    *records = (Records){0};
    for (uint32_t r = 0; r < objects->row; r++) {
        for (uint32_t c = 0; c < objects->key_count; c++) {
            TRY(sniff_add_field(sniffer, records, &missing));
        }
        TRY(sniff_end_record(sniffer, records, objects->key_count));
    }
    for (uint32_t m = 0; m < objects->member_count; m++) {
        const struct JsonFound *found = &objects->members[m];
        records->fields[(uint64_t)found->row * objects->key_count + found->key] = found->field;
    }
    return OK;
}

Status sniff_objects(const Sniffer *sniffer, const char *const *paths, Records *records, Field **header, uint32_t *key_count) {
    Objects objects = {0};
    TRY(read_objects(sniffer, paths, &objects));
    TRY(records_of_objects(sniffer, &objects, records));
    TRY_NEW_ARRAY(sniffer->cx, sniffer->arena, *header, objects.key_count + 1);
    for (uint32_t c = 0; c < objects.key_count; c++) {
        (*header)[c] = (Field){.data = objects.keys[c], .bytes = (uint32_t)strlen(objects.keys[c])};
    }
    *key_count = objects.key_count;
    return OK;
}
