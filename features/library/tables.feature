@postgres
Feature: Tables are filled and looked at
  Whoever writes specs says in data tables what a database holds at first, and what it holds in
  the end. A cell means what the database makes of it, so 12.5 and 12.50 are the same amount.

  Background:
    Given the SQL file "features/library/orders.sql" has been run

  Rule: What is put into a table is there

    Scenario: A table is filled, and holds just that
      Given the table "orders" contains:
        | customer | total | status |
        | Ada      | 12.50 | paid   |
        | Grace    | 7.00  | open   |
      Then the table "orders" contains exactly:
        | customer | total | status |
        | Grace    | 7.00  | open   |
        | Ada      | 12.50 | paid   |

    Scenario: Columns that are left out get their defaults
      Given the table "orders" contains:
        | customer |
        | Ada      |
      Then the table "orders" contains exactly:
        | id | customer | total | status | gift  | due    | placed_at |
        | 1  | Ada      | 0     | open   | false | <null> | <now>     |

    Scenario: Any text stays as it is written
      Given the table "orders" contains:
        | customer                      |
        | Conan O'Brien                 |
        | '; DROP TABLE orders; --      |
        | 100 % of \| and \\            |
        | Zoë 🎉                        |
      Then the table "orders" contains exactly:
        | customer                      |
        | Conan O'Brien                 |
        | '; DROP TABLE orders; --      |
        | 100 % of \| and \\            |
        | Zoë 🎉                        |

  Rule: Cells are compared as what they mean, not as how they are written

    Scenario Outline: The same <column>, written in two ways
      Given the table "orders" contains:
        | customer | <column>  |
        | Ada      | <written> |
      Then the table "orders" contains exactly:
        | customer | <column>  |
        | Ada      | <read>    |

      Examples:
        | column    | written                              | read                                 |
        | total     | 12.5                                 | 12.50                                |
        | gift      | yes                                  | true                                 |
        | due       | 2031-02-01                           | February 1, 2031                     |
        | placed_at | 2031-02-01 12:00+02                  | 2031-02-01 10:00+00                  |
        | reference | A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11 | a0eebc999c0b4ef8bb6d6bb9bd380a11     |
        | labels    | {urgent,"two words"}                 | {"urgent", "two words"}              |
        | address   | {"city": "Paris", "zip": 75001}      | {"zip": 75001.0, "city": "Paris"}    |

  Rule: Only what matters has to be said

    Scenario: Some of the rows, and some of the columns
      Given the table "orders" contains:
        | customer | total | status  |
        | Ada      | 12.50 | paid    |
        | Grace    | 7.00  | open    |
        | Alan     | 3.00  | shipped |
      Then the table "orders" contains at least:
        | customer | status |
        | Grace    | open   |

    Scenario: A value that nobody can know in advance
      Given the table "orders" contains:
        | customer | due    | placed_at        |
        | Ada      | <null> | <now>            |
        | Grace    | <now>  | 2031-02-01 12:00 |
      Then the table "orders" contains exactly:
        | id    | customer | due    | placed_at |
        | <any> | Ada      | <null> | <now>     |
        | <any> | Grace    | <now>  | <any>     |

    Scenario: Only the number of rows counts
      Given the table "orders" contains:
        | customer |
        | Ada      |
        | Grace    |
      Then the table "orders" has 2 rows
      And the table "order_lines" is empty

    Scenario: Something slow gets more time
      Given the table "orders" contains:
        | customer |
        | Ada      |
      Then within 30 seconds the table "orders" contains at least:
        | customer |
        | Ada      |
      And within 30 seconds the table "orders" contains exactly:
        | customer |
        | Ada      |

  Rule: A value can be kept and used by later steps

    Scenario: An order's lines refer to it
      Given the table "orders" contains:
        | id | customer |
        | 17 | Grace    |
        | 42 | Ada      |
      And the "id" of the row in "orders" where "customer" is "Ada" is saved as <order id>
      And the table "order_lines" contains:
        | order_id   | product | quantity |
        | <order id> | tea     | 2        |
      Then the table "order_lines" contains exactly:
        | order_id | product | quantity |
        | 42       | tea     | 2        |
      And the table "order_lines" has 1 row

  Rule: Every scenario starts with tables of its own

    Scenario Outline: The first order of the <nth> scenario
      Given the table "orders" contains:
        | customer |
        | Ada      |
      Then the table "orders" contains exactly:
        | id | customer |
        | 1  | Ada      |

      Examples:
        | nth    |
        | first  |
        | second |
