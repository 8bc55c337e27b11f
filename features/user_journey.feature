@postgres @redis @kafka
Feature: A user's journey
  Who signs up is kept, is made known to other teams, and is shown quickly from then on.

  Rule: A sign-up is stored and announced

    Scenario: Ada signs up
      When Ada signs up with "ada@example.com"
      Then "ada@example.com" belongs to Ada
      And nothing is announced but that Ada signed up
      And the cache does not have Ada's profile

    Scenario: Who is refused is neither stored nor announced
      When Ada signs up without an e-mail
      Then nobody is signed up
      And nothing is announced

  Rule: A profile is read from the database once, then from the cache for 10 minutes

    Background:
      Given Ada has signed up with "ada@example.com"

    Scenario: The first read comes from the database and is cached
      When the profile of Ada is read
      Then it comes from the database
      And the cache has the profile that was read

    Scenario: The second read comes from the cache
      Given the profile of Ada was read
      When the profile of Ada is read
      Then it comes from the cache
      And it is the same as before

    Scenario Outline: A read after <time> comes from the <source>
      Given the profile of Ada was read
      When <time> pass
      And the profile of Ada is read
      Then it comes from the <source>
      And it is the same as before

      Examples:
        | time       | source   |
        | 9 minutes  | cache    |
        | 11 minutes | database |

    Scenario: A read after a change shows the change
      Given the profile of Ada was read
      When Ada is renamed to "Ada King"
      And the profile of Ada is read
      Then it comes from the database
      And it shows the name "Ada King"
      And it is announced that Ada was renamed

    Scenario: Who has left has no profile any more
      Given the profile of Ada was read
      When Ada leaves
      And the profile of Ada is read
      Then there is no profile
