@postgres
Feature: Users are kept
  Who signs up stays signed up, and an e-mail address belongs to one person only.

  Rule: Who signs up gets a number and a sign-up date

    Scenario: A first user signs up
      When Ada signs up with "ada@example.com"
      Then Ada is user number 1
      And Ada is called "Ada"
      And Ada's sign-up is dated now

    Scenario: A user is found by e-mail
      Given these people have signed up:
        | name  | e-mail            |
        | Ada   | ada@example.com   |
        | Grace | grace@example.com |
        | Joan  | joan@example.com  |
      When we look for "grace@example.com"
      Then we find Grace

    Scenario: Nobody is found by an e-mail that nobody signed up with
      Given Ada has signed up with "ada@example.com"
      When we look for "alan@example.com"
      Then we find nobody

    Scenario: Users are listed in the order in which they signed up
      Given these people have signed up:
        | name  | e-mail            |
        | Joan  | joan@example.com  |
        | Ada   | ada@example.com   |
        | Grace | grace@example.com |
      Then the users are, in this order:
        | number | name  | e-mail            |
        | 1      | Joan  | joan@example.com  |
        | 2      | Ada   | ada@example.com   |
        | 3      | Grace | grace@example.com |

  Rule: An e-mail address belongs to one user

    Scenario: A second sign-up with the same e-mail is refused
      Given Ada has signed up with "ada@example.com"
      When Grace signs up with "ada@example.com"
      Then Grace is told that the e-mail is taken
      And "ada@example.com" still belongs to Ada

    Scenario: The next sign-up after a refused one works
      Given Ada has signed up with "ada@example.com"
      And Grace was refused for signing up with "ada@example.com"
      When Grace signs up with "grace@example.com"
      Then "grace@example.com" belongs to Grace

    Scenario: Of two people who sign up with one e-mail at the same moment, one wins
      When Ada and Grace sign up with "team@example.com" at the same moment
      Then exactly one of them is signed up
      And the other is told that the e-mail is taken

  Rule: A user has an e-mail address

    Scenario Outline: A sign-up <how> is refused
      When Ada signs up <how>
      Then Ada is told that an e-mail is needed
      And nobody is signed up

      Examples:
        | how                  |
        | without an e-mail    |
        | with an empty e-mail |

  Rule: A name is kept as it was written

    Scenario Outline: A name with <something special>
      When a person named "<name>" signs up
      Then the only user is called "<name>"

      Examples:
        | something special | name                     |
        | an apostrophe     | Conan O'Brien            |
        | quotation marks   | Grace "Amazing" Hopper   |
        | emoji             | Zoë 🦀 👩‍🚀              |
        | another alphabet  | 山田 太郎                |
        | a sly command     | '; DROP TABLE users; --  |

    Scenario: A name of 200 letters
      When a person with a name of 200 letters signs up
      Then the only user has that very name

  Rule: A user can change the name, or leave

    Scenario: A renamed user keeps number and sign-up date
      Given Ada has signed up with "ada@example.com"
      When Ada is renamed to "Ada King"
      Then Ada is called "Ada King"
      And Ada's number and sign-up date are as before

    Scenario: Who leaves is gone, and the others stay
      Given these people have signed up:
        | name  | e-mail            |
        | Ada   | ada@example.com   |
        | Grace | grace@example.com |
        | Joan  | joan@example.com  |
      When Grace leaves
      Then the users are, in this order:
        | number | name | e-mail           |
        | 1      | Ada  | ada@example.com  |
        | 3      | Joan | joan@example.com |

    Scenario: The e-mail of a user who left is free again
      Given Ada has signed up with "team@example.com"
      When Ada leaves
      And Grace signs up with "team@example.com"
      Then "team@example.com" belongs to Grace

    Scenario: Who has left cannot be renamed
      Given Ada has signed up with "ada@example.com"
      And Ada has left
      When Ada is renamed to "Ada King"
      Then Ada is told that there is no such user

  Rule: Every story starts with no users

    Scenario Outline: <name> is the first user of this story
      Given nobody is signed up
      When <name> signs up with "team@example.com"
      Then <name> is user number 1

      Examples:
        | name  |
        | Ada   |
        | Grace |
