import { networkInterfaces } from 'node:os'

/** What was closed to a process, as it found it itself before it was told anything. */
export interface Closures {
  /** `namespace`: the system gave it none, and modules are refused besides; `modules`: only these are. */
  readonly network: 'namespace' | 'modules'
}

/** Tries what has to be closed. Throws when anything is open: then nothing is read. */
export async function findClosures(): Promise<Closures> {
  const open = [
    ...(Object.keys(process.env).length === 0 ? [] : ['the environment']),
    ...(['fs.write', 'child', 'worker'] as const).filter((one) => process.permission?.has(one) !== false),
    ...((await isRefused()) ? [] : ['the network']),
  ]
  if (open.length > 0) throw new Error(`the process is not locked: open is ${open.join(', ')}`)
  return { network: Object.keys(networkInterfaces()).length === 0 ? 'namespace' : 'modules' }
}

/** In a sentence for those who read what came of it. */
export function closuresText({ network }: Closures): string {
  const how =
    network === 'namespace'
      ? 'no network (an empty one of its own, and modules refused)'
      : 'no network (modules refused; this system gives no empty network of its own)'
  return `replayed in locked processes: no secrets, empty environment, no file written, no process started, ${how}`
}

async function isRefused(): Promise<boolean> {
  const tried = [() => import('node:http'), async () => fetch('http://127.0.0.1:9')]
  const codes = await Promise.all(
    tried.map((one) =>
      one().then(
        () => null,
        (error: { code?: unknown }) => error.code,
      ),
    ),
  )
  return codes.every((code) => code === 'ERR_ACCESS_DENIED')
}
