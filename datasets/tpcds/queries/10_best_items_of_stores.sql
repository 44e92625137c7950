-- The three items of each store with the greatest profit in 2000 and the three with the least.
WITH profits AS (
    SELECT ss_store_sk, ss_item_sk, sum(ss_net_profit) AS profit
    FROM store_sales
    JOIN date_dim ON ss_sold_date_sk = d_date_sk
    WHERE d_year = 2000 AND ss_store_sk IS NOT NULL
    GROUP BY ss_store_sk, ss_item_sk
), places AS (
    SELECT ss_store_sk, ss_item_sk, profit,
           rank() OVER (PARTITION BY ss_store_sk ORDER BY profit DESC) AS from_best,
           rank() OVER (PARTITION BY ss_store_sk ORDER BY profit) AS from_worst
    FROM profits
)
SELECT s_store_id, ss_store_sk, i_item_id, ss_item_sk, profit, from_best, from_worst
FROM places
JOIN store ON ss_store_sk = s_store_sk
JOIN item ON ss_item_sk = i_item_sk
WHERE from_best <= 3 OR from_worst <= 3
ORDER BY ss_store_sk, profit DESC, ss_item_sk;
