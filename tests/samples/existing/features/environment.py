from truestep import hooks


def before_all(context):
    hooks.before_all(context)
    context.currency = context.config.userdata["currency"]


def before_feature(context, feature):
    hooks.before_feature(context, feature)
    context.shop_name = feature.name


def before_scenario(context, scenario):
    hooks.before_scenario(context, scenario)
    context.basket = []


def after_step(context, step):
    context.last_step = step.name
    hooks.after_step(context, step)
