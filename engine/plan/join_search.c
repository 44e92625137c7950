/* The search for the best join tree (join_search.h). */
#include "plan/join_search.h"

#include "core/settings.h"
#include "plan/hints.h"

#define RELATIONS_EXACT 12
#define PARTS_LEFT 10                /* to which larger blocks are reduced before the exact search */
#define PLANS_MAX 6                  /* kept per set */
#define EVALUATIONS_EXACT_MAX 200000 /* joins priced with all kept plans; after that each set keeps its cheapest only */
#define ESTIMATE_DOUBT 8
#define SCAN_WORTH_PRUNING 16 /* rows scanned that weigh as much as a row built */

/* A set of relations and the plans that are worth keeping for it. */
typedef struct Part {
    RelationSet set, neighbours;
    ClassSet classes;
    double rows, width;
    double largest; /* rows of its largest table */
    uint32_t count; /* 0: no plan found */
    JoinTree *plans[PLANS_MAX];
} Part;

typedef struct Search {
    const JoinGraph *graph;
    Cluster cluster;
    bool moves_rows; /* several nodes: placements count */
    JoinMove asked;  /* by the setting join_move */
    BlockHints hints;
    uint64_t random; /* 0: the best plan is looked for */
    uint32_t evaluations;
} Search;

static bool is_spread(PlacementKind kind) {
    return kind == PLACED_RANDOM || kind == PLACED_HASHED;
}

/* splitmix64 */
static uint32_t draw(Search *search, uint32_t below) {
    uint64_t x = search->random += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((x ^ x >> 31) % below);
}

/* -------------------------------------------------------------------------------------------------------------------- parts */

static Status new_tree(const Search *search, const JoinTree *from, JoinTree **tree) {
    TRY_NEW(search->graph->cx, search->graph->plan->arena, *tree);
    **tree = *from;
    return OK;
}

/* Hashed by a class that nothing further is joined by is worth no more than any other placement. */
static Place worthwhile(const Search *search, Place place, RelationSet set) {
    if (place.kind != PLACED_HASHED) {
        return place;
    }
    for (ClassSet left = place.classes; left != 0; left &= left - 1) {
        if ((search->graph->classes[__builtin_ctzll(left)].relations & ~set) == 0) {
            return (Place){PLACED_RANDOM, 0};
        }
    }
    return place.classes == 0 ? (Place){PLACED_RANDOM, 0} : place;
}

static Place place_of_relation(const Search *search, uint32_t relation) {
    LeafPlace leaf = search->graph->places[relation];
    if (!search->moves_rows) {
        return (Place){PLACED_RANDOM, 0};
    }
    uint32_t class_ = leaf.kind == PLACED_HASHED ? graph_class_of(search->graph, leaf.hashed_by) : UINT32_MAX;
    Place place = {leaf.kind, class_ < CLASSES_MAX ? (ClassSet)1 << class_ : 0};
    return worthwhile(search, place, (RelationSet)1 << relation);
}

static Status part_of_relation(const Search *search, uint32_t r, Part *part) {
    const JoinGraph *graph = search->graph;
    RelationSet set = (RelationSet)1 << r;
    JoinTree tree = {.set = set, .place = place_of_relation(search, r)};
    *part = (Part){.set = set,
                   .neighbours = graph->neighbours[r],
                   .classes = graph->relation_classes[r],
                   .rows = graph->relations[r]->rows,
                   .width = graph->widths[r],
                   .largest = graph->relations[r]->largest_table,
                   .count = 1};
    return new_tree(search, &tree, &part->plans[0]);
}

/* Estimates of joins err low far more often than those of tables, and a large table built by mistake costs more than a small
 * one saves; and the scan of a large table is better probed, for then the other side's keys prune it. */
static double weight_as_inner(const Part *part) {
    if ((part->set & (part->set - 1)) == 0) {
        return part->rows;
    }
    double doubted = part->rows * ESTIMATE_DOUBT, scanned = part->largest / SCAN_WORTH_PRUNING;
    return doubted > scanned ? doubted : scanned;
}

