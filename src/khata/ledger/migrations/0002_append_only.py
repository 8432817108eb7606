"""Transfers can only be added: a trigger refuses the rest. Hot rows get room, the planner a first idea of the rows."""

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
# A young table has no statistics, and without them the planner takes "one of 200 organisations" to be as choosy as "this
# reference": it then reads an organisation's whole history where the key of effects would find one row (measured: 280 ms
# instead of 0.2 ms for 100 references among 20,000 transfers). So it is shown, once, what such rows look like.
SAMPLE = """
insert into ledger_transfer (shard, organisation_id, seq, kind, source, target, amount, lot_id, reference,
                             available_after, at)
select organisation_id, organisation_id, seq, 3 + seq % 2, 3, 4, 1, 1, gen_random_uuid(), seq, now()
  from generate_series(1, 4) organisation_id, generate_series(1, 500) seq;
analyze ledger_transfer;
delete from ledger_transfer;
"""
# A wallet is rewritten by every batch, a lot by most: half-empty pages keep those rewrites in place (HOT).
ROOM = "alter table ledger_wallet set (fillfactor = 50); alter table ledger_lot set (fillfactor = 50);"
NO_ROOM = "alter table ledger_wallet reset (fillfactor); alter table ledger_lot reset (fillfactor);"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(SAMPLE, migrations.RunSQL.noop),
        migrations.RunSQL(REFUSE, ALLOW),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]
