@accounts @postgres @redis @kafka
Feature: Opening an account
  Who gives a name and an e-mail gets an account. One e-mail opens one account only, and what is refused
  leaves nothing behind.

  Rule: A name and an e-mail are enough

    Scenario: A new account is stored, and other teams hear of it
      When Ada opens an account with "ada@example.com"
      Then Ada has account number 1
      And the accounts are:
        | name | e-mail          |
        | Ada  | ada@example.com |
      And other teams hear that Ada opened an account

    Scenario: Who opens an account is told where it is
      When Ada opens an account with "ada@example.com"
      Then Ada is told where the account is

    Scenario Outline: A name with <something special> is kept as it was written
      When somebody called "<name>" opens an account
      Then the only account is called "<name>"

      Examples:
        | something special | name                     |
        | an apostrophe     | Conan O'Brien            |
        | quotation marks   | Grace "Amazing" Hopper   |
        | emoji             | Zoë 🦀 👩‍🚀              |
        | another alphabet  | 山田 太郎                |
        | a sly command     | '; DROP TABLE users; --  |

    Scenario: Spaces around a name do not count
      When somebody called "Ada", with spaces around it, opens an account
      Then the only account is called "Ada"

  Rule: An e-mail opens one account

    Scenario: A second account with the same e-mail is refused
      Given Ada has an account with "ada@example.com"
      When Grace opens an account with "ada@example.com"
      Then Grace is refused because the e-mail is taken
      And "ada@example.com" is the e-mail of Ada's account
      And there is one account
      And this is all that other teams hear of Ada, in this order:
        | news              |
        | opened an account |

    Scenario: Capital letters make no other e-mail
      Given Ada has an account with "ada@example.com"
      When Grace opens an account with "ADA@Example.com"
      Then Grace is refused because the e-mail is taken
      And there is one account

    Scenario: Of two people who take one e-mail at the same moment, one gets the account
      When Ada and Grace open accounts with "team@example.com" at the same moment
      Then one of them has the account, and the other is refused
      And other teams hear of each new account exactly once

    Scenario: The e-mail of a closed account is free again
      Given Ada has an account with "team@example.com"
      And Ada has closed the account
      When Grace opens an account with "team@example.com"
      Then "team@example.com" is the e-mail of Grace's account

  Rule: A sign-up that is not right is refused and leaves nothing behind

    Scenario Outline: An account <how> is refused
      When Ada opens an account <how>
      Then Ada is refused because of the <part>
      And there are no accounts
      And other teams hear nothing

      Examples:
        | how                               | part  |
        | without a name                    | name  |
        | with an empty name                | name  |
        | with a name of 201 letters        | name  |
        | with a number for a name          | name  |
        | without an e-mail                 | email |
        | with an e-mail that has no @      | email |
        | with an e-mail that has no domain | email |
        | with two e-mails in one           | email |
        | with a hobby                      | hobby |

    Scenario Outline: An e-mail of the throw-away service in "<e-mail>" is refused
      When Ada opens an account with "<e-mail>"
      Then Ada is refused because of the email
      And there are no accounts
      And other teams hear nothing

      Examples:
        | e-mail                |
        | ada@mailinator.com    |
        | ada@GuerrillaMail.com |

  Rule: Every story starts with no accounts

    Scenario Outline: <name> opens the first account of this story
      Given there are no accounts
      And the cache is empty
      And other teams have heard nothing
      When <name> opens an account with "team@example.com"
      Then <name> has account number 1

      Examples:
        | name  |
        | Ada   |
        | Grace |
