/* The steps of logged queries as tables: svl_query_summary and svl_query_report, stl_explain, stl_scan, stl_dist, stl_bcast,
 * stl_alert_event_log, sys_query_detail. Only queries that ran under query_log = steps are in them. Times of day are the
 * query's, since steps are not told apart in time. */
#include "exec/system_log.h"

#include <unistd.h>

#define PERMANENT_TABLE 2 /* STL_SCAN.type */

static Value flag(bool is_true) {
    return row_text(is_true ? "t" : "f");
}

static Value micros(uint64_t nanoseconds) {
    return row_number(nanoseconds / 1000);
}

static Status step_label(SystemFill *fill, const LoggedStep *step, Value *label) {
    const char *text = step->table_name == NULL
                           ? step->name
                           : arena_format(fill->cx, fill->arena, "%-6s tbl=%llu name=%s", step->name,
                                          (unsigned long long)system_oid_of_id(step->table_id), step->table_name);
    *label = row_text(text);
    return text == NULL ? OUT_OF_MEMORY : OK;
}

typedef struct StepTimes {
    uint64_t most, mean; /* nanoseconds over the parts */
} StepTimes;

static StepTimes step_times(const LoggedStep *step) {
    StepTimes times = {0};
    for (uint32_t i = 0; i < step->part_count; i++) {
        times.most = step->parts[i].nanoseconds > times.most ? step->parts[i].nanoseconds : times.most;
        times.mean += step->parts[i].nanoseconds;
    }
    times.mean /= step->part_count == 0 ? 1 : step->part_count;
    return times;
}

static Value per_second(uint64_t amount, uint64_t nanoseconds) {
    return nanoseconds == 0 ? row_null() : row_double((double)amount / ((double)nanoseconds / 1e9));
}

static Status add_summary(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    for (uint32_t i = 0; i < query->step_count; i++) {
        const LoggedStep *step = &query->steps[i];
        StepTimes times = step_times(step);
        Value label;
        TRY(step_label(fill, step, &label));
        ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_number(step->stream), row_number(step->segment),
                row_number(step->step), micros(times.most), micros(times.mean), row_number(step->rows), row_number(step->bytes),
                per_second(step->rows, times.most), per_second(step->bytes, times.most), label, flag(step->spilled_bytes > 0),
                row_number(step->memory_bytes), flag(step->is_range_restricted), flag(false),
                row_number(step->rows_pre_filter));
    }
    return OK;
}

static Status add_report(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    for (uint32_t i = 0; i < query->step_count; i++) {
        const LoggedStep *step = &query->steps[i];
        Value label;
        TRY(step_label(fill, step, &label));
        for (uint32_t k = 0; k < step->part_count; k++) {
            const LoggedPart *part = &step->parts[k];
            ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_integer(part->slice),
                    row_number(step->segment), row_number(step->step), row_moment(query->start_micros),
                    row_moment(query->end_micros), micros(part->nanoseconds), row_number(part->rows), row_number(part->bytes),
                    label, flag(step->spilled_bytes > 0), row_number(step->memory_bytes / step->part_count),
                    flag(step->is_range_restricted), flag(false), row_number(part->rows_pre_filter));
        }
    }
    return OK;
}

static Status add_explain(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    for (uint32_t i = 0; i < query->node_count; i++) {
        const LoggedNode *node = &query->nodes[i];
        ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_number(node->id), row_number(node->parent),
                row_text(node->heading), row_text(node->info));
    }
    return OK;
}

static bool is_scan(const LoggedStep *step) {
    return step->table_id != 0 && strcmp(step->name, "scan") == 0;
}

static Status add_scan(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    for (uint32_t i = 0; i < query->step_count; i++) {
        const LoggedStep *step = &query->steps[i];
        for (uint32_t k = 0; is_scan(step) && k < step->part_count; k++) {
            const LoggedPart *part = &step->parts[k];
            ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_integer(part->slice),
                    row_number(step->segment), row_number(step->step), row_moment(query->start_micros),
                    row_moment(query->end_micros), row_number(k), row_number(part->rows), row_number(part->bytes), row_null(),
                    row_number(PERMANENT_TABLE), row_number(system_oid_of_id(step->table_id)), flag(step->is_range_restricted),
                    flag(false), row_number(part->rows_pre_filter), row_number(part->rows_pre_user_filter),
                    row_text(step->table_name));
        }
    }
    return OK;
}

