/* to_char, to_date and to_timestamp: dates to text and back by templates. Numbers: fn_format_number.c. */
#include "core/datetime_template.h"
#include "expr/fn_moment.h"

#include <math.h>

/* The template of each row; a constant is parsed once. */
typedef struct TemplateReader {
    const Context *cx;
    const Vector *texts;
    bool is_known;
    Template template;
} TemplateReader;

static Status template_next(TemplateReader *reader, uint32_t row) {
    if (reader->is_known) {
        return OK;
    }
    const Text *text = &((const Text *)reader->texts->data)[reader->texts->kind == VECTOR_CONSTANT ? 0 : row];
    reader->is_known = reader->texts->kind == VECTOR_CONSTANT;
    return template_parse(reader->cx, text_data(text), text->bytes, &reader->template);
}

/* ------------------------------------------------------------------------------------------------------------ dates to text */

static TemplateTime time_of_moment(int64_t local, const ZoneClock *clock) {
    int64_t micros;
    int32_t days = timestamp_days(local, &micros);
    Civil civil = civil_from_days(days);
    return (TemplateTime){.year = civil.year,
                          .month = civil.month,
                          .day = civil.day,
                          .hour = micros / MICROS_PER_HOUR,
                          .minute = (int32_t)(micros / MICROS_PER_MINUTE % 60),
                          .second = (int32_t)(micros / MICROS_PER_SECOND % 60),
                          .micros = (int32_t)(micros % MICROS_PER_SECOND),
                          .days = days,
                          .clock = clock};
}

static TemplateTime time_of_interval(Interval interval) {
    return (TemplateTime){.is_interval = true,
                          .year = interval.months / 12,
                          .month = interval.months % 12,
                          .day = interval.days,
                          .hour = interval.micros / MICROS_PER_HOUR,
                          .minute = (int32_t)(interval.micros / MICROS_PER_MINUTE % 60),
                          .second = (int32_t)(interval.micros / MICROS_PER_SECOND % 60),
                          .micros = (int32_t)(interval.micros % MICROS_PER_SECOND),
                          .days = (int32_t)((uint32_t)interval.months * 30 + (uint32_t)interval.days)};
}

static Status print_row(const Context *cx, const Template *template, const TemplateTime *time, uint32_t row, Arena *arena,
                        Vector *out) {
    if (template->count == 0) { /* as in PostgreSQL */
        return fn_set_null(cx, out, row);
    }
    char buffer[TEMPLATE_PRINT_MAX];
    size_t bytes;
    TRY(template_print(cx, template, time, buffer, &bytes));
    char *copy = bytes > TEXT_INLINE_MAX ? arena_copy_text(cx, arena, buffer, bytes) : buffer;
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    out_text(out, row, copy, bytes);
    return OK;
}

Status fn_to_char_moment(FN_PARAMETERS) {
    FN_UNUSED;
    TemplateReader reader = {.cx = cx, .texts = args[1]};
    bool is_zoned = args[0]->type.id == TYPE_TIMESTAMPTZ;
    Moments moments;
    moments_load(cx, args[0], rows, &moments);
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        int64_t utc = is_zoned ? arg_I64(args[0], row) : 0;
        int64_t seconds = utc / MICROS_PER_SECOND - (utc % MICROS_PER_SECOND < 0 ? 1 : 0);
        TemplateTime time = time_of_moment(moments.at[row], is_zoned ? timezone_clock(cx->zone, seconds) : NULL);
        TRY(template_next(&reader, row));
        TRY(print_row(cx, &reader.template, &time, row, arena, out));
    }
    return OK;
}

Status fn_to_char_interval(FN_PARAMETERS) {
    FN_UNUSED;
    TemplateReader reader = {.cx = cx, .texts = args[1]};
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        TemplateTime time = time_of_interval(arg_INTERVAL(args[0], row));
        TRY(template_next(&reader, row));
        TRY(print_row(cx, &reader.template, &time, row, arena, out));
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ text to dates */

/* to_date and to_timestamp. */
static Status read_rows(const Context *cx, const Vector *const *args, uint32_t rows, Vector *out) {
    TemplateReader reader = {.cx = cx, .texts = args[1]};
    for (uint32_t row = 0; row < rows; row++) {
        TemplateResult read;
        Text text = arg_TEXT(args[0], row);
        if (!fn_row_valid(out, row)) {
            continue;
        }
        TRY(template_next(&reader, row));
        TRY(template_read(cx, &reader.template, text_data(&text), text.bytes, &read));
        Civil date = read.moment.date;
        __int128 local = days_from_civil(date.year, date.month, date.day) * (__int128)MICROS_PER_DAY + read.moment.micros;
        bool good = moment_store(cx, out, row, local);
        if (good && read.has_offset && out->type.id == TYPE_TIMESTAMPTZ) {
            ((int64_t *)out->data)[row] = (int64_t)local - read.offset * MICROS_PER_SECOND;
        }
        if (!good) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

Status fn_to_date(FN_PARAMETERS) {
    FN_UNUSED;
    return read_rows(cx, args, rows, out);
}

Status fn_to_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    return read_rows(cx, args, rows, out);
}

Status fn_to_timestamp_epoch(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        double micros = rint(arg_F64(args[0], row) * 1e6);
        bool good = fabs(micros) < 9.2e18 && timestamp_in_range((__int128)micros);
        if (!good && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
        ((int64_t *)out->data)[row] = good ? (int64_t)micros : 0;
    }
    return OK;
}
