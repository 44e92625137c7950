#!/usr/bin/env python3
"""Random queries over tables of thousands of rows through Depot and PostgreSQL: what depends on several segments and blocks, small domains,
sorted columns, narrow decimals, deletes and later loads. Each question is asked under several settings (spilling, little memory, threads,
batches, instruction sets, no join filters…), some as a statement prepared before rows changed, some inside a transaction behind its own changes.

usage: random_large.py DEPOT [--seconds N] [--seed N] [--keep-going]
Starts a PostgreSQL 15 of its own. Prints its seed; the same seed asks the same questions."""
import os
import random
import shutil
import sys
import tempfile
import time

import rounds
from engines import Depot, Failed, same_rows
from postgres import Cluster, Postgres

TOPOLOGIES = [["--nodes", "1", "--slices", "1"], ["--nodes", "1", "--slices", "2"], ["--nodes", "4", "--slices", "1"], ["--nodes", "1", "--slices", "8"],
              ["--nodes", "4", "--slices", "2"]]
SETTINGS = {
    "force_spill": ["on"], "memory_limit": ["'1 MB'", "'3 MB'", "'16 MB'"], "threads": ["1", "2", "8"], "batch_rows": ["1", "7", "1024"],
    "kernels": ["baseline", "avx2", "avx512"], "join_filters": ["off"], "top_filters": ["off"], "block_skipping": ["off"], "enable_mergejoin": ["off"],
    "aggregate_phases": ["one", "two"], "join_move": ["broadcast", "inner", "outer", "both"], "join_order_seed": ["1", "7", "42"], "plan_cache": ["off"],
    "enable_hashjoin": ["off"], "exchange_credit": ["1"],
}
STORED = {"force_encoding": ["raw", "runlength", "dict", "bitpack", "delta"], "force_codec": ["none", "lz4", "zstd", "repeats"], "block_rows": ["2048", "4096"]}
# A row's number g, and numbers h and j that look random.
H, J = "(g * 7919 + 104729) % 1000003", "(g * 31337 + 271) % 65521"
KINDS = {  # type, ways to make a value
    "int": ("integer", ["g", f"{H}", f"({H}) % 20", f"({J}) % 3000", "g / 500", f"({H}) % 7 - 3", f"CASE WHEN ({H}) % 50 = 0 THEN ({J}) * 32000 ELSE 5 END"]),
    "small": ("smallint", [f"({J}) % 12", f"({H}) % 300 - 150", "g / 700", "g % 2"]),
    "big": ("bigint", ["g::bigint * 4000000000", f"({H})::bigint * 1000003", f"({J}) % 5", "9223372036854775807 - g % 3",
                       f"CASE WHEN g % 2 = 0 THEN -9223372036854775807 - 1 ELSE ({J})::bigint END"]),
    "number": ("decimal(9,2)", [f"(({H}) % 100000) / 100.0", f"({J}) % 11 - 5", f"g % 100 * 0.25 - 3", f"(({H}) % 9000000) + 0.99"]),
    "wide": ("decimal(38,4)", [f"({H}) * 1000000000000000000000.5", f"({J}) % 9 * 0.0001", "(g % 7 - 3) * 9999999999999999999999999999.0", "g"]),
    "double": ("double precision", [f"({H}) / 64.0", f"({J}) % 8 - 4", f"CASE WHEN ({H}) % 97 = 0 THEN 1e30 ELSE g END"]),
    "text": ("varchar(80)", [f"'name ' || ({H}) % 9", f"'key ' || ({H})", f"'a text that is longer than the prefix ' || ({J}) % 400", "repeat('ab', g % 5)",
                             f"CASE WHEN ({J}) % 3 = 0 THEN '' ELSE chr(945 + ({H}) % 20) || 'ü' END", "'k' || g / 900"]),
    "date": ("date", ["DATE '1998-01-01' + g / 40", f"DATE '1992-01-01' + ({H}) % 2500", f"DATE '2000-02-28' + ({J}) % 3"]),
    "moment": ("timestamp", ["TIMESTAMP '2001-01-01 00:00:00' + g * INTERVAL '7 minutes'", f"TIMESTAMP '1999-12-31 23:59:59.5' + ({H}) % 90000 * INTERVAL '1 second'"]),
    "bool": ("boolean", [f"({H}) % 3 = 0", "g % 2 = 0", f"({J}) % 100 = 1"]),
}
EXTREMES = {
    "int": ["2147483647", "-2147483648", "0"], "small": ["32767", "-32768"], "big": ["9223372036854775807", "(-9223372036854775807 - 1)"],
    "number": ["9999999.99", "-9999999.99"], "wide": ["9999999999999999999999999999999999.9999", "-9999999999999999999999999999999999.9999"],
    "double": ["'Infinity'", "'-Infinity'", "'NaN'", "-0.0", "1e308", "5e-324"], "text": ["''", "'ÿ漢字🙂'", "repeat('z', 80)", "' '"],
    "date": ["'0001-01-01'", "'9999-12-31'"], "moment": ["'0001-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'"], "bool": ["true", "false"],
}
COLUMNS = {
    "f": {"id": "int", "k": "int", "l": "int", "c": "small", "b": "big", "n": "number", "m": "number", "w": "wide", "p": "double", "s": "text", "q": "text",
          "d": "date", "e": "date", "t": "moment", "o": "bool"},
    "x": {"k": "int", "c": "small", "n": "number", "s": "text", "d": "date", "o": "bool"},
    "y": {"l": "int", "b": "big", "s": "text", "q": "text", "t": "moment"},
}
DESIGNS = ["", "DISTSTYLE EVEN", "DISTSTYLE ALL", "DISTKEY({0})", "SORTKEY({1})", "SORTKEY({1}, {0})", "DISTKEY({0}) SORTKEY({0})", "DISTSTYLE EVEN SORTKEY({1})",
           "PARTITION BY (bucket(5, {0}))", "DISTKEY({0}) PARTITION BY (bucket(3, {1}))"]
