"""What must hold of one engine alone (after M. Rigger, Z. Su: SQLancer). Each makes a list of queries and says how their answers
belong together; the main program asks them of Depot."""
from collections import Counter


def as_bag(rows):
    return Counter(tuple(row) for row in rows)


class Properties:
    def partitions(self):
        """TLP: rows where p is true, where it is false and where it is unknown are all rows."""
        source, scope = self.joins()
        items = ", ".join(self.some([name for name, _ in scope], 1, 4))
        p = self.condition(scope)
        base = f"SELECT {items} FROM {source}"
        return [base, f"{base} WHERE {p}", f"{base} WHERE NOT ({p})", f"{base} WHERE ({p}) IS NULL"], (
            lambda answers: as_bag(answers[0]) == as_bag(answers[1] + answers[2] + answers[3]))

    def partitioned_groups(self):
        """TLP over groups: counts and sums of the parts add up."""
        source, scope = self.joins()
        p, x, key = self.condition(scope), self.column(scope, "int"), self.random.choice([name for name, _ in scope])
        base = f"SELECT {key}, count(*), coalesce(sum({x}), 0) FROM {source}"
        end = f" GROUP BY {key}"

        def added(answers):
            total = Counter()
            for rows in answers[1:]:
                for row in rows:
                    total[row[0], "n"] += int(row[1])
                    total[row[0], "sum"] += int(row[2])
            whole = {(row[0], what): int(row[i]) for row in answers[0] for i, what in ((1, "n"), (2, "sum"))}
            return {k: v for k, v in total.items() if v} == {k: v for k, v in whole.items() if v}

        return [base + end] + [f"{base} WHERE {part}{end}" for part in (p, f"NOT ({p})", f"({p}) IS NULL")], added

    def unoptimized(self):
        """NoREC: as many rows pass the filter as are counted where nothing can be pushed down."""
        source, scope = self.joins()
        p = self.condition(scope)
        return [f"SELECT count(*) FROM {source} WHERE {p}", f"SELECT coalesce(sum(CASE WHEN {p} THEN 1 ELSE 0 END), 0) FROM {source}"], (
            lambda answers: answers[0] == answers[1])

    def property(self):
        self.names = self.depth = 0
        return self.random.choice([self.partitions, self.partitioned_groups, self.unoptimized])()
