#!/usr/bin/env python3
"""Random sequences of INSERT, DELETE, UPDATE, MERGE, TRUNCATE and transactions, on Depot and PostgreSQL: after every statement both
have failed or neither, and both tables hold the same rows. Each sequence has its own design and topology; the warehouse is closed,
checked and opened again in between.

usage: random_changes.py DEPOT [--seed N] [--sequences N] [--statements N]"""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
from engines import Depot, Failed, same_rows
from postgres import Cluster, Postgres

COLUMNS = "(k int NOT NULL, a int, b varchar(12), d date, m decimal(10,2) CHECK (m < 5000), f double precision)"
STYLES = ["", "DISTSTYLE EVEN", "DISTSTYLE ALL", "DISTSTYLE KEY DISTKEY(k)", "DISTSTYLE KEY DISTKEY(a)"]
SORTS = ["", "SORTKEY(k)", "SORTKEY(d, a)"]
PARTITIONS = ["", "PARTITION BY (year(d))", "PARTITION BY (bucket(3, k))", "PARTITION BY (b)"]


class Sequence:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.in_transaction = False

    def number(self, most=40):
        return self.random.randint(-3, most)

    def value(self, column):
        r = self.random
        if r.random() < 0.12 and column != "k":
            return "NULL"
        if column in "ka":
            return str(self.number())
        if column == "b":
            return f"'{r.choice(['x', 'yy', 'a longer text', '', 'Zed'])[:12]}'"
        if column == "d":
            return f"DATE '{r.choice(['1999-12-31', '2000-01-01', '2001-06-15', '2003-02-28'])}'"
        return f"{r.randint(-100, 4000)}.{r.randint(0, 99):02}" if column == "m" else str(r.choice([0.5, -2.25, 1e6, 3.0]))

    def expression(self, column, others=()):
        """A value for a column from the row at hand; `others` are columns of other tables in sight."""
        r = self.random
        number = r.choice(["t.a", "t.k", str(self.number())] + [o for o in others])
        if column in "ka":
            return r.choice([f"{number} + {r.randint(0, 3)}", f"coalesce(t.a, 0) - {r.randint(0, 5)}", f"abs({number})", number,
                             f"CASE WHEN t.k % 2 = 0 THEN {number} ELSE t.k END", "(SELECT max(k) FROM s)",
                             "coalesce((SELECT min(w.k) FROM s AS w WHERE w.a = t.a), 0)", self.value(column)])
        if column == "b":
            return r.choice(["upper(t.b)", "left(t.b || 'q', 12)", "NULL", self.value("b"), "t.b", "(SELECT min(b) FROM s)"])
        if column == "d":
            return r.choice(["t.d + 40", "t.d", self.value("d"), "NULL", "DEFAULT"])
        if column == "m":
            return r.choice(["t.m + 1.5", "t.m * 2", self.value("m"), "t.m", "DEFAULT"])
        return r.choice(["t.f * 2", self.value("f"), "t.f"])

    def condition(self, table="t"):
        r = self.random
        t = table
        simple = [f"{t}.k = {self.number()}", f"{t}.k < {self.number()}", f"{t}.a > {self.number()}", f"{t}.a IS NULL",
                  f"{t}.b = {self.value('b')}", f"{t}.d >= {self.value('d')}", f"{t}.k % {r.randint(2, 7)} = 0", f"{t}.b LIKE '%a%'",
                  f"{t}.k IN ({self.number()}, {self.number()}, {self.number()})", f"{t}.m BETWEEN 0 AND {r.randint(0, 3000)}",
                  f"{t}.k IN (SELECT a FROM s)", f"{t}.a NOT IN (SELECT k FROM s WHERE k < 10)", f"{t}.k > (SELECT avg(k) FROM s)", "true",
                  f"EXISTS (SELECT 1 FROM s AS w WHERE w.k = {t}.k AND w.a > {self.number()})",
                  f"NOT EXISTS (SELECT 1 FROM s AS w WHERE w.a = {t}.a)", f"{t}.a < (SELECT max(w.a) FROM s AS w WHERE w.k = {t}.k)"]
        if r.random() < 0.3:
            return f"({r.choice(simple)} {r.choice(['AND', 'OR'])} NOT ({r.choice(simple)}))"
        return r.choice(simple)

    def assignments(self, others=()):
        columns = self.random.sample(["k", "a", "b", "d", "m", "f"], self.random.randint(1, 3))
        if self.random.random() < 0.2 and len(columns) > 1:
            return f"({', '.join(columns)}) = ({', '.join(self.expression(c, others) for c in columns)})"
        return ", ".join(f"{c} = {self.expression(c, others)}" for c in columns)

    def rows(self, table):
        r = self.random
        if r.random() < 0.4:
            count = r.choice([1, 10, 300, 5000])
            return (f"INSERT INTO {table} SELECT g % {r.randint(5, 60)}, CASE WHEN g % 11 = 0 THEN NULL ELSE g % 37 END, 'n' || g % 9, "
                    f"DATE '1999-06-01' + g % 1500, g % 4000 / 4.0, g / 8 FROM generate_series(1, {count}) AS x(g)")
        values = ", ".join("(" + ", ".join(self.value(c) for c in "kabdmf") + ")" for _ in range(r.randint(1, 6)))
        return f"INSERT INTO {table} VALUES {values}"

    def merge(self):
        r = self.random
        key = r.choice(["k", "a"])
        source = f"(SELECT {key} AS q, max(m) AS m, count(*) AS n FROM s GROUP BY {key}) AS u"
        if r.random() < 0.15:
            source = f"(SELECT {key} AS q, m, 1 AS n FROM s WHERE {self.condition('s')}) AS u"  # may meet a row twice
        clauses = []
        if r.random() < 0.8:
            guard = r.choice(["", f" AND {self.condition()}", " AND u.n > 1", " AND u.m IS NULL"])
            clauses.append(f"WHEN MATCHED{guard} THEN {r.choice(['DELETE', 'DO NOTHING', 'UPDATE SET ' + self.assignments(('u.q',))])}")
            if guard and r.random() < 0.6:
                clauses.append(f"WHEN MATCHED THEN {r.choice(['DELETE', 'UPDATE SET ' + self.assignments(('u.q', ))])}")
        if not clauses or r.random() < 0.7:
            guard = r.choice(["", " AND u.q > 5", " AND u.n = 1"])
            insert = r.choice(["INSERT (k, a, m) VALUES (coalesce(u.q, 0), u.n, u.m)", "INSERT VALUES (u.q, NULL, 'merged', DEFAULT, u.m, u.n)",
                               "DO NOTHING", "INSERT (b, k) VALUES (DEFAULT, 1)"])
            clauses.append(f"WHEN NOT MATCHED{guard} THEN {insert}")
        return f"MERGE INTO t USING {source} ON t.k = u.q {' '.join(clauses)}"

    def statement(self):
        r = self.random
        if self.in_transaction and r.random() < 0.25:
            self.in_transaction = False
            return r.choice(["COMMIT", "COMMIT", "ROLLBACK"])
        if not self.in_transaction and r.random() < 0.15:
            self.in_transaction = True
            return "BEGIN"
        kind = r.choices(["insert", "delete", "using", "update", "from", "merge", "truncate", "source", "fail"],
                         [4, 4, 1.5, 5, 2, 3, 0.3, 1.5, 0.4])[0]
        if kind == "insert":
            return self.rows("t")
        if kind == "source":
            return r.choice([self.rows("s"), f"DELETE FROM s WHERE {self.condition('s')}", "TRUNCATE s"])
        if kind == "delete":
            return f"DELETE FROM t WHERE {self.condition()}"
        if kind == "using":
            return f"DELETE FROM t USING s AS u WHERE t.k = u.a AND {self.condition('u')}"
        if kind == "update":
            return f"UPDATE t SET {self.assignments()} WHERE {self.condition()}"
        if kind == "from":
            return (f"UPDATE t SET {self.assignments(('u.q', 'u.n'))} FROM (SELECT k AS q, CAST(count(*) AS int) AS n FROM s GROUP BY k) AS u "
                    f"WHERE t.k = u.q AND {self.condition()}")
        if kind == "merge":
            return self.merge()
        if kind == "fail":
            return r.choice(["UPDATE t SET a = 1 / (k - k)", "UPDATE t SET k = NULL", "INSERT INTO t (a) VALUES (1)", "UPDATE t SET m = 6000",
                             "DELETE FROM t WHERE nosuch = 1"])
        return "TRUNCATE TABLE t"


