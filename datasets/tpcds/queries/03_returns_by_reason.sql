-- Why goods come back to stores, by state, with totals of states and of all.
SELECT s_state, r_reason_desc, count(*) AS return_count, sum(sr_return_amt) AS refunded, sum(sr_net_loss) AS lost
FROM store_returns
JOIN store ON sr_store_sk = s_store_sk
JOIN reason ON sr_reason_sk = r_reason_sk
GROUP BY ROLLUP (s_state, r_reason_desc)
ORDER BY s_state NULLS LAST, r_reason_desc NULLS LAST;
