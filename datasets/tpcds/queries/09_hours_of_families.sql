-- When families go shopping: tickets by hour and number of cars, weekends apart.
SELECT t_hour, hd_vehicle_count, count(DISTINCT ss_ticket_number) AS tickets,
       count(DISTINCT CASE WHEN d_weekend = 'Y' THEN ss_ticket_number END) AS on_weekends
FROM store_sales
JOIN time_dim ON ss_sold_time_sk = t_time_sk
JOIN date_dim ON ss_sold_date_sk = d_date_sk
JOIN household_demographics ON ss_hdemo_sk = hd_demo_sk
WHERE hd_dep_count >= 3
GROUP BY t_hour, hd_vehicle_count
ORDER BY t_hour, hd_vehicle_count;
