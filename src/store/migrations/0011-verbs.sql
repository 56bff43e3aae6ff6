-- What people say of a severity: it stands before the machine's until somebody takes it back.
alter table incident add column said_severity jsonb;

-- Values that the team itself calls malicious. `changed` grows with every change, in the order in which they are committed: whoever adds or
-- removes holds the audit chain.
create sequence indicator_changed;
grant usage on sequence indicator_changed to gitsoc_app;
create table indicator (
  tenant text not null,
  type text not null,
  value text not null,
  reason text not null,
  actor text not null,
  incident int,
  added_at bigint not null,
  valid_until bigint,
  removed_at bigint,
  removed_by text,
  changed bigint not null default nextval('indicator_changed'),
  primary key (tenant, type, value)
);
create index indicator_by_change on indicator (tenant, changed);
select gitsoc_protect('indicator');

-- What people decided and the engine took into account, in the one order of the tenant: each after the deliveries up to `after_seq`, with the
-- bundle that was live. With these a replay of the same deliveries comes to the same incidents.
create table person_decision (
  tenant text not null,
  n bigint not null,
  after_seq bigint not null,
  bundle text not null,
  kind text not null check (kind in ('merge', 'split', 'work')),
  incident int not null,
  doc jsonb not null,
  actor text not null,
  reason text not null,
  at bigint not null,
  primary key (tenant, n)
);
create index person_decision_incident on person_decision (tenant, incident);
select gitsoc_protect('person_decision');
revoke update, delete on person_decision from gitsoc_app;
