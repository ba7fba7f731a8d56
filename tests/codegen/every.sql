-- Every kind of type that a column can have, and names that are hard.
CREATE SCHEMA "other-schema";
CREATE TYPE mood AS ENUM ('happy', 'so so', '', '1st', 'Happy', 'class', 'a"b\c');
COMMENT ON TYPE mood IS 'How one is; "so so" is \ neither """ this nor that';
CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
COMMENT ON DOMAIN email IS 'An address';
CREATE DOMAIN amount AS numeric(12,2) NOT NULL DEFAULT 0;
CREATE DOMAIN tags AS text[];
CREATE DOMAIN feeling AS mood;
CREATE DOMAIN document AS jsonb;
CREATE DOMAIN work_email AS email;
CREATE TYPE address AS (street text, "zip-code" varchar(10), since date, contact email, moods mood[]);
CREATE TYPE place AS (name text, at address, others address[]);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TYPE "世界" AS ENUM ('a', 'A', 'ａ', 'a-', '-', '+', 'mro', 'name', 'value', 'ß', 'SS', '__x__', 'None', E'"""', E'\\');
CREATE TYPE nobody AS ENUM ();
CREATE TYPE "Weird Type" AS ENUM ('x');
CREATE TYPE "other-schema".mood AS ENUM ('other');

CREATE TABLE every_type (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    a_bool bool, an_int2 int2, an_int4 int4, an_int8 int8, an_oid oid, a_float4 float4, a_float8 float8,
    a_numeric numeric(20,5), a_money money, a_text text, a_varchar varchar(20), a_char char(3), an_internal "char", a_name name,
    a_bytea bytea, a_date date, a_time time, a_timetz timetz, a_timestamp timestamp, a_timestamptz timestamptz,
    an_interval interval, a_uuid uuid, a_json json, a_jsonb jsonb, an_inet inet, a_net cidr, a_macaddr macaddr, a_macaddr8 macaddr8,
    a_bit bit(4), a_varbit varbit, a_tsvector tsvector, a_tsquery tsquery, an_xml text, a_point point, a_box box, a_line line,
    a_lseg lseg, a_path path, a_polygon polygon, a_circle circle, a_pg_lsn pg_lsn, a_jsonpath jsonpath, a_regclass regclass,
    a_mood mood, an_email email, a_work_email work_email, an_amount amount, some_tags tags, a_feeling feeling, a_document document,
    an_address address, a_place place, another_mood "other-schema".mood, a_weird_type "Weird Type",
    an_int4range int4range, an_int8range int8range, a_numrange numrange, a_daterange daterange, a_tsrange tsrange,
    a_tstzrange tstzrange, a_span span, an_int4multirange int4multirange, a_spanmultirange span_multirange,
    a_datemultirange datemultirange,
    bools bool[], ints int4[], bigs int8[], texts text[], numbers numeric[], floats float8[], byteas bytea[], dates date[], stamps timestamptz[],
    uuids uuid[], jsons jsonb[], moods mood[], emails email[], feelings feeling[], addresses address[], spans span[], ranges int4range[],
    grid int4[][], intervals interval[], nets inet[],
    years email, cells text[], cubes float8[][][], tagged tags[], codes varchar(5)[], points point[], vectored oidvector,
    doubled bigint GENERATED ALWAYS AS (an_int8 * 2) STORED
);
COMMENT ON TABLE every_type IS E'Every type.\n\nOver several lines, with a "quotation"';
COMMENT ON COLUMN every_type.a_bool IS 'Ends in a backslash \';

CREATE TABLE "Hard names" (
    "class" int NOT NULL, "def" text DEFAULT E'two\nlines', "str" text NOT NULL DEFAULT '', "int" int, "createdAt" timestamptz NOT NULL DEFAULT now(),
    "_private" int, "1st" int, "with space" text, "dt" date, "datetime" timestamp, "uuid" uuid, "date" date, "list" text[], "self" int,
    "None" int, "model_name" text, "json" jsonb, "schema" text, "copy" text, "Copy" text, "ünï" text, "id" serial PRIMARY KEY, "*/" text, "quo""te" text
);
CREATE TABLE "Harder names" (
    "id" int PRIMARY KEY, "field" int, "Field" text, "ﬁeld" int, "fiéld" int, "fiéld" int, "registry" int, "metadata" jsonb,
    "object" text, "text" text, "sa" int, "pg" int, "mapped_column" int, "relationship" int, "labels" mood, "type" mood,
    "copy" int, "copy_" int, "model_fields" int, "model_name" int, "model_name_" int, "__dunder__" int, "__x" int,
    "世界" "世界", "①" int, "²" int, "৴" int, "ŉ" int, "from" int, "a.b" int, "%s" int, ":x" int, "enum" int, "nobody" nobody
);
CREATE TABLE base (id int PRIMARY KEY, "Base_id" int REFERENCES base, from_id int REFERENCES "Harder names", "class_id" int REFERENCES base);
-- Its key refers to another table, which makes it no kind of that.
CREATE TABLE base_profile (id int PRIMARY KEY REFERENCES base, name text);
CREATE TABLE "dotted.name" (id int PRIMARY KEY, base_id int NOT NULL REFERENCES base);
CREATE TABLE "to dotted" (id int PRIMARY KEY, dotted_id int REFERENCES "dotted.name");
CREATE TABLE tenant (id int PRIMARY KEY);
CREATE TABLE project (tenant_id int REFERENCES tenant, id int, parent_id int, PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES project);
CREATE TABLE task (tenant_id int REFERENCES tenant, project_id int, number int, PRIMARY KEY (tenant_id, project_id, number),
    FOREIGN KEY (tenant_id, project_id) REFERENCES project);
CREATE TABLE plans (id int);
CREATE TABLE "Plans" (id int);
CREATE TABLE plans_insert (id int);
CREATE TABLE "list" (id int);
CREATE TABLE "Decimal" (id numeric);
CREATE TABLE nothing ();
CREATE TABLE parts (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE child (more text) INHERITS (plans);
CREATE TABLE holder (id int, kept plans, many plans[]);
CREATE TABLE "other-schema".plans (id int);
CREATE VIEW updatable AS SELECT id, a_mood FROM every_type;
CREATE VIEW counted AS SELECT count(*) AS n, a_mood FROM every_type GROUP BY a_mood;
CREATE MATERIALIZED VIEW stored AS SELECT 1 AS one;
