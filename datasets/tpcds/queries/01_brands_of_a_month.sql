-- What each brand of two categories took in its stores in the Decembers, the best first.
SELECT d_year, i_brand_id, i_brand, count(*) AS line_count, sum(ss_ext_sales_price) AS revenue
FROM store_sales, date_dim, item
WHERE ss_sold_date_sk = d_date_sk AND ss_item_sk = i_item_sk AND d_moy = 12 AND i_category IN ('Sports', 'Books')
GROUP BY d_year, i_brand_id, i_brand
ORDER BY d_year, revenue DESC, i_brand_id, i_brand
LIMIT 200;
