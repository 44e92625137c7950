-- The shop for a cluster: what belongs to a customer, an order or a user stands on one slice; small tables stand on every node;
-- events are sorted as windows over a user's events want them.

ALTER TABLE customers ALTER DISTKEY customer_id, ALTER SORTKEY (customer_id);
ALTER TABLE products ALTER DISTSTYLE ALL, ALTER SORTKEY (product_id);
ALTER TABLE orders ALTER DISTKEY customer_id, ALTER SORTKEY (order_ts);
ALTER TABLE order_lines ALTER DISTKEY order_id, ALTER SORTKEY (order_id);
ALTER TABLE events ALTER DISTKEY user_id, ALTER SORTKEY (user_id, event_ts);
