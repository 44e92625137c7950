/* Templates of to_char and to_number for numbers: '999,990.00', 'FM9990D99S', '9.99EEEE', 'RN' … What they mean and how they
 * are walked follows PostgreSQL's formatting.c (NUM_processor) step by step, since its rules have no shorter wording. */
#ifndef DEPOT_CORE_NUMBER_TEMPLATE_H
#define DEPOT_CORE_NUMBER_TEMPLATE_H

#include "core/status.h"

#define NUMBER_TEMPLATE_MAX 200                         /* bytes */
#define NUMBER_PRINT_MAX (NUMBER_TEMPLATE_MAX * 2 + 64) /* of a printed number */
#define NUMBER_DIGITS_MAX (NUMBER_TEMPLATE_MAX + 128)   /* of a number's digits and point, before and after */

typedef enum NumberField {
#define NUMBER_PATTERN(pattern, field) NUMBER_##field,
#include "core/number_template.def"
#undef NUMBER_PATTERN
    NUMBER_CHARACTER
} NumberField;

typedef enum NumberSign { NUMBER_SIGN_NONE, NUMBER_SIGN_BEFORE, NUMBER_SIGN_AFTER } NumberSign;

typedef struct NumberNode {
    uint8_t field; /* NumberField */
    char character;
    bool is_lower;
} NumberNode;

typedef struct NumberTemplate {
    uint32_t count;
    int32_t before, after; /* digit places before and after the point */
    int32_t shift;         /* digits after V */
    int32_t zero_start;    /* place of the first 0, from 1; 0: none */
    int32_t zero_end;
    int32_t sign_place; /* digit places before S */
    NumberSign sign;    /* of S */
    bool has_point, has_zero, is_fill_off, has_sign, has_minus, has_plus, has_brackets, is_roman, is_shifted, is_exponent;
    NumberNode nodes[NUMBER_TEMPLATE_MAX];
} NumberTemplate;

/* SYNTAX_ERROR where patterns contradict each other, FEATURE_NOT_SUPPORTED, INVALID_PARAMETER_VALUE if it is too long. */
Status number_template_parse(const Context *cx, const char *text, size_t bytes, NumberTemplate *template);
/* `digits`: the number without its sign, rounded to template->after places, "123.40"; a number with an exponent or in Roman
 * numerals as it is to be printed. `before`: digits before its point; more than there are places print #. */
size_t number_template_print(const NumberTemplate *template, const char *digits, uint32_t before, bool is_negative, char *out);
/* The number that a text holds by the template: sign (or a blank) and digits with a point. FEATURE_NOT_SUPPORTED. */
Status number_template_read(const Context *cx, const NumberTemplate *template, const char *text, size_t bytes, char *number);

#endif
