Feature: Last

  Scenario: The last
    Given an empty basket
    Then it costs 0 coins
