-- Customers who never paid an order.
SELECT c.customer_id, c.name, c.country
FROM customers c
WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id AND o.status = 'paid')
ORDER BY c.customer_id;
