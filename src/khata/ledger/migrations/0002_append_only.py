"""Transfers can only be added: a trigger refuses the rest, whoever asks. Hot rows get room for in-page updates."""

from django.db import migrations

REFUSE = """
create function ledger_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'ledger_transfer is append-only: % refused', tg_op using errcode = 'restrict_violation';
end $$;

create trigger transfer_append_only before update or delete on ledger_transfer
    for each row execute function ledger_refuse_change();
create trigger transfer_never_truncated before truncate on ledger_transfer
    for each statement execute function ledger_refuse_change();
"""
ALLOW = """
drop trigger transfer_never_truncated on ledger_transfer;
drop trigger transfer_append_only on ledger_transfer;
drop function ledger_refuse_change();
"""
# A wallet is rewritten by every batch, a lot by most: half-empty pages keep those rewrites in place (HOT).
ROOM = "alter table ledger_wallet set (fillfactor = 50); alter table ledger_lot set (fillfactor = 50);"
NO_ROOM = "alter table ledger_wallet reset (fillfactor); alter table ledger_lot reset (fillfactor);"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW), migrations.RunSQL(ROOM, NO_ROOM)]
