@echo
Feature: Ready-made steps about HTTP
  Whoever writes a spec about an application with an HTTP interface can send requests and look at the
  answers without writing code.

  Rule: A request has a method, a path, and what else it needs

    Scenario Outline: A request is sent by <method>
      When I <method> "/echo/here"
      Then the answer has status 200
      And the answer's "$.method" is "<method>"
      And the answer's "$.path" is "/echo/here"

      Examples:
        | method  |
        | GET     |
        | POST    |
        | PUT     |
        | PATCH   |
        | DELETE  |
        | OPTIONS |

    Scenario: An answer to HEAD has headers and no body
      When I HEAD "/echo"
      Then the answer has status 200
      And the header "content-type" is "application/json"

    Scenario: Headers go with one request
      When I GET "/echo" with headers:
        | header          | value |
        | Accept-Language | fr    |
        | X-Tenant        | north |
      Then the answer's "$.headers.x-tenant" is "north"
      And the answer's "$.headers['accept-language']" is "fr"
      When I GET "/echo"
      Then the answer has no "$.headers.x-tenant"

    Scenario: A header can go with all requests of a scenario
      Given requests have the header "X-Tenant" set to "north"
      When I GET "/echo"
      And I GET "/echo"
      Then the answer's "$.headers.x-tenant" is "north"

    Scenario: Parameters are written for the query as they need to be
      When I GET "/echo?page=2" with query:
        | parameter | value         |
        | name      | Ada & Charles |
        | from      | 12:30         |
      Then the answer's "$.query" matches:
        """
        {"page": "2", "name": "Ada & Charles", "from": "12:30"}
        """

    Scenario: JSON is sent as it is written
      When I POST to "/echo":
        """
        {"text": "Hello", "tags": ["a", "b"], "draft": true, "parent": null}
        """
      Then the answer matches:
        """
        {
          "headers": {"content-type": "application/json"},
          "json": {"text": "Hello", "tags": ["a", "b"], "draft": true, "parent": null}
        }
        """

    Scenario: A data table is sent as a JSON object, values as JSON where they are JSON
      When I PUT to "/echo":
        | field  | value          |
        | text   | Hello, Charles |
        | pages  | 7              |
        | draft  | true           |
        | parent | null           |
        | code   | "7"            |
      Then the answer's "$.json" matches:
        """
        {"text": "Hello, Charles", "pages": 7, "draft": true, "parent": null, "code": "7"}
        """

    Scenario: A form is sent as a browser does
      When I POST the form to "/echo":
        | field | value         |
        | name  | Ada & Charles |
        | pages | 7             |
      Then the answer's "$.form" matches:
        """
        {"name": "Ada & Charles", "pages": "7"}
        """

    Scenario: A text is sent as the type that it is
      When I POST the text to "/echo" as "text/csv":
        """
        name,pages
        Ada,7
        """
      Then the answer's "$.headers.content-type" is "text/csv"
      And the answer matches:
        """
        {"text": "name,pages\nAda,7"}
        """

    Scenario: A file is sent as it is
      When I PUT the file "features/library/note.schema.json" to "/echo"
      Then the answer's "$.headers.content-type" is "application/json"
      And the answer's "$.json.type" is "object"

    Scenario: A file is uploaded as the field of a form
      When I upload the file "features/library/orders.sql" as "backup" to "/echo"
      Then the answer's "$.files.backup" matches:
        """
        {"name": "orders.sql", "bytes": "<any>"}
        """

  Rule: An answer is looked at as far as it matters

    Background:
      Given I POST to "/notes":
        """
        {"text": "Weave", "author": {"name": "Ada", "email": "ada@example.com"}}
        """

    Scenario: Status and headers
      Then the answer has status 201
      And the header "Content-Type" is "application/json"
      And the header "location" contains "/notes/"
      And there is no header "x-powered-by"

    Scenario: At least this, in any order
      Then the answer matches:
        """
        {"author": {"name": "Ada"}, "id": "<any>"}
        """

    Scenario: Exactly this
      Given the answer's "$.id" is saved as <note>
      Then the answer is exactly:
        """
        {"author": {"email": "ada@example.com", "name": "Ada"}, "text": "Weave", "id": "<note>"}
        """

    Scenario: One value, or those of all places that a JSONPath leads to
      Then the answer's "$.author.name" is "Ada"
      And the answer's "$.author.*" matches:
        """
        ["Ada", "ada@example.com"]
        """
      And the answer has no "$.author.age"

    Scenario: The form of it, by a JSON Schema that refers to another
      Then the answer fits the schema "features/library/note.schema.json"

    Scenario: What is no JSON
      When I GET "/poem"
      Then the answer is the text:
        """
        The Analytical Engine weaves
        algebraical patterns.

        """
      And the answer contains "Engine"

    Scenario: How long it took
      When I GET "/health"
      Then the answer took less than 5 seconds

    Scenario: What is there soon, not at once
      Given the answer's "$.id" is saved as <note>
      Then within 5 seconds "/slow/<note>" has status 200
      And within 5 seconds "/slow/<note>" matches:
        """
        {"ready": true}
        """

  Rule: What one answer says is used in the next request

    Scenario: A value is part of a path, a body and an expectation
      Given I POST to "/notes":
        """
        {"text": "Weave"}
        """
      And the answer's "$.id" is saved as <note>
      When I PATCH to "/notes/<note>":
        """
        {"reply to": "<note>", "text": "About <note>"}
        """
      Then the answer's "$['reply to']" is "<note>"
      And the answer's "$.text" is "About <note>"

    Scenario: A header is where to look next
      Given I POST to "/notes":
        """
        {"text": "Weave"}
        """
      And the header "location" is saved as <its place>
      When I DELETE "<its place>"
      Then the answer has status 204
      When I GET "<its place>"
      Then the answer has status 404

  Rule: A request may say who asks

    Scenario: Nobody is let in without
      When I GET "/private"
      Then the answer has status 401

    Scenario: By a bearer token
      Given requests have the bearer token "a-token-of-the-echo"
      When I GET "/private"
      Then the answer's "$['let in by']" is "a token"

    Scenario: By user and password
      Given requests are made as "ada" with the password "engine1843"
      When I GET "/private"
      Then the answer's "$['let in by']" is "a password"

    Scenario: Cookies are kept for the scenario, until credentials are dropped
      Given requests are made as "ada" with the password "engine1843"
      When I GET "/private"
      And I GET "/echo"
      Then the answer's "$.headers.cookie" is "visit=first"
      When requests have no credentials
      And I GET "/echo"
      Then the answer has no "$.headers.cookie"
      And the answer has no "$.headers.authorization"

  Rule: A redirect is an answer as any other, unless it is to be followed

    Scenario: Not followed
      When I GET "/moved/there"
      Then the answer has status 307
      And the answer is a redirect to "/echo/there"

    Scenario: Followed, with method and body
      Given redirects are followed
      When I POST to "/moved/there":
        """
        {"text": "Weave"}
        """
      Then the answer's "$.path" is "/echo/there"
      And the answer's "$.json.text" is "Weave"
      When redirects are not followed
      And I GET "/moved/there"
      Then the answer has status 307

  Rule: No request waits for ever

    Scenario: A slow answer is waited for as long as it may take
      Given an answer may take 5 seconds
      When I GET "/late/0.05"
      Then the answer has status 200
