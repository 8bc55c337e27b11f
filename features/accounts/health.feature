@accounts @postgres @redis @kafka
Feature: The service says how it is
  Who runs the service asks it, and hears at once what is missing.

  Rule: The service is well when all that it stands on is there

    Scenario: Nothing is missing
      Then the service is well

    @serial
    Scenario Outline: <what> goes away and comes back
      Given <what> is away
      Then the service says that it misses <what>, and nothing else
      When <what> is back
      Then the service is well

      Examples:
        | what         |
        | the database |
        | the cache    |
        | Kafka        |
