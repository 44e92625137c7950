/* What a connection keeps of its statements between their runs: the trees of their texts, and the plans of its queries.
 *
 * A plan is used again only where planning would make the same one: the snapshot has the very same table versions (any commit
 * makes new ones: data, definitions, views, statistics, topology), and settings and parameters are equal, their types included.
 * A plan that holds something of its moment (the time, the query log, what was found in a file) is used once. What a plan
 * names is only looked at after the snapshot was found to be the same: a plan that waits holds no version of the warehouse. */
#ifndef DEPOT_SESSION_PLAN_CACHE_H
#define DEPOT_SESSION_PLAN_CACHE_H

#include "core/settings.h"
#include "parser/ast.h"
#include "plan/physical.h"

typedef struct KeptPlan {
    MemoryAccount memory; /* below the connection's */
    Arena arena;          /* all that the plan is made of */
    PhysicalPlan *plan;   /* NULL until it is whole */
    Type *types;          /* of the result's columns */
    bool is_momentary;    /* right for the run that made it alone */
    bool is_new;          /* that run has it */
    /* What it was made from. */
    SnapshotId snapshot;
    Settings settings;
    uint32_t parameter_count;
    Value *parameters;
} KeptPlan;

typedef struct KnownText {
    uint32_t users;   /* statements, what PREPARE made, the cache: the last one frees it */
    Arena arena;      /* text and tree, charged to the connection */
    const char *text; /* up to the statement's end without white space, with a final 0 */
    size_t bytes;
    AstStatement *ast;
    SourcePos stored_at; /* of what is stored as text: the place of its tree's nodes */
    KeptPlan *plan;      /* owned; the last one made; NULL: none, or a run has it */
    uint64_t hash;       /* of the text */
    struct KnownText *next_in_bucket, *newer, *older;
} KnownText;

typedef struct PlanCache PlanCache; /* the texts that came last to depot_prepare; zeroed: none */

/* The first statement of a text; *text is NULL if there is none. *end is where it stops, or where the
 * text does if only white space is left. `cache` may be NULL. The caller is a
 * user of it. */
Status known_text_find(const Context *cx, PlanCache *cache, const char *sql, size_t bytes, size_t *end, KnownText **text);
/* The same for what is stored as text (parse_stored_statement). */
Status known_text_stored(const Context *cx, const char *sql, SourcePos pos, KnownText **text);
KnownText *known_text_retain(KnownText *text);
void known_text_release(KnownText *text); /* NULL is fine */

Status plan_cache_create(const Context *cx, PlanCache **cache);
void plan_cache_free(PlanCache *cache); /* NULL is fine */
/* After a plan was given back: forgets the oldest plans if all of them take too much memory. */
void plan_cache_trim(PlanCache *cache);

/* The text's plan, if it is still right for this snapshot and these parameters under cx->settings; else NULL. The caller's
 * until it is given back. */
KeptPlan *kept_plan_take(const Context *cx, KnownText *text, Snapshot *snapshot, uint32_t parameter_count,
                         const Value *parameters);
/* An empty one, with what it will be made from. `limit_bytes`: of its memory. */
Status kept_plan_create(const Context *cx, int64_t limit_bytes, Snapshot *snapshot, uint32_t parameter_count,
                        const Value *parameters, KeptPlan **plan);
/* The run has ended: the plan is kept for the next one, or freed. Either may be NULL. */
void kept_plan_give_back(KnownText *text, KeptPlan *plan);

#endif
