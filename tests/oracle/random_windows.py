#!/usr/bin/env python3
"""Random window queries through Depot and PostgreSQL: all kinds of frames with all kinds of keys, ties, NULLs, EXCLUDE, FILTER; DISTINCT and
IGNORE NULLS, which PostgreSQL lacks, against subqueries that say the same.

usage: random_windows.py DEPOT [--seconds N] [--seed N] [--keep-going]
Starts a PostgreSQL 15 of its own. Prints its seed; the same seed asks the same questions."""
import sys
import time

import rounds
from engines import Depot, Failed, same_rows
from postgres import Cluster, Postgres

COLUMNS = {"g": "int", "s": "varchar(40)", "i": "int", "k": "smallint", "b": "bigint", "n": "decimal(8,2)", "w": "decimal(30,3)",
           "f": "double precision", "d": "date", "ts": "timestamp", "iv": "interval", "tm": "time", "tz": "timestamptz", "v": "int"}
RANGE_OFFSETS = {
    "i": ["0", "1", "3", "2147483647", "9223372036854775807"], "k": ["0", "1", "2", "40000"], "b": ["0", "1", "5", "9223372036854775807"],
    "n": ["0", "1", "0.25", "1.005", "2.5", "0.009"], "w": ["0", "0.5", "0.0005", "10000000000000000000000"],
    "f": ["0", "0.5", "1", "2.25", "'Infinity'::double precision"],
    "d": ["'1 day'::interval", "'0 days'::interval", "'36 hours'::interval", "'1 month'::interval", "'1 month 2 days'::interval"],
    "ts": ["'1 hour'::interval", "'1 day'::interval", "'90 minutes'::interval", "'1 month'::interval", "'1 year'::interval"],
    "tm": ["'1 hour'::interval", "'30 minutes'::interval", "'1 day 1 hour'::interval", "'25 hours'::interval"],
    "tz": ["'1 hour'::interval", "'1 day'::interval", "'1 month'::interval"],
    "iv": ["'1 hour'::interval", "'1 day'::interval", "'1 month'::interval"],
}
TOPOLOGIES = [["--nodes", "1", "--slices", "1"], ["--nodes", "1", "--slices", "2", "--set", "batch_rows=3"],
              ["--nodes", "4", "--slices", "2", "--set", "batch_rows=7"], ["--nodes", "3", "--slices", "1"]]
DESIGNS = ["", "DISTKEY(g)", "DISTKEY(g) SORTKEY(ts)", "SORTKEY(i)", "DISTSTYLE EVEN"]


