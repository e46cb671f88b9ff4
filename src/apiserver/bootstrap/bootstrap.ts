import data from './data.json' with { type: 'json' }
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { Timer } from '../../sim/simulation.ts'
import { formatMicroTime, formatTime } from '../../sim/time.ts'
import type { ApiRequest, UserInfo } from '../api.ts'
import type { Registry } from '../rest/context.ts'

/** The API server's own identity for what it writes itself. */
export const LOOPBACK: UserInfo = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }

const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system']
const DEFAULT_ADDRESSES: readonly string[] = ['10.0.0.1']
const SERVICE_TICK_MS = 10_000
const RBAC = 'rbac.authorization.k8s.io'
const FLOW = 'flowcontrol.apiserver.k8s.io'

export interface BootstrapOptions {
  /** Where the API servers listen. Default 10.0.0.1, port 6443. */
  readonly addresses?: readonly string[]
  readonly port?: number
  readonly serviceCidr?: string
  readonly hostname?: string
}

/** Writes an object as the server starts: not through admission, with status. Present objects stay. */
function put(registry: Registry, group: string, version: string, resource: string, object: KubeObject): void {
  const info = registry.resources.find(group, version, resource)
  if (!info) return
  const { namespace, name = '' } = object.metadata
  const key = namespace ? `${namespace}/${name}` : name
  if (registry.etcd.get(info.bucket, key)) return
  const { sim } = registry
  const stamped = {
    ...object,
    apiVersion: info.apiVersion,
    kind: info.kind,
    metadata: { ...object.metadata, uid: registry.newUid(), creationTimestamp: formatTime(sim.now) },
  }
  const plain = info.strategy.defaults?.(stamped) ?? stamped
  registry.etcd.put(
    info.bucket,
    key,
    0,
    (revision) => {
      const stored = { ...plain, metadata: { ...plain.metadata, resourceVersion: String(revision) } }
      registry.managed.record(stored, undefined, {
        manager: 'kube-apiserver',
        apiVersion: info.apiVersion,
        model: info.model,
        timeMs: sim.now,
        subresource: '',
        info,
        after: { apiVersion: plain.apiVersion, kind: plain.kind, metadata: plain.metadata, ...owned(plain) },
      })
      return stored
    },
    { timeMs: sim.now, actor: LOOPBACK.name, cause: sim.cause },
  )
}

/** Namespaces get their finalizer from the registry, and status is nobody's here. */
function owned(object: KubeObject): object {
  const { apiVersion: _, kind, metadata: __, status: ___, ...rest } = object as KubeObject & { status?: unknown }
  return kind === 'Namespace' ? {} : rest
}

/**
 * What a fresh API server writes: system namespaces, RBAC bootstrap policy, priority classes, flow control, its own
 * Service. k8s 1.36: bootstrap controller, rbac bootstrappolicy, flowcontrol bootstrap, kubernetesservice controller.
 */
export function bootstrapObjects(registry: Registry & { startRevision: number }, options: BootstrapOptions = {}): void {
  const now = formatTime(registry.sim.now)
  for (const name of NAMESPACES)
    put(registry, '', 'v1', 'namespaces', {
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    } as KubeObject)
  bootstrapRbac(registry)
  for (const object of data.priorityclasses) put(registry, 'scheduling.k8s.io', 'v1', 'priorityclasses', object)
  for (const object of data.prioritylevelconfigurations) put(registry, FLOW, 'v1', 'prioritylevelconfigurations', object)
  for (const object of data.flowschemas) put(registry, FLOW, 'v1', 'flowschemas', withTransition(object, now))
  bootstrapApiServices(registry, now)
  bootstrapServiceNetwork(registry, options, now)
  keepServiceNetwork(registry, options)
  bootstrapLease(registry, options)
  registry.startRevision = registry.etcd.revision
}

function withTransition(object: KubeObject & { status?: { conditions?: readonly object[] } }, now: string): KubeObject {
  const conditions = object.status?.conditions?.map((condition) => ({ ...condition, lastTransitionTime: now }))
  return conditions ? ({ ...object, status: { conditions } } as KubeObject) : object
}

