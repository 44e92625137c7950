/* Hints: which joins they are about, what they leave open, what became of them (hints.h). */
#include "plan/hints.h"

#include <string.h>

const char *const hint_names[HINT_COUNT] = {
#define HINT(tag, what) #tag,
#include "plan/hints.def"
#undef HINT
};

#define BIT(kind) (1u << HINT_##kind)
#define METHODS (BIT(HASH) | BIT(MERGE) | BIT(LOOP))
#define MOVES (BIT(BROADCAST) | BIT(REDISTRIBUTE) | BIT(SALT))

/* ----------------------------------------------------------------------------------------------- which relation a tree is */

static bool has_column(const HintRelation *relation, const ColumnId *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < relation->column_count; k++) {
            if (relation->columns[k] == columns[i]) {
                return true;
            }
        }
    }
    return false;
}

/* Does the tree make a column of the relation? */
static bool makes(const LogicalNode *node, const HintRelation *relation) {
    if (has_column(relation, node->columns, node->column_count) ||
        (node->kind == LOGICAL_GET && has_column(relation, &node->get.first, 1))) {
        return true;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (makes(node->children[i], relation)) {
            return true;
        }
    }
    return false;
}

/* The set of the scope's relations that the tree is made of; those past the 64th are not seen. */
static uint64_t relations_in(const HintScope *scope, const LogicalNode *node) {
    uint64_t set = 0;
    for (uint32_t r = 0; r < scope->count && r < BLOCK_RELATIONS_MAX; r++) {
        set |= makes(node, &scope->relations[r]) ? (uint64_t)1 << r : 0;
    }
    return set;
}

/* Is the tree the hint's relation and no other of its FROM? */
static bool is_hinted(const Hint *hint, const LogicalNode *node) {
    return hint->scope != NULL && hint->kind != HINT_LEADING &&
           relations_in(hint->scope, node) == (uint64_t)1 << hint->relations[0];
}

static uint32_t kinds_of(const LogicalPlan *plan, const LogicalNode *node) {
    uint32_t kinds = 0;
    for (const Hint *hint = plan->hints; hint != NULL; hint = hint->next) {
        kinds |= is_hinted(hint, node) ? 1u << hint->kind : 0;
    }
    return kinds;
}

static uint32_t kinds_of_every(const LogicalPlan *plan) {
    uint32_t kinds = 0;
    for (const Hint *hint = plan->hints; hint != NULL; hint = hint->next) {
        kinds |= hint->scope == NULL ? 1u << hint->kind : 0;
    }
    return kinds;
}

/* ------------------------------------------------------------------------------------------------------ what is left open */

static uint32_t methods_of(uint32_t kinds) {
    uint32_t methods = (kinds & BIT(HASH) ? 1u << METHOD_HASH : 0) | (kinds & BIT(MERGE) ? 1u << METHOD_MERGE : 0) |
                       (kinds & BIT(LOOP) ? 1u << METHOD_LOOP : 0);
    return methods == 0 ? ALL_CHOICES : methods;
}

/* A hint about one relation wants its rows to move. One about every join only forbids the other way of bringing rows together:
 * those that are where their keys belong need none. */
static uint32_t moves_of(uint32_t kinds, uint32_t every) {
    uint32_t redistributed = 1u << MOVE_INNER | 1u << MOVE_BOTH, moves = 0;
    if (kinds & (BIT(BROADCAST) | BIT(REDISTRIBUTE))) {
        return (kinds & BIT(BROADCAST) ? 1u << MOVE_BROADCAST : 0) | (kinds & BIT(REDISTRIBUTE) ? redistributed : 0);
    }
    moves |= every & BIT(BROADCAST) ? 1u << MOVE_BROADCAST : 0;
    moves |= every & BIT(REDISTRIBUTE) ? redistributed | 1u << MOVE_OUTER | 1u << MOVE_NONE : 0;
    return moves == 0 ? ALL_CHOICES : moves;
}

