#!/usr/bin/env python3
"""Random groupings over joins through Depot and PostgreSQL, with rows grouped before they are joined wherever that is possible
(SET early_groups) or where it is cheaper: keys that are unique, repeat, are NULL or have no partner; inner, outer, semi and anti joins;
groups and arguments from either side, pivots and FILTER.

usage: random_early_groups.py DEPOT [--seconds N] [--seed N] [--keep-going]
Starts a PostgreSQL 15 of its own. Prints its seed; the same seed asks the same questions."""
import sys

import rounds

FACTS = "id int, a int, b int, c smallint, x int, n decimal(8,2), q bigint, t varchar(20), d date"
SIDES = "k int, l int, name varchar(20), w int, m decimal(6,1), e date"
TOPOLOGIES = [["--nodes", nodes, "--slices", slices, "--set", f"batch_rows={rows}", "--set", f"early_groups={way}"]
              for nodes, slices, rows, way in (("1", "1", 2048, "always"), ("1", "2", 3, "always"), ("3", "2", 7, "always"), ("1", "2", 2048, "auto"))]
JOINS = ["JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]


class Generator(rounds.Generator):
    # ---------------------------------------------------------------------------------------------------------------- tables

    def word(self):
        return "'" + "".join(self.random.choice("ab é") for _ in range(self.pick(0, 1, 2, 15))) + "'"

    def null_or(self, value, share=0.12):
        return "NULL" if self.chance(share) else str(value)

    def day(self):
        return f"'2020-0{self.random.randint(1, 3)}-0{self.random.randint(1, 3)}'"

    def facts(self):
        rows = [[i, self.null_or(self.random.randint(0, 9)), self.null_or(self.random.randint(0, 5)), self.null_or(self.random.randint(-1, 2)),
                 self.null_or(self.random.randint(-50, 50)), self.null_or(self.pick(0, 1.5, -2.25, 99999.75)), self.null_or(self.pick(0, 7, -(1 << 40))),
                 self.null_or(self.word()), self.null_or(self.day())] for i in range(self.pick(0, 3, 40, 300))]
        return f"CREATE TABLE f ({FACTS})", self.pick("", "DISTKEY (a)", "SORTKEY (a)", "DISTKEY (b)"), self.inserts("f", rows)

    def side(self, name):
        keys = [self.null_or(self.random.randint(0, 9)) for _ in range(self.pick(0, 2, 12))] if self.chance(0.5) else list(range(self.pick(4, 10)))
        rows = [[key, self.null_or(self.random.randint(0, 2)), self.null_or(self.word()), self.null_or(self.random.randint(-3, 3)),
                 self.null_or(self.pick(0, 2.5, -7.1)), self.null_or(self.day())] for key in keys]
        return f"CREATE TABLE {name} ({SIDES})", self.pick("", "DISTSTYLE ALL", "DISTKEY (k)"), self.inserts(name, rows)

    def inserts(self, name, rows):
        return [f"INSERT INTO {name} VALUES " + ", ".join(f"({', '.join(str(v) for v in row)})" for row in rows)] if rows else []

    def tables(self):
        return [self.facts(), self.side("u"), self.side("v")]

    # ------------------------------------------------------------------------------------------------------------------ queries

    def condition(self, of):
        return {"f": self.pick("f.x > 0", "f.c = 1", "f.t IS NULL", "f.n < 5", "f.a <> 3"), "u": self.pick("u.w > 0", "u.name IS NOT NULL", "u.l = 1"),
                "v": self.pick("v.w > 0", "v.e > '2020-02-01'", "v.l IS NULL")}[of]

    def value(self, of):
        return {"f": self.pick("f.x", "f.n", "f.q", "f.c", "f.n * 2", "f.n * (1 - f.n)", "f.x + 1", "coalesce(f.x, 5)", "f.n / 2", "f.n * f.c"), "u": self.pick("u.w", "u.m", "u.m - 1"),
                "v": self.pick("v.w", "v.m")}[of]

    def argument(self, sides):
        of = self.pick("f", "f", "f", *sides)
        if self.chance(0.25):
            other = self.random.choice(sides)
            result = self.pick(self.value(of), "1")
            return f"CASE WHEN {self.condition(other)} THEN {result} {self.pick('', 'ELSE 0 ', 'WHEN ' + self.condition(of) + ' THEN ' + self.value(of) + ' ')}END"
        return self.value(of)

    def call(self, sides):
        x = self.argument(sides)
        call = self.pick("count(*)", f"count({x})", f"sum({x})", f"sum({x})", f"avg({x})", f"min({x})", f"max({x})", "max(f.t)", "min(f.d)", f"count(DISTINCT {x})", f"stddev({x})")
        return call + (f" FILTER (WHERE {self.condition(self.pick('f', *sides))})" if self.chance(0.15) else "")

    def group(self, sides):
        own = ["f.a", "f.b", "f.t", "date_trunc('month', f.d)::date", "f.a % 3", "f.c", "coalesce(f.a, -1)", "upper(f.t)", "f.x"]
        others = [f"{s}.{c}" for s in sides for c in ("k", "l", "name", "e")] + [f"upper({s}.name)" for s in sides] + [f"f.a + {s}.l" for s in sides]
        return self.pick(*own, *others, *others)

    def query(self):
        sides = self.pick(["u"], ["u", "v"], ["v", "u"])
        source = "f"
        for side in sides:
            key = self.pick("f.a", "f.a", "f.b", "f.c") if side == sides[0] or self.chance(0.6) else f"{sides[0]}.l"
            extra = self.pick("", "", f" AND f.b > {side}.l", f" AND {self.condition(side)}", f" AND f.c = {side}.l")
            kind = self.pick(*JOINS)
            extra = extra if kind != "FULL JOIN" or "=" in extra and ">" not in extra and "f.c = 1" not in extra and ".l = 1" not in extra else ""
            source += f" {kind} {side} ON {key} = {side}.k{extra}"
        conditions = [self.condition(self.pick("f", *sides)) for _ in range(self.pick(0, 0, 1, 2))]
        if self.chance(0.2):
            conditions.append(f"{self.pick('', 'NOT ')}EXISTS (SELECT 1 FROM v AS y WHERE y.k = f.b)")
        groups = list(dict.fromkeys(self.group(sides) for _ in range(self.pick(0, 1, 2, 3))))
        calls = [self.call(sides) for _ in range(self.pick(0, 1, 2, 3) if groups else 2)]
        having = f" HAVING {self.pick('count(*) > 1', 'sum(f.x) > 0', 'count(f.x) = 0')}" if self.chance(0.15) else ""
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {', '.join(groups + calls)} FROM {source}{where}" + (f" GROUP BY {', '.join(groups)}" if groups else "") + having


def main():
    options = rounds.parser().parse_args()
    generator = Generator(options.seed)
    return rounds.against_postgres(options, TOPOLOGIES, generator.tables, generator.query, 60)


if __name__ == "__main__":
    sys.exit(main())
