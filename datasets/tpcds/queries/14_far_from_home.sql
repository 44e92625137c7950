-- Tickets of customers who have moved since: bought at an address in another city than they live in now.
SELECT c_last_name, c_first_name, now.ca_city AS lives_in, bought_in, ss_ticket_number, paid
FROM (SELECT ss_ticket_number, ss_customer_sk, there.ca_city AS bought_in, sum(ss_net_paid) AS paid
      FROM store_sales
      JOIN date_dim ON ss_sold_date_sk = d_date_sk
      JOIN customer_address AS there ON ss_addr_sk = there.ca_address_sk
      WHERE d_year = 1999 AND d_dow IN (6, 0)
      GROUP BY ss_ticket_number, ss_customer_sk, there.ca_city) AS tickets
JOIN customer ON ss_customer_sk = c_customer_sk
JOIN customer_address AS now ON c_current_addr_sk = now.ca_address_sk
WHERE now.ca_city <> bought_in
ORDER BY paid DESC, ss_ticket_number, bought_in
LIMIT 100;
