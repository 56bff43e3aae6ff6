-- What a request to a playbook's webhook came to, by what makes two requests one: it is decided once.
create table hook_call (
  tenant text not null,
  playbook text not null,
  key text not null,
  at bigint not null,
  body text not null,
  incident int not null,
  run text,
  sentence text not null,
  primary key (tenant, playbook, key)
);
select gitsoc_protect('hook_call');
