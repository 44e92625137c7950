#!/usr/bin/env python3
"""What the program prints for wrong statements: message, SQLSTATE, the line with a caret under the token, and the hint.

usage: positions.py DEPOT
cases.txt: a statement on its line, what is to be printed below it, an empty line."""
import os
import subprocess
import sys
import tempfile

depot = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))
cases = open(os.path.join(here, "cases.txt"), encoding="utf-8").read().strip("\n").split("\n\n")
failed = 0
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([depot, "w", "-f", os.path.join(here, "setup.sql")], cwd=folder, check=True, capture_output=True)
    for case in cases:
        sql, expected = case.split("\n", 1)
        run = subprocess.run([depot, "w", "-c", sql], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        printed = "\n".join(line.rstrip() for line in run.stderr.strip("\n").split("\n"))
        if printed != expected or run.returncode != 1:
            failed += 1
            print(f"{sql}\nexpected:\n{expected}\nprinted:\n{printed}\n")
print(f"{len(cases)} wrong statements, {failed} with another message, place or hint")
sys.exit(failed > 0 or len(cases) < 200)
