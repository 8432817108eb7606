"""`POST /v1/messages/batch` of 1,000 messages, one web process."""

from collections.abc import Iterator

from bench.customer import open_customer
from bench.figures import Figure
from bench.lines.acceptance import accept_step
from bench.load import saturate
from bench.stage import HOST, Stage
from bench.timing import rates_per_s
from bench.traffic import open_wallets

BATCH_COUNT = 1_000
CONNECTION_COUNTS = (1, 4)


def measure(stage: Stage) -> Iterator[Figure]:
    target = open_customer(stage).batches(f"http://{HOST}:{stage.options.ports.web}", BATCH_COUNT)
    (ceiling,) = rates_per_s([accept_step(open_wallets(1), BATCH_COUNT)], stage.scale.seconds)
    with stage.running("web"):
        for count in CONNECTION_COUNTS:
            load = saturate(target, connections_count=count, seconds=stage.scale.seconds, folder=stage.folder)
            name = f"POST /v1/messages/batch of {BATCH_COUNT:,}, {count} connection{'s' if count > 1 else ''}"
            note = "ceiling: the same acceptance without HTTP"
            yield Figure(name, load.per_s * BATCH_COUNT, "msg/s", ceiling, note)
            yield Figure(f"{name}: p50", load.p50_ms, "ms")
            yield Figure(f"{name}: p99", load.p99_ms, "ms")
