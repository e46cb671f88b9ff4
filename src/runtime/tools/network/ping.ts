import { sleep, type Task } from '../../../sim/task.ts'
import type { System } from '../../program.ts'
import { errorText } from './errors.ts'
import { readOptions } from './options.ts'

interface Flavour {
  readonly busybox: boolean
}

const OPTIONS = { values: 'cWwistIQMpt', long: {} }

function summary(
  { busybox }: Flavour,
  host: string,
  sent: number,
  times: readonly number[],
  errors: number,
  tookMs: number,
): string {
  const loss = sent === 0 ? 0 : Math.round(((sent - times.length) / sent) * 100)
  const least = Math.min(...times).toFixed(3)
  const most = Math.max(...times).toFixed(3)
  const mean = times.reduce((sum, time) => sum + time, 0) / Math.max(1, times.length)
  const spread = Math.sqrt(times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / Math.max(1, times.length))
  const head = `\n--- ${host} ping statistics ---\n`
  if (busybox)
    return `${head}${sent} packets transmitted, ${times.length} packets received, ${loss}% packet loss\n${times.length > 0 ? `round-trip min/avg/max = ${least}/${mean.toFixed(3)}/${most} ms\n` : ''}`
  return `${head}${sent} packets transmitted, ${times.length} received, ${errors > 0 ? `+${errors} errors, ` : ''}${loss}% packet loss, time ${tookMs}ms\n${times.length > 0 ? `rtt min/avg/max/mdev = ${least}/${mean.toFixed(3)}/${most}/${spread.toFixed(3)} ms\n` : ''}${errors > 0 && times.length === 0 ? 'pipe 4\n' : ''}`
}

/** ping: BusyBox's, or that of iputils. */
export const ping = (flavour: Flavour) =>
  function* (system: System): Task<number> {
    const { busybox } = flavour
    const options = readOptions(system.argv.slice(1), OPTIONS)
    const host = options.words[0] ?? ''
    const family = options.has('6') || system.argv[0] === 'ping6' ? 6 : options.has('4') ? 4 : undefined
    const found = yield* system.sockets.lookup(host, family)
    if ('failure' in found) {
      const why = found.failure === 'EAI_AGAIN' ? 'Temporary failure in name resolution' : 'Name or service not known'
      system.writeError(busybox ? `ping: bad address '${host}'\n` : `ping: ${host}: ${why}\n`)
      return busybox ? 1 : 2
    }
    const address = found.addresses[0] ?? ''
    const count = Number(options.value('c') ?? Infinity)
    const waitMs = Number(options.value('W') ?? 10) * 1000
    const intervalMs = Number(options.value('i') ?? 1) * 1000
    const startMs = system.sim.now
    const endMs = options.has('w') ? startMs + Number(options.value('w')) * 1000 : Infinity
    const bytes = Number(options.value('s') ?? 56)
    system.write(
      busybox
        ? `PING ${host} (${address}): ${bytes} data bytes\n`
        : `PING ${host} (${address}) ${bytes}(${bytes + 28}) bytes of data.\n`,
    )
    const times: number[] = []
    let sent = 0
    let errors = 0
    while (sent < count && system.sim.now < endMs) {
      const sentMs = system.sim.now
      const number = sent++
      const isLast = sent >= count
      const answer = yield* system.sockets.ping(
        address,
        isLast ? Math.min(waitMs, Math.max(1, endMs - sentMs)) : intervalMs,
        Number(options.value('t') ?? 64),
      )
      if (!('failure' in answer) && answer.error === undefined) {
        times.push(answer.timeMs)
        const from = found.canonicalName !== address && !busybox ? `${found.canonicalName} (${answer.from})` : answer.from
        if (!options.has('q'))
          system.write(
            `${bytes + 8} bytes from ${from}: ${busybox ? `seq=${number}` : `icmp_seq=${number + 1}`} ttl=${answer.ttl} time=${answer.timeMs.toFixed(3)} ms\n`,
          )
      } else if (!('failure' in answer)) {
        errors++
        if (!busybox) system.write(`From ${answer.from} icmp_seq=${number + 1} ${answer.error}\n`)
      } else if (answer.failure === 'ENETUNREACH') {
        system.writeError(
          busybox ? `ping: sendto: ${errorText('ENETUNREACH')}\n` : `ping: connect: ${errorText('ENETUNREACH')}\n`,
        )
        return busybox ? 1 : 2
      }
      if (!isLast) yield* sleep(Math.max(0, sentMs + intervalMs - system.sim.now))
    }
    system.write(summary(flavour, host, sent, times, errors, system.sim.now - startMs))
    return times.length > 0 ? 0 : 1
  }

/** traceroute: three probes for each time to live, until the host itself answers. */
export function* traceroute(system: System): Task<number> {
  const options = readOptions(system.argv.slice(1), { values: 'mqwpfsig', long: {} })
  const host = options.words[0] ?? ''
  const found = yield* system.sockets.lookup(host)
  if ('failure' in found) {
    system.writeError(`traceroute: bad address '${host}'\n`)
    return 1
  }
  const address = found.addresses[0] ?? ''
  const most = Number(options.value('m') ?? 30)
  const waitMs = Number(options.value('w') ?? 5) * 1000
  const probes = Number(options.value('q') ?? 3)
  system.write(`traceroute to ${host} (${address}), ${most} hops max, 46 byte packets\n`)
  for (let ttl = 1; ttl <= most; ttl++) {
    let text = `${String(ttl).padStart(2)} `
    let from = ''
    let isThere = false
    for (let i = 0; i < probes; i++) {
      const answer = yield* system.sockets.ping(address, waitMs, ttl)
      if ('failure' in answer) {
        text += ' *'
        continue
      }
      if (answer.from !== from) text += options.has('n') ? ` ${answer.from}` : ` ${answer.from} (${answer.from})`
      ;({ from } = answer)
      text += `  ${answer.timeMs.toFixed(3)} ms`
      if (answer.error?.includes('Host Unreachable')) text += ' !H'
      if (answer.error === undefined || answer.error.includes('nreachable')) isThere = true
    }
    system.write(`${text}\n`)
    if (isThere) return 0
  }
  return 0
}
