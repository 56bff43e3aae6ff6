-- `doc` is what the machine found; the columns from `owner` on are what people and playbooks did. Neither writer touches
-- the other's part, so a batch of the pipeline never takes back what an analyst just did.
create table incident (
  tenant text not null,
  number int not null,
  status text not null default 'new',
  severity text,
  score int,
  first_at bigint not null,
  last_at bigint not null,
  merged_into int,
  doc jsonb not null,
  owner text,
  verdict text,
  acknowledged_at bigint,
  contained_at bigint,
  resolved_at bigint,
  closed_at bigint,
  primary key (tenant, number)
);
create index incident_last_at on incident (tenant, last_at);
create index incident_merged_into on incident (tenant, merged_into) where merged_into is not null;
select gitsoc_protect('incident');

-- Incidents that people changed since the pipeline last looked.
create table incident_change (
  tenant text not null,
  incident int not null,
  n bigint generated always as identity,
  primary key (tenant, incident, n)
);
select gitsoc_protect('incident_change');

create table alert (
  tenant text not null,
  id text not null,
  incident int not null,
  last_at bigint not null,
  severity smallint not null,
  doc jsonb not null,
  primary key (tenant, id)
);
create index alert_last_at on alert (tenant, last_at);
create index alert_incident on alert (tenant, incident, last_at);
select gitsoc_protect('alert');

-- Which events an alert stands for; the newest, bounded by the writer.
create table alert_event (
  tenant text not null,
  alert text not null,
  event text not null,
  seq bigint not null,
  idx int not null,
  primary key (tenant, alert, event)
);
select gitsoc_protect('alert_event');

create table timeline (
  tenant text not null,
  incident int not null,
  n int not null,
  at bigint not null,
  kind text not null,
  actor text not null,
  sentence text not null,
  primary key (tenant, incident, n)
);
select gitsoc_protect('timeline');

create table task (
  tenant text not null,
  incident int not null,
  n int not null,
  title text not null,
  origin text not null,
  state text not null default 'open' check (state in ('open', 'done')),
  done_by text,
  done_at bigint,
  primary key (tenant, incident, n)
);
select gitsoc_protect('task');
