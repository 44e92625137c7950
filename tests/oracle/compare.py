#!/usr/bin/env python3
"""Runs the statements of *.sql beside this file through Depot and SQLite and compares the answers.

usage: compare.py DEPOT [FILE.sql...]
Each file makes its own tables, in a warehouse in memory of every topology below. Answers are compared as sets of rows, in their order where the statement ends with ORDER BY."""
import glob
import os
import re
import sys

from engines import Depot, Failed, Sqlite, same_rows, statements

TOPOLOGIES = [
    ["--nodes", "1", "--slices", "1", "--set", "threads=1"],
    ["--nodes", "4", "--slices", "2", "--set", "threads=2", "--set", "batch_rows=7"],
]
ENDS_WITH_ORDER = re.compile(r"\bORDER BY\b(?!.*\bOVER\b)[^()]*(\([^()]*\)[^()]*)*$", re.I | re.S)


def compare_statement(engines, theirs, sql, is_query):
    """What is wrong, or None."""
    try:
        expected = theirs.run(sql)
    except Failed as error:
        return f"SQLite: {error}"
    for ours in engines:
        try:
            answer = ours.run(sql)
        except Failed as error:
            return str(error)
        if is_query and not same_rows(answer, expected, ENDS_WITH_ORDER.search(sql) is not None):
            return f"SQLite: {expected[:8]}\n    Depot:  {answer[:8]}"
    return None


def compare_file(program, path):
    engines, theirs = [Depot(program, *topology) for topology in TOPOLOGIES], Sqlite()
    compared = failed = 0
    for sql in statements(open(path, encoding="utf-8").read()):
        is_query = re.match(r"\s*(SELECT|WITH|VALUES)\b", sql, re.I) is not None
        problem = compare_statement(engines, theirs, sql, is_query)
        compared += is_query
        if problem is not None:
            failed += 1
            print(f"{path}: {sql}\n    {problem}")
    theirs.close()
    for ours in engines:
        ours.close()
    return compared, failed


def main():
    files = sys.argv[2:] or sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.sql")))
    results = [compare_file(sys.argv[1], path) for path in files]
    compared, failed = (sum(column) for column in zip(*results))
    print(f"{compared} statements compared with SQLite on {len(TOPOLOGIES)} topologies, {failed} differ")
    return failed > 0 or compared == 0


if __name__ == "__main__":
    sys.exit(main())
