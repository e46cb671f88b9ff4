/** Whether the kubelet takes a pod in. Source: k8s 1.36 kubelet/lifecycle/predicate.go, scheduler AdmissionCheck. */
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import { milliValue, value } from '../apimachinery/quantity.ts'
import { nodeRequirementMatches } from '../apimachinery/selectors.ts'
import { isStaticPod } from './pod-facts.ts'
import { podResources } from './pod-resources.ts'

export interface Rejection {
  readonly reason: string
  readonly message: string
}

const amount = (resource: string, text: string) => (resource === 'cpu' ? milliValue(text) : value(text))

function insufficient(resource: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  }
}

function resourceFit(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {}
  const maxPods = Number(allocatable['pods'] ?? 0)
  if (others.length + 1 > maxPods) return insufficient('pods', 1, others.length, maxPods)
  const used: Record<string, number> = {}
  const requests = podResources(pod, 'requests')
  if (Object.keys(requests).length === 0) return undefined
  for (const other of others)
    for (const [resource, text] of Object.entries(podResources(other, 'requests')))
      used[resource] = (used[resource] ?? 0) + amount(resource, text)
  for (const [resource, text] of Object.entries(requests)) {
    const free = allocatable[resource]
    // An extended resource that the node does not know is somebody else's business.
    if (free === undefined && resource.includes('/')) continue
    const wanted = amount(resource, text)
    const capacity = free === undefined ? 0 : amount(resource, free)
    const taken = used[resource] ?? 0
    if (wanted > 0 && wanted > capacity - taken) return insufficient(resource, wanted, taken, capacity)
  }
  return undefined
}

function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, text] of Object.entries(pod.spec?.nodeSelector ?? {})) if (labels[key] !== text) return false
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (!required) return true
  return required.nodeSelectorTerms.some((term) => {
    const expressions = term.matchExpressions ?? []
    const fields = term.matchFields ?? []
    if (expressions.length + fields.length === 0) return false
    const own = { 'metadata.name': node.metadata.name ?? '' }
    return expressions.every((e) => nodeRequirementMatches(e, labels)) && fields.every((e) => nodeRequirementMatches(e, own))
  })
}

function hostPorts(pod: Pod): string[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')
  return [...sidecars, ...(pod.spec?.containers ?? [])].flatMap((c) =>
    (c.ports ?? []).filter((p) => p.hostPort).map((p) => `${p.protocol ?? 'TCP'}/${p.hostIP ?? ''}/${p.hostPort}`),
  )
}

function predicate(name: string, reason: string): Rejection {
  return { reason: name, message: `Predicate ${name} failed: ${reason}` }
}

/** Why the pod can't run here; undefined when it can. `others` are the pods that the kubelet has already taken in. */
export function admit(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const os = pod.spec?.os?.name
  if (os !== undefined && os !== 'linux')
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" }
  const fit = resourceFit(pod, others, node)
  if (fit) return fit
  if (!matchesNode(pod, node)) return predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")
  const wanted = hostPorts(pod)
  if (wanted.length > 0) {
    const taken = new Set(others.flatMap(hostPorts))
    if (wanted.some((p) => taken.has(p)))
      return predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports")
  }
  const noExecute = (node.spec?.taints ?? []).filter((t) => t.effect === 'NoExecute')
  const tolerated = noExecute.every((taint) =>
    (pod.spec?.tolerations ?? []).some(
      (t) =>
        (!t.effect || t.effect === taint.effect) &&
        (!t.key || t.key === taint.key) &&
        (t.operator === 'Exists' || (t.key !== undefined && (t.value ?? '') === (taint.value ?? ''))),
    ),
  )
  if (!tolerated && !isStaticPod(pod)) return predicate('TaintToleration', 'node(s) had untolerated taint(s)')
  return undefined
}
