#!/usr/bin/env python3
"""Writes tests/sql/aggregate/generated.test and tests/sql/window/generated.test: every aggregate and window function of aggregates.def
and windows.def over NULLs, ties, one row, no row and extreme values, with the answers of PostgreSQL 15 (a private cluster).

    generate.py            writes the files
    generate.py --check    only looks whether they have each function in each case (tests/fast/aggregates_tested.sh)

Calls are made from the argument types that the tables declare. A function that PostgreSQL lacks needs a line in SAYS_THE_SAME: what
to ask instead and, where that is not the function's plain call, what to ask Depot."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "oracle"))

# Rows of (i, n, m, f, b, t); i is unique, m tells ties of n apart only where n does.
CASES = {
    "null": "(1, NULL::integer, NULL::integer, NULL::double precision, NULL::boolean, NULL::varchar), (2, NULL, NULL, NULL, NULL, NULL)",
    "some_null": "(1, 3, 7, 1.5::double precision, true, 'a'), (2, NULL, NULL, NULL, NULL, NULL), (3, 4, 1, -2.25, false, 'a longer text of it')",
    "tie": "(1, 2, 1, 2.0::double precision, true, 'x'), (2, 2, 1, 2.0, true, 'x'), (3, 1, 0, 1.0, false, 'w'), (4, 1, 0, 1.0, false, 'w'), "
           "(5, 2, 1, 2.0, true, 'x')",
    "single": "(1, 5, 6, 0.5::double precision, false, 'only')",
    "empty": "(1, 5, 6, 0.5::double precision, false, 'only')",
    "overflow": "(1, 2147483647, 1, 1e308::double precision, true, ''), (2, 2147483647, 1, 1e308, true, ''), (3, -2147483648, 0, -1e300, false, 'é€')",
}
COLUMNS = {"any": ["n", "m"], "number": ["n"], "double": ["f", "n"], "integer": ["n"], "boolean": ["b"], "text": ["t"], "continuous": ["f"]}
DIRECT = {"double": "0.5", "text": "','"}
FIRST_BY_KEY = "(array_agg(n ORDER BY m{}) FILTER (WHERE n IS NOT NULL AND m IS NOT NULL))[1]"
SAYS_THE_SAME = {  # tag: (PostgreSQL's call, Depot's if it is not the plain one, whether both work over windows)
    "MEDIAN": ("percentile_cont(0.5) WITHIN GROUP (ORDER BY f)", None, False),
    "LISTAGG": ("string_agg(t, ',' ORDER BY i)", None, False),
    "COUNT_IF": ("sum(b::integer)", None, True),
    "ANY_VALUE": ("min(n) IS NULL", "{}(n) IS NULL", False),
    "ARG_MIN": (FIRST_BY_KEY.format(""), None, False),
    "ARG_MAX": (FIRST_BY_KEY.format(" DESC"), None, False),
    "APPROX_COUNT_DISTINCT": ("count(DISTINCT n)", None, False),
    "RATIO_TO_REPORT": ("n::double precision / sum(n) OVER ()", "{}(n) OVER ()", True),
}


def entries(path, macro):
    """(tag, the quoted strings and words of the line) of each line of a table."""
    for line in path.read_text().splitlines():
        found = re.match(rf"{macro}\((\w+), (.*)\)$", line)
        if found:
            yield found.group(1), re.findall(r'"([^"]*)"|(\w+)(?=,)', found.group(2))


def words(text):
    return [word.strip() for word in text.split(",") if word.strip()]


def aggregate_call(name, values, direct, order):
    used = {}
    columns = []
    for word in words(values):
        kind = word.rstrip("?")
        columns.append(COLUMNS[kind][used.setdefault(kind, 0)])
        used[kind] += 1
    constants = [DIRECT[word.rstrip("?")] for word in words(direct)]
    if order == "VALUE":
        return f"{name}({', '.join(constants)}) WITHIN GROUP (ORDER BY {', '.join(columns)})"
    ordered = " ORDER BY i" if order == "USED" else ""
    return f"{name}({', '.join(columns + constants) or '*'}{ordered})"


def source(case):
    return f"FROM (VALUES {CASES[case]}) AS v(i, n, m, f, b, t)" + (" WHERE false" if case == "empty" else "")


def aggregates():
    """(name, [(what to ask PostgreSQL, what to ask Depot)]), each with {} for what stands after the select list."""
    table = ROOT / "engine" / "expr" / "aggregates.def"
    forms = {}
    for tag, parts in entries(table, "AGGREGATE"):
        strings = [string or word for string, word in parts]
        forms[tag] = strings[:4]
    named = [(tag, strings[0]) for tag, strings in forms.items()] + [(tag, parts[0][0]) for tag, parts in entries(table, "ALIAS")]
    for tag, name in named:
        call = aggregate_call(name, *forms[tag][1:])
        theirs, ours, over = SAYS_THE_SAME.get(tag, (call, None, forms[tag][3] == "IGNORED"))
        ours = ours.format(name) if ours else call
        asked = [(f"SELECT {theirs} {{}}", f"SELECT {ours} {{}}"), (f"SELECT n, {theirs} {{}} GROUP BY n", f"SELECT n, {ours} {{}} GROUP BY n")]
        if over:
            frame = "OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
            asked.append((f"SELECT i, {theirs} {frame} {{}}", f"SELECT i, {ours} {frame} {{}}"))
        yield name, asked


def windows():
    arguments = {"value": "n", "buckets": "2", "n": "2", "offset": "2", "default": "-1"}
    for tag, parts in entries(ROOT / "engine" / "expr" / "windows.def", "WINDOW"):
        name, listed = parts[0][0], parts[1][0]
        required = words(re.sub(r"\[.*", "", listed))
        every = words(re.sub(r"[\[\]]", "", listed))
        order = "n, i" if name in ("row_number", "ntile") else "n"
        asked = []
        for chosen in [required] + ([every] if every != required else []):
            call = f"{name}({', '.join(arguments[word] for word in chosen)}) OVER (ORDER BY {order})"
            theirs, ours, _ = SAYS_THE_SAME.get(tag, (call, call, True))
            asked.append((f"SELECT i, {theirs} {{}}", f"SELECT i, {ours.format(name)} {{}}"))
        yield name, asked


def cell(value):
    return "NULL" if value is None else value if value != "" else "(empty)"


def column_type(values):
    numbers = all(value is None or re.fullmatch(r"-?\d+(\.\d+)?(e[-+]\d+)?|NaN|-?Infinity", value) for value in values)
    return "R" if numbers and any(value is not None and "." in value for value in values) else "T"


def record(postgres, theirs, ours):
    from engines import Failed
    try:
        rows = postgres.run(theirs)
    except Failed as failed:
        state = re.search(r"ERROR: +(\w{5}):", str(failed)).group(1)
        return f"statement error\n{ours}\n----\n({state})\n"
    count = len(rows[0]) if rows else (2 if re.match(r"SELECT [ni], ", ours) else 1)
    types = "".join(column_type([row[c] for row in rows]) for c in range(count))
    return f"query {types} rowsort\n{ours}\n----\n" + "".join("\t".join(cell(value) for value in row) + "\n" for row in rows)


def write(path, functions, postgres):
    parts = ["# Written by tests/aggregates/generate.py with the answers of PostgreSQL 15. Do not edit.\n"]
    for name, asked in functions:
        for case in CASES:
            parts.append(f"# {name}: {case}\n")
            parts += [record(postgres, theirs.format(source(case)), ours.format(source(case))) for theirs, ours in asked]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts))


FILES = [(ROOT / "tests/sql/aggregate/generated.test", aggregates), (ROOT / "tests/sql/window/generated.test", windows)]


def check():
    missing = 0
    for path, functions in FILES:
        there = set(re.findall(r"^# (\w+: \w+)$", path.read_text(), flags=re.M)) if path.exists() else set()
        for name, _ in functions():
            for case in CASES:
                if f"{name}: {case}" not in there:
                    print(f"{path.relative_to(ROOT)} has no test of {name} with {case}: run tests/aggregates/generate.py")
                    missing += 1
    print(f"{missing} tests of aggregates and window functions are missing")
    return missing


def main():
    if sys.argv[1:] == ["--check"]:
        sys.exit(1 if check() else 0)
    import postgres
    connection = postgres.Postgres(postgres.Cluster())
    for path, functions in FILES:
        write(path, functions(), connection)


main()
