-- Web returns worth more than half as much again as the mean of their month.
SELECT d_year, d_moy, i_category, count(*) AS return_count, sum(wr_return_amt) AS refunded
FROM web_returns
JOIN date_dim ON wr_returned_date_sk = d_date_sk
JOIN item ON wr_item_sk = i_item_sk
WHERE wr_return_amt > (SELECT 1.5 * avg(other.wr_return_amt)
                       FROM web_returns AS other
                       JOIN date_dim AS month ON other.wr_returned_date_sk = month.d_date_sk
                       WHERE month.d_month_seq = date_dim.d_month_seq)
GROUP BY d_year, d_moy, i_category
ORDER BY d_year, d_moy, i_category NULLS LAST;
