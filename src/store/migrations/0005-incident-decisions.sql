-- Why alerts were put together: written once and only ever added to, so that an incident's document, which changes with
-- every alert, does not carry them along each time.
create table incident_decision (
  tenant text not null,
  incident int not null,
  n int not null,
  doc jsonb not null,
  primary key (tenant, incident, n)
);
-- An owner who is no superuser must see the rows of all tenants here.
alter table incident no force row level security;
insert into incident_decision (tenant, incident, n, doc)
  select i.tenant, i.number, d.n, d.doc from incident i
  cross join lateral jsonb_array_elements(i.doc->'decisions') with ordinality as d(doc, n);
update incident set doc = doc - 'decisions';
alter table incident force row level security;
select gitsoc_protect('incident_decision');

-- A run that another one of the same playbook stands before, when their incidents turned out to be one.
alter table run drop constraint run_status_check;
alter table run add constraint run_status_check
  check (status in ('running', 'waiting', 'completed', 'failed', 'stopped', 'expired', 'cancelled'));
