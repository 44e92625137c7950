-- Each item's share of what its class took on the web in the second quarter of 2000.
SELECT i_item_id, i_class, i_current_price, sum(ws_ext_sales_price) AS revenue,
       sum(ws_ext_sales_price) * 100 / sum(sum(ws_ext_sales_price)) OVER (PARTITION BY i_class) AS percent
FROM web_sales, item, date_dim
WHERE ws_item_sk = i_item_sk AND ws_sold_date_sk = d_date_sk AND i_category IN ('Jewelry', 'Home', 'Music')
  AND d_date BETWEEN DATE '2000-04-01' AND DATE '2000-06-30'
GROUP BY i_item_id, i_class, i_current_price
ORDER BY percent DESC, i_item_id, i_class, i_current_price
LIMIT 100;
