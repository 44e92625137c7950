-- A shop with what makes joins hard to estimate: keys that follow Zipf's law, columns that follow from others (a customer's country
-- from its city, a product's price band from its category), facts that are joined to facts. Every value is computed from the
-- row's number, so the data are the same everywhere; :scale multiplies the facts.
CREATE TABLE countries (country_id integer NOT NULL PRIMARY KEY, country varchar(20), region varchar(20));
CREATE TABLE cities (city_id integer NOT NULL PRIMARY KEY, city varchar(20), country_id integer NOT NULL REFERENCES countries, population integer);
CREATE TABLE customers (customer_id integer NOT NULL PRIMARY KEY, city_id integer NOT NULL REFERENCES cities, country varchar(20), segment varchar(12),
    language varchar(12), signup_year integer);
CREATE TABLE suppliers (supplier_id integer NOT NULL PRIMARY KEY, city_id integer NOT NULL REFERENCES cities, rating integer, terms varchar(8));
CREATE TABLE categories (category_id integer NOT NULL PRIMARY KEY, category varchar(20), department varchar(12));
CREATE TABLE brands (brand_id integer NOT NULL PRIMARY KEY, brand varchar(20), category_id integer NOT NULL REFERENCES categories);
CREATE TABLE products (product_id integer NOT NULL PRIMARY KEY, brand_id integer NOT NULL REFERENCES brands, category varchar(20), price_band varchar(8),
    color varchar(8), weight integer);
CREATE TABLE stores (store_id integer NOT NULL PRIMARY KEY, city_id integer NOT NULL REFERENCES cities, kind varchar(10), opened integer);
CREATE TABLE days (day_id integer NOT NULL PRIMARY KEY, day date, month integer, quarter integer, year integer, weekday integer, season varchar(8));
CREATE TABLE promotions (promotion_id integer NOT NULL PRIMARY KEY, channel varchar(10), discount integer);
CREATE TABLE sales (sale_id integer NOT NULL PRIMARY KEY, day_id integer NOT NULL REFERENCES days, customer_id integer NOT NULL REFERENCES customers,
    product_id integer NOT NULL REFERENCES products, store_id integer NOT NULL REFERENCES stores, promotion_id integer REFERENCES promotions,
    quantity integer, amount integer, channel varchar(8));
CREATE TABLE returns (return_id integer NOT NULL PRIMARY KEY, sale_id integer NOT NULL REFERENCES sales, day_id integer NOT NULL REFERENCES days,
    reason varchar(12), refund integer);
CREATE TABLE shipments (sale_id integer NOT NULL REFERENCES sales, line integer NOT NULL, supplier_id integer NOT NULL REFERENCES suppliers,
    day_id integer NOT NULL REFERENCES days, mode varchar(8), late integer, PRIMARY KEY (sale_id, line));
CREATE TABLE visits (visit_id integer NOT NULL PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers, product_id integer NOT NULL REFERENCES products,
    day_id integer NOT NULL REFERENCES days, device varchar(8), seconds integer);

-- A number from 0 to below 1 for row n and column c: (abs(fnv_hash(n, fnv_hash(c))) % 1000003) / 1000003.0; to the third power it
-- piles up near 0, and n * that is a key of which few are frequent.
INSERT INTO countries SELECT n, 'country ' || n, 'region ' || (n - 1) / 5 FROM generate_series(1, 25) AS g(n);
INSERT INTO cities SELECT n, 'city ' || n, 1 + n % 25, (1000000 / n)::integer FROM generate_series(1, 500) AS g(n);
INSERT INTO customers SELECT n, c, 'country ' || 1 + c % 25, CASE WHEN u % 10 < 7 THEN 'segment ' || c % 5 ELSE 'segment ' || u % 5 END,
    'language ' || c % 25 / 2, 2010 + (u / 100 % 12)::integer
    FROM (SELECT n, abs(fnv_hash(n, fnv_hash(11))) % 1000003 AS u,
        1 + floor(500 * power((abs(fnv_hash(n, fnv_hash(12))) % 1000003) / 1000003.0, 2))::integer AS c FROM generate_series(1, 20000) AS g(n)) AS x;
