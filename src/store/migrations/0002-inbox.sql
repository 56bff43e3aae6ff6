-- What was received, as it came. The number is the order of everything; it has no gaps.
create table delivery (
  tenant text not null,
  seq bigint not null,
  source text,
  transport text not null,
  content_type text,
  received_at bigint not null,
  body bytea not null,
  primary key (tenant, seq)
);
select gitsoc_protect('delivery');
alter table delivery alter column body set storage main;

-- How many events a delivery turned out to hold, and the bundle that decided about them. A table of its own: the delivery
-- is never rewritten.
create table delivery_count (
  tenant text not null,
  seq bigint not null,
  events int not null,
  bundle text not null,
  primary key (tenant, seq)
);
select gitsoc_protect('delivery_count');

create table inbox_head (
  tenant text primary key,
  next_seq bigint not null,
  done_seq bigint not null,
  received bigint not null default 0
);
select gitsoc_protect('inbox_head');

-- Events that ended in an outcome of their own, by identity: what makes a redelivery a duplicate.
create table event (
  tenant text not null,
  id text not null,
  seq bigint not null,
  idx int not null,
  source text not null,
  occurred_at bigint not null,
  outcome text not null,
  primary key (tenant, id)
);
select gitsoc_protect('event');

create table dead_letter (
  tenant text not null,
  seq bigint not null,
  idx int not null,
  source text not null,
  code text not null,
  message text not null,
  excerpt text not null,
  state text not null default 'open' check (state in ('open', 'requeued', 'dismissed')),
  at bigint not null,
  primary key (tenant, seq, idx)
);
select gitsoc_protect('dead_letter');

create table ledger (
  tenant text not null,
  source text not null,
  outcome text not null,
  count bigint not null,
  primary key (tenant, source, outcome)
);
select gitsoc_protect('ledger');
