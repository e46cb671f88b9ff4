import { StatusError } from '../../apimachinery/errors.ts'
import { installNetfilter } from '../../network/netfilter/install.ts'
import { KubeProxy } from '../../network/proxy/kube-proxy.ts'
import { parseProxyConfig, ProxyConfigError, type ProxyConfig } from '../../network/proxy/config.ts'
import { klogLine } from '../../network/proxy/klog.ts'
import { cleanUpAll } from '../../network/proxy/leftovers.ts'
import { UnusableModeError } from '../../network/proxy/make-proxier.ts'
import type { PortService, Program, System } from '../../runtime/program.ts'
import { sleep, waitFor, type Task } from '../../sim/task.ts'
import type { Timer } from '../../sim/simulation.ts'
import { KUBERNETES_VERSION } from '../addons/control-plane.ts'
import { serviceAccountUser } from '../identities.ts'
import type { NodeHost } from '../node-host.ts'

const START_MS = 500
const STOP_MS = 20
/** Between attempts to list. k8s 1.36: reflector backoff. */
const FIRST_BACKOFF_MS = 800
const LAST_BACKOFF_MS = 30_000
const MEMORY_BYTES = 18 * 1024 * 1024

/** What of the cluster's network the program needs. */
interface Place {
  readonly proxies: Map<string, KubeProxy>
}

/** kube-proxy as a program in a container: what it does is what its mounted configuration says. */
export function kubeProxy(machineAt: (address: string) => NodeHost | undefined, place: () => Place): Program {
  return function* (system): Task<number> {
    let exit: () => void = () => undefined
    const ended = waitFor<number>((resume) => {
      exit = () => resume(1)
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) system.onSignal(signal, () => resume(0))
    })
    system.setMemory(MEMORY_BYTES)
    system.setCpu(20)
    yield* sleep(START_MS)
    const host = machineAt(system.ip)
    if (host && system.argv.includes('--cleanup')) {
      cleanUpAll(host.netns, installNetfilter(host.netns, { now: () => system.sim.now }))
      return 0
    }
    const config = readConfig(system)
    if (config instanceof ProxyConfigError || !host) return refuse(system, config instanceof Error ? config.message : 'no node')
    const process = new ProxyProcess(system, host, config, { proxies: place().proxies, exit: () => exit() })
    try {
      const refusal = process.start()
      if (refusal !== undefined) return refuse(system, refusal)
      system.setCpu(2)
      const code = yield* ended
      yield* sleep(STOP_MS)
      return code
    } finally {
      process.stop()
    }
  }
}

interface Surroundings {
  readonly proxies: Map<string, KubeProxy>
  /** Ends the program. */
  readonly exit: () => void
}

/** A kube-proxy that tries again while the API server refuses to tell it anything. */
class ProxyProcess {
  private readonly system: System
  private readonly host: NodeHost
  private readonly config: ProxyConfig
  private readonly proxies: Map<string, KubeProxy>
  private readonly exit: () => void
  private proxy: KubeProxy
  private retry: Timer | null = null

  constructor(system: System, host: NodeHost, config: ProxyConfig, { proxies, exit }: Surroundings) {
    this.system = system
    this.host = host
    this.config = config
    this.proxies = proxies
    this.exit = exit
    this.proxy = makeProxy(system, host, config, exit)
  }

  /** Gives its last words when it can't run at all. */
  start(backoffMs = FIRST_BACKOFF_MS): string | undefined {
    try {
      this.proxy.start()
      this.proxies.set(this.host.name, this.proxy)
      return undefined
    } catch (error) {
      if (error instanceof UnusableModeError) return error.message
      if (!(error instanceof StatusError)) throw error
      this.tryAgain(error, backoffMs)
      return undefined
    }
  }

  stop(): void {
    this.retry?.cancel()
    this.proxy.stop()
    if (this.proxies.get(this.host.name) === this.proxy) this.proxies.delete(this.host.name)
  }

  private tryAgain(error: StatusError, backoffMs: number): void {
    const { sim } = this.system
    const values = { err: `failed to list: ${error.message}`, reflector: 'k8s.io/client-go/informers/factory.go:161' }
    this.system.writeError(`${klogLine('E', sim.now, 'reflector.go:227', 'Failed to watch', values)}\n`)
    this.proxy.stop()
    this.retry = sim.schedule(backoffMs, () => {
      this.proxy = makeProxy(this.system, this.host, this.config, this.exit)
      this.start(Math.min(2 * backoffMs, LAST_BACKOFF_MS))
    })
  }
}

function makeProxy(system: System, host: NodeHost, config: ProxyConfig, onExit: () => void): KubeProxy {
  let open: readonly number[] = []
  const service = (port: number): PortService => ({ protocol: 'http', http: ({ path }) => proxy.answer(port, path) })
  const listen = (ports: readonly number[]) => {
    for (const port of open) if (!ports.includes(port)) system.unlisten(port)
    for (const port of ports)
      if (!open.includes(port) && !system.listen(port, { ...service(port) }))
        system.writeError(`${klogLine('E', system.sim.now, 'server.go:455', 'Healthz server failed')}\n`)
    open = ports
  }
  const own = [config.healthzPort, config.metricsPort].filter((port) => port !== 0)
  const proxy = new KubeProxy({
    sim: system.sim,
    client: host.client(serviceAccountUser('kube-system', 'kube-proxy'), 'kube-proxy', { qps: 5, burst: 10 }),
    nodeName: host.name,
    netns: host.netns,
    config,
    cpus: Math.max(1, Math.floor(host.spec.cpuMilli / 1000)),
    version: KUBERNETES_VERSION,
    onExit,
    log: (line) => system.writeError(`${line}\n`),
    onHealthPorts: (ports) => {
      listen([...own, ...ports.keys()])
      system.changed()
    },
  })
  listen(own)
  return proxy
}

function readConfig(system: System): ProxyConfig | ProxyConfigError {
  const file = system.argv.flatMap((word) => /^--config=(.*)$/.exec(word)?.[1] ?? []).at(-1)
  try {
    const text = file === undefined ? 'kind: KubeProxyConfiguration' : system.files.read(file)
    if (text === undefined) return new ProxyConfigError(`failed complete: open ${file}: no such file or directory`)
    return parseProxyConfig(text)
  } catch (error) {
    if (error instanceof ProxyConfigError) return error
    throw error
  }
}

function refuse(system: System, message: string): number {
  system.writeError(`${klogLine('E', system.sim.now, 'run.go:72', 'command failed', { err: message })}\n`)
  return 1
}
