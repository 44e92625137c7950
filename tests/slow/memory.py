"""Queries in less memory than their data needs.

Each case runs twice: with all memory, and with a small memory_limit in a process whose data may not grow much beyond
that (RLIMIT_DATA). The answers must be equal. Sorts, windows, DISTINCT and joins may take the larger of 4 times the time in memory and
1.5 times what the disk needs to write and read the bytes that were spilled, measured here. No file may be left, however the
process ends.  usage: memory.py DEPOT [--full]"""
import glob
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

DEPOT = sys.argv[1]
FULL = "--full" in sys.argv
ROWS = 60_000_000 if FULL else 6_000_000
SCALE = 10 if FULL else 0.2
LIMIT_MB, DATA_MB = (256, 512) if FULL else (64, 192)
LEAST_SECONDS = 1  # what is faster than that is not measured
DATASETS = os.path.join(os.path.dirname(__file__), "..", "..", "datasets")
folder = tempfile.mkdtemp(prefix="depot-memory-")
failed = 0

HALF = ROWS // 2
CASES = {  # name: (query, is its time bounded)
    "sort": (f"SELECT k, g, v FROM t ORDER BY k OFFSET {ROWS - 10}", True),
    "sort of text": (f"SELECT k, s FROM (SELECT k, 'text number ' || k AS s FROM t WHERE v <= {ROWS // 4}) q ORDER BY s OFFSET {ROWS // 4 - 10}", True),
    "window by group": ("SELECT sum(r), sum(s % 1000), count(*) FROM (SELECT row_number() OVER (PARTITION BY g ORDER BY v) AS r, sum(v) OVER (PARTITION BY g ORDER BY v) AS s FROM t) q", True),
    "window over all": ("SELECT sum(r * (k % 1000)), count(*) FROM (SELECT k, row_number() OVER (ORDER BY k) AS r FROM t) q", True),
    "running total": ("SELECT sum(s % 1000003), sum(l % 1000) FROM (SELECT sum(v) OVER (ORDER BY k) AS s, lag(v) OVER (ORDER BY k) AS l FROM t) q", True),
    "moving sum": ("SELECT sum(a) FROM (SELECT sum(v) OVER (ORDER BY k ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS a FROM t) q", True),
    "distinct": ("SELECT count(*), sum(k) FROM (SELECT DISTINCT k FROM t) q", True),
    "distinct pairs": ("SELECT count(*), sum(k) FROM (SELECT DISTINCT k, v FROM t) q", True),
    "count distinct": ("SELECT count(DISTINCT k) FROM t", False),
    "groups": ("SELECT count(*), sum(c), sum(s % 1000) FROM (SELECT k / 3 AS h, count(*) AS c, sum(v) AS s FROM t GROUP BY 1) q", True),
    "join": (f"SELECT count(*), sum(a.v + b.g) FROM (SELECT * FROM t WHERE v <= {HALF}) a JOIN (SELECT * FROM t WHERE v > {HALF}) b ON a.k = {ROWS + 7} - b.k", True),
    "left join": (f"SELECT count(*), count(b.g), sum(a.v) FROM (SELECT * FROM t WHERE v <= {HALF}) a LEFT JOIN (SELECT * FROM t WHERE v > {HALF}) b ON a.k = b.k + 1", True),
    "one key": (f"SELECT count(*), sum(b.k), sum(a.v) FROM (SELECT CASE WHEN v < 4 THEN 0 ELSE v END AS z, v FROM t) a LEFT JOIN (SELECT CASE WHEN v % 10 <> 0 THEN 0 ELSE v END AS z, k FROM t) b ON a.z = b.z", True),
    "keys and conditions": (f"SELECT count(*) FROM (SELECT v, v * 0 AS z FROM t WHERE v <= {HALF}) a JOIN (SELECT v, v * 0 AS z FROM t WHERE v > {HALF}) b ON a.z = b.z AND a.v + {HALF} = b.v", True),
    "inner side": (f"SELECT count(*) FROM (SELECT v FROM t WHERE v <= 3) a JOIN t b ON a.v < b.k % 7 AND a.v + b.v < {ROWS}", True),
    "median": ("SELECT count(m), sum(m) FROM (SELECT g, median(v) AS m FROM t GROUP BY g) q", False),
    "one median": ("SELECT median(k), percentile_disc(0.9) WITHIN GROUP (ORDER BY k) FROM t", False),
    "few medians": ("SELECT g % 4, median(k), mode() WITHIN GROUP (ORDER BY v % 1000) FROM t GROUP BY 1", False),
    "string_agg": ("SELECT sum(length(s)) FROM (SELECT g, string_agg(v::varchar, ',' ORDER BY k) AS s FROM t GROUP BY g) q", False),
    "distinct sums": ("SELECT g % 3, count(DISTINCT k), sum(DISTINCT v), max(k) FROM t GROUP BY 1", False),
    "distinct rollup": (f"SELECT count(*), sum(m), sum(d) FROM (SELECT g, v % 5, median(v) AS m, count(DISTINCT k) AS d FROM t WHERE v <= {ROWS // 4} GROUP BY ROLLUP (1, 2)) q", False),
    "union": ("SELECT count(*), sum(k) FROM (SELECT k FROM t UNION SELECT v FROM t) q", False),
}
# These may end with an error that names memory_limit instead of an answer.
MAY_FAIL = {
    "recursion": f"WITH RECURSIVE r (n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < {200_000}) SELECT count(*) FROM r",
}


