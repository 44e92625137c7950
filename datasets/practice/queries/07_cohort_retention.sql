-- Of the customers whose first order was in a month: how many ordered again each month after.
WITH firsts AS (
    SELECT customer_id, date_trunc('month', min(order_ts)) AS cohort
    FROM orders
    WHERE order_ts IS NOT NULL
    GROUP BY customer_id
), activity AS (
    SELECT f.cohort, o.customer_id,
           (EXTRACT(YEAR FROM o.order_ts) - EXTRACT(YEAR FROM f.cohort)) * 12
               + EXTRACT(MONTH FROM o.order_ts) - EXTRACT(MONTH FROM f.cohort) AS month_no
    FROM orders o
    JOIN firsts f ON f.customer_id = o.customer_id
    WHERE o.order_ts IS NOT NULL
)
SELECT cohort, month_no, count(DISTINCT customer_id) AS customers
FROM activity
GROUP BY cohort, month_no
ORDER BY cohort, month_no;
