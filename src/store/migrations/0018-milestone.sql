-- What an incident is worked off under together with others; people's, as owner is.
alter table incident add column milestone text;

-- What of an incident was last changed by something that was done on GitHub: when it was done there, and when that was recorded here.
alter table github_issue add column heard jsonb not null default '{}';
