import { StatusError } from '../../apimachinery/errors.ts'
import { CorefileError } from '../../network/dns/corefile.ts'
import type { DnsMessage } from '../../network/dns/message.ts'
import type { DnsWorld } from '../../network/dns/plugins/plugin.ts'
import { parseResolvConf } from '../../network/dns/resolv-conf.ts'
import { DnsServer } from '../../network/dns/server.ts'
import { print, untilTerminated, type PortService, type Program, type System } from '../../runtime/program.ts'
import { digestOf } from '../../runtime/registry.ts'
import type { Timer } from '../../sim/simulation.ts'
import { sleep, type Task } from '../../sim/task.ts'
import type { WatchedNames } from './names.ts'

const START_MS = 300
const MEMORY_BYTES = 15 * 1024 * 1024
const FORWARD_TIMEOUT_MS = 2000
const DEFAULT_FILE = 'Corefile'
const GO = 'linux/amd64, go1.25.5, 1db4568'

/** CoreDNS as a program in a container: what it does is what its mounted Corefile says. `names` is asked for at the start. */
export function coredns(names: () => WatchedNames): Program {
  return function* (system): Task<number> {
    const process = new CoreDns(system, names())
    const ended = untilTerminated(system)
    system.setMemory(MEMORY_BYTES)
    system.setCpu(30)
    yield* sleep(START_MS)
    const refusal = process.start()
    if (refusal !== undefined) {
      print(system, refusal)
      return 1
    }
    system.setCpu(2)
    try {
      yield* ended
      yield* process.stop()
      return 0
    } finally {
      process.end()
    }
  }
}

class CoreDns {
  private readonly system: System
  private readonly names: WatchedNames
  private readonly file: string
  private readonly startMs: number
  private server: DnsServer | null = null
  private text = ''
  private timer: Timer | null = null
  private unwatch: (() => void) | null = null
  private readonly counts = new Map<string, number>()

  constructor(system: System, names: WatchedNames) {
    this.system = system
    this.names = names
    const option = system.argv.findIndex((word) => word === '-conf' || word === '--conf')
    this.file = option === -1 ? DEFAULT_FILE : (system.argv[option + 1] ?? DEFAULT_FILE)
    this.startMs = system.sim.now
  }

  /** Gives its last words when it can't start. */
  start(): string | undefined {
    const { system } = this
    const text = system.files.read(this.file)
    if (text === undefined) return `open ${this.file}: no such file or directory`
    const made = this.make(text)
    if (made instanceof CorefileError) return made.message
    if (made.has('kubernetes')) this.watchCluster()
    for (const { keys } of made.blocks) for (const { zone, port } of keys) print(system, `${zone}:${port}`)
    this.run(made, text)
    print(system, `CoreDNS-${/:v?(\d[\d.]*)/.exec(system.image)?.[1] ?? '1.14.1'}`)
    print(system, GO)
    const servers = parseResolvConf(system.files.read('/etc/resolv.conf') ?? '').nameservers
    if (made.loops(system.ip, servers))
      return `[FATAL] plugin/loop: Loop (127.0.0.1:${40_000 + this.dice(20_000)} -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO ${4547991504243258144n + BigInt(this.dice(1e9))}.3688648895315093531."`
    this.unwatch = system.watch(() => this.filesChanged())
    return undefined
  }

  *stop(): Task {
    print(this.system, '[INFO] SIGTERM: Shutting down servers then terminating')
    yield* this.lameduck()
  }

  end(): void {
    this.timer?.cancel()
    this.unwatch?.()
  }

  private *lameduck(): Task {
    const ms = this.server?.lameduckMs ?? 0
    if (ms === 0) return
    print(this.system, `[INFO] plugin/health: Going into lameduck mode for ${ms / 1000}s`)
    yield* sleep(ms)
  }

  private make(text: string): DnsServer | CorefileError {
    try {
      return new DnsServer(text, this.file, this.world(), this.system.env)
    } catch (error) {
      if (error instanceof CorefileError) return error
      throw error
    }
  }

