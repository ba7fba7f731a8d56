CREATE SCHEMA shop;
CREATE TYPE shop.size AS ENUM ('small', 'large');
CREATE TABLE people (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    boss integer REFERENCES people,
    name varchar(20) NOT NULL UNIQUE
);
COMMENT ON TABLE people IS '<script>alert("people")</script>';
COMMENT ON COLUMN people.name IS 'As "others" call \ them';
CREATE TABLE passports (person integer PRIMARY KEY REFERENCES people ON DELETE CASCADE, pk text, "Größe m²" numeric(4, 2)[]);
CREATE TABLE shop.orders (
    number bigint, day date, person integer NOT NULL REFERENCES people, gift_of integer REFERENCES people,
    size shop.size NOT NULL, PRIMARY KEY (number, day)
) PARTITION BY RANGE (day);
CREATE TABLE shop.orders_2025 PARTITION OF shop.orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.items (
    number bigint, day date, line smallint, at timestamptz(3),
    FOREIGN KEY (number, day) REFERENCES shop.orders
);
CREATE TABLE shop.people ("the id" uuid);
CREATE VIEW names AS SELECT name FROM people;
