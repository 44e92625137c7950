-- The part of each category's revenue that came with a promotion by mail or television, by county of the stores.
SELECT s_county, i_category,
       sum(CASE WHEN p_channel_dmail = 'Y' OR p_channel_tv = 'Y' THEN ss_ext_sales_price ELSE 0 END) AS promoted,
       sum(ss_ext_sales_price) AS revenue
FROM store_sales
JOIN store ON ss_store_sk = s_store_sk
JOIN item ON ss_item_sk = i_item_sk
LEFT JOIN promotion ON ss_promo_sk = p_promo_sk
GROUP BY s_county, i_category
ORDER BY s_county, i_category NULLS LAST;
