#!/usr/bin/env python3
"""Runs the lessons under datasets/lessons and checks what they claim. usage: lessons.py DEPOT WAREHOUSE LESSON...

Behind a statement of a lesson stand comments that say what it shows:
    -- expect: says TEXT          the output contains TEXT
    -- expect: never says TEXT    it does not
    -- expect: TEXT 3 times        the word is there so often
    -- expect: answer VALUES      it has a row of these values, separated by blanks
    -- expect: FIGURE = 24 of 24  a line "FIGURE: 24 of 24"
    -- expect: FIGURE < 0.1 * a   arithmetic over a line "FIGURE: number" and what was remembered
    -- remember: FIGURE as a
Blocks is the sum over the scans of what their funnels say was read."""
import re
import subprocess
import sys

MARK = "@lesson@"


def figure(name, output):
    if name == "Blocks":
        found = re.findall(r"(\d+) of \d+ blocks", output)
        return str(sum(map(int, found))) if found else None
    found = re.search(r"^\s*" + re.escape(name) + r":\s*(\d+ of \d+|[\d.]+)", output, re.M)
    return found and found.group(1)


def holds(claim, output, remembered):
    if claim.startswith("says "):
        return claim[5:] in output
    if claim.startswith("never says "):
        return claim[11:] not in output
    counted = re.fullmatch(r"(\S+) (\d+) times", claim)
    if counted:
        return len(re.findall(r"\b" + re.escape(counted.group(1)) + r"\b", output)) == int(counted.group(2))
    if claim.startswith("answer "):
        wanted = claim[7:].split()
        return any(re.split(r"[│\s]+", line.strip("│ ")) == wanted for line in output.splitlines())
    name, relation, right = re.fullmatch(r"(.+?) (=|<|>|<=|>=) (.+)", claim).groups()
    left = figure(name, output)
    if left is None:
        return False
    if " of " in right:
        return left == right
    right = eval(right, {"__builtins__": {}}, dict(remembered))
    left = float(left)
    return {"=": left == right, "<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[relation]


def run(depot, warehouse, lesson):
    """Returns the failures and how many claims there were."""
    lines = open(lesson).read().split("\n")
    claims = [i for i, line in enumerate(lines) if re.match(r"-- (expect|remember): ", line)]
    text = "\n".join(f"\\echo {MARK}{i}" if i in claims else line for i, line in enumerate(lines))
    done = subprocess.run([depot, warehouse, "-f", "-"], input=text, capture_output=True, text=True, timeout=300)
    failures = [] if done.returncode == 0 else [f"{lesson}: ended with {done.returncode}: {done.stderr.strip()}"]
    shown = dict()
    output, at = "", 0
    for part in re.split(rf"^({MARK}\d+)$", done.stdout, flags=re.M):
        if part.startswith(MARK):
            shown[int(part[len(MARK):])] = output
        elif part.strip():
            output = part
    remembered = {}
    for at in claims:
        kind, claim = re.match(r"-- (expect|remember): (.*)", lines[at]).groups()
        output = shown.get(at, "")
        if kind == "remember":
            name, variable = re.fullmatch(r"(.+) as (\w+)", claim).groups()
            remembered[variable] = float(figure(name, output) or "nan")
        elif not holds(claim, output, remembered):
            failures.append(f"{lesson}:{at + 1}: not so: {claim} {remembered}\n{output}")
    return failures, len(claims)


def main():
    depot, warehouse, *lessons = sys.argv[1:]
    failed = total = 0
    for lesson in lessons:
        failures, claims = run(depot, warehouse, lesson)
        for failure in failures:
            print(failure)
        failed += len(failures)
        total += claims
    print(f"{len(lessons)} lessons, {total} claims, {failed} failed")
    sys.exit(failed > 0 or total == 0)


main()
