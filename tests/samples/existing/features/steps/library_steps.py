from truestep.steps import clock, kafka, postgres, redis
