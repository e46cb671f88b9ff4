import type { NodeInfo } from './node-info.ts'

/** What an aggregate reads of a snapshot: its nodes, and which of them changed. */
export interface ChangingNodes {
  readonly nodes: readonly NodeInfo[]
  get(name: string): NodeInfo | undefined
  /** Grows by one with each change of a node. */
  readonly version: number
  /** Names of the nodes that changed after `version`, some perhaps twice; null if that is too long ago. */
  changedSince(version: number): readonly string[] | null
}

/**
 * A sum over all nodes that follows their changes: each node contributes what `contribute` says (null for nothing),
 * and only nodes that changed are asked again. Nodes are compared by identity, which is why they must be immutable.
 */
export class NodeAggregate<Contribution> {
  private readonly parts = new Map<string, { readonly node: NodeInfo; readonly part: Contribution }>()
  private version = -1
  private readonly contribute: (node: NodeInfo) => Contribution | null
  private readonly apply: (part: Contribution, sign: 1 | -1) => void

  constructor(contribute: (node: NodeInfo) => Contribution | null, apply: (part: Contribution, sign: 1 | -1) => void) {
    this.contribute = contribute
    this.apply = apply
  }

  sync(source: ChangingNodes): void {
    if (this.version === source.version) return
    const changed = this.version < 0 ? null : source.changedSince(this.version)
    if (changed) {
      for (const name of changed) this.refresh(name, source.get(name))
    } else {
      for (const name of [...this.parts.keys()]) if (!source.get(name)) this.refresh(name, undefined)
      for (const node of source.nodes) this.refresh(node.name, node)
    }
    this.version = source.version
  }

  private refresh(name: string, node: NodeInfo | undefined): void {
    const old = this.parts.get(name)
    if (old?.node === node && old) return
    if (old) {
      this.apply(old.part, -1)
      this.parts.delete(name)
    }
    const part = node ? this.contribute(node) : null
    if (part === null || !node) return
    this.parts.set(name, { node, part })
    this.apply(part, 1)
  }
}
