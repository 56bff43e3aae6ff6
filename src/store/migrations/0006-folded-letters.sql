-- A delivery of very many records that cannot be taken has a hundred dead letters of a kind and one that stands for the rest.
alter table dead_letter add column records int not null default 1 check (records > 0);
