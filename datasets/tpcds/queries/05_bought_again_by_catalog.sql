-- Items bought in a store, brought back, and ordered by the same customer from a catalog.
SELECT i_category, i_class, count(*) AS times, sum(ss_quantity) AS bought, sum(sr_return_quantity) AS returned,
       sum(cs_quantity) AS ordered
FROM store_sales
JOIN store_returns ON sr_customer_sk = ss_customer_sk AND sr_item_sk = ss_item_sk AND sr_ticket_number = ss_ticket_number
JOIN catalog_sales ON cs_bill_customer_sk = sr_customer_sk AND cs_item_sk = sr_item_sk
JOIN item ON i_item_sk = ss_item_sk
WHERE cs_sold_date_sk >= sr_returned_date_sk
GROUP BY i_category, i_class
ORDER BY times DESC, i_category, i_class
LIMIT 100;
