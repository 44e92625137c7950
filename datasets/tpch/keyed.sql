-- TPC-H for joins of its two facts: orders and lines of one order stand on one slice, sorted by the key that they meet on.

ALTER TABLE orders ALTER DISTKEY o_orderkey, ALTER SORTKEY (o_orderkey);
ALTER TABLE lineitem ALTER DISTKEY l_orderkey, ALTER SORTKEY (l_orderkey);
