-- Customers who ordered in at least three months in a row: each run with its first month and its length.
WITH months AS (
    SELECT DISTINCT customer_id, EXTRACT(YEAR FROM order_ts) * 12 + EXTRACT(MONTH FROM order_ts) - 1 AS month
    FROM orders
    WHERE order_ts IS NOT NULL
), islands AS (
    SELECT customer_id, month, month - row_number() OVER (PARTITION BY customer_id ORDER BY month) AS island
    FROM months
)
SELECT customer_id, min(month) AS first_month, count(*) AS months
FROM islands
GROUP BY customer_id, island
HAVING count(*) >= 3
ORDER BY customer_id, first_month;
