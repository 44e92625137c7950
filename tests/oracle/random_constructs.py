#!/usr/bin/env python3
"""Random queries through Depot and PostgreSQL, made of what SQLite lacks: grouping sets, DISTINCT ON, chains of set operations with ALL, WITH
TIES, WITH that is read several times or is recursive, row values, USING and NATURAL, VALUES, joins by inequalities.

usage: random_constructs.py DEPOT [--seconds N] [--seed N] [--keep-going]
Starts a PostgreSQL 15 of its own. Prints its seed; the same seed asks the same questions. Statements that PostgreSQL refuses are not counted;
one that Depot refuses is a failure."""
import sys

import random_queries
import rounds
from random_queries import TABLES, TOPOLOGIES


class Generator(random_queries.Generator):
    # ------------------------------------------------------------------------------------------------------------ GROUP BY

    def keys(self, scope):
        names = [name for name, kind in scope]
        keys = self.random.sample(names, min(len(names), self.random.randint(1, 3)))
        return [key if self.chance(0.8) else self.pick(f"({key} IS NULL)", f"coalesce({key}, {key})") for key in keys]

    def elements(self, keys):
        some = self.random.sample(keys, self.random.randint(1, len(keys)))
        if len(some) > 1 and self.chance(0.3):
            return f"({some[0]}, {some[1]})" + "".join(f", {key}" for key in some[2:])
        return ", ".join(some)

    def group_item(self, keys, depth=2):
        roll = self.random.random()
        if roll < 0.2:
            return self.random.choice(keys)
        if roll < 0.5:
            return f"ROLLUP ({self.elements(keys)})"
        if roll < 0.75:
            return f"CUBE ({self.elements(keys)})"
        if depth == 0:
            return "()"
        sets = [self.pick(f"({', '.join(self.random.sample(keys, self.random.randint(1, len(keys))))})", "()", self.group_item(keys, depth - 1))
                for _ in range(self.random.randint(1, 3))]
        return f"GROUPING SETS ({', '.join(sets)})"

    def grouping_sets(self):
        source, scope = self.joins()
        keys = self.keys(scope)
        items = ", ".join(self.group_item(keys) for _ in range(self.random.choice([1, 1, 2])))
        grouped = [key for key in keys if key in items]
        if not grouped:
            items, grouped = f"ROLLUP ({', '.join(keys)})", keys
        calls = [self.aggregate(scope) for _ in range(self.random.randint(0, 3))]
        calls += [f"grouping({', '.join(self.random.sample(grouped, self.random.randint(1, len(grouped))))})"] if self.chance(0.6) else []
        where = f" WHERE {self.condition(scope, 1)}" if self.chance(0.4) else ""
        having = f" HAVING {self.pick('count(*) > 1', f'grouping({grouped[0]}) = 0', f'{grouped[0]} IS NOT NULL')}" if self.chance(0.3) else ""
        return f"SELECT {', '.join(grouped + calls)} FROM {source}{where} GROUP BY {self.pick('', '', 'DISTINCT ')}{items}{having}"

    # ---------------------------------------------------------------------------------------------------- order and limits

    def distinct_on(self):
        source, scope = self.joins()
        names = [name for name, _ in scope]
        on = self.random.sample(names, min(len(names), self.random.randint(1, 2)))
        rest = [name for name in names if name not in on]
        order = [f"{name}{self.pick('', ' DESC')} NULLS {self.pick('FIRST', 'LAST')}" for name in self.random.sample(on, len(on)) + rest]
        where = f" WHERE {self.condition(scope, 1)}" if self.chance(0.4) else ""
        return f"SELECT DISTINCT ON ({', '.join(on)}) {', '.join(names)} FROM {source}{where} ORDER BY {', '.join(order)}"

    def ties(self):
        source, scope = self.source("x")
        keys = self.random.sample([name for name, _ in scope], self.random.randint(1, 2))
        order = ", ".join(f"{key}{self.pick('', ' DESC')}" for key in keys)
        return f"SELECT {', '.join(keys)} FROM {source} ORDER BY {order} FETCH FIRST {self.random.randint(0, 8)} ROWS WITH TIES"

    # ------------------------------------------------------------------------------------------------------ set operations

    def set_operation(self):
        kinds = [self.pick("int", "text", "number") for _ in range(self.random.randint(1, 3))]

        def operand(depth):
            if depth > 0 and self.chance(0.3):
                return f"({chain(depth - 1)})"
            if self.chance(0.15):
                rows = [f"({', '.join(self.literal(kind) for kind in kinds)})" for _ in range(self.random.randint(1, 4))]
                return f"VALUES {', '.join(rows)}"
            source, scope = self.source("x")
            items = ", ".join(self.column(scope, kind) for kind in kinds)
            return f"SELECT {items} FROM {source}" + (f" WHERE {self.condition(scope, 1)}" if self.chance(0.4) else "")

        def chain(depth):
            text = operand(depth)
            for _ in range(self.random.randint(1, 3)):
                text += f" {self.pick('UNION', 'INTERSECT', 'EXCEPT')}{self.pick('', ' ALL')} {operand(depth)}"
            return text

        return chain(2)

    # ---------------------------------------------------------------------------------------------------------------- WITH

    def with_query(self):
        inner = self.pick(self.grouped, self.set_operation, self.grouping_sets, self.distinct_on)()
        materialized = self.pick("", "", "MATERIALIZED ", "NOT MATERIALIZED ")
        use = self.pick("SELECT (SELECT count(*) FROM q), (SELECT count(*) FROM q WHERE c IS NULL)",
                        "SELECT x.c, y.c FROM q x JOIN q y ON x.c = y.c", "SELECT c FROM q UNION ALL SELECT c FROM q",
                        "SELECT c, count(*) FROM q GROUP BY c", "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM q WHERE q.c IS NOT NULL)")
        return f"WITH q(c) AS {materialized}({inner}) {use}"

    def recursive(self):
        table = self.pick("t", "u")
        other = "b" if table == "t" else "c"
        all_ = self.pick("", " ALL")
        limit = self.random.randint(1, 4)
        key = self.literal("int")
        term = self.pick(f"SELECT {table}.{other}, r.d + 1 FROM {table} JOIN r ON {table}.a = r.k WHERE r.d < {limit}",
                         f"SELECT {table}.{other}, r.d + 1 FROM r JOIN {table} ON {table}.a > r.k WHERE r.d < {min(limit, 2)}",
                         f"SELECT r.k % 7, r.d + 1 FROM r WHERE r.d < {limit} AND r.k IN (SELECT a FROM {table})",
                         f"SELECT v.b, r.d + 1 FROM r LEFT JOIN v ON v.c = r.k WHERE r.d < {min(limit, 3)}")
        first = self.pick(f"SELECT a::bigint, 0 FROM {table}", f"SELECT {key}::bigint, 0", f"SELECT DISTINCT {other}::bigint, 0 FROM {table}")
        use = self.pick("SELECT * FROM r", "SELECT d, count(*), sum(k) FROM r GROUP BY d", "SELECT count(*) FROM r x JOIN r y ON x.k = y.d")
        return f"WITH RECURSIVE r(k, d) AS ({first} UNION{all_} SELECT s.k::bigint, s.d FROM ({term}) s(k, d)) {use}"

    # --------------------------------------------------------------------------------------------------------------- joins

    def row_values(self):
        source, scope = self.joins()
        left, right = self.row(scope), self.row(scope)
        condition = self.pick(f"{left} {self.pick('=', '<>', '<', '<=', '>', '>=')} {right}", f"{left} {self.pick('', 'NOT ')}IN ({right}, {self.row(scope)})",
                              f"{left} IS {self.pick('', 'NOT ')}NULL", f"{left} IS {self.pick('', 'NOT ')}DISTINCT FROM {right}",
                              f"{left} BETWEEN {right} AND {self.row(scope)}")
        return f"SELECT {', '.join(name for name, _ in scope)}, {condition} FROM {source}" + (f" WHERE {condition}" if self.chance(0.5) else "")

    def row(self, scope):
        return f"({self.value(scope, 'int', 0)}, {self.value(scope, 'text', 0)})"

    def using(self):
        kind = self.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
        source = self.pick(f"t {kind} u USING (a)", f"t {kind} u USING (s, a)", f"t NATURAL {kind} u", f"t {kind} v USING (b)",
                           f"(VALUES (1, 'a'), (2, 'x'), (NULL, 'b')) w(a, s) NATURAL {kind} t")
        return self.pick(f"SELECT * FROM {source}", f"SELECT count(*) FROM {source}")

    def inequality(self):
        left, scope = self.source("x")
        right, right_scope = self.source("y")
        kind = self.pick("int", "int", "number")
        a, b, c = self.column(scope, kind), self.column(right_scope, kind), self.column(right_scope, kind)
        on = self.pick(f"{a} {self.pick('<', '<=', '>', '>=')} {b}", f"{a} BETWEEN {b} AND {c}", f"{a} >= {b} - 1 AND {a} < {b} + 2",
                       f"{a} > {b} AND {a} <= {c}", f"{a} < {b} AND {self.column(scope, kind)} > {c}",
                       f"{a} > {b} AND {self.column_condition(scope + right_scope)}")
        names = ", ".join(name for name, _ in scope + right_scope)
        if self.chance(0.3):
            return f"SELECT {', '.join(name for name, _ in scope)} FROM {left} WHERE {self.pick('', 'NOT ')}EXISTS (SELECT 1 FROM {right} WHERE {on})"
        return f"SELECT {names} FROM {left} {self.pick('JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN')} {right} ON {on}"

    def query(self):
        return self.random.choice([self.grouping_sets, self.grouping_sets, self.distinct_on, self.ties, self.set_operation, self.set_operation,
                                   self.with_query, self.recursive, self.row_values, self.using, self.inequality, self.inequality])()


def main():
    options = rounds.parser().parse_args()
    generator = Generator(options.seed)
    return rounds.against_postgres(options, TOPOLOGIES, lambda: [generator.table(name) for name in TABLES], generator.query, 200, rows_most=20000)


if __name__ == "__main__":
    sys.exit(main())
