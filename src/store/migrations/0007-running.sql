-- What a run was given, what set it off, when it is due again, and what people said about it.
alter table run add column trigger text not null default 'incident';
alter table run add column inputs jsonb not null default '{}';
alter table run add column wake_at bigint;
alter table run add column outputs jsonb;
alter table run add column cancelled text;
alter table run add column rollback boolean not null default false;
alter table run drop constraint run_status_check;
alter table run add constraint run_status_check
  check (status in ('running', 'waiting', 'paused', 'completed', 'failed', 'stopped', 'expired', 'cancelled'));
update run set wake_at = deadline_at where status = 'waiting';
create index run_running on run (tenant, started_at, id) where status = 'running';
create index run_due on run (tenant, wake_at) where status in ('waiting', 'paused');

-- Each time a run was advanced: what was seen. `seen` is how many steps were on record before; `facts` are null where they
-- were those of the turn before. With these a run can be told again from its record.
create table run_turn (
  tenant text not null,
  run text not null,
  n int not null,
  at bigint not null,
  seen int not null,
  started text[] not null,
  cancelled text,
  facts jsonb,
  next text[] not null,
  primary key (tenant, run, n)
);
select gitsoc_protect('run_turn');

-- A wait that is under way; a time that never comes is the deadline's.
create table run_wait (
  tenant text not null,
  run text not null,
  path text not null,
  signal text,
  until bigint not null,
  primary key (tenant, run, path)
);
select gitsoc_protect('run_wait');

-- What somebody told a run; one that comes early is kept until a step waits for it.
create table run_signal (
  tenant text not null,
  run text not null,
  n int not null,
  name text not null,
  payload jsonb not null,
  actor text not null,
  at bigint not null,
  taken_by text,
  primary key (tenant, run, n)
);
select gitsoc_protect('run_signal');

-- A process that makes effects says every second that it is there. Times of the database: clocks of processes may jump.
create table replica (
  tenant text not null,
  id text not null,
  seen_at timestamptz not null,
  primary key (tenant, id)
);
select gitsoc_protect('replica');

alter table effect add column claimed_by text;
alter table effect add column attempts int not null default 0;
alter table effect add column next_at bigint;
alter table effect add column undoes text;
alter table effect add column overruled text;
create index effect_open on effect (tenant, run) where outcome is null;
create index effect_run on effect (tenant, run);

-- Every call to a vendor, the ones that came to nothing too. `ended_at` is null while it is under way or was cut off.
create table effect_attempt (
  tenant text not null,
  effect text not null,
  n int not null,
  kind text not null check (kind in ('call', 'confirm')),
  at bigint not null,
  ended_at bigint,
  verdict text,
  status int,
  sentence text,
  primary key (tenant, effect, n)
);
select gitsoc_protect('effect_attempt');

-- Calls to a vendor that are left, for all replicas together.
create table rate_budget (
  tenant text not null,
  integration text not null,
  tokens double precision not null,
  taken boolean not null default true,
  at timestamptz not null,
  primary key (tenant, integration)
);
select gitsoc_protect('rate_budget');

-- A question has options; what was chosen of them is on the approval.
alter table approval add column kind text not null default 'effect' check (kind in ('effect', 'question', 'unclear', 'break-glass'));
alter table approval add column options text[] not null default '{}';
alter table approval add column chosen text;
alter table approval_answer drop constraint approval_answer_answer_check;

-- What a denied step would have done, and who may overrule the denial together.
alter table run_step add column denied jsonb;