/* A relation whose move is asked for is the inner side; if both sides are, either may be. */
static JoinChoice choice_of(uint32_t outer, uint32_t inner, uint32_t every) {
    uint32_t either = outer | inner;
    return (JoinChoice){.methods = methods_of((either & METHODS) != 0 ? either : every),
                        .moves = moves_of(inner, every),
                        .wants_salt = ((inner | every) & BIT(SALT)) != 0,
                        .is_turned = (outer & MOVES) != 0 && (inner & MOVES) == 0};
}

static bool choice_has(const JoinChoice *choice, JoinStrategy strategy) {
    return !choice->is_turned && (choice->methods >> strategy.method & 1) && (choice->moves >> strategy.move & 1) &&
           (!choice->wants_salt || strategy.is_salted);
}

JoinChoice hints_of_join(const LogicalPlan *plan, const LogicalNode *outer, const LogicalNode *inner) {
    if (plan->hints == NULL) {
        return choice_of(0, 0, 0);
    }
    return choice_of(kinds_of(plan, outer), kinds_of(plan, inner), kinds_of_every(plan));
}

/* The block's relations that a relation of the hint's FROM is in, if they are one. */
static uint64_t find_in_block(const Hint *hint, uint32_t relation, LogicalNode *const *relations, uint32_t count) {
    for (uint32_t r = 0; r < count; r++) {
        if (makes(relations[r], &hint->scope->relations[relation])) {
            return (uint64_t)1 << r;
        }
    }
    return 0;
}

/* Sets that LEADING asks for. A hint about relations of other blocks, or of one alone, asks nothing of this one. */
static void find_leading(const Hint *hint, LogicalNode *const *relations, uint32_t count, BlockHints *hints) {
    uint64_t set = 0;
    uint32_t sets = 0;
    for (uint32_t i = 0; i < hint->count; i++) {
        uint64_t found = find_in_block(hint, hint->relations[i], relations, count);
        if (found == 0 || (set & found) != 0) {
            return;
        }
        set |= found;
        if (i > 0) {
            hints->leading[sets++] = set;
        }
    }
    hints->leading_count = sets;
}

void hints_of_block(const LogicalPlan *plan, LogicalNode *const *relations, uint32_t count, BlockHints *hints) {
    *hints = (BlockHints){.has_any = plan->hints != NULL};
    if (plan->hints == NULL || count > BLOCK_RELATIONS_MAX) {
        hints->has_any = false;
        return;
    }
    hints->every = kinds_of_every(plan);
    for (uint32_t r = 0; r < count; r++) {
        hints->kinds[r] = kinds_of(plan, relations[r]);
    }
    for (const Hint *hint = plan->hints; hint != NULL; hint = hint->next) {
        if (hint->kind == HINT_LEADING && hints->leading_count == 0) {
            find_leading(hint, relations, count, hints);
        }
    }
}

bool hints_ask_set(const BlockHints *hints, uint64_t set) {
    for (uint32_t i = 0; i < hints->leading_count; i++) {
        if (hints->leading[i] == set) {
            return true;
        }
    }
    return false;
}

bool hints_allow_set(const BlockHints *hints, uint64_t set) {
    uint64_t all = hints->leading_count == 0 ? 0 : hints->leading[hints->leading_count - 1];
    return (set & all) == 0 || (set & all) == all || (set & (set - 1)) == 0 || hints_ask_set(hints, set);
}

static uint32_t kinds_of_set(const BlockHints *hints, uint64_t set) {
    return (set & (set - 1)) == 0 && set != 0 ? hints->kinds[__builtin_ctzll(set)] : 0;
}

JoinChoice hints_of_sets(const BlockHints *hints, uint64_t outer, uint64_t inner) {
    return hints->has_any ? choice_of(kinds_of_set(hints, outer), kinds_of_set(hints, inner), hints->every)
                          : choice_of(0, 0, 0);
}

