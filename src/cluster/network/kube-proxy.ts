import { installNetfilter } from '../../network/netfilter/install.ts'
import { KubeProxy } from '../../network/proxy/kube-proxy.ts'
import { parseProxyConfig, ProxyConfigError, type ProxyConfig } from '../../network/proxy/config.ts'
import { klogLine } from '../../network/proxy/klog.ts'
import { cleanUpAll } from '../../network/proxy/leftovers.ts'
import { UnusableModeError } from '../../network/proxy/make-proxier.ts'
import { untilTerminated, type PortService, type Program, type System } from '../../runtime/program.ts'
import { sleep, type Task } from '../../sim/task.ts'
import { KUBERNETES_VERSION } from '../addons/control-plane.ts'
import { serviceAccountUser } from '../identities.ts'
import type { NodeHost } from '../node-host.ts'

const START_MS = 500
const STOP_MS = 20
const MEMORY_BYTES = 18 * 1024 * 1024

/** What of the cluster's network the program needs. */
interface Place {
  readonly proxies: Map<string, KubeProxy>
}

/** kube-proxy as a program in a container: what it does is what its mounted configuration says. */
export function kubeProxy(machineAt: (address: string) => NodeHost | undefined, place: () => Place): Program {
  return function* (system): Task<number> {
    const ended = untilTerminated(system)
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
    const proxy = makeProxy(system, host, config)
    const { proxies } = place()
    try {
      try {
        proxy.start()
      } catch (error) {
        if (error instanceof UnusableModeError) return refuse(system, error.message)
        throw error
      }
      proxies.set(host.name, proxy)
      system.setCpu(2)
      yield* ended
      yield* sleep(STOP_MS)
      return 0
    } finally {
      proxy.stop()
      if (proxies.get(host.name) === proxy) proxies.delete(host.name)
    }
  }
}

function makeProxy(system: System, host: NodeHost, config: ProxyConfig): KubeProxy {
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
