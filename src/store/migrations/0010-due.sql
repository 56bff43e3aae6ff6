-- What time brings is looked for every second, however much waits; budgets are counted before every change.
create index approval_expires on approval (tenant, expires_at) where status = 'pending';
create index approval_glass on approval (tenant, settled_at) where kind = 'break-glass' and status = 'approved';
drop index effect_recent;
create index effect_changes on effect (tenant, intended_at) where effect in ('reversible', 'destructive');
