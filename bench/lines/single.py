"""`POST /v1/messages` over HTTP, one web process: saturated by 1, 16 and 128 connections, and at a fixed rate."""

from collections.abc import Iterator

from bench.customer import Customer, open_customer
from bench.figures import Figure
from bench.load import Load, LoadFailed, Target, hold_rate, saturate
from bench.stage import HOST, Stage
from khata.cli import ports

STEADY_PER_S = 1_000


def measure(stage: Stage) -> Iterator[Figure]:
    customer = open_customer(stage)
    url = f"http://{HOST}:{stage.options.ports.web}"
    empty_port = ports.free_port()
    empty_url = f"http://{HOST}:{empty_port}"
    with stage.running("web"), stage.program(stage.own_program("bench.empty", str(empty_port))):
        posts, empty = customer.messages(url), customer.messages(empty_url)
        answers_count = 0
        for count in stage.scale.connection_counts:
            load, ceiling = (_saturate(stage, target, count) for target in (posts, empty))
            answers_count += load.answers_count
            yield from _figures(
                f"POST /v1/messages, {count} connections" if count > 1 else "POST /v1/messages, 1 connection",
                load,
                ceiling,
            )
        load, ceiling = (
            hold_rate(target, per_s=STEADY_PER_S, seconds=stage.scale.seconds) for target in (posts, empty)
        )
        yield from _figures(f"POST /v1/messages, {STEADY_PER_S:,} /s asked for", load, ceiling)
    _require_rows(stage, customer, answers_count + load.answers_count)


def _saturate(stage: Stage, target: Target, count: int) -> Load:
    return saturate(target, connections_count=count, seconds=stage.scale.seconds, folder=stage.folder)


def _figures(name: str, load: Load, ceiling: Load) -> Iterator[Figure]:
    yield Figure(name, load.per_s, "/s", ceiling.per_s, "ceiling: an empty handler on the same server")
    yield Figure(f"{name}: p50", load.p50_ms, "ms", ceiling.p50_ms)
    yield Figure(f"{name}: p99", load.p99_ms, "ms", ceiling.p99_ms)


def _require_rows(stage: Stage, customer: Customer, answers_count: int) -> None:
    """What was answered 202 is in the database; more may be there, whose answer nobody waited for."""
    query = "select count(*) from messaging_message where organisation_id = %s"
    with stage.connection() as connection:
        row = connection.execute(query, (customer.organisation_id,)).fetchone()
    assert row is not None
    if row[0] < answers_count:
        raise LoadFailed(f"{answers_count} messages were accepted, only {row[0]} are in the database")
