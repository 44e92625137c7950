/* The settings of a session, from settings.def. A statement sees one immutable copy. */
#ifndef DEPOT_CORE_SETTINGS_H
#define DEPOT_CORE_SETTINGS_H

#include "core/status.h"

#define SETTING_BYTES_MAX 256 /* of a value as text */

typedef struct Settings {
#define SETTING_BOOL(name, default_, help) bool name;
#define SETTING_INT(name, default_, least, most, help) int64_t name;
#define SETTING_BYTES(name, default_, least, help) int64_t name;
#define SETTING_TEXT(name, default_, allowed, help) char name[32];
#define SETTING_LIST(name, default_, help) char name[SETTING_BYTES_MAX];
#define SETTING_PATH(name, default_, help) char name[SETTING_BYTES_MAX];
#define SETTING_ZONE(name, default_, help) char name[64];
#include "core/settings.def"
} Settings;

typedef struct SettingInfo {
    const char *name;
    const char *help;
    const char *default_text;
} SettingInfo;

void settings_init(Settings *settings);
bool settings_equal(const Settings *a, const Settings *b);
/* Value in text form, units allowed for bytes; "default" resets. UNDEFINED_OBJECT with the nearest name, or
 * INVALID_PARAMETER_VALUE naming what is allowed. */
Status settings_set(const Context *cx, Settings *settings, const char *name, const char *value);
/* UNDEFINED_OBJECT if there is none of that name. `text` takes SETTING_BYTES_MAX bytes. */
Status settings_get(const Context *cx, const Settings *settings, const char *name, char *text, size_t bytes);
/* Does only writing rows ask for it? */
bool settings_act_on_writes(const char *name);
uint32_t settings_count(void);
const SettingInfo *settings_info(uint32_t index);

#endif
