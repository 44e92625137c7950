"""A private PostgreSQL 15 behind the face of engines.py: a cluster in a temporary directory, on a socket there, gone at the end.

The server refuses to run as root: then it runs as the user postgres."""
import atexit
import csv
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

from engines import END, NULL, Failed

PROGRAMS = "/usr/lib/postgresql/15/bin"
SETTINGS = ["fsync=off", "listen_addresses=", "autovacuum=off", "shared_buffers=64MB", "timezone=UTC", "max_connections=20"]


def is_there():
    return os.path.exists(os.path.join(PROGRAMS, "postgres"))


class Cluster:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="depot-postgres-")
        self.user = []
        if os.getuid() == 0:
            postgres = pwd.getpwnam("postgres")
            os.chown(self.folder, postgres.pw_uid, postgres.pw_gid)
            self.user = ["setpriv", f"--reuid={postgres.pw_uid}", f"--regid={postgres.pw_gid}", "--clear-groups"]
        self.data = os.path.join(self.folder, "data")
        self._run("initdb", "-D", self.data, "-U", "depot", "-A", "trust", "-E", "UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8",
                  "--no-sync")
        settings = " ".join(f"-c {setting}" for setting in SETTINGS)
        self._run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.folder, "log"), "-o", f"-k {self.folder} {settings}", "start")
        atexit.register(self.close)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that the cluster goes then, too

    def _run(self, program, *arguments):
        subprocess.run([*self.user, os.path.join(PROGRAMS, program), *arguments], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, cwd=self.folder)

    def close(self):
        if self.data is not None:
            subprocess.run([*self.user, os.path.join(PROGRAMS, "pg_ctl"), "-D", self.data, "-m", "immediate", "stop"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            shutil.rmtree(self.folder, ignore_errors=True)
            self.data = None


class Postgres:
    """One psql process on a cluster, spoken to through its pipes."""

    def __init__(self, cluster, seconds=20):
        self.process = subprocess.Popen(
            ["psql", "-X", "-q", "-t", "-h", cluster.folder, "-U", "depot", "-d", "postgres", "-v", "VERBOSITY=verbose", "-P", "format=csv",
             "-P", f"null={NULL}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
            env={**os.environ, "PGCLIENTENCODING": "UTF8", "PGOPTIONS": f"-c statement_timeout={seconds}s -c client_min_messages=error"})

    def run(self, sql):
        if sql.count("'") % 2 or sql.count('"') % 2 or sql.count("$$") % 2 or sql.count("/*") != sql.count("*/"):
            raise Failed("ERROR:  42601: an open quote, which psql would wait for")
        self.process.stdin.write(f"{sql}\n;\n\\r\n\\echo {END}\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()).rstrip("\n") != END:
            if line == "":
                raise SystemExit(f"psql ended in:\n{sql}\n{''.join(lines)}")
            lines.append(line)
        for number, line in enumerate(lines):
            if line.startswith(("ERROR:", "FATAL:")):
                raise Failed("".join(lines[number:]).strip())
        rows = (row or [""] for row in csv.reader(lines))  # one empty cell is an empty line
        return [[None if cell == NULL else cell for cell in row] for row in rows]

    def reset(self):
        """An empty database, as good as new."""
        self.run("ROLLBACK")
        self.run("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; RESET ALL; DISCARD TEMP")

    def close(self):
        self.process.stdin.close()
        return self.process.wait()