bool hints_keep_partitions(const LogicalPlan *plan, const LogicalNode *get) {
    bool keeps = false;
    for (Hint *hint = plan->hints; hint != NULL; hint = hint->next) {
        if (hint->kind == HINT_NO_PRUNE && (hint->scope == NULL || makes(get, &hint->scope->relations[hint->relations[0]]))) {
            keeps = hint->is_followed = true;
        }
    }
    return keeps;
}

/* ------------------------------------------------------------------------------------------------------ what became of it */

/* LEADING is followed if every set that it asks for is what some join makes. */
static void note_leading(Hint *hint, const LogicalNode *outer, const LogicalNode *inner) {
    uint64_t made = relations_in(hint->scope, outer) | relations_in(hint->scope, inner), set = 0;
    for (uint32_t i = 0; i < hint->count; i++) {
        set |= (uint64_t)1 << hint->relations[i];
        hint->leading_met |= i > 0 && set == made ? (uint64_t)1 << i : 0;
    }
    hint->is_followed = (uint32_t)__builtin_popcountll(hint->leading_met) + 1 == hint->count;
}

void hints_note_join(const LogicalPlan *plan, const LogicalNode *outer, const LogicalNode *inner, JoinStrategy strategy,
                     const char *instead) {
    for (Hint *hint = plan->hints; hint != NULL; hint = hint->next) {
        if (hint->kind == HINT_NO_PRUNE) {
            continue;
        }
        if (hint->scope == NULL) {
            JoinChoice choice = choice_of(0, 0, 1u << hint->kind);
            hint->is_followed |= choice_has(&choice, strategy);
            hint->instead = instead;
            continue;
        }
        if (hint->kind == HINT_LEADING) {
            note_leading(hint, outer, inner);
            continue;
        }
        bool is_inner = is_hinted(hint, inner), is_outer = is_hinted(hint, outer);
        uint32_t kind = 1u << hint->kind;
        JoinChoice choice = choice_of(is_outer ? kind : 0, is_inner ? kind : 0, 0);
        hint->is_followed |= (is_inner || is_outer) && choice_has(&choice, strategy);
        hint->instead = is_inner || is_outer ? instead : hint->instead;
    }
}

/* "BROADCAST(d)" */
static char *hint_text(const Context *cx, Arena *arena, const Hint *hint) {
    if (hint->scope == NULL) {
        return arena_format(cx, arena, "%s", hint_names[hint->kind]);
    }
    char *text = arena_format(cx, arena, "%s(", hint_names[hint->kind]);
    for (uint32_t i = 0; i < hint->count && text != NULL; i++) {
        const char *name = hint->scope->relations[hint->relations[i]].name;
        text = arena_format(cx, arena, "%s%s%s", text, i > 0 ? " " : "", name);
    }
    return text == NULL ? NULL : arena_format(cx, arena, "%s)", text);
}

Status hints_unfollowed(const Context *cx, Arena *arena, const Hint **place, const char **text) {
    const Hint *hint = *place;
    *text = NULL;
    while (hint != NULL && hint->is_followed) {
        hint = hint->next;
    }
    *place = hint == NULL ? NULL : hint->next;
    if (hint == NULL) {
        return OK;
    }
    const char *name = hint_text(cx, arena, hint);
    const char *why = hint->kind == HINT_NO_PRUNE  ? "no table of that name is scanned"
                      : hint->kind == HINT_LEADING ? "the relations are not joined in that order"
                      : hint->instead == NULL
                          ? (hint->scope == NULL ? "nothing is joined" : "no join has the relation alone on one side")
                          : hint->instead;
    *text = name == NULL ? NULL : arena_format(cx, arena, "%s: %s%s", name, why == hint->instead ? "its join is " : "", why);
    return *text == NULL ? OUT_OF_MEMORY : OK;
}
