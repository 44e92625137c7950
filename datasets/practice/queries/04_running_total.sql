-- What each customer had spent up to and with each order.
SELECT customer_id, order_id, amount,
       sum(amount) OVER (PARTITION BY customer_id ORDER BY order_ts, order_id
                         ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS spent
FROM orders
WHERE order_ts IS NOT NULL;
