#!/usr/bin/env python3
"""Merge joins of random tables against SQLite: sorted and co-located tables with dense, sparse, repeated and missing keys, several loads whose
segments overlap or not, deleted rows, filters, further conditions, text keys and keys of two columns, on one node and several.

usage: merge_joins.py DEPOT [--seconds N] [--seed N]
Prints its seed; the same seed asks the same questions. Every plan must have a merge join; hash joins are off."""
import argparse
import os
import random
import sys
import tempfile
import time

from engines import Depot, Sqlite, same_rows

TOPOLOGIES = [(1, 1), (1, 2), (2, 1), (4, 2)]
PADDING = "the same beginning "


class Case:
    def __init__(self, seed, depot, directory):
        self.random = random.Random(seed)
        self.directory = directory
        nodes, slices = self.random.choice(TOPOLOGIES)
        settings = {"batch_rows": self.random.choice([7, 100, 2048, 2048]), "threads": self.random.choice([1, 2, 3])}
        arguments = ["--nodes", str(nodes), "--slices", str(slices)]
        for name, value in settings.items():
            arguments += ["--set", f"{name}={value}"]
        self.what = f"{nodes} x {slices}, {settings}"
        self.ours, self.theirs = Depot(depot, *arguments), Sqlite()
        self.kind = self.random.choice(["int", "int", "bigint", "date", "varchar(60)", "decimal(12,2)"])
        self.is_text = self.kind.startswith("varchar")
        self.has_two = self.random.random() < 0.2
        self.design = self.random.choice(["DISTKEY (k)", "DISTKEY (k)", "DISTSTYLE ALL"])

    def key(self, number):
        if self.is_text:
            return f"{PADDING if number % 3 == 0 else ''}{number:06d}"
        if self.kind == "date":
            return f"{1970 + number // 336}-{number // 28 % 12 + 1:02d}-{number % 28 + 1:02d}"
        return f"{number}.25" if self.kind.startswith("decimal") else str(number - 500)

    def numbers(self, rows):
        shape = self.random.choice(["dense", "sparse", "repeated", "few", "one"])
        span = {"dense": rows, "sparse": rows * 3, "repeated": max(rows // 4, 1), "few": 20, "one": 1}[shape]
        span = min(span, 300000)
        if shape == "dense":
            return list(range(rows))
        return sorted(self.random.randrange(span) for _ in range(rows))

    def load(self, table, rows):
        numbers = self.numbers(rows)
        rest = [(self.random.randrange(3), number % 1000) for number in range(rows)]
        lines = [(self.key(n) if self.random.random() > 0.02 else None, a, v) for n, (a, v) in zip(numbers, rest)]
        parts = self.random.choice([1, 1, 2, 5])
        if self.random.random() < 0.5:
            self.random.shuffle(lines)
        self.ours.run(f"CREATE TABLE {table} (k {self.kind}, a INT, v INT) {self.design} SORTKEY (k) WITH (block_rows = 2048)")
        self.theirs.run(f"CREATE TABLE {table} (k {'TEXT' if self.is_text or self.kind == 'date' else 'NUMERIC'}, a INT, v INT)")
        self.theirs.run(f"CREATE INDEX {table}_k ON {table} (k)")
        for part in range(parts):
            piece = lines[rows * part // parts:rows * (part + 1) // parts]
            path = os.path.join(self.directory, f"{table}.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(f"{'' if k is None else k},{a},{v}\n" for k, a, v in piece)
            self.ours.run(f"COPY {table} FROM '{path}' CSV")
            self.theirs.connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", piece)
        if self.random.random() < 0.4:
            for engine in (self.ours, self.theirs):
                engine.run(f"DELETE FROM {table} WHERE v % 7 = 3 AND a <> 2")

    def where(self):
        condition = self.random.choice(["", "", "x.v < 300", "y.v < 300", "x.a = 1", "y.a > 0 AND x.v < 500"])
        return condition

    def queries(self):
        on = "x.k = y.k" + (" AND x.a = y.a" if self.has_two else "")
        if self.random.random() < 0.3:
            on += " AND x.v + y.v > 900"
        both, where = "count(*), sum(x.v), sum(y.v), sum(x.v * y.a), count(y.k), min(x.k), max(x.k)", self.where()
        side = where if "y." not in where else ""
        clause = f" WHERE {where}" if where else ""
        yield f"SELECT {both} FROM r x JOIN s y ON {on}{clause}"
        yield f"SELECT {both} FROM r x LEFT JOIN s y ON {on}{' WHERE ' + side if side else ''}"
        yield f"SELECT {both} FROM s x LEFT JOIN (SELECT * FROM r WHERE a < 2) y ON {on}"
        for word in ("", "NOT "):
            also = f" AND {side}" if side else ""
            yield f"SELECT count(*), sum(x.v), count(x.k), max(x.k) FROM r x WHERE {word}EXISTS (SELECT 1 FROM s y WHERE {on}){also}"
        yield f"SELECT x.k, x.v, y.v FROM r x JOIN s y ON {on} WHERE x.v = 17"
        yield f"SELECT x.v, sum(y.v) FROM r x JOIN s y ON {on} GROUP BY x.v"

    def check(self):
        big = self.random.random() < 0.3
        sizes = [self.random.choice([0, 1, 10, 5000, 5000, 40000 if big else 3000]) for _ in range(2)]
        self.load("r", sizes[0])
        self.load("s", sizes[1])
        joins = {}
        self.ours.run("SET enable_hashjoin = off")
        self.ours.run("SET enable_nestloop = on")
        for sql in self.queries():
            if self.estimate(sql) > 3e6:
                continue
            plan = "\n".join(row[0] for row in self.ours.run("EXPLAIN " + sql))
            if "Merge" not in plan and 0 not in sizes:
                return f"no merge join in\n{sql}\n{plan}"
            ours, theirs = self.ours.run(sql), self.theirs.run(sql)
            joins[sql] = len(ours)
            if not same_rows(ours, theirs, ordered=False):
                return f"{self.what}, {self.kind}, {self.design}\n{sql}\nours:   {ours[:5]}\nSQLite: {theirs[:5]}"
        return None

    def estimate(self, sql):
        return self.theirs.run("SELECT sum(n * m) FROM (SELECT k, count(*) n FROM r GROUP BY k) JOIN "
                               "(SELECT k, count(*) m FROM s GROUP BY k) USING (k)")[0][0] or 0

    def close(self):
        self.ours.close()
        self.theirs.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("depot")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    deadline, done = time.monotonic() + options.seconds, 0
    with tempfile.TemporaryDirectory() as directory:
        while time.monotonic() < deadline:
            case = Case(options.seed + done, options.depot, directory)
            wrong = case.check()
            case.close()
            if wrong:
                sys.exit(f"case {options.seed + done}: {wrong}")
            done += 1
    print(f"{done} cases, 0 wrong")


main()
