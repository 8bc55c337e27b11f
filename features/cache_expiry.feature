@redis
Feature: Profiles are cached for a while
  A profile that was just shown is shown again at once, and never for longer than we allow.

  Rule: A cached profile is the profile

    Scenario: A profile comes back from the cache as it was
      When Ada's profile is cached for 60 seconds
      Then the cache has Ada's profile, equal in every detail
      And Ada's profile has about 60 seconds left

    Scenario: A profile is kept as it was written
      Given Ada calls herself:
        """
        Ada "the Countess" Lovelace, née Byron 🧮
        """
      When Ada's profile is cached for 60 seconds
      Then the cache has Ada's profile, equal in every detail

    Scenario: A profile that was never cached is simply not there
      Given Ada's profile is cached for 60 seconds
      Then the cache does not have Grace's profile

  Rule: A cached profile is gone when its time is over

    Scenario Outline: With a limit of 60 seconds, the cache <is it there> a profile after <time>
      Given Ada's profile is cached for 60 seconds
      When <time> pass
      Then the cache <is it there> Ada's profile

      Examples:
        | time       | is it there   |
        | 59 seconds | still has     |
        | 61 seconds | does not have |

    Scenario Outline: With a limit of <kept>, the cache <is it there> a profile after <time>
      Given Ada's profile is cached for <kept>
      When <time> pass
      Then the cache <is it there> Ada's profile
      And all this really took less than a second

      Examples:
        | kept   | time       | is it there   |
        | 1 hour | 59 minutes | still has     |
        | 1 hour | 61 minutes | does not have |
        | 1 day  | 23 hours   | still has     |
        | 1 day  | 25 hours   | does not have |
        | 1 week | 6 days     | still has     |
        | 1 week | 8 days     | does not have |

    Scenario: The time left shrinks as time passes
      Given Ada's profile is cached for 60 seconds
      When 45 seconds pass
      Then Ada's profile has about 15 seconds left

    Scenario: Each profile has a time of its own
      Given Ada's profile is cached for 60 seconds
      And Grace's profile is cached for 2 hours
      When 1 hour passes
      Then the cache does not have Ada's profile
      But the cache still has Grace's profile

    Scenario: A profile that is cached again gets its full time again
      Given Ada's profile is cached for 60 seconds
      And 50 seconds have passed
      When Ada's profile is cached again for 60 seconds
      And 50 seconds pass
      Then the cache still has Ada's profile
      And Ada's profile has about 10 seconds left

    Scenario: A profile that is cached for good stays
      Given Ada's profile is cached for good
      When 52 weeks pass
      Then the cache still has Ada's profile
      And Ada's profile has no time limit

    @real_time @slow
    Scenario: A profile cached for 1 second is gone when a real second has passed
      When Ada's profile is cached for 1 second
      Then the cache loses Ada's profile within 5 seconds
      And a real second has passed

  Rule: A user who changes is not shown as before

    @postgres
    Scenario Outline: The cached profile is dropped when Ada <changes>
      Given Ada has signed up with "ada@example.com"
      And Ada's profile is cached for 60 seconds
      When Ada <changes>
      Then the cache does not have Ada's profile

      Examples:
        | changes                  |
        | is renamed to "Ada King" |
        | leaves                   |

    @postgres
    Scenario: The profiles of others stay cached
      Given Ada has signed up with "ada@example.com"
      And Grace's profile is cached for 60 seconds
      When Ada is renamed to "Ada King"
      Then the cache still has Grace's profile

  Rule: Every story starts with an empty cache

    Scenario Outline: A story that caches Ada's profile <how long> does not find one there
      Given the cache does not have Ada's profile
      When Ada's profile is cached <how long>
      Then the cache has Ada's profile, equal in every detail

      Examples:
        | how long       |
        | for 60 seconds |
        | for good       |
