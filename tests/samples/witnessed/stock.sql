CREATE TABLE stock (id int PRIMARY KEY, title text, pin text, cover bytea);
INSERT INTO stock VALUES (1, 'Dune', 'pin-of-dune-1', NULL), (2, 'Emma', NULL, '\x00ff'), (3, E'A\tB\\C', NULL, NULL);
CREATE TABLE untouched (id int);
INSERT INTO untouched VALUES (1);
