-- The products sold most often in each category, three places deep: ties share a place.
WITH sold AS (
    SELECT p.category, p.product_id, sum(l.quantity) AS pieces
    FROM order_lines l
    JOIN products p ON p.product_id = l.product_id
    GROUP BY p.category, p.product_id
), ranked AS (
    SELECT category, product_id, pieces, dense_rank() OVER (PARTITION BY category ORDER BY pieces DESC) AS place
    FROM sold
)
SELECT category, place, product_id, pieces
FROM ranked
WHERE place <= 3
ORDER BY category, place, product_id;
