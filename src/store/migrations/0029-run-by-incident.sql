-- While nothing is known of a table, all its indexes that begin with the tenant are one to the planner, and it read all of a tenant's
-- runs to find one by its key. One that says what it is for serves only statements that name an incident.
drop index run_incident;
create index run_by_incident on run (tenant, incident) where incident is not null;
