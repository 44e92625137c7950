#!/usr/bin/env python3
"""The 13 queries of the Star Schema Benchmark at scale 0.02: answers on one node and on 4 nodes of 2 slices equal SQLite's.

usage: compare_ssb.py DEPOT FOLDER (an empty one, for the files)"""
import csv
import glob
import os
import re
import subprocess
import sys

from engines import Depot, Sqlite, same_rows

depot, folder = sys.argv[1:3]
ssb = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../datasets/ssb")
GEN = [depot, "gen", "ssb", "--scale", "0.02", "--seed", "2"]


def load_sqlite():
    subprocess.run([*GEN, "--csv", os.path.join(folder, "csv")], check=True, stderr=subprocess.DEVNULL)
    theirs = Sqlite()
    schema = re.sub(r"^DISTSTYLE EVEN", "", open(os.path.join(ssb, "plain.sql")).read(), flags=re.M)
    theirs.connection.executescript(schema)
    for table in ("dates", "customer", "supplier", "part", "lineorder"):
        with open(os.path.join(folder, "csv", table + ".tbl"), newline="") as file:
            rows = csv.reader(file, delimiter="|")
            first = next(rows)
            theirs.connection.execute("BEGIN")
            insert = f"INSERT INTO {table} VALUES ({','.join('?' * len(first))})"
            theirs.connection.execute(insert, first)
            theirs.connection.executemany(insert, rows)
            theirs.connection.execute("COMMIT")
    return theirs


theirs = load_sqlite()
queries = {os.path.basename(path): open(path).read().strip().rstrip(";")
           for path in sorted(glob.glob(os.path.join(ssb, "queries", "*.sql")))}
expected = {name: theirs.run(sql) for name, sql in queries.items()}
failed = 0
for nodes, slices, design in ((1, 1, "plain"), (1, 2, "tuned"), (4, 2, "tuned")):
    warehouse = os.path.join(folder, f"{nodes}x{slices}-{design}")
    subprocess.run([*GEN, "--design", design, "--nodes", str(nodes), "--slices", str(slices), "--into", warehouse],
                   check=True, stderr=subprocess.DEVNULL)
    ours = Depot(depot, warehouse)
    for name, sql in queries.items():
        answer = ours.run(sql)
        if not same_rows(answer, expected[name], False) or len(answer) == 0 or answer[0][0] is None:
            failed += 1
            print(f"{name} on {nodes} x {slices}: SQLite {expected[name][:3]}, Depot {answer[:3]}")
    ours.close()
print(f"{3 * len(queries)} answers of SSB compared with SQLite, {failed} differ")
sys.exit(failed > 0 or len(queries) != 13)
