import { StatusError } from '../../apimachinery/errors.ts'
import { ingresses } from '../../apimachinery/generated/resources.ts'
import type { Ingress, Service } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { Client } from '../../client/client.ts'
import { EventRecorder } from '../../client/recorder.ts'
import { printConf, testConf } from '../../network/ingress/conf.ts'
import { buildModel, type NginxModel } from '../../network/ingress/model.ts'
import { NginxWorker } from '../../network/ingress/nginx.ts'
import { print, untilTerminated, type PortService, type Program, type System } from '../../runtime/program.ts'
import type { Timer } from '../../sim/simulation.ts'
import { sleep, type Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import { IngressStores } from './stores.ts'

const START_MS = 1500
const MEMORY_BYTES = 90 * 1024 * 1024
/** --sync-rate-limit 0.3: a reload takes at least this long to come after the last one; the first waits a little. */
const SYNC_MS = 3300
const FIRST_SYNC_MS = 1000
const RELOAD_MS = 120
const STATUS_MS = 10_000
const CONF = '/etc/nginx/nginx.conf'

/**
 * ingress-nginx as a program in a container. `clientFor` gives a client for a service account. SIMPLIFIED: every replica
 * writes the addresses, not an elected one; certificates are not read beyond being there; UDP stream ports are in the file
 * and don't listen.
 */
export function ingressNginx(clientFor: (namespace: string, account: string) => Client): Program {
  return function* (system): Task<number> {
    const namespace = system.env['POD_NAMESPACE'] ?? 'ingress-nginx'
    const controller = new IngressNginx(system, clientFor(namespace, 'ingress-nginx'), namespace)
    const ended = untilTerminated(system)
    system.setMemory(MEMORY_BYTES)
    system.setCpu(100)
    yield* sleep(START_MS)
    const refusal = controller.start()
    if (refusal !== undefined) {
      system.writeError(`${refusal}\n`)
      return 255
    }
    system.setCpu(3)
    try {
      yield* ended
      controller.say('I', 'sigterm.go:36] "Received SIGTERM, shutting down"')
      yield* sleep(1000)
      return 0
    } finally {
      controller.end()
    }
  }
}

class IngressNginx {
  private readonly system: System
  private readonly client: Client
  private readonly namespace: string
  private readonly stores: IngressStores
  private readonly recorder: EventRecorder
  private readonly worker: NginxWorker
  private readonly options: ReadonlyMap<string, string>
  private conf = ''
  private lastSyncMs = -Infinity
  private syncTimer: Timer | null = null
  private statusTimer: Timer | null = null
  private ports: readonly number[] = []
  private readonly announced = new Map<string, string>()
  private warned = new Set<string>()

  constructor(system: System, client: Client, namespace: string) {
    this.system = system
    this.client = client
    this.namespace = namespace
    this.options = optionsOf(system.argv)
    this.recorder = new EventRecorder(client, 'nginx-ingress-controller')
    this.stores = new IngressStores(client, (object) => this.changed(object))
    this.worker = new NginxWorker(
      { servers: [], upstreams: new Map(), streams: [], warnings: [] },
      {
        connect: (target, { timeoutMs }) => system.sockets.connect(target, { timeoutMs }),
        *lookup(name) {
          const found = yield* system.sockets.lookup(name)
          return 'failure' in found ? undefined : found.addresses[0]
        },
        dice: () => system.sim.random('ingress-nginx').next(),
        access: (line) => print(system, line.replace(' - - ', ` - - [${formatTime(system.sim.now)}] `)),
        error: (line) =>
          system.writeError(
            `${formatTime(system.sim.now).replace('T', ' ').replace(/-/g, '/').replace('Z', '')} [error] 31#31: ${line}\n`,
          ),
      },
    )
  }

  /** Gives its last words when it can't start. */
  start(): string | undefined {
    try {
      this.stores.start()
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      return `F0101 store.go:1] failed to list resources: ${error.message}`
    }
    this.say('I', 'nginx.go:317] "Starting NGINX process"')
    const http = (scheme: 'http' | 'https'): PortService => ({
      protocol: scheme,
      serve: (request, peer) => this.worker.serve(scheme, request, peer),
    })
    this.system.listen(80, http('http'))
    this.system.listen(443, http('https'))
    this.system.listen(10254, { protocol: 'http', http: () => ({ status: 200, body: 'ok' }) })
    this.system.listen(8443, { protocol: 'https', http: ({ body }) => this.review(body) })
    this.system.files.write(CONF, printConf(this.worker.model))
    this.schedule(FIRST_SYNC_MS)
    return undefined
  }

  end(): void {
    this.syncTimer?.cancel()
    this.statusTimer?.cancel()
    this.stores.stop()
  }

  say(level: 'I' | 'W' | 'E', text: string): void {
    this.system.writeError(`${level}${klogTime(this.system.sim.now)}       7 ${text}\n`)
  }

  private option(name: string, fallback = ''): string {
    return this.options.get(name) ?? fallback
  }

  private mine(): readonly Ingress[] {
    return this.stores.ingresses({
      controller: this.option('controller-class', 'k8s.io/ingress-nginx'),
      name: this.option('ingress-class', 'nginx'),
      withoutClass: this.option('watch-ingress-without-class') === 'true',
    })
  }

  private changed(object: KubeObject): void {
    if (object.kind === 'Ingress') this.noteScheduled(object as Ingress)
    this.schedule(SYNC_MS)
  }

  /** Every version of an Ingress that it takes is announced once. */
  private noteScheduled(ingress: Ingress): void {
    const { uid = '', generation } = ingress.metadata
    const version = `${generation ?? ''} ${JSON.stringify(ingress.metadata.annotations ?? {})}`
    if (this.announced.get(uid) === version || !this.mine().some(({ metadata }) => metadata.uid === uid)) return
    this.announced.set(uid, version)
    this.recorder.event(ingress, 'Normal', 'Sync', 'Scheduled for sync')
  }

  private schedule(pauseMs: number): void {
    if (this.syncTimer) return
    const { sim } = this.system
    const waitMs = Math.max(FIRST_SYNC_MS, this.lastSyncMs + pauseMs - sim.now)
    this.syncTimer = sim.schedule(waitMs, () => {
      this.syncTimer = null
      this.lastSyncMs = sim.now
      this.sync()
    })
  }

  private build(list: readonly Ingress[]): NginxModel {
    const streams = (['tcp', 'udp'] as const).flatMap((protocol) => {
      const name = this.option(`${protocol}-services-configmap`)
      return name === '' ? [] : [this.stores.streams(protocol, name)]
    })
    return buildModel(list, this.stores, streams, this.option('default-backend-service'))
  }

  /** New endpoints are taken over at once; anything else makes a new file, is tested, and reloads nginx. */
  private sync(): void {
    const list = this.mine()
    for (const ingress of list) this.noteScheduled(ingress)
    const model = this.build(list)
    this.warn(model.warnings)
    const conf = printConf(model)
    if (conf === this.conf) {
      this.worker.model = model
      return this.laterStatus()
    }
    const problem = testConf(model)
    if (problem !== undefined) {
      this.say(
        'E',
        `queue.go:130] "requeuing" err=<\n\n\t-------------------------------------------------------------------------------\n\tError: exit status 1\n\t${problem.replace('\n', '\n\t')}\n > key="initial-sync"`,
      )
      this.recorder.record(
        this.podReference(),
        'Warning',
        'RELOAD',
        `Error reloading NGINX: \n-------------------------------------------------------------------------------\nError: exit status 1\n${problem}\n`,
      )
      return
    }
    this.say('I', 'controller.go:193] "Configuration changes detected, backend reload required"')
    this.conf = conf
    this.system.files.write(CONF, conf)
    this.system.sim.schedule(RELOAD_MS, () => {
      this.worker.model = model
      this.listenStreams(model)
      this.say('I', 'controller.go:213] "Backend successfully reloaded"')
      this.recorder.record(this.podReference(), 'Normal', 'RELOAD', 'NGINX reload triggered due to a change in configuration')
      this.laterStatus()
    })
  }

  /** Each problem is told when it comes up. */
  private warn(warnings: readonly string[]): void {
    for (const warning of warnings) if (!this.warned.has(warning)) this.say('W', `controller.go:1108] ${warning}`)
    this.warned = new Set(warnings)
  }

  private listenStreams({ streams }: NginxModel): void {
    for (const port of this.ports) this.system.unlisten(port)
    this.ports = streams.filter(({ protocol }) => protocol === 'tcp').map(({ port }) => port)
    for (const { port, protocol, upstream } of streams)
      if (protocol === 'tcp')
        this.system.listen(port, { protocol: 'http', serve: (request) => this.worker.pass(upstream, request) })
  }

  private laterStatus(): void {
    this.statusTimer ??= this.system.sim.schedule(STATUS_MS, () => {
      this.statusTimer = null
      this.system.sim.spawn(this.writeStatus(), undefined, (error) => {
        if (!(error instanceof StatusError)) throw error
        this.say('W', `status.go:240] error updating ingress rule: ${error.message}`)
      })
    })
  }

  /** Tells each Ingress where it is reached. */
  private *writeStatus(): Task {
    const addresses = this.addresses()
    for (const ingress of this.mine()) {
      if (jsonEqual(ingress.status?.loadBalancer?.ingress ?? [], addresses)) continue
      const { namespace = '', name = '' } = ingress.metadata
      yield* this.client.patch(ingresses, namespace, name, { status: { loadBalancer: { ingress: addresses } } }, 'merge', {
        subresource: 'status',
      })
    }
  }

  private addresses(): readonly { readonly ip?: string; readonly hostname?: string }[] {
    const published = this.option('publish-service').split('/')
    const service = published.length === 2 ? this.stores.service(published[0] ?? '', published[1] ?? '') : undefined
    if (service) return addressesOf(service)
    const address = this.stores.nodeAddress(this.namespace, this.system.env['POD_NAME'] ?? this.system.hostname)
    return address === undefined ? [] : [{ ip: address }]
  }

  /** The validating webhook: would nginx take the file with this Ingress? */
  private review(body: string) {
    const { request } = JSON.parse(body || '{}') as { request?: { uid?: string; object?: Ingress } }
    const added = request?.object
    const others = this.mine().filter(
      ({ metadata }) => metadata.namespace !== added?.metadata.namespace || metadata.name !== added?.metadata.name,
    )
    const problem = added ? testConf(this.build([...others, added])) : undefined
    const response = {
      uid: request?.uid ?? '',
      allowed: problem === undefined,
      ...(problem === undefined
        ? {}
        : {
            status: {
              status: 'Failure',
              message: `-------------------------------------------------------------------------------\nError: exit status 1\n${problem}`,
              code: 400,
            },
          }),
    }
    return {
      status: 200,
      body: JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }),
      steady: false,
    }
  }

  private podReference() {
    return { kind: 'Pod', apiVersion: 'v1', namespace: this.namespace, name: this.system.env['POD_NAME'] ?? this.system.hostname }
  }
}

/** k8s ingress-nginx: status.go statusAddressFromService. */
function addressesOf({ spec, status }: Service): readonly { readonly ip?: string; readonly hostname?: string }[] {
  const external = (spec?.externalIPs ?? []).map((ip) => ({ ip }))
  switch (spec?.type) {
    case 'ExternalName':
      return [{ hostname: spec.externalName ?? '' }]
    case 'LoadBalancer':
      return [
        ...(status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => (ip ? { ip } : { hostname: hostname ?? '' })),
        ...external,
      ]
    case 'NodePort':
      return external.length > 0 ? external : [{ ip: spec.clusterIP ?? '' }]
    default:
      return [{ ip: spec?.clusterIP ?? '' }]
  }
}

/** --name=value, and --name alone as 'true'. */
function optionsOf(argv: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    argv.flatMap((word) => {
      const match = /^--([\w-]+)(?:=(.*))?$/.exec(word)
      return match ? [[match[1] ?? '', match[2] ?? 'true'] as const] : []
    }),
  )
}

function klogTime(ms: number): string {
  const [, month = '', day = '', time = ''] = /^\d+-(\d+)-(\d+)T([\d:]+)/.exec(formatTime(ms)) ?? []
  return `${month}${day} ${time}.000000`
}
