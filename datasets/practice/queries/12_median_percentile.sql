-- Median and 90th percentile of what orders cost, per channel and month.
SELECT channel, date_trunc('month', order_ts) AS month,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY CAST(amount AS DOUBLE PRECISION)) AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY CAST(amount AS DOUBLE PRECISION)) AS ninth
FROM orders
WHERE status = 'paid' AND order_ts IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2;
