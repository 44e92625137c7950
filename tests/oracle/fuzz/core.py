"""Random choice, tables and what a query can see. All families are mixins of one Generator (generator.py)."""
import random

# Kinds of columns and the types that they are declared with. Values stay small: sums and products never overflow.
KINDS = {
    "int": ["INT", "BIGINT", "SMALLINT"],
    "number": ["DECIMAL(8,2)", "DECIMAL(12,4)"],
    "text": ["VARCHAR(60)", "TEXT"],
    "date": ["DATE"],
    "time": ["TIMESTAMP"],
    "bool": ["BOOLEAN"],
}
TABLES = {
    "t": {"a": "int", "b": "int", "s": "text", "n": "number", "d": "date"},
    "u": {"a": "int", "c": "int", "s": "text", "m": "number", "e": "time"},
    "v": {"b": "int", "c": "int", "r": "text", "f": "bool", "d": "date"},
}
DESIGNS = ["DISTSTYLE EVEN", "DISTSTYLE ALL", "DISTKEY({0})", "SORTKEY({0})", "DISTKEY({0}) SORTKEY({1})", "PARTITION BY (bucket(3, {0}))",
           "PARTITION BY ({1})", ""]
TEXTS = ["", "a", "b", "ab", "abc", "Abc", "a%b", "a_b", "long text of more than twelve bytes", "x", " pad ", "Ünïcödé", "12", "-3"]
DATES = ["2000-01-01", "2000-02-29", "1999-12-31", "2001-03-15", "1970-01-01", "2024-12-30", "2000-01-02"]
TIMES = ["2000-01-01 00:00:00", "2000-01-01 23:59:59", "1999-12-31 12:30:00.5", "2001-03-15 06:07:08", "2024-02-29 10:00:00"]
NUMBERS = ["0.00", "1.50", "-2.25", "3.00", "10.75", "0.01", "-0.50"]
INTEGERS = [0, 1, 2, 3, 4, 5, 7, -1, -3, 100]


class Core:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = 0
        self.depth = 0  # of subqueries

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    def some(self, items, low, high):
        return self.random.sample(list(items), min(len(items), self.random.randint(low, high)))

    def fresh(self, prefix):
        self.names += 1
        return f"{prefix}{self.names}"

    def kind(self):
        return self.pick("int", "int", "int", "text", "text", "number", "date", "time", "bool")

    def literal(self, kind):
        if kind == "int":
            return str(self.random.choice(INTEGERS))
        if kind == "number":
            return self.random.choice(NUMBERS)
        if kind == "bool":
            return self.pick("true", "false")
        if kind == "date":
            return f"DATE '{self.random.choice(DATES)}'"
        if kind == "time":
            return f"TIMESTAMP '{self.random.choice(TIMES)}'"
        return "'" + self.random.choice(TEXTS) + "'"

    def table(self, name):
        """(CREATE TABLE without design, the design, INSERTs)."""
        columns = TABLES[name]
        rows = self.random.choice([0, 1, 5, 12, 30, 60])
        keys = self.random.sample([c for c, kind in columns.items() if kind in ("int", "text")], 2)
        create = f"CREATE TABLE {name} ({', '.join(f'{c} {self.random.choice(KINDS[kind])}' for c, kind in columns.items())})"
        design = self.random.choice(DESIGNS).format(*keys)
        values = []
        for _ in range(rows):
            cells = ["NULL" if self.chance(0.2) else self.literal(kind) for kind in columns.values()]
            values.append("(" + ", ".join(cells) + ")")
        parts = [values] if self.chance(0.7) else [values[: rows // 2], values[rows // 2:]]
        return create, design, [f"INSERT INTO {name} VALUES {', '.join(part)}" for part in parts if part]

    def column(self, scope, kind):
        """Of a kind from what is in sight (a list of (name, kind)), or a literal."""
        fitting = [name for name, its in scope if its == kind]
        return self.random.choice(fitting) if fitting else self.literal(kind)

    def total_order(self, count):
        """ORDER BY all of `count` output columns, so that LIMIT has one answer."""
        order = list(range(1, count + 1))
        self.random.shuffle(order)
        return " ORDER BY " + ", ".join(f"{i}{self.pick('', ' DESC', ' ASC')}{self.pick('', ' NULLS FIRST', ' NULLS LAST')}" for i in order)
