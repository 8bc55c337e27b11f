@accounts @postgres @redis @kafka
Feature: Other teams hear what happens to accounts
  Each change of an account that is stored is announced exactly once, and each account's changes in their
  order, also when Kafka was away in the meantime.

  Rule: Each change is announced, in order

    Scenario: The life of an account
      Given Ada has an account with "ada@example.com"
      And Ada's account was renamed to "Ada King"
      And Ada's account was renamed to "Countess of Lovelace"
      When Ada closes the account
      Then this is all that other teams hear of Ada, in this order:
        | news               |
        | opened an account  |
        | was renamed        |
        | was renamed        |
        | closed the account |
      And other teams hear the names of Ada in the order in which they were given:
        | name                 |
        | Ada                  |
        | Ada King             |
        | Countess of Lovelace |
        | Countess of Lovelace |

    Scenario: An announcement tells who it is about
      When Ada opens an account with "ada@example.com"
      Then an event with key "1" is received from "user-events" matching:
        """
        {"type": "user.created", "id": 1, "name": "Ada", "email": "ada@example.com"}
        """

    Scenario: Announcements can be told apart
      Given Ada has an account with "ada@example.com"
      When Ada's account is renamed to "Ada King"
      Then each announcement has a number of its own, and the account's number as its key

    Scenario: Many accounts are opened
      When 25 people open accounts
      Then other teams hear of each new account exactly once

  @serial
  Rule: What happens while Kafka is away is announced when it is back

    Scenario: An account is opened while Kafka is away
      Given Kafka is away
      And Ada has an account with "ada@example.com"
      When Kafka is back
      Then this is all that other teams hear of Ada, in this order:
        | news              |
        | opened an account |

    Scenario: An account is opened and read while Kafka is away
      Given Kafka is away
      When Ada opens an account with "ada@example.com"
      And Ada's account is read
      Then Ada's account comes from the database

    Scenario: Kafka goes away in the middle of an account's life
      Given Ada has an account with "ada@example.com"
      When Kafka goes away
      And Ada's account is renamed to "Ada King"
      And Ada closes the account
      And Kafka is back
      Then this is all that other teams hear of Ada, in this order:
        | news               |
        | opened an account  |
        | was renamed        |
        | closed the account |

    Scenario: Many accounts are opened while Kafka is away
      Given Kafka is away
      And there are no accounts
      When 25 people open accounts
      And Kafka is back
      Then other teams hear of each new account exactly once

    @slow
    Scenario: Kafka is away for longer than the service waits for an answer
      Given Ada has an account with "ada@example.com"
      When Kafka goes away
      And Ada's account is renamed to "Ada King"
      And the service has missed Kafka for 3 seconds
      And Kafka is back
      Then this is all that other teams hear of Ada, in this order:
        | news              |
        | opened an account |
        | was renamed       |
