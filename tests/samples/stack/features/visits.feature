@web @redis
Feature: Visits are counted

  Scenario: A first visit
    When I GET "/"
    Then the answer's "$.visit" is "1"
    And the key "visits" holds "1"

  Scenario: Every scenario starts without visits
    When I GET "/"
    Then the answer's "$.visit" is "1"

  Scenario: A visit counts those before
    Given the key "visits" holds "41"
    When I GET "/"
    Then the answer's "$.visit" is "42"
