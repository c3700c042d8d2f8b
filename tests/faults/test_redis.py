"""Redis is killed and restarted during requests: nobody is refused or waits, and counting resumes."""

import shutil
import signal
import subprocess
import time

import pytest
import redis

from tests.faults.server import Load, Server, free_port, manage, run_doctor

PATHS = ["/codes/zim-server/660300001/", "/api/v1/codes/?code=660300001", "/?q=room", "/api/v1/search/?q=room"]
needs_redis = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")


def start_redis(folder, port):
    """Start a server and return its process and a client."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    for _ in range(100):
        try:
            client.ping()
            return process, client
        except redis.ConnectionError:
            time.sleep(0.05)
    raise AssertionError("Redis does not start: is the port taken?")


def quotas(client):
    """Return how much each caller took of its rate, by what Redis counted."""
    return {key: int(client.get(key)) for key in client.keys("*quota*")}


@pytest.mark.soak
@needs_redis
def test_redis_can_be_killed_and_restarted(tmp_path, figures):
    url = f"sqlite:///{tmp_path}/demo.sqlite3"
    manage(url, "demo")
    port = free_port()
    process, client = start_redis(tmp_path, port)
    # A process asks Redis for a fiftieth at a time, so that these few callers make it ask every few seconds.
    rate = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "KB_API_RATE_ANONYMOUS": "3000"}
    server = Server(url, **rate)
    try:
        load = Load(server.address, PATHS, pause=0.05)
        time.sleep(3)
        assert quotas(client)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed = time.monotonic()
        time.sleep(8)
        process, client = start_redis(tmp_path, port)
        back = time.monotonic()
        while not quotas(client):
            assert time.monotonic() < back + 15, "Redis is not asked again"
            time.sleep(0.2)
        again = time.monotonic() - back
        load.stop()
        assert load.failed(after=0) == []
        slowest = max(end - began for began, end, _status, _path in load.answers if began >= killed - 1)
        # On a machine that is busy with other things; how long one waits for Redis alone is held by tests/api.
        assert slowest < 5
        figures(
            f"Redis killed: {len(load.answers)} answers, none failed, slowest {slowest:.2f} s; used {again:.1f} s after"
        )
    finally:
        server.stop()
        process.kill()
        process.wait()
    run_doctor(url)
