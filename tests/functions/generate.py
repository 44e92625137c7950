#!/usr/bin/env python3
"""Writes tests/sql/functions/generated/*.test from the lists of expressions beside this file, with PostgreSQL's answers.

    generate.py HOST PORT [LIST.txt ...]        (a PostgreSQL 15 cluster, its superuser postgres)

A list has one case per line: a kind and an expression.

    [substring substr]             what follows tests these functions; {f} stands for each of them, PostgreSQL has the first
    null   {f}(NULL, 2)            a NULL argument
    plain  {f}('abc', 2)           an ordinary call
    edge   {f}('abc', 0)           limits, overflow, wrong arguments (the answer may be an error: its SQLSTATE is kept)
    empty  {f}('', 1)              an empty text
    do     SET timezone = 'UTC'    a statement for both
    plain  nvl(NULL, 1) => 1       PostgreSQL has no such function, or means something else: checked by hand; tabs as \\t

Kinds null, plain, edge and empty are what check.py asks for of each function.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parent / "sql" / "functions" / "generated"
KINDS = {"null", "plain", "edge", "empty", "do"}


def cases(path):
    """(kind, text, expectation or None, names of the section, whether it repeats the case before) of every line."""
    names = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("["):
            names = line.strip()[1:-1].split()
            continue
        if not line.strip() or line[0] == "#":
            continue
        kind, _, text = line.partition(" ")
        if kind not in KINDS:
            sys.exit(f"{path}:{number}: {kind} is no kind of case")
        text, arrow, expected = text.strip().partition(" => ")
        for index, name in enumerate(names if "{f}" in text else names[:1] or [""]):
            yield kind, text.strip().replace("{f}", name), expected if arrow else None, names, index > 0


def statement(kind, text):
    return text if kind == "do" or text.upper().startswith(("SELECT ", "WITH ")) else "SELECT " + text


def ask(host, port, statements):
    """PostgreSQL's answer to each statement: rows with tabs, or ERROR:  SQLSTATE."""
    script = "SET timezone = 'UTC';\n\\set VERBOSITY sqlstate\n"
    for index, sql in enumerate(statements):
        script += f"\\echo @@{index}\n{sql};\n"
    command = ["psql", "-h", host, "-p", port, "-U", "postgres", "-X", "-A", "-t", "-q", "-P", "null=NULL", "-F", "\t"]
    done = subprocess.run(command, input=script, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    answers = re.split(r"^@@\d+\n", done.stdout, flags=re.M)[1:]
    return [answer.rstrip("\n") for answer in answers]


def show(cell):
    return "(empty)" if cell == "" else cell


def record(kind, sql, answer):
    error = re.search(r"ERROR: +(\w{5})$", answer.split("\n")[0])
    if kind == "do":
        return f"\nstatement ok\n{sql}"
    if error:
        return f"\nstatement error\n{sql}\n----\n({error.group(1)})"
    rows = [[show(cell) for cell in row.split("\t")] for row in answer.split("\n")]
    return f"\nquery {'T' * len(rows[0])}\n{sql}\n----\n" + "\n".join("\t".join(row) for row in rows)


def write(path, host, port):
    lines = [f"# Written by tests/functions/generate.py from {path.name} with the answers of PostgreSQL 15. Do not edit."]
    all_cases = list(cases(path))
    answers = ask(host, port, [statement(kind, text) for kind, text, *_ in all_cases])
    for (kind, text, expected, _, repeats), answer in zip(all_cases, answers):
        sql = statement(kind, text)
        answer = answer if expected is None else expected.replace("\\t", "\t")
        answer = last if repeats else answer
        last = answer
        lines.append(record(kind, sql, answer))
    TESTS.mkdir(exist_ok=True)
    (TESTS / f"{path.stem}.test").write_text("\n".join(lines) + "\n")


def main():
    host, port, *lists = sys.argv[1:]
    for path in [pathlib.Path(name) for name in lists] or sorted(HERE.glob("*.txt")):
        write(path, host, port)


if __name__ == "__main__":
    main()
