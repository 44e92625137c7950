#!/usr/bin/env python3
"""Every function of the table has tests of NULL, of ordinary calls and of its limits, and of empty text if it takes text.

    check.py DEPOT

A function without them fails here: add its lines to a list in this folder and run generate.py.
"""
import subprocess
import sys

from generate import HERE, TESTS, cases, statement

NEEDS_NO_ARGUMENT = {"plain"}
BARE = {"current_timestamp", "localtime", "localtimestamp"}  # the grammar takes nothing but a number of decimals
FOLLOWS_ANOTHER = {"nvl", "ifnull", "nvl2", "decode", "iff", "coalesce", "nullif", "null_if_equal", "greatest", "least"}


def functions(depot):
    """Name -> whether any overload takes arguments, whether any takes text first."""
    command = [depot, "--format", "tsv", "--no-header", "-c", "SHOW FUNCTIONS"]
    table = {}
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        name, arguments = line.split("\t")[:2]
        takes_arguments, takes_text = table.get(name, (False, False))
        table[name] = (takes_arguments or arguments != "", takes_text or arguments.startswith("text"))
    return table


def tested():
    kinds = {}
    for path in sorted(HERE.glob("*.txt")):
        written = (TESTS / f"{path.stem}.test").read_text()
        for kind, text, _, names, _ in cases(path):
            if f"\n{statement(kind, text)}\n" not in written:
                sys.exit(f"{path.name} has changed: run generate.py ({text})")
            for name in names:
                kinds.setdefault(name, set()).add(kind)
    return kinds


def main():
    kinds, problems = tested(), []
    for name, (takes_arguments, takes_text) in sorted(functions(sys.argv[1]).items()):
        needed = {"null", "plain", "edge"} if takes_arguments else NEEDS_NO_ARGUMENT
        needed = needed - {"null"} if name in BARE else needed
        needed = needed | ({"empty"} if takes_text and name not in FOLLOWS_ANOTHER else set())
        missing = needed - kinds.get(name, set())
        if missing:
            problems.append(f"{name}: no test of kind {', '.join(sorted(missing))}")
    print("\n".join(problems) if problems else f"{len(kinds)} functions and operators are tested")
    sys.exit(1 if problems else 0)


main()
