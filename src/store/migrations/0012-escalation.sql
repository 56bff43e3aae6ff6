-- How far the escalation of an incident has come: the level that is told next, in which round. `next_at` is null when all was
-- told, or when it is over: `ended` then says why.
create table escalation (
  tenant text not null,
  incident int not null,
  policy text not null,
  started_at bigint not null,
  round int not null default 0,
  level int not null default 0,
  next_at bigint,
  ended text,
  primary key (tenant, incident)
);
create index escalation_due on escalation (tenant, next_at) where next_at is not null;
select gitsoc_protect('escalation');

-- What somebody on call was woken for: an incident, or an approval of it. Written before anybody is called.
create table page (
  tenant text not null,
  incident int not null,
  subject text not null,
  service text not null,
  policy text not null,
  summary text not null,
  at bigint not null,
  primary key (tenant, incident, subject, service)
);
select gitsoc_protect('page');

-- PagerDuty's own ids of what we called, as its webhooks tell them: notes there name nothing else.
create table page_outside (
  tenant text not null,
  id text not null,
  incident int not null,
  primary key (tenant, id)
);
select gitsoc_protect('page_outside');

-- Of which approvals people were told that they were asked, put to more people, or about to expire.
create table approval_told (
  tenant text not null,
  approval text not null,
  event text not null check (event in ('asked', 'escalated', 'expiring')),
  at bigint not null,
  primary key (tenant, approval, event)
);
select gitsoc_protect('approval_told');

-- What was heard from a channel, by the sender's id, so that nothing is done twice; `done_at` is null while it is done.
create table heard (
  tenant text not null,
  channel text not null,
  id text not null,
  at bigint not null,
  done_at bigint,
  primary key (tenant, channel, id)
);
create index heard_at on heard (tenant, at);
select gitsoc_protect('heard');
