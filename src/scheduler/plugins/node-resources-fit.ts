import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { Action, hint, resourceNames } from '../events.ts'
import type { Plugin } from '../framework.ts'
import { makeNodeInfo, type NodeInfo } from '../node-info.ts'
import { podInfoOf, type PodInfo } from '../pod-info.ts'
import { amountOf, isExtendedResource, scoringRequests, type Resources } from '../resources.ts'
import type { Status } from '../status.ts'
import { holdsNode } from './node-ports.ts'
import * as allocation from './resource-allocation.ts'

const NAME = 'NodeResourcesFit'

interface ScoringStrategy {
  /** LeastAllocated unless given. */
  readonly type?: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio'
  readonly resources?: readonly allocation.ResourceSpec[]
  readonly requestedToCapacityRatio?: { readonly shape?: readonly allocation.ShapePoint[] }
}

export interface NodeResourcesFitArgs {
  /** Extended resources that are not checked, by name and by the part before the slash. */
  readonly ignoredResources?: readonly string[]
  readonly ignoredResourceGroups?: readonly string[]
  readonly scoringStrategy?: ScoringStrategy
}

interface Shortage {
  readonly reason: string
  /** Even an empty node would not do. */
  readonly hopeless: boolean
}

/** What of the request a node lacks, in the order cpu, memory, ephemeral-storage, others. k8s 1.36: fitsRequest. */
function shortages(request: Resources, names: readonly string[], node: NodeInfo): Shortage[] | null {
  let found: Shortage[] | null = null
  if (node.pods.length + 1 > node.allocatable.pods) found = [{ reason: 'Too many pods', hopeless: false }]
  for (const name of names) {
    const asked = amountOf(request, name)
    const there = amountOf(node.allocatable, name)
    if (asked > there - amountOf(node.requested, name))
      (found ??= []).push({ reason: `Insufficient ${name}`, hopeless: asked > there })
  }
  return found
}

function namesToCheck(request: Resources, args: NodeResourcesFitArgs): string[] {
  const ignored = (name: string) =>
    isExtendedResource(name) &&
    (args.ignoredResources?.includes(name) || args.ignoredResourceGroups?.includes(name.split('/')[0] ?? ''))
  return resourceNames(request).filter((name) => amountOf(request, name) > 0 && !ignored(name))
}

const verdicts = new Map<string, Status>()

/** Equal verdicts share one object. */
function verdictOf(found: readonly Shortage[]): Status {
  const reasons = found.map(({ reason }) => reason)
  const code = found.some(({ hopeless }) => hopeless) ? 'UnschedulableAndUnresolvable' : 'Unschedulable'
  const key = `${code}/${reasons.join('/')}`
  let verdict = verdicts.get(key)
  if (!verdict) verdicts.set(key, (verdict = { code, plugin: NAME, reasons }))
  return verdict
}

/** Whether a change of a node gave it more of what the pod asks for. */
function hasGrown({ requests }: PodInfo, before: NodeInfo, after: NodeInfo): boolean {
  if (after.allocatable.pods > before.allocatable.pods) return true
  return resourceNames(requests).some(
    (name) => amountOf(requests, name) > 0 && amountOf(after.allocatable, name) > amountOf(before.allocatable, name),
  )
}

function worthAfterPod(pod: PodInfo, old: Pod | undefined, changed: Pod | undefined): boolean {
  if (!changed) return holdsNode(old)
  if (changed.metadata.uid === pod.pod.metadata.uid) return true
  if (!changed.spec?.nodeName || !old) return false
  const [before, after] = [podInfoOf(old).requests, podInfoOf(changed).requests]
  return resourceNames(pod.requests).some(
    (name) => amountOf(pod.requests, name) > 0 && amountOf(before, name) > amountOf(after, name),
  )
}

function scorerOf({ type = 'LeastAllocated', requestedToCapacityRatio }: ScoringStrategy) {
  if (type === 'MostAllocated') return allocation.mostAllocated
  if (type === 'RequestedToCapacityRatio') return allocation.requestedToCapacityRatio(requestedToCapacityRatio?.shape ?? [])
  return allocation.leastAllocated
}

/**
 * Room for the pod's requests; prefers nodes by how much is taken. k8s 1.36: plugins/noderesources Fit.
 * SIMPLIFIED: extended resources that a DeviceClass backs count like any other; no device is allocated for them.
 */
export function nodeResourcesFit(args: NodeResourcesFitArgs): Plugin {
  const strategy = args.scoringStrategy ?? {}
  const resources = strategy.resources?.length ? strategy.resources : allocation.CPU_AND_MEMORY
  const score = scorerOf(strategy)
  return {
    name: NAME,
    events: [
      hint<Pod>('Pod', Action.Delete | Action.UpdatePodScaleDown, (pod, { old, new: changed }) =>
        worthAfterPod(pod, old, changed),
      ),
      hint<Node>('Node', Action.Add | Action.UpdateNodeAllocatable, (pod, { old, new: node }) => {
        if (!node) return false
        const after = makeNodeInfo(node)
        if (shortages(pod.requests, namesToCheck(pod.requests, {}), after)) return false
        return !old || hasGrown(pod, makeNodeInfo(old), after)
      }),
    ],
    preFilter({ pod: { requests } }) {
      const names = namesToCheck(requests, args)
      return {
        shareKey: names.map((name) => `${name}=${amountOf(requests, name)}`).join(),
        filter(node) {
          const found = shortages(requests, names, node)
          return found && verdictOf(found)
        },
      }
    },
    preScore({ pod }) {
      return allocation.scoreAllocation(resources, scoringRequests(pod.pod), allocation.takenNonZero, score)
    },
  }
}
