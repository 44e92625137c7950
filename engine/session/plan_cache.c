/* Texts in a hash table and in the order of their last use; each with the plan that it had last. */
#include "session/plan_cache.h"

#include "core/hash.h"
#include "parser/parse.h"

#include <string.h>

#define TEXTS_MAX 128
#define BUCKETS 256 /* a power of two */
#define TEXT_BYTES_MAX 16384
#define PLAN_BYTES_MAX ((int64_t)4 << 20)
#define PLANS_BYTES_MAX ((int64_t)16 << 20) /* of all texts in the cache */

struct PlanCache {
    KnownText *newest, *oldest;
    uint32_t count;
    KnownText *buckets[BUCKETS];
};

/* ---------------------------------------------------------------------------------------------------------------- plans */

static void free_plan(KeptPlan *plan) {
    if (plan != NULL) {
        arena_free(&plan->arena);
        memory_account_close(&plan->memory);
        mem_free(plan);
    }
}

static int64_t plan_bytes(const KeptPlan *plan) {
    return atomic_load_explicit(&plan->memory.used_bytes, memory_order_relaxed);
}

static Status copy_parameters(const Context *cx, KeptPlan *plan, const Value *parameters) {
    TRY_NEW_ARRAY(cx, &plan->arena, plan->parameters, plan->parameter_count);
    for (uint32_t i = 0; i < plan->parameter_count; i++) {
        TRY(value_copy(cx, &plan->arena, &parameters[i], &plan->parameters[i]));
    }
    return OK;
}

Status kept_plan_create(const Context *cx, int64_t limit_bytes, Snapshot *snapshot, uint32_t parameter_count,
                        const Value *parameters, KeptPlan **out) {
    KeptPlan *plan;
    *out = NULL;
    TRY_ALLOC_ZEROED(cx, plan, sizeof *plan);
    plan->is_new = true;
    plan->snapshot = snapshot_id(snapshot);
    plan->parameter_count = parameter_count;
    plan->settings = *cx->settings;
    memory_account_init(&plan->memory, cx->memory, "query", limit_bytes);
    arena_init(&plan->arena);
    Context own = *cx;
    own.memory = &plan->memory;
    Status status = copy_parameters(&own, plan, parameters);
    if (status != OK) {
        free_plan(plan);
        return status;
    }
    *out = plan;
    return OK;
}

/* The very same bytes: where equal values print differently (-0, digits behind the point), a plan is of one of them. */
static bool same_value(const Value *a, const Value *b) {
    if (!type_equal(a->type, b->type) || a->is_null != b->is_null) {
        return false;
    }
    if (a->is_null) {
        return true;
    }
    if (type_class(a->type) == CLASS_TEXT) {
        return a->text.bytes == b->text.bytes && memcmp(text_data(&a->text), text_data(&b->text), a->text.bytes) == 0;
    }
    return memcmp(&a->i64, &b->i64, type_bytes(a->type) <= sizeof a->i64 ? sizeof a->i64 : sizeof a->i128) == 0;
}

static bool same_parameters(const KeptPlan *plan, uint32_t count, const Value *values) {
    bool same = plan->parameter_count == count;
    for (uint32_t i = 0; same && i < count; i++) {
        same = same_value(&plan->parameters[i], &values[i]);
    }
    return same;
}

static bool is_right(const KeptPlan *plan, const Settings *settings, SnapshotId snapshot) {
    return snapshot_id_equal(plan->snapshot, snapshot) && settings_equal(&plan->settings, settings);
}

KeptPlan *kept_plan_take(const Context *cx, KnownText *text, Snapshot *snapshot, uint32_t parameter_count,
                         const Value *parameters) {
    KeptPlan *plan = text->plan;
    if (plan == NULL) {
        return NULL;
    }
    text->plan = NULL;
    if (!is_right(plan, cx->settings, snapshot_id(snapshot)) || !same_parameters(plan, parameter_count, parameters)) {
        free_plan(plan);
        return NULL;
    }
    physical_plan_use_snapshot(plan->plan, snapshot);
    return plan;
}

void kept_plan_give_back(KnownText *text, KeptPlan *plan) {
    if (plan == NULL) {
        return;
    }
    bool is_kept = plan->plan != NULL && !plan->is_momentary && plan_bytes(plan) <= PLAN_BYTES_MAX;
    if (text == NULL || text->plan != NULL || !is_kept) {
        free_plan(plan);
        return;
    }
    plan->is_new = false;
    text->plan = plan;
}

/* ---------------------------------------------------------------------------------------------------------------- texts */

KnownText *known_text_retain(KnownText *text) {
    text->users++;
    return text;
}

void known_text_release(KnownText *text) {
    if (text == NULL || --text->users > 0) {
        return;
    }
    free_plan(text->plan);
    arena_free(&text->arena);
    mem_free(text);
}

/* Without the white space at the end, which files of one statement have. */
static size_t trimmed_bytes(const char *sql, size_t bytes) {
    static const char white_space[] = {' ', '\t', '\r', '\n', '\f', '\v'};
    while (bytes > 0 && memchr(white_space, sql[bytes - 1], sizeof white_space) != NULL) {
        bytes--;
    }
    return bytes;
}

