"""Drives the shell through a pseudo-terminal (see interrupt.sh)."""
import os
import pty
import re
import select
import shutil
import signal
import sys
import tempfile
import time

depot, limit_ms = sys.argv[1], float(sys.argv[2])
folder = tempfile.mkdtemp()
warehouse = os.path.join(folder, "w")
problems = 0
PROMPT = "depot> "
NUMBERS = "CREATE TABLE numbers (n integer, word varchar(20)) SORTKEY (n);"


def complain(text):
    global problems
    problems += 1
    print("WRONG   " + text)


class Shell:
    def __init__(self):
        os.environ.update(HOME=folder, TERM="dumb", COLUMNS="200")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(depot, [depot, warehouse])
        self.seen = ""

    def read(self, timeout_s):
        ready, _, _ = select.select([self.fd], [], [], timeout_s)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", data.decode("utf-8", "replace"))
        return bool(data)

    def drain(self, seconds):
        """Reads what comes for so long, and keeps the end of it: a query may print faster than we read."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read(max(0, deadline - time.monotonic()))
            self.seen = self.seen[-100000:]

    def wait(self, text, timeout_s=30):
        """What came before `text`."""
        deadline = time.monotonic() + timeout_s
        while text not in self.seen:
            left = deadline - time.monotonic()
            if left <= 0 or not self.read(left):
                complain("no %r after %r" % (text, self.seen[-300:]))
                return ""
        before, self.seen = self.seen.split(text, 1)
        return before

    def send(self, text):
        os.write(self.fd, text.encode())

    def run(self, text, timeout_s=60):
        """Sends a line, gives what was printed up to the next prompt."""
        self.send(text + "\n")
        return self.wait(PROMPT, timeout_s)


def expect(what, text, pattern):
    if not re.search(pattern, text):
        complain("%s: %r has no %r" % (what, text[-400:], pattern))


def files():
    return sorted(os.path.relpath(os.path.join(where, name), warehouse)
                  for where, _, names in os.walk(warehouse) for name in names)


def stop(shell):
    """Presses Ctrl-C: what is said until the prompt, and after how long."""
    sent = time.monotonic()
    shell.send("\x03")
    text = shell.wait(PROMPT, 60)
    return text, (time.monotonic() - sent) * 1e3


def interrupt(shell, what, sql, after_s=1.0):
    """`sql` has %d for its size: it is asked of a larger size until it still runs after `after_s`."""
    for size in [1, 4, 16, 64]:
        before = files()
        shell.send(sql.replace("%d", str(size)) + "\n")
        shell.drain(after_s)
        if PROMPT not in shell.seen:
            text, took_ms = stop(shell)
            if "57014" in text:
                break
            expect(what, text, r"(COPY|INSERT 0) \d+|row")  # it was over at that very moment
        else:
            shell.wait(PROMPT)
        shell.run("DROP TABLE numbers;")
        shell.run(NUMBERS)
    else:
        complain("%s: over before it could be interrupted" % what)
        return
    print("%-28s %7.1f ms" % (what, took_ms))
    if took_ms > limit_ms:
        complain("%s took %.0f ms to stop" % (what, took_ms))
    if files() != before:
        complain("%s left files: %s" % (what, sorted(set(files()) ^ set(before))[:5]))
    expect(what + ", next query", shell.run("SELECT 40 + 2 AS answer;"), r"42")


def talk(shell):
    shell.wait(PROMPT)
    shell.send("SELECT 1 AS one,\n")
    shell.wait("... ")
    expect("two lines", shell.run("2 AS two;"), r"1 .*2 ")
    expect("create", shell.run(NUMBERS), "CREATE TABLE")
    expect("\\dt", shell.run("\\dt"), "numbers")
    expect("\\d", shell.run("\\d numbers"), "word")
    expect("\\timing", shell.run("\\timing"), "Timing is on")
    expect("timed", shell.run("SELECT 1;"), r"Time: [0-9.]+ ms")
    shell.run("\\timing off")
    expect("\\x", shell.run("\\x"), "on")
    expect("expanded", shell.run("SELECT 7 AS seven;"), r"seven \| 7")
    shell.run("\\x")
    expect("\\echo", shell.run("\\echo hello there"), "hello there")
    expect("\\?", shell.run("\\?"), r"\\timing")
    script = os.path.join(folder, "script.sql")
    with open(script, "w") as file:
        file.write("SELECT 5 AS five;\nSELECT 6 AS six;\n")
    expect("\\i", shell.run("\\i " + script), r"(?s)five.*six")
    shell.send("SELECT 3 AS\n")
    shell.wait("   ... ")
    shell.send("\\echo between\n")
    expect("a command between the lines of a statement", shell.wait("   ... "), r"echo between\s+between")
    expect("the statement goes on", shell.run("three;"), "three")
    expect("an error keeps the shell", shell.run("SELECT nothing;"), "42703")
    shell.send("SELECT thrown, away")
    time.sleep(0.2)
    shell.send("\x03")
    shell.wait(PROMPT)
    expect("the line is thrown away", shell.run("SELECT 9 AS nine;"), r"nine")
    shell.send("SELECT 1,\n")
    shell.wait("... ")
    shell.send("\x03")
    shell.wait(PROMPT)
    expect("the statement is thrown away", shell.run("SELECT 8 AS eight;"), r"eight")


def interrupts(shell):
    """Each at several moments, so that every phase of the operator is met."""
    rows = os.path.join(folder, "rows.csv")
    with open(rows, "w") as file:
        for start in range(0, 3000000, 10000):
            file.write("".join("%d,word number %d\n" % (n, n % 1000) for n in range(start, start + 10000)))
    for size in [1, 4, 16, 64]:
        os.mkdir(os.path.join(folder, "rows%d" % size))
        for copy in range(size):
            os.link(rows, os.path.join(folder, "rows%d" % size, "%d.csv" % copy))
    interrupt(shell, "cross join, counted",
              "SELECT count(*) FROM generate_series(1, %d000000) AS a (n), generate_series(1, 1000000) AS b (n) WHERE a.n < b.n;")
    for after_s in [0.3, 1, 2]:
        interrupt(shell, "aggregate, many groups",
                  "SELECT n * 7 AS k, count(*) FROM generate_series(1, %d0000000) AS g (n) GROUP BY 1 ORDER BY 2 LIMIT 1;", after_s)
        interrupt(shell, "sort",
                  "SELECT n FROM (SELECT n, (n % 10007) * 7919 % 1000003 AS k FROM generate_series(1, %d0000000) AS g (n)) s "
                  "ORDER BY k DESC, n OFFSET %d0000000 - 1;", after_s)
        interrupt(shell, "window",
                  "SELECT max(r) FROM (SELECT sum(n) OVER (PARTITION BY n % 3 ORDER BY n DESC) AS r "
                  "FROM generate_series(1, %d0000000) AS g (n)) w;", after_s)
        interrupt(shell, "hash join",
                  "SELECT count(*) FROM generate_series(1, %d0000000) AS a (n) JOIN generate_series(1, %d0000000) AS b (n) "
                  "ON a.n = b.n * 2;", after_s)
        interrupt(shell, "COPY", "COPY numbers FROM '%s/rows%%d/*.csv' (FORMAT csv);" % folder, after_s)
        interrupt(shell, "INSERT SELECT", "INSERT INTO numbers SELECT n, 'word ' || n FROM generate_series(1, %d0000000) AS g (n);",
                  after_s)
    shell.run("\\format csv")
    interrupt(shell, "many rows printed", "SELECT n, repeat('x', 50) FROM generate_series(1, %d00000000) AS g (n);", 0.5)
    expect("nothing was loaded", shell.run("SELECT count(*) AS loaded FROM numbers;"), r"\b0\b")


shell = Shell()
try:
    talk(shell)
    interrupts(shell)
    shell.send("\\q\n")
    deadline = time.monotonic() + 10
    while shell.read(max(0, deadline - time.monotonic())):
        pass
    _, status = os.waitpid(shell.pid, 0)
    if os.waitstatus_to_exitcode(status) < 0:
        complain("the shell died of signal %d" % -os.waitstatus_to_exitcode(status))
    with open(os.path.join(folder, ".depot_history")) as history:
        expect("history", history.read(), "SELECT")
finally:
    try:
        os.kill(shell.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    shutil.rmtree(folder)
print("%d wrong" % problems)
sys.exit(problems > 0)
