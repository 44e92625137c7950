/* Reading and writing settings by name, from the one list. */
#include "core/settings.h"

#include "core/suggest.h"
#include "core/timezone.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum SettingKind { KIND_BOOL, KIND_INT, KIND_BYTES, KIND_TEXT, KIND_LIST, KIND_PATH, KIND_ZONE } SettingKind;

typedef struct Setting {
    SettingInfo info;
    SettingKind kind;
    size_t offset;
    int64_t default_number, least, most;
    const char *allowed; /* texts, separated by | */
} Setting;

static const Setting all_settings[] = {
#define SETTING_BOOL(name, default_, help)                                                                                     \
    {{#name, help, (default_) ? "on" : "off"}, KIND_BOOL, offsetof(Settings, name), default_, 0, 1, NULL},
#define SETTING_INT(name, default_, least, most, help)                                                                         \
    {{#name, help, #default_}, KIND_INT, offsetof(Settings, name), default_, least, most, NULL},
#define SETTING_BYTES(name, default_, least, help)                                                                             \
    {{#name, help, #default_}, KIND_BYTES, offsetof(Settings, name), default_, least, INT64_MAX, NULL},
#define SETTING_TEXT(name, default_, allowed, help)                                                                            \
    {{#name, help, default_}, KIND_TEXT, offsetof(Settings, name), 0, 0, 0, allowed},
#define SETTING_LIST(name, default_, help) {{#name, help, default_}, KIND_LIST, offsetof(Settings, name), 0, 0, 0, NULL},
#define SETTING_PATH(name, default_, help) {{#name, help, default_}, KIND_PATH, offsetof(Settings, name), 0, 0, 0, NULL},
#define SETTING_ZONE(name, default_, help) {{#name, help, default_}, KIND_ZONE, offsetof(Settings, name), 0, 0, 0, NULL},
#include "core/settings.def"
};
#define SETTING_COUNT (sizeof all_settings / sizeof *all_settings)

uint32_t settings_count(void) {
    return SETTING_COUNT;
}
const SettingInfo *settings_info(uint32_t index) {
    return &all_settings[index].info;
}

static void set_default(Settings *settings, const Setting *setting) {
    void *field = (char *)settings + setting->offset;
    switch (setting->kind) {
    case KIND_BOOL: *(bool *)field = setting->default_number != 0; break;
    case KIND_INT:
    case KIND_BYTES: *(int64_t *)field = setting->default_number; break;
    case KIND_TEXT: snprintf(field, 32, "%s", setting->info.default_text); break;
    case KIND_LIST:
    case KIND_PATH: snprintf(field, SETTING_BYTES_MAX, "%s", setting->info.default_text); break;
    case KIND_ZONE: snprintf(field, ZONE_NAME_MAX, "%s", setting->info.default_text); break;
    }
}

void settings_init(Settings *settings) {
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        set_default(settings, &all_settings[i]);
    }
}

bool settings_equal(const Settings *a, const Settings *b) {
#define SAME_NUMBER(name) &&a->name == b->name
#define SAME_TEXT(name) &&strcmp(a->name, b->name) == 0
#define SETTING_BOOL(name, default_, help) SAME_NUMBER(name)
#define SETTING_INT(name, default_, least, most, help) SAME_NUMBER(name)
#define SETTING_BYTES(name, default_, least, help) SAME_NUMBER(name)
#define SETTING_TEXT(name, default_, allowed, help) SAME_TEXT(name)
#define SETTING_LIST(name, default_, help) SAME_TEXT(name)
#define SETTING_PATH(name, default_, help) SAME_TEXT(name)
#define SETTING_ZONE(name, default_, help) SAME_TEXT(name)
    return true
#include "core/settings.def"
        ;
#undef SAME_NUMBER
#undef SAME_TEXT
}

bool settings_act_on_writes(const char *name) {
    static const char *const names[] = {
#define ACTS_ON_WRITES(name) #name,
#include "core/settings.def"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static Status find_setting(const Context *cx, const char *name, const Setting **found) {
    Suggestion suggestion;
    suggestion_init(&suggestion, name);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcasecmp(all_settings[i].info.name, name) == 0) {
            *found = &all_settings[i];
            return OK;
        }
        suggestion_consider(&suggestion, all_settings[i].info.name, NULL);
    }
    fail(cx, UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"", name);
    return suggestion.nearest == NULL ? fail_hint(cx, "SHOW ALL lists the settings")
                                      : fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest);
}

static bool parse_bool(const char *value, bool *on) {
    static const char *const words[] = {"off", "on", "false", "true", "no", "yes", "0", "1", "f", "t"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *on = i % 2 == 1;
            return true;
        }
    }
    return false;
}

/* "256 MB", "1gb", "65536". */
static bool parse_bytes(const char *value, int64_t *bytes) {
    static const char units[] = "kmgt";
    char *end;
    double number = strtod(value, &end);
    if (end == value || !(number >= 0)) {
        return false;
    }
    while (isspace((unsigned char)*end)) {
        end++;
    }
    if (*end != 0) {
        const char *unit = strchr(units, tolower((unsigned char)*end));
        if (unit != NULL && *unit != 0) {
            for (const char *u = units; u <= unit; u++) {
                number *= 1024;
            }
            end++;
        }
        if (tolower((unsigned char)*end) == 'i') {
            end++;
        }
        if (tolower((unsigned char)*end) == 'b') {
            end++;
        }
    }
    if (*end != 0 || number > 9e18) {
        return false;
    }
    *bytes = (int64_t)number;
    return true;
}

static bool is_allowed(const char *allowed, const char *value) {
    size_t bytes = strlen(value);
    for (const char *word = allowed;; word++) {
        size_t word_bytes = strcspn(word, "|");
        if (word_bytes == bytes && strncasecmp(word, value, bytes) == 0) {
            return true;
        }
        word += word_bytes;
        if (*word == 0) {
            return false;
        }
    }
}

static Status fail_value(const Context *cx, const Setting *setting, const char *value) {
    fail(cx, INVALID_PARAMETER_VALUE, "invalid value for parameter \"%s\": \"%s\"", setting->info.name, value);
    switch (setting->kind) {
    case KIND_BOOL: return fail_hint(cx, "it takes on or off");
    case KIND_INT: return fail_hint(cx, "it takes a whole number from %" PRId64 " to %" PRId64, setting->least, setting->most);
    case KIND_BYTES: return fail_hint(cx, "it takes a size such as '256 MB', at least %" PRId64 " bytes", setting->least);
    case KIND_LIST:
    case KIND_PATH: return fail_hint(cx, "it takes at most %d bytes", SETTING_BYTES_MAX - 1);
    case KIND_ZONE: return fail_hint(cx, "it takes a time zone such as 'Europe/Berlin', 'UTC' or hours east of UTC");
    default: return fail_hint(cx, "it takes one of: %s", setting->allowed);
    }
}

/* A zone's name, or hours east of UTC. */
static Status find_zone(const Context *cx, const char *value, const TimeZone **zone) {
    char *end;
    double hours = strtod(value, &end);
    if (end > value && *end == 0) {
        return fabs(hours) <= 15 ? timezone_fixed(cx, (int32_t)(hours * 3600), zone) : INVALID_PARAMETER_VALUE;
    }
    return timezone_find(cx, value, strlen(value), zone);
}

static Status set_zone(const Context *cx, const Setting *setting, const char *value, char *field) {
    const TimeZone *zone;
    Status status = find_zone(cx, value, &zone);
    if (status != OK) {
        return status == INVALID_PARAMETER_VALUE ? fail_value(cx, setting, value) : status;
    }
    snprintf(field, ZONE_NAME_MAX, "%s", timezone_name(zone));
    return OK;
}

Status settings_set(const Context *cx, Settings *settings, const char *name, const char *value) {
    const Setting *setting;
    TRY(find_setting(cx, name, &setting));
    void *field = (char *)settings + setting->offset;
    if (strcasecmp(value, "default") == 0) {
        set_default(settings, setting);
        return OK;
    }
    int64_t number = 0;
    bool on = false;
    char *end;
    switch (setting->kind) {
    case KIND_BOOL:
        if (!parse_bool(value, &on)) {
            return fail_value(cx, setting, value);
        }
        *(bool *)field = on;
        return OK;
    case KIND_INT:
        number = strtoll(value, &end, 10);
        if (end == value || *end != 0 || number < setting->least || number > setting->most) {
            return fail_value(cx, setting, value);
        }
        *(int64_t *)field = number;
        return OK;
    case KIND_BYTES:
        if (!parse_bytes(value, &number) || (number < setting->least && number != setting->default_number)) {
            return fail_value(cx, setting, value);
        }
        *(int64_t *)field = number;
        return OK;
    case KIND_TEXT:
        if (!is_allowed(setting->allowed, value)) {
            return fail_value(cx, setting, value);
        }
        snprintf(field, 32, "%s", value);
        for (char *c = field; *c != 0; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
        return OK;
    case KIND_LIST:
    case KIND_PATH:
        if (strlen(value) >= SETTING_BYTES_MAX) {
            return fail_value(cx, setting, value);
        }
        snprintf(field, SETTING_BYTES_MAX, "%s", value);
        return OK;
    case KIND_ZONE: return set_zone(cx, setting, value, field);
    }
    return OK;
}

/* In the largest unit that says it exactly: 268435456 is 256MB. */
static void print_size(int64_t size, char *text, size_t bytes) {
    static const char *const units[] = {"", "kB", "MB", "GB", "TB"};
    uint32_t unit = 0;
    for (; size != 0 && size % 1024 == 0 && unit + 1 < sizeof units / sizeof *units; size /= 1024) {
        unit++;
    }
    snprintf(text, bytes, "%" PRId64 "%s", size, units[unit]);
}

Status settings_get(const Context *cx, const Settings *settings, const char *name, char *text, size_t bytes) {
    const Setting *setting;
    TRY(find_setting(cx, name, &setting));
    const void *field = (const char *)settings + setting->offset;
    switch (setting->kind) {
    case KIND_BOOL: snprintf(text, bytes, "%s", *(const bool *)field ? "on" : "off"); break;
    case KIND_INT: snprintf(text, bytes, "%" PRId64, *(const int64_t *)field); break;
    case KIND_BYTES: print_size(*(const int64_t *)field, text, bytes); break;
    case KIND_TEXT:
    case KIND_LIST:
    case KIND_PATH:
    case KIND_ZONE: snprintf(text, bytes, "%s", (const char *)field); break;
    }
    return OK;
}
