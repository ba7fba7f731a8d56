CREATE TABLE public.tariffs ( -- dbsync: renamed from plans
    id bigint NOT NULL,
    title character varying(99) NOT NULL -- dbsync: renamed from name
);
CREATE TABLE public.subs (plan bigint);
-- dbsync: renamed from plans_key
ALTER TABLE ONLY public.tariffs
    ADD CONSTRAINT tariffs_key PRIMARY KEY (id);
ALTER TABLE ONLY public.tariffs
    -- dbsync: renamed from name_once
    ADD CONSTRAINT title_once UNIQUE (title),
    ADD CONSTRAINT named CHECK (title <> '');
ALTER TABLE ONLY public.subs
    ADD CONSTRAINT subs_tariff FOREIGN KEY (plan) REFERENCES public.tariffs(id); -- dbsync: renamed from subs_plan
