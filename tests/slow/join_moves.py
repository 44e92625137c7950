"""Random tables, random distribution, every kind of join, every forced move and random join orders: always SQLite's rows.

usage: join_moves.py DEPOT FIRST_SEED SEEDS. Each statement's answer is compared as a bag of rows. At the end every label must
have been seen, or the moves were not tried."""
import collections
import csv
import io
import random
import sqlite3
import subprocess
import sys

TOPOLOGIES = [(1, 1), (2, 2), (4, 2)]
MOVES = ["auto", "none", "broadcast", "inner", "outer", "both"]
LABELS = ["DS_DIST_NONE", "DS_DIST_ALL_NONE", "DS_BCAST_INNER", "DS_DIST_INNER", "DS_DIST_OUTER", "DS_DIST_BOTH",
          "DS_DIST_ALL_INNER"]
SETTINGS = [("join_move", move) for move in MOVES] + [("join_order_seed", seed) for seed in (1, 2, 3, 0)]
SETTINGS += [("aggregate_phases", phases) for phases in ("one", "two", "auto")]
MARK = "@@"

# {a}, {b}, {c} are tables of columns k INTEGER or BIGINT, t VARCHAR, d DECIMAL(9,2), v INTEGER (never NULL, unique).
QUERIES = """
SELECT a.v, b.v FROM {a} a JOIN {b} b ON a.k = b.k
SELECT a.v, b.v FROM {a} a JOIN {b} b ON a.t = b.t
SELECT a.v, b.v FROM {a} a JOIN {b} b ON a.d = b.d
SELECT a.v, b.v FROM {a} a JOIN {b} b ON a.k = b.k AND a.t = b.t
SELECT a.v, b.v FROM {a} a JOIN {b} b ON a.k = b.k AND a.v > b.v
SELECT a.v, b.v FROM {a} a JOIN {b} b ON a.k + 1 = b.k
SELECT a.v, b.v, b.t FROM {a} a LEFT JOIN {b} b ON a.k = b.k
SELECT a.v, b.v, b.t FROM {a} a LEFT JOIN {b} b ON a.k = b.k AND a.t = b.t AND b.v % 2 = 0
SELECT a.v, b.v FROM {a} a LEFT JOIN {b} b ON a.k = b.k AND a.v % 3 = 0
SELECT a.v, b.v FROM {a} a RIGHT JOIN {b} b ON a.t = b.t
SELECT a.v, b.v FROM {a} a RIGHT JOIN {b} b ON a.k = b.k AND a.v < b.v
SELECT a.v, b.v FROM {a} a FULL JOIN {b} b ON a.k = b.k
SELECT a.v, b.v FROM {a} a FULL JOIN {b} b ON a.k = b.k AND a.t = b.t
SELECT a.v FROM {a} a WHERE EXISTS (SELECT 1 FROM {b} b WHERE a.k = b.k)
SELECT a.v FROM {a} a WHERE EXISTS (SELECT 1 FROM {b} b WHERE a.k = b.k AND a.v <> b.v)
SELECT a.v FROM {a} a WHERE NOT EXISTS (SELECT 1 FROM {b} b WHERE a.k = b.k AND a.t = b.t)
SELECT a.v FROM {a} a WHERE NOT EXISTS (SELECT 1 FROM {b} b WHERE a.k = b.k)
SELECT a.v FROM {a} a WHERE a.k IN (SELECT k FROM {b})
SELECT a.v FROM {a} a WHERE a.k NOT IN (SELECT k FROM {b})
SELECT a.v FROM {a} a WHERE a.k NOT IN (SELECT k FROM {b} WHERE k IS NOT NULL)
SELECT a.v FROM {a} a WHERE a.k NOT IN (SELECT k FROM {b} WHERE v < 0)
SELECT a.v, CASE WHEN a.k IN (SELECT k FROM {b}) THEN 1 WHEN a.k NOT IN (SELECT k FROM {b}) THEN 2 ELSE 3 END FROM {a} a
SELECT a.v, CASE WHEN EXISTS (SELECT 1 FROM {b} b WHERE a.k = b.k) THEN 1 ELSE 0 END FROM {a} a
SELECT a.v, (SELECT count(*) FROM {b} b WHERE a.k = b.k) FROM {a} a
SELECT a.v, (SELECT min(b.v) FROM {b} b WHERE a.t = b.t) FROM {a} a
SELECT a.v, (SELECT b.k FROM {b} b WHERE a.v = b.v) FROM {a} a
SELECT count(*), sum(a.v), sum(b.v) FROM {a} a CROSS JOIN {b} b
SELECT a.v, b.v FROM {a} a JOIN {b} b ON a.v < b.v AND b.v < a.v + 5
SELECT a.v, b.v FROM {a} a LEFT JOIN {b} b ON a.v > b.v + 40
SELECT a.v, b.v, c.v FROM {a} a, {b} b, {c} c WHERE a.k = b.k AND b.k = c.k AND a.v < 60 AND b.v < 50 AND c.v < 40
SELECT a.v, b.v, c.v FROM {a} a, {b} b, {c} c WHERE a.k = b.k AND b.t = c.t AND a.v < 90 AND b.v < 50 AND c.v < 70
SELECT a.k, b.t, c.v, d.d FROM {a} a, {b} b, {c} c, {a} d WHERE a.v = b.v AND b.k = c.k AND c.v = d.v
SELECT count(*), sum(a.v), sum(e.v) FROM {a} a, {b} b, {c} c, {a} d, {b} e WHERE a.v = b.v AND a.v = c.v AND c.v = d.v AND d.k = e.k
SELECT a.v, f.v FROM {a} a, {b} b, {c} c, {a} d, {b} e, {c} f WHERE a.v = b.v AND b.v = c.v AND b.v = d.v AND e.v = f.v AND a.k = e.k AND b.t = f.t
SELECT a.v, d.v FROM {a} a, {b} b, {c} c, {b} d WHERE a.v = b.v AND c.v = d.v AND a.k + b.k = c.k AND a.v < d.v
SELECT a.v, b.v, c.v FROM {a} a, {b} b, {c} c WHERE a.v < 9 AND b.v < 8 AND c.v < 7 AND a.k + b.k <> c.k
SELECT a.v, b.v, g.n FROM {a} a, {b} b, (SELECT k, count(*) AS n FROM {c} GROUP BY k) g WHERE a.v = b.v AND g.k = b.k
SELECT a.v, b.v FROM {a} a, {b} b WHERE a.v = b.v AND a.v IN (SELECT v FROM {c}) AND NOT EXISTS (SELECT 1 FROM {b} d WHERE d.k = a.k)
SELECT a.v, b.v, c.v FROM {a} a LEFT JOIN {b} b ON a.k = b.k LEFT JOIN {c} c ON a.k = c.k
SELECT a.v, b.v, c.v FROM {a} a LEFT JOIN {b} b ON a.k = b.k JOIN {c} c ON a.t = c.t
SELECT a.v, b.v, c.v FROM {a} a FULL JOIN {b} b ON a.k = b.k LEFT JOIN {c} c ON b.k = c.k
SELECT a.k, count(*), sum(b.v) FROM {a} a JOIN {b} b ON a.k = b.k GROUP BY a.k
SELECT b.k, count(*), sum(a.v) FROM {a} a LEFT JOIN {b} b ON a.k = b.k GROUP BY b.k
SELECT a.k, count(*), count(b.v) FROM {a} a LEFT JOIN {b} b ON a.k = b.k GROUP BY a.k
SELECT b.k, count(*), count(a.v) FROM {a} a RIGHT JOIN {b} b ON a.k = b.k GROUP BY b.k
SELECT a.k, b.k, count(*) FROM {a} a FULL JOIN {b} b ON a.k = b.k GROUP BY a.k, b.k
SELECT a.t, count(DISTINCT b.v) FROM {a} a JOIN {b} b ON a.k = b.k GROUP BY a.t
SELECT DISTINCT a.k, b.t FROM {a} a JOIN {b} b ON a.k = b.k
SELECT a.v, g.n FROM {a} a JOIN (SELECT k, count(*) AS n FROM {b} GROUP BY k) g ON a.k = g.k
SELECT a.v, g.n FROM {a} a LEFT JOIN (SELECT k, count(*) AS n FROM {b} GROUP BY k) g ON a.k = g.k
SELECT a.v, g.n FROM (SELECT k, count(*) AS n FROM {b} GROUP BY k) g LEFT JOIN {a} a ON a.k = g.k
SELECT a.v, g.v FROM (SELECT v, k FROM {b} ORDER BY v LIMIT 7) g LEFT JOIN {a} a ON a.k = g.k
SELECT a.v, g.v FROM {a} a FULL JOIN (SELECT v, k FROM {b} ORDER BY v LIMIT 7) g ON a.k = g.k
SELECT g.v FROM (SELECT v, k FROM {b} ORDER BY v LIMIT 7) g WHERE g.k NOT IN (SELECT k FROM {a} WHERE k IS NOT NULL)
SELECT g.v FROM (SELECT v, k FROM {b} ORDER BY v LIMIT 9) g WHERE EXISTS (SELECT 1 FROM {a} a WHERE a.k = g.k)
SELECT a.v, sum(b.v) OVER (PARTITION BY a.k ORDER BY b.v, a.v) FROM {a} a JOIN {b} b ON a.k = b.k
SELECT a.v, x.v FROM {a} a JOIN (SELECT k, v FROM {b} UNION ALL SELECT k, v FROM {c}) x ON a.k = x.k
""".strip().splitlines()


