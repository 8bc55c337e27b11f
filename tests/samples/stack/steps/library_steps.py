from truestep.steps import clock, http, redis
