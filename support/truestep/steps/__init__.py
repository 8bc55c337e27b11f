"""Ready-made step definitions; importing a module of this package registers its steps.

`from truestep.steps import postgres, redis, kafka` in one of your own step files is all it takes.
"""
