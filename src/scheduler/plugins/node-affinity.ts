import type { Node, NodeAffinity, NodeSelectorTerm } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { Plugin } from '../framework.ts'
import { compileNodeSelector, preferredNodeAffinity, requiredNodeAffinity } from '../node-affinity.ts'
import { unresolvable } from '../status.ts'
import { scaleToLargest } from './normalize.ts'

const NAME = 'NodeAffinity'
const REJECTED = unresolvable(NAME, "node(s) didn't match Pod's node affinity/selector")
const NOT_ENFORCED = unresolvable(NAME, "node(s) didn't match scheduler-enforced node affinity")
const CONFLICT = unresolvable(NAME, 'pod affinity terms conflict')

export interface NodeAffinityArgs {
  /** Holds for every pod of the profile, besides its own. */
  readonly addedAffinity?: NodeAffinity
}

/** The nodes named by matchFields, if every alternative names some; undefined: any node may match. */
function namedNodes(terms: readonly NodeSelectorTerm[]): Set<string> | undefined {
  const all = new Set<string>()
  for (const { matchFields = [] } of terms) {
    let named: Set<string> | undefined
    for (const { key, operator, values = [] } of matchFields) {
      if (key !== 'metadata.name' || operator !== 'In') continue
      const values_ = new Set(values)
      named = named ? new Set([...named].filter((name) => values_.has(name))) : values_
    }
    if (!named) return undefined
    for (const name of named) all.add(name)
  }
  return all
}

/** nodeSelector and node affinity, required and preferred. k8s 1.36: plugins/nodeaffinity. */
export function nodeAffinity({ addedAffinity }: NodeAffinityArgs): Plugin {
  const added = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const enforced = added ? compileNodeSelector(added.nodeSelectorTerms) : null
  const addedPreference = preferredNodeAffinity(addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution)
  return {
    name: NAME,
    events: [
      hint<Node>('Node', Action.Add | Action.UpdateNodeLabel, ({ pod }, { old, new: node }) => {
        if (!node || enforced?.(node) === false) return false
        const matches = requiredNodeAffinity(pod)
        return !matches || (matches(node) && !(old && matches(old)))
      }),
    ],
    preFilter({ pod }) {
      const required = pod.pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      const matches = requiredNodeAffinity(pod.pod)
      if (!matches && !enforced) return null
      const nodeNames = required && required.nodeSelectorTerms.length > 0 ? namedNodes(required.nodeSelectorTerms) : undefined
      if (nodeNames?.size === 0) return CONFLICT
      return {
        nodeNames,
        shareKey: JSON.stringify([pod.pod.spec?.nodeSelector, required]),
        filter({ node }) {
          if (enforced && !enforced(node)) return NOT_ENFORCED
          return !matches || matches(node) ? null : REJECTED
        },
      }
    },
    preScore({ pod }) {
      const terms = pod.pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution
      const preferred = preferredNodeAffinity(terms)
      if (!preferred && !addedPreference) return null
      return {
        shareKey: JSON.stringify(terms ?? null),
        score: ({ node }) => (preferred?.(node) ?? 0) + (addedPreference?.(node) ?? 0),
        normalize: (scores) => scaleToLargest(scores, false),
      }
    },
  }
}
