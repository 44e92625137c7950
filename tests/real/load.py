#!/usr/bin/env python3
"""Loads the real data sets into a warehouse by COPY and compares rows, NULLs and the answers of queries.sql with SQLite's.

usage: load.py DEPOT DATA_FOLDER WAREHOUSE
The files are taken as they are: NA for missing values and headers in nycflights13, | and empty fields in AdventureWorks."""
import csv
import math
import os
import re
import sqlite3
import subprocess
import sys

depot, data, warehouse = sys.argv[1:4]
here = os.path.dirname(os.path.abspath(__file__))
failures = 0
checks = 0


def expect(what, ours, theirs):
    global failures, checks
    checks += 1
    if ours != theirs:
        failures += 1
        print(f"{what}: expected {theirs}, got {ours}")


def run(sql):
    result = subprocess.run([depot, warehouse, "--format", "csv", "--no-header", "-c", sql], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{sql}\n{result.stderr}")
    return list(csv.reader(result.stdout.splitlines()))


def same_cell(ours, theirs):
    """Text as it is; numbers to 12 digits, because engines add doubles in different orders."""
    theirs = "" if theirs is None else str(theirs)
    try:
        return math.isclose(float(ours), float(theirs), rel_tol=1e-12, abs_tol=1e-9)
    except ValueError:
        return ours == theirs


def same_rows(ours, theirs):
    return len(ours) == len(theirs) and all(
        len(a) == len(b) and all(map(same_cell, a, b)) for a, b in zip(ours, theirs))


schema = open(os.path.join(here, "schema.sql")).read()
run(schema)
sqlite = sqlite3.connect(":memory:")
sqlite.executescript(schema)
for statement in re.findall(r"CREATE TABLE (\w+) \((.*?)\);", schema, re.S):
    table = statement[0]
    names = [column[1] for column in sqlite.execute(f"PRAGMA table_info({table})")]
    is_flights = table in ("airlines", "airports", "planes", "weather")
    path = os.path.join(data, "nycflights13" if is_flights else "adventureworks-dw", table + ".csv")
    if is_flights:
        run(f"COPY {table} FROM '{path}' (FORMAT csv, HEADER, NULL AS 'NA')")
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        rows = [[None if cell == "NA" else cell for cell in row] for row in rows]
    else:
        run(f"COPY {table} FROM '{path}' (FORMAT csv, DELIMITER '|')")
        with open(path, encoding="utf-8") as file:
            rows = [[cell if cell != "" else None for cell in line.rstrip("\n").split("|")] for line in file]
    sqlite.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(names))})", rows)
    wanted = ", ".join(f'count(*) - count("{name.lower()}")' for name in names)
    expect(f"{table}: rows and NULLs", [int(n) for n in run(f"SELECT count(*), {wanted} FROM {table}")[0]],
           list(sqlite.execute(f"SELECT count(*), {wanted} FROM {table}").fetchone()))
for sql in open(os.path.join(here, "queries.sql")).read().split(";"):
    if sql.strip():
        ours, theirs = run(sql), sqlite.execute(sql).fetchall()
        expect(sql.strip().splitlines()[0], same_rows(ours, theirs) and len(theirs) > 0, True)
print(f"{checks - failures} passed, {failures} failed")
sys.exit(failures > 0)
