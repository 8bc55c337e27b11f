@redis
Feature: Ready-made steps about keys
  Whoever writes a spec about a cache can set up keys and look at them without writing code.

  Rule: A key is set, read and deleted

    Scenario: A key holds what it was given
      Given the key "greeting" holds "Good morning, Ada"
      Then the key "greeting" holds "Good morning, Ada"
      And the key "greeting" exists
      And the key "greeting" has no expiry

    Scenario: A key that was set again holds the new value
      Given the key "greeting" holds "Good morning"
      When the key "greeting" is set to "Good evening"
      Then the key "greeting" holds "Good evening"

    Scenario: A deleted key is gone
      Given the key "greeting" holds "Good morning"
      When the key "greeting" is deleted
      Then the key "greeting" does not exist

    Scenario: A text of several lines is kept as it is
      Given the key "poem" holds:
        """
        The Analytical Engine weaves
          algebraical patterns, "just as the loom" weaves flowers.
        """
      Then the key "poem" holds:
        """
        The Analytical Engine weaves
          algebraical patterns, "just as the loom" weaves flowers.
        """

    Scenario: JSON is compared as JSON, not as text
      Given the key "profile:1" holds:
        """
        {"name": "Ada", "languages": ["English", "French"], "born": 1815}
        """
      Then the key "profile:1" holds the JSON:
        """
        {
          "born": 1815,
          "name": "Ada",
          "languages": ["English", "French"]
        }
        """

  Rule: A key may have an expiry

    Scenario: A key that is set with an expiry says how long it has left
      Given the key "session" holds "open" for 60 seconds
      Then the key "session" expires within 60 seconds
      And the key "session" expires in 50 seconds to 60 seconds

    Scenario: A key that is set again without an expiry stays
      Given the key "session" holds "open" for 60 seconds
      When the key "session" is set to "open"
      Then the key "session" has no expiry

    Scenario: JSON can be set with an expiry as well
      Given the key "profile:1" holds for an hour:
        """
        {"name": "Ada"}
        """
      Then the key "profile:1" holds the JSON:
        """
        {"name": "Ada"}
        """
      And the key "profile:1" expires in 59 minutes to 1 hour

  Rule: Hashes and lists are written as tables

    Scenario: A hash has fields
      Given the hash "profile:1" contains:
        | field | value           |
        | name  | Ada             |
        | email | ada@example.com |
      Then the hash "profile:1" contains exactly:
        | field | value           |
        | email | ada@example.com |
        | name  | Ada             |
      And the hash "profile:1" contains at least:
        | field | value |
        | name  | Ada   |

    Scenario: A list has an order
      Given the list "queue" contains:
        | value  |
        | first  |
        | second |
        | first  |
      Then the list "queue" contains exactly:
        | value  |
        | first  |
        | second |
        | first  |

  Rule: A value can be saved and used later

    Scenario: A saved value stands for itself in names, values and tables
      Given the key "current user" holds "42"
      And the value of the key "current user" is saved as <user id>
      When the key "profile:<user id>" is set to "user <user id>"
      Then the key "profile:42" holds "user 42"
      And the key "profile:<user id>" holds:
        """
        user <user id>
        """

  Rule: Scenarios do not see each other's keys

    Scenario Outline: The key that <who> uses is theirs alone
      Given there is no key "shared name"
      When the key "shared name" is set to "<who>"
      Then the key "shared name" holds "<who>"

      Examples:
        | who   |
        | Ada   |
        | Grace |
