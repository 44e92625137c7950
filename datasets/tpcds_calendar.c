/* Dimensions that are computed: dates, times, and the cross products of demographics. */
#include "datasets/tpcds.h"

static const char *const day_names[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

int32_t ds_first_sale(void) {
    return gen_days(1998, 1, 1);
}

static const char *yes_no(bool is) {
    return is ? "Y" : "N";
}

static bool is_holiday(const GenDay *day) {
    return (day->month == 1 && day->day == 1) || (day->month == 7 && day->day == 4) || (day->month == 12 && day->day == 25) ||
           (day->month == 11 && day->of_week == 4 && day->day >= 22 && day->day <= 28);
}

static void put_sequences(GenColumn *c, uint32_t row, const GenDay *day, int32_t index) {
    int32_t quarter = (day->month - 1) / 3 + 1;
    int32_t week = (index + 2) / 7 + 1; /* weeks begin on Sundays; the first day was a Tuesday */
    c[3].ints[row] = (day->year - 1900) * 12 + day->month - 1;
    c[4].ints[row] = week;
    c[5].ints[row] = (day->year - 1900) * 4 + quarter;
    c[6].ints[row] = day->year;
    c[7].ints[row] = day->of_week;
    c[8].ints[row] = day->month;
    c[9].ints[row] = day->day;
    c[10].ints[row] = quarter;
    c[11].ints[row] = day->year;
    c[12].ints[row] = (day->year - 1900) * 4 + quarter;
    c[13].ints[row] = week;
}

void ds_fill_dates(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    (void)scale;
    out->rows = rows_of_chunk(chunk, DS_DAYS);
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t index = (int32_t)(chunk * CHUNK_ROWS + row);
        int32_t days = gen_days(1900, 1, 2) + index, key = ds_day_key(days);
        GenDay day = gen_day(days), before = gen_day(days - 1);
        GenColumn *c = out->columns;
        c[0].ints[row] = key;
        c[1].texts[row] = ds_id(out, (uint32_t)key);
        c[2].ints[row] = days;
        put_sequences(c, row, &day, index);
        c[14].texts[row] = word(day_names[day.of_week]);
        c[15].texts[row] = gen_format(out, "%04dQ%d", day.year, c[10].ints[row]);
        c[16].texts[row] = word(yes_no(is_holiday(&day)));
        c[17].texts[row] = word(yes_no(day.of_week == 0 || day.of_week == 6));
        c[18].texts[row] = word(yes_no(is_holiday(&before)));
        c[19].ints[row] = key - day.day + 1;
        c[20].ints[row] = key - day.day + gen_month_days(day.year, day.month);
        c[21].ints[row] = key - 365;
        c[22].ints[row] = key - 91;
        for (uint32_t i = 23; i < 28; i++) {
            c[i].texts[row] = word("N");
        }
    }
}

void ds_fill_times(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    static const char *const shifts[] = {"third", "first", "second"};
    static const char *const sub_shifts[] = {"night", "morning", "afternoon", "evening"};
    (void)scale;
    out->rows = rows_of_chunk(chunk, DS_TIMES);
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t second = (int32_t)(chunk * CHUNK_ROWS + row), hour = second / 3600;
        const char *meal = hour >= 6 && hour <= 8 ? "breakfast" : hour >= 11 && hour <= 13 ? "lunch" : "dinner";
        GenColumn *c = out->columns;
        c[0].ints[row] = second;
        c[1].texts[row] = ds_id(out, (uint32_t)second + 1);
        c[2].ints[row] = second;
        c[3].ints[row] = hour;
        c[4].ints[row] = second / 60 % 60;
        c[5].ints[row] = second % 60;
        c[6].texts[row] = word(hour < 12 ? "AM" : "PM");
        c[7].texts[row] = word(shifts[hour / 8]);
        c[8].texts[row] = word(sub_shifts[hour / 6]);
        c[9].texts[row] = word(meal);
        if (meal[0] == 'd' && (hour < 17 || hour > 20)) {
            c[9].texts[row] = word("");
            gen_null(&c[9], row);
        }
    }
}

void ds_fill_households(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    static const char *const potentials[] = {"0-500", "501-1000", "1001-5000", "5001-10000", ">10000", "Unknown"};
    (void)scale;
    out->rows = rows_of_chunk(chunk, DS_HOUSEHOLDS);
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t index = (int32_t)(chunk * CHUNK_ROWS + row);
        out->columns[0].ints[row] = index + 1;
        out->columns[1].ints[row] = index % DS_INCOME_BANDS + 1;
        out->columns[2].texts[row] = word(potentials[index / 20 % 6]);
        out->columns[3].ints[row] = index / 120 % 10;
        out->columns[4].ints[row] = index / 1200 % 6 - 1;
    }
}

void ds_fill_demographics(const GenScale *scale, uint64_t chunk, GenChunk *out) {
    static const char *const genders[] = {"M", "F"};
    static const char *const states[] = {"M", "S", "D", "W", "U"};
    static const char *const educations[] = {"Primary",     "Secondary",       "College", "2 yr Degree",
                                             "4 yr Degree", "Advanced Degree", "Unknown"};
    static const char *const ratings[] = {"Good", "High Risk", "Low Risk", "Unknown"};
    out->rows = rows_of_chunk(chunk, (uint64_t)ds_demographics(scale));
    for (uint32_t row = 0; row < out->rows; row++) {
        int32_t index = (int32_t)(chunk * CHUNK_ROWS + row);
        GenColumn *c = out->columns;
        c[0].ints[row] = index + 1;
        c[1].texts[row] = word(genders[index % 2]);
        c[2].texts[row] = word(states[index / 2 % 5]);
        c[3].texts[row] = word(educations[index / 10 % 7]);
        c[4].ints[row] = (index / 70 % 20 + 1) * 500;
        c[5].texts[row] = word(ratings[index / 1400 % 4]);
        c[6].ints[row] = index / 5600 % 7;
        c[7].ints[row] = index / 39200 % 7;
        c[8].ints[row] = index / 274400 % 7;
    }
}
