-- The second highest amount of each customer, and how many orders have it.
SELECT customer_id, amount, count(*) AS orders
FROM (
    SELECT customer_id, amount, dense_rank() OVER (PARTITION BY customer_id ORDER BY amount DESC) AS place
    FROM orders
) ranked
WHERE place = 2
GROUP BY customer_id, amount
ORDER BY customer_id;
