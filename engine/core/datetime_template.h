/* Templates of to_char, to_date, to_timestamp and COPY's DATEFORMAT and TIMEFORMAT: 'YYYY-MM-DD', 'FMMonth DD, HH12:MI AM' …
 * One list of patterns for both directions; behaviour as PostgreSQL's formatting.c. */
#ifndef DEPOT_CORE_DATETIME_TEMPLATE_H
#define DEPOT_CORE_DATETIME_TEMPLATE_H

#include "core/datetime.h"
#include "core/status.h"
#include "core/timezone.h"

#define TEMPLATE_BYTES_MAX 256
#define TEMPLATE_PRINT_MAX (TEMPLATE_BYTES_MAX * 24) /* no pattern prints more than 24 bytes per byte of its own */

typedef enum TemplateField {
#define TEMPLATE_PATTERN(pattern, field, digits, spelling) TEMPLATE_##field,
#include "core/datetime_template.def"
#undef TEMPLATE_PATTERN
    TEMPLATE_TEXT,      /* from "quotes", or a letter or digit that is no pattern */
    TEMPLATE_SEPARATOR, /* anything else, blanks included */
} TemplateField;

typedef struct TemplateNode {
    uint8_t field; /* TemplateField */
    uint8_t digits;
    uint8_t bytes; /* of the pattern */
    bool is_numeric;
    bool fill_off;  /* FM */
    bool localized; /* TM: names without padding */
    bool is_th, is_th_upper;
    const char *text; /* borrowed from the template: the pattern as it is spelled, or the character */
} TemplateNode;

typedef struct Template {
    uint32_t count;
    bool is_fixed; /* FX */
    TemplateNode nodes[TEMPLATE_BYTES_MAX];
} Template;

/* INVALID_PARAMETER_VALUE if it is longer than TEMPLATE_BYTES_MAX. `text` is borrowed. */
Status template_parse(const Context *cx, const char *text, size_t bytes, Template *template);

/* What is printed: a moment or an interval. */
typedef struct TemplateTime {
    bool is_interval;
    int64_t year; /* astronomical; of an interval: its years */
    int32_t month, day;
    int64_t hour; /* an interval's may pass 24; every field of a negative one is negative */
    int32_t minute, second, micros;
    int32_t days;           /* since 1970, of a moment; of an interval: its day of the year */
    const ZoneClock *clock; /* NULL: no zone; TZ prints nothing */
} TemplateTime;

/* At most TEMPLATE_PRINT_MAX bytes. INVALID_DATETIME_FORMAT for patterns that an interval does not have. */
Status template_print(const Context *cx, const Template *template, const TemplateTime *time, char *buffer, size_t *bytes);

/* Is what it prints the same for all moments of a day? */
bool template_is_of_days(const Template *template);

typedef struct TemplateResult {
    DateTime moment;
    bool has_offset;
    int32_t offset;      /* seconds east of UTC, from TZH and TZM */
    bool is_whole_match; /* text and template came to their ends together */
} TemplateResult;

/* INVALID_DATETIME_FORMAT, DATETIME_OUT_OF_RANGE. */
Status template_read(const Context *cx, const Template *template, const char *text, size_t bytes, TemplateResult *result);

#endif
