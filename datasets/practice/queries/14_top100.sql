-- The 100 most expensive order lines, the older ones first where they cost the same.
SELECT order_id, line_no, product_id, quantity, unit_price, discount
FROM order_lines
ORDER BY quantity * unit_price - coalesce(discount, 0) DESC, order_id, line_no
LIMIT 100;
