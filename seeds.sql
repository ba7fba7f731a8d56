-- The plans that shops can subscribe to. Prices are in US cents a month.
INSERT INTO plans (name, price_cents, monthly_credits) VALUES
    ('Free',       0,   100),
    ('Starter',  900,  1000),
    ('Pro',     1900,  5000),
    ('Scale',   4900, 25000)
ON CONFLICT (name) DO UPDATE
    SET price_cents = EXCLUDED.price_cents, monthly_credits = EXCLUDED.monthly_credits
    WHERE (plans.price_cents, plans.monthly_credits) IS DISTINCT FROM (EXCLUDED.price_cents, EXCLUDED.monthly_credits);
