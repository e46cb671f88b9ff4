import type { JsonObject, KubeObject } from '../../../apimachinery/resource.ts'
import { age } from '../format.ts'

/** A line of the summary: a field's name as kubectl describe words it, and its value. */
export interface Fact {
  readonly name: string
  readonly value: string
  /** Names, addresses, images: monospaced. */
  readonly mono?: boolean
}
export interface ConditionRow {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}
export interface ContainerRow {
  readonly name: string
  readonly image: string
  /** 'Running', 'Waiting: CrashLoopBackOff', 'Terminated: Completed', or '' when unknown. */
  readonly state: string
  readonly ready: boolean
  readonly restarts: number
  readonly init: boolean
}
export interface Summary {
  readonly facts: readonly Fact[]
  readonly containers: readonly ContainerRow[]
  readonly conditions: readonly ConditionRow[]
  readonly taints: readonly string[]
  /** ConfigMap and Secret keys with the bytes they hold; never the values. */
  readonly data: readonly { readonly key: string; readonly bytes: number }[]
  readonly labels: readonly (readonly [string, string])[]
  readonly annotations: readonly (readonly [string, string])[]
}

/** What is worth knowing about an object at a glance. Shows only what is there, so a kind it has never seen works too. */
export function summarize(object: KubeObject, nowMs: number): Summary {
  const read = reader(object)
  return {
    facts: [...(FACTS[object.kind ?? '']?.(read) ?? []), ...commonFacts(object, nowMs)],
    containers: containersOf(read),
    conditions: read.list('status.conditions').map((entry) => ({
      type: text(entry['type']),
      status: text(entry['status']),
      reason: text(entry['reason']),
      message: text(entry['message']),
    })),
    taints: read
      .list('spec.taints')
      .map((taint) => `${text(taint['key'])}${taint['value'] ? `=${text(taint['value'])}` : ''}:${text(taint['effect'])}`),
    data: dataOf(object.kind ?? '', read),
    labels: Object.entries(object.metadata.labels ?? {}),
    annotations: Object.entries(object.metadata.annotations ?? {}),
  }
}

interface Reader {
  /** The value at a dotted path. */
  readonly at: (path: string) => unknown
  readonly text: (path: string) => string
  readonly list: (path: string) => readonly JsonObject[]
}

function reader(object: KubeObject): Reader {
  const at = (path: string): unknown =>
    path
      .split('.')
      .reduce<unknown>(
        (value, key) => (typeof value === 'object' && value !== null ? (value as JsonObject)[key] : undefined),
        object,
      )
  return {
    at,
    text: (path) => text(at(path)),
    list: (path) => {
      const value = at(path)
      return Array.isArray(value) ? value : []
    },
  }
}

