@unready
Feature: Unready

  Scenario: Unknown words
    Given an empty basket
    When the basket flies
    And "apple" is juggled
      | how |
      | far |

  Scenario: Known, not done
    When the basket is mended
    Then it costs 0 coins

  @wip
  Scenario: Being worked on
    Given an empty basket
    Then it costs 0 coins

  Scenario: Without steps
