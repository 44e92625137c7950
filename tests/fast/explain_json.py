#!/usr/bin/env python3
"""EXPLAIN (FORMAT JSON): is valid JSON, has PostgreSQL's keys as plan viewers read them, and tells the same figures as the
text, for plans of every kind on one node and on several. usage: explain_json.py DEPOT"""
import json
import re
import subprocess
import sys

SETUP = """
CREATE TABLE f (a int, b int, d date) DISTKEY (a) SORTKEY (d) PARTITION BY (year(d));
CREATE TABLE c (k int, name varchar(20)) DISTSTYLE EVEN;
CREATE TABLE e (k int, "quo""te" varchar(20)) DISTSTYLE ALL;
INSERT INTO f SELECT n, n % 100, date '1995-01-01' + n % 700 FROM generate_series(1, 20000) g(n);
INSERT INTO c SELECT n, 'name ' || n FROM generate_series(0, 99) g(n);
INSERT INTO e SELECT n, 'e ' || n FROM generate_series(0, 99) g(n);
"""
QUERIES = [
    "SELECT name, sum(a) FROM f JOIN c ON f.b = c.k WHERE d < '1996-02-01' AND name <> 'tab\t \"quote\" \\ back' GROUP BY 1 ORDER BY 2 DESC LIMIT 3",
    "SELECT count(*) FROM f f1 JOIN f f2 ON f1.a = f2.a LEFT JOIN e ON e.k = f1.b WHERE f2.b BETWEEN 3 AND 9",
    "WITH x AS (SELECT b, count(*) n FROM f GROUP BY b) SELECT * FROM x UNION ALL SELECT * FROM x WHERE n > 199",
    "SELECT b, rank() OVER (PARTITION BY b ORDER BY a DESC) FROM f WHERE d >= '1996-06-01'",
    "SELECT count(*) FROM f, c WHERE f.a < c.k AND f.b = 7",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
    "SELECT 1, 'a\nb'",
    "SELECT name FROM c WHERE k IN (SELECT b FROM f WHERE a > 19000) AND NOT EXISTS (SELECT 1 FROM e WHERE e.k = c.k)",
    "SELECT b, d, sum(a) FROM f GROUP BY ROLLUP (b, d)",
    "INSERT INTO e SELECT k + 1000, name FROM c",
    "DELETE FROM f WHERE b = 3",
]
NODE_KEYS = {"Node Type": str, "Startup Cost": (int, float), "Total Cost": (int, float), "Plan Rows": int, "Plan Width": int}
ACTUAL_KEYS = {"Actual Rows": int, "Actual Loops": int}
TIME_KEYS = {"Actual Startup Time": (int, float), "Actual Total Time": (int, float)}
TOTALS = ["Bytes Scanned", "Bytes Moved", "Bytes To Leader", "Spilled Bytes"]
problems = 0


def complain(query, message):
    global problems
    problems += 1
    print(f"{message}\n    {query}")


def explain(depot, nodes, options, query):
    """The rows of EXPLAIN: `json` prints them as JSON, so that line breaks inside a value are no row ends."""
    statement = f"EXPLAIN ({options}) {query};"
    script = SETUP + "BEGIN;\n" + statement
    out = subprocess.run([depot, "--nodes", str(nodes), "--slices", "2", "--format", "json", "-c", script],
                         capture_output=True, text=True, timeout=60)
    if out.returncode != 0:
        raise SystemExit(f"{out.stderr}\n    {statement}")
    return [row["QUERY PLAN"] for row in json.loads(out.stdout[out.stdout.index("["):])]


def walk(node, parent=None):
    yield node, parent
    for child in node.get("Plans", []):
        yield from walk(child, node)


def check_keys(query, node, wanted):
    for key, kind in wanted.items():
        if not isinstance(node.get(key), kind):
            complain(query, f"{node.get('Node Type')}: {key} is {node.get(key)!r}")


