-- The application role: rows only of the tenant that the transaction names, never the owner's rights.
do $$ begin
  if not exists (select from pg_roles where rolname = 'gitsoc_app') then
    create role gitsoc_app nologin nosuperuser nobypassrls;
  end if;
exception when duplicate_object or unique_violation then null;
end $$;
grant gitsoc_app to current_user;
grant usage on schema public to gitsoc_app;

-- Puts a table under the tenant policy and gives the application role its rows.
create function gitsoc_protect(target regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy tenant_rows on %s using (tenant = (select current_setting(''app.tenant'', true))) with check (tenant = (select current_setting(''app.tenant'', true)))', target);
  execute format('grant select, insert, update, delete on %s to gitsoc_app', target);
end $$;

create table tenant (
  tenant text primary key check (tenant ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  created_at bigint not null
);
select gitsoc_protect('tenant');

create table bundle (
  tenant text not null,
  digest text not null,
  commit text not null,
  deployed_at bigint not null,
  files jsonb not null,
  primary key (tenant, digest)
);
select gitsoc_protect('bundle');

-- Append-only, hash-chained per tenant: hash = sha256 over the previous hash and every column.
create table audit (
  tenant text not null,
  seq bigint not null,
  at bigint not null,
  actor text not null,
  action text not null,
  subject text not null,
  details text not null,
  hash text not null,
  primary key (tenant, seq)
);
select gitsoc_protect('audit');
revoke update, delete on audit from gitsoc_app;

create table audit_head (
  tenant text primary key,
  seq bigint not null,
  hash text not null
);
select gitsoc_protect('audit_head');
revoke delete on audit_head from gitsoc_app;

create function gitsoc_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% on % is refused: it is append-only', tg_op, tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger audit_append_only before update or delete on audit for each row execute function gitsoc_append_only();
create trigger audit_no_truncate before truncate on audit for each statement execute function gitsoc_append_only();

-- The state of the pipeline that is not in tables of its own: one document per part.
create table engine_state (
  tenant text not null,
  kind text not null,
  key text not null,
  doc jsonb not null,
  primary key (tenant, kind, key)
);
select gitsoc_protect('engine_state');
