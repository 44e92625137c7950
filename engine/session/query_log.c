/* What ended goes to the query log (plan/query_log.h). Nothing a statement does fails because of it: what does not fit into
 * memory is not logged. */
#include "plan/query_log.h"

#include "session/session.h"

#include <ctype.h>
#include <string.h>

bool query_log_wants_steps(const Settings *settings) {
    return strcmp(settings->query_log, "steps") == 0;
}

static bool touches_table(const PhysicalNode *node) {
    bool touches = node->kind == PHYSICAL_SCAN || physical_writes(node->kind);
    for (uint32_t i = 0; i < node->child_count && !touches; i++) {
        touches = touches_table(node->children[i]);
    }
    return touches;
}

static bool plan_touches_table(const PhysicalPlan *plan) {
    bool touches = touches_table(plan->root);
    for (uint32_t i = 0; i < plan->shared_count && !touches; i++) {
        touches = touches_table(plan->shared[i]);
    }
    return touches;
}

void query_log_take_counters(depot_statement *statement) {
    Run *run = &statement->run;
    if (run->query == NULL || run->logged.has_plan) {
        return;
    }
    const PlanProfile *profile = query_profile(run->query);
    run->logged.has_plan = true;
    run->logged.reads_tables = plan_touches_table(run->plan);
    run->logged.execution_ns = profile->execution_ns;
    run->logged.bytes_scanned = profile->bytes_scanned;
    run->logged.bytes_moved = profile->bytes_moved;
    run->logged.bytes_to_leader = profile->bytes_to_leader;
    run->logged.spilled_bytes = profile->spilled_bytes;
    run->logged.peak_memory_bytes = profile->peak_memory_bytes;
}

static void take_text(depot_statement *statement) {
    const char *text = statement->text, *end = text + statement->text_bytes;
    while (text < end && isspace((unsigned char)*text)) {
        text++;
    }
    while (text < end && (isspace((unsigned char)end[-1]) || end[-1] == ';')) {
        end--;
    }
    statement->run.logged.text = text;
    statement->run.logged.text_bytes = (size_t)(end - text);
}

void query_log_statement(depot_statement *statement, Status status) {
    Run *run = &statement->run;
    if (run->is_logged || !statement->is_running || strcmp(run->settings.query_log, "off") == 0) {
        return;
    }
    run->is_logged = true;
    query_log_take_counters(statement);
    take_text(statement);
    run->logged.tag = statement->tag;
    run->logged.error = status == OK ? NULL : statement->db->error.message;
    run->logged.start_micros = run->started_micros;
    run->logged.end_micros = clock_micros_utc();
    run->logged.elapsed_ns = statement->elapsed_ns;
    run->logged.planning_ns = run->planning_ns;
    run->logged.rows = run->rows;
    Error ignored;
    Context cx = session_context(statement->db);
    cx.error = &ignored;
    if (query_log_add(&cx, statement->db->warehouse, &run->logged, (uint64_t)run->settings.query_log_size) != OK) {
        return; /* the log has a gap */
    }
}
