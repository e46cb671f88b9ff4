import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Node, Service } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import type { Informer } from '../../client/informer.ts'
import type { EventRecorder } from '../../client/recorder.ts'
import { nodeCondition } from '../shared/nodes.ts'
import { cpuRatios, isOverloaded, type CpuRatios, type ZoneCounts } from './topology-hints.ts'

/** Which services have hints in proportion to the zones, and how many for each. k8s 1.36: topologycache TopologyCache. */
export class TopologyBook {
  private readonly nodes: Informer<Node>
  private readonly recorder: EventRecorder
  /** By service key and address type. */
  private readonly hinted = new Map<string, Map<string, ZoneCounts>>()
  private ratios: CpuRatios | null | undefined

  /** `wake` is called with a service's key when its endpoints no longer fit the nodes. */
  constructor(nodes: Informer<Node>, recorder: EventRecorder, wake: (serviceKey: string) => void) {
    this.nodes = nodes
    this.recorder = recorder
    const changed = () => {
      this.ratios = undefined
      for (const [key, byType] of this.hinted)
        if ([...byType.values()].some((counts) => isOverloaded(counts, this.current()))) wake(key)
    }
    nodes.addHandler({
      onAdd: changed,
      onUpdate(node, old) {
        if (!jsonEqual(facts(node), facts(old))) changed()
      },
      onDelete: changed,
    })
  }

  /** What planning a service's slices needs, and its answer. */
  of(service: Service) {
    const key = keyOf(service)
    return {
      ratios: this.current(),
      noted: (addressType: string, counts: ZoneCounts | null, problem: string) => {
        const byType = this.hinted.get(key) ?? new Map<string, ZoneCounts>()
        if (!counts) {
          byType.delete(addressType)
          this.tell(service, 'Warning', 'TopologyAwareHintsDisabled', problem, addressType)
        } else {
          if (byType.size === 0)
            this.tell(service, 'Normal', 'TopologyAwareHintsEnabled', 'Topology Aware Hints has been enabled', addressType)
          byType.set(addressType, counts)
        }
        if (byType.size > 0) this.hinted.set(key, byType)
        else this.hinted.delete(key)
      },
    }
  }

  /** The service no longer asks for hints. */
  drop(service: Service): void {
    const byType = this.hinted.get(keyOf(service))
    if (!byType) return
    for (const addressType of byType.keys())
      this.tell(service, 'Warning', 'TopologyAwareHintsDisabled', 'Topology Aware Hints has been disabled', addressType)
    this.hinted.delete(keyOf(service))
  }

  forget(serviceKey: string): void {
    this.hinted.delete(serviceKey)
  }

  private current(): CpuRatios | null {
    if (this.ratios === undefined) this.ratios = cpuRatios(this.nodes.list())
    return this.ratios
  }

  private tell(service: Service, type: 'Normal' | 'Warning', reason: string, text: string, addressType: string): void {
    this.recorder.event(service, type, reason, `${text}, addressType: ${addressType}`)
  }
}

const facts = (node: Node) => ({
  labels: node.metadata.labels,
  cpu: node.status?.allocatable?.['cpu'],
  ready: nodeCondition(node, 'Ready')?.status,
})
