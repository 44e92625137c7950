"""Joins over tables whose keys are skewed, with and without salt: always SQLite's rows.

usage: salting.py DEPOT FIRST_SEED SEEDS. Keys are INTEGER, BIGINT, VARCHAR and DECIMAL, many of them NULL, one to three of them
so frequent that they are salted wherever that is right. At the end salted plans must have been seen for every kind of join that
may be salted, and for none that may not."""
import collections
import random
import sys

import join_moves

# By the word that EXPLAIN has between Hash and Join.
QUERIES = {
    "": ["SELECT a.v, b.v FROM {a} a JOIN {b} b ON a.{k} = b.{k}",
         "SELECT a.v, b.v, b.t FROM {a} a JOIN {b} b ON a.{k} = b.{k} AND a.v > b.v",
         "SELECT a.v, b.v, c.v FROM {a} a JOIN {b} b ON a.{k} = b.{k} JOIN {c} c ON a.{k} = c.{k}",
         "SELECT a.v, b.v, c.v FROM {a} a JOIN {b} b ON a.k = b.k JOIN {c} c ON a.t = c.t",
         "SELECT a.{k}, count(*), sum(b.v) FROM {a} a JOIN {b} b ON a.{k} = b.{k} GROUP BY a.{k} -- kt"],
    "Left": ["SELECT a.v, b.v, b.t FROM {a} a LEFT JOIN {b} b ON a.{k} = b.{k}",
             "SELECT a.v, b.v FROM {a} a LEFT JOIN {b} b ON a.{k} = b.{k} AND a.v % 3 = 0",
             "SELECT a.{k}, count(*), count(b.v) FROM {a} a LEFT JOIN {b} b ON a.{k} = b.{k} GROUP BY a.{k} -- kt"],
    "Semi": ["SELECT a.v FROM {a} a WHERE EXISTS (SELECT 1 FROM {b} b WHERE a.{k} = b.{k})",
             "SELECT a.v FROM {a} a WHERE EXISTS (SELECT 1 FROM {b} b WHERE a.{k} = b.{k} AND a.v <> b.v)"],
    "Anti": ["SELECT a.v FROM {a} a WHERE NOT EXISTS (SELECT 1 FROM {b} b WHERE a.{k} = b.{k})",
             "SELECT a.v FROM {a} a WHERE NOT EXISTS (SELECT 1 FROM {b} b WHERE a.{k} = b.{k} AND a.v % 2 = b.v % 2)"],
    "never": ["SELECT a.v, b.v FROM {a} a FULL JOIN {b} b ON a.{k} = b.{k}",
              "SELECT a.{k}, b.{k}, count(*) FROM {a} a FULL JOIN {b} b ON a.{k} = b.{k} GROUP BY a.{k}, b.{k} -- kt",
              "SELECT a.v FROM {a} a WHERE a.{k} NOT IN (SELECT {k} FROM {b} WHERE {k} IS NOT NULL)",
              "SELECT a.v FROM {a} a WHERE a.{k} NOT IN (SELECT {k} FROM {b})"],
}


def skewed_rows(rng, count, hot_share):
    null_share = rng.choice([0, 0.1, 0.4])
    hot = rng.randrange(1, 4)
    rows = []
    for v in rng.sample(range(count), count):
        key = rng.randrange(hot) if rng.random() < hot_share else rng.randrange(200)
        null = lambda value: None if rng.random() < null_share else value
        rows.append((null(key), null(f"text of key {key}"), null(key - 50), v))
    return rows


class World(join_moves.World):
    def make(self, rng):
        for name in "pqr":
            rows = skewed_rows(rng, rng.choice([600, 900]) if name == "p" else rng.choice([5, 60, 150]),
                               rng.uniform(0.3, 0.8) if name == "p" else 0.02)
            design = rng.choice(["DISTSTYLE EVEN", "DISTKEY (k)", "DISTKEY (t)", "DISTKEY (v)"])
            integer = rng.choice(["INTEGER", "BIGINT"])
            self.add_table(name, integer, design, rows)
            self.statements.append(f"ANALYZE {name}")
        self.kinds = [kind for kind, texts in QUERIES.items() for _ in texts]
        for text in [text for texts in QUERIES.values() for text in texts]:
            text, _, keys = text.partition(" -- ") # of a key that is printed: SQLite prints decimals otherwise
            self.queries.append(text.format(a="p", b="q", c="r", k=rng.choice(keys or "ktd")))


def main():
    depot, first, seeds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    compared = failed = 0
    salted = collections.Counter()
    for seed in range(first, first + seeds):
        world = World(seed)
        expected = world.expected()
        for topology in [(2, 1), (4, 2)]:
            for batch_rows in [7, 2048]:
                statements, what = list(world.statements) + [f"SET batch_rows = {batch_rows}"], []
                for salt in ["on", "off"]:
                    for move in ["auto", "inner", "outer", "both"]:
                        statements += [f"SET enable_salting = {salt}", f"SET join_move = {move}"]
                        for query in world.queries:
                            statements += [f"SELECT '{join_moves.MARK}'", query, f"SELECT '{join_moves.MARK}'", f"EXPLAIN {query}"]
                            what.append(f"enable_salting {salt}, join_move {move}: {query}")
                found = join_moves.answers(join_moves.run(depot, topology, statements))
                for i, name in enumerate(what):
                    number = i % len(expected)
                    if any("Salted" in line[0] for line in found[2 * i + 1]):
                        salted[world.kinds[number] if "salting on" in name else "off"] += 1
                    compared += 1
                    got, want = join_moves.bag(found[2 * i]), expected[number]
                    if got != want:
                        failed += 1
                        if failed < 10:
                            join_moves.tell_difference(seed, topology, name, got, want)
    print(f"{compared} answers compared with SQLite's, {failed} differ; salted: "
          + ", ".join(f"{kind or 'Inner'} {salted[kind]}" for kind in QUERIES) + f", though switched off {salted['off']}")
    may_not = salted["never"] + salted["off"]
    sys.exit(failed > 0 or may_not > 0 or any(salted[kind] == 0 for kind in QUERIES if kind != "never"))


if __name__ == "__main__":
    main()
