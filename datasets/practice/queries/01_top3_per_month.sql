-- The three customers with the highest revenue of each month.
WITH monthly AS (
    SELECT date_trunc('month', order_ts) AS month, customer_id, sum(amount) AS revenue
    FROM orders
    WHERE status = 'paid' AND order_ts IS NOT NULL
    GROUP BY 1, 2
), ranked AS (
    SELECT month, customer_id, revenue,
           row_number() OVER (PARTITION BY month ORDER BY revenue DESC, customer_id) AS place
    FROM monthly
)
SELECT month, place, customer_id, revenue
FROM ranked
WHERE place <= 3
ORDER BY month, place;
