from truestep.steps import http, kafka, postgres, redis
