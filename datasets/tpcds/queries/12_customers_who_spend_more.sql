-- Customers whose spending on the web grew faster from 2000 to 2001 than that in stores.
WITH years AS (
    SELECT ss_customer_sk AS customer, d_year AS year, sum(ss_net_paid) AS store, CAST(NULL AS DECIMAL(7,2)) AS web
    FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk
    WHERE d_year IN (2000, 2001)
    GROUP BY ss_customer_sk, d_year
    UNION ALL
    SELECT ws_bill_customer_sk, d_year, NULL, sum(ws_net_paid)
    FROM web_sales JOIN date_dim ON ws_sold_date_sk = d_date_sk
    WHERE d_year IN (2000, 2001)
    GROUP BY ws_bill_customer_sk, d_year
), pairs AS (
    SELECT customer,
           sum(CASE WHEN year = 2000 THEN store END) AS store_then, sum(CASE WHEN year = 2001 THEN store END) AS store_now,
           sum(CASE WHEN year = 2000 THEN web END) AS web_then, sum(CASE WHEN year = 2001 THEN web END) AS web_now
    FROM years
    GROUP BY customer
)
SELECT c_customer_id, c_last_name, store_then, store_now, web_then, web_now
FROM pairs
JOIN customer ON customer = c_customer_sk
WHERE store_then > 0 AND web_then > 0 AND web_now * store_then > store_now * web_then
ORDER BY web_now DESC, c_customer_id
LIMIT 100;
