import { nodes } from '../apimachinery/generated/resources.ts'
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import { ADMISSION } from '../apiserver/admission/registry.ts'
import type { UserInfo } from '../apiserver/api.ts'
import { bootstrapObjects } from '../apiserver/bootstrap/bootstrap.ts'
import { handleHttp } from '../apiserver/http.ts'
import { STRATEGIES } from '../apiserver/kinds/registry.ts'
import { ApiServer } from '../apiserver/server.ts'
import { Client, type ClientOptions } from '../client/client.ts'
import { Informer } from '../client/informer.ts'
import { Etcd } from '../etcd/etcd.ts'
import type { DoorReply, DoorRequest } from '../kubectl/door.ts'
import type { ProgramTable, System } from '../runtime/program.ts'
import { Registry } from '../runtime/registry.ts'
import { Simulation } from '../sim/simulation.ts'
import { controlPlaneImages, controlPlanePods, NODE_IMAGES } from './addons/control-plane.ts'
import { LOCAL_PATH_ACCOUNT } from './addons/local-path.ts'
import { addonObjects } from './addons/registry.ts'
import { etcdMember } from './etcd-members.ts'
import { componentImages, type ComponentProcess } from './component-images.ts'
import { containerBackend, type HostFinder } from './container-backend.ts'
import { webhookCaller } from './webhook-caller.ts'
import { ControllerManager } from './controller-manager.ts'
import type { MetricValue } from './custom-metrics.ts'
import { isReady, Loads, type LoadSpread } from './load.ts'
import { LocalPathProvisioner } from './local-path-provisioner.ts'
import { driverProcess } from './csi/processes.ts'
import { coredns } from './dns/coredns.ts'
import { kubeProxy } from './network/kube-proxy.ts'
import { WatchedNames } from './dns/names.ts'
import { describeMachine, type MachineSpec } from './machine.ts'
import { controllerUser, serviceAccountUser } from './identities.ts'
import { MetricsServer } from './metrics-server.ts'
import { calicoPrograms } from './network/calico.ts'
import { networkComponent } from './network/components.ts'
import { ClusterNetwork } from './network/network.ts'
import { certgen } from './ingress/certgen.ts'
import { ingressNginx } from './ingress/controller.ts'
import { NodeHost, type NodeHostOptions } from './node-host.ts'
import { SchedulerProcess } from './scheduler-process.ts'
import { VolumeStores } from './volume-stores.ts'
import { whereIsData, type DataPlace } from './where-is-data.ts'

export interface ClusterSpec {
  /** Seed of all chance. Default 42. */
  readonly seed?: number
  /** Worker nodes beside the control-plane nodes. Default 2. */
  readonly workers?: number
  /** Control-plane nodes: 1 or 3. Default 1. */
  readonly controlPlanes?: 1 | 3
  /** Simulated wall-clock reading at the start. */
  readonly startTimeMs?: number
  /** Nodes without containers, and no add-ons: for scale and for comparison with recorded hollow nodes. */
  readonly hollow?: NodeHostOptions['hollow']
  /** No control-plane node of its own; the control plane runs beside the cluster, as in a managed one. Implied by `hollow`. */
  readonly external?: boolean
}

/** 2026-01-05T09:00:00Z, a Monday. */
const DEFAULT_START_MS = 1_767_603_600_000
const BOOT_LIMIT_MS = 15 * 60_000

/** A whole cluster: store, API server, control plane, machines with their kubelets. */
export class Cluster {
  readonly sim: Simulation
  readonly etcd: Etcd
  readonly api: ApiServer
  /** The metrics API; a cluster without add-ons has none. */
  readonly metrics: MetricsServer | undefined
  readonly controllers: ControllerManager
  readonly scheduler: SchedulerProcess
  /** Whether boot() has brought the cluster to its ready state. */
  ready = false
  /** A cluster as it was: for reading only, nothing runs in it. */
  readonly past: boolean = false
  private readonly spec: ClusterSpec
  private readonly hosts = new Map<string, NodeHost>()
  /** What persistent volumes hold. */
  readonly volumes: VolumeStores
  /** How packets get from one process to another. */
  readonly network: ClusterNetwork
  /** The image registries that the nodes pull from. */
  readonly registry: Registry
  private readonly loads: Loads
  private machineCount = 0

