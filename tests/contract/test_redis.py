def test_smoke(running, backend):
    server = running("redis", backend)
    print(server)
    assert server.version.startswith(("6.", "7.", "8."))
