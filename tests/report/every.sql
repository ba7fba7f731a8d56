CREATE SCHEMA shop;
CREATE TYPE shop.size AS ENUM ('small', 'large');
CREATE DOMAIN shop.cents AS integer CONSTRAINT not_negative CHECK (VALUE >= 0);
CREATE TABLE people (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    boss integer REFERENCES people,
    name varchar(20) NOT NULL DEFAULT 'nobody' UNIQUE,
    upper_name text GENERATED ALWAYS AS (upper(name)) STORED
);
COMMENT ON TABLE people IS '<script>document.title = "run"</script>';
COMMENT ON COLUMN people.name IS '"><img src=x onerror=''document.title = "run"''>';
CREATE TABLE "</style><script>document.title = 'run'</script>" ("<b>" text, "a b" text DEFAULT '</script><script>document.title = "run"</script>');
CREATE TABLE shop.orders (
    number bigint, day date, person integer NOT NULL REFERENCES people ON DELETE CASCADE,
    price shop.cents NOT NULL, PRIMARY KEY (number, day)
) PARTITION BY RANGE (day);
CREATE TABLE shop.orders_2025 PARTITION OF shop.orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.orders_2026 PARTITION OF shop.orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (number);
CREATE TABLE shop.orders_2026_0 PARTITION OF shop.orders_2026 FOR VALUES WITH (modulus 2, remainder 0);
CREATE TABLE shop.items (number bigint, day date, size shop.size, FOREIGN KEY (number, day) REFERENCES shop.orders);
CREATE INDEX items_by_size ON shop.items (size) WHERE size = 'large';
COMMENT ON INDEX shop.items_by_size IS 'What is large';
ALTER TABLE shop.items ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_large ON shop.items FOR SELECT USING (size = 'large');
CREATE VIEW names AS SELECT name FROM people;
COMMENT ON VIEW names IS 'How they are called';
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS $$ SELECT n * 2 -- <twice> $$;
CREATE FOREIGN DATA WRAPPER beyond;
CREATE SERVER there FOREIGN DATA WRAPPER beyond OPTIONS (host 'there', password 'hush');
CREATE USER MAPPING FOR PUBLIC SERVER there OPTIONS (user 'somebody', password 'hush');
