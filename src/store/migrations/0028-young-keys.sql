-- What is to be known of a young table is how many rows it has and how its keys are spread: documents are dear to look at.
create or replace function gitsoc_look_at_young_tables() returns void language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  one regclass;
  keys text;
begin
  if not pg_try_advisory_xact_lock(7365003) then return; end if;
  for one, keys in
    select c.oid, (select string_agg(distinct quote_ident(a.attname), ', ') from pg_index i join pg_attribute a on a.attrelid = i.indrelid
        and a.attnum = any(i.indkey) where i.indrelid = c.oid)
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.reltuples < 20000
        and pg_relation_size(c.oid) > 4 * greatest(c.relpages, 4) * current_setting('block_size')::bigint
  loop
    if keys is not null then execute format('analyze (skip_locked) %s (%s)', one, keys); end if;
  end loop;
end $$;
