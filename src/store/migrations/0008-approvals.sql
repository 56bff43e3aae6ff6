-- When a question is put to more people, to whom, and that it was.
alter table approval add column escalate_at bigint;
alter table approval add column escalate_to text[] not null default '{}';
create index approval_escalate on approval (tenant, escalate_at) where status = 'pending' and escalate_at is not null;

-- Who wrote the playbooks of a bundle, by id, where Git knows: they do not approve what their playbooks ask for.
alter table bundle add column authors jsonb not null default '{}';
