def before_scenario(context, scenario):
    print("another stage")