  constructor(spec: ClusterSpec = {}) {
    this.spec = spec
    this.sim = new Simulation({ seed: spec.seed ?? 42, startTimeMs: spec.startTimeMs ?? DEFAULT_START_MS })
    this.etcd = new Etcd()
    this.api = new ApiServer({
      sim: this.sim,
      etcd: this.etcd,
      strategies: STRATEGIES,
      admission: ADMISSION,
      authorization: true,
    })
    this.network = new ClusterNetwork(this, this.isExternal)
    this.registry = new Registry(componentImages((program, system) => this.component(program, system), this.programs()))
    const hosts: HostFinder = {
      sim: this.sim,
      byName: (name) => this.hosts.get(name),
      byPodAddress: (ip) => this.findPodAddress(ip),
      apiSockets: () => this.network.apiSockets(),
      podSockets: (podUid) => this.network.sockets(podUid),
      dial: (ip, port) => this.network.dialFromApi(ip, port),
    }
    this.api.backend = containerBackend(hosts)
    this.api.webhooks = webhookCaller(this.etcd, hosts)
    this.loads = new Loads(this.etcd)
    this.volumes = new VolumeStores(this.etcd)
    this.metrics = this.isExternal ? undefined : new MetricsServer(this, this.loads)
    this.controllers = new ControllerManager(this)
    this.scheduler = new SchedulerProcess(this)
  }

  /** A client for a user, with the rate limit given (default: none). */
  client(user: UserInfo, userAgent: string, limits: Pick<ClientOptions, 'qps' | 'burst'> = {}): Client {
    return new Client(this.api, this.sim, { user, userAgent, ...limits })
  }

  /** Carries out an HTTP request at once, as an authenticated user. */
  call(request: DoorRequest, user: UserInfo): DoorReply {
    return callHttp(this.api, request, user)
  }

  /** Starts everything and runs until the nodes are Ready and the system pods run (simulated minutes, real milliseconds). */
  boot(): void {
    const { controlPlanes } = this
    const addresses = Array.from({ length: controlPlanes }, (_, number) => describeMachine({ name: '', number }).address)
    bootstrapObjects(this.api, this.isExternal ? {} : { addresses })
    if (this.isExternal) {
      this.controllers.election.candidate('control-plane').start()
      this.scheduler.election.candidate('control-plane').start()
    } else
      for (let i = 1; i <= controlPlanes; i++)
        this.addMachine({ name: i === 1 ? 'control-plane' : `control-plane${i}`, controlPlane: true })
    const workers = this.spec.workers ?? 2
    for (let i = 1; i <= workers; i++)
      this.addMachine({ name: workers > 2 || this.isExternal ? `node-${i}` : i === 1 ? 'worker' : `worker${i}` })
    const pending = this.watchReadiness()
    const done = this.sim.runUntilTrue(() => pending.ready(), BOOT_LIMIT_MS)
    pending.stop()
    this.ready = done
  }

  /** Control-plane machines. */
  get controlPlanes(): number {
    return this.spec.controlPlanes ?? 1
  }

  /** Whether the control plane runs beside the cluster: no add-ons, and nothing of it in pods. */
  get isExternal(): boolean {
    return this.spec.external === true || this.spec.hollow !== undefined
  }

  machines(): IterableIterator<NodeHost> {
    return this.hosts.values()
  }

  machine(name: string): NodeHost | undefined {
    return this.hosts.get(name)
  }

  /** How far a starting pod has come, 0..1 (image pulls by bytes). */
  startProgress(pod: Pod): number {
    return this.hosts.get(pod.spec?.nodeName ?? '')?.startProgress(pod) ?? 1
  }

  powerOff(name: string): { ok: boolean; message: string } {
    const host = this.hosts.get(name)
    if (!host) return { ok: false, message: `there is no machine called ${name}` }
    if (!host.powered) return { ok: false, message: `${name} is already off` }
    host.powerOff()
    return { ok: true, message: `${name} has lost power` }
  }

  powerOn(name: string): { ok: boolean; message: string } {
    const host = this.hosts.get(name)
    if (!host) return { ok: false, message: `there is no machine called ${name}` }
    if (host.powered) return { ok: false, message: `${name} is already on` }
    host.powerOn()
    return { ok: true, message: `${name} is booting` }
  }

