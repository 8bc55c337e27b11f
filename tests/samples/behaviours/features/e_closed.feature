@closed
Feature: Closed

  Scenario: Behind the door
    When the basket breaks
