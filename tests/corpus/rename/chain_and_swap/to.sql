-- dbsync: renamed from a
create table b (one integer);
-- dbsync: renamed from b
create table c (two integer);
-- dbsync: renamed from second
create table first (here boolean);
-- dbsync: renamed from first
create table second (
    right_ integer, -- dbsync: renamed from left_
    left_ text, -- dbsync: renamed from right_
    of_b integer -- dbsync: renamed from of_a
);
create type size as enum (
    'large', -- dbsync: renamed from small
    'small', -- dbsync: renamed from large
    'huge'
);
