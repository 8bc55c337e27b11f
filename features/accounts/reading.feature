@accounts @postgres @redis @kafka
Feature: Reading and finding accounts
  An account is read by its number, for a minute from the cache, and found by its e-mail.

  Rule: An account that was read is kept in the cache for a minute

    Scenario: The first reading comes from the database and fills the cache
      Given Ada has an account with "ada@example.com"
      When Ada's account is read
      Then Ada's account comes from the database
      And the cache keeps Ada's account for 60 seconds at the most

    Scenario: The second reading comes from the cache
      Given Ada has an account with "ada@example.com"
      And Ada's account was read
      When Ada's account is read again
      Then Ada's account comes from the cache

    Scenario Outline: After <time> an account comes from the <source>
      Given Ada has an account with "ada@example.com"
      And Ada's account was read
      When <time> pass
      And Ada's account is read again
      Then Ada's account comes from the <source>

      Examples:
        | time       | source   |
        | 50 seconds | cache    |
        | 61 seconds | database |
        | 2 days     | database |

    Scenario: A minute later the account is read anew, and kept for a minute again
      Given Ada has an account with "ada@example.com"
      And Ada's account was read
      And 61 seconds have passed
      And Ada's account was read
      When 50 seconds pass
      And Ada's account is read again
      Then Ada's account comes from the cache

    Scenario: Opening an account keeps nothing in the cache
      When Ada opens an account with "ada@example.com"
      Then the cache is empty

  Rule: Who asks for what is not there is told so

    Scenario: An account that nobody has
      When Ada reads an account that nobody has
      Then Ada is told that there is no such account
      And the cache is empty

  Rule: An account is found by its e-mail

    Scenario: The account with that e-mail is found, and no other
      Given these people have accounts:
        | name  | e-mail            |
        | Ada   | ada@example.com   |
        | Grace | grace@example.com |
      Then "grace@example.com" is the e-mail of Grace's account

    Scenario: Capital letters in the e-mail do not matter
      Given Ada has an account with "Ada@Example.com"
      Then "ada@example.com" is the e-mail of Ada's account

    Scenario: Nobody has that e-mail
      Given Ada has an account with "ada@example.com"
      Then nobody is found by "alan@example.com"

    Scenario: A part of an e-mail finds nobody
      Given Ada has an account with "ada@example.com"
      Then nobody is found by "ada@example"

    Scenario: Looking for an account takes an e-mail
      When Ada looks for an account without an e-mail
      Then Ada is refused because of the email

  @serial
  Rule: Without its cache the service is slower, and works

    Scenario: While the cache is away, accounts come from the database
      Given the cache is away
      And Ada has an account with "ada@example.com"
      When Ada's account is read
      And Ada's account is read again
      Then Ada's account comes from the database

    Scenario: When the cache is back, it is used again
      Given the cache is away
      And Ada has an account with "ada@example.com"
      And Ada's account was read
      When the cache is back
      And Ada's account is read
      And Ada's account is read again
      Then Ada's account comes from the cache
