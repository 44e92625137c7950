"""What a person sees at the prompt: prompts of statements that go on and of transactions, Tab, Ctrl-C, Ctrl-D, history.
Each step is keys and a pattern that must be shown before the next; usage: terminal.py DEPOT"""
import os
import pty
import re
import select
import sys
import tempfile
import time

SECONDS = 20  # for one step; a machine may be busy


class Terminal:
    def __init__(self, depot, home):
        self.raw = ""
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.environ.update(HOME=home, TERM="xterm", LC_ALL="C.UTF-8")
            os.execv(depot, [depot])

    def read(self, seconds):
        """False: nothing more will come."""
        ready, _, _ = select.select([self.file], [], [], seconds)
        if ready:
            try:
                data = os.read(self.file, 65536)
            except OSError:
                return False
            self.raw += data.decode("utf8", "replace")
            return len(data) > 0
        return True

    def shown(self):
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]|[\x07\r]", "", self.raw)

    def step(self, keys, pattern):
        self.raw = ""
        os.write(self.file, keys.encode())
        end = time.time() + SECONDS
        while not re.search(pattern, self.shown(), re.S):
            if time.time() > end or not self.read(0.1):
                print(f"WRONG   {keys!r}: no {pattern!r} in\n{self.shown()}")
                return 1
        return 0

    def status(self):
        while self.read(1):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main():
    wrong = 0
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal(os.path.realpath(sys.argv[1]), home)
        steps = [
            ("", r"for help.*depot> "),
            ("CREATE TABLE storeys(\n", r"   \.\.\. "),
            ("height_key int);\n", r"CREATE TABLE\n.*depot> "),
            ("SEL\t", r"SELECT "),
            ("heigh\t", r"height_key "),
            ("from store\t", r"storeys "),
            (";\n", r"height_key.*\(0 rows\)\n.*depot> "),
            ("\\ti\t\n", r"Timing is on"),
            ("\\timing off\n", r"Timing is off.*depot> "),
            ("set batch_\t", r"batch_rows "),
            ("\x03", r"depot> "),
            ("SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b;\n", r"\n"),
            ("\x03", r"canceling statement.*57014.*depot> "),
            ("BEGIN;\n", r"depot\*> "),
            ("SELECT nothing;\n", r"\^\n.*depot!> "),
            ("ROLLBACK;\n", r"ROLLBACK\n.*depot> "),
            ("\x1b[A", r"ROLLBACK;"),
            ("\x03", r"depot> "),
        ]
        for keys, pattern in steps:
            if "canceling" in pattern:
                time.sleep(1)  # until it runs
            wrong += terminal.step(keys, pattern)
        os.write(terminal.file, b"\x04")
        if terminal.status() != 1:  # statements have failed
            wrong += 1
            print("WRONG   the status after Ctrl-D")
        with open(os.path.join(home, ".depot_history"), encoding="utf8") as history:
            if "storeys" not in history.read():
                wrong += 1
                print("WRONG   the history does not have what was typed")
    print(f"{len(steps) + 2} checks, {wrong} wrong")
    return wrong > 0


sys.exit(main())
