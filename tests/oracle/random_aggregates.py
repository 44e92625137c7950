#!/usr/bin/env python3
"""Random groupings through Depot and PostgreSQL: every aggregate that both have, with DISTINCT, FILTER, ORDER BY and WITHIN GROUP, over
NULLs, ties and groups few and many, on several topologies; and regular expressions over the same texts.

usage: random_aggregates.py DEPOT [--seconds N] [--seed N] [--keep-going]
Starts a PostgreSQL 15 of its own. Prints its seed; the same seed asks the same questions."""
import sys

import rounds

TYPES = "id int, g int, h varchar(20), i int, k smallint, b bigint, n decimal(8,2), f double precision, t varchar(40), d date, o boolean, v interval"
TOPOLOGIES = [["--nodes", "1", "--slices", "1"], ["--nodes", "1", "--slices", "2", "--set", "batch_rows=3"],
              ["--nodes", "4", "--slices", "2", "--set", "batch_rows=7"], ["--nodes", "3", "--slices", "1", "--set", "threads=1"]]
NUMBERS = ["i", "k", "b", "n", "f", "i + k", "abs(f)", "i % 3"]
TEXTS = ["t", "h", "upper(t)", "t || h", "left(t, 3)"]
PATTERNS = ["a", "^a", "b$", "[ab]+", "(a|b)c?", "x*", "^.{3}", r"\d", r"\w+", r"\s", "a.*b", "[^a]", "(.)(.)", "^$", "(ab)+", "[[:alpha:]]", "c{2}"]


class Generator(rounds.Generator):
    def number(self):
        return self.random.choice(NUMBERS)

    def text(self):
        return self.random.choice(TEXTS)

    def any(self):
        return self.pick(self.number(), self.text(), "d", "v", "o::integer")

    def condition(self):
        pattern = self.random.choice(PATTERNS)
        return self.pick("i > 1", "o", "t IS NOT NULL", f"t ~ '{pattern}'", f"h !~* '{pattern}'", "f < 2", "d > '2020-06-01'", "g <> 1")

    def regexp(self):
        text, pattern = self.pick("t", "h"), self.random.choice(PATTERNS)
        return self.pick(f"regexp_replace({text}, '{pattern}', '<\\&>', 'g')", f"regexp_replace({text}, '{pattern}', '-')", f"regexp_count({text}, '{pattern}')",
                         f"regexp_substr({text}, '{pattern}', 1, 2)", f"regexp_instr({text}, '{pattern}', 2)", f"{text} SIMILAR TO '%(a|b)_*'",
                         f"substring({text} FROM '{pattern}')", f"regexp_like({text}, '{pattern}', 'i')")

    def aggregate(self):
        x, y, text, anything = self.number(), self.number(), self.text(), self.any()
        fraction, order = self.pick("0", "0.1", "0.25", "0.5", "0.77", "1"), self.pick("", " DESC")
        distinct = self.pick("", "", "DISTINCT ")
        call = self.pick(
            f"count({distinct}{anything})", "count(*)", f"sum({distinct}{x})", f"avg({distinct}{x})", f"min({anything})", f"max({anything})", "sum(v)", "avg(v)",
            f"{self.pick('stddev', 'stddev_pop', 'variance', 'var_pop')}({distinct}{x})", f"{self.pick('corr', 'covar_pop', 'covar_samp', 'regr_slope', 'regr_count')}({distinct}{x}, {y})",
            f"regr_{self.pick('avgx', 'avgy', 'sxx', 'sxy', 'r2', 'intercept')}({x}, {y})",
            f"{self.pick('bool_and', 'bool_or', 'every')}({self.condition()})", f"{self.pick('bit_and', 'bit_or', 'bit_xor')}({distinct}{self.pick('i', 'k', 'b')})",
            f"string_agg({text}, ',' ORDER BY {self.pick('n', 'd', 'f')}{order}, id)", f"string_agg(DISTINCT {text}, '-' ORDER BY {text}{order})", f"string_agg(DISTINCT {text}, '')",
            f"percentile_cont({fraction}) WITHIN GROUP (ORDER BY {self.pick(x, x, 'v')}{order})", f"percentile_disc({fraction}) WITHIN GROUP (ORDER BY {anything}{order})",
            f"mode() WITHIN GROUP (ORDER BY {anything}{order})", f"max({self.regexp()})")
        return call + (f" FILTER (WHERE {self.condition()})" if self.random.random() < 0.25 else "")

    def query(self):
        if self.random.random() < 0.15:
            return f"SELECT id, {self.regexp()}, {self.regexp()} FROM r WHERE {self.condition()}"
        keys = self.random.sample(["g", "h", "k", "o", "d", "id % 7", "t"], self.random.choice([0, 1, 1, 1, 2, 3]))
        calls = [self.aggregate() for _ in range(self.random.randint(1, 4))]
        where = f" WHERE {self.condition()}" if self.random.random() < 0.4 else ""
        having = f" HAVING {self.pick('count(*) > 1', 'count(DISTINCT i) > 1', 'max(f) > 0')}" if self.random.random() < 0.2 else ""
        return f"SELECT {', '.join(keys + calls)} FROM r{where}" + (f" GROUP BY {', '.join(keys)}" if keys else "") + having

    def value(self, name):
        if name != "id" and self.random.random() < 0.15:
            return "NULL"
        word = "".join(self.random.choice("aabbc xé") for _ in range(self.random.choice([0, 1, 2, 3, 5, 20])))
        return {"g": str(self.random.choice([1, 1, 2, 3])), "h": f"'{word[:6]}'", "t": f"'{word}'", "i": str(self.random.randint(-2, 4)),
                "k": str(self.random.choice([0, 1, 2, 300])), "b": str(self.random.choice([0, 5, -7, 4000])),
                "n": str(self.random.choice([0, 1.5, -2.25, 100, 999.75])), "f": str(self.random.choice([0, 0.5, -1.25, 2, 3.75])),
                "d": f"'2020-{self.random.randint(1, 12):02}-0{self.random.randint(1, 3)}'", "o": self.pick("true", "false"),
                "v": self.pick("'1 day'", "'2 days'", "'1 hour'", "'-3 days 02:00'", "'1 month'")}[name]

    def table(self):
        names = [column.split()[0] for column in TYPES.split(", ")]
        rows = []
        for number in range(self.random.choice([0, 1, 5, 30, 30, 300])):
            rows.append("(" + ", ".join(str(number) if name == "id" else self.value(name) for name in names) + ")")
        return f"CREATE TABLE r ({TYPES})", "", [f"INSERT INTO r VALUES {', '.join(rows)}"] if rows else []


def main():
    options = rounds.parser().parse_args()
    generator = Generator(options.seed)
    return rounds.against_postgres(options, TOPOLOGIES, lambda: [generator.table()], generator.query, 60)


if __name__ == "__main__":
    sys.exit(main())
