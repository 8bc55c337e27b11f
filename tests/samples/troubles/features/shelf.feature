@shelf
Feature: Books are borrowed
  A reader borrows what is **on the shelf**, and only that.

  Background:
    Given all is well

  @smoke
  Scenario: A book on the shelf is borrowed
    Given 3 books are on the shelf
    When a book is borrowed
    Then 2 books are left

  Scenario: All books are lost
    Given these books are on the shelf
      | title     | author <who> |
      | Dune      | Herbert      |
      | <b>Emma   | Austen       |
    When a book is borrowed
    Then 7 books are left
      """
      and a note: <script>alert(1)</script>
      """
    And the reader is told

  Rule: A shelf that breaks is an error
    So says *everybody*.

    Scenario: The shelf breaks
      When the shelf breaks
      Then the reader is told

    @not_today
    Scenario: A shelf of another day
      When a book is borrowed

    Scenario Outline: <number> books are left
      Given <number> books are on the shelf
      Then <left> books are left

      @few
      Examples: few
        | number | left |
        | 3      | 2    |
        | 4      | 3    |

      Examples: many
        | number | left |
        | 30     | 2    |
