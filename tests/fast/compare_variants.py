"""What COMPARE counts for a variant is what EXPLAIN ANALYZE counts for the statement that the variant stands for, on four nodes."""
import csv
import io
import re
import subprocess
import sys

depot = sys.argv[1]
failures = []

SETUP = """
SET early_groups = never; -- fact is to be joined as it is: grouped by c it would be as small as dim
CREATE TABLE fact (k INTEGER, c INTEGER, d DATE, v DOUBLE PRECISION) DISTSTYLE EVEN;
INSERT INTO fact SELECT x, x % 3000, DATE '1995-01-01' + x % 1096, x * 0.7 FROM generate_series(0, 59999) AS g(x);
CREATE TABLE dim (c INTEGER, name VARCHAR(20)) DISTSTYLE EVEN;
INSERT INTO dim SELECT x, 'name ' || x FROM generate_series(0, 2999) AS g(x);
CREATE TABLE keyed (k INTEGER, c INTEGER, d DATE, v DOUBLE PRECISION) DISTKEY (c) PARTITION BY (year(d));
INSERT INTO keyed SELECT * FROM fact;
"""
JOIN = "name, sum(v) FROM fact JOIN dim USING (c) GROUP BY name"
RANGE = "count(*), sum(v) FROM keyed WHERE d BETWEEN '1996-02-01' AND '1996-02-29'"


def run(sql, settings=""):
    marked = f"{SETUP}{settings}SELECT 'MARK';{sql};"
    done = subprocess.run([depot, "--nodes", "4", "--slices", "2", "--format", "csv"], input=marked, text=True, capture_output=True,
                          timeout=120)
    if done.returncode != 0:
        failures.append(f"{sql}: {done.stderr}")
    return done.stdout.split("MARK\n", 1)[-1], done.stderr


def compare(variants, select):
    out, notices = run(f"COMPARE ({variants}) SELECT {select}")
    return {row["variant"]: row for row in csv.DictReader(io.StringIO(out))}, notices


def analyzed(select, settings=""):
    out, _ = run(f"EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT {select}", settings)
    moved = int(re.search(r"Bytes Moved: (\d+)", out).group(1))
    scanned = int(re.search(r"Bytes Scanned: (\d+)", out).group(1))
    read = sum(int(rows) for rows in re.findall(r"(\d+) rows read", out))
    return moved, scanned, read


def check(what, got, wanted):
    if got != wanted:
        failures.append(f"{what}: {got}, not {wanted}")


def same_figures(rows, variant, figures):
    """Each message fills its last words, and which task gets which rows is a matter of chance: a thousandth of what moves."""
    row = rows[variant]
    moved, scanned, read = figures
    check(f"{variant}: bytes moved", abs(int(row["bytes moved"]) - moved) <= moved / 1000, True)
    check(variant, (int(row["bytes scanned"]), int(row["rows scanned"])), (scanned, read))


rows, notices = compare("JOIN broadcast, JOIN redistribute, DEFAULT", JOIN)
same_figures(rows, "JOIN broadcast", analyzed("/*+ BROADCAST(dim) */ " + JOIN))
same_figures(rows, "JOIN redistribute", analyzed("/*+ REDISTRIBUTE(dim) */ " + JOIN))
same_figures(rows, "DEFAULT", analyzed(JOIN))
check("plans differ", "DS_BCAST_INNER" in rows["JOIN broadcast"]["plan differs in"], True)
check("plans differ", "DS_DIST_BOTH" in rows["JOIN redistribute"]["plan differs in"], True)
times = int(rows["JOIN redistribute"]["bytes moved"]) / int(rows["JOIN broadcast"]["bytes moved"])
said = f"JOIN redistribute moves {times:.{1 if times < 10 else 0}f} times the bytes of JOIN broadcast because dim is small"
check(f"the last sentence of {notices}", notices.strip().split("\n")[-1].startswith(f"NOTICE:  {said}"), True)

rows, notices = compare("TABLE fact DISTKEY c AND TABLE dim DISTKEY c, DEFAULT", "max(name), sum(v) FROM fact JOIN dim USING (c)")
check("co-located", rows["TABLE fact DISTKEY (c) AND TABLE dim DISTKEY (c)"]["bytes moved"], "0")
check("the bytes written are told", len(re.findall(r"rebuilt .* rows, \d+ bytes written", notices)), 2)

rows, _ = compare("PARTITION PRUNING on, PARTITION PRUNING off AND block_skipping = off", RANGE)
same_figures(rows, "partition_pruning = on", analyzed(RANGE))
same_figures(rows, "partition_pruning = off AND block_skipping = off",
             analyzed(RANGE, "SET partition_pruning = off; SET block_skipping = off;"))
check("pruning saves rows", int(rows["partition_pruning = on"]["rows scanned"]) <
      int(rows["partition_pruning = off AND block_skipping = off"]["rows scanned"]), True)
check("all rows", rows["partition_pruning = off AND block_skipping = off"]["rows scanned"], "60000")

for failure in failures:
    print(failure)
print(f"{len(failures)} failed")
sys.exit(len(failures) > 0)
