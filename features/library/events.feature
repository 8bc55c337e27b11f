@kafka
Feature: Ready-made steps about events
  Events are sent and received as they are on the topic. Each scenario has topics of its own, so that it
  sees its own events and nobody else's.

  Rule: An event that was sent is received

    Scenario: An event is recognised by a part of it
      When an event is published to "orders":
        """
        {"type": "order.placed", "id": 42, "items": [{"sku": "tea", "count": 2}], "total": 7.5}
        """
      Then an event is received from "orders" matching:
        """
        {"type": "order.placed", "items": [{"sku": "tea"}]}
        """

    Scenario: What is only known when it happens is given a placeholder
      Given the text "{"id": "9f1c", "at": "2001-01-01T00:00:00Z", "note": null}" is published to "orders"
      Then within 2 seconds an event is received from "orders" matching:
        """
        {"id": "<any>", "note": "<null>"}
        """
      And no event is received from "orders" matching:
        """
        {"at": "<now>"}
        """

    Scenario: The key and the headers arrive with the event
      When an event is published to "orders" with key "42":
        """
        {"type": "order.placed"}
        """
      And an event is published to "orders" with header "source" set to "web shop":
        """
        {"type": "order.paid"}
        """
      Then an event with key "42" is received from "orders" matching:
        """
        {"type": "order.placed"}
        """
      And an event with header "source" set to "web shop" is received from "orders"

    Scenario: An event is looked at by several steps
      When an event is published to "orders":
        """
        {"type": "order.placed", "id": 42}
        """
      Then an event is received from "orders" matching:
        """
        {"type": "order.placed"}
        """
      And an event is received from "orders" matching:
        """
        {"id": 42}
        """
      And exactly 1 event is received from "orders"

  Rule: Events are counted and put in order

    Scenario: Events of one order arrive in the order in which they happened
      When these events are published to "orders":
        | key | value                    | header source |
        | 42  | {"type": "order.placed"} | shop          |
        | 42  | {"type": "order.paid"}   | bank          |
        | 42  | {"type": "order.sent"}   | warehouse     |
      Then events are received from "orders" in this order:
        | value                    | header source |
        | {"type": "order.placed"} | shop          |
        | {"type": "order.paid"}   | bank          |
        | {"type": "order.sent"}   | warehouse     |

    Scenario: The order can be given as one list
      When these events are published to "orders":
        | key | value                               |
        | 1   | {"type": "order.placed", "total": 3} |
        | 2   | {"type": "order.placed", "total": 5} |
      Then within 3 seconds events are received from "orders" in this order:
        """
        [{"total": 3}, {"total": 5}]
        """

    Scenario: Only the events that match are counted
      When these events are published to "orders":
        | value                    |
        | {"type": "order.placed"} |
        | {"type": "order.placed"} |
        | {"type": "order.paid"}   |
      Then exactly 3 events are received from "orders"
      And exactly 2 events are received from "orders" matching:
        """
        {"type": "order.placed"}
        """

  Rule: That nothing was sent is known without waiting

    Scenario: Nothing was sent
      Then no event is received from "orders"

    Scenario: Something else was sent, somewhere else
      When an event is published to "invoices":
        """
        {"type": "invoice.sent"}
        """
      Then no event is received from "orders"
      And no event is received from "invoices" matching:
        """
        {"type": "invoice.paid"}
        """

  Rule: An event that is not JSON stops nobody

    Scenario: It is received as the text that it is
      Given the text "order 42 placed" is published to "orders"
      And an event is published to "orders":
        """
        {"type": "order.placed"}
        """
      Then an event is received from "orders" matching:
        """
        {"type": "order.placed"}
        """
      And the text "order 42 placed" that is not JSON is received from "orders"

  Rule: A value of an event can be used later

    Scenario: An invoice names the order that it is for
      Given an event is published to "orders":
        """
        {"type": "order.placed", "id": 42}
        """
      And the "id" of the event from "orders" is saved as <order id>, matching:
        """
        {"type": "order.placed"}
        """
      When an event is published to "invoices" with key "<order id>":
        """
        {"order": "<order id>", "text": "for order <order id>"}
        """
      Then an event with key "42" is received from "invoices" matching:
        """
        {"order": 42, "text": "for order 42"}
        """
