@redis
Feature: Ready-made steps about time
  A spec can let an hour, a day or a week pass, and nobody waits for it.

  Rule: What would have expired by then is gone, the rest stays

    Scenario Outline: After <time>, a key that was set for 60 seconds <outcome>
      Given the key "session" holds "open" for 60 seconds
      When <time> pass
      Then the key "session" <outcome>

      Examples:
        | time             | outcome                               |
        | 59 seconds       | exists                                |
        | 61 seconds       | does not exist                        |
        | 500 milliseconds | expires in 55 seconds to 59.5 seconds |

    Scenario: An hour, a day and a week pass
      Given the key "for an hour" holds "short" for 61 minutes
      And the key "for a day" holds "longer" for 26 hours
      And the key "for a week" holds "long" for 9 days
      When 1 hour passes
      Then the key "for an hour" expires within a minute
      When a day passes
      Then the key "for an hour" is gone
      And the key "for a day" expires in 59 minutes to 1 hour
      When a week passes
      Then the key "for a day" is gone
      And the key "for a week" expires in 22 hours to 23 hours

    Scenario: A key without an expiry stays for ever
      Given the key "settings" holds "as they are"
      When 52 weeks pass
      Then the key "settings" holds "as they are"
      And the key "settings" has no expiry

    Scenario: Time that passed before a key was set does not count for it
      Given 59 minutes have passed
      When the key "session" is set to "open" for 1 hour
      Then the key "session" expires in 59 minutes to 1 hour

    Scenario: Time can pass in one service by its name
      Given the key "session" holds "open" for 60 seconds
      When 2 minutes pass in redis
      Then the key "session" is gone

  Rule: Real time can be waited for

    @real_time @slow
    Scenario: A key that is set for a second is really gone soon after
      Given the key "session" holds "open" for 1 second
      Then within 5 seconds the key "session" is gone