  /** Adds machines that join the cluster. Without a name they are called node-N. */
  addNodes(request: {
    readonly name?: string
    readonly cpu?: number
    readonly memoryGiB?: number
    readonly zone?: string
    readonly count?: number
  }): { ok: boolean; message: string } {
    const { name, count = 1, ...size } = request
    if (count < 1 || count > 5000 || this.hosts.size + count > 5000)
      return { ok: false, message: 'a cluster has at most 5,000 nodes' }
    if (name !== undefined && this.hosts.has(name)) return { ok: false, message: `there is a machine called ${name} already` }
    const names: string[] = []
    for (let i = 0; i < count; i++) {
      const chosen = i === 0 && name !== undefined ? name : this.freeName()
      this.addMachine({ name: chosen, ...size })
      names.push(chosen)
    }
    return { ok: true, message: names.length === 1 ? `${names[0]} joins the cluster` : `${names.length} nodes join the cluster` }
  }

  /** Takes the machine away for good. Its Node object stays until somebody deletes it. */
  removeMachine(name: string): { ok: boolean; message: string } {
    const host = this.hosts.get(name)
    if (!host) return { ok: false, message: `there is no machine called ${name}` }
    if (host.powered) host.powerOff()
    this.hosts.delete(name)
    this.network.leave(host)
    this.volumes.removeDisk(name)
    return { ok: true, message: `${name} is gone` }
  }

  /** Gives the pods of a workload something to do: CPU in thousandths, for each ready pod or for all of them together. */
  setLoad(namespace: string, workload: string, cpuMilli: number, spread: LoadSpread = 'each'): { ok: boolean; message: string } {
    if (!Number.isFinite(cpuMilli) || cpuMilli < 0) return { ok: false, message: 'a load is a number of millicores, 0 or more' }
    this.loads.set(namespace, workload, cpuMilli, spread)
    return { ok: true, message: `${namespace}/${workload} has ${cpuMilli}m to do${spread === 'each' ? ' in each pod' : ''}` }
  }

  /** What a workload was given to do by setLoad. */
  loadOf(namespace: string, workload: string): { readonly cpuMilli: number; readonly spread: LoadSpread } | undefined {
    return this.loads.of(namespace, workload)
  }

  /** Says what a custom or external metric is; null: it is not measured any more. */
  setMetric(value: Omit<MetricValue, 'valueMilli'>, valueMilli: number | null): { ok: boolean; message: string } {
    if (!this.metrics) return { ok: false, message: 'this cluster has no metrics' }
    if (value.metric === '') return { ok: false, message: 'a metric needs a name' }
    if (valueMilli !== null && !Number.isFinite(valueMilli)) return { ok: false, message: 'a metric is a number' }
    this.metrics.custom.set(value, valueMilli)
    return {
      ok: true,
      message: `${value.namespace}/${value.metric} ${valueMilli === null ? 'is gone' : `= ${valueMilli / 1000}`}`,
    }
  }

  /** A client for a pod's service account. */
  private accountClient(namespace: string, account: string): Client {
    return this.client(serviceAccountUser(namespace, account), account)
  }

  /** Programs whose whole work is simulated. */
  private programs(): ProgramTable {
    let names: WatchedNames | null = null
    return {
      ...calicoPrograms(
        (address) => this.hostAt(address),
        () => this.network.policyBooks,
      ),
      'kube-proxy': kubeProxy(
        (address) => this.hostAt(address),
        () => this.network,
      ),
      'nginx-ingress-controller': ingressNginx((namespace, account) => this.accountClient(namespace, account)),
      'kube-webhook-certgen': certgen((namespace, account) => this.accountClient(namespace, account)),
      coredns: coredns(() => (names ??= new WatchedNames(this.client(serviceAccountUser('kube-system', 'coredns'), 'CoreDNS')))),
    }
  }

  /** Where the data of a pod ('pod/name') or a claim ('claim/name') are, and what becomes of them. Reads only. */
  whereIsData(namespace: string, claimOrPod: string): readonly DataPlace[] {
    return whereIsData(this, namespace, claimOrPod)
  }

  private hostAt(address: string): NodeHost | undefined {
    return [...this.hosts.values()].find(({ spec }) => spec.address === address)
  }

  /** The component that a program in a container on some machine stands for. */
  private component(program: string, system: System): ComponentProcess | undefined {
    const host = this.hostAt(system.ip)
    if (program === 'etcd' && host) return etcdMember(this, [...this.hosts.values()].indexOf(host))
    if (program === 'kube-scheduler' && host) return this.scheduler.election.candidate(host.name)
    if (program === 'kube-controller-manager' && host) return this.controllers.election.candidate(host.name)
    return driverProcess(this, program, host) ?? networkComponent(program, host, system, this.network)
  }

