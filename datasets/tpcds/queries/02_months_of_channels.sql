-- Revenue of all channels by month, beside that of the same month a year before.
WITH lines AS (
    SELECT ss_sold_date_sk AS day, ss_ext_sales_price AS store, 0.00 AS catalog, 0.00 AS web FROM store_sales
    UNION ALL
    SELECT cs_sold_date_sk, 0.00, cs_ext_sales_price, 0.00 FROM catalog_sales
    UNION ALL
    SELECT ws_sold_date_sk, 0.00, 0.00, ws_ext_sales_price FROM web_sales
), months AS (
    SELECT d_year, d_moy, sum(store) AS store, sum(catalog) AS catalog, sum(web) AS web
    FROM lines, date_dim
    WHERE day = d_date_sk
    GROUP BY d_year, d_moy
)
SELECT now.d_year, now.d_moy, now.store, now.catalog, now.web,
       now.store + now.catalog + now.web - before.store - before.catalog - before.web AS growth
FROM months AS now
LEFT JOIN months AS before ON before.d_year = now.d_year - 1 AND before.d_moy = now.d_moy
ORDER BY now.d_year, now.d_moy;
