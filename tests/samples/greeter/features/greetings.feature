@greeter @redis
Feature: Greetings are counted

  Scenario: A first greeting counts once
    When I POST to "/greetings":
      """
      {"name": "Ada"}
      """
    Then the answer has status 201
    And the answer matches:
      """
      {"greeting": "Hello, Ada", "times": 1}
      """
    And the key "greeted:Ada" holds "1"

  Scenario: Every scenario starts with nobody greeted
    When I GET "/greetings/Ada"
    Then the answer has status 404

  Scenario: A greeting counts those before
    Given the key "greeted:Grace" holds "41"
    When I POST to "/greetings":
      | field | value |
      | name  | Grace |
    Then the answer's "$.times" is "42"
    When I GET "/greetings/Grace"
    Then the answer's "$.times" is "42"
