/** How much an action can hurt. Declared by the integration's manifest; a playbook cannot lower it. */
export const effectClasses = ['read', 'notify', 'reversible', 'destructive'] as const
export type EffectClass = (typeof effectClasses)[number]

/** The gate's answers; `ask` names who and how many in the approval. */
export type GateAnswer = 'allow' | 'ask' | 'deny'
