#!/usr/bin/env python3
"""Random queries over small tables with NULLs and duplicates, through Depot and SQLite or PostgreSQL: joins, filters, aggregates, windows,
subqueries, also correlated ones at any depth; with PostgreSQL LATERAL and ANY and ALL as well.

usage: random_queries.py DEPOT [--seconds N] [--seed N] [--keep-going] [--postgres] [--only KIND]
--postgres starts a PostgreSQL 15 of its own. --only: correlated, lateral …
Prints its seed; the same seed asks the same questions. Statements that the other engine refuses are not counted; one that Depot refuses is a
failure."""
import sys

import rounds
from engines import Depot, Sqlite
from postgres import Cluster, Postgres

TABLES = {
    "t": {"a": "int", "b": "int", "s": "text", "n": "number"},
    "u": {"a": "int", "c": "int", "s": "text", "m": "number"},
    "v": {"b": "int", "c": "int", "r": "text"},
}
SQL_TYPES = {"int": ["INT", "BIGINT", "SMALLINT"], "text": ["VARCHAR(60)"], "number": ["DECIMAL(8,2)"]}
DESIGNS = ["DISTSTYLE EVEN", "DISTSTYLE ALL", "DISTKEY({0})", "SORTKEY({0})", "DISTKEY({0}) SORTKEY({1})",
           "PARTITION BY (bucket(3, {0}))", "PARTITION BY ({1})", ""]
TEXTS = ["", "a", "b", "ab", "abc", "Abc", "a%b", "long text of more than twelve bytes", "x"]
TOPOLOGIES = [["--nodes", "1", "--slices", "1"], ["--nodes", "1", "--slices", "2", "--set", "batch_rows=1"],
              ["--nodes", "4", "--slices", "2", "--set", "batch_rows=7"], ["--nodes", "3", "--slices", "1"]]


