/* Partition keys: the transforms, one value or one vector at a time, and the names of directories. What a predicate says of
 * partitions is in prune.c. */
#include "storage/partition.h"

#include "core/datetime.h"
#include "core/hash.h"
#include "storage/file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define BUCKETS_MAX 1000000
#define BUCKET_SEED 2

Type partition_key_type(const PartitionKey *key, Type column_type) {
    bool keeps_type = key->transform == PARTITION_IDENTITY || key->transform == PARTITION_TRUNCATE;
    return keeps_type ? column_type : type_make(TYPE_INTEGER);
}

static bool is_date_transform(PartitionTransform transform) {
    return transform == PARTITION_YEAR || transform == PARTITION_MONTH || transform == PARTITION_DAY;
}

Status partition_key_check(const Context *cx, const PartitionKey *key, const ColumnDef *column) {
    const char *name = partition_transform_name(key->transform);
    char type[64];
    bool is_date = type_is_moment(column->type); /* TIMESTAMPTZ: in UTC, whatever the session's zone */
    bool truncates = type_is_integer(column->type) || type_is_text(column->type);
    if ((is_date_transform(key->transform) && !is_date) || (key->transform == PARTITION_TRUNCATE && !truncates)) {
        return fail(cx, INVALID_TABLE_DEFINITION, "PARTITION BY %s does not take column \"%s\" of type %s", name, column->name,
                    type_name(column->type, type));
    }
    if (key->transform == PARTITION_BUCKET && (key->parameter < 1 || key->parameter > BUCKETS_MAX)) {
        return fail(cx, INVALID_TABLE_DEFINITION, "PARTITION BY bucket takes 1 to %d buckets", BUCKETS_MAX);
    }
    if (key->transform == PARTITION_TRUNCATE && key->parameter < 1) {
        return fail(cx, INVALID_TABLE_DEFINITION, "PARTITION BY truncate takes a width of at least 1");
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- one value */

static int64_t days_of(const Value *value) {
    int64_t micros;
    return value->type.id != TYPE_DATE ? timestamp_days(value->i64, &micros) : value->i64;
}

static int64_t key_of_days(PartitionTransform transform, int32_t days) {
    if (transform == PARTITION_DAY) {
        return days;
    }
    Civil civil = civil_from_days(days);
    return transform == PARTITION_YEAR ? civil.year : ((int64_t)civil.year - 1970) * 12 + civil.month - 1;
}

static int64_t type_min(Type type) {
    return type.id == TYPE_SMALLINT ? INT16_MIN : type.id == TYPE_INTEGER ? INT32_MIN : INT64_MIN;
}

/* The multiple of `width` at or below, but not below what the type holds. */
static int64_t truncate_i64(int64_t value, int64_t width, int64_t least) {
    int64_t above = value % width;
    above += above < 0 ? width : 0;
    return value < least + above ? least : value - above;
}

static Text truncate_text(const Text *text, int64_t characters) {
    const char *data = text_data(text);
    uint32_t most = characters < text->bytes ? (uint32_t)characters : text->bytes;
    return text_view(data, (uint32_t)utf8_offset(data, text->bytes, most));
}

/* -0 and 0 are one partition. */
static Value identity_of(const Value *value) {
    Value key = *value;
    StorageClass storage_class = type_class(value->type);
    if ((storage_class == CLASS_F64 || storage_class == CLASS_F32) && key.f64 == 0) {
        key.f64 = 0;
    }
    return key;
}

Value partition_of_value(const PartitionKey *key, const Value *value) {
    Type type = partition_key_type(key, value->type);
    if (value->is_null) {
        return value_null(type);
    }
    switch (key->transform) {
    case PARTITION_IDENTITY: return identity_of(value);
    case PARTITION_BUCKET:
        return value_i64(type, (int64_t)(value_placement_hash(value, BUCKET_SEED) % (uint64_t)key->parameter));
    case PARTITION_TRUNCATE:
        return type_is_text(type) ? value_text(type, truncate_text(&value->text, key->parameter))
                                  : value_i64(type, truncate_i64(value->i64, key->parameter, type_min(type)));
    default: return value_i64(type, key_of_days(key->transform, (int32_t)days_of(value)));
    }
}

/* -------------------------------------------------------------------------------------------------------------- one vector */

static void days_loop(PartitionTransform transform, const Vector *in, uint32_t rows, int32_t *restrict out) {
    if (in->type.id == TYPE_DATE) {
        const int32_t *days = in->data;
        for (uint32_t i = 0; i < rows; i++) {
            out[i] = (int32_t)key_of_days(transform, days[i]);
        }
    } else {
        const int64_t *micros = in->data;
        int64_t rest;
        for (uint32_t i = 0; i < rows; i++) {
            out[i] = (int32_t)key_of_days(transform, timestamp_days(micros[i], &rest));
        }
    }
}

static void truncate_loop(const PartitionKey *key, const Vector *in, uint32_t rows, Vector *out) {
    int64_t width = key->parameter, least = type_min(in->type);
    switch (type_class(in->type)) {
    case CLASS_I16:
        for (uint32_t i = 0; i < rows; i++) {
            ((int16_t *)out->data)[i] = (int16_t)truncate_i64(((const int16_t *)in->data)[i], width, least);
        }
        break;
    case CLASS_I32:
        for (uint32_t i = 0; i < rows; i++) {
            ((int32_t *)out->data)[i] = (int32_t)truncate_i64(((const int32_t *)in->data)[i], width, least);
        }
        break;
    case CLASS_I64:
        for (uint32_t i = 0; i < rows; i++) {
            ((int64_t *)out->data)[i] = truncate_i64(((const int64_t *)in->data)[i], width, least);
        }
        break;
    default:
        for (uint32_t i = 0; i < rows; i++) {
            ((Text *)out->data)[i] = truncate_text(&((const Text *)in->data)[i], width);
        }
        break;
    }
}

static void general_loop(const PartitionKey *key, const Vector *in, uint32_t rows, Vector *out) {
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_valid(in, i)) {
            Value value = value_load(in->type, in->data, i);
            Value made = partition_of_value(key, &value);
            value_store(&made, out->data, i);
        }
    }
}

