-- TPC-H for a cluster: lines meet their orders and offers their parts on one node, small tables stand on every node, the
-- large ones are sorted by their dates.

ALTER TABLE region ALTER DISTSTYLE ALL, ALTER SORTKEY (r_regionkey);
ALTER TABLE nation ALTER DISTSTYLE ALL, ALTER SORTKEY (n_nationkey);
ALTER TABLE supplier ALTER DISTSTYLE ALL, ALTER SORTKEY (s_suppkey);
ALTER TABLE customer ALTER DISTKEY c_custkey, ALTER SORTKEY (c_custkey);
ALTER TABLE part ALTER DISTKEY p_partkey, ALTER SORTKEY (p_partkey);
ALTER TABLE partsupp ALTER DISTKEY ps_partkey, ALTER SORTKEY (ps_partkey);
ALTER TABLE orders ALTER DISTKEY o_orderkey, ALTER SORTKEY (o_orderdate);
ALTER TABLE lineitem ALTER DISTKEY l_orderkey, ALTER SORTKEY (l_shipdate);
