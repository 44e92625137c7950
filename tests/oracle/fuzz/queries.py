"""Whole statements: plain, grouped (sets, rollup, cube), with windows, set operations, CTEs, DISTINCT ON, recursion."""

FRAMES = ["", "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
          "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING",
          "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW", "GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW"]


class Queries:
    def limit(self, count):
        if not self.chance(0.3):
            return ""
        text = self.total_order(count)
        if self.chance(0.6):
            text += f" LIMIT {self.random.randint(0, 12)}" + (f" OFFSET {self.random.randint(0, 5)}" if self.chance(0.3) else "")
        return text

    def plain(self):
        source, scope = self.joins()
        items = [self.value(scope, self.kind()) for _ in range(self.random.randint(1, 4))]
        where = f" WHERE {self.condition(scope)}" if self.chance(0.7) else ""
        return f"SELECT {'DISTINCT ' if self.chance(0.25) else ''}{', '.join(items)} FROM {source}{where}{self.limit(len(items))}"

    def distinct_on(self):
        source, scope = self.joins(1)
        names = [name for name, _ in scope]
        key = self.random.choice(names)
        order = ", ".join(f"{name} NULLS LAST" for name in [key] + [name for name in names if name != key])
        return f"SELECT DISTINCT ON ({key}) {', '.join(names)} FROM {source} ORDER BY {order}"

    def aggregate(self, scope):
        kind = self.pick("int", "number")
        x, condition = self.value(scope, kind, 1), self.inside(self.condition, scope, 1)
        text = self.value(scope, "text", 0)
        call = self.pick(
            f"sum({x})", f"avg({x})", f"min({x})", f"max({x})", f"count({x})", "count(*)", f"count(DISTINCT {x})", f"sum(DISTINCT {x})",
            f"min({text})", f"max({self.value(scope, 'date', 1)})", f"count(DISTINCT {text})", f"bool_and({condition})", f"bool_or({condition})",
            f"string_agg({text}, ',' ORDER BY {text})", f"string_agg(DISTINCT {text}, '-' ORDER BY {text})", f"stddev_samp({x})", f"var_pop({x})",
            f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {x})", f"percentile_disc(0.25) WITHIN GROUP (ORDER BY {x})",
            f"bit_and({self.column(scope, 'int')})", f"covar_samp({self.column(scope, 'int')}, {x})")
        return call + (f" FILTER (WHERE {condition})" if self.chance(0.2) else "")

    def plain_key(self, scope):
        """Of constants PostgreSQL takes some for positions and groups by others: a key has a column."""
        for _ in range(5):
            key = self.inside(self.inside, self.value, scope, self.kind(), 1)
            if any(name in key for name, _ in scope):
                return key
        return scope[0][0]

    def grouped(self):
        source, scope = self.joins()
        keys = list(dict.fromkeys(self.plain_key(scope) for _ in range(self.random.randint(0, 2))))
        items = keys + [self.aggregate(scope) for _ in range(self.random.randint(1, 3))]
        where = f" WHERE {self.condition(scope)}" if self.chance(0.5) else ""
        group = f" GROUP BY {', '.join(keys)}" if keys else ""
        having = f" HAVING {self.pick('count(*)', f'count({scope[0][0]})')} {self.pick('>', '<=')} {self.random.randint(0, 4)}" if keys and self.chance(0.3) else ""
        return f"SELECT {', '.join(items)} FROM {source}{where}{group}{having}"

    def grouping_sets(self):
        source, scope = self.joins(1)
        keys = self.some([name for name, _ in scope], 2, 3)
        form = self.pick("ROLLUP", "CUBE", "SETS", "MIXED")
        if form == "SETS":
            sets = [f"({', '.join(self.some(keys, 0, len(keys)))})" for _ in range(self.random.randint(1, 3))]
            group = f"GROUPING SETS ({', '.join(sets + ['(' + ', '.join(keys) + ')'])})"
        elif form == "MIXED" and len(keys) > 1:
            group = f"{keys[0]}, ROLLUP ({', '.join(keys[1:])})"
        else:
            group = f"{'ROLLUP' if form == 'MIXED' else form} ({', '.join(keys)})"
        items = keys + [f"grouping({', '.join(keys)})", self.aggregate(scope)]
        where = f" WHERE {self.condition(scope, 1)}" if self.chance(0.4) else ""
        return f"SELECT {', '.join(items)} FROM {source}{where} GROUP BY {group}"

    def window(self):
        source, scope = self.joins(1)
        names = [name for name, _ in scope]
        total = ", ".join(f"{name}{self.pick('', ' DESC')} NULLS {self.pick('FIRST', 'LAST')}" for name in names)
        partition = f"PARTITION BY {self.inside(self.inside, self.value, scope, self.pick('int', 'text'), 1)} " if self.chance(0.7) else ""
        x = self.column(scope, self.pick("int", "number"))
        over = f"OVER ({partition}ORDER BY {total} {self.random.choice(FRAMES)})"
        peers = f"OVER ({partition}ORDER BY {self.column([one for one in scope if one[1] == 'int'], 'int')} NULLS LAST)"
        calls = [f"row_number() {over}", f"sum({x}) {over}", f"count({x}) {over}", f"min({x}) {over}", f"max({x}) {over}", f"avg({x}) {over}",
                 f"rank() {peers}", f"dense_rank() {peers}", f"percent_rank() {peers}", f"cume_dist() {peers}", f"sum({x}) {peers}",
                 f"count(*) {peers}", f"lag({x}) {over}", f"lead({x}, 2) {over}", f"first_value({x}) {over}", f"last_value({x}) {over}",
                 f"nth_value({x}, 2) {over}", f"ntile(3) {over}", f"sum({x}) OVER ({partition})",
                 f"count(*) FILTER (WHERE {self.inside(self.inside, self.condition, scope, 1)}) {over}"]
        where = f" WHERE {self.condition(scope)}" if self.chance(0.4) else ""
        return f"SELECT {', '.join(names + self.some(calls, 1, 3))} FROM {source}{where}"

    def grouped_window(self):
        source, scope = self.joins(1)
        key = self.random.choice([name for name, kind in scope if kind == "int"] or [scope[0][0]])
        x = self.column(scope, "int")
        return (f"SELECT {key}, sum({x}), sum(sum({x})) OVER (ORDER BY {key} NULLS LAST), rank() OVER (ORDER BY count(*) DESC)"
                f" FROM {source} GROUP BY {key}")

    def set_operation(self):
        kinds = [self.pick("int", "text", "date") for _ in range(self.random.randint(1, 2))]
        parts = []
        for _ in range(self.random.randint(2, 3)):
            source, scope = self.relation("x")
            items = ", ".join(self.value(scope, kind, 1) if self.chance(0.9) else f"CAST(NULL AS {'int' if kind == 'int' else 'text' if kind == 'text' else 'date'})"
                              for kind in kinds)
            parts.append(f"SELECT {items} FROM {source}" + (f" WHERE {self.condition(scope, 1)}" if self.chance(0.5) else ""))
        text = parts[0]
        for part in parts[1:]:
            text = f"{text} {self.pick('UNION', 'UNION ALL', 'INTERSECT', 'INTERSECT ALL', 'EXCEPT', 'EXCEPT ALL')} {part}"
        return text + self.limit(len(kinds))

    def cte(self):
        source, scope = self.joins(1)
        names = [f"c{i}" for i in range(min(3, len(scope)))]
        kinds = [kind for _, kind in scope[: len(names)]]
        items = ", ".join(f"{name} AS {alias}" for (name, _), alias in zip(scope, names))
        both = [(f"{side}.{name}", kind) for side in ("p", "q") for name, kind in zip(names, kinds)]
        where = f" WHERE {self.condition(both, 1)}" if self.chance(0.5) else ""
        hint = self.pick("", "", "MATERIALIZED ", "NOT MATERIALIZED ")
        filters = f" WHERE {self.condition(scope, 1)}" if self.chance(0.6) else ""
        return (f"WITH w AS {hint}(SELECT {items} FROM {source}{filters}) SELECT {', '.join(self.value(both, self.kind(), 1) for _ in range(3))}"
                f" FROM w p {self.pick('JOIN', 'LEFT JOIN', 'FULL JOIN')} w q ON p.c0 = q.c0{where}")

    def recursive(self):
        step, stop = self.random.randint(1, 3), self.random.randint(0, 20)
        word = self.pick("UNION", "UNION ALL")
        start = self.pick("SELECT 0, 'x'", "SELECT a, coalesce(s, '') FROM t WHERE a BETWEEN 0 AND 2", "VALUES (1, 'a'), (2, 'b')")
        return (f"WITH RECURSIVE r (i, w) AS ({start} {word} SELECT i + {step}, left(w || 'y', 6) FROM r WHERE i < {stop})"
                f" SELECT r.i, r.w, (SELECT count(*) FROM u WHERE u.a = r.i) FROM r")

    def query(self):
        self.names = self.depth = 0
        return self.random.choice([self.plain, self.plain, self.plain, self.grouped, self.grouped, self.grouping_sets, self.window, self.window,
                                   self.grouped_window, self.set_operation, self.cte, self.distinct_on, self.recursive])()
