Feature: Notes

  @postgres
  Scenario: A note is kept
    Given the table "notes" contains:
      | words |
      | hello |
    Then the table "notes" has 1 row

  @redis
  Scenario: A draft is cached
    Given the key "draft" holds "hello"
    Then the key "draft" holds "hello"
