-- dbsync: renamed from tariffs
CREATE TABLE public.plans (
    id integer NOT NULL,
    name text NOT NULL -- dbsync: renamed from title
);
CREATE TABLE public.subs (plan integer);
-- dbsync: renamed from tariffs_key
ALTER TABLE ONLY public.plans
    ADD CONSTRAINT plans_key PRIMARY KEY (id);
ALTER TABLE ONLY public.plans
    -- dbsync: renamed from title_once
    ADD CONSTRAINT name_once UNIQUE (name),
    ADD CONSTRAINT named CHECK (name <> ''); -- no directive
ALTER TABLE ONLY public.subs
    ADD CONSTRAINT subs_plan FOREIGN KEY (plan) REFERENCES public.plans(id); -- dbsync: renamed from subs_tariff
