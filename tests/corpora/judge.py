"""PostgreSQL 15 as the judge of what a suite expects: where DIALECT.md is silent, its answer is the right one."""
import math
import re
import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/oracle")
import postgres  # noqa: E402
from engines import Failed  # noqa: E402

# What the dialect has beyond PostgreSQL: there it cannot judge.
BEYOND = re.compile(
    r"\b(qualify|group\s+by\s+all|ignore\s+nulls|respect\s+nulls|try_cast|nvl2?|decode|dateadd|datediff|last_day|add_months|months_between|"
    r"next_day|getdate|listagg|median|any_value|arg_(min|max)|max_by|min_by|approximate|ratio_to_report|regexp_(substr|count|like)|sha2|"
    r"is_valid_json|json_extract\w*|convert_timezone|top\s+\d+|minus|trunc|len|charindex|isnull|ifnull|iff?)\b|%%", re.I)
# Types under names that PostgreSQL does not have.
ALIASES = {"string": "text", "double": "double precision", "datetime": "timestamp", "long": "bigint", "int64": "bigint", "int32": "int",
           "float32": "real", "float64": "double precision", "utf8": "text"}


def same_word(expected, actual):
    if expected == actual or (expected in ("true", "1") and actual == "t") or (expected in ("false", "0") and actual == "f"):
        return True
    try:
        return math.isclose(float(expected), float(actual), rel_tol=1e-9, abs_tol=0)
    except ValueError:
        return False


def spell(rows):
    return [["NULL" if cell is None else cell if cell else "(empty)" for cell in row] for row in rows]


def sort_key(row):
    key = []
    for word in row:
        word = {"true": "t", "false": "f"}.get(word, word)
        try:
            key.append(f"{float(word):.9g}")
        except ValueError:
            key.append(word)
    return key


def same_rows(a, b, ordered):
    """Rows of words, whatever stood between them."""
    a, b = [" ".join(row).split() for row in a], [" ".join(row).split() for row in b]
    if len(a) != len(b):
        return False
    if not ordered:
        a, b = sorted(a, key=sort_key), sorted(b, key=sort_key)
    return all(len(x) == len(y) and all(map(same_word, x, y)) for x, y in zip(a, b))


def grouped(lines, columns):
    """Expected lines as rows: with tabs or blanks, or a value per line."""
    if columns > 1 and lines and "\t" not in lines[0] and len(lines) % columns == 0 and all(len(line.split()) == 1 for line in lines):
        return [lines[i:i + columns] for i in range(0, len(lines), columns)]
    return [line.split("\t") for line in lines]


class Judge:
    """Runs a file's records in order; verdict() says what PostgreSQL makes of the last."""

    def __init__(self):
        self.cluster = postgres.Cluster()
        self.session = None

    def start_file(self):
        if self.session is None:
            self.session = postgres.Postgres(self.cluster, 5)
        self.session.reset()
        for name, type_name in ALIASES.items():
            self.session.run(f"CREATE DOMAIN {name} AS {type_name}")

    def run(self, sql):
        """(rows or None, error or None)."""
        try:
            return self.session.run(sql.strip().rstrip(";")), None
        except Failed as error:
            return None, str(error).split("\n")[0]

    def verdict(self, record, rows, error):
        """The reason why a record that failed is outside the dialect, or None."""
        if BEYOND.search(record.sql):
            return None
        if error is not None:
            message = re.sub(r"^(ERROR|FATAL):\s+", "", error)
            if message.startswith("0A000") and "(0A000)" in record.problem:
                return f"PostgreSQL refuses it as well: {shorten(message)}"
            if re.match(r"42P01|3F000|57014|42P07|25P02|0A000", message):
                return None  # of what went before
            if record.wants_error:
                return None
            return None if record.gave_rows else f"PostgreSQL refuses it as well: {shorten(message)}"
        if record.wants_error:
            return "PostgreSQL takes what this suite wants refused" if not record.gave_error else None
        if not record.is_query or not record.gave_rows:
            return None
        ordered = "order by" in record.sql.lower()
        if same_rows(spell(rows), record.actual, ordered):
            return "PostgreSQL answers as Depot does, not as this suite wants"
        return None


def shorten(message):
    message = re.sub(r"^\w{5}: ", "", message)
    message = re.sub(r'at or near ".*"', "", message)
    message = re.sub(r'"[^"]*"', '"…"', message) if "function" not in message else re.sub(r"\(.*?\)", "()", message)
    return message[:90]
