import type { Handle, Plugin } from '../framework.ts'
import { defaultBinder } from './default-binder.ts'
import { defaultPreemption, type DefaultPreemptionArgs } from './default-preemption.ts'
import { dynamicResources } from './dynamic-resources.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity, type InterPodAffinityArgs } from './inter-pod-affinity.ts'
import { nodeAffinity, type NodeAffinityArgs } from './node-affinity.ts'
import { nodeDeclaredFeatures } from './node-declared-features.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import {
  nodeResourcesBalancedAllocation,
  type NodeResourcesBalancedAllocationArgs,
} from './node-resources-balanced-allocation.ts'
import { nodeResourcesFit, type NodeResourcesFitArgs } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import { podTopologySpread, type PodTopologySpreadArgs } from './pod-topology-spread.ts'
import { prioritySort } from './priority-sort.ts'
import { schedulingGates } from './scheduling-gates.ts'
import { taintToleration } from './taint-toleration.ts'
import { volumeBinding, type VolumeBindingArgs } from './volume-binding.ts'
import { volumeRestrictions } from './volume-restrictions.ts'
import { volumeZone } from './volume-zone.ts'

/** The args of a profile's pluginConfig, by plugin. */
export interface PluginArgs {
  readonly NodeAffinity?: NodeAffinityArgs
  readonly NodeResourcesFit?: NodeResourcesFitArgs
  readonly VolumeBinding?: VolumeBindingArgs
  readonly PodTopologySpread?: PodTopologySpreadArgs
  readonly InterPodAffinity?: InterPodAffinityArgs
  readonly DefaultPreemption?: DefaultPreemptionArgs
  readonly NodeResourcesBalancedAllocation?: NodeResourcesBalancedAllocationArgs
}

interface RegisteredPlugin {
  readonly name: string
  /** Counts a plugin's score so many times; 0 for those that do not score. */
  readonly weight: number
  readonly make: (args: PluginArgs, handle: Handle) => Plugin
}

/** Every plugin, in the order in which they run by default. k8s 1.36: getDefaultPlugins, its default feature gates applied. */
export const PLUGINS: readonly RegisteredPlugin[] = [
  { name: 'SchedulingGates', weight: 0, make: schedulingGates },
  { name: 'PrioritySort', weight: 0, make: prioritySort },
  { name: 'NodeUnschedulable', weight: 0, make: nodeUnschedulable },
  { name: 'NodeName', weight: 0, make: nodeName },
  { name: 'TaintToleration', weight: 3, make: taintToleration },
  { name: 'NodeAffinity', weight: 2, make: (args) => nodeAffinity(args.NodeAffinity ?? {}) },
  { name: 'NodePorts', weight: 0, make: nodePorts },
  { name: 'NodeResourcesFit', weight: 1, make: (args) => nodeResourcesFit(args.NodeResourcesFit ?? {}) },
  { name: 'VolumeRestrictions', weight: 0, make: (_, handle) => volumeRestrictions(handle) },
  { name: 'NodeVolumeLimits', weight: 0, make: (_, handle) => nodeVolumeLimits(handle) },
  { name: 'VolumeBinding', weight: 0, make: (args, handle) => volumeBinding(args.VolumeBinding ?? {}, handle) },
  { name: 'VolumeZone', weight: 0, make: (_, handle) => volumeZone(handle) },
  { name: 'PodTopologySpread', weight: 2, make: (args, handle) => podTopologySpread(args.PodTopologySpread ?? {}, handle) },
  { name: 'InterPodAffinity', weight: 2, make: (args, handle) => interPodAffinity(args.InterPodAffinity ?? {}, handle) },
  { name: 'DynamicResources', weight: 2, make: (_, handle) => dynamicResources(handle) },
  { name: 'DefaultPreemption', weight: 0, make: (args, handle) => defaultPreemption(args.DefaultPreemption ?? {}, handle) },
  {
    name: 'NodeResourcesBalancedAllocation',
    weight: 1,
    make: (args) => nodeResourcesBalancedAllocation(args.NodeResourcesBalancedAllocation ?? {}),
  },
  { name: 'ImageLocality', weight: 1, make: imageLocality },
  { name: 'DefaultBinder', weight: 0, make: defaultBinder },
  { name: 'NodeDeclaredFeatures', weight: 0, make: nodeDeclaredFeatures },
]
