-- Customers by gender and education who bought in stores in 2001, but neither by catalog nor on the web.
SELECT cd_gender, cd_education_status, count(*) AS customers, avg(cd_purchase_estimate) AS estimate
FROM customer
JOIN customer_demographics ON c_current_cdemo_sk = cd_demo_sk
WHERE EXISTS (SELECT * FROM store_sales, date_dim
              WHERE ss_customer_sk = c_customer_sk AND ss_sold_date_sk = d_date_sk AND d_year = 2001)
  AND NOT EXISTS (SELECT * FROM catalog_sales, date_dim
                  WHERE cs_bill_customer_sk = c_customer_sk AND cs_sold_date_sk = d_date_sk AND d_year = 2001)
  AND NOT EXISTS (SELECT * FROM web_sales, date_dim
                  WHERE ws_bill_customer_sk = c_customer_sk AND ws_sold_date_sk = d_date_sk AND d_year = 2001)
GROUP BY cd_gender, cd_education_status
ORDER BY cd_gender, cd_education_status;
