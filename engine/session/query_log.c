/* What ended goes to the query log (plan/query_log.h). Nothing a statement does fails because of it: what does not fit into
 * memory is not logged. */
#include "plan/cost.h"
#include "plan/query_steps.h"
#include "session/session.h"

#include <ctype.h>
#include <string.h>

#define ENTRY_BYTES 512 /* what an entry takes beside its text, if nothing went wrong */

bool query_log_wants_steps(const Settings *settings) {
    return strcmp(settings->query_log, "steps") == 0;
}

static bool touches_table(const PhysicalNode *node, const void *ignored) {
    (void)ignored;
    return node->kind == PHYSICAL_SCAN || physical_writes(node->kind);
}

/* The log's own context: no error of it is the statement's. */
static Context log_context(const depot_statement *statement, Error *ignored) {
    Context cx = session_context(statement->db);
    cx.error = ignored;
    return query_log_context(&cx, statement->db->warehouse);
}

static Status take_steps(const Context *cx, Run *run, const PhysicalPlan *plan, const PlanProfile *profile, bool ended_well) {
    LoggedStep *steps;
    LoggedNode *nodes;
    uint32_t step_count, node_count;
    TRY(logged_steps(cx, &run->log_arena, plan, profile, &steps, &step_count));
    TRY(logged_nodes(cx, &run->log_arena, plan, &nodes, &node_count));
    run->logged.steps = steps;
    run->logged.step_count = step_count;
    run->logged.nodes = nodes;
    run->logged.node_count = node_count;
    if (!ended_well) {
        return OK; /* counters of a part say nothing of the whole */
    }
    LoggedAlert *alerts;
    uint32_t alert_count;
    TRY(logged_alerts(cx, &run->log_arena, plan, profile, &alerts, &alert_count));
    run->logged.alerts = alerts;
    run->logged.alert_count = alert_count;
    return OK;
}

void query_log_take_counters(depot_statement *statement, Query *query, bool ended_well) {
    Run *run = &statement->run;
    LoggedQuery *logged = &run->logged;
    bool is_wanted = run->settings.show_cost || strcmp(run->settings.query_log, "off") != 0;
    if (query == NULL || logged->has_plan || !is_wanted) {
        return;
    }
    const PlanProfile *profile = query_profile(query);
    const PhysicalPlan *plan = query_plan(query);
    logged->has_plan = true;
    logged->reads_tables = physical_plan_find(plan, touches_table, NULL) != NULL;
    logged->execution_ns = profile->execution_ns;
    logged->bytes_scanned = profile->bytes_scanned;
    logged->bytes_moved = profile->bytes_moved;
    logged->bytes_to_leader = profile->bytes_to_leader;
    logged->spilled_bytes = profile->spilled_bytes;
    logged->peak_memory_bytes = profile->peak_memory_bytes;
    if (query_log_wants_steps(&run->settings)) {
        Error ignored;
        Context cx = log_context(statement, &ignored);
        if (take_steps(&cx, run, plan, profile, ended_well) != OK) {
            logged->step_count = logged->node_count = 0;
        }
    }
}

/* Without the blanks around it and the semicolon behind it. */
static const char *copy_statement_text(const Context *cx, depot_statement *statement) {
    const char *text = statement->text, *end = text + statement->text_bytes;
    while (text < end && isspace((unsigned char)*text)) {
        text++;
    }
    while (text < end && (isspace((unsigned char)end[-1]) || end[-1] == ';')) {
        end--;
    }
    return arena_copy_text(cx, &statement->run.log_arena, text, (size_t)(end - text));
}

static Status add_entry(const Context *cx, depot_statement *statement, Status status) {
    Run *run = &statement->run;
    LoggedQuery *logged = &run->logged;
    TRY(arena_reserve(cx, &run->log_arena, statement->text_bytes + ENTRY_BYTES));
    logged->text = copy_statement_text(cx, statement);
    if (logged->text == NULL) {
        return OUT_OF_MEMORY;
    }
    if (status != OK) {
        const char *message = statement->db->error.message;
        logged->error = arena_copy_text(cx, &run->log_arena, message, strlen(message));
        if (logged->error == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    logged->tag = statement->tag;
    logged->start_micros = run->started_micros;
    logged->end_micros = clock_micros_utc();
    logged->elapsed_ns = statement->elapsed_ns;
    logged->planning_ns = run->planning_ns;
    logged->rows = run->rows;
    return query_log_add(cx, statement->db->warehouse, logged, &run->log_arena, (uint64_t)run->settings.query_log_size);
}

/* SET show_cost: what the statement's query read and sent. */
static void tell_cost(depot_statement *statement) {
    const LoggedQuery *logged = &statement->run.logged;
    const Settings *settings = &statement->run.settings;
    Context cx = session_context(statement->db);
    double price = (double)settings->scan_price_cents_per_tb / 100;
    uint32_t nodes = snapshot_topology(statement->run.snapshot).nodes;
    notice(&cx,
           "scanned %llu bytes: $%.9f at $%.2f per TB; moved %llu bytes, to the leader %llu: %.6f s on the modelled network",
           (unsigned long long)logged->bytes_scanned, (double)logged->bytes_scanned / 1e12 * price, price,
           (unsigned long long)logged->bytes_moved, (unsigned long long)logged->bytes_to_leader,
           network_seconds(settings, nodes, logged->bytes_moved, logged->bytes_to_leader));
}

void query_log_statement(depot_statement *statement, Status status) {
    Run *run = &statement->run;
    if (run->is_logged || !statement->is_running) {
        return;
    }
    run->is_logged = true;
    query_log_take_counters(statement, run->query, status == OK && run->is_done);
    if (run->settings.show_cost && run->logged.has_plan) {
        tell_cost(statement);
    }
    if (strcmp(run->settings.query_log, "off") == 0) {
        arena_free(&run->log_arena);
        return;
    }
    Error ignored;
    Context cx = log_context(statement, &ignored);
    if (add_entry(&cx, statement, status) != OK) {
        arena_free(&run->log_arena); /* the log has a gap */
    }
}
