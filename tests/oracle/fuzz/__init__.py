"""Random SQL, a file per family of constructs: core (names, types, tables), values (expressions), conditions (predicates and
subqueries), sources (FROM), queries (whole statements), properties (what must hold of one engine alone)."""
