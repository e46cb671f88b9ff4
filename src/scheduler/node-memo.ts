import type { NodeInfo } from './node-info.ts'

/**
 * A function of a node, remembered by the node's place in the list. It is computed again only when another NodeInfo is
 * at that place: NodeInfos are immutable, so the same one gives the same value.
 */
export class NodeMemo<Value> {
  private readonly nodes: (NodeInfo | undefined)[] = []
  private readonly values: Value[] = []

  get(node: NodeInfo, position: number, compute: (node: NodeInfo) => Value): Value {
    if (this.nodes[position] === node) return this.values[position] as Value
    const value = compute(node)
    // Places are filled from the front, so that the lists stay dense.
    while (this.nodes.length < position) {
      this.nodes.push(undefined)
      this.values.push(value)
    }
    this.nodes[position] = node
    this.values[position] = value
    return value
  }
}
