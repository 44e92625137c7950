-- 30 questions of 5 to 12 joins over schema.sql.
SELECT r.region, count(*) FROM sales s JOIN customers c USING (customer_id) JOIN cities ci USING (city_id) JOIN countries r USING (country_id)
    JOIN days d USING (day_id) JOIN products p USING (product_id) WHERE d.year = 2021 AND r.region = 'region 1' GROUP BY r.region;
SELECT count(*) FROM sales s JOIN customers c USING (customer_id) JOIN cities ci USING (city_id) JOIN countries r USING (country_id) JOIN days d USING (day_id)
    JOIN products p USING (product_id) WHERE c.country = 'country 3' AND r.country = 'country 3' AND d.quarter = 2;
SELECT b.brand, sum(s.amount) FROM sales s JOIN products p USING (product_id) JOIN brands b USING (brand_id) JOIN categories k USING (category_id)
    JOIN days d USING (day_id) JOIN stores t USING (store_id) WHERE k.department = 'dept 3' AND t.kind = 'kind 2' AND d.year = 2022 GROUP BY b.brand;
SELECT count(*) FROM sales s JOIN products p USING (product_id) JOIN brands b USING (brand_id) JOIN categories k USING (category_id) JOIN days d USING (day_id)
    JOIN promotions o USING (promotion_id) WHERE p.category = 'category 7' AND k.category = 'category 7' AND o.channel = 'channel 1';
SELECT count(*) FROM sales s JOIN returns t USING (sale_id) JOIN products p USING (product_id) JOIN customers c USING (customer_id) JOIN days d ON d.day_id = s.day_id
    JOIN days e ON e.day_id = t.day_id WHERE d.year = 2022 AND e.year = 2020 AND t.reason = 'reason 0';
SELECT u.rating, count(*) FROM sales s JOIN shipments h USING (sale_id) JOIN suppliers u USING (supplier_id) JOIN products p USING (product_id)
    JOIN cities ci ON ci.city_id = u.city_id JOIN days d ON d.day_id = h.day_id WHERE h.mode = 'mode 0' AND h.late < 3 AND p.price_band = 'band 2' GROUP BY u.rating;
SELECT count(*) FROM sales s JOIN shipments h USING (sale_id) JOIN returns t USING (sale_id) JOIN customers c USING (customer_id) JOIN products p USING (product_id)
    JOIN brands b USING (brand_id) WHERE c.segment = 'segment 2' AND b.brand = 'brand 5';
SELECT count(*) FROM visits v JOIN customers c USING (customer_id) JOIN products p USING (product_id) JOIN brands b USING (brand_id) JOIN categories k USING (category_id)
    JOIN days d USING (day_id) WHERE v.device = 'phone' AND d.weekday = 3 AND k.department = 'dept 1';
SELECT count(*) FROM visits v JOIN sales s ON s.customer_id = v.customer_id AND s.product_id = v.product_id JOIN products p ON p.product_id = s.product_id
    JOIN brands b USING (brand_id) JOIN customers c ON c.customer_id = s.customer_id JOIN cities ci ON ci.city_id = c.city_id WHERE ci.population > 50000;
SELECT count(*) FROM sales s JOIN stores t USING (store_id) JOIN cities a ON a.city_id = t.city_id JOIN countries x ON x.country_id = a.country_id
    JOIN customers c USING (customer_id) JOIN cities e ON e.city_id = c.city_id JOIN countries y ON y.country_id = e.country_id
    WHERE x.region = 'region 2' AND y.region = 'region 2';
SELECT y.country, count(*) FROM sales s JOIN stores t USING (store_id) JOIN cities a ON a.city_id = t.city_id JOIN customers c USING (customer_id)
    JOIN cities e ON e.city_id = c.city_id AND e.country_id = a.country_id JOIN countries y ON y.country_id = e.country_id GROUP BY y.country;