/* The union of two parts, without plans. */
static Part part_of_both(const Search *search, const Part *a, const Part *b) {
    RelationSet set = a->set | b->set;
    return (Part){.set = set,
                  .neighbours = (a->neighbours | b->neighbours) & ~set,
                  .classes = a->classes | b->classes,
                  .rows = graph_rows(search->graph, set),
                  .width = a->width + b->width,
                  .largest = a->largest > b->largest ? a->largest : b->largest};
}

static bool is_at_least(Place a, Place b) {
    return (a.kind == b.kind && a.classes == b.classes) || (a.kind == PLACED_HASHED && b.kind == PLACED_RANDOM);
}

/* Keeps the plan if none is both cheaper and placed as well, and drops those that it makes needless. */
static Status keep_plan(const Search *search, Part *part, const JoinTree *plan) {
    JoinTree *spare = NULL;
    uint32_t kept = 0, most = search->evaluations > EVALUATIONS_EXACT_MAX ? 1 : PLANS_MAX;
    for (uint32_t i = 0; i < part->count; i++) {
        if (part->plans[i]->nanoseconds <= plan->nanoseconds &&
            (most == 1 || is_at_least(part->plans[i]->place, plan->place))) {
            return OK;
        }
    }
    for (uint32_t i = 0; i < part->count; i++) {
        bool is_needless =
            plan->nanoseconds <= part->plans[i]->nanoseconds && (most == 1 || is_at_least(plan->place, part->plans[i]->place));
        if (is_needless) {
            spare = part->plans[i];
        } else {
            part->plans[kept++] = part->plans[i];
        }
    }
    part->count = kept;
    if (kept == PLANS_MAX) { /* in the place of the dearest */
        uint32_t dearest = 0;
        for (uint32_t i = 1; i < kept; i++) {
            dearest = part->plans[i]->nanoseconds > part->plans[dearest]->nanoseconds ? i : dearest;
        }
        if (part->plans[dearest]->nanoseconds > plan->nanoseconds) {
            *part->plans[dearest] = *plan;
        }
        return OK;
    }
    if (spare == NULL) {
        TRY(new_tree(search, plan, &spare));
    }
    *spare = *plan;
    part->plans[part->count++] = spare;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ joining parts */

/* Two parts as the sides of a join. */
typedef struct Pair {
    const Part *outer, *inner;
    RelationSet set;
    JoinMatch match;
    ClassSet keys;      /* classes that join them */
    bool has_other_key; /* lowering hashes by it as well: then nobody knows by which classes */
    bool can_merge;     /* both are tables, sorted and placed by a class that joins them */
    double rows;
} Pair;

static bool can_merge(const JoinGraph *graph, RelationSet outer, RelationSet inner) {
    if ((outer & (outer - 1)) != 0 || (inner & (inner - 1)) != 0 || !graph->cx->settings->enable_mergejoin) {
        return false;
    }
    uint32_t a = (uint32_t)__builtin_ctzll(outer), b = (uint32_t)__builtin_ctzll(inner);
    return graph->sorted_classes[a] != CLASS_NONE && graph->sorted_classes[a] == graph->sorted_classes[b] &&
           graph->places[a].kind == graph->places[b].kind;
}

static Pair pair_of(const Search *search, const Part *outer, const Part *inner, double rows) {
    Pair pair = {.outer = outer,
                 .inner = inner,
                 .set = outer->set | inner->set,
                 .match = MATCH_KEYS,
                 .keys = outer->classes & inner->classes,
                 .rows = rows};
    pair.can_merge = can_merge(search->graph, outer->set, inner->set);
    if (search->graph->has_other_edges || search->graph->class_count > CLASSES_MAX) {
        pair.has_other_key = graph_has_other_key(search->graph, outer->set, inner->set);
    }
    if (pair.keys == 0 && !pair.has_other_key) {
        pair.match = graph_match(search->graph, outer->set, inner->set);
    }
    return pair;
}

static bool is_hashed_within(Place place, ClassSet keys) {
    return place.kind == PLACED_HASHED && (place.classes & ~keys) == 0;
}

/* Would the move give the right rows? As distribute_join.c knows it, for inner joins. */
static bool is_right(const Pair *pair, JoinMove move, Place p, Place b) {
    bool one_place = !is_spread(p.kind) && !is_spread(b.kind);
    switch (move) {
    case MOVE_NONE:
        return one_place || (p.kind == PLACED_REPLICATED && is_spread(b.kind)) ||
               (b.kind == PLACED_REPLICATED && is_spread(p.kind)) ||
               (is_hashed_within(p, pair->keys) && b.kind == PLACED_HASHED && p.classes == b.classes);
    case MOVE_BROADCAST: return is_spread(p.kind) && b.kind != PLACED_REPLICATED;
    case MOVE_INNER: return !one_place && (!is_spread(p.kind) || is_hashed_within(p, pair->keys));
    case MOVE_OUTER: return !one_place && is_hashed_within(b, pair->keys);
    case MOVE_BOTH: return !one_place && pair->match == MATCH_KEYS;
    case MOVE_ANY: break;
    }
    return false;
}

static Place place_after_join(const Search *search, const Pair *pair, JoinMove move, Place p, Place b) {
    JoinSteps steps = join_steps(move, p.kind, b.kind, pair->match == MATCH_KEYS);
    Place place = p;
    if (steps.probe == STEP_LEADER) {
        place = (Place){PLACED_LEADER, 0};
    } else if (move == MOVE_BOTH) {
        place = (Place){pair->has_other_key ? PLACED_RANDOM : PLACED_HASHED, pair->has_other_key ? 0 : pair->keys};
    } else if (move == MOVE_OUTER || p.kind == PLACED_REPLICATED) {
        place = b;
    }
    return worthwhile(search, place, pair->set);
}

static JoinPrice price_pair(const Search *search, const Pair *pair, JoinMove move, Place p, Place b) {
    JoinSide outer = {p.kind, pair->outer->rows, pair->outer->width}, inner = {b.kind, pair->inner->rows, pair->inner->width};
    JoinSteps steps = join_steps(move, p.kind, b.kind, pair->match == MATCH_KEYS);
    JoinPrice price = price_join(&search->cluster, steps, &outer, &inner, pair->rows, pair->match);
    if (pair->can_merge && (move == MOVE_NONE || move == MOVE_ANY)) {
        JoinPrice merged = price_merge(&search->cluster, &outer, &inner, pair->rows);
        price = merged.nanoseconds < price.nanoseconds ? merged : price;
    }
    return price;
}

/* The moves between two plans as bits: what hints, then the setting asks for, if it is right; nothing, if nothing need move. */
static uint32_t moves_of(const Search *search, const Pair *pair, Place p, Place b) {
    uint32_t moves = 0;
    if (!search->moves_rows) {
        return 1u << MOVE_ANY;
    }
    for (JoinMove move = MOVE_NONE; move <= MOVE_BOTH; move++) {
        moves |= is_right(pair, move, p, b) ? 1u << move : 0;
    }
    uint32_t hinted = hints_of_sets(&search->hints, pair->outer->set, pair->inner->set).moves;
    if (hinted != ALL_CHOICES && (moves & hinted) != 0) {
        return moves & hinted;
    }
    if (search->asked != MOVE_ANY && (moves >> search->asked & 1)) {
        return 1u << search->asked;
    }
    bool stays = (moves >> MOVE_NONE & 1) && search->random == 0;
    return stays ? 1u << MOVE_NONE : moves;
}

static JoinTree tree_of(const Search *search, const Pair *pair, JoinMove move, const JoinTree *p, const JoinTree *b) {
    return (JoinTree){.set = pair->set,
                      .outer = p,
                      .inner = b,
                      .strategy = {.move = move, .keeps_sides = true, .is_forced = search->random != 0},
                      .place = place_after_join(search, pair, move, p->place, b->place),
                      .nanoseconds =
                          p->nanoseconds + b->nanoseconds + price_pair(search, pair, move, p->place, b->place).nanoseconds};
}

/* Adds what joining the two parts' plans gives to the plans of `part`. */
static Status join_parts(Search *search, const Part *a, const Part *b, Part *part) {
    bool turns = weight_as_inner(a) < weight_as_inner(b);
    turns ^= hints_of_sets(&search->hints, turns ? b->set : a->set, turns ? a->set : b->set).is_turned;
    Pair pair = pair_of(search, turns ? b : a, turns ? a : b, part->rows);
    for (uint32_t i = 0; i < pair.outer->count; i++) {
        for (uint32_t k = 0; k < pair.inner->count; k++) {
            const JoinTree *p = pair.outer->plans[i], *q = pair.inner->plans[k];
            uint32_t moves = moves_of(search, &pair, p->place, q->place);
            for (JoinMove move = MOVE_ANY; move <= MOVE_BOTH; move++) {
                if (moves >> move & 1) {
                    JoinTree tree = tree_of(search, &pair, move, p, q);
                    search->evaluations++;
                    TRY(keep_plan(search, part, &tree));
                }
            }
        }
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------------- exact
 */

/* A condition ties them, or a hint wants them joined; and no hint wants others first. */
static bool may_join(const Search *search, const Part *a, const Part *b) {
    RelationSet set = a->set | b->set;
    return ((a->neighbours & b->set) != 0 && hints_allow_set(&search->hints, set)) || hints_ask_set(&search->hints, set);
}

/* All parts by which of the given ones they are made of. */
static Status search_exactly(Search *search, const Part *parts, uint32_t count, Part **out) {
    uint32_t all = (1u << count) - 1;
    Part *by_set;
    TRY_NEW_ARRAY(search->graph->cx, search->graph->plan->arena, by_set, (size_t)all + 1);
    for (uint32_t set = 1; set <= all; set++) {
        uint32_t lowest = set & -set;
        if (set == lowest) {
            by_set[set] = parts[__builtin_ctz(set)];
            continue;
        }
        for (uint32_t half = (set - 1) & set; half != 0; half = (half - 1) & set) {
            const Part *a = &by_set[half], *b = &by_set[set ^ half];
            if (!(half & lowest) || a->count == 0 || b->count == 0 || !may_join(search, a, b)) {
                continue;
            }
            if (by_set[set].set == 0) {
                by_set[set] = part_of_both(search, a, b);
            }
            TRY(join_parts(search, a, b, &by_set[set]));
        }
    }
    *out = by_set;
    return OK;
}

/* The best plans of each connected component take the parts' place. */
static Status search_components(Search *search, Part *parts, uint32_t *count) {
    Part *by_set;
    uint32_t left = (1u << *count) - 1, found = 0;
    TRY(search_exactly(search, parts, *count, &by_set));
    while (left != 0) {
        uint32_t largest = left & -left; /* a condition over three relations may tie them without joining any two */
        for (uint32_t set = left; set != 0; set = (set - 1) & left) {
            bool is_larger = __builtin_popcount(set) > __builtin_popcount(largest) && (set & left & -left);
            largest = by_set[set].count > 0 && is_larger ? set : largest;
        }
        parts[found++] = by_set[largest];
        left &= ~largest;
    }
    *count = found;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------------- greedy
 */

/* Joins parts i < j, which become part i. */
static Status merge_parts(Search *search, Part *parts, uint32_t *count, uint32_t i, uint32_t j) {
    Part both = part_of_both(search, &parts[i], &parts[j]);
    TRY(join_parts(search, &parts[i], &parts[j], &both));
    parts[i] = both;
    memmove(&parts[j], &parts[j + 1], (*count - j - 1) * sizeof *parts);
    (*count)--;
    return OK;
}

/* Joins the pair with the smallest result until `enough` parts are left: pairs that a condition ties, then, if `may_cross`,
 * others. Rows of pairs are remembered, for there are many and they cost. */
static Status search_greedily(Search *search, Part *parts, uint32_t *count, uint32_t enough, bool may_cross) {
    uint32_t stride = *count;
    double *rows;
    TRY_NEW_ARRAY(search->graph->cx, search->graph->plan->arena, rows, (size_t)stride * stride + 1);
    while (*count > enough) {
        uint32_t best_i = 0, best_j = 0;
        bool best_tied = false;
        double best_rows = 0;
        for (uint32_t i = 0; i < *count; i++) {
            for (uint32_t j = i + 1; j < *count; j++) {
                bool is_tied = may_join(search, &parts[i], &parts[j]);
                if (!is_tied && (best_tied || !may_cross)) {
                    continue;
                }
                double *known = &rows[i * stride + j];
                *known = *known == 0 ? graph_rows(search->graph, parts[i].set | parts[j].set) : *known;
                if (best_j == 0 || is_tied > best_tied || *known < best_rows) {
                    best_i = i;
                    best_j = j;
                    best_tied = is_tied;
                    best_rows = *known;
                }
            }
        }
        if (best_j == 0) {
            return OK;
        }
        TRY(merge_parts(search, parts, count, best_i, best_j));
        for (uint32_t i = 0; i < *count; i++) { /* part j is gone, those behind it moved up, pairs of part i are new */
            for (uint32_t j = 0; j < *count; j++) {
                uint32_t from = (i + (i >= best_j)) * stride + j + (j >= best_j);
                rows[i * stride + j] = i == best_i || j == best_i ? 0 : rows[from];
            }
        }
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------------- random
 */

static bool any_tied(const Part *parts, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = i + 1; j < count; j++) {
            if ((parts[i].neighbours & parts[j].set) != 0) {
                return true;
            }
        }
    }
    return false;
}

static Status join_randomly(Search *search, const Part *a, const Part *b, Part *both) {
    bool turns = draw(search, 2) == 1;
    Pair pair = pair_of(search, turns ? b : a, turns ? a : b, both->rows);
    const JoinTree *p = pair.outer->plans[0], *q = pair.inner->plans[0];
    uint32_t moves = moves_of(search, &pair, p->place, q->place);
    for (uint32_t skipped = draw(search, (uint32_t)__builtin_popcount(moves)); skipped > 0; skipped--) {
        moves &= moves - 1;
    }
    JoinTree tree = tree_of(search, &pair, (JoinMove)__builtin_ctz(moves), p, q);
    return keep_plan(search, both, &tree);
}

/* Some tree: any two parts that a condition ties, in any roles, with any move that is right. */
static Status search_randomly(Search *search, Part *parts, uint32_t *count) {
    while (*count > 1) {
        bool is_free = !any_tied(parts, *count);
        uint32_t i, j;
        do {
            i = draw(search, *count);
            j = draw(search, *count);
        } while (i >= j || (!is_free && (parts[i].neighbours & parts[j].set) == 0));
        Part both = part_of_both(search, &parts[i], &parts[j]);
        TRY(join_randomly(search, &parts[i], &parts[j], &both));
        parts[i] = both;
        memmove(&parts[j], &parts[j + 1], (*count - j - 1) * sizeof *parts);
        (*count)--;
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------------- entry
 */

/* The same for the same seed and relations, whatever else the statement has. */
static uint64_t random_state(const JoinGraph *graph, int64_t seed) {
    uint64_t state = (uint64_t)seed * 0x2545f4914f6cdd1du;
    for (uint32_t r = 0; r < graph->count; r++) {
        state = state * 31 + graph->relations[r]->column_count;
    }
    return state | 1;
}

Status join_search(const JoinGraph *graph, const JoinTree **tree) {
    const Settings *settings = graph->cx->settings;
    uint32_t nodes = planned_nodes(graph->plan, snapshot_topology(graph->plan->snapshot).nodes);
    Search search = {.graph = graph,
                     .cluster = cluster_of(settings, nodes),
                     .moves_rows = nodes > 1,
                     .asked = move_of_setting(settings),
                     .random = settings->join_order_seed > 0 ? random_state(graph, settings->join_order_seed) : 0};
    Part *parts;
    uint32_t count = graph->count;
    hints_of_block(graph->plan, graph->relations, count, &search.hints);
    TRY_NEW_ARRAY(graph->cx, graph->plan->arena, parts, count);
    for (uint32_t r = 0; r < count; r++) {
        TRY(part_of_relation(&search, r, &parts[r]));
    }
    if (search.random != 0) {
        TRY(search_randomly(&search, parts, &count));
    } else {
        TRY(search_greedily(&search, parts, &count, count > RELATIONS_EXACT ? PARTS_LEFT : RELATIONS_EXACT, false));
        if (count <= RELATIONS_EXACT) {
            TRY(search_components(&search, parts, &count));
        }
        TRY(search_greedily(&search, parts, &count, 1, true));
    }
    *tree = parts[0].plans[0];
    for (uint32_t i = 1; i < parts[0].count; i++) {
        *tree = parts[0].plans[i]->nanoseconds < (*tree)->nanoseconds ? parts[0].plans[i] : *tree;
    }
    return OK;
}
