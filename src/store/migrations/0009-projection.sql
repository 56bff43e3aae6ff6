-- Channels that others are told by. Nothing is marked for a tenant that has none.
create table projection_channel (
  tenant text not null,
  channel text not null check (channel ~ '^[a-z]{1,20}$'),
  enabled_at bigint not null,
  primary key (tenant, channel)
);
select gitsoc_protect('projection_channel');

-- What is left of a channel's budget, and how its other side is doing; shared by all replicas.
create table projection_state (
  tenant text not null,
  channel text not null,
  doc jsonb not null,
  primary key (tenant, channel)
);
select gitsoc_protect('projection_state');

create sequence projection_order;
grant usage on sequence projection_order to gitsoc_app;

-- Incidents that changed since the last look. Only ever inserted into by those who change them, so that nobody waits here.
create table projection_mark (
  tenant text not null,
  incident int not null,
  n bigint not null default nextval('projection_order')
);
create index projection_mark_order on projection_mark (tenant, n);
select gitsoc_protect('projection_mark');

-- One row for each subject of a channel: how often it was wanted and which of that was written. A message has a body and
-- is wanted once. `rank` 0 goes first, then the one that waits longest.
create table projection (
  tenant text not null,
  channel text not null,
  subject text not null,
  incident int,
  body jsonb,
  rank smallint not null,
  wanted bigint not null default 1,
  written bigint not null default 0,
  since bigint not null default nextval('projection_order'),
  marked_at bigint not null,
  written_at bigint,
  digest text,
  outside jsonb,
  attempts int not null default 0,
  next_at bigint not null default 0,
  problem jsonb,
  dead_at bigint,
  claimed_by text,
  claimed_until bigint,
  primary key (tenant, channel, subject)
);
create index projection_due on projection (tenant, channel, rank, since) where wanted > written and dead_at is null;
create index projection_message on projection (tenant, written_at) where body is not null;
select gitsoc_protect('projection');

-- Marks what a statement changed. Reads one small table first, and does no more where no channel is enabled.
create function gitsoc_mark() returns trigger language plpgsql as $$
declare
  one text;
begin
  if not exists (select from projection_channel) then return null; end if;
  for one in
    with marked as (
      insert into projection_mark (tenant, incident)
        select distinct c.tenant, c.incident from changed c
        where exists (select from projection_channel p where p.tenant = c.tenant)
        returning tenant)
    select distinct tenant from marked
  loop
    perform pg_notify('gitsoc_projection', one);
  end loop;
  return null;
end $$;

create function gitsoc_mark_incident() returns trigger language plpgsql as $$
declare
  one text;
begin
  if not exists (select from projection_channel) then return null; end if;
  for one in
    with marked as (
      insert into projection_mark (tenant, incident)
        select c.tenant, c.number from changed c
        where exists (select from projection_channel p where p.tenant = c.tenant)
        returning tenant)
    select distinct tenant from marked
  loop
    perform pg_notify('gitsoc_projection', one);
  end loop;
  return null;
end $$;

create function gitsoc_mark_answer() returns trigger language plpgsql as $$
declare
  one text;
begin
  if not exists (select from projection_channel) then return null; end if;
  for one in
    with marked as (
      insert into projection_mark (tenant, incident)
        select distinct a.tenant, a.incident from changed c join approval a on a.tenant = c.tenant and a.id = c.approval
        where exists (select from projection_channel p where p.tenant = c.tenant)
        returning tenant)
    select distinct tenant from marked
  loop
    perform pg_notify('gitsoc_projection', one);
  end loop;
  return null;
end $$;

create trigger incident_marked_new after insert on incident referencing new table as changed
  for each statement execute function gitsoc_mark_incident();
create trigger incident_marked after update on incident referencing new table as changed
  for each statement execute function gitsoc_mark_incident();
create trigger approval_answer_marked_new after insert on approval_answer referencing new table as changed
  for each statement execute function gitsoc_mark_answer();
create trigger approval_answer_marked after update on approval_answer referencing new table as changed
  for each statement execute function gitsoc_mark_answer();
create trigger approval_answer_marked_gone after delete on approval_answer referencing old table as changed
  for each statement execute function gitsoc_mark_answer();

do $$
declare
  one text;
begin
  foreach one in array array['timeline', 'task', 'approval', 'effect', 'run'] loop
    execute format('create trigger %1$s_marked_new after insert on %1$s referencing new table as changed for each statement execute function gitsoc_mark()', one);
    execute format('create trigger %1$s_marked after update on %1$s referencing new table as changed for each statement execute function gitsoc_mark()', one);
  end loop;
end $$;

-- From a message of somebody there to the incident it is about.
create index projection_outside on projection using gin (outside jsonb_path_ops) where incident is not null;
