/** Ways between the ends of the topology's picture: through bridge and port, along the LAN. */

export interface Anchor {
  readonly x: number
  readonly y: number
}
/** Where things are on the picture, by 'pod:ns/name', 'bridge:node', 'port:node', 'node:name', 'outside'. */
export interface Picture {
  readonly anchors: ReadonlyMap<string, Anchor>
  /** The machine of each pod. */
  readonly nodeOf: ReadonlyMap<string, string>
  /** The line that joins all machines. */
  readonly lanY: number
  /** For machines not in the first row: where their line runs up between the columns. */
  readonly lanX: ReadonlyMap<string, number>
}

/** From an end up to the LAN: the last point is where it joins. */
export function climb({ anchors, nodeOf, lanY, lanX }: Picture, end: string): readonly Anchor[] {
  const out: Anchor[] = []
  const push = (anchor: Anchor | undefined): void => {
    if (anchor) out.push(anchor)
  }
  push(anchors.get(end))
  const node = end.startsWith('pod:') ? nodeOf.get(end) : end.startsWith('node:') ? end.slice(5) : undefined
  if (end.startsWith('pod:')) for (const anchor of toBridge(anchors.get(end), anchors.get(`bridge:${node}`))) push(anchor)
  const port = node === undefined ? anchors.get(end) : anchors.get(`port:${node}`)
  push(port)
  if (!port) return out
  const x = lanX.get(node ?? '')
  if (x !== undefined) out.push({ x: port.x, y: port.y - 12 }, { x, y: port.y - 12 })
  out.push({ x: x ?? port.x, y: lanY })
  return out
}

/** A veth pair leaves the pod sideways, and climbs to the bridge. */
function toBridge(pod: Anchor | undefined, bridge: Anchor | undefined): readonly Anchor[] {
  return pod && bridge ? [{ x: bridge.x, y: pod.y }, bridge] : []
}

const machineOf = ({ nodeOf }: Picture, end: string): string =>
  end.startsWith('pod:') ? (nodeOf.get(end) ?? '') : end.startsWith('node:') ? end.slice(5) : end

/** The corners of the way between two ends; empty when one is not on the picture. */
export function wayBetween(picture: Picture, from: string, to: string): readonly Anchor[] {
  const { anchors, nodeOf } = picture
  const [start, end] = [anchors.get(from), anchors.get(to)]
  if (!start || !end) return []
  if (machineOf(picture, from) === machineOf(picture, to)) {
    const bridge = anchors.get(`bridge:${nodeOf.get(from) ?? nodeOf.get(to) ?? ''}`)
    return bridge ? [start, ...toBridge(start, bridge), { x: bridge.x, y: end.y }, end] : [start, end]
  }
  return [...climb(picture, from), ...climb(picture, to).toReversed()]
}

/** The way to where a request is lost: a machine, the wire between two, a pod. */
export function wayToLoss(picture: Picture, from: string, lostAt: string): readonly Anchor[] {
  if (lostAt.startsWith('link:')) {
    const up = climb(picture, from)
    const last = up.at(-1)
    return last ? [...up, { x: last.x + 24, y: last.y }] : []
  }
  const machine = machineOf(picture, from)
  if (lostAt === `node:${machine}` && from.startsWith('pod:')) {
    const bridge = picture.anchors.get(`bridge:${machine}`)
    const start = picture.anchors.get(from)
    return start ? [start, ...toBridge(start, bridge)] : []
  }
  if (lostAt.startsWith('node:')) {
    const there = climb(picture, lostAt)
    const port = picture.anchors.get(`port:${lostAt.slice(5)}`)
    return port ? [...climb(picture, from), ...there.slice(there.indexOf(port)).toReversed()] : []
  }
  const way = wayBetween(picture, from, lostAt)
  return way.length > 0 ? way : climb(picture, from)
}

/** Where a part, 0..1, of a way lies. `lengths` are remembered by the caller's cache. */
export function along(way: readonly Anchor[], part: number): Anchor {
  const first = way[0] ?? { x: 0, y: 0 }
  let total = 0
  for (let i = 1; i < way.length; i++) total += span(way[i - 1] ?? first, way[i] ?? first)
  let left = total * Math.min(1, Math.max(0, part))
  for (let i = 1; i < way.length; i++) {
    const [a, b] = [way[i - 1] ?? first, way[i] ?? first]
    const length = span(a, b)
    if (left <= length && length > 0) return { x: a.x + ((b.x - a.x) * left) / length, y: a.y + ((b.y - a.y) * left) / length }
    left -= length
  }
  return way.at(-1) ?? first
}

function span(a: Anchor, b: Anchor): number {
  return Math.hypot(b.x - a.x, b.y - a.y)
}
