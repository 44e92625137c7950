-- How long catalog orders wait for their parcels, by warehouse and way of shipping.
SELECT w_warehouse_name, sm_type,
       sum(CASE WHEN cs_ship_date_sk - cs_sold_date_sk <= 30 THEN 1 ELSE 0 END) AS within_30_days,
       sum(CASE WHEN cs_ship_date_sk - cs_sold_date_sk BETWEEN 31 AND 60 THEN 1 ELSE 0 END) AS within_60_days,
       sum(CASE WHEN cs_ship_date_sk - cs_sold_date_sk > 60 THEN 1 ELSE 0 END) AS later,
       avg(cs_ship_date_sk - cs_sold_date_sk) AS mean_days
FROM catalog_sales
JOIN warehouse ON cs_warehouse_sk = w_warehouse_sk
JOIN ship_mode ON cs_ship_mode_sk = sm_ship_mode_sk
GROUP BY w_warehouse_name, sm_type
ORDER BY w_warehouse_name NULLS LAST, sm_type;
