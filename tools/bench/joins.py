#!/usr/bin/env python3
"""How well joins are estimated and ordered: the q-error (how many times an estimate is off, either way) at the outputs of all
joins, and the time of the plan that is chosen against the best of random orders of the same joins.

usage: tools/bench/joins.py [--depot build/release/depot] [--scale F] [--plans N] [--worst N] [--queries DIR] [--check] [suite|tpch|tpcds]...
suite is joins/schema.sql and joins/queries.sql; tpch and tpcds are made by depot gen and asked the files of --queries DIR/<name>/queries."""
import argparse
import glob
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS_MAX = 120
HOPELESS = 4  # a random plan that takes so many times as long as the chosen one, with its process, is ended and no candidate
FINALISTS, TURNS = 3, 7
MEDIAN_MOST, PERCENTILE_90_MOST = 3, 30  # what --check asks of the q-error


def run(depot, warehouse, statements, seconds_max=SECONDS_MAX):
    command = [depot, warehouse]
    for statement in statements:
        command += ["-c", statement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds_max)
    except subprocess.TimeoutExpired:
        return None, f"took over {seconds_max} s"
    return (done.stdout, None) if done.returncode == 0 else (None, done.stderr.strip())


def statements_of(text):
    text = re.sub(r"--[^\n]*", "", text)
    return [part.strip() for part in text.split(";") if part.strip()]


def make(args, name, warehouse):
    if name != "suite":
        subprocess.run([args.depot, "gen", name, "--scale", str(args.scale), "--into", warehouse], check=True, capture_output=True)
        files = sorted(glob.glob(os.path.join(args.queries, name, "queries", "*.sql")))
        return [(f"{os.path.basename(file)[:-4]}.{i}", sql) for file in files for i, sql in enumerate(statements_of(open(file).read()))]
    schema = open(os.path.join(HERE, "joins", "schema.sql")).read().replace(":scale", str(max(1, round(args.scale * 10))))
    _, error = run(args.depot, warehouse, statements_of(schema))
    if error:
        sys.exit(error)
    queries = statements_of(open(os.path.join(HERE, "joins", "queries.sql")).read())
    return [(f"q{i + 1}", sql) for i, sql in enumerate(queries)]


def explain(args, warehouse, sql, settings=(), seconds_max=SECONDS_MAX):
    out, error = run(args.depot, warehouse, [*settings, "EXPLAIN (ANALYZE, FORMAT JSON) " + sql], seconds_max)
    return (None, error) if error else (json.loads(out[out.index("[\n"):])[0], None)


def joins_of(node, found):
    for child in node.get("Plans", []):
        joins_of(child, found)
    if "Join" in node["Node Type"] or node["Node Type"] == "Nested Loop":
        estimate, actual = max(node["Plan Rows"], 1), max(node["Actual Rows"] * node.get("Actual Loops", 1), 1)
        found.append((max(estimate / actual, actual / estimate), estimate, actual, node.get("Hash Cond") or node.get("Join Filter") or ""))
    return found


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def time_of(args, warehouse, sql, settings, seconds_max=SECONDS_MAX):
    plan, error = explain(args, warehouse, sql, settings, seconds_max)
    return None if error else plan["Execution Time"]


def against_random(args, warehouse, sql):
    """The chosen plan's time over that of the best random plan. The least of many noisy times is too little: random plans run twice
    to find the FINALISTS best, which then take turns with the chosen plan, and medians are compared."""
    first = {}
    start = time.monotonic()
    if time_of(args, warehouse, sql, ()) is None:
        return None
    seconds_max = HOPELESS * (time.monotonic() - start)
    for seed in range(1, args.plans + 1):
        settings = (f"SET join_order_seed = {seed}",)
        first_time = time_of(args, warehouse, sql, settings, seconds_max)
        if first_time is not None:
            first[settings] = min(first_time, time_of(args, warehouse, sql, settings) or first_time)
    finalists = sorted(first, key=first.get)[:FINALISTS]
    times = {settings: [] for settings in [(), *finalists]}
    for _ in range(TURNS):
        for settings, list_ in times.items():
            list_.append(time_of(args, warehouse, sql, settings))
    if None in times[()] or not finalists:
        return None
    return statistics.median(times[()]) / min(statistics.median(times[settings]) for settings in finalists)


def measure(args, name):
    with tempfile.TemporaryDirectory() as scratch:
        warehouse = os.path.join(scratch, "w")
        errors, ratios, refused = [], [], 0
        for label, sql in make(args, name, warehouse):
            plan, error = explain(args, warehouse, sql)
            if error:
                refused += 1
                print(f"{name} {label}: {error.splitlines()[0]}", file=sys.stderr)
                continue
            errors += [(*join, label) for join in joins_of(plan["Plan"], [])]
            if args.plans:
                ratio = against_random(args, warehouse, sql)
                ratios += [ratio] if ratio else []
                print(f"  {label}: {ratio:.2f} times the best random plan" if ratio else f"  {label}: not compared", flush=True)
        for q, estimate, actual, condition, label in sorted(errors, reverse=True)[: args.worst]:
            print(f"  {label}: {q:.0f} times off: {estimate} for {actual} rows, {condition}")
        only = [join[0] for join in errors]
        print(f"{name}: {len(only)} joins, q-error median {percentile(only, 0.5):.2f}, 90th percentile {percentile(only, 0.9):.1f}, "
              f"most {max(only):.0f}; {refused} statements failed")
        is_right = refused == 0 and percentile(only, 0.5) <= MEDIAN_MOST and percentile(only, 0.9) <= PERCENTILE_90_MOST
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            print(f"{name}: time of the chosen plan over the best of {args.plans} random ones: geometric mean {mean:.2f}, most {max(ratios):.2f}")
        return is_right


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depot", default="build/release/depot")
    parser.add_argument("--scale", type=float, default=0.1, help="of tpch and tpcds; suite: 0.1 is 200,000 sales")
    parser.add_argument("--plans", type=int, default=0, help="random plans per query; 0: none")
    parser.add_argument("--worst", type=int, default=0, help="so many joins are listed")
    parser.add_argument("--check", action="store_true", help="fail if the q-error is over what is asked for")
    parser.add_argument("--queries", default="../shared/corpora")
    parser.add_argument("names", nargs="*", default=["suite", "tpch", "tpcds"])
    args = parser.parse_args()
    results = [measure(args, name) for name in args.names or ["suite", "tpch", "tpcds"]]
    if args.check and not all(results):
        sys.exit(f"a q-error is over {MEDIAN_MOST} (median) or {PERCENTILE_90_MOST} (90th percentile), or a statement failed")


main()
