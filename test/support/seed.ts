import fc from 'fast-check'

// Property tests try the same cases in every run, so that a failure belongs to the change that caused it. GITSOC_SEED=0
// tries new ones; run that for a while before a release.
const seed = Number(process.env.GITSOC_SEED ?? 20_261_121)
if (seed !== 0) fc.configureGlobal({ seed })
