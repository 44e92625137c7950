/* SQL types: names, storage classes and the rules by which two types meet. */
#include "core/types.h"

#include "core/decimal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const StorageClass type_storage_classes[TYPE_COUNT] = {
#define TYPE(tag, class_, name) [TYPE_##tag] = CLASS_##class_,
#include "core/types.def"
#undef TYPE
};

static const char *const type_names[] = {
#define TYPE(tag, class_, name) [TYPE_##tag] = name,
#include "core/types.def"
#undef TYPE
};

const uint32_t storage_class_bytes[CLASS_COUNT] = {
#define STORAGE_CLASS(tag, ctype, bytes) [CLASS_##tag] = bytes,
#include "core/storage_classes.def"
#undef STORAGE_CLASS
};

#define STORAGE_CLASS(tag, ctype, bytes) _Static_assert(sizeof(ctype) == bytes, "size of storage class " #tag);
#include "core/storage_classes.def"
#undef STORAGE_CLASS

Type type_decimal(uint32_t precision, uint32_t scale) {
    return (Type){.id = TYPE_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale};
}

Type type_varchar(uint32_t length) {
    return (Type){.id = TYPE_VARCHAR, .length = length};
}

Type type_char(uint32_t length) {
    return (Type){.id = TYPE_CHAR, .length = length};
}

bool type_equal(Type a, Type b) {
    return a.id == b.id && a.precision == b.precision && a.scale == b.scale && a.length == b.length;
}

bool type_is_integer(Type type) {
    return type.id == TYPE_SMALLINT || type.id == TYPE_INTEGER || type.id == TYPE_BIGINT;
}

bool type_is_numeric(Type type) {
    return type_is_integer(type) || type.id == TYPE_DECIMAL || type.id == TYPE_REAL || type.id == TYPE_DOUBLE;
}

bool type_is_text(Type type) {
    return type.id == TYPE_CHAR || type.id == TYPE_VARCHAR;
}

uint32_t type_second_digits(Type type) {
    return type.precision == 0 ? 6 : type.precision - 1u;
}

bool type_is_moment(Type type) {
    return type.id == TYPE_DATE || type.id == TYPE_TIMESTAMP || type.id == TYPE_TIMESTAMPTZ;
}

bool class_is_integer(StorageClass storage_class) {
    return storage_class == CLASS_BOOL || storage_class == CLASS_I16 || storage_class == CLASS_I32 ||
           storage_class == CLASS_I64;
}

const char *type_name(Type type, char *buffer) {
    const char *name = type_names[type.id];
    if (type.id == TYPE_DECIMAL && type.precision > 0) { /* 0: any decimal, in messages */
        snprintf(buffer, 32, "%s(%u,%u)", name, type.precision, type.scale);
    } else if (type.id != TYPE_DECIMAL && type.precision > 0) {
        snprintf(buffer, 32, "%s(%u)", name, (unsigned)type_second_digits(type));
    } else if (type.length > 0) {
        snprintf(buffer, 32, "%s(%u)", name, (unsigned)type.length);
    } else {
        snprintf(buffer, 32, "%s", name);
    }
    return buffer;
}

/* ------------------------------------------------------------------------------------------------------------- from names */

typedef struct TypeAlias {
    const char *name;
    TypeId id;
} TypeAlias;

static const TypeAlias aliases[] = {
    {"boolean", TYPE_BOOLEAN},
    {"bool", TYPE_BOOLEAN},
    {"smallint", TYPE_SMALLINT},
    {"int2", TYPE_SMALLINT},
    {"integer", TYPE_INTEGER},
    {"int", TYPE_INTEGER},
    {"int4", TYPE_INTEGER},
    {"bigint", TYPE_BIGINT},
    {"int8", TYPE_BIGINT},
    {"decimal", TYPE_DECIMAL},
    {"numeric", TYPE_DECIMAL},
    {"dec", TYPE_DECIMAL},
    {"real", TYPE_REAL},
    {"float4", TYPE_REAL},
    {"double", TYPE_DOUBLE},
    {"double precision", TYPE_DOUBLE},
    {"float8", TYPE_DOUBLE},
    {"float", TYPE_DOUBLE},
    {"char", TYPE_CHAR},
    {"character", TYPE_CHAR},
    {"nchar", TYPE_CHAR},
    {"bpchar", TYPE_CHAR},
    {"varchar", TYPE_VARCHAR},
    {"character varying", TYPE_VARCHAR},
    {"nvarchar", TYPE_VARCHAR},
    {"text", TYPE_VARCHAR},
    {"string", TYPE_VARCHAR},
    {"date", TYPE_DATE},
    {"timestamp", TYPE_TIMESTAMP},
    {"timestamp without time zone", TYPE_TIMESTAMP},
    {"datetime", TYPE_TIMESTAMP},
    {"interval", TYPE_INTERVAL},
    {"timestamptz", TYPE_TIMESTAMPTZ},
    {"timestamp with time zone", TYPE_TIMESTAMPTZ},
    {"time", TYPE_TIME},
    {"time without time zone", TYPE_TIME},
};

