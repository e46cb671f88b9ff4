import type { Task } from '../../../sim/task.ts'
import type { System } from '../../program.ts'
import { reverseOf } from './names.ts'
import { reverseName } from './nslookup.ts'

/** getent hosts, ahosts, ahostsv4. Other databases are empty. */
export function* getent(system: System): Task<number> {
  const [, database = '', ...keys] = system.argv
  if (!['hosts', 'ahosts', 'ahostsv4', 'ahostsv6'].includes(database)) return database === '' ? 1 : 2
  let missing = false
  for (const key of keys) {
    if (reverseOf(key) !== undefined) {
      const name = nameInFile(system, key) ?? (yield* reverseName(system, key))
      if (name === undefined) missing = true
      else system.write(`${key.padEnd(15)} ${name}\n`)
      continue
    }
    const family = database === 'ahostsv4' ? 4 : database === 'ahostsv6' ? 6 : undefined
    const found = yield* system.sockets.lookup(key, family)
    if ('failure' in found) {
      missing = true
      continue
    }
    if (database === 'hosts')
      for (const address of found.addresses)
        system.write(`${address.padEnd(15)} ${lineNames(system, key, address) ?? found.canonicalName}\n`)
    else
      for (const address of found.addresses)
        for (const [i, kind] of ['STREAM', 'DGRAM', 'RAW'].entries())
          system.write(`${address.padEnd(15)} ${kind}${i === 0 ? ` ${found.canonicalName}` : ''}\n`)
  }
  return missing ? 2 : 0
}

const entries = (system: System) =>
  (system.files.read('/etc/hosts') ?? '').split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/))

function nameInFile(system: System, address: string): string | undefined {
  return entries(system)
    .find(([first]) => first === address)
    ?.slice(1)
    .join(' ')
}

/** All names of the line in /etc/hosts that a name was found in. */
function lineNames(system: System, name: string, address: string): string | undefined {
  return entries(system)
    .find(([first, ...names]) => first === address && names.includes(name))
    ?.slice(1)
    .join(' ')
}
