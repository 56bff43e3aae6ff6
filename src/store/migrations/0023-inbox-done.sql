-- How far the inbox is worked off, apart from where it ends: who adds a delivery and who works some off change a row each, and
-- neither waits for the other's commit.
create table inbox_done (
  tenant text primary key,
  done_seq bigint not null,
  received bigint not null default 0
);
-- An owner who is no superuser must see the rows of all tenants here.
alter table inbox_head no force row level security;
insert into inbox_done (tenant, done_seq, received) select tenant, done_seq, received from inbox_head;
alter table inbox_head force row level security;
alter table inbox_head drop column done_seq, drop column received;
select gitsoc_protect('inbox_done');