/* 0: every part did as much; 100 · (1 - 1/n): one of n did all. */
static Value skewness(const LoggedStep *step, bool of_time) {
    uint64_t most = 0, sum = 0;
    for (uint32_t i = 0; i < step->part_count; i++) {
        uint64_t load = of_time ? step->parts[i].nanoseconds : step->parts[i].rows;
        most = load > most ? load : most;
        sum += load;
    }
    double mean = step->part_count == 0 ? 0 : (double)sum / step->part_count;
    return most == 0 ? row_number(0) : row_integer((int64_t)(100 * (1 - mean / (double)most) + 0.5));
}

/* The event of an alert about the step. */
static Value alert_of(const LoggedQuery *query, const LoggedStep *step) {
    for (uint32_t i = 0; i < query->alert_count; i++) {
        if (query->alerts[i].segment == step->segment && query->alerts[i].step == step->step) {
            return row_text(query->alerts[i].event);
        }
    }
    return row_null();
}

/* What the step below gave, or for scans what the blocks held. */
static Value input_rows(const LoggedQuery *query, uint32_t index) {
    const LoggedStep *step = &query->steps[index];
    if (is_scan(step)) {
        return row_number(step->rows_pre_filter);
    }
    return step->step == 0 || index == 0 ? row_null() : row_number(query->steps[index - 1].rows);
}

static Status add_detail(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    for (uint32_t i = 0; i < query->step_count; i++) {
        const LoggedStep *step = &query->steps[i];
        ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_number(1), row_number(step->stream),
                row_number(step->segment), row_number(step->step), row_text(step->name),
                step->table_id == 0 ? row_null() : row_number(system_oid_of_id(step->table_id)), row_text(step->table_name),
                flag(step->is_range_restricted), row_moment(query->start_micros), row_moment(query->end_micros),
                micros(step_times(step).most), alert_of(query, step), is_scan(step) ? row_number(step->bytes) : row_null(),
                input_rows(query, i), is_scan(step) ? row_null() : row_number(step->bytes), row_number(step->rows),
                row_number(step->blocks_read), row_null(), row_null(), row_null(), row_null(), skewness(step, false),
                skewness(step, true), flag(false), row_number(step->spilled_bytes), row_number(0));
    }
    return OK;
}

/* Steps that send: nothing is known of their packets. */
static Status add_sent(SystemFill *fill, const LoggedQuery *query, const char *name) {
    for (uint32_t i = 0; i < query->step_count; i++) {
        const LoggedStep *step = &query->steps[i];
        for (uint32_t k = 0; strcmp(step->name, name) == 0 && k < step->part_count; k++) {
            const LoggedPart *part = &step->parts[k];
            ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_integer(part->slice),
                    row_number(step->segment), row_number(step->step), row_moment(query->start_micros),
                    row_moment(query->end_micros), row_number(k), row_number(part->rows), row_number(part->bytes), row_null());
        }
    }
    return OK;
}

static Status add_dist(void *fill, const LoggedQuery *query) {
    return add_sent(fill, query, "dist");
}

static Status add_bcast(void *fill, const LoggedQuery *query) {
    return add_sent(fill, query, "bcast");
}

static Status add_alert(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    for (uint32_t i = 0; i < query->alert_count; i++) {
        const LoggedAlert *alert = &query->alerts[i];
        ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_integer(alert->slice), row_number(alert->segment),
                row_number(alert->step), row_integer(getpid()), row_number(query->id), row_text(alert->event),
                row_text(alert->solution), row_moment(query->end_micros));
    }
    return OK;
}

FILL_FROM_LOG(svl_query_summary, add_summary)
FILL_FROM_LOG(svl_query_report, add_report)
FILL_FROM_LOG(stl_explain, add_explain)
FILL_FROM_LOG(stl_scan, add_scan)
FILL_FROM_LOG(sys_query_detail, add_detail)
FILL_FROM_LOG(stl_dist, add_dist)
FILL_FROM_LOG(stl_bcast, add_bcast)
FILL_FROM_LOG(stl_alert_event_log, add_alert)
