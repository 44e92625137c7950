"""Predicates with three values, and subqueries: correlated with what is in sight as often as not."""
from .core import TABLES

COMPARISONS = ["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"]


class Conditions:
    def condition(self, scope, depth=2):
        roll = self.random.random()
        if depth > 0 and roll < 0.3:
            return f"({self.condition(scope, depth - 1)} {self.pick('AND', 'OR')} {self.condition(scope, depth - 1)})"
        if depth > 0 and roll < 0.37:
            return f"NOT ({self.condition(scope, depth - 1)})"
        if self.depth < 2 and roll < 0.5:
            return self.subquery_condition(scope)
        return self.simple_condition(scope, min(depth, 1))

    def simple_condition(self, scope, depth):
        kind = self.kind()
        a = self.value(scope, kind, depth)
        form = self.pick("compare", "compare", "compare", "null", "between", "in", "like", "bool", "row")
        if form == "compare":
            other = self.value(scope, kind, 0) if self.chance(0.5) else self.literal(kind)
            return f"{a} {self.random.choice(COMPARISONS)} {other}"
        if form == "null":
            return f"{a} IS {self.pick('', 'NOT ')}NULL"
        if form == "between":
            return f"{a} {self.pick('', 'NOT ')}BETWEEN {self.literal(kind)} AND {self.value(scope, kind, 0)}"
        if form == "in":
            items = [self.literal(kind) for _ in range(self.random.randint(1, 4))] + (["NULL"] if self.chance(0.15) else [])
            return f"{a} {self.pick('', 'NOT ')}IN ({', '.join(items)})"
        if form == "like":
            pattern = self.pick("'a%'", "'%b%'", "'_b_'", "'%'", "'a!%b'", "''")
            escape = " ESCAPE '!'" if "!" in pattern else ""
            return f"{self.value(scope, 'text', depth)} {self.pick('', 'NOT ')}{self.pick('LIKE', 'ILIKE')} {pattern}{escape}"
        if form == "row":
            return f"({self.column(scope, 'int')}, {self.column(scope, 'text')}) {self.pick('=', '<>', '<', '>=')} ({self.literal('int')}, {self.literal('text')})"
        return f"({self.value(scope, 'bool', depth)}) IS {self.pick('', 'NOT ')}{self.pick('TRUE', 'FALSE', 'UNKNOWN')}"

    # -------------------------------------------------------------------------------------------------------- subqueries

    def inner_table(self, scope):
        """FROM … WHERE … of a subquery, and its own columns; conditions may use columns of the query around it."""
        table, alias = self.pick("t", "u", "v"), self.fresh("q")
        own = [(f"{alias}.{c}", kind) for c, kind in TABLES[table].items()]
        parts = []
        if self.chance(0.7) and any(kind == "int" for _, kind in scope):
            parts.append(f"{self.column(own, 'int')} {self.pick('=', '=', '=', '<', '>=')} {self.column(scope, 'int')}")
        if self.chance(0.4):
            parts.append(self.inside(self.simple_condition, own + scope if self.chance(0.5) else own, 0))
        where = f" WHERE {' AND '.join(parts)}" if parts else ""
        return f"FROM {table} {alias}{where}", own

    def inside(self, make, *arguments):
        self.depth += 1
        made = make(*arguments)
        self.depth -= 1
        return made

    def scalar_subquery(self, scope, kind):
        source, own = self.inside(self.inner_table, scope)
        value = self.inside(self.value, own, kind, 0)
        aggregate = "bool_or" if kind == "bool" else self.pick("min", "max")
        if kind == "int" and self.chance(0.4):
            return f"(SELECT {self.pick('count(*)', f'count({value})', f'sum({value})')}::int {source})"
        if self.chance(0.2) and kind != "bool":
            return f"(SELECT {value} {source} ORDER BY 1{self.pick('', ' DESC')} NULLS LAST LIMIT 1)"
        return f"(SELECT {aggregate}({value}) {source})"

    def subquery_condition(self, scope):
        source, own = self.inside(self.inner_table, scope)
        if self.chance(0.4):
            return f"{self.pick('', 'NOT ')}EXISTS (SELECT {self.pick('1', '*', own[0][0])} {source})"
        kind = self.pick("int", "int", "text", "date")
        outer, inner = self.column(scope, kind), self.inside(self.value, own, kind, 0)
        if self.chance(0.6):
            return f"{outer} {self.pick('', '', 'NOT ')}IN (SELECT {inner} {source})"
        if self.chance(0.3):
            return f"({outer}, {self.column(scope, 'int')}) IN (SELECT {inner}, {self.column(own, 'int')} {source})"
        return f"{outer} {self.pick('=', '<>', '<', '<=', '>', '>=')} {self.pick('ANY', 'ALL')} (SELECT {inner} {source})"
