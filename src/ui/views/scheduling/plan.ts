import type { ApiCall, ApiReply, EngineApi } from '../../../worker/protocol.ts'
import type { SchedulingChange, SchedulingView, Toleration, WorkloadRef } from '../../../worker/scheduling/protocol.ts'
import { cordonCall, objectPath, refusal, scaleCall } from '../../actions/requests.ts'
import { nodeRef, podRef } from '../../state/selection.ts'

type Api = Pick<EngineApi, 'call' | 'command'>
type Of<T extends SchedulingChange['type']> = Extract<SchedulingChange, { readonly type: T }>

/** One request that makes changes real. */
export interface Step {
  /** The kubectl command; '' where there is none. */
  readonly command: string
  /** Gives the refusal, or null. */
  readonly run: (api: Api) => Promise<string | null>
}

const STRATEGIC = 'application/strategic-merge-patch+json'
const MERGE = 'application/merge-patch+json'

const request = (call: ApiCall) => (api: Api) => api.call(call).then(refusal)
const inNamespace = (namespace: string) => (namespace === 'default' || namespace === '' ? '' : ` -n ${namespace}`)

/**
 * The requests that make the changes of a what-if real. New pods come last, when all that decides about them is in
 * place. `configYaml` is the answer's configuration.
 */
export function planOf(view: SchedulingView, changes: readonly SchedulingChange[], configYaml: string): readonly Step[] {
  const steps: Step[] = configYaml === '' ? [] : [configStep(configYaml)]
  for (const change of changes) {
    if (change.type === 'label') steps.push(labelStep(change))
    else if (change.type === 'taint') steps.push(taintStep(change))
    else if (change.type === 'cordon') steps.push(cordonStep(change))
  }
  const patch = specPatch(view, changes)
  if (patch) steps.push(view.facts.owner ? templateStep(view.facts.owner, patch) : replaceStep(view, patch))
  for (const change of changes) if (change.type === 'replicas') steps.push(scaleStep(change))
  return steps
}

function labelStep({ node, key, value }: Of<'label'>): Step {
  return {
    command: `kubectl label node ${node} ${value === null ? `${key}-` : `${key}=${value} --overwrite`}`,
    run: request({
      method: 'PATCH',
      path: objectPath(nodeRef(node)),
      contentType: MERGE,
      body: { metadata: { labels: { [key]: value } } },
    }),
  }
}

interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

function taintStep({ node, key, value, effect, remove }: Of<'taint'>): Step {
  const text = `${key}${value === '' || remove ? '' : `=${value}`}${effect === '' ? '' : `:${effect}`}`
  return {
    command: `kubectl taint node ${node} ${text}${remove ? '-' : ' --overwrite'}`,
    run: async (api) => {
      const path = objectPath(nodeRef(node))
      const reply = await api.call({ method: 'GET', path })
      const refused = refusal(reply)
      if (refused !== null) return refused
      const present = (reply.body as { spec?: { taints?: readonly Taint[] } }).spec?.taints ?? []
      const others = present.filter((taint) => taint.key !== key || (effect !== '' && taint.effect !== effect))
      const taints = remove ? others : [...others, { key, effect, ...(value === '' ? {} : { value }) }]
      return request({ method: 'PATCH', path, contentType: MERGE, body: { spec: { taints } } })(api)
    },
  }
}

function cordonStep({ node, unschedulable }: Of<'cordon'>): Step {
  return {
    command: `kubectl ${unschedulable ? 'cordon' : 'uncordon'} ${node}`,
    run: request(cordonCall(nodeRef(node), unschedulable)),
  }
}

function scaleStep({ workload, replicas }: Of<'replicas'>): Step {
  const { kind, name, namespace } = workload
  return {
    command: `kubectl scale ${kind.toLowerCase()}/${name} --replicas=${replicas}${inNamespace(namespace)}`,
    run: request(scaleCall(workload, replicas)),
  }
}