def attempt(engine, sql):
    """The SQLSTATE of the failure, or None."""
    try:
        engine.run(sql)
        return None
    except Failed as failure:
        return re.search(r"^ERROR:  ([0-9A-Z]{5}):|\(([0-9A-Z]{5})\)$", str(failure), re.M).group(0).strip("ERO: ()")


CHECKS = ["SELECT * FROM t ORDER BY k, a, b, d, m, f", "SELECT count(*), sum(k), min(a), max(b), count(d), sum(m) FROM t",
          "SELECT k, count(*), max(m) FROM t WHERE a > 3 GROUP BY k ORDER BY k", "SELECT count(*), sum(a) FROM s",
          "SELECT count(*), sum(t.m) FROM t JOIN s ON t.k = s.k WHERE s.a < 20"]


def compare(depot, postgres, log):
    for check in CHECKS:
        ours, theirs = depot.run(check), postgres.run(check)
        if not same_rows(ours, theirs, True):
            extra = [row for row in ours if row not in theirs][:5], [row for row in theirs if row not in ours][:5]
            print("\n".join(f"{sql};" for sql in log))
            sys.exit(f"different answers to: {check}\n{len(ours)} and {len(theirs)} rows; depot alone: {extra[0]}; PostgreSQL alone: {extra[1]}")


