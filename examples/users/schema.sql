CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE CHECK (email <> ''),
    created_at timestamptz NOT NULL DEFAULT now()
);
