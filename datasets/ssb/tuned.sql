-- SSB for a cluster: the two largest tables meet on the part key, small dimensions stand on every node, lineorder is sorted by
-- its date and split by year.

ALTER TABLE dates ALTER DISTSTYLE ALL, ALTER SORTKEY (d_datekey);
ALTER TABLE customer ALTER DISTSTYLE ALL, ALTER SORTKEY (c_custkey);
ALTER TABLE supplier ALTER DISTSTYLE ALL, ALTER SORTKEY (s_suppkey);
ALTER TABLE part ALTER DISTKEY p_partkey, ALTER SORTKEY (p_partkey);
ALTER TABLE lineorder ALTER DISTKEY lo_partkey, ALTER SORTKEY (lo_orderdate), ALTER PARTITION BY (truncate(10000, lo_orderdate));
