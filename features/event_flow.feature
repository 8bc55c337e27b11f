@kafka
Feature: What happens to users is announced
  Other teams learn from the announcements who signed up, was renamed or left, without asking us.

  Rule: Saving a user announces it

    @postgres
    Scenario: A sign-up is announced with the user's number and e-mail
      When Ada signs up with "ada@example.com"
      Then "user.created" is announced on "test-events" with:
        | id | email           |
        | 1  | ada@example.com |

    @postgres
    Scenario: A refused sign-up is not announced
      Given Ada has signed up with "ada@example.com"
      When Grace signs up with "ada@example.com"
      Then nothing is announced but that Ada signed up

  Rule: An announcement waits for its readers

    Scenario: A team that starts to read later learns it all the same
      Given it was announced that Ada signed up
      When the mail team starts to read
      Then the mail team learns that Ada signed up

    Scenario: What happens to one user is read in the order in which it happened
      Given these announcements were made:
        | who   | what        |
        | Ada   | signed up   |
        | Grace | signed up   |
        | Ada   | was renamed |
        | Joan  | signed up   |
        | Grace | left        |
        | Ada   | left        |
      When the mail team starts to read
      Then the mail team learns of Ada, in this order:
        | what        |
        | signed up   |
        | was renamed |
        | left        |

  Rule: Each team reads everything, and its members share the work

    Scenario: Two teams learn the same
      Given the mail team reads the announcements
      And the billing team reads the announcements
      When it is announced that 20 people signed up
      Then the mail team learns of each sign-up exactly once
      And the billing team learns of each sign-up exactly once

    Scenario: Two members of one team share the announcements
      Given the mail team reads the announcements with 2 members
      When it is announced that 20 people signed up
      Then the mail team learns of each sign-up exactly once
      And each member of the mail team read some of them

  Rule: Who waits in vain is told what came instead

    @slow
    Scenario: An announcement that never comes
      Given it was announced that Ada signed up
      When we wait up to 1 second for the announcement that Grace signed up
      Then we are told that there is none about "grace@example.com"
      And we are told that one about "ada@example.com" came instead

  Rule: An announcement that cannot be read is reported and stops nobody

    Scenario Outline: Something that is <what is wrong>
      Given this was put among the announcements:
        """
        <text>
        """
      And it was announced that Ada signed up
      When the mail team starts to read
      Then the mail team learns that Ada signed up
      And the mail team is told that "<text>" is malformed: <reason>

      Examples:
        | what is wrong      | text                 | reason                 |
        | not JSON           | Ada just signed up!  | it is not JSON         |
        | cut off            | {"type": "user.crea  | it is not JSON         |
        | something else     | {"price": 12.5}      | it is not about a user |

  Rule: An announcement arrives as it was sent

    Scenario: Its key is the number of the user
      When it is announced that Ada signed up
      Then the announcement has the number of Ada as its key

    Scenario: Its headers arrive unchanged and in order
      When it is announced that Ada signed up, with the headers:
        | header   | value      |
        | trace    | 4bf92f3577 |
        | language | français   |
        | greeting | 今日は 👋  |
      Then the announcement has exactly these headers:
        | header   | value      |
        | trace    | 4bf92f3577 |
        | language | français   |
        | greeting | 今日は 👋  |

  Rule: Every story starts with nothing announced

    Scenario Outline: Nothing is left of other stories when <who> signs up
      Given nothing has been announced
      When it is announced that <who> signed up
      Then nothing is announced but that <who> signed up

      Examples:
        | who   |
        | Ada   |
        | Grace |
