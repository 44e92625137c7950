/* SQL types and the storage class of each: what a value is in memory. */
#ifndef DEPOT_CORE_TYPES_H
#define DEPOT_CORE_TYPES_H

#include "core/status.h"
#include "core/text.h"

typedef enum TypeId {
#define TYPE(tag, class_, name) TYPE_##tag,
#include "core/types.def"
#undef TYPE
    TYPE_COUNT
} TypeId;

typedef enum StorageClass {
#define STORAGE_CLASS(tag, ctype, bytes) CLASS_##tag,
#include "core/storage_classes.def"
#undef STORAGE_CLASS
    CLASS_COUNT
} StorageClass;

#define DECIMAL_PRECISION_MAX 38
#define DECIMAL_PRECISION_I64 18 /* up to here a DECIMAL is an int64_t */
#define TEXT_LENGTH_MAX 65535    /* that can be declared */

typedef struct Type {
    uint8_t id;        /* TypeId */
    uint8_t precision; /* DECIMAL: digits, 1 to 38. TIME, TIMESTAMP, TIMESTAMPTZ: one more than the declared decimals of a
                          second, 0 for all six */
    uint8_t scale;     /* DECIMAL: digits after the point */
    uint8_t reserved;
    uint32_t length; /* CHAR, VARCHAR: characters at most; 0 for none declared */
} Type;

/* Months, days and microseconds are kept apart, as in PostgreSQL; compares as 30-day months and 24-hour days. */
typedef struct Interval {
    int32_t months;
    int32_t days;
    int64_t micros;
} Interval;

/* DATE: days since 1970-01-01 (proleptic Gregorian). TIMESTAMP: microseconds since 1970-01-01 00:00:00.
 * TIMESTAMPTZ: the same in UTC; the session's time zone is for reading and printing. TIME: microseconds since midnight.
 * DECIMAL: value × 10^scale. BOOLEAN: 0 or 1. */

static inline Type type_make(TypeId id) {
    return (Type){.id = (uint8_t)id};
}
Type type_decimal(uint32_t precision, uint32_t scale);
Type type_varchar(uint32_t length);
Type type_char(uint32_t length);

extern const StorageClass type_storage_classes[TYPE_COUNT]; /* of DECIMAL: the narrow one */
extern const uint32_t storage_class_bytes[CLASS_COUNT];

static inline StorageClass type_class(Type type) {
    return type.id == TYPE_DECIMAL && type.precision > DECIMAL_PRECISION_I64 ? CLASS_I128 : type_storage_classes[type.id];
}
static inline uint32_t class_bytes(StorageClass storage_class) {
    return storage_class_bytes[storage_class];
}
static inline uint32_t type_bytes(Type type) {
    return class_bytes(type_class(type));
}
bool type_equal(Type a, Type b);        /* precision, scale and length included */
bool type_is_integer(Type type);        /* SMALLINT, INTEGER, BIGINT */
bool type_is_numeric(Type type);        /* integers, DECIMAL, REAL, DOUBLE */
bool type_is_text(Type type);           /* CHAR, VARCHAR */
uint32_t type_second_digits(Type type); /* decimals of a second that a TIME, TIMESTAMP or TIMESTAMPTZ keeps, 0 to 6 */
bool type_is_moment(Type type);         /* DATE, TIMESTAMP, TIMESTAMPTZ */
/* True if values of the class order as integers of at most 64 bits: BOOL I16 I32 I64. */
bool class_is_integer(StorageClass storage_class);

/* "decimal(12,2)", "varchar(20)", "double precision". `buffer` takes at least 32 bytes; returns it. */
const char *type_name(Type type, char *buffer);
/* From a name and up to two modifiers as written: "int4", "numeric", 12, 2. UNDEFINED_OBJECT with a hint if unknown. */
Status type_from_name(const Context *cx, SourcePos pos, const char *name, const int64_t *modifiers, uint32_t count, Type *type);
/* The type that both sides of a comparison, UNION or CASE take (PostgreSQL's rules); false if there is none. */
bool type_common(Type a, Type b, Type *common);

#endif
