/* EXPLAIN (FORMAT JSON): the keys with which PostgreSQL opens a node, so that its plan viewers can read ours. Node types are
 * PostgreSQL's where it has the operator; exchanges and ranges have names of their own. */
#include "plan/explain.h"

static const char *node_type(const PhysicalNode *node) {
    switch (node->kind) {
    case PHYSICAL_SCAN: return "Seq Scan";
    case PHYSICAL_VALUES: return node->values.row_count == 1 ? "Result" : "Values Scan";
    case PHYSICAL_TABLE_FUNCTION: return "Function Scan";
    case PHYSICAL_FUNCTION_JOIN: return "ProjectSet";
    case PHYSICAL_FILTER: return "Filter";
    case PHYSICAL_PROJECT: return "Project";
    case PHYSICAL_HASH_JOIN: return "Hash Join";
    case PHYSICAL_MERGE_JOIN: return "Merge Join";
    case PHYSICAL_NESTED_LOOP: return node->join.algorithm == JOIN_BY_RANGE ? "Range Join" : "Nested Loop";
    case PHYSICAL_AGGREGATE: return "Aggregate";
    case PHYSICAL_EXPAND: return "Grouping Sets";
    case PHYSICAL_SORT: return "Sort";
    case PHYSICAL_LIMIT: return "Limit";
    case PHYSICAL_WINDOW: return "WindowAgg";
    case PHYSICAL_UNION: return "Append";
    case PHYSICAL_EXCHANGE:
        return node->exchange.kind == EXCHANGE_BROADCAST ? "Broadcast"
               : node->exchange.kind == EXCHANGE_HASH    ? "Redistribute"
               : node->exchange.merge_key_count > 0      ? "Gather Merge"
                                                         : "Gather";
    case PHYSICAL_MATERIALIZE: return "Materialize";
    case PHYSICAL_SHARED_SCAN: return "CTE Scan";
    case PHYSICAL_RECURSION: return "Recursive Union";
    case PHYSICAL_WORKING_SCAN: return "WorkTable Scan";
    case PHYSICAL_INSERT:
    case PHYSICAL_CHANGE: return "ModifyTable";
    case PHYSICAL_COUNT: break;
    }
    return "Unknown";
}

static const char *join_type(JoinKind kind) {
    switch (kind) {
    case JOIN_INNER: return "Inner";
    case JOIN_LEFT:
    case JOIN_SINGLE: return "Left";
    case JOIN_RIGHT: return "Right";
    case JOIN_FULL: return "Full";
    case JOIN_SEMI: return "Semi";
    case JOIN_ANTI:
    case JOIN_ANTI_NULL: return "Anti";
    case JOIN_MARK: return "Mark";
    case JOIN_EXISTS: return "Exists";
    case JOIN_RIGHT_SEMI: return "Right Semi";
    case JOIN_RIGHT_ANTI: return "Right Anti";
    }
    return "Inner";
}

static Status relation_facts(Explainer *e, const TableSchema *schema, const char *alias) {
    TRY(explain_fact_text(e, "Relation Name", schema->name));
    TRY(explain_fact_text(e, "Schema", schema->schema_name));
    return explain_fact_text(e, "Alias", alias == NULL ? schema->name : alias);
}

static Status join_facts(Explainer *e, const JoinSpec *join) {
    TRY(explain_fact_text(e, "Join Type", join_type(join->kind)));
    return explain_fact_text(e, "Distribution", join->dist_label);
}

static Status aggregate_facts(Explainer *e, const AggregateSpec *spec) {
    static const char *const modes[] = {[PHASE_SINGLE] = "Simple", [PHASE_PARTIAL] = "Partial", [PHASE_FINAL] = "Finalize"};
    TRY(explain_fact_text(e, "Strategy", spec->group_count == 0 ? "Plain" : "Hashed"));
    return explain_fact_text(e, "Partial Mode", modes[spec->phase]);
}

static Status change_facts(Explainer *e, const ChangeSpec *change) {
    static const char *const operations[] = {[CHANGE_DELETE] = "Delete", [CHANGE_UPDATE] = "Update", [CHANGE_MERGE] = "Merge"};
    TRY(explain_fact_text(e, "Operation", operations[change->kind]));
    return relation_facts(e, change->table->schema, NULL);
}

static Status kind_facts(Explainer *e, const PhysicalNode *node) {
    switch (node->kind) {
    case PHYSICAL_SCAN: return relation_facts(e, node->scan.table->schema, node->scan.alias);
    case PHYSICAL_HASH_JOIN:
    case PHYSICAL_MERGE_JOIN:
    case PHYSICAL_NESTED_LOOP: return join_facts(e, &node->join);
    case PHYSICAL_AGGREGATE: return aggregate_facts(e, &node->aggregate);
    case PHYSICAL_TABLE_FUNCTION: return explain_fact_text(e, "Function Name", node->table_function.name);
    case PHYSICAL_FUNCTION_JOIN: return explain_fact_text(e, "Function Name", node->function_join.name);
    case PHYSICAL_MATERIALIZE: return explain_fact_text(e, "Subplan Name", node->materialize.name);
    case PHYSICAL_SHARED_SCAN: return explain_fact_text(e, "CTE Name", node->shared_scan.shared->materialize.name);
    case PHYSICAL_CHANGE: return change_facts(e, &node->change);
    case PHYSICAL_INSERT:
        TRY(explain_fact_text(e, "Operation", "Insert"));
        return relation_facts(e, node->insert.table->schema, NULL);
    default: return OK;
    }
}

static Status estimate_facts(Explainer *e, const PhysicalNode *node, double start) {
    TRY(explain_fact_real(e, "Startup Cost", start, 2));
    TRY(explain_fact_real(e, "Total Cost", node->cost_total, 2));
    TRY(explain_fact_real(e, "Plan Rows", node->rows, 0));
    return explain_fact(e, "Plan Width", node->width);
}

Status explain_json_node(Explainer *e, const PhysicalNode *node, const char *key, const char *relationship) {
    TRY(json_open(e->json, key, '{'));
    TRY(explain_fact_text(e, "Node Type", node_type(node)));
    TRY(relationship == NULL ? OK : explain_fact_text(e, "Parent Relationship", relationship));
    TRY(kind_facts(e, node));
    return estimate_facts(e, node, node->cost_start);
}

Status explain_json_hash(Explainer *e, const PhysicalNode *build, bool is_cut) {
    TRY(json_open(e->json, NULL, '{'));
    TRY(explain_fact_text(e, "Node Type", "Hash"));
    TRY(explain_fact_text(e, "Parent Relationship", "Inner"));
    TRY(estimate_facts(e, build, build->cost_total));
    return explain_actual_facts(e, build, is_cut);
}
