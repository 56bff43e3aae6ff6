-- How often what others made of an incident's issue was asked to be put back.
create table github_issue (
  tenant text not null,
  incident int not null,
  repairs int not null default 0,
  primary key (tenant, incident)
);
select gitsoc_protect('github_issue');

-- Up to when issues and comments have been compared with our records.
create table github_look (
  tenant text primary key,
  looked_at bigint not null
);
select gitsoc_protect('github_look');

-- Comments and events that were worked off: a second time comes to nothing.
create table github_handled (
  tenant text not null,
  key text not null,
  at bigint not null,
  primary key (tenant, key)
);
select gitsoc_protect('github_handled');

-- When something was last done to an incident, by the time at which it was done.
create index audit_subject on audit (tenant, subject, seq);