/* Types of DIALECT.md that do not exist yet. */
static const char *const later_types[] = {"timetz", "time with time zone", "json", "jsonb", "super", "uuid", "bytea",
                                          "varbyte"};

static Status fail_unknown_type(const Context *cx, SourcePos pos, const char *name) {
    for (size_t i = 0; i < sizeof later_types / sizeof later_types[0]; i++) {
        if (strcasecmp(name, later_types[i]) == 0) {
            char what[96];
            snprintf(what, sizeof what, "type %s", later_types[i]);
            return fail_unsupported(cx, pos, what);
        }
    }
    fail_at(cx, pos, UNDEFINED_OBJECT, "type \"%s\" does not exist", name);
    return fail_hint(cx, "there are boolean, smallint, integer, bigint, decimal(p,s), real, double precision, char(n), "
                         "varchar(n), text, date, time, timestamp, timestamptz and interval");
}

static Status decimal_from_modifiers(const Context *cx, SourcePos pos, const int64_t *modifiers, uint32_t count, Type *type) {
    if (count == 0) {
        *type = type_decimal(DECIMAL_PRECISION_MAX, DECIMAL_SCALE_DEFAULT);
        return OK;
    }
    int64_t precision = modifiers[0], scale = count > 1 ? modifiers[1] : 0;
    if (precision < 1 || precision > DECIMAL_PRECISION_MAX) {
        return fail_at(cx, pos, INVALID_PARAMETER_VALUE, "DECIMAL precision %lld must be between 1 and %d",
                       (long long)precision, DECIMAL_PRECISION_MAX);
    }
    if (scale < 0 || scale > precision) {
        return fail_at(cx, pos, INVALID_PARAMETER_VALUE, "DECIMAL scale %lld must be between 0 and precision %lld",
                       (long long)scale, (long long)precision);
    }
    *type = type_decimal((uint32_t)precision, (uint32_t)scale);
    return OK;
}

static Status text_from_modifiers(const Context *cx, SourcePos pos, TypeId id, const char *name, const int64_t *modifiers,
                                  uint32_t count, Type *type) {
    int64_t length = count > 0 ? modifiers[0] : id == TYPE_CHAR && strcasecmp(name, "bpchar") != 0 ? 1 : 0;
    if (count > 0 && (length < 1 || length > TEXT_LENGTH_MAX)) {
        return fail_at(cx, pos, INVALID_PARAMETER_VALUE, "length for type %s must be between 1 and %d", name, TEXT_LENGTH_MAX);
    }
    *type = id == TYPE_CHAR && length > 0 ? type_char((uint32_t)length) : type_varchar((uint32_t)length);
    return OK;
}

/* TIMESTAMP(3): more than six decimals are six. */
static Status time_from_modifier(const Context *cx, SourcePos pos, TypeId id, const char *name, int64_t digits, Type *type) {
    if (digits < 0) {
        return fail_at(cx, pos, INVALID_PARAMETER_VALUE, "%s(%lld) precision must not be negative", name, (long long)digits);
    }
    *type = (Type){.id = (uint8_t)id, .precision = (uint8_t)(digits < 6 ? digits + 1 : 0)};
    return OK;
}

static Status fail_modifiers(const Context *cx, SourcePos pos, const char *name) {
    return fail_at(cx, pos, SYNTAX_ERROR, "type modifier is not allowed for type \"%s\"", name);
}

