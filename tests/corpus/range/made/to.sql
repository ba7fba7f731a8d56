create type span as range (subtype = float8, subtype_diff = float8mi, multirange_type_name = spans);
comment on type span is 'From and to';
create table heights (m float8, between_them span, several spans);