function bootstrapRbac(registry: Registry): void {
  const mark = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: {
      ...object.metadata,
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...object.metadata.labels },
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true', ...object.metadata.annotations },
    },
  })
  const of = (objects: readonly unknown[]) => objects as readonly KubeObject[]
  for (const object of of(data.clusterroles)) put(registry, RBAC, 'v1', 'clusterroles', mark(object))
  for (const object of of(data.clusterrolebindings)) put(registry, RBAC, 'v1', 'clusterrolebindings', mark(object))
  for (const object of of(data.roles)) put(registry, RBAC, 'v1', 'roles', mark(object))
  for (const object of of(data.rolebindings)) put(registry, RBAC, 'v1', 'rolebindings', mark(object))
}

function bootstrapApiServices(registry: Registry, now: string): void {
  for (const { group, ...spec } of data.apiservices) {
    const available = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: now,
      reason: 'Local',
      message: 'Local APIServices are always available',
    }
    put(registry, 'apiregistration.k8s.io', 'v1', 'apiservices', {
      metadata: { name: `${spec.version}.${group}`, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
      spec: group === '' ? spec : { group, ...spec },
      status: { conditions: [available] },
    } as KubeObject)
  }
}

/** The ServiceCIDR, and the Service that leads to the API server itself with its first address. */
function bootstrapServiceNetwork(registry: Registry, options: BootstrapOptions, now: string): void {
  const { addresses = DEFAULT_ADDRESSES, port = 6443, serviceCidr = '10.96.0.0/12' } = options
  const ready = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: now,
    reason: '',
    message: 'Kubernetes Service CIDR is ready',
  }
  put(registry, 'networking.k8s.io', 'v1', 'servicecidrs', {
    metadata: { name: 'kubernetes', finalizers: ['networking.k8s.io/service-cidr-finalizer'] },
    spec: { cidrs: [serviceCidr] },
    status: { conditions: [ready] },
  } as KubeObject)
  const clusterIP = `${(serviceCidr.split('/')[0] ?? '').replace(/\d+$/, '')}1`
  const ports = [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }]
  create(registry, 'services', {
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { clusterIP, ports, sessionAffinity: 'None', type: 'ClusterIP' },
  } as KubeObject)
  const endpointPorts = [{ name: 'https', port, protocol: 'TCP' }]
  put(registry, '', 'v1', 'endpoints', {
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: endpointPorts }],
  } as KubeObject)
  put(registry, 'discovery.k8s.io', 'v1', 'endpointslices', {
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' }, generation: 1 },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: endpointPorts,
  } as KubeObject)
}

/** Writes the server's own Service again when somebody has deleted it. k8s 1.36: kubernetesservice controller, every 10 s. */
function keepServiceNetwork(registry: Registry, options: BootstrapOptions): void {
  const { sim, etcd } = registry
  const startedMs = sim.now
  let timer: Timer | null = null
  const renew = () => {
    timer = null
    bootstrapServiceNetwork(registry, options, formatTime(sim.now))
  }
  for (const bucket of ['services', 'endpoints', 'endpointslices.discovery.k8s.io'])
    etcd.watch(bucket, ({ type, key }) => {
      if (type === 'delete' && key === 'default/kubernetes')
        timer ??= sim.schedule(SERVICE_TICK_MS - ((sim.now - startedMs) % SERVICE_TICK_MS), renew)
    })
}

function create(registry: Registry, resource: string, object: KubeObject): void {
  const { namespace = '', name = '' } = object.metadata
  if (registry.etcd.get(resource, `${namespace}/${name}`)) return
  const request: ApiRequest = {
    verb: 'create',
    user: LOOPBACK,
    userAgent: 'kube-apiserver',
    group: '',
    version: 'v1',
    resource,
    namespace,
    body: object,
  }
  registry.handle(request)
}

/** The server's own lease, which says that it lives. */
function bootstrapLease(
  registry: Registry,
  { hostname = 'control-plane', addresses = DEFAULT_ADDRESSES, port = 6443 }: BootstrapOptions,
): void {
  const identity = 'apiserver-kubarium'
  put(registry, 'coordination.k8s.io', 'v1', 'leases', {
    metadata: {
      name: identity,
      namespace: 'kube-system',
      labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver', 'kubernetes.io/hostname': hostname },
      annotations: { 'kubernetes.io/peer-advertise-address': `${addresses[0]}:${port}` },
    },
    spec: {
      holderIdentity: `${identity}_${registry.newUid()}`,
      leaseDurationSeconds: 3600,
      renewTime: formatMicroTime(registry.sim.now),
    },
  } as KubeObject)
}
