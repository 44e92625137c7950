#!/usr/bin/env python3
"""Writes tests/sql/functions/generated/*.test from the lists of expressions beside this file, with PostgreSQL's answers.

    generate.py HOST PORT [LIST.txt ...]        (a PostgreSQL 15 cluster, its superuser postgres)

A list has one case per line: a kind and an expression.

    [substring]                    what follows tests this function
    null   substring(NULL, 2)      a NULL argument
    plain  substring('abc', 2)     an ordinary call
    edge   substring('abc', 0)     limits, overflow, wrong arguments (the answer may be an error: its SQLSTATE is kept)
    empty  substring('', 1)        an empty text
    do     SET timezone = 'UTC'    a statement for both
    ours   nvl(NULL, 1) => 1       PostgreSQL has no such function, or means something else: checked by hand

Kinds null, plain, edge and empty are what check.py asks for of each function.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parent / "sql" / "functions" / "generated"
KINDS = {"null", "plain", "edge", "empty", "do", "ours"}


def cases(path):
    """(kind, text, expectation or None) of every line; sections are left out."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line[0] in "#[":
            continue
        kind, _, text = line.partition(" ")
        if kind not in KINDS:
            sys.exit(f"{path}:{number}: {kind} is no kind of case")
        text = text.strip()
        expected = None
        if kind == "ours" or " => " in text:
            text, arrow, expected = text.partition(" => ")
            if not arrow:
                sys.exit(f"{path}:{number}: a case of ours needs its answer after =>")
        yield kind, text.strip(), expected


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


def write(path, host, port):
    lines = [f"# Written by tests/functions/generate.py from {path.name} with the answers of PostgreSQL 15. Do not edit."]
    all_cases = list(cases(path))
    answers = ask(host, port, [statement(kind, text) for kind, text, _ in all_cases])
    for (kind, text, expected), answer in zip(all_cases, answers):
        sql = statement(kind, text)
        if expected is not None:
            answer = expected.replace("\\t", "\t")
        error = re.search(r"ERROR: +(\w{5})$", answer.split("\n")[0])
        if kind == "do":
            lines.append(f"\nstatement ok\n{sql}")
        elif error:
            lines.append(f"\nstatement error\n{sql}\n----\n({error.group(1)})")
        else:
            rows = [[show(cell) for cell in row.split("\t")] for row in answer.split("\n")]
            lines.append(f"\nquery {'T' * len(rows[0])}\n{sql}\n----\n" + "\n".join("\t".join(row) for row in rows))
    TESTS.mkdir(exist_ok=True)
    (TESTS / f"{path.stem}.test").write_text("\n".join(lines) + "\n")


def main():
    host, port, *lists = sys.argv[1:]
    for path in [pathlib.Path(name) for name in lists] or sorted(HERE.glob("*.txt")):
        write(path, host, port)


main()