function text(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Drops facts without a value. */
function facts(...entries: readonly (readonly [name: string, value: string, mono?: 'mono'])[]): readonly Fact[] {
  return entries
    .filter(([, value]) => value !== '')
    .map(([name, value, mono]) => ({ name, value, ...(mono ? { mono: true } : {}) }))
}

const FACTS: { readonly [kind: string]: (read: Reader) => readonly Fact[] } = {
  Pod: (read) =>
    facts(
      ['Node', read.text('spec.nodeName') || '<none>', 'mono'],
      ['IP', read.text('status.podIP') || '<none>', 'mono'],
      ['Phase', read.text('status.phase')],
      ['QoS Class', read.text('status.qosClass')],
      ['Priority', read.text('spec.priorityClassName') || read.text('spec.priority')],
      ['Service Account', read.text('spec.serviceAccountName'), 'mono'],
      ['Restart Policy', read.text('spec.restartPolicy')],
      ['Nominated Node', read.text('status.nominatedNodeName'), 'mono'],
    ),
  Node: (read) =>
    facts(
      [
        'Addresses',
        read
          .list('status.addresses')
          .map((entry) => text(entry['address']))
          .join(', '),
        'mono',
      ],
      ['Unschedulable', read.text('spec.unschedulable')],
      ['PodCIDR', read.text('spec.podCIDR'), 'mono'],
      [
        'CPU',
        `${read.text('status.allocatable.cpu')} of ${read.text('status.capacity.cpu')} allocatable`.replace(/^ of .*$/, ''),
      ],
      [
        'Memory',
        `${read.text('status.allocatable.memory')} of ${read.text('status.capacity.memory')} allocatable`.replace(/^ of .*$/, ''),
      ],
      ['Pods', read.text('status.allocatable.pods')],
      ['Kubelet Version', read.text('status.nodeInfo.kubeletVersion')],
      ['Container Runtime', read.text('status.nodeInfo.containerRuntimeVersion'), 'mono'],
    ),
  Deployment: (read) =>
    facts(
      ['Replicas', replicas(read)],
      ['Selector', pairs(read.at('spec.selector.matchLabels')), 'mono'],
      ['StrategyType', read.text('spec.strategy.type')],
      ['RollingUpdateStrategy', rollingUpdate(read)],
      ['MinReadySeconds', read.text('spec.minReadySeconds')],
      ['Paused', read.text('spec.paused')],
      ['Revision', text((read.at('metadata.annotations') as JsonObject | undefined)?.['deployment.kubernetes.io/revision'])],
    ),
  ReplicaSet: (read) =>
    facts(
      ['Replicas', `${read.text('status.replicas') || 0} current / ${read.text('spec.replicas')} desired`],
      ['Selector', pairs(read.at('spec.selector.matchLabels')), 'mono'],
    ),
  StatefulSet: (read) =>
    facts(
      ['Replicas', replicas(read)],
      ['Selector', pairs(read.at('spec.selector.matchLabels')), 'mono'],
      ['Update Strategy', read.text('spec.updateStrategy.type')],
      ['Service', read.text('spec.serviceName'), 'mono'],
    ),
  DaemonSet: (read) =>
    facts(
      ['Desired', read.text('status.desiredNumberScheduled')],
      ['Current', read.text('status.currentNumberScheduled')],
      ['Ready', read.text('status.numberReady')],
      ['Up-to-date', read.text('status.updatedNumberScheduled')],
      ['Selector', pairs(read.at('spec.selector.matchLabels')), 'mono'],
    ),
  Service: (read) =>
    facts(
      ['Type', read.text('spec.type')],
      ['IP', read.text('spec.clusterIP'), 'mono'],
      ['Port', read.list('spec.ports').map(servicePort).join(', '), 'mono'],
      ['Selector', pairs(read.at('spec.selector')), 'mono'],
      ['Session Affinity', read.text('spec.sessionAffinity')],
    ),
  Job: (read) =>
    facts(
      ['Completions', `${read.text('status.succeeded') || 0} of ${read.text('spec.completions') || 1}`],
      ['Parallelism', read.text('spec.parallelism')],
      ['Active', read.text('status.active')],
      ['Failed', read.text('status.failed')],
    ),
  CronJob: (read) =>
    facts(
      ['Schedule', read.text('spec.schedule'), 'mono'],
      ['Suspend', read.text('spec.suspend')],
      ['Last Schedule Time', read.text('status.lastScheduleTime')],
    ),
  Namespace: (read) => facts(['Status', read.text('status.phase')]),
  PersistentVolumeClaim: (read) =>
    facts(
      ['Status', read.text('status.phase')],
      ['Volume', read.text('spec.volumeName'), 'mono'],
      ['Capacity', read.text('status.capacity.storage')],
      ['StorageClass', read.text('spec.storageClassName'), 'mono'],
    ),
}

function replicas(read: Reader): string {
  const desired = read.text('spec.replicas')
  if (desired === '') return ''
  const count = (name: string): string => read.text(`status.${name}`) || '0'
  return `${desired} desired | ${count('updatedReplicas')} updated | ${count('replicas')} total | ${count('availableReplicas')} available`
}

function rollingUpdate(read: Reader): string {
  const unavailable = read.text('spec.strategy.rollingUpdate.maxUnavailable')
  const surge = read.text('spec.strategy.rollingUpdate.maxSurge')
  return unavailable === '' && surge === '' ? '' : `${unavailable} max unavailable, ${surge} max surge`
}

function servicePort(port: JsonObject): string {
  const target = text(port['targetPort'])
  const nodePort = text(port['nodePort'])
  return `${text(port['port'])}${nodePort === '' ? '' : `:${nodePort}`}/${text(port['protocol']) || 'TCP'}${target === '' ? '' : ` → ${target}`}`
}

function pairs(value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  return Object.entries(value)
    .map(([key, entry]) => `${key}=${text(entry)}`)
    .join(',')
}

function commonFacts({ metadata }: KubeObject, nowMs: number): readonly Fact[] {
  const controller = metadata.ownerReferences?.find((ref) => ref.controller === true)
  const created = metadata.creationTimestamp === undefined ? '' : String(metadata.creationTimestamp)
  const deleted = metadata.deletionTimestamp === undefined ? '' : String(metadata.deletionTimestamp)
  return facts(
    ['Controlled By', controller === undefined ? '' : `${controller.kind}/${controller.name}`, 'mono'],
    ['Created', created === '' ? '' : `${created} (${age(nowMs - Date.parse(created))})`],
    ['Terminating', deleted],
    ['Finalizers', metadata.finalizers?.join(', ') ?? '', 'mono'],
  )
}

function containersOf(read: Reader): readonly ContainerRow[] {
  const rows: ContainerRow[] = []
  for (const [spec, status, init] of [
    ['spec.initContainers', 'status.initContainerStatuses', true],
    ['spec.containers', 'status.containerStatuses', false],
  ] as const) {
    const statuses = new Map(read.list(status).map((entry) => [entry['name'], entry]))
    for (const container of read.list(spec)) {
      const now = statuses.get(container['name'])
      rows.push({
        name: text(container['name']),
        image: text(container['image']),
        state: containerState(now?.['state']),
        ready: now?.['ready'] === true,
        restarts: Number(now?.['restartCount'] ?? 0),
        init,
      })
    }
  }
  if (rows.length > 0) return rows
  return read.list('spec.template.spec.containers').map((container) => ({
    name: text(container['name']),
    image: text(container['image']),
    state: '',
    ready: false,
    restarts: 0,
    init: false,
  }))
}

function containerState(state: unknown): string {
  if (typeof state !== 'object' || state === null) return ''
  const [entry] = Object.entries(state as { readonly [name: string]: JsonObject | undefined }).filter(
    ([, detail]) => detail !== undefined && detail !== null,
  )
  if (entry === undefined) return ''
  const [name, detail] = entry
  const reason = text(detail?.['reason'])
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}${reason === '' ? '' : `: ${reason}`}`
}

function dataOf(kind: string, read: Reader): Summary['data'] {
  if (kind !== 'ConfigMap' && kind !== 'Secret') return []
  const encoder = new TextEncoder()
  const sizeOf = (value: unknown, base64: boolean): number => {
    const raw = text(value)
    return base64 ? Math.floor((raw.replace(/=+$/, '').length * 3) / 4) : encoder.encode(raw).length
  }
  const of = (field: string, base64: boolean): Summary['data'] =>
    Object.entries((read.at(field) as JsonObject | undefined) ?? {}).map(([key, value]) => ({
      key,
      bytes: sizeOf(value, base64),
    }))
  return kind === 'Secret' ? of('data', true) : [...of('data', false), ...of('binaryData', true)]
}
