-- Profit and losses by returns of the call centers: of the quarters, of the years, and of all.
WITH flows AS (
    SELECT cs_call_center_sk AS center, cs_sold_date_sk AS day, cs_net_profit AS profit, 0.00 AS loss FROM catalog_sales
    UNION ALL
    SELECT cr_call_center_sk, cr_returned_date_sk, 0.00, cr_net_loss FROM catalog_returns
)
SELECT cc_name, d_year, d_qoy, grouping(d_year, d_qoy) AS level, sum(profit) AS profit, sum(loss) AS loss,
       rank() OVER (PARTITION BY grouping(d_year, d_qoy), d_year, d_qoy ORDER BY sum(profit) - sum(loss) DESC) AS place
FROM flows
JOIN call_center ON center = cc_call_center_sk
JOIN date_dim ON day = d_date_sk
GROUP BY GROUPING SETS ((cc_name, d_year, d_qoy), (cc_name, d_year), (cc_name))
ORDER BY level, d_year NULLS LAST, d_qoy NULLS LAST, place, cc_name NULLS LAST;