def open_depot(arguments, folder, topology):
    return Depot(arguments.depot, folder, "--nodes", str(topology[0]), "--slices", str(topology[1]),
                 "--set", f"threads={topology[2]}", "--set", f"batch_rows={topology[3]}")


def run_sequence(arguments, postgres, seed):
    sequence = Sequence(seed)
    r = sequence.random
    folder = tempfile.mkdtemp()
    topology = r.choice([(1, 1), (1, 2), (2, 2), (4, 2)]) + (r.choice([1, 2]), r.choice([7, 2048]))
    designs = [f"{r.choice(STYLES)} {r.choice(SORTS)} {r.choice(PARTITIONS)} WITH (block_rows = 2048)" for _ in range(2)]
    log = [f"-- seed {seed}, topology {topology}, {designs}"]
    depot = open_depot(arguments, folder, topology)
    failed = 0
    try:
        postgres.reset()
        for name, design in zip("ts", designs):
            depot.run(f"CREATE TABLE {name} {COLUMNS} {design}")
            postgres.run(f"CREATE TABLE {name} {COLUMNS}")
        for _ in range(arguments.statements):
            sql = sequence.statement()
            log.append(sql)
            ours, theirs = attempt(depot, sql), attempt(postgres, sql)
            if ours != theirs:
                print("\n".join(f"{sql};" for sql in log))
                sys.exit(f"depot: {ours}\nPostgreSQL: {theirs}")
            failed += ours is not None
            if ours is not None and sequence.in_transaction:
                sequence.in_transaction = False
                depot.run("ROLLBACK")
                postgres.run("ROLLBACK")
            compare(depot, postgres, log)
            if not sequence.in_transaction and r.random() < 0.1:
                depot.close()
                check = subprocess.run([arguments.depot, "check", folder], capture_output=True, text=True)
                if check.returncode != 0:
                    print("\n".join(f"{sql};" for sql in log))
                    sys.exit(f"depot check: {check.stdout}{check.stderr}")
                depot = open_depot(arguments, folder, topology)
                log.append("-- opened again")
                compare(depot, postgres, log)
        return failed
    finally:
        depot.close()
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("depot")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--sequences", type=int, default=10)
    parser.add_argument("--statements", type=int, default=60)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    cluster = Cluster()
    postgres = Postgres(cluster)
    failed = sum(run_sequence(arguments, postgres, arguments.seed + i) for i in range(arguments.sequences))
    postgres.close()
    cluster.close()
    print(f"{arguments.sequences} sequences of {arguments.statements} statements, the same on both; {failed} failed on both")


main()
