"""Tags of the operator's templates."""

from django import template

from khata.billing.queries import RefundRow
from khata.billing.queries.operator import ActionRow
from khata.billing.queries.reconciliation import FindingRow, RunRow
from khata.console.operator import words
from khata.console.words import Badge

register = template.Library()

register.filter("match_sentence", words.match_sentence)
register.filter("review_sentence", words.review_sentence)
register.filter("status_word", words.status_word)


@register.inclusion_tag("console/_badge.html")
def match_badge(finding: FindingRow) -> dict[str, Badge]:
    return {"badge": words.match_badge(finding.match)}


@register.inclusion_tag("console/_badge.html")
def finding_badge(finding: FindingRow) -> dict[str, Badge]:
    return {"badge": words.finding_badge(finding)}


@register.inclusion_tag("console/_badge.html")
def refund_badge(refund: RefundRow) -> dict[str, Badge]:
    return {"badge": words.refund_badge(refund)}


@register.inclusion_tag("console/_badge.html")
def run_badge(run: RunRow) -> dict[str, Badge]:
    return {"badge": words.run_badge(run)}


@register.simple_tag
def state_word(state: str) -> str:
    return words.state_word(state)


@register.filter
def fact_lines(action: ActionRow) -> list[str]:
    return words.fact_lines(action)
