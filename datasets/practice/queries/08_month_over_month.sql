-- Revenue per category and month beside the month before, and the change in percent.
WITH monthly AS (
    SELECT p.category, date_trunc('month', o.order_ts) AS month,
           sum(l.quantity * l.unit_price - coalesce(l.discount, 0)) AS revenue
    FROM orders o
    JOIN order_lines l ON l.order_id = o.order_id
    JOIN products p ON p.product_id = l.product_id
    WHERE o.status = 'paid' AND o.order_ts IS NOT NULL
    GROUP BY 1, 2
), beside AS (
    SELECT category, month, revenue, lag(revenue) OVER (PARTITION BY category ORDER BY month) AS before
    FROM monthly
)
SELECT category, month, revenue, before,
       100 * (CAST(revenue AS DOUBLE PRECISION) - CAST(before AS DOUBLE PRECISION))
           / nullif(CAST(before AS DOUBLE PRECISION), 0) AS percent
FROM beside
ORDER BY category, month;
