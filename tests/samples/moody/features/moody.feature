@moody
Feature: Moody

  Scenario: It answers
    When I GET "/"
    Then the answer has status 200
