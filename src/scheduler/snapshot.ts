import type { ChangingNodes } from './node-aggregate.ts'
import { NodeAggregate } from './node-aggregate.ts'
import type { NodeInfo } from './node-info.ts'
import { NodeMemo } from './node-memo.ts'

/** An image that some node has. */
export interface ImageState {
  /** As the node that was seen first with it reports. */
  readonly sizeBytes: number
  readonly nodes: ReadonlySet<string>
}

/** How many are kept; the ones not used for longest go first. */
const AGGREGATES = 64
const MEMOS = 64

/**
 * The cluster as one scheduling cycle sees it: nodes with their pods, in the order in which they are tried. The cache
 * brings it up to date between cycles; during a cycle it does not change.
 */
export class Snapshot implements ChangingNodes {
  nodes: readonly NodeInfo[] = []
  version = 0
  images: ReadonlyMap<string, ImageState> = new Map()
  /** Names of the nodes that have a pod with affinity terms, and with required anti-affinity terms. */
  readonly withAffinity = new Set<string>()
  readonly withRequiredAntiAffinity = new Set<string>()
  private byName = new Map<string, NodeInfo>()
  private journal: string[] = []
  private journalStart = 0
  private readonly aggregates = new Map<string, { sync(source: ChangingNodes): void; value: unknown }>()
  private readonly memos = new Map<string, NodeMemo<unknown>>()
  private readonly nodeValues = new Map<string, WeakMap<NodeInfo, unknown>>()
  private readonly claimUsers = new Map<string, number>()

  get(name: string): NodeInfo | undefined {
    return this.byName.get(name)
  }

  /** How many pods on nodes use the claim 'namespace/name'. */
  usersOfClaim(key: string): number {
    return this.claimUsers.get(key) ?? 0
  }

  changedSince(version: number): readonly string[] | null {
    return version < this.journalStart ? null : this.journal.slice(version - this.journalStart)
  }

  /** Only for the cache: puts in the newer versions of nodes (undefined: gone) and the order of all. */
  update(changes: ReadonlyMap<string, NodeInfo | undefined>, order: readonly string[] | null): void {
    for (const [name, info] of changes) this.replace(name, info)
    if (order) this.nodes = order.flatMap((name) => this.byName.get(name) ?? [])
    else if (changes.size > 0) this.patchNodes(changes)
    if (this.journal.length > 2 * this.nodes.length + 1000) {
      this.journalStart = this.version
      this.journal = []
    }
  }

  private readonly positions = new Map<string, number>()
  private positioned: readonly NodeInfo[] = []

  private patchNodes(changes: ReadonlyMap<string, NodeInfo | undefined>): void {
    if (this.positioned !== this.nodes) {
      this.nodes = [...this.nodes]
      this.positioned = this.nodes
      this.positions.clear()
      this.nodes.forEach((node, i) => this.positions.set(node.name, i))
    }
    const nodes = this.nodes as NodeInfo[]
    for (const [name, info] of changes) {
      const position = this.positions.get(name)
      if (info && position !== undefined) nodes[position] = info
    }
  }

  private replace(name: string, info: NodeInfo | undefined): void {
    const old = this.byName.get(name)
    if (old === info) return
    if (info) this.byName.set(name, info)
    else this.byName.delete(name)
    this.version++
    this.journal.push(name)
    toggle(this.withAffinity, name, (info?.podsWithAffinity.length ?? 0) > 0)
    toggle(this.withRequiredAntiAffinity, name, (info?.podsWithRequiredAntiAffinity.length ?? 0) > 0)
    if (old) this.countClaims(old, -1)
    if (info) this.countClaims(info, 1)
  }

  private countClaims({ pods }: NodeInfo, sign: 1 | -1): void {
    for (const { namespace, claimNames } of pods)
      for (const name of claimNames) {
        const key = `${namespace}/${name}`
        const users = (this.claimUsers.get(key) ?? 0) + sign
        if (users === 0) this.claimUsers.delete(key)
        else this.claimUsers.set(key, users)
      }
  }

  /**
   * A sum over all nodes, kept between cycles under a key that must name everything it depends on besides the nodes.
   * `start` makes the empty sum; `contribute` and `apply` are as in NodeAggregate. The result must not be changed.
   */
  aggregate<Sum, Contribution>(
    key: string,
    start: () => Sum,
    contribute: (node: NodeInfo) => Contribution | null,
    apply: (sum: Sum, part: Contribution, sign: 1 | -1) => void,
  ): Sum {
    const entry = recent(this.aggregates, key, AGGREGATES, () => {
      const sum = start()
      const aggregate = new NodeAggregate<Contribution>(contribute, (part, sign) => apply(sum, part, sign))
      return { sync: (source: ChangingNodes) => aggregate.sync(source), value: sum as unknown }
    })
    entry.sync(this)
    return entry.value as Sum
  }

  /** Values by NodeInfo, kept under a key as in memo(); for those who don't know a node's place. */
  byNode<Value>(key: string): WeakMap<NodeInfo, Value> {
    return recent(this.nodeValues, key, MEMOS, () => new WeakMap<NodeInfo, unknown>()) as WeakMap<NodeInfo, Value>
  }

  /** Values per node, kept between cycles under a key that names what they are and all that they depend on. */
  memo<Value>(key: string): NodeMemo<Value> {
    return recent(this.memos, key, MEMOS, () => new NodeMemo<unknown>()) as NodeMemo<Value>
  }
}

function toggle(set: Set<string>, name: string, present: boolean): void {
  if (present) set.add(name)
  else set.delete(name)
}

function recent<T>(map: Map<string, T>, key: string, limit: number, make: () => T): T {
  let entry = map.get(key)
  if (entry !== undefined) map.delete(key)
  else {
    entry = make()
    if (map.size >= limit) map.delete(map.keys().next().value ?? '')
  }
  map.set(key, entry)
  return entry
}
