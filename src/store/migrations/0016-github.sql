-- Webhooks of GitHub, kept before they are acknowledged: worked off in order for each subject, by any replica.
create table github_delivery (
  tenant text not null,
  id text not null,
  seq bigint generated always as identity,
  event text not null,
  action text,
  subject text not null,
  body bytea not null,
  received_at bigint not null,
  status text not null default 'waiting' check (status in ('waiting', 'done', 'dead')),
  attempts int not null default 0,
  next_at bigint not null,
  claimed_until bigint not null default 0,
  error text,
  settled_at bigint,
  primary key (tenant, id)
);
create index github_delivery_waiting on github_delivery (tenant, subject, seq) where status = 'waiting';
create index github_delivery_settled on github_delivery (tenant, settled_at) where status = 'done';
select gitsoc_protect('github_delivery');

-- What was put into service, and what was refused. The newest deployed one is what every replica serves.
create table deployment (
  tenant text not null,
  number int not null,
  at bigint not null,
  commit text not null,
  previous text,
  digest text,
  result text not null check (result in ('deployed', 'refused')),
  kind text not null check (kind in ('push', 'command', 'rollback')),
  actor text not null,
  pull int,
  reason text not null,
  forced boolean not null default false,
  problems jsonb not null default '[]',
  told_at bigint,
  primary key (tenant, number)
);
create index deployment_commit on deployment (tenant, commit);
create index deployment_untold on deployment (tenant, number) where told_at is null;
select gitsoc_protect('deployment');

-- One row for each pull request that touches content: the head that is wanted, the head that was looked at, and where it is told.
create table github_plan (
  tenant text not null,
  pull int not null,
  wanted text not null,
  base text not null,
  round int not null default 1,
  done_round int not null default 0,
  done_head text,
  check_run bigint,
  check_head text,
  comment bigint,
  attempts int not null default 0,
  next_at bigint not null,
  claimed_until bigint not null default 0,
  error text,
  primary key (tenant, pull)
);
create index github_plan_due on github_plan (tenant, next_at) where round > done_round;
select gitsoc_protect('github_plan');