SELECT count(*) FROM sales s JOIN days d USING (day_id) JOIN customers c USING (customer_id) JOIN products p USING (product_id) JOIN stores t USING (store_id)
    JOIN promotions o USING (promotion_id) WHERE s.channel = 'online' AND s.store_id <= 60 AND d.season = 'season 2' AND o.discount >= 40;
SELECT count(*) FROM sales s JOIN days d USING (day_id) JOIN customers c USING (customer_id) JOIN cities ci USING (city_id) JOIN products p USING (product_id)
    JOIN brands b USING (brand_id) WHERE d.month = 7 AND d.season = 'season 2' AND c.language = 'language 4' AND c.country = 'country 9';
SELECT count(*) FROM sales s JOIN customers c USING (customer_id) JOIN cities ci USING (city_id) JOIN countries r USING (country_id) JOIN products p USING (product_id)
    JOIN brands b USING (brand_id) JOIN categories k USING (category_id) JOIN days d USING (day_id) JOIN stores t USING (store_id)
    WHERE ci.city = 'city 1' AND k.category = 'category 2' AND d.year = 2023;
SELECT count(*) FROM sales s JOIN customers c USING (customer_id) JOIN cities ci USING (city_id) JOIN countries r USING (country_id) JOIN products p USING (product_id)
    JOIN brands b USING (brand_id) JOIN categories k USING (category_id) JOIN days d USING (day_id) JOIN stores t USING (store_id) JOIN promotions o USING (promotion_id)
    WHERE r.country IN ('country 2', 'country 4') AND p.color = 'color 5' AND d.day BETWEEN DATE '2022-03-01' AND DATE '2022-05-31' AND o.channel = 'channel 0';
SELECT k.department, r.region, sum(s.amount) FROM sales s JOIN customers c USING (customer_id) JOIN cities ci USING (city_id) JOIN countries r USING (country_id)
    JOIN products p USING (product_id) JOIN brands b USING (brand_id) JOIN categories k USING (category_id) WHERE s.quantity > 8 GROUP BY k.department, r.region;
SELECT count(*) FROM sales s JOIN shipments h USING (sale_id) JOIN suppliers u USING (supplier_id) JOIN cities a ON a.city_id = u.city_id
    JOIN customers c USING (customer_id) JOIN cities e ON e.city_id = c.city_id WHERE a.country_id = e.country_id AND h.late > 15 AND u.terms = 'terms 1';
SELECT count(*) FROM sales s JOIN shipments h USING (sale_id) JOIN suppliers u USING (supplier_id) JOIN days d ON d.day_id = s.day_id JOIN days e ON e.day_id = h.day_id
    JOIN products p USING (product_id) JOIN customers c USING (customer_id) WHERE d.year = e.year AND d.month = 12 AND u.rating = 5;
SELECT count(*) FROM sales s JOIN returns t USING (sale_id) JOIN shipments h USING (sale_id) JOIN suppliers u USING (supplier_id) JOIN customers c USING (customer_id)
    JOIN cities ci ON ci.city_id = c.city_id JOIN countries r USING (country_id) JOIN products p USING (product_id) JOIN days d ON d.day_id = t.day_id
    WHERE t.reason = 'reason 4' AND r.region = 'region 0' AND u.supplier_id < 50;
SELECT count(*) FROM sales s JOIN returns t USING (sale_id) JOIN shipments h USING (sale_id) JOIN suppliers u USING (supplier_id) JOIN customers c USING (customer_id)
    JOIN cities ci ON ci.city_id = c.city_id JOIN countries r USING (country_id) JOIN products p USING (product_id) JOIN brands b USING (brand_id)
    JOIN categories k USING (category_id) JOIN days d ON d.day_id = t.day_id JOIN stores x ON x.store_id = s.store_id JOIN promotions o USING (promotion_id)
    WHERE k.department = 'dept 2' AND o.discount = 25 AND x.kind = 'kind 4';