Status type_from_name(const Context *cx, SourcePos pos, const char *name, const int64_t *modifiers, uint32_t count,
                      Type *type) {
    size_t at = 0, alias_count = sizeof aliases / sizeof aliases[0];
    while (at < alias_count && strcasecmp(aliases[at].name, name) != 0) {
        at++;
    }
    if (at == alias_count) {
        return fail_unknown_type(cx, pos, name);
    }
    TypeId id = aliases[at].id;
    if (id == TYPE_DECIMAL && count <= 2) {
        return decimal_from_modifiers(cx, pos, modifiers, count, type);
    }
    bool takes_length =
        (id == TYPE_CHAR || id == TYPE_VARCHAR) && strcasecmp(name, "text") != 0 && strcasecmp(name, "string") != 0;
    if (takes_length && count <= 1) {
        return text_from_modifiers(cx, pos, id, name, modifiers, count, type);
    }
    if (id == TYPE_DOUBLE && strcasecmp(name, "float") == 0 && count == 1) { /* float(p): p binary digits */
        if (modifiers[0] < 1 || modifiers[0] > 53) {
            return fail_at(cx, pos, INVALID_PARAMETER_VALUE, "precision for type float must be between 1 and 53 bits");
        }
        *type = type_make(modifiers[0] <= 24 ? TYPE_REAL : TYPE_DOUBLE);
        return OK;
    }
    bool takes_precision = id == TYPE_TIMESTAMP || id == TYPE_TIMESTAMPTZ || id == TYPE_TIME;
    if (takes_precision && count == 1) {
        return time_from_modifier(cx, pos, id, name, modifiers[0], type);
    }
    if (count > 0) {
        return fail_modifiers(cx, pos, name);
    }
    *type = type_make(id);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ common type */

static Type integer_as_decimal(Type type) {
    return type.id == TYPE_DECIMAL ? type : type_decimal(type.id == TYPE_SMALLINT ? 5 : type.id == TYPE_INTEGER ? 10 : 19, 0);
}

static Type common_decimal(Type a, Type b) {
    a = integer_as_decimal(a);
    b = integer_as_decimal(b);
    uint32_t scale = a.scale > b.scale ? a.scale : b.scale;
    uint32_t whole_a = a.precision - a.scale, whole_b = b.precision - b.scale;
    uint32_t precision = (whole_a > whole_b ? whole_a : whole_b) + scale;
    return type_decimal(precision > DECIMAL_PRECISION_MAX ? DECIMAL_PRECISION_MAX : precision, scale);
}

static Type common_numeric(Type a, Type b) {
    if (a.id == b.id && a.id != TYPE_DECIMAL) {
        return a;
    }
    if (a.id == TYPE_REAL || a.id == TYPE_DOUBLE || b.id == TYPE_REAL || b.id == TYPE_DOUBLE) {
        return type_make(TYPE_DOUBLE); /* REAL holds neither INTEGER nor DECIMAL exactly */
    }
    if (a.id == TYPE_DECIMAL || b.id == TYPE_DECIMAL) {
        return common_decimal(a, b);
    }
    return type_make(a.id > b.id ? a.id : b.id);
}

static Type common_text(Type a, Type b) {
    uint32_t length = a.length == 0 || b.length == 0 || a.id != b.id ? 0 : a.length > b.length ? a.length : b.length;
    return a.id == TYPE_CHAR && b.id == TYPE_CHAR ? type_char(length) : type_varchar(length);
}

bool type_common(Type a, Type b, Type *common) {
    if (type_equal(a, b) || b.id == TYPE_NULL) {
        *common = a;
    } else if (a.id == TYPE_NULL) {
        *common = b;
    } else if (type_is_numeric(a) && type_is_numeric(b)) {
        *common = common_numeric(a, b);
    } else if (type_is_text(a) && type_is_text(b)) {
        *common = common_text(a, b);
    } else if (a.id == b.id) { /* times of different decimals */
        *common = type_make(a.id);
    } else if (type_is_moment(a) && type_is_moment(b)) {
        bool zoned = a.id == TYPE_TIMESTAMPTZ || b.id == TYPE_TIMESTAMPTZ;
        *common = type_make(zoned ? TYPE_TIMESTAMPTZ : TYPE_TIMESTAMP);
    } else if ((a.id == TYPE_TIME && b.id == TYPE_INTERVAL) || (a.id == TYPE_INTERVAL && b.id == TYPE_TIME)) {
        *common = type_make(TYPE_INTERVAL);
    } else {
        return false;
    }
    return true;
}
