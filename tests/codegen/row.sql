INSERT INTO every_type (
    a_bool, an_int2, an_int4, an_int8, an_oid, a_float4, a_float8, a_numeric, a_money, a_text, a_varchar, a_char, an_internal, a_name,
    a_bytea, a_date, a_time, a_timetz, a_timestamp, a_timestamptz, an_interval, a_uuid, a_json, a_jsonb, an_inet, a_net, a_macaddr,
    a_macaddr8, a_bit, a_varbit, a_tsvector, a_tsquery, an_xml, a_point, a_box, a_line, a_lseg, a_path, a_polygon, a_circle, a_pg_lsn,
    a_jsonpath, a_regclass, a_mood, an_email, a_work_email, an_amount, some_tags, a_feeling, a_document, an_address, a_place,
    another_mood, a_weird_type, an_int4range, an_int8range, a_numrange, a_daterange, a_tsrange, a_tstzrange, a_span,
    an_int4multirange, a_spanmultirange, a_datemultirange, bools, ints, bigs, texts, numbers, floats, byteas, dates, stamps, uuids,
    jsons, moods, emails, feelings, addresses, spans, ranges, grid, intervals, nets,
    years, cells, cubes, tagged, codes, points, vectored
) VALUES (
    true, 32767, -1, 4611686018427387903, 16384, 1.5, 'NaN', 12345.67891, '12.34', E'a\nb''c\\d ü', 'short', 'abc', 'x', 'named',
    '\x00ff', '2026-02-28', '12:34:56.789', '12:34:56+02', '2026-02-28 12:34:56.789', '2026-02-28 12:34:56.789+02', '3 days 04:05:06',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, null]}', '[{"b": 1.5}, "c"]', '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03',
    '08:00:2b:01:02:03:04:05', B'1010', B'10101', 'a fat cat', 'fat & cat', '<a>b</a>', '(1,2)', '(3,4),(1,2)', '{1,2,3}', '[(1,2),(3,4)]',
    '[(1,2),(3,4)]', '((1,2),(3,4),(5,6))', '<(1,2),3>', '16/B374D848', '$."a"[*]', 'pg_class', 'so so', 'a@b', 'w@b', 1.50,
    '{x,"y z",NULL}', 'happy', '{"k": []}', ROW('1 Main St, "x"', NULL, '2026-01-01', 'c@d', '{happy,"a\"b\\c"}'),
    ROW('here', ROW('s', 'z', NULL, NULL, NULL)::address, ARRAY[ROW('o', NULL, NULL, NULL, NULL)::address]), 'other', 'x',
    '[1,5)', '(,7]', '(1.5,2.5)', 'empty', '[2026-01-01,2026-01-02)', '[2026-01-01 00:00+00,)', '[1.5,2.5]',
    '{[1,3),[5,7)}', '{[1,2]}', '{}', '{t,NULL,f}', '{1,NULL,2}', '{9223372036854775807}', '{a,"b,c","",NULL}', '{1.10,NaN,NULL,Infinity}', '{1.5,NULL}',
    ARRAY['\x01'::bytea], '{2026-01-01}', '{2026-01-01 00:00+00}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', ARRAY['{"a": 1}'::jsonb, '[[1], [2]]', NULL, 'null'],
    '{happy,1st,NULL}', '{a@b,NULL}', '{happy,""}', ARRAY[ROW('1', '2', NULL, 'e@f', NULL)::address, NULL], ARRAY['[1,2]'::span, NULL], '{"[1,2)"}', '{{1,2},{3,4}}',
    '{1 day}', '{10.0.0.1,::1}',
    'y@z', '{{a,NULL},{c,d}}', '{{{1,NULL},{NaN,-Infinity}}}', '{"{a,NULL}",NULL}', '{abc,NULL}', '{"(1,2)",NULL}', '1 2'
)
