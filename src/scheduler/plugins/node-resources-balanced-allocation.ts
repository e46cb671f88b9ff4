import type { Plugin } from '../framework.ts'
import { amountOf } from '../resources.ts'
import { balanceGain, CPU_AND_MEMORY, scoreAllocation, type ResourceSpec } from './resource-allocation.ts'

export interface NodeResourcesBalancedAllocationArgs {
  readonly resources?: readonly ResourceSpec[]
}

/** Prefers nodes whose resources are used evenly with the pod. k8s 1.36: plugins/noderesources BalancedAllocation. */
export function nodeResourcesBalancedAllocation(args: NodeResourcesBalancedAllocationArgs): Plugin {
  const resources = args.resources?.length ? args.resources : CPU_AND_MEMORY
  return {
    name: 'NodeResourcesBalancedAllocation',
    preScore({ pod: { requests } }) {
      // A pod that requests nothing changes no balance; scoring would pile such pods on one node.
      if (resources.every(({ name }) => amountOf(requests, name) === 0)) return null
      return scoreAllocation(resources, requests, (node, name) => amountOf(node.requested, name), balanceGain)
    },
  }
}
