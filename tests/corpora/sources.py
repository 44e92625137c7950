"""The suites: where their files are, in which form, and what has to be done to make a script of each."""
import glob
import os
import re


class Source:
    """Files of sqllogictest that run as they are."""

    def __init__(self, root, name, form, patterns, is_judged):
        self.root, self.name, self.form, self.patterns, self.is_judged = root, name, form, patterns, is_judged

    def paths(self):
        found = [path for pattern in self.patterns for path in glob.glob(os.path.join(self.root, pattern), recursive=True)]
        return sorted(set(found))

    def prepare(self, path, folder):
        return path

    def adjust(self, records):
        """What a failure means in this suite."""


def script_of(folder, records):
    path = os.path.join(folder, "script.slt")
    with open(path, "w", encoding="utf-8") as out:
        for head, sql in records:
            sql = "\n".join(line for line in sql.split("\n") if line.strip())
            out.write(f"{head}\n{sql}\n\n")
    return path


def split_statements(text):
    """At semicolons that stand outside of quotes, comments and dollar quotes."""
    token = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|(\$\w*\$).*?\1|;", re.S)
    start = 0
    for match in token.finditer(text):
        if match.group() == ";":
            yield text[start:match.start()]
            start = match.end()
    yield text[start:]


def plain(text):
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.S).strip()


class SmallTpch(Source):
    """The queries over the small data set, which is loaded first."""

    def prepare(self, path, folder):
        base = os.path.dirname(path)
        records = [("statement ok", sql) for sql in split_statements(open(os.path.join(base, "create.sql")).read()) if plain(sql)]
        for table in sorted(glob.glob(os.path.join(base, "tbl", "*.tbl"))):
            copy = os.path.join(folder, os.path.basename(table))
            with open(copy, "w") as out:
                out.writelines(line.rstrip("\n").removesuffix("|") + "\n" for line in open(table))
            name = os.path.splitext(os.path.basename(table))[0]
            records.append(("statement ok", f"COPY {name} FROM '{copy}' (FORMAT csv, DELIMITER '|')"))
        script = script_of(folder, records)
        with open(script, "a", encoding="utf-8") as out:
            out.write(open(path, encoding="utf-8").read())
        return script


class Tpcds(Source):
    """The 99 queries over empty tables: they parse, bind, plan and end."""

    def prepare(self, path, folder):
        base = os.path.dirname(os.path.dirname(path))
        texts = [open(schema).read() for schema in sorted(glob.glob(os.path.join(base, "schema", "*.sql")))] + [open(path).read()]
        return script_of(folder, [("statement ok", sql) for text in texts for sql in split_statements(text) if plain(sql)])

    def adjust(self, records):
        records[:] = [record for record in records if record.outcome == "fail" or not record.sql.lower().startswith("create table")]


class Statements(Source):
    """SQL that must parse and bind, without answers. Objects that are missing are no failure."""

    def prepare(self, path, folder):
        text = open(path, encoding="utf-8").read()
        return script_of(folder, [("statement ok", sql) for sql in split_statements(text) if plain(sql)])

    def adjust(self, records):
        for record in records:
            if record.outcome == "fail" and re.search(r"\((42P01|3F000|42703|58P01|42P07|42704|26000|22023)\)$", record.problem):
                record.outcome = "pass"


def all_sources(root):
    rust = ["**/*.slt", "**/*.slt.part"]
    return [
        Source(os.path.join(root, "sqllogictest"), "sqllogictest", "sqlite", ["**/*.test"], True),
        Source(os.path.join(root, "duckdb"), "duckdb", "duckdb", ["**/*.test", "**/*.test_slow"], True),
        Source(os.path.join(root, "postgresql"), "postgresql", "duckdb", ["slt/*.test"], False),
        Source(os.path.join(root, "risingwave"), "risingwave", "rust", rust, True),
        Source(os.path.join(root, "risinglight"), "risinglight", "rust", rust, True),
        Source(os.path.join(root, "datafusion"), "datafusion", "rust", rust, True),
        SmallTpch(os.path.join(root, "tpch"), "tpch", "rust", ["sf0.001/*.slt"], False),
        Tpcds(os.path.join(root, "tpcds"), "tpcds", "depot", ["queries/*.sql"], False),
        Statements(os.path.join(root, "redshift"), "redshift", "depot", ["**/*.sql"], False),
    ]
