@accounts @postgres @redis @kafka
Feature: Renaming and closing accounts
  Whose account is renamed or closed never sees the old one again, and other teams hear of it.

  Rule: A new name is seen at once

    Scenario: A renamed account shows the new name, and nothing else has changed
      Given Ada has an account with "ada@example.com"
      When Ada's account is renamed to "Ada King"
      Then Ada's account shows the name "Ada King", and all else as before
      And other teams hear that Ada was renamed from "Ada" to "Ada King"

    Scenario: The cache forgets the old name
      Given Ada has an account with "ada@example.com"
      And Ada's account was read
      When Ada's account is renamed to "Ada King"
      Then the cache has nothing of Ada's account
      And Ada's account shows the name "Ada King", and all else as before

    Scenario: Other accounts keep their names
      Given these people have accounts:
        | name  | e-mail            |
        | Ada   | ada@example.com   |
        | Grace | grace@example.com |
      When Ada's account is renamed to "Ada King"
      Then the accounts are:
        | name     | e-mail            |
        | Ada King | ada@example.com   |
        | Grace    | grace@example.com |
      And this is all that other teams hear of Grace, in this order:
        | news              |
        | opened an account |

  Rule: What changes nothing is not announced

    Scenario: The same name again
      Given Ada has an account with "ada@example.com"
      When Ada's account is renamed to "Ada"
      Then this is all that other teams hear of Ada, in this order:
        | news              |
        | opened an account |

    Scenario: No name at all is refused
      Given Ada has an account with "ada@example.com"
      When Ada's account is renamed to nothing
      Then Ada is refused because of the name
      And Ada's account shows the name "Ada", and all else as before
      And this is all that other teams hear of Ada, in this order:
        | news              |
        | opened an account |

  Rule: A closed account is gone

    Scenario: It is neither read nor found any more
      Given Ada has an account with "ada@example.com"
      When Ada closes the account
      Then Ada's account is gone
      And nobody is found by "ada@example.com"
      And other teams hear that Ada closed the account

    Scenario: The cache forgets it
      Given Ada has an account with "ada@example.com"
      And Ada's account was read
      When Ada closes the account
      Then the cache is empty
      And Ada's account is gone

    Scenario: The others stay
      Given these people have accounts:
        | name  | e-mail            |
        | Ada   | ada@example.com   |
        | Grace | grace@example.com |
        | Joan  | joan@example.com  |
      When Grace closes the account
      Then the accounts are:
        | name | e-mail           |
        | Ada  | ada@example.com  |
        | Joan | joan@example.com |

    Scenario: It cannot be renamed
      Given Ada has an account with "ada@example.com"
      And Ada has closed the account
      When Ada tries to rename the account to "Ada King"
      Then Ada is told that there is no such account

    Scenario: It cannot be closed a second time
      Given Ada has an account with "ada@example.com"
      And Ada has closed the account
      When Ada tries to close the account again
      Then Ada is told that there is no such account
      And this is all that other teams hear of Ada, in this order:
        | news               |
        | opened an account  |
        | closed the account |
