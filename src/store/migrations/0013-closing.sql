-- What was kept of a closed incident: one row for each time that it was closed. `next_at` null = worked off.
create table closing (
  tenant text not null,
  incident int not null,
  closed_at bigint not null,
  next_at bigint,
  attempts int not null default 0,
  outcomes jsonb not null default '[]',
  primary key (tenant, incident, closed_at)
);
select gitsoc_protect('closing');

-- Since when incidents of a tenant are worked off: older ones are not proposed all at once.
create table closing_since (
  tenant text primary key,
  at bigint not null
);
select gitsoc_protect('closing_since');

create index incident_closed_at on incident (tenant, closed_at) where status = 'closed';
