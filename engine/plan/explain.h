/* Inside EXPLAIN: what is written (explain_write.c), the tree (explain.c), what the plan says of an operator
 * (explain_details.c), what ANALYZE counted (explain_profile.c, explain_exchange.c), and JSON's own keys (explain_json.c). */
#ifndef DEPOT_PLAN_EXPLAIN_H
#define DEPOT_PLAN_EXPLAIN_H

#include "core/json_write.h"
#include "plan/physical.h"

typedef struct Explainer {
    const Context *cx;
    Arena *arena;
    const PhysicalPlan *plan;
    const PlanProfile *profile; /* NULL: estimates only */
    const ExplainOptions *options;
    const char **lines;
    uint32_t count, capacity;
    JsonWriter *json;                /* FORMAT JSON, instead of the lines; NULL: text */
    const PhysicalNode **publishers; /* by filter id */
    bool has_idle_moves;             /* one node: there is a join that would move rows between several */
    uint32_t dearest[3];             /* operator ids by exclusive time, UINT32_MAX: none */
} Explainer;

/* explain_write.c. One line of text with `indent` spaces before it; nothing of it is in the JSON. */
Status explain_line(Explainer *e, uint32_t indent, const char *format, ...) FORMAT_LIKE_PRINTF(3, 4);
/* "key: value" as a line, "key": "value" in JSON. */
Status explain_property(Explainer *e, uint32_t indent, const char *key, const char *format, ...) FORMAT_LIKE_PRINTF(4, 5);
/* "key: a, b" as a line, "key": ["a", "b"] in JSON. */
Status explain_list(Explainer *e, uint32_t indent, const char *key, const char *const *items, uint32_t count);
/* Only in JSON. */
Status explain_fact(Explainer *e, const char *key, uint64_t number);
Status explain_fact_real(Explainer *e, const char *key, double number, int decimals);
Status explain_fact_text(Explainer *e, const char *key, const char *text);
/* Appends to *text, which may be NULL; `separator` stands between. */
Status explain_append(Explainer *e, const char **text, const char *separator, const char *format, ...) FORMAT_LIKE_PRINTF(4, 5);
/* "lo_revenue" of "lineorder.lo_revenue"; "?" if there is no name. */
const char *explain_short_name(const char *name);

/* explain_details.c: conditions, keys, pruning. */
Status explain_details(Explainer *e, const PhysicalNode *node, uint32_t indent);
Status explain_sort_keys(Explainer *e, uint32_t indent, const char *key, const PhysicalNode *input, const SortSlot *slots,
                         uint32_t count);

/* explain_alternatives.c, if the option asks for it. */
Status explain_alternatives(Explainer *e, const JoinSpec *join, uint32_t indent);

/* explain_profile.c. " (actual rows=…)", "" without a profile. `is_cut`: a LIMIT above stops this operator early, at a point
 * that varies. */
Status explain_actual(Explainer *e, const PhysicalNode *node, bool is_cut, const char **text);
/* The same for JSON, with PostgreSQL's keys and meaning: rows and times are per loop, times include the children's. */
Status explain_actual_facts(Explainer *e, const PhysicalNode *node, bool is_cut);
/* Partitions that the scan read, or by plan has to: join filters prune more while running. */
uint32_t explain_partitions_read(const Explainer *e, const PhysicalNode *scan);
/* The counted details under an operator's line. */
Status explain_counters(Explainer *e, const PhysicalNode *node, uint32_t indent, bool is_cut);
/* The largest of `count` loads over their mean. */
double explain_skew(const uint64_t *loads, uint32_t count);
/* explain_exchange.c. `sum`: of all nodes, arrays left out. */
Status explain_exchange(Explainer *e, const PhysicalNode *node, const ExchangeProfile *sum, uint32_t indent);
/* Planning Time … Modelled. */
Status explain_totals(Explainer *e);
void explain_find_dearest(Explainer *e);

/* explain.c: whether a LIMIT stops the child early. Operators that take all their input first are not cut short. */
bool explain_cuts_child(const PhysicalNode *node, uint32_t child, bool is_cut);

/* explain_json.c: the keys that open an operator's object (`key` NULL inside "Plans"); `relationship` to the one above. A
 * hash join's build side stands below a Hash, as in PostgreSQL. */
Status explain_json_node(Explainer *e, const PhysicalNode *node, const char *key, const char *relationship);
Status explain_json_hash(Explainer *e, const PhysicalNode *build, bool is_cut);

#endif