INSERT INTO suppliers SELECT n, 1 + (abs(fnv_hash(n, fnv_hash(21))) % 500)::integer, 1 + n % 5, 'terms ' || n % 5 / 2 FROM generate_series(1, 1000) AS g(n);
INSERT INTO categories SELECT n, 'category ' || n, 'dept ' || n % 8 FROM generate_series(1, 40) AS g(n);
INSERT INTO brands SELECT n, 'brand ' || n, 1 + n % 40 FROM generate_series(1, 400) AS g(n);
INSERT INTO products SELECT n, b, 'category ' || 1 + b % 40, 'band ' || CASE WHEN u % 10 < 8 THEN b % 40 / 8 ELSE u % 5 END, 'color ' || u % 11,
    1 + (u % 100)::integer
    FROM (SELECT n, abs(fnv_hash(n, fnv_hash(31))) % 1000003 AS u,
        1 + floor(400 * power((abs(fnv_hash(n, fnv_hash(32))) % 1000003) / 1000003.0, 2))::integer AS b FROM generate_series(1, 10000) AS g(n)) AS x;
INSERT INTO stores SELECT n, 1 + (abs(fnv_hash(n, fnv_hash(41))) % 500)::integer, 'kind ' || n % 6, 1990 + n % 30 FROM generate_series(1, 300) AS g(n);
INSERT INTO days SELECT n, d, extract(month FROM d)::integer, extract(quarter FROM d)::integer, extract(year FROM d)::integer, n % 7,
    'season ' || extract(month FROM d)::integer % 12 / 3 FROM (SELECT n, DATE '2019-12-31' + n AS d FROM generate_series(1, 1461) AS g(n)) AS x;
INSERT INTO promotions SELECT n, 'channel ' || n % 4, n % 10 * 5 FROM generate_series(1, 200) AS g(n);
INSERT INTO sales SELECT n, day, customer, product, store, CASE WHEN u % 10 < 6 THEN 1 + (u / 10 % 200)::integer END, quantity,
    quantity * (1 + product % 40 / 8) * 10, CASE WHEN store <= 60 THEN 'online' WHEN store <= 200 THEN 'shop' ELSE 'partner' END
    FROM (SELECT n, abs(fnv_hash(n, fnv_hash(51))) % 1000003 AS u, 1 + (abs(fnv_hash(n, fnv_hash(52))) % 10)::integer AS quantity,
        1 + floor(1461 * sqrt((abs(fnv_hash(n, fnv_hash(53))) % 1000003) / 1000003.0))::integer AS day,
        1 + floor(20000 * power((abs(fnv_hash(n, fnv_hash(54))) % 1000003) / 1000003.0, 3))::integer AS customer,
        1 + floor(10000 * power((abs(fnv_hash(n, fnv_hash(55))) % 1000003) / 1000003.0, 3))::integer AS product,
        1 + floor(300 * power((abs(fnv_hash(n, fnv_hash(56))) % 1000003) / 1000003.0, 2))::integer AS store
        FROM generate_series(1, 200000 * :scale) AS g(n)) AS x;
INSERT INTO returns SELECT n, s, 1 + (s % 1400 + abs(fnv_hash(n, fnv_hash(61))) % 60)::integer, 'reason ' || CASE WHEN s % 3 = 0 THEN 0 ELSE n % 9 END, n % 500
    FROM (SELECT n, 1 + (abs(fnv_hash(n, fnv_hash(62))) % (200000 * :scale))::integer AS s FROM generate_series(1, 20000 * :scale) AS g(n)) AS x;
INSERT INTO shipments SELECT n, line, 1 + floor(1000 * power(u / 1000003.0, 2))::integer, 1 + (u % 1461)::integer, 'mode ' || mode,
    CASE WHEN mode = 0 THEN (u % 3)::integer ELSE (u % 20)::integer END
    FROM (SELECT n, line, abs(fnv_hash(n * 4 + line, fnv_hash(71))) % 1000003 AS u, abs(fnv_hash(n * 4 + line, fnv_hash(72))) % 7 AS mode
        FROM generate_series(1, 200000 * :scale) AS g(n), generate_series(1, 3) AS l(line)) AS x WHERE line <= 1 + n % 3;
INSERT INTO visits SELECT n, customer, product, 1 + (u % 1461)::integer, CASE WHEN customer % 4 = 0 THEN 'phone' WHEN u % 3 = 0 THEN 'tablet' ELSE 'desk' END,
    (u % 600)::integer
    FROM (SELECT n, abs(fnv_hash(n, fnv_hash(81))) % 1000003 AS u,
        1 + floor(20000 * power((abs(fnv_hash(n, fnv_hash(82))) % 1000003) / 1000003.0, 2))::integer AS customer,
        1 + floor(10000 * power((abs(fnv_hash(n, fnv_hash(83))) % 1000003) / 1000003.0, 2))::integer AS product
        FROM generate_series(1, 100000 * :scale) AS g(n)) AS x;
