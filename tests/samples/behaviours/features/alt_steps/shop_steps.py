from behave import step


@step("{anything}")
def passes(context, anything):
    pass
