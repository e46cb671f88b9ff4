import type { FilterState, PreparedFilters } from './framework.ts'
import { withPod, type NodeInfo } from './node-info.ts'
import type { NodeMemo } from './node-memo.ts'
import type { Nominator } from './nominator.ts'
import type { PodInfo } from './pod-info.ts'
import type { Status } from './status.ts'

export interface PreparedFilter {
  readonly plugin: string
  readonly state: FilterState
}

/** All filters of a profile prepared for one pod, in order; the first that refuses a node decides. */
export class NodeFilter implements PreparedFilters {
  readonly pod: PodInfo
  private readonly nominator: Nominator
  private readonly filters: readonly PreparedFilter[]
  /** The filters in front whose verdicts can be shared, and those behind. */
  private readonly shared: readonly PreparedFilter[]
  private readonly own: readonly PreparedFilter[]

  constructor(pod: PodInfo, nominator: Nominator, filters: readonly PreparedFilter[]) {
    this.pod = pod
    this.nominator = nominator
    this.filters = filters
    const first = filters.findIndex(({ state }) => state.shareKey === undefined)
    this.shared = first < 0 ? filters : filters.slice(0, first)
    this.own = first < 0 ? [] : filters.slice(first)
  }

  /** Names what the shared verdicts depend on. */
  get shareKey(): string {
    return this.shared.map(({ plugin, state }) => `${plugin} ${state.shareKey}`).join('/')
  }

  /** The plugin's state, if it was prepared. */
  state(plugin: string): FilterState | undefined {
    return this.filters.find((f) => f.plugin === plugin)?.state
  }

  states(): readonly PreparedFilter[] {
    return this.filters
  }

  /** For dry runs: what is supposed on the fork leaves this one as it is. */
  fork(): NodeFilter {
    return new NodeFilter(
      this.pod,
      this.nominator,
      this.filters.map(({ plugin, state }) => ({ plugin, state: state.fork?.() ?? state })),
    )
  }

  addPod(pod: PodInfo, node: NodeInfo): void {
    for (const { state } of this.filters) state.addPod?.(pod, node)
  }

  removePod(pod: PodInfo, node: NodeInfo): void {
    for (const { state } of this.filters) state.removePod?.(pod, node)
  }

  private readonly runShared = (node: NodeInfo) => runAll(this.shared, node)

  /** As check(), for a node of the snapshot at that place: shared verdicts are looked up. */
  checkAt(node: NodeInfo, position: number, memo: NodeMemo<Status | null>): Status | null {
    if (!this.nominator.isEmpty && this.nominator.podsFor(node.name)) return this.check(node)
    return memo.get(node, position, this.runShared) ?? runAll(this.own, node)
  }

  /**
   * The verdict on a node. Pods of the same or higher priority that are nominated for it count as there; and since
   * they may end up elsewhere, the node must do without them too. k8s 1.36: RunFilterPluginsWithNominatedPods.
   */
  check(node: NodeInfo): Status | null {
    const nominated = this.nominator.isEmpty ? null : this.nominator.podsFor(node.name)
    if (nominated) {
      let crowded = node
      let fork: NodeFilter | null = null
      for (const other of nominated) {
        if (other.priority < this.pod.priority || other.uid === this.pod.uid) continue
        crowded = withPod(crowded, other)
        fork ??= this.fork()
        fork.addPod(other, crowded)
      }
      const status = fork && runAll(fork.filters, crowded)
      if (status) return status
    }
    return runAll(this.filters, node)
  }
}

function runAll(filters: readonly PreparedFilter[], node: NodeInfo): Status | null {
  for (const { state } of filters) {
    const status = state.filter?.(node)
    if (status) return status
  }
  return null
}
