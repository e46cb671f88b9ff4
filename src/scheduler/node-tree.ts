import type { Node } from '../apimachinery/generated/types.ts'

const REGION = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region']
const ZONE = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']

function zoneOf({ metadata: { labels } }: Node): string {
  const [zone, region] = [ZONE, REGION].map((keys) => labels?.[keys[0] ?? ''] ?? labels?.[keys[1] ?? ''] ?? '')
  return zone || region ? `${region}:\x00:${zone}` : ''
}

/** Node names by zone, listed one of each zone in turn, so that neighbours in the list are spread. k8s 1.36: node_tree. */
export class NodeTree {
  private readonly zones = new Map<string, string[]>()

  add(node: Node): void {
    const zone = zoneOf(node)
    const names = this.zones.get(zone)
    if (names) names.push(node.metadata.name ?? '')
    else this.zones.set(zone, [node.metadata.name ?? ''])
  }

  remove(node: Node): void {
    const zone = zoneOf(node)
    const names = this.zones.get(zone)?.filter((name) => name !== node.metadata.name) ?? []
    if (names.length > 0) this.zones.set(zone, names)
    else this.zones.delete(zone)
  }

  /** True if the node moved to another zone. */
  update(old: Node, node: Node): boolean {
    if (zoneOf(old) === zoneOf(node)) return false
    this.remove(old)
    this.add(node)
    return true
  }

  list(): string[] {
    const result: string[] = []
    const zones = [...this.zones.values()]
    for (let i = 0; zones.some((names) => i < names.length); i++)
      for (const names of zones) {
        const name = names[i]
        if (name !== undefined) result.push(name)
      }
    return result
  }
}