static Status make_text(const Context *cx, const char *sql, size_t bytes, size_t *end, KnownText *text) {
    TRY(parse_statement(cx, &text->arena, sql, bytes, end, &text->ast));
    if (text->ast == NULL) {
        return OK;
    }
    text->bytes = trimmed_bytes(sql, *end);
    *end = text->bytes == trimmed_bytes(sql, bytes) ? bytes : *end;
    text->text = arena_copy_text(cx, &text->arena, sql, text->bytes);
    return text->text == NULL ? OUT_OF_MEMORY : OK;
}

static Status create_text(const Context *cx, KnownText **text) {
    TRY_ALLOC_ZEROED(cx, *text, sizeof **text);
    (*text)->users = 1;
    arena_init(&(*text)->arena);
    return OK;
}

static Status parse_text(const Context *cx, const char *sql, size_t bytes, size_t *end, KnownText **out) {
    KnownText *text;
    *out = NULL;
    *end = 0;
    TRY(create_text(cx, &text));
    Status status = make_text(cx, sql, bytes, end, text);
    if (status != OK || text->ast == NULL) {
        known_text_release(text);
        return status;
    }
    *out = text;
    return OK;
}

Status known_text_stored(const Context *cx, const char *sql, SourcePos pos, KnownText **out) {
    KnownText *text;
    *out = NULL;
    TRY(create_text(cx, &text));
    text->stored_at = pos;
    Status status = parse_stored_statement(cx, &text->arena, sql, pos, &text->ast);
    if (status != OK) {
        known_text_release(text);
        return status;
    }
    *out = text;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- cache */

Status plan_cache_create(const Context *cx, PlanCache **cache) {
    TRY_ALLOC_ZEROED(cx, *cache, sizeof **cache);
    return OK;
}

static KnownText **bucket_of(PlanCache *cache, uint64_t hash) {
    return &cache->buckets[hash & (BUCKETS - 1)];
}

static void unlink_use(PlanCache *cache, KnownText *text) {
    *(text->newer != NULL ? &text->newer->older : &cache->newest) = text->older;
    *(text->older != NULL ? &text->older->newer : &cache->oldest) = text->newer;
}

static void link_newest(PlanCache *cache, KnownText *text) {
    text->newer = NULL;
    text->older = cache->newest;
    *(text->older != NULL ? &text->older->newer : &cache->oldest) = text;
    cache->newest = text;
}

static void forget_oldest(PlanCache *cache) {
    KnownText *text = cache->oldest, **at = bucket_of(cache, text->hash);
    while (*at != text) {
        at = &(*at)->next_in_bucket;
    }
    *at = text->next_in_bucket;
    unlink_use(cache, text);
    cache->count--;
    known_text_release(text);
}

void plan_cache_free(PlanCache *cache) {
    if (cache == NULL) {
        return;
    }
    while (cache->oldest != NULL) {
        forget_oldest(cache);
    }
    mem_free(cache);
}

void plan_cache_trim(PlanCache *cache) {
    int64_t bytes = 0;
    for (KnownText *text = cache == NULL ? NULL : cache->newest; text != NULL; text = text->older) {
        bytes += text->plan == NULL ? 0 : plan_bytes(text->plan);
        if (bytes > PLANS_BYTES_MAX) {
            free_plan(text->plan);
            text->plan = NULL;
        }
    }
}

static KnownText *look_up(PlanCache *cache, const char *sql, size_t bytes, uint64_t hash) {
    KnownText *text = *bucket_of(cache, hash);
    while (text != NULL && (text->hash != hash || text->bytes != bytes || memcmp(text->text, sql, bytes) != 0)) {
        text = text->next_in_bucket;
    }
    return text;
}

static void remember(PlanCache *cache, KnownText *text, uint64_t hash) {
    if (cache->count == TEXTS_MAX) {
        forget_oldest(cache);
    }
    KnownText **bucket = bucket_of(cache, hash);
    text->hash = hash;
    text->next_in_bucket = *bucket;
    *bucket = text;
    link_newest(cache, known_text_retain(text));
    cache->count++;
}

/* Only queries have plans that are kept, and only a text that is one statement is known before it is parsed. */
Status known_text_find(const Context *cx, PlanCache *cache, const char *sql, size_t bytes, size_t *end, KnownText **out) {
    if (cache == NULL || bytes > TEXT_BYTES_MAX) {
        return parse_text(cx, sql, bytes, end, out);
    }
    size_t trimmed = trimmed_bytes(sql, bytes);
    uint64_t hash = hash_bytes(sql, trimmed, 0);
    KnownText *known = look_up(cache, sql, trimmed, hash);
    if (known != NULL) {
        unlink_use(cache, known);
        link_newest(cache, known);
        *end = bytes;
        *out = known_text_retain(known);
        return OK;
    }
    TRY(parse_text(cx, sql, bytes, end, out));
    if (*out != NULL && *end == bytes && (*out)->ast->kind == AST_STATEMENT_QUERY) {
        remember(cache, *out, hash);
    }
    return OK;
}
