CREATE TABLE lineorder (lo_orderkey int, lo_custkey int, lo_revenue decimal(12,2), lo_orderdate date, lo_priority varchar(10), lo_ok boolean);
CREATE TABLE customer (c_custkey int NOT NULL, c_name varchar(20), c_region varchar(5), c_since timestamp);
INSERT INTO lineorder VALUES (1, 1, 10.00, '2020-01-01', 'HIGH', true), (2, 1, 0.00, '2020-02-01', 'LOW', false);
INSERT INTO customer VALUES (1, 'Ann', 'ASIA', '2020-01-01 10:00:00');