SELECT count(*) FROM sales a JOIN sales b ON b.customer_id = a.customer_id AND b.day_id = a.day_id JOIN customers c ON c.customer_id = a.customer_id
    JOIN products p ON p.product_id = a.product_id JOIN products q ON q.product_id = b.product_id JOIN days d ON d.day_id = a.day_id
    WHERE p.category = 'category 1' AND q.category = 'category 2';
SELECT count(*) FROM sales s JOIN products p USING (product_id) JOIN brands b USING (brand_id) JOIN categories k USING (category_id) JOIN customers c USING (customer_id)
    JOIN days d USING (day_id) WHERE s.product_id = 1 AND c.signup_year >= 2018 AND d.year >= 2022;
SELECT count(*) FROM sales s JOIN customers c USING (customer_id) JOIN cities ci USING (city_id) JOIN products p USING (product_id) JOIN brands b USING (brand_id)
    JOIN days d USING (day_id) WHERE s.customer_id BETWEEN 1 AND 20 AND s.product_id BETWEEN 1 AND 100;
SELECT count(*) FROM sales s JOIN customers c USING (customer_id) JOIN visits v ON v.customer_id = c.customer_id AND v.day_id = s.day_id JOIN products p ON p.product_id = v.product_id
    JOIN brands b USING (brand_id) JOIN categories k USING (category_id) JOIN days d ON d.day_id = s.day_id WHERE k.department = 'dept 5' AND d.year = 2021;
SELECT count(*) FROM sales s LEFT JOIN returns t USING (sale_id) JOIN customers c USING (customer_id) JOIN products p USING (product_id) JOIN stores x USING (store_id)
    JOIN days d ON d.day_id = s.day_id WHERE t.sale_id IS NULL AND x.opened > 2010 AND c.segment = 'segment 1';
SELECT count(*) FROM sales s LEFT JOIN promotions o USING (promotion_id) JOIN customers c USING (customer_id) JOIN products p USING (product_id) JOIN stores x USING (store_id)
    JOIN days d USING (day_id) WHERE d.weekday IN (5, 6) AND p.weight < 10;
SELECT count(*) FROM sales s JOIN customers c USING (customer_id) JOIN products p USING (product_id) JOIN brands b USING (brand_id) JOIN days d USING (day_id)
    JOIN stores x USING (store_id) WHERE EXISTS (SELECT 1 FROM returns t WHERE t.sale_id = s.sale_id AND t.refund > 400) AND b.category_id = 9;
SELECT count(*) FROM sales s JOIN customers c USING (customer_id) JOIN products p USING (product_id) JOIN stores x USING (store_id) JOIN days d USING (day_id)
    JOIN cities ci ON ci.city_id = x.city_id WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.customer_id = s.customer_id) AND ci.population < 10000;
SELECT d.year, count(*) FROM sales s JOIN days d USING (day_id) JOIN (SELECT customer_id, count(*) AS visits FROM visits GROUP BY customer_id) v USING (customer_id)
    JOIN customers c USING (customer_id) JOIN cities ci USING (city_id) JOIN countries r USING (country_id) WHERE v.visits > 30 AND r.region = 'region 3' GROUP BY d.year;
SELECT count(*) FROM sales s JOIN products p USING (product_id) JOIN brands b USING (brand_id) JOIN categories k USING (category_id) JOIN customers c USING (customer_id)
    JOIN cities ci USING (city_id) JOIN countries r USING (country_id) JOIN days d USING (day_id) JOIN stores x USING (store_id) JOIN cities y ON y.city_id = x.city_id
    JOIN countries z ON z.country_id = y.country_id JOIN promotions o USING (promotion_id)
    WHERE k.category LIKE 'category 1%' AND c.country LIKE 'country 2_' AND z.region <> 'region 4' AND p.price_band = 'band 1' AND d.day >= DATE '2023-01-01';
