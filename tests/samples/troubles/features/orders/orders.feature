Feature: Orders

  Scenario: An order nobody can place
    When a book is ordered
    Then the reader is told

  Scenario: An order nobody wrote a step for yet
    When nobody knows how
    Then the reader is told

  Scenario: An order whose service dies
    When the service dies
    Then the reader is told

  Scenario: An order without a shelf
    When the scenario is skipped
    Then the reader is told

  Scenario: An order with a picture
    When the shelf is looked at
    Then the reader is told
