"""What the scripts of random queries share: their options, rounds of tables and questions until time is over, what is printed of a difference."""
import argparse
import random
import time

from engines import Depot, Failed, same_rows
from postgres import Cluster, Postgres


class Generator:
    """What questions are made of: choices of a random source of its own."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share


def parser():
    """DEPOT and the options that all of them have."""
    result = argparse.ArgumentParser()
    result.add_argument("depot")
    result.add_argument("--seconds", type=float, default=10)
    result.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    result.add_argument("--keep-going", action="store_true")
    return result


def run_on_both(ours, theirs, tables):
    """Tables as (create, design, inserts); returns the statements that Depot got."""
    setup = []
    for create, design, inserts in tables:
        theirs.run(create)
        for sql in [f"{create} {design}", *inserts]:
            ours.run(sql)
            setup.append(sql)
        for sql in inserts:
            theirs.run(sql)
    return setup


def compare(ours, theirs, question, count, deadline, rows_most=None):
    """(compared, failures) of so many questions. What the other engine refuses is not counted; what Depot refuses is a failure."""
    compared, failures = 0, []
    for _ in range(count):
        if time.monotonic() > deadline:
            break
        sql = question()
        try:
            expected = theirs.run(sql)
        except Failed:
            continue
        if rows_most is not None and len(expected) > rows_most:
            continue
        try:
            answer = ours.run(sql)
        except Failed as error:
            failures.append((sql, str(error), None))
            continue
        compared += 1
        if not same_rows(answer, expected, False):
            failures.append((sql, answer, expected))
    return compared, failures


def run_rounds(options, topologies, other, make_round):
    """make_round(number, deadline) gives (compared, failures, setup). Prints differences and the sum; the exit status."""
    deadline = time.monotonic() + options.seconds
    compared = failed = rounds = 0
    while time.monotonic() < deadline:
        done, failures, setup = make_round(rounds, deadline)
        topology = topologies[rounds % len(topologies)]
        compared, failed, rounds = compared + done, failed + len(failures), rounds + 1
        for sql, answer, expected in failures[: 5 if options.keep_going else 1]:
            print(f"-- {' '.join(topology)}\n" + ";\n".join(setup) + f";\n{sql};\n-- Depot:  {answer}\n-- {other}:  {expected}\n")
        if failures and not options.keep_going:
            break
    print(f"seed {options.seed}: {compared} random queries compared with {other} in {rounds} rounds, {failed} differ")
    return int(failed > 0)


def against_postgres(options, topologies, tables, question, count, rows_most=None):
    """Rounds against a PostgreSQL of its own; `tables` makes those of a round."""
    theirs = Postgres(Cluster())

    def make_round(number, deadline):
        theirs.reset()
        ours = Depot(options.depot, *topologies[number % len(topologies)])
        setup = run_on_both(ours, theirs, tables())
        compared, failures = compare(ours, theirs, question, count, deadline, rows_most)
        ours.close()
        return compared, failures, setup

    status = run_rounds(options, topologies, "PostgreSQL", make_round)
    theirs.close()
    return status
