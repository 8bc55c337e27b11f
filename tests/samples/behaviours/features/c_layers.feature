Feature: Layers

  Scenario: The first
    Given an empty basket
    Then the layers are all Layers - scenario

  Scenario: The second
    Given an empty basket
    Then nothing was left behind
    And people pay in crowns


  Scenario: Steps within steps
    Given an empty basket
    When the basket is filled by steps
    And the basket is photographed
    Then it costs 3 coins
    When the door is opened later
    Then it costs 3 coins

  @broken
  Scenario: Steps within steps fail
    Given an empty basket
    When steps within steps fail
    Then it costs 0 coins

  Rule: Inside

    Scenario: The third
      Given an empty basket
      Then nothing was left behind
      And the layers are all Layers Inside scenario