def check_tree(query, plan, is_timed):
    for node, parent in walk(plan["Plan"]):
        check_keys(query, node, NODE_KEYS)
        if "Join" in node["Node Type"] or node["Node Type"] == "Nested Loop":
            check_keys(query, node, {"Join Type": str, "Distribution": str})
        if node["Node Type"] == "Seq Scan":
            check_keys(query, node, {"Relation Name": str, "Alias": str, "Schema": str})
        if (parent is None) == ("Parent Relationship" in node):
            complain(query, f"{node['Node Type']} says of its parent: {node.get('Parent Relationship')}")
        if is_timed:
            check_keys(query, node, ACTUAL_KEYS | TIME_KEYS)
            below = sum(c["Actual Total Time"] * c["Actual Loops"] for c in node.get("Plans", [])
                        if c["Parent Relationship"] != "InitPlan")
            if node["Actual Total Time"] * node["Actual Loops"] < below * 0.999 - 0.01:
                complain(query, f"{node['Node Type']} takes less than what is below it")


def figures_of_text(lines):
    """Per operator: estimated and actual rows, blocks read, rows read, in the order of the tree."""
    operators, totals = [], {}
    for line in lines:
        heading = re.match(r"\s*(?:->  )?XN (.*)  \(cost=(\S+)\.\.(\S+) rows=(\d+) width=(\d+)\)(?: \(actual rows=(\d+))?", line)
        if heading:
            operators.append({"name": heading[1], "cost": heading[3], "rows": heading[4], "actual": heading[6]})
        funnel = re.search(r"(\d+) of (\d+) blocks -> (\d+) rows read", line)
        if funnel:
            operators[-1]["funnel"] = [int(n) for n in funnel.groups()]
        total = re.match(r"(\w[\w ]*): (\d+)$", line)
        if total:
            totals[total[1]] = int(total[2])
    return operators, totals


def figures_of_json(plan):
    """The same of the tree, shared subplans last, as the text has them."""
    shared = [p for p in plan["Plan"].get("Plans", []) if p["Parent Relationship"] == "InitPlan"]
    main = dict(plan["Plan"], Plans=[p for p in plan["Plan"].get("Plans", []) if p["Parent Relationship"] != "InitPlan"])
    operators = []
    for top in [main] + shared:
        for node, _ in walk(top):
            found = {"cost": f"{node['Total Cost']:.2f}", "rows": str(node["Plan Rows"]), "actual": node.get("Actual Rows")}
            found["actual"] = None if found["actual"] is None else str(found["actual"])
            if "Blocks Read" in node:
                found["funnel"] = [node["Blocks Read"], node["Blocks Total"], node["Rows Read"]]
            if node["Node Type"] == "Gather Merge":
                operators.append({"merge": True})
            operators.append(found)
            if node["Node Type"] == "Hash":
                found["actual"] = None
    return operators, plan


def check_agreement(query, lines, plan):
    text, text_totals = figures_of_text(lines)
    tree, top = figures_of_json(plan)
    if len(text) != len(tree):
        complain(query, f"text has {len(text)} operators, JSON {len(tree)}")
        return
    for ours, theirs in zip(text, tree):
        for key in () if "merge" in theirs else theirs:
            if ours.get(key) != theirs[key]:
                complain(query, f"{ours['name']}: {key} is {ours.get(key)} in the text, {theirs[key]} in JSON")
    for key in TOTALS:
        if key in text_totals and text_totals[key] != top.get(key):
            complain(query, f"{key}: {text_totals[key]} in the text, {top.get(key)} in JSON")


def main():
    depot = sys.argv[1]
    for nodes in (1, 2):
        for query in QUERIES:
            for options in ("", "ANALYZE, ", "ANALYZE, TIMING off, MEMORY off, "):
                rows = explain(depot, nodes, options + "FORMAT JSON", query)
                if len(rows) != 1:
                    complain(query, f"{len(rows)} rows")
                plan = json.loads(rows[0])[0]
                is_timed = options == "ANALYZE, "
                check_tree(query, plan, is_timed)
                if is_timed:
                    check_keys(query, plan, {"Planning Time": (int, float), "Execution Time": (int, float)} |
                               {key: int for key in TOTALS} | {"Modelled": dict})
                else:
                    check_agreement(query, explain(depot, nodes, options + "FORMAT text", query), plan)
    print(f"{len(QUERIES)} queries on 1 and 2 nodes, {problems} problems")
    return problems > 0


sys.exit(main())
