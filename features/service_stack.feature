@whole
@stack
Feature: The service comes up with all that it stands on
  One command starts the service with its database, its cache and its Kafka, each in a container, and takes
  all of them away again.

  Background:
    Given the stack is up

  Rule: The stack works as a whole

    Scenario: All of it is there, and well
      Then these containers are running:
        | container |
        | app       |
        | cache     |
        | db        |
        | kafka     |
      And the service is well

    Scenario: An account that is opened through it is in its database, its cache and its topic
      When Ada opens an account with "ada@example.com"
      And Ada's account is read
      Then the accounts are:
        | name | e-mail          |
        | Ada  | ada@example.com |
      And the cache keeps Ada's account for 60 seconds at the most
      And an event with key "1" is received from "user-events" matching:
        """
        {"type": "user.created", "id": 1, "name": "Ada", "email": "ada@example.com"}
        """

  Rule: Whoever looks for a cause can read what each container says

    Scenario Outline: The log of the <container>
      Then the log of the container "<container>" tells "<something>"

      Examples:
        | container | something                    |
        | app       | Application startup complete |
        | db        | ready to accept connections  |
        | cache     | Ready to accept connections  |
        | kafka     | Kafka Server started         |

  Rule: Nothing of the stack outlives it

    Scenario: It goes away with its containers, networks and volumes
      When the stack is taken down
      Then there were containers, a network and volumes of it, and none of them is left