class Generator(rounds.Generator):
    def __init__(self, seed, with_postgres=False, only=None):
        super().__init__(seed)
        self.subqueries = True
        self.with_postgres = with_postgres
        self.only = only
        self.aliases = 0

    # ------------------------------------------------------------------------------------------------------------ tables

    def literal(self, kind):
        if kind == "int":
            return str(self.random.choice([0, 1, 2, 3, 4, 5, 7, -1, -3, 100]))
        if kind == "number":
            return self.pick("0.00", "1.50", "-2.25", "3.00", "10.75", "0.01")
        return "'" + self.random.choice(TEXTS) + "'"

    def table(self, name):
        columns = TABLES[name]
        rows = self.random.choice([0, 1, 5, 12, 30, 60])
        keys = self.random.sample(list(columns), 2)
        design = self.random.choice(DESIGNS).format(*keys)
        if "bucket" in design and columns[keys[0]] == "number" or "(n)" in design or "(m)" in design:
            design = ""
        types = ", ".join(f"{c} {self.random.choice(SQL_TYPES[k])}" for c, k in columns.items())
        create = f"CREATE TABLE {name} ({types})"
        inserts = []
        for _ in range(rows):
            values = ["NULL" if self.chance(0.2) else self.literal(kind) for kind in columns.values()]
            inserts.append("(" + ", ".join(values) + ")")
        parts = [inserts] if self.chance(0.7) else [inserts[: rows // 2], inserts[rows // 2:]]
        return create, design, [f"INSERT INTO {name} VALUES {', '.join(part)}" for part in parts if part]

    # ------------------------------------------------------------------------------------------------------- expressions

    def column(self, scope, kind):
        fitting = [name for name, its in scope if its == kind]
        return self.random.choice(fitting) if fitting else self.literal(kind)

    def value(self, scope, kind, depth=2):
        roll = self.random.random()
        if depth == 0 or roll < 0.5:
            return self.column(scope, kind) if not self.chance(0.15) else self.literal(kind)
        if roll < 0.6:
            return f"CASE WHEN {self.condition(scope, depth - 1)} THEN {self.value(scope, kind, depth - 1)} ELSE {self.value(scope, kind, depth - 1)} END"
        if roll < 0.68:
            return f"coalesce({self.column(scope, kind)}, {self.value(scope, kind, depth - 1)})"
        if roll < 0.72:
            return f"nullif({self.column(scope, kind)}, {self.literal(kind)})"
        a, b = self.value(scope, kind, depth - 1), self.value(scope, kind, depth - 1)
        if kind == "text":
            return self.pick(f"({a} || {b})", f"upper({a})", f"lower({a})", f"replace({a}, 'a', 'zz')")
        if kind == "int":
            return self.pick(f"({a} + {b})", f"({a} - {b})", f"abs({a})", f"({a} % 7)", f"({a} / 3)", f"length({self.column(scope, 'text')})",
                             f"(-{self.column(scope, kind)})")
        return self.pick(f"({a} + {b})", f"({a} - {b})", f"abs({a})", f"({a} * 2)")

    def condition(self, scope, depth=2):
        roll = self.random.random()
        if depth > 0 and roll < 0.35:
            word = self.pick("AND", "OR")
            return f"({self.condition(scope, depth - 1)} {word} {self.condition(scope, depth - 1)})"
        if depth > 0 and roll < 0.42:
            return f"NOT ({self.condition(scope, depth - 1)})"
        kind = self.pick("int", "int", "text", "number")
        a = self.value(scope, kind, min(depth, 1))
        if roll < 0.65:
            operator = self.pick("=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")
            other = self.value(scope, kind, 0) if self.chance(0.5) else self.literal(kind)
            return f"{a} {operator} {other}"
        if roll < 0.72:
            return f"{a} IS {self.pick('', 'NOT ')}NULL"
        if roll < 0.8:
            return f"{a} {self.pick('', 'NOT ')}BETWEEN {self.literal(kind)} AND {self.literal(kind)}"
        if roll < 0.9:
            items = [self.literal(kind) for _ in range(self.random.randint(1, 4))] + (["NULL"] if self.chance(0.15) else [])
            return f"{a} {self.pick('', 'NOT ')}IN ({', '.join(items)})"
        if kind == "text":
            return f"{a} {self.pick('', 'NOT ')}LIKE {self.pick(chr(39) + 'a%' + chr(39), chr(39) + '%b%' + chr(39), chr(39) + '_b_' + chr(39))}"
        if not self.subqueries:
            return f"{self.column(scope, kind)} IS NOT NULL"
        return f"{self.column(scope, 'int')} {self.pick('', '', 'NOT ')}IN ({self.inner_column()})"

    def without_subqueries(self, make, *arguments):
        """In expressions that stand twice: two subqueries are never the same one."""
        self.subqueries = False
        made = make(*arguments)
        self.subqueries = True
        return made

    def inner_column(self):
        table = self.pick("t", "u", "v")
        column = self.random.choice([c for c, kind in TABLES[table].items() if kind == "int"])
        scope = [(c, kind) for c, kind in TABLES[table].items()]
        where = f" WHERE {self.plain_condition(scope)}" if self.chance(0.5) else ""
        return f"SELECT {column} FROM {table}{where}"

    def plain_condition(self, scope):
        kind = self.pick("int", "text")
        return f"{self.column(scope, kind)} {self.pick('=', '<', '>', '<>')} {self.literal(kind)}"

    def column_condition(self, scope):
        """With a column always: SQLite loses rows where the ON before a RIGHT JOIN is false without one."""
        name, kind = self.random.choice(scope)
        same_kind = [other for other, its in scope if its == kind]
        other = self.random.choice(same_kind) if self.chance(0.5) else self.literal(kind)
        return f"{name} {self.pick('=', '<>', '<', '>=', 'IS DISTINCT FROM')} {other}"

    # ----------------------------------------------------------------------------------------------------------- queries

    def source(self, alias):
        """FROM item and its columns."""
        table = self.pick("t", "u", "v")
        scope = [(f"{alias}.{c}", kind) for c, kind in TABLES[table].items()]
        if self.chance(0.15):
            inner = [(c, kind) for c, kind in TABLES[table].items()]
            return f"(SELECT * FROM {table} WHERE {self.condition(inner, 1)}) {alias}", scope
        if self.chance(0.1):
            key = self.random.choice([c for c, kind in TABLES[table].items() if kind == "int"])
            return f"(SELECT {key}, count(*) AS q FROM {table} GROUP BY {key}) {alias}", [(f"{alias}.{key}", "int"), (f"{alias}.q", "int")]
        return f"{table} {alias}", scope

    def joins(self):
        text, scope = self.source("x")
        for alias in ["y", "z"][: self.random.choice([0, 1, 1, 1, 2])]:
            right, right_scope = self.source(alias)
            kind = self.pick("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN")
            on = f"{self.column(scope, 'int')} = {self.column(right_scope, 'int')}"
            if self.chance(0.2) and all(any(its == "text" for _, its in side) for side in (scope, right_scope)):
                on = f"{self.column(scope, 'text')} = {self.column(right_scope, 'text')}"
            scope = scope + right_scope
            if self.chance(0.35) and kind != "FULL JOIN":
                on += f" AND {self.column_condition(scope)}"
            text += f" {kind} {right}" + ("" if kind == "CROSS JOIN" else f" ON {on}")
        return text, scope

    def aggregate(self, scope):
        kind = self.pick("int", "number")
        x = self.value(scope, kind, 1)
        call = self.pick(f"sum({x})", f"avg({x})", f"min({x})", f"max({x})", f"count({x})", "count(*)", f"count(DISTINCT {x})",
                         f"sum(DISTINCT {x})", f"min({self.column(scope, 'text')})", f"max({self.column(scope, 'text')})",
                         f"count(DISTINCT {self.column(scope, 'text')})")
        return call + (f" FILTER (WHERE {self.condition(scope, 1)})" if self.chance(0.2) else "")

    def plain(self):
        source, scope = self.joins()
        items = [self.value(scope, self.pick("int", "text", "number")) for _ in range(self.random.randint(1, 4))]
        where = f" WHERE {self.condition(scope)}" if self.chance(0.7) else ""
        order = ""
        if self.chance(0.3):
            order = " ORDER BY " + ", ".join(f"{i + 1}{self.pick('', ' DESC')} NULLS {self.pick('FIRST', 'LAST')}" for i in range(len(items)))
            if self.chance(0.6):
                order += f" LIMIT {self.random.randint(0, 12)}" + (f" OFFSET {self.random.randint(0, 5)}" if self.chance(0.3) else "")
        distinct = "DISTINCT " if self.chance(0.25) else ""
        return f"SELECT {distinct}{', '.join(items)} FROM {source}{where}{order}"

    def grouped(self):
        source, scope = self.joins()
        keys = [self.without_subqueries(self.value, scope, self.pick("int", "text", "number"), 1) for _ in range(self.random.randint(0, 2))]
        keys = [key for key in keys if any(name in key for name, _ in scope)]
        items = keys + [self.aggregate(scope) for _ in range(self.random.randint(1, 3))]
        where = f" WHERE {self.condition(scope)}" if self.chance(0.5) else ""
        group = f" GROUP BY {', '.join(keys)}" if keys else ""
        having = f" HAVING {self.pick('count(*)', f'count({scope[0][0]})')} {self.pick('>', '<=')} {self.random.randint(0, 4)}" if keys and self.chance(0.3) else ""
        return f"SELECT {', '.join(items)} FROM {source}{where}{group}{having}"

    def window(self):
        source, scope = self.joins()
        names = [name for name, _ in scope]
        total = ", ".join(f"{name} NULLS LAST" for name in names)  # a total order, up to rows that are equal
        partition = f"PARTITION BY {self.value(scope, self.pick('int', 'text'), 1)} " if self.chance(0.7) else ""
        bounds = self.pick(("UNBOUNDED PRECEDING", "CURRENT ROW"), ("1 PRECEDING", "1 FOLLOWING"), ("CURRENT ROW", "UNBOUNDED FOLLOWING"),
                           ("2 PRECEDING", "1 PRECEDING"), ("UNBOUNDED PRECEDING", "UNBOUNDED FOLLOWING"), ("1 FOLLOWING", "3 FOLLOWING"))
        frame = f" ROWS BETWEEN {bounds[0]} AND {bounds[1]}" if self.chance(0.6) else ""
        x = self.column(scope, self.pick("int", "number"))
        over = f"OVER ({partition}ORDER BY {total}{frame})"
        peers = f"OVER ({partition}ORDER BY {self.column(scope, 'int')} NULLS LAST)"
        calls = [f"row_number() {over}", f"sum({x}) {over}", f"count({x}) {over}", f"min({x}) {over}", f"max({x}) {over}", f"avg({x}) {over}",
                 f"rank() {peers}", f"dense_rank() {peers}", f"sum({x}) {peers}", f"count(*) {peers}", f"lag({x}) {over}", f"lead({x}, 2) {over}",
                 f"first_value({x}) {over}", f"last_value({x}) {over}", f"ntile(3) {over}", f"sum({x}) OVER ({partition})"]
        items = self.random.sample(calls, self.random.randint(1, 3))
        where = f" WHERE {self.condition(scope)}" if self.chance(0.4) else ""
        return f"SELECT {', '.join(names + items)} FROM {source}{where}"

    def set_operation(self):
        kinds = [self.pick("int", "text") for _ in range(self.random.randint(1, 2))]
        parts = []
        for _ in range(self.random.randint(2, 3)):
            source, scope = self.source("x")
            items = ", ".join(self.value(scope, kind, 1) for kind in kinds)
            parts.append(f"SELECT {items} FROM {source}" + (f" WHERE {self.condition(scope, 1)}" if self.chance(0.5) else ""))
        word = self.pick("UNION", "UNION ALL", "INTERSECT", "EXCEPT")
        return f" {word} ".join(parts[: 2 if word in ("INTERSECT", "EXCEPT") else 3])

    # ---------------------------------------------------------------------------------------------- correlated subqueries

    def inner_source(self):
        self.aliases += 1
        table, alias = self.pick("t", "u", "v"), f"i{self.aliases}"
        return f"{table} {alias}", [(f"{alias}.{c}", kind) for c, kind in TABLES[table].items()]

    def link(self, inner, outer):
        """A condition that names both."""
        kind = self.pick("int", "int", "int", "text")
        operator = self.pick("=", "=", "=", "=", "<", ">=", "<>", "IS NOT DISTINCT FROM")
        return f"{self.column(inner, kind)} {operator} {self.column(outer, kind)}"

    def inner_where(self, inner, outer, depth):
        parts = [self.link(inner, outer)]
        if self.chance(0.4):
            parts.append(self.without_subqueries(self.condition, inner + outer, 1))
        if self.chance(0.3):
            parts.append(self.link(inner, outer))
        if depth > 0 and self.chance(0.35):
            parts.append(self.subquery_test(inner + outer, depth - 1))
        self.random.shuffle(parts)
        return " WHERE " + (" OR " if self.chance(0.12) else " AND ").join(parts)

    def inner_rows(self, outer, depth):
        """FROM … WHERE … of a subquery, and its columns."""
        source, inner = self.inner_source()
        if self.chance(0.25):
            second, more = self.inner_source()
            on = f"{self.column(inner, 'int')} = {self.column(more, 'int')}"
            if self.chance(0.3):
                on += f" AND {self.link(more, outer)}"
            source, inner = f"{source} {self.pick('JOIN', 'LEFT JOIN')} {second} ON {on}", inner + more
        return f" FROM {source}" + self.inner_where(inner, outer, depth), inner

    def inner_value(self, inner, outer, kind):
        both = inner + outer if self.chance(0.3) else inner
        return self.without_subqueries(self.value, both, kind, 1)

    def aggregated(self, inner, outer, kind):
        """An aggregate of outer columns alone would be the outer query's: PostgreSQL and Depot say so, SQLite does not."""
        value = self.inner_value(inner, outer, kind)
        return value if any(name in value for name, _ in inner) else self.column(inner, kind)

    def scalar(self, outer, kind, depth=1):
        rows, inner = self.inner_rows(outer, depth)
        roll = self.random.random()
        total = ", ".join(f"{name} NULLS LAST" for name, _ in inner)
        if kind == "int" and roll < 0.35:
            return f"(SELECT {self.pick('count(*)', f'count({self.column(inner, kind)})', f'count(DISTINCT {self.column(inner, kind)})')} {self.pick('', '', '+ 1')}{rows})"
        if roll < 0.7:
            call = self.pick("min", "max") if kind == "text" else self.pick("min", "max", "sum")
            having = f" HAVING count(*) > {self.random.randint(0, 2)}" if self.chance(0.15) else ""
            return f"(SELECT {call}({self.aggregated(inner, outer, kind)}){rows}{having})"
        if roll < 0.8:
            key = self.column(inner, "int")
            return f"(SELECT max(q) FROM (SELECT {key} AS k, {self.pick('count(*)', f'max({key})')} AS q{rows} GROUP BY {key}) s)" if kind == "int" else \
                f"(SELECT max(q) FROM (SELECT DISTINCT {self.inner_value(inner, outer, kind)} AS q{rows}) s)"
        if roll < 0.88:
            more, others = self.inner_rows(outer, 0)
            word = self.pick("UNION ALL", "UNION", "INTERSECT", "EXCEPT")
            return f"(SELECT min(q) FROM (SELECT {self.column(inner, kind)} AS q{rows} {word} SELECT {self.column(others, kind)}{more}) s)"
        offset = f" OFFSET {self.random.randint(1, 2)}" if self.chance(0.2) else ""
        return f"(SELECT {self.inner_value(inner, [], kind)}{rows} ORDER BY {total} LIMIT 1{offset})"

    def subquery_test(self, outer, depth=1):
        rows, inner = self.inner_rows(outer, depth)
        kind = self.pick("int", "int", "text")
        word = self.pick("", "", "NOT ")
        roll = self.random.random()
        if roll < 0.4:
            return f"{word}EXISTS (SELECT {self.pick('1', '*', self.column(inner, kind))}{rows})"
        if roll < 0.7:
            return f"{self.column(outer, kind)} {word}IN (SELECT {self.inner_value(inner, outer, kind)}{rows})"
        if roll < 0.78:
            return f"({self.column(outer, 'int')}, {self.column(outer, kind)}) {word}IN (SELECT {self.column(inner, 'int')}, {self.column(inner, kind)}{rows})"
        if roll < 0.88 and self.with_postgres:
            operator = self.pick("=", "<>", "<", "<=", ">", ">=")
            return f"{self.column(outer, kind)} {operator} {self.pick('ANY', 'ALL')} (SELECT {self.column(inner, kind)}{rows})"
        return f"{self.column(outer, kind)} {self.pick('=', '<', '>=', '<>')} {self.scalar(outer, kind, depth)}"

    def correlated(self):
        source, scope = self.joins()
        items = [name for name, _ in scope[:3]]
        for _ in range(self.random.randint(0, 2)):
            items.append(self.pick(self.scalar(scope, self.pick("int", "text", "number")), f"({self.subquery_test(scope)})"))
        if self.chance(0.2):
            items.append(f"CASE WHEN {self.subquery_test(scope, 0)} THEN {self.scalar(scope, 'int', 0)} ELSE {self.column(scope, 'int')} END")
        where = f" WHERE {self.subquery_test(scope)}" if self.chance(0.6) else ""
        if where and self.chance(0.4):
            where += f" {self.pick('AND', 'OR')} {self.condition(scope, 1)}"
        return f"SELECT {', '.join(items)} FROM {source}{where}"

    def correlated_groups(self):
        """Above a grouping, and in what is aggregated."""
        source, scope = self.source("x")
        key, kind = self.random.choice(scope)
        groups = [(key, kind)]
        items = [key, self.scalar(groups, "int", 1) if kind == "int" else "count(*)", f"sum({self.scalar(scope, 'int', 0)})"]
        having = f" HAVING {self.subquery_test(groups, 0)}" if kind == "int" and self.chance(0.4) else ""
        where = f" WHERE {self.subquery_test(scope, 0)}" if self.chance(0.4) else ""
        return f"SELECT {', '.join(items)} FROM {source}{where} GROUP BY {key}{having}"

    def lateral(self):
        source, scope = self.joins()
        rows, inner = self.inner_rows(scope, 1)
        names = [name for name, _ in inner]
        total = ", ".join(f"{name} NULLS LAST" for name in names)
        kind = self.pick("int", "text", "number")
        query = self.random.choice([
            f"SELECT {self.inner_value(inner, scope, kind)} AS q{rows}",
            f"SELECT {self.column(inner, kind)} AS q{rows} ORDER BY {total} LIMIT {self.random.randint(1, 3)}",
            f"SELECT max({self.aggregated(inner, scope, kind)}) AS q{rows}",
            f"SELECT count(*) AS q{rows}",
            f"SELECT DISTINCT {self.column(inner, kind)} AS q{rows}",
            f"SELECT {self.column(inner, 'int')} + count(*) AS q{rows} GROUP BY {self.column(inner, 'int')}",
            f"SELECT row_number() OVER (ORDER BY {total}) AS q{rows}",
            f"SELECT {self.column(scope, kind)} AS q",
            f"SELECT {self.column(inner, kind)} AS q{rows} {self.pick('UNION ALL', 'UNION', 'EXCEPT')} SELECT {self.column(scope, kind)}",
        ])
        join = self.pick(", LATERAL", " JOIN LATERAL", " LEFT JOIN LATERAL", " LEFT JOIN LATERAL")
        on = "" if join.startswith(",") else " ON " + self.pick("true", "true", "l.q IS NOT NULL", self.column(scope, "int") + " > 1")
        items = [name for name, _ in scope[:3]] + ["l.q"]
        where = f" WHERE {self.without_subqueries(self.condition, scope, 1)}" if self.chance(0.3) else ""
        return f"SELECT {', '.join(items)} FROM {source}{join} ({query}) l{on}{where}"

    def query(self):
        kinds = [self.plain, self.plain, self.grouped, self.grouped, self.window, self.set_operation, self.correlated, self.correlated,
                 self.correlated_groups] + ([self.lateral] if self.with_postgres else [])
        make = self.random.choice(kinds) if self.only is None else getattr(self, self.only)
        return make()


def main():
    parser = rounds.parser()
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--only", metavar="KIND")
    options = parser.parse_args()
    generator = Generator(options.seed, options.postgres, options.only)
    cluster = Cluster() if options.postgres else None

    def make_round(number, deadline):
        ours = Depot(options.depot, *TOPOLOGIES[number % len(TOPOLOGIES)])
        theirs = Postgres(cluster) if options.postgres else Sqlite()
        for name in TABLES if options.postgres else ():
            theirs.run(f"DROP TABLE IF EXISTS {name}")
        setup = rounds.run_on_both(ours, theirs, [generator.table(name) for name in TABLES])
        compared, failures = rounds.compare(ours, theirs, generator.query, 150, deadline)
        ours.close()
        theirs.close()
        return compared, failures, setup

    return rounds.run_rounds(options, TOPOLOGIES, "PostgreSQL" if options.postgres else "SQLite", make_round)


if __name__ == "__main__":
    sys.exit(main())
