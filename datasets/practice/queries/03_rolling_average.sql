-- Average daily revenue of the last seven days with sales, per category.
WITH daily AS (
    SELECT p.category, CAST(o.order_ts AS DATE) AS day,
           sum(l.quantity * l.unit_price - coalesce(l.discount, 0)) AS revenue
    FROM orders o
    JOIN order_lines l ON l.order_id = o.order_id
    JOIN products p ON p.product_id = l.product_id
    WHERE o.order_ts IS NOT NULL
    GROUP BY 1, 2
)
SELECT category, day, revenue,
       avg(CAST(revenue AS DOUBLE PRECISION)) OVER (PARTITION BY category ORDER BY day
                                                    ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS rolling
FROM daily
ORDER BY category, day;
