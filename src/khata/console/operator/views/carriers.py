"""Carriers and routes: what workers see of the ones, what waits in the others."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from khata.carriers.registry import carrier_names
from khata.console.operator.access import OperatorRequest, draw, operator_page
from khata.console.operator.route_words import carrier_badge, policy_sentences, takes_sentence
from khata.console.words import Badge
from khata.messaging.core.routes import Route
from khata.messaging.figures import CarrierStanding, RouteQueue, carrier_standings, route_queues
from khata.messaging.operations import configured_routes


@dataclass(frozen=True, slots=True)
class _CarrierRow:
    name: str
    standing: CarrierStanding | None

    @property
    def badge(self) -> Badge:
        return carrier_badge(self.standing)


@dataclass(frozen=True, slots=True)
class _RouteRow:
    route: Route
    queue: RouteQueue | None

    @property
    def takes(self) -> str:
        return takes_sentence(self.route)

    @property
    def policy(self) -> list[str]:
        return policy_sentences(self.route.policy)


@operator_page
@require_safe
def carriers(request: OperatorRequest) -> HttpResponse:
    standings, queues = carrier_standings(), {queue.route: queue for queue in route_queues()}
    routes = configured_routes()
    gone = queues.keys() - {route.name for route in routes}
    return draw(
        request,
        "carriers",
        "carriers",
        carriers=[_CarrierRow(name, standings.get(name)) for name in carrier_names()],
        routes=[_RouteRow(route, queues.get(route.name)) for route in routes],
        gone=[queues[name] for name in sorted(gone) if queues[name].accepted_count],
    )
