-- Whose agreement an approval needs beside those of its own roles, and by which roles somebody answered.
alter table approval add column also jsonb not null default '[]';
alter table approval_answer add column roles text[] not null default '{}';
