Feature: Prices

  @sums
  Scenario Outline: Sums of <what>
    Given an empty basket
    When "<what>" for <coins> coins is put in
    Then it costs <total> coins

    @cheap
    Examples: Cheap
      | what | coins | total |
      | plum | 1     | 1     |
      | pear | 2     | 2     |

    @dear @broken
    Examples: Dear
      | what  | coins | total |
      | melon | 9     | 8     |
      | mango | 7     | 7     |

  @ruled
  Rule: Fruit is eaten

    Background: A full basket
      Given a basket with
        | what  | coins |
        | apple | 3     |
        | apple | 3     |

    Scenario: One apple
      When 1 apple is eaten
      Then it costs 3 coins

    @counted
    Scenario Outline: <count> apples
      When <count> apples are eaten
      Then it costs <left> coins
      And the shop is open counted

      Examples:
        | count | left |
        | 0     | 6    |
        | 2     | 0    |

  Rule: Nothing comes from nothing

    Scenario: Nothing
      Given an empty basket
      Then it costs 0 coins