class Generator(rounds.Generator):
    def literal(self, column):
        number = self.random.choice([0, 1, 1, 2, 2, 3, 5, 8, -1, -4])
        return {
            "g": lambda: str(self.random.randint(1, 4)), "s": lambda: self.pick("''", "'a'", "'b'", "'ab'", "'longer than twelve bytes'", "'longer than twelve'"),
            "i": lambda: self.pick(str(number), str(number), "2147483647", "-2147483648"), "k": lambda: self.pick(str(number), "32767"),
            "b": lambda: self.pick(str(number), str(number), "9223372036854775807", "-9223372036854775808"),
            "n": lambda: self.pick("0.00", "0.25", "0.50", "1.00", "1.01", "-2.25", "3.75"),
            "w": lambda: self.pick("0.000", "0.500", "0.501", "10000000000000000000000.000", "-7.125"),
            "f": lambda: self.pick("0", "0.5", "1", "1.5", "-2.25", "3", "'NaN'", "'Infinity'", "'-Infinity'"),
            "d": lambda: self.pick("'2024-01-31'", "'2024-02-01'", "'2024-02-29'", "'2024-03-01'", "'2024-03-31'", "'2023-12-31'"),
            "ts": lambda: self.pick("'2024-01-31 10:00:00'", "'2024-01-31 10:59:59'", "'2024-01-31 11:00:00'", "'2024-02-29 23:00:00'", "'2024-03-31 01:00:00'"),
            "tm": lambda: self.pick("'00:00'", "'00:30'", "'01:00:00.5'", "'22:59:59'", "'23:30'"),
            "tz": lambda: self.pick("'2024-03-30 12:00+00'", "'2024-03-31 00:30+00'", "'2024-03-31 10:59:59+00'", "'2024-03-31 12:00+00'", "'2024-04-30 12:00+00'"),
            "iv": lambda: self.pick("'1 hour'", "'90 minutes'", "'1 day'", "'1 month'", "'-2 days'"), "v": lambda: str(number),
        }[column]()

    def rows(self):
        count = self.random.choice([0, 1, 2, 7, 20, 40, 70, 150])
        nulls = self.random.choice([0, 0.15, 0.15, 0.6])
        return ["(" + ", ".join([str(n)] + ["NULL" if self.chance(nulls) else self.literal(c) for c in COLUMNS]) + ")" for n in range(count)]

    # ------------------------------------------------------------------------------------------------------------ windows

    def order_item(self, column):
        return f"{column}{self.pick('', ' ASC', ' DESC')}{self.pick('', '', ' NULLS FIRST', ' NULLS LAST')}"

    def partition(self):
        return self.pick("", "", "PARTITION BY g ", "PARTITION BY g ", "PARTITION BY s ", "PARTITION BY g, s ", "PARTITION BY s, g % 2 ")

    def bounds(self, offset):
        rank = {"UNBOUNDED PRECEDING": 0, "PRECEDING": 1, "CURRENT ROW": 2, "FOLLOWING": 3, "UNBOUNDED FOLLOWING": 4}
        while True:
            start = self.pick("UNBOUNDED PRECEDING", "PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING")
            end = self.pick("PRECEDING", "CURRENT ROW", "FOLLOWING", "FOLLOWING", "UNBOUNDED FOLLOWING")
            if rank[start] <= rank[end]:
                break
        start, end = (f"{offset()} {bound}" if bound in ("PRECEDING", "FOLLOWING") else bound for bound in (start, end))
        return f"BETWEEN {start} AND {end}"

    def exclude(self):
        return self.pick("", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS")

    def small(self):
        return self.pick("0", "1", "1", "2", "3", "1 + 1", "100", "9223372036854775807")

    def aggregate(self):
        x = self.pick("i", "k", "b", "n", "w", "v")
        call = self.pick(f"sum({x})", f"count({x})", "count(*)", f"avg({x})", f"min({x})", f"max({x})", "min(s)", "max(s)", "min(f)", "max(f)", "min(d)",
                         "max(ts)", "min(iv)", f"sum(CASE WHEN f BETWEEN -100 AND 100 THEN f END)", "sum(v + 1)")
        return call + (f" FILTER (WHERE {self.pick('v > 1', 'i IS NOT NULL', 's <> chr(97)', 'g = 9')})" if self.chance(0.2) else "")

    def by_rows(self):
        keys = f"{self.order_item(self.pick(*COLUMNS))}, id{self.pick('', ' DESC')}"
        frame = f" ROWS {self.bounds(self.small)}{self.exclude()}" if self.chance(0.85) else ""
        x = self.pick(*COLUMNS)
        call = self.pick(self.aggregate(), self.aggregate(), f"first_value({x})", f"last_value({x})", f"nth_value({x}, {self.pick(1, 2, 3)})", "row_number()",
                         f"lag({x})", f"lead({x})", f"lag({x}, {self.pick(0, 1, 2, -1, 200)})", f"lead(v, v)", f"lag(v, 2, -v)", "ntile(3)", "ntile(1 + 1)",
                         "percent_rank()", "cume_dist()")
        return f"{call} OVER ({self.partition()}ORDER BY {keys}{frame})"

    def by_groups(self):
        keys = ", ".join(self.order_item(column) for column in self.random.sample(list(COLUMNS), self.pick(1, 1, 2)))
        frame = f" GROUPS {self.bounds(self.small)}{self.exclude()}"
        return f"{self.aggregate()} OVER ({self.partition()}ORDER BY {keys}{frame})"

    def by_range(self):
        key = self.random.choice(list(RANGE_OFFSETS))
        offset = lambda: self.random.choice(RANGE_OFFSETS[key])
        frame = f" RANGE {self.bounds(offset)}{self.exclude()}"
        call = self.pick(self.aggregate(), self.aggregate(), f"first_value({key})", f"last_value({key})")
        if "EXCLUDE" in frame and "value" in call:
            call = "count(*)"
        return f"{call} OVER ({self.partition()}ORDER BY {self.order_item(key)}{frame})"

    def by_default(self):
        keys = self.pick("", "ORDER BY " + ", ".join(self.order_item(c) for c in self.random.sample(list(COLUMNS), self.pick(1, 2, 3))))
        call = self.pick(self.aggregate(), self.aggregate(), "rank()", "dense_rank()", "percent_rank()", "cume_dist()")
        return f"{call} OVER ({self.partition()}{keys})"

    def query(self):
        calls = [self.pick(self.by_rows, self.by_groups, self.by_range, self.by_range, self.by_default)() for _ in range(self.pick(1, 1, 2, 3, 5))]
        where = self.pick("", "", "", " WHERE v > 0", " WHERE g = 2", " WHERE g > 100")
        sql = f"SELECT id, {', '.join(calls)} FROM w{where}"
        return sql, sql

    # ------------------------------------------------------------------------------------- what PostgreSQL says otherwise

    def row_bounds(self):
        """A ROWS frame and what it means for row numbers r of x and o."""
        start, end = self.pick((None, 0), (None, None), (-2, 0), (-1, 1), (0, 3), (-3, -1), (1, 2), (0, None), (None, -2), (-4, 4))
        words = lambda bound, unbounded: unbounded if bound is None else "CURRENT ROW" if bound == 0 else f"{abs(bound)} {'PRECEDING' if bound < 0 else 'FOLLOWING'}"
        frame = f"ROWS BETWEEN {words(start, 'UNBOUNDED PRECEDING')} AND {words(end, 'UNBOUNDED FOLLOWING')}"
        conditions = [f"x.r >= o.r + {start}" if start is not None else "true", f"x.r <= o.r + {end}" if end is not None else "true"]
        return frame, " AND ".join(conditions)

    def special(self):
        frame, inside = self.row_bounds()
        x = self.pick("v", "i", "n", "s", "w", "d")
        number = self.pick("v", "n", "w", "k")
        over = f"OVER (PARTITION BY g ORDER BY v, id {frame})"
        plain = "OVER (PARTITION BY g ORDER BY v, id)"
        among = f"FROM numbered x WHERE x.g IS NOT DISTINCT FROM o.g AND {inside}"
        there = f"FROM numbered x WHERE x.g IS NOT DISTINCT FROM o.g AND x.{x} IS NOT NULL"
        away = self.pick(1, 2, 3)
        ours, theirs = self.pick(
            (f"count(DISTINCT {x}) {over}", f"(SELECT count(DISTINCT x.{x}) {among})"),
            (f"sum(DISTINCT {number}) {over}", f"(SELECT sum(DISTINCT x.{number}) {among})"),
            (f"count(DISTINCT {x}) FILTER (WHERE i > 1) {over}", f"(SELECT count(DISTINCT x.{x}) FILTER (WHERE x.i > 1) {among})"),
            (f"first_value({x}) IGNORE NULLS {over}", f"(SELECT x.{x} {among} AND x.{x} IS NOT NULL ORDER BY x.r LIMIT 1)"),
            (f"last_value({x} IGNORE NULLS) {over}", f"(SELECT x.{x} {among} AND x.{x} IS NOT NULL ORDER BY x.r DESC LIMIT 1)"),
            (f"nth_value({x}, {away}) IGNORE NULLS {over}", f"(SELECT x.{x} {among} AND x.{x} IS NOT NULL ORDER BY x.r LIMIT 1 OFFSET {away - 1})"),
            (f"lag({x}, {away}) IGNORE NULLS {plain}", f"(SELECT x.{x} {there} AND x.r < o.r ORDER BY x.r DESC LIMIT 1 OFFSET {away - 1})"),
            (f"lead({x} IGNORE NULLS) {plain}", f"(SELECT x.{x} {there} AND x.r > o.r ORDER BY x.r LIMIT 1)"))
        numbered = "WITH numbered AS (SELECT *, row_number() OVER (PARTITION BY g ORDER BY v, id) AS r FROM w)"
        return f"SELECT id, {ours} FROM w", f"{numbered} SELECT id, {theirs} FROM numbered o"

    def first_rows(self):
        """Conditions on row numbers and ranks, which let a window keep less than it is given."""
        call = self.pick("row_number()", "rank()", "rank()", "dense_rank()")
        keys = ", ".join(self.order_item(column) for column in self.random.sample(list(COLUMNS), self.pick(1, 2)))
        over = f"OVER ({self.partition()}ORDER BY {keys}{', id' if call == 'row_number()' else ''})"
        condition = self.pick("= 1", "<= 1", "<= 3", "< 3", "< 6", "= 2", "BETWEEN 1 AND 2", "<= 2 OR g = 1", "<= 0", "<= 2 AND v > 1")
        inner = f"SELECT *, {call} {over} AS r{self.pick('', f', rank() {over} AS r2', f', count(*) {over} AS r2')} FROM w"
        theirs = f"SELECT id, r FROM ({inner}) q WHERE r {condition}"
        ours = self.pick(theirs, f"SELECT id, {call} {over} AS r FROM w QUALIFY r {condition}")
        return ours, theirs

    def stacked(self):
        """A window over the output of a window, whose order it may share."""
        keys = self.pick(("g", "v, id"), ("g", "ts, id"), ("g, s", "i DESC, id"))
        frame = self.pick("ROWS UNBOUNDED PRECEDING", "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING", "")
        other = self.pick(keys, keys, (keys[0], keys[1].split(",")[0]), ("s, g", keys[1]))
        sql = (f"SELECT id, x, sum(x) OVER (PARTITION BY {other[0]} ORDER BY {other[1]} {frame if other == keys else ''}) FROM "
               f"(SELECT *, lag(v) OVER (PARTITION BY {keys[0]} ORDER BY {keys[1]}) AS x FROM w) q{self.pick('', ' WHERE x > 0')}")
        return sql, sql

    def question(self):
        if self.chance(0.2):
            return self.pick(self.first_rows, self.stacked)()
        return self.special() if self.chance(0.2) else self.query()


def compare_round(ours, theirs, generator, deadline, design):
    types = ", ".join(f"{name} {its}" for name, its in COLUMNS.items())
    rows = generator.rows()
    create, insert = f"CREATE TABLE w (id int, {types})", f"INSERT INTO w VALUES {', '.join(rows)}"
    ours.run(f"{create} {design}")
    theirs.run(f"DROP TABLE IF EXISTS w; {create}")
    if rows:
        ours.run(insert)
        theirs.run(insert)
    compared, failures = 0, []
    for _ in range(120):
        if time.monotonic() > deadline:
            break
        sql, their_sql = generator.question()
        try:
            expected = theirs.run(their_sql)
        except Failed as error:
            expected = error
        try:
            answer = ours.run(sql)
        except Failed as error:
            answer = error
        compared += 1
        if isinstance(answer, Failed) != isinstance(expected, Failed) or (not isinstance(answer, Failed) and not same_rows(answer, expected, False)):
            failures.append((sql, answer, expected))
    return compared, failures, [f"{create} {design}", insert if rows else ""]


def main():
    options = rounds.parser().parse_args()
    generator, theirs = Generator(options.seed), Postgres(Cluster())

    def make_round(number, deadline):
        ours = Depot(options.depot, *TOPOLOGIES[number % len(TOPOLOGIES)])
        answer = compare_round(ours, theirs, generator, deadline, DESIGNS[number % len(DESIGNS)])
        ours.close()
        return answer

    status = rounds.run_rounds(options, TOPOLOGIES, "PostgreSQL", make_round)
    theirs.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
