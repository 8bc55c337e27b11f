@shop @fixture.shop
Feature: Basket
  What is in a basket is paid for.

  Background: A basket
    Given an empty basket

  Scenario: One thing
    When "apple" for 3 coins is put in
    Then it costs 3 coins
    And the shop is open here

  @broken
  Scenario: A wrong price
    When "apple" for 3 coins is put in
    Then it costs 4 coins
    And the shop is open here

  @broken @go_on
  Scenario: Wrong and on
    When "apple" for 3 coins is put in
    Then it costs 4 coins
    But it costs 3 coins

  @broken
  Scenario: A basket that breaks
    When the basket breaks
    Then it costs 0 coins

  @fixture.market
  Scenario: A list and a note
    Given a basket with
      | what  | coins |
      | apple | 3     |
      | pear  | 2     |
    Then it costs 5 coins
    And the note says
      """
      Two apples,
      please.
      """
    And the shop is open market

  @not_today
  Scenario: Not today
    When the basket breaks

  Scenario: Half-way
    Then it is skipped half-way
    And it costs 99 coins

  @never
  Scenario: Never
    When the basket breaks
