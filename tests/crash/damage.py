#!/usr/bin/env python3
"""Changes every byte of every file of a small warehouse, one at a time, and asks: the answer is an error that names a file, or it is
unchanged; never another answer, a crash or a hang. Two copies of the warehouse are worked on side by side.

usage: damage.py DEPOT FOLDER QUESTION STEP"""
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

depot, folder, question, step = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
WORKERS = os.cpu_count() or 1


def ask(warehouse):
    try:
        result = subprocess.run([depot, warehouse, "--read-only", "--format", "csv", "-c", question], capture_output=True, timeout=20)
    except subprocess.TimeoutExpired:
        return "hang", b"", b""
    return result.returncode, result.stdout, result.stderr


def damage(worker):
    """Every WORKERS-th change, on a copy of its own. Returns (changed, told, problems)."""
    warehouse = os.path.join(folder, f"w{worker}")
    shutil.copytree(os.path.join(folder, "w"), warehouse)
    changed = told = 0
    problems = []
    for directory, _, names in sorted(os.walk(warehouse)):
        for name in sorted(names):
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                sound = file.read()
            for at in range(worker * step, len(sound), WORKERS * step):
                with open(path, "r+b") as file:
                    file.seek(at)
                    file.write(bytes([sound[at] ^ 1 << at % 8]))
                status, answer, errors = ask(warehouse)
                changed += 1
                if status in (1, 3):
                    told += 1
                    if not re.search(rb"manifest|CURRENT|LOCK|\.packed|\.c[0-9]|\.d[0-9a-f]|block", errors):
                        problems.append(f"byte {at} of {name}: no file is named: {errors!r}")
                elif status != 0:
                    problems.append(f"byte {at} of {name}: status {status}")
                elif answer != right:
                    problems.append(f"byte {at} of {name} changes the answer")
                with open(path, "r+b") as file:
                    file.write(sound)
    if ask(warehouse)[1] != right:
        problems.append("the restored warehouse answers otherwise")
    return changed, told, problems


status, right, errors = ask(os.path.join(folder, "w"))
if status != 0:
    sys.exit(f"the sound warehouse does not answer: {errors!r}")
with ThreadPoolExecutor(WORKERS) as pool:
    results = list(pool.map(damage, range(WORKERS)))
for problem in [problem for result in results for problem in result[2]][:20]:
    print(problem)
changed, told = sum(r[0] for r in results), sum(r[1] for r in results)
failed = sum(len(r[2]) for r in results)
print(f"{changed} bytes changed one at a time: {told} told, {changed - told - failed} without effect on the answer, {failed} wrong")
sys.exit(failed > 0 or changed == 0)
