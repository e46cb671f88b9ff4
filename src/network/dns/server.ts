/** A DNS server made from a Corefile: CoreDNS without the process around it. */
import type { Task } from '../../sim/task.ts'
import { parseCorefile, type Directive, type ServerBlock } from './corefile.ts'
import { fullName, zoneOf, type DnsMessage, type DnsPeer, type DnsQuestion } from './message.ts'
import { PLUGIN_ORDER } from './plugins/order.ts'
import { spanMs } from './plugins/parts.ts'
import { nothing, setupFailure, type DnsWorld, type Handler } from './plugins/plugin.ts'
import { PLUGINS } from './plugins/registry.ts'

/** Where a server listens beside its DNS ports. Undefined: not at all. */
export interface SidePorts {
  readonly health: number | undefined
  readonly ready: number | undefined
  readonly metrics: number | undefined
}

const REFUSED: Handler = function* () {
  return nothing('REFUSED')
}

/** The chain of one server block. */
function chainOf(block: ServerBlock, file: string, world: DnsWorld): Handler {
  const zones = block.keys.map(({ zone }) => zone)
  const port = block.keys[0]?.port ?? 53
  const order = (directive: Directive) => PLUGIN_ORDER.indexOf(directive.name)
  let chain: Handler = REFUSED
  const resolve: Handler = (query) => chain(query)
  const links = block.directives
    .toSorted((a, b) => order(a) - order(b))
    .flatMap((directive) => {
      const plugin = PLUGINS[directive.name]
      return plugin ? [plugin({ directive, zones, port, world, resolve, ...setupFailure(file, directive) })] : []
    })
  for (const link of links.toReversed()) chain = link(chain)
  return chain
}

const portOf = (address: string | undefined, fallback: number) => Number(/:(\d+)$/.exec(address ?? '')?.[1] ?? fallback)

export class DnsServer {
  readonly blocks: readonly ServerBlock[]
  private readonly chains: readonly { readonly block: ServerBlock; readonly chain: Handler }[]

  /** Throws CorefileError. */
  constructor(corefile: string, file: string, world: DnsWorld, env: { readonly [name: string]: string } = {}) {
    this.blocks = parseCorefile(corefile, file, env)
    this.chains = this.blocks.map((block) => ({ block, chain: chainOf(block, file, world) }))
  }

  /** Ports for plain DNS. */
  get ports(): readonly number[] {
    const keys = this.blocks.flatMap(({ keys }) => keys)
    return [...new Set(keys.filter(({ transport }) => transport === 'dns').map(({ port }) => port))]
  }

  get sidePorts(): SidePorts {
    const at = (name: string, fallback: number) => {
      const found = this.directive(name)
      return found && portOf(found.args[0], fallback)
    }
    return { health: at('health', 8080), ready: at('ready', 8181), metrics: at('prometheus', 9153) }
  }

  /** How long it answers on after it was told to end. */
  get lameduckMs(): number {
    const line = this.directive('health')?.body.find(({ words }) => words[0] === 'lameduck')
    return spanMs(line?.words[1] ?? '0') || 0
  }

  /** How often the Corefile is looked at; undefined: never. */
  get reloadMs(): number | undefined {
    const found = this.directive('reload')
    if (!found || found.args[0] === 'off') return undefined
    return spanMs(found.args[0] ?? '30s') || 30_000
  }

  /** Whether it sends what it does not know to itself, as plugin/loop finds out: `forward . 127.0.0.1` or its own address. */
  loops(address: string, resolvConf: readonly string[]): boolean {
    if (!this.directive('loop')) return false
    const [, ...to] = this.directive('forward')?.args ?? []
    const upstreams = to.flatMap((word) => (word.startsWith('/') ? resolvConf : [word.replace(/:\d+$/, '')]))
    return upstreams.some((one) => one.startsWith('127.') || one === '::1' || one === address)
  }

  has(name: string): boolean {
    return this.directive(name) !== undefined
  }

  *answer(question: DnsQuestion, peer: DnsPeer, port = 53, protocol: 'udp' | 'tcp' = 'udp'): Task<DnsMessage | undefined> {
    const name = fullName(question.name)
    const zones = this.chains.flatMap(({ block, chain }) =>
      block.keys.filter((key) => key.port === port).map(({ zone }) => ({ zone, chain })),
    )
    const zone = zoneOf(
      name,
      zones.map((one) => one.zone),
    )
    const chain = zones.find((one) => one.zone === zone)?.chain ?? REFUSED
    const reply = yield* chain({ name, type: question.type, peer, protocol, depth: 0 })
    return reply ? { question, ...reply } : undefined
  }

  private directive(name: string): Directive | undefined {
    return this.blocks.flatMap(({ directives }) => directives).find((one) => one.name === name)
  }
}
