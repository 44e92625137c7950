#!/usr/bin/env python3
"""Random queries on Depot and PostgreSQL 15 (a private cluster), and on DuckDB where its folder is given; and properties that hold of
Depot alone (TLP, NoREC). The generator is fuzz/; known differences are below.

usage: random_postgres.py DEPOT [--seconds N] [--seed N] [--keep-going] [--duckdb FOLDER] [--properties SHARE]
       [--round N]
Prints its seed: the same seed asks the same questions. A round has its own tables, design and topology."""
import argparse
import os
import random
import re
import sys
import time
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from duckdb import Duckdb  # noqa: E402
from engines import Depot, Failed, same_rows, sort_key  # noqa: E402
from fuzz.core import TABLES  # noqa: E402
from fuzz.generator import Generator  # noqa: E402
from postgres import Cluster, Postgres  # noqa: E402

TOPOLOGIES = [["--nodes", "1", "--slices", "1"], ["--nodes", "1", "--slices", "2", "--set", "batch_rows=1"],
              ["--nodes", "4", "--slices", "2", "--set", "batch_rows=7"], ["--nodes", "3", "--slices", "1"]]
QUERIES_PER_ROUND = 120
# Where the engines differ and both are right. Data errors (22xxx, 21000 more than one row) depend on which rows and conditions are
# looked at first, which SQL leaves open.
KNOWN = re.compile(r"\b(22\w{3}|21000)\b")


def ask(engine, sql):
    """(rows, None) or (None, error)."""
    try:
        return engine.run(sql), None
    except Failed as error:
        return None, str(error)


def only_in(rows, others, most=5):
    """Some rows that the others do not have as often."""
    left, found = Counter(str(sort_key(row)) for row in others), []
    for row in rows:
        key = str(sort_key(row))
        if left[key] > 0:
            left[key] -= 1
        elif len(found) < most:
            found.append(row)
    return found


def is_known(*errors):
    return any(error is not None and KNOWN.search(error) for error in errors)


class Round:
    def __init__(self, options, cluster, generator, topology):
        self.generator, self.topology = generator, topology
        self.ours, self.postgres = Depot(options.depot, *topology), Postgres(cluster)
        self.duckdb = Duckdb(options.duckdb) if options.duckdb else None
        self.setup, self.failures = [], []
        self.compared = self.properties = self.invalid = self.known = 0
        self.postgres.reset()
        for name in TABLES:
            create, design, inserts = generator.table(name)
            self.run_everywhere(create, design)
            for insert in inserts:
                self.run_everywhere(insert, "")

    def run_everywhere(self, sql, design):
        self.ours.run(f"{sql} {design}")
        self.setup.append(f"{sql} {design}".strip())
        self.postgres.run(sql)
        if self.duckdb:
            self.duckdb.run(sql)

    def fail(self, sql, ours, theirs):
        self.failures.append(f"-- {' '.join(self.topology)}\n" + ";\n".join(self.setup) + f";\n{sql};\n-- Depot:      {ours}\n-- PostgreSQL: {theirs}")

    def compare(self, sql):
        expected, refusal = ask(self.postgres, sql)
        answer, error = ask(self.ours, sql)
        if refusal is not None and error is not None:
            self.invalid += 1
        elif is_known(refusal, error):
            self.known += 1
        elif refusal is not None:
            self.invalid += 1  # laxer than PostgreSQL, or the generator's fault
        elif error is not None:
            self.fail(sql, error, expected[:4])
        else:
            self.compared += 1
            if not same_rows(answer, expected, False):
                ours, theirs = only_in(answer, expected), only_in(expected, answer)
                self.fail(sql, f"{len(answer)} rows, alone {ours}", f"{len(expected)} rows, alone {theirs}{self.vote(sql, answer, expected)}")

    def vote(self, sql, answer, expected):
        if self.duckdb is None:
            return ""
        rows, error = ask(self.duckdb, sql)
        if error is not None:
            return "\n-- DuckDB refuses it"
        return "\n-- DuckDB agrees with " + ("Depot" if same_rows(rows, answer, False) else "PostgreSQL" if same_rows(rows, expected, False) else f"neither: {rows}")

    def check_property(self):
        queries, holds = self.generator.property()
        answers = []
        for sql in queries:
            answer, error = ask(self.ours, sql)
            if error is not None:
                if not is_known(error) and ask(self.postgres, sql)[1] is None:
                    self.fail(sql, error, "takes it")
                return
            answers.append(answer)
        self.properties += 1
        if not holds(answers):
            self.fail(";\n".join(queries), answers, "a property does not hold")

    def run(self, deadline, share):
        for _ in range(QUERIES_PER_ROUND):
            if time.monotonic() > deadline:
                break
            if self.generator.chance(share):
                self.check_property()
            else:
                self.compare(self.generator.query())
        for engine in (self.ours, self.postgres, self.duckdb):
            if engine is not None:
                engine.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("depot")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument("--duckdb", help="the folder where @duckdb/node-api is installed")
    parser.add_argument("--properties", type=float, default=0.15)
    parser.add_argument("--round", type=int, help="only this round of the seed")
    options = parser.parse_args()
    cluster = Cluster()
    deadline = time.monotonic() + options.seconds
    totals = {"compared": 0, "properties": 0, "invalid": 0, "known": 0, "failures": 0}
    rounds = options.round or 0
    print(f"seed {options.seed}", flush=True)
    while time.monotonic() < deadline:
        generator = Generator(options.seed * 1000003 + rounds)
        one = Round(options, cluster, generator, TOPOLOGIES[rounds % len(TOPOLOGIES)])
        one.run(deadline, options.properties)
        rounds += 1
        for name in totals:
            count = getattr(one, name)
            totals[name] += len(count) if isinstance(count, list) else count
        for failure in one.failures[: 3 if options.keep_going else 1]:
            print(f"-- round {rounds - 1}\n{failure}\n", flush=True)
        if options.round is not None or (one.failures and not options.keep_going):
            break
    print(f"seed {options.seed}: {totals['compared']} queries compared with PostgreSQL, {totals['properties']} properties checked, "
          f"{totals['failures']} differ; {totals['invalid']} refused by PostgreSQL, {totals['known']} with data errors left aside")
    sys.exit(totals["failures"] > 0)


if __name__ == "__main__":
    main()
