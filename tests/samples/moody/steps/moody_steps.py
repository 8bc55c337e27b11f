from behave import step


@step("the process is noted")
def note_process(context):
    print("process", context.moody.get("/process").text)


@step("all that was exchanged is shown")
def show(context):
    for exchange in context.http.exchanges:
        print(exchange)
