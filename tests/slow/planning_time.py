"""The least of several Planning Times of EXPLAIN ANALYZE against a limit per kind of query. usage: planning_time.py DEPOT"""
import glob
import os
import re
import subprocess
import sys
import tempfile
import time

RUNS = 6
RELATIONS = 20
LIMITS_MS = {4: 0.3, 6: 1, 8: 3, 10: 5, 12: 50, 15: 50, 20: 50}


def join(shape, count):
    conditions = {
        "chain": lambda i: f"t{i - 1}.b = t{i}.a",
        "star": lambda i: f"t0.c{i % 8} = t{i}.a",
        "snowflake": lambda i: f"t{(i - 1) // 3}.c{i % 3} = t{i}.a",
        "clique": lambda i: f"t{i - 1}.a = t{i}.a",
    }[shape]
    tables = ", ".join(f"t{i}" for i in range(count))
    return f"SELECT count(*) FROM {tables} WHERE " + " AND ".join(conditions(i) for i in range(1, count))


BLOCKS = [("one of", "SELECT sum(a) FROM blocks WHERE k = 10000000"), ("half of", "SELECT count(*) FROM blocks WHERE k > 10240000"),
          ("all of", "SELECT max(a) FROM blocks")]


def block_tables():
    yield "SET block_rows = 2048"
    yield "CREATE TABLE blocks (k INTEGER, a INTEGER) SORTKEY (k)"
    yield "INSERT INTO blocks SELECT x, x % 7 FROM generate_series(1, 20480000) AS g(x)"


def tables():
    columns = ["a", "b"] + [f"c{i}" for i in range(8)]
    for i in range(RELATIONS):
        key = ["a", "b", "c0"][i % 3]
        yield f"CREATE TABLE t{i} ({', '.join(c + ' INTEGER' for c in columns)}) DISTKEY ({key})"
        yield f"INSERT INTO t{i} SELECT {', '.join('x' for _ in columns)} FROM generate_series(1, {10 + i * 7}) AS g(x)"


WHOLE_TABLES, WHOLE_LIMIT_S = 1500, 4


def whole_statements():
    """Statements of very many tables, to be planned, run and logged: name → query."""
    tables = ", ".join(f"t AS t{i}" for i in range(WHOLE_TABLES))
    chain = " AND ".join(f"t{i - 1}.a = t{i}.a" for i in range(1, WHOLE_TABLES))
    yield f"{WHOLE_TABLES} tables", f"SELECT count(*) FROM {tables}"
    yield f"{WHOLE_TABLES} tables in a chain", f"SELECT count(*) FROM {tables} WHERE {chain}"
    joins = " ".join(f"JOIN t AS t{i} ON t{i - 1}.a = t{i}.a" for i in range(1, WHOLE_TABLES // 2))
    yield f"{WHOLE_TABLES // 2} joins", f"SELECT count(*) FROM t AS t0 {joins}"


def measure_whole(depot):
    """Prints the seconds of each; the number of those that took too long or went wrong."""
    failed = 0
    for name, query in whole_statements():
        started = time.perf_counter()
        done = subprocess.run([depot, "--format", "csv", "--no-header"], capture_output=True, text=True, timeout=600,
                              input=f"CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1); {query};")
        seconds = time.perf_counter() - started
        is_well = seconds < WHOLE_LIMIT_S and done.stdout.split()[-1:] == ["1"]
        failed += not is_well
        print(f"{'' if is_well else 'FAILED: '}{name}: {seconds:.2f} s {done.stderr}")
    return failed


def measure(depot, arguments, before, queries):
    """Name of each query → least planning time in ms."""
    statements = list(before)
    for name, query in queries:
        statements += [f"SELECT '@@{name}'"] + [f"EXPLAIN ANALYZE {query}"] * RUNS
    done = subprocess.run([depot, *arguments, "--format", "csv", "--no-header"], input=";\n".join(statements) + ";",
                          capture_output=True, text=True, timeout=600)
    if done.returncode != 0 or done.stderr:
        sys.exit(done.stderr)
    parts = done.stdout.split("@@")[1:]
    return {part.split("\n")[0]: min(float(x) for x in re.findall(r"Planning Time: ([0-9.]+) ms", part)) for part in parts}


def main():
    depot, failed, count = sys.argv[1], 0, 0
    shapes = [(f"{n}-way {shape}", join(shape, n)) for n in LIMITS_MS for shape in ("chain", "star", "snowflake", "clique")]
    limits = {f"{n}-way {shape}": limit for n, limit in LIMITS_MS.items() for shape in ("chain", "star", "snowflake", "clique")}
    queries = os.path.join(os.path.dirname(__file__), "..", "..", "datasets", "ssb", "queries", "*.sql")
    ssb = [("ssb " + os.path.basename(path), open(path).read().strip().rstrip(";")) for path in sorted(glob.glob(queries))]
    limits.update({f"{what} 10000 blocks": 1 for what, _ in BLOCKS})
    limits.update({name: 0.3 for name, _ in ssb})
    for nodes in ("1", "4"):
        found = measure(depot, ["--nodes", nodes, "--slices", "2"], tables(), shapes)
        if nodes == "1":
            blocks = [(f"{what} 10000 blocks", query) for what, query in BLOCKS]
            found.update(measure(depot, ["--nodes", nodes, "--slices", "2"], block_tables(), blocks))
        with tempfile.TemporaryDirectory() as folder:
            warehouse = os.path.join(folder, "w")
            subprocess.run([depot, "gen", "ssb", "--scale", "0.05", "--nodes", nodes, "--slices", "2", "--into", warehouse],
                           check=True, capture_output=True)
            found.update(measure(depot, [warehouse], [], ssb))
        for name, ms in found.items():
            count += 1
            if ms >= limits[name]:
                failed += 1
                print(f"FAILED: {name} on {nodes} nodes: {ms} ms, not under {limits[name]} ms")
        for what in ("ssb", "10-way", "20-way", "10000 blocks"):
            times = [ms for name, ms in found.items() if what in name]
            if times:
                print(f"{nodes} nodes, {what}: {min(times):.3f} to {max(times):.3f} ms")
    failed += measure_whole(depot)
    print(f"{count} queries planned, {failed} too slowly")
    sys.exit(failed > 0)


main()
