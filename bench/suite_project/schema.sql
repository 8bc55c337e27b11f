CREATE TABLE accounts (id serial PRIMARY KEY, owner text UNIQUE NOT NULL, coins int NOT NULL);
CREATE TABLE payments (
    id serial PRIMARY KEY, payer int REFERENCES accounts, payee int REFERENCES accounts, coins int
);
