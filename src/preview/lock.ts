// What a locked child process (locked-process.ts) runs before anything else is loaded: it takes away what Node's permission
// model leaves, most of all the network. Content is data and runs nothing; this holds should a fault in a package let it.
import { createRequire, registerHooks, syncBuiltinESMExports } from 'node:module'

/** Modules of Node that the programs of this folder and their packages need; all others are refused. */
const needed = new Set(
  'assert buffer crypto events fs fs/promises module net os path process stream string_decoder timers url util v8 vm'.split(
    ' ',
  ),
)
/** Of modules that can do more than is needed, what stays. */
const kept: Readonly<Record<string, readonly string[]>> = {
  net: ['isIP', 'isIPv4', 'isIPv6', 'BlockList', 'SocketAddress', 'Socket', 'Server', 'Stream'],
  os: ['EOL', 'availableParallelism', 'constants', 'networkInterfaces', 'platform'],
  v8: ['serialize', 'deserialize', 'Serializer', 'Deserializer', 'DefaultSerializer', 'DefaultDeserializer'],
}
const globals = ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']
const ofProcess = '_debugEnd _debugProcess _kill _linkedBinding binding dlopen execve kill report abort'.split(' ')

function refuse(what: string): never {
  throw Object.assign(new Error(`a locked process has no ${what}`), { code: 'ERR_ACCESS_DENIED' })
}

/** Puts a refusal in the place of a member, for good. */
function close(owner: object, name: string, what: string): void {
  // A declaration: what it stands for may be called with "new".
  function value(): never {
    return refuse(what)
  }
  Object.defineProperty(owner, name, { value, writable: false, configurable: false, enumerable: true })
}

function membersOf(value: unknown): object {
  return (typeof value === 'object' || typeof value === 'function') && value !== null ? value : {}
}

for (const name of Object.keys(process.env)) delete process.env[name]

const require = createRequire(import.meta.url)
const named = (specifier: string) => specifier.replace(/^node:/, '')

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    if (found.url.startsWith('node:') && !needed.has(named(found.url))) refuse(named(found.url))
    return found
  },
})
const getBuiltinModule = process.getBuiltinModule.bind(process)
Object.defineProperty(process, 'getBuiltinModule', {
  value: (name: string) => (needed.has(named(name)) ? getBuiltinModule(name) : refuse(named(name))),
  writable: false,
  configurable: false,
})

// Standard input is a socket, and whoever holds it holds what makes others.
const net = membersOf(require('node:net'))
for (const name of ['Socket', 'Server'])
  for (const method of ['connect', 'listen'])
    close(membersOf(Reflect.get(membersOf(Reflect.get(net, name)), 'prototype')), method, 'network')
const pipe = membersOf(Object.getPrototypeOf(membersOf(Reflect.get(process.stdin, '_handle'))))
if (pipe !== Object.prototype) for (const method of ['connect', 'bind', 'listen']) close(pipe, method, 'network')

for (const [name, members] of Object.entries(kept)) {
  const module = membersOf(require(`node:${name}`))
  for (const one of Object.keys(module)) if (!members.includes(one)) close(module, one, `${name}.${one}`)
}
// Hooks that are registered later run earlier.
for (const name of ['register', 'registerHooks']) close(membersOf(require('node:module')), name, `module.${name}`)
for (const name of globals) close(globalThis, name, name)
for (const name of ofProcess) close(process, name, `process.${name}`)
syncBuiltinESMExports()