SUMMED = ["int", "int", "small", "number", "number", "big", "wide"]
KEYS = ["int", "small", "text", "date", "bool", "moment", "number"]


class Generator(rounds.Generator):
    def __init__(self, seed):
        super().__init__(seed)
        self.made, self.seen = {}, {}  # of each table: expressions of its columns, some of their values

    # ------------------------------------------------------------------------------------------------------------ tables

    def make_table(self, name):
        self.rows = self.pick(3000, 9000, 20000) if name == "f" else self.pick(0, 30, 700, 3000)
        made = self.made[name] = {}
        self.seen[name] = {}
        for column, kind in COLUMNS[name].items():
            value = "g" if column == "id" else self.random.choice(KINDS[kind][1])
            nulls = self.pick(0, 0, 0, 10, 2) if column != "id" else 0
            made[column] = value if not nulls else f"CASE WHEN (g * 13 + 5) % {nulls} = 0 THEN NULL ELSE {value} END"
        columns = ", ".join(f"{column} {KINDS[kind][0]}" for column, kind in COLUMNS[name].items())
        keys = self.random.sample([c for c, kind in COLUMNS[name].items() if kind in ("int", "small", "text", "date")], 2)
        return f"CREATE TABLE {name} ({columns})", self.random.choice(DESIGNS).format(*keys)

    def see(self, name, rows):
        """Keeps values of its columns, for conditions."""
        for i, column in enumerate(COLUMNS[name]):
            values = [row[i] for row in self.random.sample(rows, min(60, len(rows))) if row[i] is not None]
            self.seen[name][column] = values or [EXTREMES[COLUMNS[name][column]][0].strip("'")]

    def insert(self, name, first, last):
        made = self.made[name]
        return (f"INSERT INTO {name} SELECT {', '.join(f'({value})::{KINDS[COLUMNS[name][column]][0]}' for column, value in made.items())} "
                f"FROM generate_series({first}, {last}) AS s(g)")

    def insert_extremes(self, name):
        rows = []
        for i in range(self.random.randint(1, 6)):
            cells = [str(900000 + i) if column == "id" else "NULL" if self.chance(0.2) else self.random.choice(EXTREMES[kind])
                     for column, kind in COLUMNS[name].items()]
            rows.append(f"({', '.join(cells)})")
        return f"INSERT INTO {name} VALUES {', '.join(rows)}"

    def change(self):
        roll = self.random.random()
        if roll < 0.35:
            return f"DELETE FROM f WHERE {self.condition('f', 'f')}{self.pick('', *[' AND f.id % 7 = 3'] * 5)}"
        if roll < 0.6:
            kind = self.pick("int", "number", "text", "date")
            column = self.random.choice([c for c, its in COLUMNS["f"].items() if its == kind and c != "id"])
            return f"UPDATE f SET {column} = {self.pick('NULL', self.literal('f', column), self.literal('f', column))} WHERE {self.condition('f', 'f')}"
        if roll < 0.7:
            return self.insert("f", 30000, 30000 + self.pick(1, 50, 2500))
        if roll < 0.8:
            return self.insert(self.pick("x", "y"), 4000, 4000 + self.pick(1, 60))
        if roll < 0.9:
            return f"DELETE FROM {(name := self.pick('x', 'y'))} WHERE {self.condition(name, name)}"
        return self.insert_extremes(self.pick("f", "x", "y"))

    # -------------------------------------------------------------------------------------------------------- expressions

    def literal(self, table, column):
        """A value that the column has, or one near it."""
        kind = COLUMNS[table][column]
        if self.chance(0.05):
            return f"{self.random.choice(EXTREMES[kind])}::{KINDS[kind][0]}"
        value = self.random.choice(self.seen[table][column])
        return f"'{value}'::{KINDS[kind][0]}" if kind not in ("int", "number") or value.startswith("-") else value

    def column(self, table, *kinds):
        return self.random.choice([c for c, kind in COLUMNS[table].items() if kind in kinds] or list(COLUMNS[table]))

    def condition(self, table, alias, depth=1):
        if depth > 0 and self.chance(0.35):
            return f"({self.condition(table, alias, depth - 1)} {self.pick('AND', 'AND', 'OR')} {self.condition(table, alias, depth - 1)})"
        column = self.random.choice(list(COLUMNS[table]))
        kind, name = COLUMNS[table][column], f"{alias}.{column}"
        roll = self.random.random()
        if kind == "bool":
            return self.pick(name, f"NOT {name}", f"{name} IS NULL", f"{name} IS NOT TRUE")
        if kind == "text" and roll < 0.4:
            pattern = self.pick("name%", "%1%", "key 5%", "_", "%ab", "a text%3_", "%", "k1%")
            return self.pick(f"{name} LIKE '{pattern}'", f"{name} NOT LIKE '{pattern}'", f"length({name}) > 5", f"upper({name}) < 'N'", f"left({name}, 2) = 'na'")
        if kind in ("date", "moment") and roll < 0.3:
            return self.pick(f"extract(year FROM {name}) = 2001", f"date_trunc('month', {name}) > '1999-06-01'", f"extract(month FROM {name}) IN (1, 2, 12)")
        if roll < 0.5:
            return f"{name} {self.pick('=', '<', '<=', '>', '>=', '<>')} {self.literal(table, column)}"
        if roll < 0.7:
            return f"{name} BETWEEN {self.literal(table, column)} AND {self.literal(table, column)}"
        if roll < 0.85:
            return f"{name} {self.pick('', 'NOT ')}IN ({', '.join(self.literal(table, column) for _ in range(self.random.randint(1, 6)))})"
        return f"{name} IS {self.pick('NOT ', '')}NULL"

    def where(self, table, alias, share=0.6):
        return f" WHERE {self.condition(table, alias)}" if self.chance(share) else ""

    def summed(self, table, alias):
        columns = [self.column(table, self.random.choice(SUMMED)) for _ in range(2)]
        a, b = (f"{alias}.{column}" for column in columns)
        kinds = [COLUMNS[table][column] for column in columns]
        if "big" in kinds or "wide" in kinds:
            return a
        return self.pick(a, a, f"{a} * {b}" if "number" in kinds else f"{a}::bigint * {b}", f"{a}::bigint + {b}", f"{a} * (1 - {alias}.{self.column(table, 'number')})",
                         f"CASE WHEN {self.condition(table, alias, 0)} THEN {a} ELSE 0 END", f"abs({a}::decimal)", f"-{a}::bigint")

    def aggregate(self, table, alias):
        roll = self.random.random()
        any_column = f"{alias}.{self.random.choice(list(COLUMNS[table]))}"
        ordered = f"{alias}.{self.column(table, 'int', 'small', 'big', 'number', 'wide', 'double', 'text', 'date', 'moment')}"
        if roll < 0.45:
            call = f"{self.pick('sum', 'sum', 'avg')}({self.summed(table, alias)})"
        elif roll < 0.7:
            call = f"{self.pick('min', 'max')}({ordered})"
        elif roll < 0.85:
            call = self.pick("count(*)", f"count({any_column})")
        elif roll < 0.97:
            call = f"count(DISTINCT {any_column})"
        else:
            call = f"sum(DISTINCT {alias}.{self.column(table, 'int', 'small', 'number')})"
        return call + (f" FILTER (WHERE {self.condition(table, alias, 0)})" if self.chance(0.12) else "")

    def key(self, table, alias):
        column = self.column(table, self.random.choice(KEYS))
        kind, name = COLUMNS[table][column], f"{alias}.{column}"
        if kind == "moment":
            return self.pick(f"date_trunc('{self.pick('month', 'day', 'year', 'hour')}', {name})", f"extract(hour FROM {name})", f"{name}::date")
        if kind == "date":
            return self.pick(name, f"extract(year FROM {name})", f"date_trunc('quarter', {name})::date", f"extract(dow FROM {name})")
        if kind in ("int", "small"):
            return self.pick(name, name, f"{name} % 10", f"{name} / 100", f"({name} > 5)")
        if kind == "text":
            return self.pick(name, name, f"left({name}, 5)", f"upper({name})", f"length({name})")
        return name

    # ----------------------------------------------------------------------------------------------------------- queries

    def source(self):
        """FROM … of f alone or joined, and (table, alias) pairs in sight."""
        sources, sight = "f", [("f", "f")]
        for other in self.random.sample(["x", "y"], self.pick(0, 1, 1, 2)):
            shared = [c for c in COLUMNS["f"] if c in COLUMNS[other] and COLUMNS["f"][c] == COLUMNS[other][c] and COLUMNS["f"][c] not in ("bool",)]
            key = self.random.choice(shared)
            on = f"f.{key} = {other}.{key}"
            if self.chance(0.25):
                second = self.random.choice(shared)
                on += f" AND f.{second} {self.pick('=', '<', '>=')} {other}.{second}"
            sources += f" {self.pick('JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN')} {other} ON {on}"
            sight.append((other, other))
        return sources, sight

    def subquery(self):
        other = self.pick("x", "y")
        shared = [c for c in COLUMNS["f"] if c in COLUMNS[other] and COLUMNS["f"][c] == COLUMNS[other][c] and COLUMNS["f"][c] != "bool"]
        key, second = self.random.choice(shared), self.random.choice(shared)
        inner = self.condition(other, other)
        return self.pick(f"f.{key} {self.pick('', 'NOT ')}IN (SELECT {key} FROM {other} WHERE {inner})",
                         f"{self.pick('', 'NOT ')}EXISTS (SELECT 1 FROM {other} WHERE {other}.{key} = f.{key} AND {inner})",
                         f"EXISTS (SELECT 1 FROM {other} WHERE {other}.{key} = f.{key} AND {other}.{second} <> f.{second})",
                         f"f.{key} = (SELECT max({key}) FROM {other} WHERE {inner})")

    def restricted(self, sight, share=0.7):
        parts = [self.condition(*self.random.choice(sight)) for _ in range(self.pick(0, 1, 1, 2)) if self.chance(share)]
        if self.chance(0.25):
            parts.append(self.subquery())
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def grouped(self):
        source, sight = self.source()
        keys = list(dict.fromkeys(self.key(*self.random.choice(sight)) for _ in range(self.pick(0, 1, 1, 2, 2, 3))))
        calls = [self.aggregate(*self.random.choice(sight)) for _ in range(self.random.randint(1, 4))]
        having = f" HAVING {self.pick('count(*) > 2', 'min(f.id) > 100', 'count(*) BETWEEN 2 AND 50')}" if keys and self.chance(0.25) else ""
        rollup = len(keys) > 1 and self.chance(0.2)
        group = f" GROUP BY {'ROLLUP (' if rollup else ''}{', '.join(keys)}{')' if rollup else ''}" if keys else ""
        top = ""
        if keys and not rollup and self.chance(0.3):
            order = [f"{i + 1}{self.pick('', ' DESC')} NULLS {self.pick('FIRST', 'LAST')}" for i in range(len(keys))]
            if self.chance(0.5):
                order.insert(0, f"{len(keys) + 1} {self.pick('', 'DESC')}")
            top = f" ORDER BY {', '.join(order)} LIMIT {self.pick(1, 5, 30)}"
        return f"SELECT {', '.join(keys + calls)} FROM {source}{self.restricted(sight)}{group}{having}{top}"

    def order(self, alias, unique):
        names = self.random.sample([c for c in COLUMNS["f"] if c not in ("id", "o")], self.pick(1, 1, 2))
        return ", ".join([f"{alias}.{name}{self.pick('', ' DESC')}{self.pick('', ' NULLS FIRST', ' NULLS LAST')}" for name in names] +
                         ([f"{alias}.id{self.pick('', ' DESC')}"] if unique else []))

    def top(self):
        columns = self.random.sample([c for c in COLUMNS["f"] if c != "id"], 3)
        offset = f" OFFSET {self.pick(1, 50, 3000)}" if self.chance(0.2) else ""
        join = self.pick("", "", " JOIN (SELECT DISTINCT k FROM x) z ON z.k = f.k", " LEFT JOIN (SELECT l, count(*) AS many FROM y GROUP BY l) z ON z.l = f.l")
        return (f"SELECT f.id, {', '.join('f.' + c for c in columns)} FROM f{join}{self.restricted([('f', 'f')])} ORDER BY {self.order('f', True)} "
                f"LIMIT {self.pick(0, 1, 3, 10, 100, 2500)}{offset}")

    def first_of_groups(self):
        key, call = self.key("f", "f"), self.pick("row_number()", "row_number()", "rank()", "dense_rank()")
        if self.chance(0.3):
            key += f", {self.key('f', 'f')}"
        bound = self.pick("= 1", "<= 3", "< 2", "BETWEEN 2 AND 4", "<= 20", "IN (1, 3)")
        over = f"OVER (PARTITION BY {key} ORDER BY {self.order('f', True)})"
        return f"SELECT * FROM (SELECT f.id, {self.random.choice(['f.s', 'f.n', 'f.t', 'f.b', 'f.p'])}, {call} {over} AS r FROM f{self.where('f', 'f', 0.4)}) q WHERE r {bound}"

    def windows(self):
        partition = f"PARTITION BY {self.key('f', 'f')} " if self.chance(0.7) else ""
        over = f"{partition}ORDER BY {self.order('f', True)}"
        frame = self.pick("", "", "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", "ROWS UNBOUNDED PRECEDING", "ROWS BETWEEN 1 PRECEDING AND 3 FOLLOWING",
                          "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
        x = f"f.{self.column('f', 'int', 'small', 'number', 'big')}"
        any_column = f"f.{self.random.choice(list(COLUMNS['f']))}"
        calls = [f"sum({x}) OVER ({over} {frame})", f"count({any_column}) OVER ({over} {frame})", f"min({x}) OVER ({over} {frame})",
                 f"lag({any_column}) OVER ({over})", f"lead({any_column}, 3) OVER ({over})", f"row_number() OVER ({over})", f"rank() OVER ({over})",
                 f"first_value({any_column}) OVER ({over} {frame})", f"last_value({any_column}) OVER ({over} {frame})", f"ntile(7) OVER ({over})",
                 f"sum({x}) OVER ({partition.strip()})", f"max({any_column if any_column != 'f.o' else 'f.s'}) OVER ({over} {frame})", f"avg(f.n) OVER ({over} {frame})"]
        chosen = self.random.sample(calls, self.random.randint(1, 3))
        inner = f"SELECT f.id, {', '.join(f'{call} AS c{i}' for i, call in enumerate(chosen))} FROM f{self.where('f', 'f')}"
        return self.pick(f"SELECT * FROM ({inner}) q WHERE id % 11 = 3 OR id > 899999", f"SELECT count(*), count(c0), min(c0), max(c0) FROM ({inner}) q") \
            if "f.o" not in chosen[0] else f"SELECT * FROM ({inner}) q WHERE id % 11 = 3"

    def distinct(self):
        keys = list(dict.fromkeys(self.key("f", "f") for _ in range(self.pick(1, 2))))
        other = self.pick("", f" {self.pick('UNION', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT ALL')} SELECT {', '.join(keys)} FROM f{self.where('f', 'f', 1)}")
        return f"SELECT {'DISTINCT ' if not other else ''}{', '.join(keys)} FROM f{self.where('f', 'f')}{other}"

    def question(self):
        return self.random.choice([self.grouped, self.grouped, self.grouped, self.top, self.first_of_groups, self.windows, self.distinct])()

    def settings(self):
        return {name: self.random.choice(SETTINGS[name]) for name in self.random.sample(list(SETTINGS), self.pick(0, 1, 2, 3))}


def is_known(error):
    """Sums and means of 38 digits, which numeric holds in PostgreSQL."""
    return error is not None and ("does not fit decimal(38" in error or "more than 38 digits" in error)


class Round:
    """One set of tables, loaded in several pieces under several encodings, with questions and changes."""

    def __init__(self, options, theirs, generator, topology):
        self.generator, self.theirs, self.topology = generator, theirs, topology
        self.folder = tempfile.mkdtemp(prefix="depot-large-")
        self.program = options.depot
        self.setup, self.failures, self.compared = [], [], 0
        self.in_transaction, self.left_set = False, []
        theirs.reset()
        self.open()
        for name in COLUMNS:
            create, design = generator.make_table(name)
            for setting, values in STORED.items():
                if generator.chance(0.3):
                    self.tell(f"SET {setting} = {generator.random.choice(values)}")
            self.tell(f"{create} {design}")
            self.theirs.run(create)
            cuts = sorted(generator.random.sample(range(1, generator.rows), generator.pick(0, 1, 3))) if generator.rows > 4 else []
            for first, last in zip([1] + [cut + 1 for cut in cuts], cuts + [generator.rows]):
                self.both(generator.insert(name, first, last))
            if generator.chance(0.4):
                self.both(generator.insert_extremes(name))
            generator.see(name, self.theirs.run(f"SELECT * FROM {name} LIMIT 5000"))
        if generator.chance(0.5):
            self.tell("ANALYZE")

    def open(self):
        self.ours = Depot(self.program, os.path.join(self.folder, "w"), *(self.topology if not self.setup else []))

    def close(self):
        status = self.ours.close()
        if status not in (0, 1):
            self.failures.append(("(the end)", f"status {status}", None))
        shutil.rmtree(self.folder, ignore_errors=True)

    def tell(self, sql):
        self.ours.run(sql)
        self.setup.append(sql)

    def both(self, sql):
        self.theirs.run(sql)
        self.tell(sql)

    def change(self):
        """Refused by both or by none."""
        sql = self.generator.change()
        answers = []
        for engine in (self.theirs, self.ours):
            try:
                engine.run(sql)
                answers.append(None)
            except Failed as error:
                answers.append(str(error))
        if (answers[0] is None) != (answers[1] is None) and not is_known(answers[1]):
            self.failures.append((sql, answers[1], answers[0]))
            return False
        if answers[0] is None:
            self.setup.append(sql)
        return True

    def ask(self, sql, expected, settings):
        for name, value in settings.items():
            self.ours.run(f"SET {name} = {value}")
        try:
            answer = self.ours.run(sql)
            self.compared += 1
            if not same_rows(answer, expected, False):
                ours, theirs = [row for row in answer if row not in expected], [row for row in expected if row not in answer]
                self.failures.append((f"-- {settings}\n{sql}", f"{len(answer)} rows, alone {ours[:4]}", f"{len(expected)} rows, alone {theirs[:4]}"))
        except Failed as error:
            if not is_known(str(error)) and not ("memory_limit" in settings and "memory" in str(error)):
                self.failures.append((f"-- {settings}\n{sql}", str(error), expected[:4]))
            if self.in_transaction:  # aborted: settings wait for its end
                self.left_set += settings
                return False
        self.reset(settings)
        return True

    def reset(self, settings):
        for name in settings:
            self.ours.run(f"RESET {name}")

    def expected(self, sql):
        try:
            return self.theirs.run(sql)
        except Failed:
            return None

    def compare(self, sql):
        expected = self.expected(sql)
        if expected is None or len(expected) > 30000:
            return
        self.ask(sql, expected, {})
        for _ in range(3):
            self.ask(sql, expected, self.generator.settings())

    def prepared(self, sql):
        """The same plan before and behind a change."""
        if self.expected(sql) is None:
            return
        self.ours.run(f"PREPARE again AS {sql}")
        for _ in range(3):
            expected = self.expected(sql)
            if expected is None or not self.failures == []:
                break
            settings = self.generator.settings()
            self.ask("EXECUTE again", expected, settings)
            self.ask(sql, expected, {})
            if self.failures:
                sql_text, answer, theirs = self.failures[-1]
                self.failures[-1] = (f"PREPARE again AS {sql};\n{sql_text}", answer, theirs)
            self.change()
        self.ours.run("DEALLOCATE again")

    def inside_transaction(self, sql):
        for engine in (self.theirs, self.ours):
            engine.run("BEGIN")
        self.setup.append("BEGIN")
        self.in_transaction, end = True, self.generator.pick("COMMIT", "ROLLBACK")
        for _ in range(2):
            expected = self.expected(sql) if self.change() else None
            if expected is None or not self.ask(sql, expected, self.generator.settings()):
                end = "ROLLBACK"
                break
        for engine in (self.theirs, self.ours):
            engine.run(end)
        self.setup.append(end)
        self.in_transaction = False
        self.reset(self.left_set)
        self.left_set = []

    def run(self, deadline, count):
        for _ in range(count):
            if time.monotonic() > deadline or self.failures:
                break
            roll, sql = self.generator.random.random(), self.generator.question()
            if roll < 0.75:
                self.compare(sql)
            elif roll < 0.85:
                self.prepared(sql)
            elif roll < 0.93:
                self.inside_transaction(sql)
            elif roll < 0.98:
                self.change()
            else:
                self.ours.close()
                self.setup.append("-- opened again")
                self.open()


def main():
    options = rounds.parser().parse_args()
    theirs = Postgres(Cluster())

    def make_round(number, deadline):
        generator = Generator(options.seed * 1000003 + number)
        one = Round(options, theirs, generator, TOPOLOGIES[number % len(TOPOLOGIES)])
        one.run(deadline, 60)
        one.close()
        return one.compared, one.failures, one.setup

    status = rounds.run_rounds(options, TOPOLOGIES, "PostgreSQL", make_round)
    theirs.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