def complain(text):
    global failed
    failed += 1
    print("FAILED:", text)


def limit_data():
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_MB << 20,) * 2)


def command(warehouse, sql, limited):
    memory = f"{LIMIT_MB}MB" if limited else "100GB"
    return [DEPOT, os.path.join(folder, warehouse), "--set", f"memory_limit={memory}", "--format", "csv", "--no-header", "-c", sql]


def run(warehouse, sql, limited):
    """The answer's lines, the errors and the seconds."""
    start = time.monotonic()
    done = subprocess.run(command(warehouse, sql, limited), capture_output=True, text=True, timeout=1800,
                          preexec_fn=limit_data if limited else None)
    errors = done.stderr.strip() or ("" if done.returncode == 0 else f"it ended with status {done.returncode}")
    return sorted(done.stdout.splitlines()), errors, time.monotonic() - start


def files():
    return sorted(os.path.join(path, name) for path, _, names in os.walk(folder) for name in names)


def disk_seconds_per_byte():
    block, count = os.urandom(1 << 20), 512 if FULL else 64
    file = os.open(folder, os.O_TMPFILE | os.O_RDWR)
    start = time.monotonic()
    for _ in range(count):
        os.write(file, block)
    os.fdatasync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(file, 0, os.SEEK_SET)
    while os.read(file, 1 << 20):
        pass
    os.close(file)
    return (time.monotonic() - start) / (count << 20)


def make_data():
    sql = (f"CREATE TABLE t (k BIGINT, g INT, v BIGINT); "
           f"INSERT INTO t SELECT (n::bigint * 2654435761) % {ROWS + 7}, n % {ROWS // 60 + 3}, n FROM generate_series(1, {ROWS}) AS g(n)")
    _, errors, _ = run("rows", sql, False)
    if errors:
        sys.exit("no data: " + errors)


def compare_case(name, sql, is_bounded, disk):
    run("rows", sql, False)
    expected, errors, full = run("rows", sql, False)
    if errors:
        complain(f"{name}: {errors}")
        return
    answer, errors, limited = run("rows", sql, True)
    if answer != expected:
        complain(f"{name}: the answer differs in {LIMIT_MB} MB: {answer[:3]} {errors}")
        return
    plan, errors, _ = run("rows", "EXPLAIN ANALYZE " + sql, True)
    if errors:
        complain(f"{name}: {errors}")
    spilled = sum(int(n) for line in plan for n in re.findall(r"^\"?Spilled Bytes: (\d+)", line))
    most = max(4 * full, 1.5 * spilled * disk, LEAST_SECONDS)
    print(f"{name:20} {full:9.2f} {limited:9.2f} {limited / full:7.2f} {spilled / 1e6:11.1f} {spilled * disk:9.2f}", flush=True)
    if is_bounded and limited > most:
        complain(f"{name}: {limited:.2f} s, at most {most:.2f} s")


