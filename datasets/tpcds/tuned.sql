-- TPC-DS for a cluster: sales, returns and stock meet on the item and are sorted by date, dimensions stand on every node.

ALTER TABLE income_band ALTER DISTSTYLE ALL, ALTER SORTKEY (ib_income_band_sk);
ALTER TABLE reason ALTER DISTSTYLE ALL, ALTER SORTKEY (r_reason_sk);
ALTER TABLE ship_mode ALTER DISTSTYLE ALL, ALTER SORTKEY (sm_ship_mode_sk);
ALTER TABLE date_dim ALTER DISTSTYLE ALL, ALTER SORTKEY (d_date_sk);
ALTER TABLE time_dim ALTER DISTSTYLE ALL, ALTER SORTKEY (t_time_sk);
ALTER TABLE household_demographics ALTER DISTSTYLE ALL, ALTER SORTKEY (hd_demo_sk);
ALTER TABLE customer_demographics ALTER DISTSTYLE ALL, ALTER SORTKEY (cd_demo_sk);
ALTER TABLE customer_address ALTER DISTSTYLE ALL, ALTER SORTKEY (ca_address_sk);
ALTER TABLE customer ALTER DISTSTYLE ALL, ALTER SORTKEY (c_customer_sk);
ALTER TABLE item ALTER DISTKEY i_item_sk, ALTER SORTKEY (i_item_sk);
ALTER TABLE store ALTER DISTSTYLE ALL, ALTER SORTKEY (s_store_sk);
ALTER TABLE warehouse ALTER DISTSTYLE ALL, ALTER SORTKEY (w_warehouse_sk);
ALTER TABLE call_center ALTER DISTSTYLE ALL, ALTER SORTKEY (cc_call_center_sk);
ALTER TABLE catalog_page ALTER DISTSTYLE ALL, ALTER SORTKEY (cp_catalog_page_sk);
ALTER TABLE web_page ALTER DISTSTYLE ALL, ALTER SORTKEY (wp_web_page_sk);
ALTER TABLE web_site ALTER DISTSTYLE ALL, ALTER SORTKEY (web_site_sk);
ALTER TABLE promotion ALTER DISTSTYLE ALL, ALTER SORTKEY (p_promo_sk);
ALTER TABLE inventory ALTER DISTKEY inv_item_sk, ALTER SORTKEY (inv_date_sk);
ALTER TABLE store_sales ALTER DISTKEY ss_item_sk, ALTER SORTKEY (ss_sold_date_sk);
ALTER TABLE store_returns ALTER DISTKEY sr_item_sk, ALTER SORTKEY (sr_returned_date_sk);
ALTER TABLE catalog_sales ALTER DISTKEY cs_item_sk, ALTER SORTKEY (cs_sold_date_sk);
ALTER TABLE catalog_returns ALTER DISTKEY cr_item_sk, ALTER SORTKEY (cr_returned_date_sk);
ALTER TABLE web_sales ALTER DISTKEY ws_item_sk, ALTER SORTKEY (ws_sold_date_sk);
ALTER TABLE web_returns ALTER DISTKEY wr_item_sk, ALTER SORTKEY (wr_returned_date_sk);