static Status flat_keys(const Context *cx, const PartitionKey *key, const Vector *in, uint32_t rows, Vector *out) {
    TRY(vector_prepare_flat(cx, out, partition_key_type(key, in->type)));
    out->validity = in->validity;
    if (is_date_transform(key->transform)) {
        days_loop(key->transform, in, rows, out->data);
    } else if (key->transform == PARTITION_TRUNCATE) {
        truncate_loop(key, in, rows, out);
    } else {
        memset(out->data, 0, rows * type_bytes(out->type));
        general_loop(key, in, rows, out);
    }
    return OK;
}

Status partition_of_vector(const Context *cx, const PartitionKey *key, const Vector *in, uint32_t rows, Vector *out) {
    if (in->kind == VECTOR_CONSTANT) {
        Value value = vector_value(in, 0), made = partition_of_value(key, &value);
        return vector_set_constant(cx, out, &made);
    }
    if (in->kind == VECTOR_FLAT) {
        return flat_keys(cx, key, in, rows, out);
    }
    Vector flat;
    vector_init(&flat, in->type);
    Status status = vector_flatten(cx, in, rows, &flat);
    if (status == OK) {
        status = flat_keys(cx, key, &flat, rows, out);
    }
    if (status == OK && out->validity != NULL) { /* it was borrowed from `flat` */
        uint64_t validity[VALIDITY_WORDS];
        memcpy(validity, out->validity, BITS_WORDS(rows) * sizeof *validity);
        status = vector_prepare_validity(cx, out, true);
        if (status == OK) {
            memcpy(out->validity, validity, BITS_WORDS(rows) * sizeof *validity);
        }
    }
    vector_free(&flat);
    return status;
}

/* ------------------------------------------------------------------------------------------------- partitions as sets of keys
 */

uint64_t partition_values_hash(const Value *values, uint32_t count) {
    uint64_t hash = 0;
    for (uint32_t i = 0; i < count; i++) {
        hash = hash_combine(hash, hash_value(&values[i]));
    }
    return hash;
}

bool partition_values_equal(const Value *a, const Value *b, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        bool both_null = a[i].is_null && b[i].is_null;
        if (!both_null && (a[i].is_null || b[i].is_null || value_compare(&a[i], &b[i]) != 0)) {
            return false;
        }
    }
    return true;
}

/* -------------------------------------------------------------------------------------------------------------- directories */

#define NAME_PART_MAX 100 /* bytes of a column name or value in a directory's name */
#define NAME_MAX_BYTES (3 * NAME_PART_MAX)

typedef struct Name {
    char text[NAME_MAX_BYTES];
    size_t bytes;
} Name;

static void FORMAT_LIKE_PRINTF(2, 3) append(Name *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    name->bytes += (size_t)vsnprintf(name->text + name->bytes, sizeof name->text - name->bytes, format, arguments);
    va_end(arguments);
}

static bool is_plain_byte(unsigned char c) {
    return c > ' ' && c != '/' && c != '%' && c != '=' && c != '~' && c != 127;
}

/* Appends `text` with everything unusual as %XX; what is too long is cut and ends in ~ and a hash. */
static void append_escaped(Name *name, const char *text, size_t bytes) {
    size_t end = name->bytes + NAME_PART_MAX;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if (name->bytes + 3 > end) {
            append(name, "~%016" PRIx64, hash_bytes(text, bytes, 0));
            return;
        }
        append(name, is_plain_byte(c) && !(c == '.' && i == 0) ? "%c" : "%%%02X", c);
    }
}

static void append_value(Name *name, const PartitionKey *key, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *text = buffer;
    size_t bytes;
    if (key->transform == PARTITION_DAY) {
        bytes = date_print((int32_t)value->i64, buffer);
    } else if (key->transform == PARTITION_MONTH) {
        int64_t year = value->i64 >= 0 ? value->i64 / 12 : -((11 - value->i64) / 12);
        bytes = (size_t)snprintf(buffer, sizeof buffer, "%04" PRId64 "-%02" PRId64, 1970 + year, value->i64 - year * 12 + 1);
    } else {
        value_print(value, buffer, &text, &bytes);
    }
    append_escaped(name, text, bytes);
}

/* "month_d=1995-03" */
static void directory_name(const TableSchema *schema, const PartitionKey *key, const Value *value, Name *name) {
    const char *column = schema->columns[key->column].name;
    if (key->transform != PARTITION_IDENTITY) {
        append(name, "%s_", partition_transform_name(key->transform));
    }
    append_escaped(name, column, strlen(column));
    append(name, value->is_null ? "=%%null" : "=");
    if (!value->is_null) {
        append_value(name, key, value);
    }
}

Status partition_directory(const Context *cx, const TableSchema *schema, const Value *values, char *path) {
    size_t used = 0;
    path[0] = '\0';
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        Name name = {.bytes = 0};
        directory_name(schema, &schema->partition_keys[i], &values[i], &name);
        if (used + name.bytes + 200 > FILE_PATH_MAX) { /* room for the table's directory and the file's name */
            return fail(cx, PROGRAM_LIMIT_EXCEEDED, "the partition keys of table \"%s\" make too long a path", schema->name);
        }
        used += (size_t)snprintf(path + used, FILE_PATH_MAX - used, "%s%s", used > 0 ? "/" : "", name.text);
    }
    return OK;
}