def compare_may_fail(name, sql):
    answer, errors, limited = run("rows", sql, True)
    if errors:
        print(f"{name:20} {'error':>9} {limited:9.2f}  {errors.splitlines()[0][:90]}", flush=True)
        if "memory_limit" not in errors:
            complain(f"{name}: the error does not name memory_limit: {errors}")
        return
    expected, _, full = run("rows", sql, False)
    print(f"{name:20} {full:9.2f} {limited:9.2f}", flush=True)
    if answer != expected:
        complain(f"{name}: the answer differs: {answer[:3]}")


def compare_writes():
    """A table is made, changed and sorted again; its rows are what a query over the first one says."""
    changed = "v + CASE WHEN k % 2 = 0 THEN 1 ELSE 0 END"
    expected, _, _ = run("rows", f"SELECT count(*), sum({changed}), sum(k) FROM t WHERE ({changed}) % 3 <> 0", False)
    statements = ("CREATE TABLE s SORTKEY (k) AS SELECT * FROM t", "UPDATE s SET v = v + 1 WHERE k % 2 = 0", "DELETE FROM s WHERE v % 3 = 0")
    for sql in statements:
        _, errors, limited = run("rows", sql, True)
        print(f"{sql.split()[0]:20} {'':>9} {limited:9.2f}", flush=True)
        if errors:
            complain(f"{sql}: {errors}")
    answer, errors, _ = run("rows", "SELECT count(*), sum(v), sum(k) FROM s", True)
    if answer != expected:
        complain(f"writes: the rows differ: {answer} {errors}")
    run("rows", "DROP TABLE IF EXISTS s", False)


def compare_dataset(dataset):
    made = subprocess.run([DEPOT, "gen", dataset, "--scale", str(SCALE), "--into", os.path.join(folder, dataset)],
                          capture_output=True, text=True)
    if made.returncode:
        complain(f"gen {dataset}: {made.stderr}")
        return
    full_sum = limited_sum = 0
    paths = sorted(glob.glob(os.path.join(DATASETS, dataset, "queries", "*.sql")))
    for path in paths:
        with open(path) as file:
            sql = file.read()
        expected, errors, full = run(dataset, sql, False)
        answer, limited_errors, limited = run(dataset, sql, True)
        full_sum, limited_sum = full_sum + full, limited_sum + limited
        if errors or answer != expected:
            complain(f"{dataset} {os.path.basename(path)}: the answer differs in {LIMIT_MB} MB: {errors} {limited_errors}")
    print(f"{dataset} at {SCALE}, {len(paths)} queries: {full_sum:.2f} s, limited {limited_sum:.2f} s", flush=True)
    shutil.rmtree(os.path.join(folder, dataset))


def ends_without_files():
    before = files()
    sql = CASES["window over all"][0]
    for how, stop in (("killed", signal.SIGKILL), ("interrupted", signal.SIGINT), ("terminated", signal.SIGTERM)):
        process = subprocess.Popen(command("rows", sql, True), preexec_fn=limit_data, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(1 if FULL else 0.3)
        process.send_signal(stop)
        process.wait()
        if files() != before:
            complain(f"files are left when it is {how}: {set(files()) - set(before)}")
    if glob.glob(os.path.join(tempfile.gettempdir(), "depot-spill-*")):
        complain("files are left in the temporary directory")


def main():
    make_data()
    disk = disk_seconds_per_byte()
    print(f"{ROWS} rows, memory_limit {LIMIT_MB} MB of {DATA_MB} MB of data; the disk writes and reads {1e-6 / disk:.0f} MB/s")
    print(f"{'case':20} {'memory s':>9} {'limited s':>9} {'ratio':>7} {'spilled MB':>11} {'disk s':>9}")
    before = files()
    for name, (sql, is_bounded) in CASES.items():
        compare_case(name, sql, is_bounded, disk)
    for name, sql in MAY_FAIL.items():
        compare_may_fail(name, sql)
    if files() != before:
        complain(f"files are left: {set(files()) - set(before)}")
    compare_writes()
    ends_without_files()
    for dataset in ("ssb", "tpch"):
        compare_dataset(dataset)


try:
    main()
finally:
    shutil.rmtree(folder)
print(f"{failed} failed")
sys.exit(failed > 0)
