from truestep.steps import http, redis
