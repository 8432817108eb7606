"""A tax document as PDF: tagged, its fonts inside, fit for archives (PDF/A-2a) and for being read aloud (PDF/UA-1)."""

import json
import logging
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import category

import typst

from khata.billing.core.invoices import TaxDocument
from khata.billing.core.numbering import IST
from khata.billing.documents.paper import paper

_TEMPLATE = Path(__file__).with_name("tax_document.typ")
_STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]

logger = logging.getLogger(__name__)


def rendered(document: TaxDocument) -> bytes:
    """The same bytes for the same document, on one version of Khata with the same fonts installed.

    Where no font of this machine has a letter of a name, an empty box stands for it, and the PDF keeps no standard:
    a paper with a gap is better than none.
    """
    try:
        return _compiled(document, _STANDARDS)
    except typst.TypstError as error:
        logger.warning("%s is made without PDF/A: %s", document.public_id, error.message)
        return _compiled(document, [])


def _compiled(document: TaxDocument, standards: "list[typst.PDFStandard]") -> bytes:
    pdf = typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"paper": json.dumps(printable(paper(document)))},
        pdf_standards=standards,
        timestamp=document.issued_at.astimezone(IST).replace(microsecond=0),
    )
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _fonts() -> typst.Fonts:
    """Those in typst's own package come first; the system's help out with other scripts."""
    return typst.Fonts()


def printable(value: Any) -> Any:
    """Without control characters, which no font has."""
    if isinstance(value, str):
        return "".join(character for character in value if category(character) != "Cc")
    if isinstance(value, list):
        return [printable(each) for each in value]
    return {name: printable(each) for name, each in value.items()}
