-- Runs that go on are found by run_running, those that wait by run_due: where this one was taken instead, all that waits was read.
drop index run_active;

-- A table that has grown fourfold since the planner last looked at it is looked at now. Autovacuum comes every ten seconds at best, and
-- until then statements that were prepared when a table held nothing read all of a tenant's rows. Large tables are left to it.
create function gitsoc_look_at_young_tables() returns void language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  one regclass;
begin
  if not pg_try_advisory_xact_lock(7365003) then return; end if;
  for one in
    select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and reltuples < 20000
      and pg_relation_size(oid) > 4 * greatest(relpages, 4) * current_setting('block_size')::bigint
  loop
    execute format('analyze (skip_locked) %s', one);
  end loop;
end $$;
