create table run (
  tenant text not null,
  id text not null,
  incident int not null,
  playbook text not null,
  bundle text not null,
  commit text not null,
  status text not null check (status in ('running', 'waiting', 'completed', 'failed', 'stopped', 'expired')),
  why text not null,
  started_at bigint not null,
  ended_at bigint,
  deadline_at bigint not null,
  sentence text,
  primary key (tenant, id)
);
create index run_active on run (tenant, started_at) where status in ('running', 'waiting');
create index run_incident on run (tenant, incident);
select gitsoc_protect('run');

create table run_step (
  tenant text not null,
  run text not null,
  n int not null,
  path text not null,
  status text not null,
  output jsonb not null,
  sentence text not null,
  at bigint not null,
  primary key (tenant, run, path)
);
select gitsoc_protect('run_step');

-- What may be done to the world, once: the intent is on disk before the call, the outcome after it.
create table effect (
  tenant text not null,
  id text not null,
  run text not null,
  incident int not null,
  path text not null,
  action text not null,
  effect text not null,
  target text not null,
  inputs jsonb not null,
  gate jsonb not null,
  approval text,
  mode text not null check (mode in ('simulate', 'live')),
  intended_at bigint not null,
  outcome text check (outcome in ('done', 'failed')),
  settled_at bigint,
  result jsonb,
  rollback jsonb,
  irreversible text,
  expires_at bigint,
  primary key (tenant, id)
);
create index effect_incident on effect (tenant, incident);
create index effect_recent on effect (tenant, intended_at) where effect = 'destructive';
select gitsoc_protect('effect');

create table approval (
  tenant text not null,
  id text not null,
  run text not null,
  incident int not null,
  path text not null,
  digest text not null,
  action text not null,
  target text not null,
  inputs jsonb not null,
  why text not null,
  author text not null,
  roles text[] not null,
  quorum int not null,
  asked_at bigint not null,
  expires_at bigint not null,
  status text not null default 'pending' check (status in ('pending', 'approved', 'denied', 'expired', 'void')),
  settled_at bigint,
  primary key (tenant, id)
);
create index approval_pending on approval (tenant, asked_at) where status = 'pending';
create index approval_run on approval (tenant, run);
select gitsoc_protect('approval');

create table approval_answer (
  tenant text not null,
  approval text not null,
  actor text not null,
  answer text not null check (answer in ('approve', 'deny')),
  channel text not null,
  reason text not null,
  at bigint not null,
  primary key (tenant, approval, actor)
);
select gitsoc_protect('approval_answer');

create table stop_switch (
  tenant text primary key,
  by_actor text not null,
  reason text not null,
  at bigint not null
);
select gitsoc_protect('stop_switch');
