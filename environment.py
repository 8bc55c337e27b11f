from truestep.hooks import *  # noqa: F403  # behave looks its hooks up in this file's names
