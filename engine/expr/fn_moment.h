/* Dates and moments as functions want them: arrays of local time, whatever the argument's type and kind. Loops then know one
 * type only. */
#ifndef DEPOT_EXPR_FN_MOMENT_H
#define DEPOT_EXPR_FN_MOMENT_H

#include "core/timezone.h"
#include "core/value_datetime.h"
#include "expr/fn_loop.h"
#include "kernels/calendar_kernels.h"

typedef struct Moments {
    const int64_t *at; /* microseconds of local time; borrowed from the vector, or `buffer` */
    int64_t buffer[BATCH_ROWS_MAX];
} Moments;

typedef struct Days {
    const int32_t *at; /* days since 1970, local */
    int32_t buffer[BATCH_ROWS_MAX];
} Days;

/* From DATE, TIMESTAMP, TIMESTAMPTZ (in the session's zone) or TIME; FLAT or CONSTANT. */
static inline void moments_load(const Context *cx, const Vector *vector, uint32_t rows, Moments *moments) {
    bool is_zoned = vector->type.id == TYPE_TIMESTAMPTZ && cx->zone != NULL;
    const int64_t *values = vector->data;
    moments->at = moments->buffer;
    if (vector->kind == VECTOR_CONSTANT) {
        int64_t value = vector->type.id == TYPE_DATE ? ((const int32_t *)vector->data)[0] * MICROS_PER_DAY : values[0];
        value = is_zoned ? timezone_to_local(cx->zone, value) : value;
        for (uint32_t row = 0; row < rows; row++) {
            moments->buffer[row] = value;
        }
    } else if (vector->type.id == TYPE_DATE) {
        for (uint32_t row = 0; row < rows; row++) {
            moments->buffer[row] = ((const int32_t *)vector->data)[row] * MICROS_PER_DAY;
        }
    } else if (is_zoned) {
        for (uint32_t row = 0; row < rows; row++) {
            moments->buffer[row] = timezone_to_local(cx->zone, values[row]);
        }
    } else {
        moments->at = values;
    }
}

static inline void days_load(const Context *cx, const Vector *vector, uint32_t rows, Days *days) {
    days->at = days->buffer;
    if (vector->type.id == TYPE_DATE && vector->kind == VECTOR_FLAT) {
        days->at = vector->data;
        return;
    }
    Moments moments;
    moments_load(cx, vector, rows, &moments);
    calendar_kernels->days(moments.at, rows, days->buffer);
}

/* Local time as a value of the result's type: DATE, TIMESTAMP, TIMESTAMPTZ. False if it is out of range. */
static inline bool moment_store(const Context *cx, Vector *out, uint32_t row, __int128 local) {
    if (!timestamp_in_range(local)) {
        return false;
    }
    int64_t moment = (int64_t)local, micros;
    if (out->type.id == TYPE_DATE) {
        ((int32_t *)out->data)[row] = timestamp_days(moment, &micros);
        return true;
    }
    moment = out->type.id == TYPE_TIMESTAMPTZ ? timezone_from_local(cx->zone, moment) : moment;
    ((int64_t *)out->data)[row] = moment;
    return timestamp_in_range(moment);
}

/* The zone that each valid row names. */
Status zones_load(const Context *cx, const Vector *names, uint32_t rows, const Vector *out, const TimeZone **zones);

/* The unit of each row; a constant is looked up once. Rows that are not valid keep the last one. */
typedef struct FieldReader {
    const Context *cx;
    const Vector *names, *out;
    DateField field;
    bool is_known;
} FieldReader;

Status field_read(const Context *cx, const Vector *names, uint32_t row, DateField *field);
/* "unit hour is not supported for type date" */
Status fail_field(const Context *cx, DateField field, const char *what);

static inline Status field_next(FieldReader *reader, uint32_t row, DateField *field) {
    if (!reader->is_known && fn_row_valid(reader->out, row)) {
        TRY(field_read(reader->cx, reader->names, row, &reader->field));
        reader->is_known = reader->names->kind == VECTOR_CONSTANT;
    }
    *field = reader->field;
    return OK;
}

#endif
