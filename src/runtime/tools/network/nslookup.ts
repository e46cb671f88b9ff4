import type { Task } from '../../../sim/task.ts'
import type { System } from '../../program.ts'
import type { DnsMessage, DnsRecord, DnsType, Endpoint } from '../../sockets.ts'
import { askServer, asType, bare, resolverConfig, reverseOf, searched, serverOf } from './names.ts'

interface Asked {
  readonly name: string
  readonly server: string | undefined
  readonly types: readonly DnsType[]
}

function readArguments(argv: readonly string[]): Asked {
  const words = argv.slice(1).filter((word) => !word.startsWith('-'))
  const option = argv
    .map((word) => /^-(?:q|ty|type|query|querytype)=(\w+)$/i.exec(word)?.[1])
    .findLast((type) => type !== undefined)
  const type = option === undefined ? undefined : asType(option)
  return { name: words[0] ?? '', server: words[1], types: type ? [type] : ['A', 'AAAA'] }
}

const quoted = (data: string) => (data.startsWith('"') ? data : `"${data}"`)

/** One record in the answer of BIND's nslookup. */
function line({ name, type, data }: DnsRecord): string {
  if (type === 'A' || type === 'AAAA') return `Name:\t${bare(name)}\nAddress: ${data}\n`
  if (type === 'CNAME') return `${bare(name)}\tcanonical name = ${data}\n`
  if (type === 'PTR') return `${bare(name)}\tname = ${data}\n`
  if (type === 'SRV') return `${bare(name)}\tservice = ${data}\n`
  if (type === 'TXT') return `${bare(name)}\ttext = ${quoted(data)}\n`
  if (type === 'NS') return `${bare(name)}\tnameserver = ${data}\n`
  return `${bare(name)}\t${type} = ${data}\n`
}

/** BIND's, as Debian's dnsutils and Alpine's bind-tools have it. */
export function* bindNslookup(system: System): Task<number> {
  const asked = readArguments(system.argv)
  const server = yield* serverOf(system, asked.server)
  if (!server) {
    system.write(`nslookup: couldn't get address for '${asked.server}': not found\n`)
    return 1
  }
  const reverse = reverseOf(asked.name)
  const names = reverse === undefined ? searched(asked.name, resolverConfig(system)) : [reverse]
  const types: readonly DnsType[] = reverse === undefined ? asked.types : ['PTR']
  let last: DnsMessage | undefined
  for (const name of names) {
    const first = yield* askServer(system, { name, type: types[0] ?? 'A' }, server, 3, 5000)
    if ('failure' in first) {
      const why = first.failure === 'ECONNREFUSED' ? 'connection refused' : 'timed out'
      system.write(`;; communications error to ${server.address}#53: ${why}\n`.repeat(3))
      system.write(';; no servers could be reached\n\n')
      return 1
    }
    last = first
    if (first.code === 'NOERROR' && (first.answers.length > 0 || types.length > 1)) {
      const found = yield* showBind(system, server, { ...asked, types }, name, first)
      if (found) return 0
    }
  }
  const code = last?.code ?? 'NXDOMAIN'
  system.write(
    reverse === undefined || asked.server !== undefined ? `Server:\t\t${server.address}\nAddress:\t${server.address}#53\n\n` : '',
  )
  if (code === 'NOERROR') system.write(`*** Can't find ${asked.name}: No answer\n\n`)
  else system.write(`** server can't find ${bare(names.at(-1) ?? asked.name)}: ${code}\n\n`)
  return 1
}

function* showBind(system: System, server: Endpoint, { types }: Asked, name: string, first: DnsMessage): Task<boolean> {
  let text = first.answers.map(line).join('')
  for (const type of types.slice(1)) {
    const more = yield* askServer(system, { name, type }, server, 3, 5000)
    if ('failure' in more) continue
    text += more.answers
      .filter((record) => record.type !== 'CNAME' || !first.answers.some((other) => other.data === record.data))
      .map(line)
      .join('')
  }
  if (text === '') return false
  const head = types[0] === 'PTR' ? '' : `Server:\t\t${server.address}\nAddress:\t${server.address}#53\n\n`
  system.write(`${head}${first.authoritative ? '' : 'Non-authoritative answer:\n'}${text}\n`)
  return true
}

/** BusyBox's: up to 1.28 it asked the C library, since then the servers themselves. */
export function* busyboxNslookup(system: System): Task<number> {
  const version = /busybox:1\.(\d+)/.exec(system.image)?.[1]
  if (version !== undefined && Number(version) <= 28) return yield* oldNslookup(system)
  const asked = readArguments(system.argv)
  if (asked.name === '') {
    system.writeError('BusyBox v1.37.0 multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n')
    return 1
  }
  const server = yield* serverOf(system, asked.server)
  if (!server) {
    system.writeError(`nslookup: bad address '${asked.server}'\n`)
    return 1
  }
  const { search } = resolverConfig(system)
  const reverse = reverseOf(asked.name)
  const isPlain = asked.name.includes('.') || search.length === 0
  const names = reverse !== undefined ? [reverse] : isPlain ? [asked.name] : search.map((domain) => `${asked.name}.${domain}`)
  const types: readonly DnsType[] = reverse === undefined ? asked.types : ['PTR']
  let text = ''
  let failed = false
  for (const type of types)
    for (const name of names) {
      const answer = yield* askServer(system, { name, type }, server, 2, 5000)
      if ('failure' in answer) {
        system.writeError(
          answer.failure === 'ETIMEDOUT' || answer.failure === 'ECONNREFUSED'
            ? ';; connection timed out; no servers could be reached\n\n'
            : `nslookup: can't connect to remote host (${server.address}): Network unreachable\n`,
        )
        return 1
      }
      if (answer.code !== 'NOERROR') {
        text += `** server can't find ${bare(name)}: ${answer.code}\n\n`
        failed = true
      } else
        text += `${answer.authoritative || answer.answers.length === 0 ? '' : 'Non-authoritative answer:\n'}${answer.answers.map(line).join('')}\n`
    }
  system.write(`Server:\t\t${server.address}\nAddress:\t${server.address}:53\n\n${text}`)
  return failed ? 1 : 0
}

function* oldNslookup(system: System): Task<number> {
  const { name, server: given } = readArguments(system.argv)
  const server = yield* serverOf(system, given)
  const address = server?.address ?? ''
  const own = yield* reverseName(system, address, server)
  const head = `Server:    ${address}\nAddress 1: ${address}${own === undefined ? '' : ` ${own}`}\n\n`
  const found = yield* system.sockets.lookup(name)
  if ('failure' in found) {
    system.write(head)
    system.writeError(`nslookup: can't resolve '${name}'${found.failure === 'EAI_AGAIN' ? ': Try again' : ''}\n`)
    return 1
  }
  let text = `Name:      ${name}\n`
  for (const [i, one] of found.addresses.entries()) {
    const back = yield* reverseName(system, one, server)
    text += `Address ${i + 1}: ${one}${back === undefined ? '' : ` ${back}`}\n`
  }
  system.write(head + text)
  return 0
}

/** The name of an address, when it has one. */
export function* reverseName(system: System, address: string, server?: Endpoint): Task<string | undefined> {
  const name = reverseOf(address)
  if (name === undefined) return undefined
  const answer = yield* system.sockets.query({ name, type: 'PTR' }, server, 5000)
  if ('failure' in answer) return undefined
  const [first] = answer.answers
  return first && bare(first.data)
}
