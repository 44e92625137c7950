"""FROM: tables, derived tables, VALUES, series, joins of all kinds, LATERAL."""
from .core import TABLES


class Sources:
    def relation(self, alias, scope=()):
        """FROM item and its columns; with `scope`, the items to its left, it may be LATERAL."""
        table = self.pick("t", "u", "v")
        columns = TABLES[table]
        inner = list(columns.items())
        roll = self.random.random()
        if roll < 0.1:
            return f"(SELECT * FROM {table} WHERE {self.condition(inner, 1)}) {alias}", [(f"{alias}.{c}", kind) for c, kind in inner]
        if roll < 0.18:
            key = self.random.choice([c for c, kind in inner if kind == "int"])
            return f"(SELECT {key}, count(*)::int AS q FROM {table} GROUP BY {key}) {alias}", [(f"{alias}.{key}", "int"), (f"{alias}.q", "int")]
        if roll < 0.22:
            rows = ", ".join(f"({self.literal('int')}, {self.literal('text')})" for _ in range(self.random.randint(1, 4)))
            return f"(VALUES {rows}) AS {alias} (i, w)", [(f"{alias}.i", "int"), (f"{alias}.w", "text")]
        if roll < 0.26:
            return f"generate_series(1, {self.random.randint(0, 6)}) AS {alias} (g)", [(f"{alias}.g", "int")]
        if roll < 0.34 and scope and self.depth == 0:
            source, own = self.inside(self.inner_table, list(scope))
            name = self.column(own, "int")
            return f"LATERAL (SELECT {name} AS i, {self.inside(self.value, own + list(scope), 'text', 1)} AS w {source}) {alias}", [
                (f"{alias}.i", "int"), (f"{alias}.w", "text")]
        if roll < 0.4:
            name = self.random.choice([c for c, kind in inner if kind == "int"])
            return f"(SELECT DISTINCT {name}, {name} + 1 AS j FROM {table}) {alias}", [(f"{alias}.{name}", "int"), (f"{alias}.j", "int")]
        return f"{table} {alias}", [(f"{alias}.{c}", kind) for c, kind in inner]

    def joins(self, most=2):
        text, scope = self.relation("x")
        for alias in ["y", "z"][: self.random.choice([0, 1, 1, 1, 2][: most + 3])]:
            kind = self.pick("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ",")
            lateral = scope if kind in ("JOIN", "LEFT JOIN", "CROSS JOIN") else ()
            right, right_scope = self.relation(alias, lateral)
            if kind == ",":
                text, scope = f"{text} CROSS JOIN {right}", scope + right_scope
                continue
            condition = f"{self.column(scope, 'int')} = {self.column(right_scope, 'int')}"
            if self.chance(0.25):
                condition = f"{self.column(scope, 'text')} = {self.column(right_scope, 'text')}"
            elif self.chance(0.2) and kind != "FULL JOIN":
                condition = f"{self.column(scope, 'int')} {self.pick('<', '>=', '<>')} {self.column(right_scope, 'int')}"
            scope = scope + right_scope
            if self.chance(0.35) and kind != "FULL JOIN":
                condition += f" {self.pick('AND', 'AND', 'OR')} {self.inside(self.simple_condition, scope, 1)}"
            text += f" {kind} {right}" + ("" if kind == "CROSS JOIN" else f" ON {condition}")
        return text, scope
