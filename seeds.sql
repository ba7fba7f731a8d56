-- The plans that shops can subscribe to. Prices are in US cents a month.
INSERT INTO plans (name, price_cents, monthly_credits) VALUES
    ('Free',       0,   100),
    ('Starter',  900,  1000),
    ('Pro',     1900,  5000),
    ('Scale',   4900, 25000);
