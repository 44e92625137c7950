"""Depot and SQLite (PostgreSQL: postgres.py, DuckDB: duckdb.py) behind one face: run(sql) gives rows of text or None, or raises Failed. same_rows() says whether two answers agree."""
import csv
import math
import sqlite3
import subprocess

csv.field_size_limit(1 << 30)
END = "@@ end of the answer @@"
NULL = "\\N"


class Failed(Exception):
    pass


class Depot:
    """One process that is spoken to through its pipes; the warehouse is in memory unless a directory is given."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen(
            [program, *arguments, "--format", "csv", "--no-header", "--null", NULL, "--keep-going"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")

    def run(self, sql):
        try:
            self.process.stdin.write(f"{sql}\n;\n\\echo {END}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise SystemExit(f"depot ended (status {self.process.wait()}) before:\n{sql}")
        lines = []
        while (line := self.process.stdout.readline()).rstrip("\n") != END:
            if line == "":
                raise SystemExit(f"depot ended (status {self.process.wait()}) in:\n{sql}\n{''.join(lines)}")
            lines.append(line)
        lines = [line for line in lines if not line.startswith(("NOTICE:", "HINT:"))]
        for number, line in enumerate(lines):
            if line.startswith("ERROR:"):
                raise Failed("".join(lines[number:]).strip())
        return [[None if cell == NULL else cell for cell in row] for row in csv.reader(lines)]

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


class Sqlite:
    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute("PRAGMA case_sensitive_like = ON")

    def run(self, sql):
        try:
            return [list(row) for row in self.connection.execute(sql).fetchall()]
        except sqlite3.Error as error:
            raise Failed(str(error))

    def close(self):
        self.connection.close()


def same_cell(ours, theirs):
    if ours is None or theirs is None:
        return ours is None and theirs is None
    theirs = str(theirs)
    if ours == theirs or (ours == "t" and theirs == "1") or (ours == "f" and theirs == "0"):
        return True
    try:
        return math.isclose(float(ours), float(theirs), rel_tol=1e-9, abs_tol=1e-9)
    except ValueError:
        return False


def sort_key(row):
    """Equal values of both engines in one place: numbers by value, then text, then NULL."""
    key = []
    for cell in row:
        if cell is None:
            key.append((2, 0.0, ""))
            continue
        text = {"t": "1", "f": "0"}.get(str(cell), str(cell))
        try:
            number = float(text)
            key.append((0, float(f"{number:.9g}") + 0.0, ""))
        except ValueError:
            key.append((1, 0.0, text))
    return key


def same_rows(ours, theirs, ordered):
    if len(ours) != len(theirs):
        return False
    if not ordered:
        ours, theirs = sorted(ours, key=sort_key), sorted(theirs, key=sort_key)
    return all(len(a) == len(b) and all(map(same_cell, a, b)) for a, b in zip(ours, theirs))


def statements(text):
    """The statements of a file: each ends with a line that ends with a semicolon; lines that begin with -- are comments."""
    lines = []
    for line in text.splitlines():
        if not lines and (line.startswith("--") or not line.strip()):
            continue
        lines.append(line)
        if line.rstrip().endswith(";"):
            yield "\n".join(lines).rstrip().rstrip(";")
            lines = []
