Feature: The shelf
  What a scenario saw is kept when it fails.

  @postgres
  Scenario: Rows
    Given the table "stock" contains:
      | id | title |
      | 9  | Ilias |
    When the shelf is tidied
    Then within 0.2 seconds the table "stock" contains exactly:
      | title |
      | Dune  |

  @redis
  Scenario: Keys
    Given the key "draft" holds "hello" for 1 hour
    And the hash "reader" contains:
      | field | value        |
      | name  | Ada          |
      | token | token-of-ada |
    When a key that is no text is written
    And the value of the key "draft" is saved as <words>
    Then within 0.2 seconds the key "said <words>" exists

  @kafka
  Scenario: Events
    When the text "hello" is published to "notes"
    And somebody answers too late
    Then within 0.2 seconds an event is received from "notes" matching:
      """
      {"words": "sorry, late"}
      """

  @shop
  Scenario: Requests
    When I POST to "/orders":
      """
      {"title": "Dune"}
      """
    Then the answer has status 201

  @redis
  Scenario: All is well
    Given the key "draft" holds "hello"
    Then the key "draft" holds "hello"
