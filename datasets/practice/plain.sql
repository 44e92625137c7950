-- A shop as it is asked about in interviews, as generated: rows dealt out one by one, in the order of their arrival, no keys.

CREATE TABLE customers (
    customer_id INTEGER NOT NULL,
    name VARCHAR(30) NOT NULL,
    country VARCHAR(20) NOT NULL,
    segment VARCHAR(12),
    signup_date DATE NOT NULL
)
DISTSTYLE EVEN;

CREATE TABLE products (
    product_id INTEGER NOT NULL,
    name VARCHAR(40) NOT NULL,
    category VARCHAR(20) NOT NULL,
    brand VARCHAR(20),
    price DECIMAL(7,2) NOT NULL
)
DISTSTYLE EVEN;

CREATE TABLE orders (
    order_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    order_ts TIMESTAMP,
    status VARCHAR(10) NOT NULL,
    channel VARCHAR(10),
    amount DECIMAL(15,2) NOT NULL
)
DISTSTYLE EVEN;

CREATE TABLE order_lines (
    order_id INTEGER NOT NULL,
    line_no INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price DECIMAL(7,2) NOT NULL,
    discount DECIMAL(7,2)
)
DISTSTYLE EVEN;

CREATE TABLE events (
    event_id INTEGER NOT NULL,
    user_id INTEGER,
    event_type VARCHAR(10) NOT NULL,
    event_ts TIMESTAMP NOT NULL,
    product_id INTEGER,
    device VARCHAR(10) NOT NULL
)
DISTSTYLE EVEN;
