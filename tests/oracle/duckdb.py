"""DuckDB behind the face of engines.py, through node: `npm install @duckdb/node-api` in some folder, which is given."""
import json
import os
import subprocess

from engines import Failed

TRUTH = {"true": "t", "false": "f"}


class Duckdb:
    def __init__(self, folder):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "duckdb.js")
        self.process = subprocess.Popen(["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                                        env={**os.environ, "NODE_PATH": os.path.join(folder, "node_modules")})

    def run(self, sql):
        self.process.stdin.write(json.dumps({"sql": sql}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if line == "":
            raise SystemExit(f"DuckDB ended in:\n{sql}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return [[TRUTH.get(cell, cell) for cell in row] for row in answer["rows"]]

    def close(self):
        self.process.stdin.close()
        return self.process.wait()
