Feature: Corner shop

  @postgres @redis @kafka
  Scenario: A paid order is kept, announced, and thanked for
    Given Ada has put 12.5 into the basket
    When the basket is paid
    Then the table "orders" contains exactly:
      | id | customer | total | currency |
      | 1  | Ada      | 12.50 | EUR      |
    And the key "thanks:Ada" holds "Corner shop"
    And an event is received from "orders" matching:
      """
      {"type": "order.paid", "customer": "Ada"}
      """
    When 2 minutes pass
    Then the key "thanks:Ada" is gone

  @postgres @redis
  Scenario: The next customer starts with an empty shop
    Then the table "orders" is empty
    And there is no key "thanks:Grace"
    And the basket is empty

  Scenario: A basket needs no server
    Given Ada has put 12.5 into the basket
