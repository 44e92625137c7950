-- Stock of cheap items, warehouse by warehouse, in the thirty days before and after a change of price.
SELECT w_warehouse_name, i_item_id,
       sum(CASE WHEN d_date < DATE '2001-05-15' THEN inv_quantity_on_hand ELSE 0 END) AS before,
       sum(CASE WHEN d_date >= DATE '2001-05-15' THEN inv_quantity_on_hand ELSE 0 END) AS after
FROM inventory, warehouse, item, date_dim
WHERE inv_warehouse_sk = w_warehouse_sk AND inv_item_sk = i_item_sk AND inv_date_sk = d_date_sk
  AND i_current_price < 2 AND d_date BETWEEN DATE '2001-05-15' - 30 AND DATE '2001-05-15' + 30
GROUP BY w_warehouse_name, i_item_id
HAVING sum(CASE WHEN d_date >= DATE '2001-05-15' THEN inv_quantity_on_hand ELSE 0 END)
     < sum(CASE WHEN d_date < DATE '2001-05-15' THEN inv_quantity_on_hand ELSE 0 END)
ORDER BY w_warehouse_name, i_item_id
LIMIT 100;