interface SpecPatch {
  containers?: { name: string; resources: { requests: { [resource: string]: string | null } } }[]
  nodeSelector?: { [key: string]: string | null }
  tolerations?: readonly Toleration[]
}

/** The changes that are about the pod itself, as a strategic merge patch of a pod spec; null if there are none. */
export function specPatch({ facts }: SchedulingView, changes: readonly SchedulingChange[]): SpecPatch | null {
  const patch: SpecPatch = {}
  for (const change of changes) {
    if (change.type === 'selector') patch.nodeSelector = { ...patch.nodeSelector, [change.key]: change.value }
    else if (change.type === 'tolerate') patch.tolerations = [...(patch.tolerations ?? facts.tolerations), tolerationOf(change)]
    else if (change.type === 'request') {
      const { container: name, resource, quantity } = change
      patch.containers ??= []
      const known = patch.containers.find((container) => container.name === name)
      const value = quantity === '' ? null : quantity
      if (known) known.resources.requests[resource] = value
      else patch.containers.push({ name, resources: { requests: { [resource]: value } } })
    }
  }
  return Object.keys(patch).length > 0 ? patch : null
}

function tolerationOf({ key, value, effect }: Of<'tolerate'>): Toleration {
  return {
    ...(key === '' ? {} : { key }),
    ...(value === '' ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(effect === '' ? {} : { effect }),
  }
}

/** A pod of a workload is changed through the workload's template: new pods come in its place. */
function templateStep(owner: WorkloadRef, patch: SpecPatch): Step {
  const body = { spec: { template: { spec: patch } } }
  const target = `${owner.kind.toLowerCase()}/${owner.name}`
  return {
    command: `kubectl patch ${target}${inNamespace(owner.namespace)} -p '${JSON.stringify(body)}'`,
    run: request({ method: 'PATCH', path: objectPath(owner), contentType: STRATEGIC, body }),
  }
}

/** A bare pod's placement cannot be changed: it is deleted and made again. */
function replaceStep({ namespace, name }: SchedulingView, patch: SpecPatch): Step {
  return {
    command: `kubectl replace --force --grace-period=0${inNamespace(namespace)} -f ${name}.yaml`,
    run: async (api) => {
      const path = objectPath(podRef(namespace, name))
      const reply = await api.call({ method: 'GET', path })
      const refused = refusal(reply)
      if (refused !== null) return refused
      const body = remade(reply.body, patch)
      const deletion = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 }
      const gone = await request({ method: 'DELETE', path, body: deletion })(api)
      return gone ?? request({ method: 'POST', path: path.slice(0, path.lastIndexOf('/')), body })(api)
    },
  }
}

interface BarePod {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: object
    readonly annotations?: object
  }
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly resources?: { readonly requests?: object } }[]
    readonly nodeSelector?: object
  }
}

/** The pod as it is made again: what the server and the scheduler added is left out. */
function remade(body: ApiReply['body'], patch: SpecPatch): unknown {
  const { metadata, spec } = body as unknown as BarePod
  const { name, namespace, labels, annotations } = metadata
  const { nodeName: _node, ...rest } = spec as BarePod['spec'] & { readonly nodeName?: string }
  const containers = rest.containers.map((container) => {
    const change = patch.containers?.find((other) => other.name === container.name)
    if (!change) return container
    const requests = { ...container.resources?.requests, ...change.resources.requests }
    return { ...container, resources: { ...container.resources, requests: withoutNull(requests) } }
  })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
    spec: {
      ...rest,
      containers,
      nodeSelector: withoutNull({ ...rest.nodeSelector, ...patch.nodeSelector }),
      ...(patch.tolerations ? { tolerations: patch.tolerations } : {}),
    },
  }
}

const withoutNull = (map: object): object => Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null))

function configStep(yaml: string): Step {
  return {
    command: '',
    run: async (api) => {
      const { ok, message } = await api.command({ type: 'configure-scheduler', yaml })
      return ok ? null : message
    },
  }
}
