-- Days of 2002 on which an item of the busiest classes sold in stores, but not on the web, in a row.
WITH classes AS (
    SELECT i_class_id, i_category_id
    FROM web_sales JOIN item ON ws_item_sk = i_item_sk
    GROUP BY i_class_id, i_category_id
    ORDER BY sum(ws_quantity) DESC, i_class_id, i_category_id
    LIMIT 5
), sold AS (
    SELECT DISTINCT i_category_id, i_class_id, ss_sold_date_sk AS day
    FROM store_sales JOIN item ON ss_item_sk = i_item_sk JOIN classes USING (i_class_id, i_category_id)
    EXCEPT
    SELECT i_category_id, i_class_id, ws_sold_date_sk
    FROM web_sales JOIN item ON ws_item_sk = i_item_sk
), runs AS (
    SELECT i_category_id, i_class_id, day,
           day - row_number() OVER (PARTITION BY i_category_id, i_class_id ORDER BY day) AS run
    FROM sold JOIN date_dim ON day = d_date_sk
    WHERE d_year = 2002
)
SELECT i_category_id, i_class_id, min(day) AS first_day, count(*) AS days
FROM runs
GROUP BY i_category_id, i_class_id, run
ORDER BY days DESC, i_category_id, i_class_id, first_day
LIMIT 50;