def random_rows(rng):
    count = rng.choice([0, 1, 5, 40, 150, 400])
    keys = rng.choice([1, 10, 60, 300])
    null_share = rng.choice([0, 0, 0.1, 0.5])
    numbers = list(range(count))
    rng.shuffle(numbers)
    null = lambda value: None if rng.random() < null_share else value
    return [(null(rng.randrange(keys) - 3), null(rng.choice("abcdefgh") + "xyz" * rng.randrange(3)),
             null(rng.randrange(-20, 20)), v) for v in numbers]


def literal(value):
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


class World:
    """Tables p, q and r: the statements that make them here and in SQLite, and questions about them."""
    def __init__(self, seed):
        self.statements, self.plain, self.queries = [], [], []
        self.make(random.Random(seed))

    def add_table(self, name, integer, design, rows):
        self.statements.append(f"CREATE TABLE {name} (k {integer}, t VARCHAR(40), d DECIMAL(9,2), v INTEGER) {design}")
        self.plain.append(f"CREATE TABLE {name} (k INTEGER, t TEXT, d INTEGER, v INTEGER)")
        for first in range(0, len(rows), 100):
            values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows[first:first + 100])
            self.statements.append(f"INSERT INTO {name} VALUES {values}")
            self.plain.append(f"INSERT INTO {name} VALUES {values}")

    def make(self, rng):
        for name in "pqr":
            rows = random_rows(rng)
            integer = rng.choice(["INTEGER", "BIGINT", "SMALLINT"])
            design = rng.choice(["DISTSTYLE EVEN", "DISTSTYLE ALL", "DISTKEY (k)", "DISTKEY (k)", "DISTKEY (t)", "DISTKEY (v)"])
            self.add_table(name, integer, design, rows)
        tables = list("pqr")
        for query in QUERIES:
            rng.shuffle(tables)
            a, b, c = tables
            if rng.random() < 0.1:
                b = a
            self.queries.append(query.format(a=a, b=b, c=c))

    def expected(self):
        db = sqlite3.connect(":memory:")
        for statement in self.plain:
            db.execute(statement)
        return [bag(["" if value is None else str(value) for value in row] for row in db.execute(query)) for query in self.queries]


