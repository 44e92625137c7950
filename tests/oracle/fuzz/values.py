"""Scalar expressions of a kind over what is in sight. Nothing here divides by zero or overflows."""


class Values:
    def value(self, scope, kind, depth=2):
        roll = self.random.random()
        if depth == 0 or roll < 0.45:
            return self.column(scope, kind) if not self.chance(0.15) else self.literal(kind)
        if roll < 0.53:
            branches = " ".join(f"WHEN {self.condition(scope, depth - 1)} THEN {self.value(scope, kind, depth - 1)}"
                                for _ in range(self.random.randint(1, 2)))
            return f"CASE {branches}{f' ELSE {self.value(scope, kind, depth - 1)}' if self.chance(0.8) else ''} END"
        if roll < 0.6:
            return f"coalesce({self.column(scope, kind)}, {self.value(scope, kind, depth - 1)})"
        if roll < 0.64:
            return f"nullif({self.column(scope, kind)}, {self.literal(kind)})"
        if roll < 0.68:
            return f"{self.pick('greatest', 'least')}({self.value(scope, kind, depth - 1)}, {self.column(scope, kind)})"
        if roll < 0.71 and self.depth < 2:
            return self.scalar_subquery(scope, kind)
        return getattr(self, f"{kind}_value")(scope, depth - 1)

    def int_value(self, scope, depth):
        a, b = self.value(scope, "int", depth), self.value(scope, "int", depth)
        text, date, time = self.value(scope, "text", depth), self.value(scope, "date", depth), self.value(scope, "time", depth)
        return self.pick(
            f"({a} + {b})", f"({a} - {b})", f"abs({a})", f"({a} % 7)", f"({a} / 3)", f"({a} / nullif({b}, 0))", f"(- {a})", f"sign({a})::int",
            f"mod({a}, 5)", f"length({text})", f"position('b' in {text})", f"ascii({text})", f"strpos({text}, 'b')",
            f"extract({self.pick('year', 'month', 'day', 'dow', 'doy', 'quarter', 'week')} from {date})::int",
            f"extract({self.pick('hour', 'minute', 'isodow')} from {time})::int", f"({date} - {self.value(scope, 'date', 0)})",
            f"({a} * {self.pick('1', '2', '-1')})", f"floor({self.value(scope, 'number', depth)})::int", f"ceil({self.value(scope, 'number', 0)})::int",
            f"CAST(({self.condition(scope, 0)}) AS int)", f"width_bucket({self.value(scope, 'number', 0)}, -3.0, 11.0, 5)")

    def number_value(self, scope, depth):
        a, b, i = self.value(scope, "number", depth), self.value(scope, "number", depth), self.value(scope, "int", depth)
        return self.pick(f"({a} + {b})", f"({a} - {b})", f"abs({a})", f"({a} * 2)", f"({a} * 1.5)", f"round({a}, 1)", f"trunc({a}, 1)",
                         f"CAST({i} AS decimal(12,2))", f"({a} + {i})", f"({i} * 0.25)", f"(- {a})", f"round({a})")

    def text_value(self, scope, depth):
        a, b, i = self.value(scope, "text", depth), self.value(scope, "text", depth), self.value(scope, "int", 0)
        return self.pick(
            f"({a} || {b})", f"upper({a})", f"lower({a})", f"replace({a}, 'a', 'zz')", f"substring({a}, 2, 3)", f"substring({a} from 2)",
            f"left({a}, 2)", f"right({a}, 2)", f"trim({a})", f"ltrim({a}, ' a')", f"rtrim({a}, 'b ')", f"lpad({a}, 4, '*')", f"rpad({a}, 5, 'xy')",
            f"reverse({a})", f"repeat({a}, 2)", f"split_part({a}, 'b', 1)", f"initcap({a})", f"concat({a}, {i}, {b})", f"translate({a}, 'ab', 'x')",
            f"CAST({i} AS varchar(20))", f"CAST({self.value(scope, 'date', 0)} AS varchar(20))", f"CAST({self.value(scope, 'number', 0)} AS varchar(20))",
            f"to_char({self.value(scope, 'date', 0)}, '{self.pick('YYYY-MM-DD', 'DD Mon YYYY', 'Q IYYY IW', 'Day D')}')", f"md5({a})",
            f"regexp_replace({a}, '[ab]+', '#')")

    def date_value(self, scope, depth):
        a, t = self.value(scope, "date", depth), self.value(scope, "time", depth)
        return self.pick(f"({a} + {self.random.randint(-40, 400)})", f"({a} - {self.random.randint(0, 40)})", f"CAST({t} AS date)",
                         f"date_trunc('{self.pick('month', 'year', 'quarter', 'week')}', {a})::date",
                         f"CAST({a} + INTERVAL '{self.pick('1 month', '3 days', '1 year 2 months')}' AS date)")

    def time_value(self, scope, depth):
        a, d = self.value(scope, "time", depth), self.value(scope, "date", depth)
        return self.pick(f"({a} + INTERVAL '{self.pick('1 hour', '1 day', '2 months', '90 minutes')}')", f"({a} - INTERVAL '1 day 02:03:04')",
                         f"CAST({d} AS timestamp)", f"date_trunc('{self.pick('hour', 'day', 'month', 'minute')}', {a})",
                         f"({d} + INTERVAL '6 hours')")

    def bool_value(self, scope, depth):
        return f"({self.condition(scope, depth)})"