  /** The pod that has an address, by the API's own record. */
  private findPodAddress(ip: string): { host: NodeHost; podUid: string } | undefined {
    for (const { value } of this.etcd.range('pods')) {
      const pod = value as Pod
      const host = pod.status?.podIP === ip ? this.hosts.get(pod.spec?.nodeName ?? '') : undefined
      if (host) return { host, podUid: pod.metadata.uid ?? '' }
    }
    return undefined
  }

  private freeName(): string {
    for (let i = this.hosts.size; ; i++) if (!this.hosts.has(`node-${i}`)) return `node-${i}`
  }

  private addMachine(request: {
    readonly name: string
    readonly cpu?: number
    readonly memoryGiB?: number
    readonly zone?: string
    readonly controlPlane?: boolean
  }): void {
    const machine: MachineSpec = describeMachine({
      ...request,
      number: this.machineCount++,
      staticPods: request.controlPlane ? controlPlanePods : undefined,
    })
    const host = new NodeHost(this, machine, {
      hollow: this.spec.hollow,
      registry: this.registry,
      preloaded: request.controlPlane ? controlPlaneImages() : NODE_IMAGES,
      ownNetwork: this.isExternal && !this.spec.hollow,
    })
    this.hosts.set(machine.name, host)
    this.network.join(host)
    host.powerOn()
  }

  /** Installs the add-ons once the API server serves; then says when every node and system pod is ready. */
  private watchReadiness(): { ready: () => boolean; stop: () => void } {
    const admin = this.client({ name: 'kubernetes-admin', groups: ['system:masters'] }, 'kubeadm')
    if (!this.isExternal) this.installAddons()
    const informer = new Informer<Node>(admin, nodes)
    informer.start()
    const expected = this.hosts.size
    const isNodeReady = (node: Node) =>
      node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true
    let revision = 0
    let answer = false
    return {
      ready: () => {
        if (this.etcd.revision === revision) return answer
        revision = this.etcd.revision
        answer = informer.size === expected && [...informer.list()].every(isNodeReady) && this.systemPodsReady()
        return answer
      },
      stop: () => informer.stop(),
    }
  }

  private systemPodsReady(): boolean {
    if (this.isExternal) return true
    const system = this.etcd.range('pods').map((entry) => entry.value as Pod)
    return (
      this.etcd.count('deployments.apps') > 0 &&
      system.length >= 4 * this.controlPlanes + 2 * this.hosts.size + 2 &&
      system.every(isReady)
    )
  }

  private installAddons(): void {
    for (const object of addonObjects(this.sim.now)) this.install(object)
    const client = this.client(controllerUser(LOCAL_PATH_ACCOUNT), 'local-path-provisioner')
    new LocalPathProvisioner(client, this.volumes).start()
  }

  private install(object: KubeObject): void {
    const info = this.api.resources.findKind(object.apiVersion ?? '', object.kind ?? '')
    if (!info) return
    this.api.handle({
      verb: 'create',
      user: { name: 'kubernetes-admin', groups: ['system:masters'] },
      userAgent: 'kubeadm',
      group: info.group,
      version: info.version,
      resource: info.resource,
      namespace: object.metadata.namespace ?? '',
      body: object,
      options: {},
    })
  }
}

function callHttp(api: ApiServer, request: DoorRequest, user: UserInfo): DoorReply {
  const [path = '', query = ''] = request.path.split('?')
  const answer = handleHttp(api, {
    method: request.method,
    path,
    query,
    headers: {
      accept: request.accept ?? 'application/json',
      'user-agent': 'kubectl',
      ...(request.body === undefined
        ? {}
        : {
            'content-type':
              request.contentType ?? (request.method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json'),
          }),
    },
    body: request.body === undefined ? '' : JSON.stringify(request.body),
    user,
  })
  if (answer.kind !== 'response') throw new Error(`${request.path} does not answer at once`)
  const warning = answer.headers['Warning'] ?? answer.headers['warning'] ?? []
  const warnings = (typeof warning === 'string' ? [warning] : warning).map(
    (text) => /^299 \S+ "(.*)"$/.exec(text)?.[1]?.replaceAll('\\"', '"') ?? text,
  )
  return { code: answer.code, body: readBody(answer.body), warnings }
}

/** Answers are JSON but for a few plain texts (health checks). */
function readBody(text: string): DoorReply['body'] {
  try {
    return JSON.parse(text) as DoorReply['body']
  } catch {
    return { text }
  }
}