def bag(rows):
    return collections.Counter(tuple(row) for row in rows)


def tell_difference(seed, topology, what, got, want):
    print(f"seed {seed}, {topology[0]}x{topology[1]}, {what}\n  more: {list((got - want).items())[:5]}\n  less: {list((want - got).items())[:5]}")


def run(depot, topology, statements):
    nodes, slices = topology
    script = ";\n".join(statements) + ";\n"
    done = subprocess.run([depot, "--nodes", str(nodes), "--slices", str(slices), "--format", "csv", "--no-header"], input=script,
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"{topology}: {done.stderr}")
    return done.stdout


def answers(text):
    parts = text.split(f"{MARK}\n")[1:]
    return [list(csv.reader(io.StringIO(part))) for part in parts]


def main():
    depot, first, seeds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    compared = failed = 0
    labels = collections.Counter()
    for seed in range(first, first + seeds):
        world = World(seed)
        expected = world.expected()
        for topology in TOPOLOGIES:
            statements, what = list(world.statements), []
            for name, value in SETTINGS:
                statements += ["SET join_move = auto", f"SET {name} = {value}"]
                for query in world.queries:
                    statements += [f"SELECT '{MARK}'", query, f"SELECT '{MARK}'", f"EXPLAIN {query}"]
                    what.append(f"{name} {value}: {query}")
            found = answers(run(depot, topology, statements))
            for i, name in enumerate(what):
                for line in found[2 * i + 1]:
                    labels.update(label for label in LABELS if f"{label}  " in line[0])
                compared += 1
                got, want = bag(found[2 * i]), expected[i % len(expected)]
                if got != want:
                    failed += 1
                    tell_difference(seed, topology, name, got, want)
    print(f"{compared} answers compared with SQLite's, {failed} differ; "
          + ", ".join(f"{label} {labels[label]}" for label in LABELS))
    sys.exit(failed > 0 or any(labels[label] == 0 for label in LABELS))


if __name__ == "__main__":
    main()
