/**
 * Arrays of a statement (`$2::text[], $3::int[]`) as rows that the planner takes for one. Each is found by its key then. For as many as
 * there are it would, while a table is young and nothing is known of it, rather read all rows of the tenant, and go on doing
 * so for as long as the statement stays prepared. A limit that it cannot know stands for a tenth of the rows, which for
 * arrays are ten; it leaves nothing out.
 */
export const fewRows = (...arrays: readonly string[]): string =>
  `(select * from unnest(${arrays.join(', ')}) limit (select 1000000))`