  /** Listens where the Corefile says. */
  private run(server: DnsServer, text: string): void {
    const { system } = this
    this.close()
    this.server = server
    this.text = text
    if (server.reloadMs !== undefined)
      print(
        system,
        `[INFO] plugin/reload: Running configuration SHA512 = ${digestOf(text).slice(7)}${digestOf(`${text}+`).slice(7)}`,
      )
    for (const port of server.ports)
      for (const protocol of ['udp', 'tcp'] as const)
        system.listen(port, {
          protocol,
          dns: (question, peer) => this.count(server.answer(question, peer, port, protocol)),
        })
    for (const [port, service] of this.side(server)) if (port !== undefined) system.listen(port, service)
  }

  private close(): void {
    const { server, system } = this
    if (!server) return
    for (const port of server.ports) for (const protocol of ['udp', 'tcp'] as const) system.unlisten(port, protocol)
    for (const [port] of this.side(server)) if (port !== undefined) system.unlisten(port)
  }

  private side({ sidePorts }: DnsServer): readonly (readonly [number | undefined, PortService])[] {
    const isReady = () => !this.server?.has('kubernetes') || this.names.synced()
    return [
      [sidePorts.health, { protocol: 'http', http: () => ({ status: 200, body: 'OK' }) }],
      [
        sidePorts.ready,
        { protocol: 'http', http: () => (isReady() ? { status: 200, body: 'OK' } : { status: 503, body: 'kubernetes' }) },
      ],
      [sidePorts.metrics, { protocol: 'http', http: () => ({ status: 200, body: this.metrics(), steady: false }) }],
    ]
  }

  private *count(answer: Task<DnsMessage | undefined>): Task<DnsMessage | undefined> {
    const message = yield* answer
    const key = `rcode="${message?.code ?? 'none'}",server="dns://:53",zone="."`
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1)
    return message
  }

  private metrics(): string {
    const lines = [...this.counts].map(([labels, count]) => `coredns_dns_responses_total{${labels}} ${count}\n`)
    return `# HELP coredns_dns_responses_total Counter of response status codes.\n# TYPE coredns_dns_responses_total counter\n${lines.join('')}`
  }

  /** plugin/reload looks at its next interval. */
  private filesChanged(): void {
    const { server, system } = this
    if (this.timer || !server || server.reloadMs === undefined || system.files.read(this.file) === this.text) return
    const { reloadMs } = server
    const waitMs = reloadMs - ((system.sim.now - this.startMs) % reloadMs)
    this.timer = system.sim.schedule(waitMs, () => {
      this.timer = null
      system.sim.spawn(this.reload())
    })
  }

  private *reload(): Task {
    const { system } = this
    const text = system.files.read(this.file)
    if (text === undefined || text === this.text) return
    print(system, '[INFO] Reloading')
    const made = this.make(text)
    if (made instanceof CorefileError) {
      print(system, `[ERROR] Restart failed: ${made.message}`)
      print(system, `[ERROR] plugin/reload: Corefile changed but reload failed: ${made.message}`)
      this.text = text
      return
    }
    if (made.has('kubernetes')) this.watchCluster()
    yield* this.lameduck()
    this.run(made, text)
    print(system, '[INFO] Reloading complete')
  }

  private watchCluster(): void {
    try {
      this.names.start()
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      print(this.system, `[ERROR] plugin/kubernetes: Failed to watch: failed to list *v1.Service: ${error.message}`)
      print(this.system, '[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API')
    }
  }

  private world(): DnsWorld {
    const { system, names } = this
    return {
      now: () => system.sim.now,
      random: () => system.sim.random('coredns').next(),
      names,
      ask: (server, question) => system.sockets.query(question, server, FORWARD_TIMEOUT_MS),
      readFile: (path) => system.files.read(path),
      log: (line) => print(system, line),
      address: system.ip,
    }
  }

  private dice(below: number): number {
    return this.system.sim.random('coredns').int(below)
  }
}
