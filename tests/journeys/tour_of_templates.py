"""The part of the tour that registers senders and templates, tries a text and sends by a template."""

from collections.abc import Iterator

from playwright.sync_api import FilePayload, expect

from .console import Console
from .tour_of_paying import Stop

LIST = """template_number,name,sender,category,text
1107161234567890002,Parcel,ACMEIN,service_implicit,"Your parcel {#alphanumeric#} comes on {#var#}. Track it: {#url#}"
1107161234567890003,Feast of lights,ACMEIN,service_explicit,"Happy Diwali {#var#}! A gift waits for you until {#var#}."
110716123456789,,ACME,sale,{#var#}
"""


def templates(console: Console, recipient: str) -> Iterator[Stop]:
    yield from _senders(console)
    yield from _adding(console)
    yield from _importing(console)
    yield from _testing(console)
    yield from _sending(console, recipient)
    yield from _retiring(console)


def _senders(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open("/templates/")
    yield "templates-before-registration", page
    console.follow("Set up senders")
    console.expect_heading("Senders")
    yield "senders-empty", page
    page.get_by_label("Entity number").fill("1101172974420810001")
    page.get_by_label("Messages to India must match a template").check()
    console.press("Save")
    expect(page.get_by_text("Saved, in force")).to_be_visible()
    page.get_by_label("Sender", exact=True).fill("A1")
    console.press("Add sender")
    expect(console.problem).to_be_visible()
    yield "senders-refused", page
    for name in ("ACMEIN", "112233"):
        page.get_by_label("Sender", exact=True).fill(name)
        console.press("Add sender")
        expect(page.get_by_text(f"{name} is added.")).to_be_visible()
    console.open("/templates/")
    yield "templates-empty", page


def _adding(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open("/templates/new/")
    console.press("Add template")
    expect(console.problem).to_be_visible()
    yield "template-new-refused", page
    page.get_by_label("Template number").fill("1107161234567890001")
    page.get_by_label("Name", exact=True).fill("Sign-in code")
    page.get_by_label("Sender", exact=True).select_option("ACMEIN")
    page.get_by_label("Category").select_option("Service, implicit")
    page.get_by_label("Text", exact=True).fill("{#numeric#} is your code for {#var#}. Do not share it with anybody.")
    yield "template-new", page
    console.press("Add template")
    console.expect_heading("Sign-in code")
    yield "template", page


def _importing(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open("/templates/import/")
    yield "templates-import", page
    file = FilePayload(name="list.csv", mimeType="text/csv", buffer=LIST.encode())
    page.get_by_label("CSV file").set_input_files([file])
    console.press("Import")
    expect(page.get_by_text("2 templates added, 1 line not")).to_be_visible()
    yield "templates-imported", page
    console.open("/templates/senders/")
    yield "senders", page


def _testing(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open("/templates/test/")
    yield "templates-test", page
    for name, text, words in (
        ("templates-test-matches", "481516 is your code for ACME. Do not share it with anybody.", "It matches"),
        ("templates-test-differs", "4815-16 is your code for ACME. Do not share it with anybody.", "matches no"),
    ):
        page.get_by_label("Text", exact=True).fill(text)
        console.press("Test")
        expect(page.get_by_role("region", name="Result").get_by_text(words)).to_be_visible()
        yield name, page


def _sending(console: Console, recipient: str) -> Iterator[Stop]:
    page = console.page
    console.open("/send/sms/")
    page.get_by_label("Template", exact=True).select_option("Sign-in code (ACMEIN)")
    console.press("Use")
    page.get_by_label("To", exact=True).fill(recipient)
    page.get_by_label("Variable 1").fill("48x")
    page.get_by_label("Variable 2").fill("ACME")
    console.press("Send")
    expect(console.problem).to_be_visible()
    yield "send-by-template-refused", page
    page.get_by_label("Variable 1").fill("481516")
    expect(page.get_by_text("481516 is your code for ACME.")).to_be_visible()
    yield "send-by-template", page
    console.open("/send/sms/?template=")
    page.get_by_label("To", exact=True).fill(recipient)
    page.get_by_label("Message").fill("Your code is 481516")
    console.press("Send")
    expect(console.problem).to_be_visible()
    yield "send-that-matches-nothing", page


def _retiring(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open("/templates/")
    yield "templates", page
    console.follow("Feast of lights")
    console.expect_heading("Feast of lights")
    yield "template-with-hours", page
    console.follow("Retire")
    yield "template-retire", page
    console.press("Retire template")
    expect(page.get_by_text("The template is retired.")).to_be_visible()
    yield "template-retired", page
    console.open("/templates/?sender=112233")
    yield "templates-filtered-to-nothing", page
