import type { ControlPlaneDelta, FlowRow, TraceEntry } from '../../../worker/control-plane/protocol.ts'

/** Dots on screen at a time, at most. */
export const MAX_DOTS = 200
/** With more entries than this in one message only lines tell of them. */
const MANY = 100
/** A leg is seen for at least this long, whatever its latency. */
const LEAST_LEG_MS = 220
const MOST_LEG_MS = 4000
/** The entries of one message set out within this time, in their order. */
const SPREAD_MS = 1200
/** Traffic halves in this time. */
const HALF_LIFE_MS = 500
/** How long the word about lines instead of dots stays. */
const AGGREGATED_MS = 1500

export type DotLook = 'request' | 'event' | 'refusal'

/** From one station to another. */
export interface Leg {
  readonly from: string
  readonly to: string
  readonly durationMs: number
  readonly look: DotLook
}
export interface Dot {
  readonly id: number
  readonly label: string
  readonly startMs: number
  readonly endMs: number
  readonly legs: readonly Leg[]
}
/** Where a dot is: a part, 0..1, of the way between two stations. */
export interface Place {
  readonly leg: Leg
  readonly part: number
}

/** Milliseconds on screen for one of latency: at 1x and above stretched, so that it can be seen; slower as it is. */
export function latencyScale(speed: number): number {
  return Math.max(60, Math.round(1 / speed))
}

/** The way of an entry. Turns stay where they are. */
export function legsOf(entry: TraceEntry, scale: number): readonly Leg[] {
  const { station } = entry
  const leg = (from: string, to: string, latencyMs: number, look: DotLook): Leg => {
    const durationMs = Math.min(Math.max(latencyMs * scale, LEAST_LEG_MS), MOST_LEG_MS)
    return { from, to, durationMs, look }
  }
  if (entry.type === 'turn') return []
  if (entry.type === 'event') return [leg('apiserver', station, entry.timeMs - entry.startMs, 'event')]
  const refused = entry.code >= 400
  const wrote = entry.writes > 0
  const inside = station === 'apiserver'
  const legs: Leg[] = []
  if (!inside) legs.push(leg(station, 'apiserver', entry.transitMs, 'request'))
  if (wrote) {
    legs.push(leg('apiserver', 'etcd', entry.writeMs / 2, 'request'), leg('etcd', 'apiserver', entry.writeMs / 2, 'request'))
  }
  if (!inside && entry.type === 'request') legs.push(leg('apiserver', station, entry.transitMs, refused ? 'refusal' : 'request'))
  return legs
}

/** What moves between the stations, on the page's own clock. */
export class Traffic {
  private dots: Dot[] = []
  private readonly heats = new Map<string, { value: number; atMs: number }>()
  private aggregatedUntilMs = 0
  /** Without motion there are no dots, only lines that light up. */
  motion = true

  /** Takes a message in. `nowMs` is the page's clock, `speed` that of the simulation. */
  take({ reset, entries, flows, skipped }: ControlPlaneDelta, nowMs: number, speed: number): void {
    if (reset) return this.clear()
    for (const flow of flows) this.warm(flow, nowMs)
    const moving = entries.filter((entry) => entry.type !== 'turn')
    if (!this.motion || moving.length === 0) return
    this.dots = this.dots.filter((dot) => dot.endMs > nowMs)
    if (skipped > 0 || moving.length > MANY || this.dots.length + moving.length > MAX_DOTS) {
      this.aggregatedUntilMs = nowMs + AGGREGATED_MS
      return
    }
    const scale = latencyScale(speed)
    const first = moving[0]?.timeMs ?? 0
    const span = (moving.at(-1)?.timeMs ?? 0) - first
    const spread = span === 0 ? 0 : Math.min(span * scale, SPREAD_MS) / span
    for (const entry of moving) {
      const legs = legsOf(entry, scale)
      const startMs = nowMs + (entry.timeMs - first) * spread
      const endMs = startMs + legs.reduce((sum, leg) => sum + leg.durationMs, 0)
      this.dots.push({ id: entry.id, label: dotLabel(entry), startMs, endMs, legs })
    }
  }

  clear(): void {
    this.dots = []
    this.heats.clear()
    this.aggregatedUntilMs = 0
  }

  /** Dots under way, with where they are. */
  places(nowMs: number): readonly { readonly dot: Dot; readonly place: Place }[] {
    return this.dots.flatMap((dot) => {
      const place = placeOf(dot, nowMs)
      return place ? [{ dot, place }] : []
    })
  }

  /** How much went on at a station of late: about entries a second. */
  heat(station: string, nowMs: number): number {
    const heat = this.heats.get(station)
    return heat ? heat.value * 0.5 ** ((nowMs - heat.atMs) / HALF_LIFE_MS) : 0
  }

  isAggregated(nowMs: number): boolean {
    return nowMs < this.aggregatedUntilMs
  }

  /** Whether the picture will look different a moment later. */
  isAlive(nowMs: number): boolean {
    if (this.isAggregated(nowMs) || this.dots.some((dot) => dot.endMs > nowMs)) return true
    for (const station of this.heats.keys()) if (this.heat(station, nowMs) > 0.05) return true
    return false
  }

  private warm({ station, requests, events, writes }: FlowRow, nowMs: number): void {
    // The controllers share their process's line.
    this.add(station.startsWith('controller:') ? 'manager' : station, requests + events, nowMs)
    this.add('etcd', writes, nowMs)
  }

  private add(station: string, count: number, nowMs: number): void {
    if (count > 0) this.heats.set(station, { value: this.heat(station, nowMs) + count, atMs: nowMs })
  }
}

/** Null before a dot sets out and after it has arrived. */
export function placeOf({ startMs, endMs, legs }: Dot, nowMs: number): Place | null {
  if (nowMs < startMs || nowMs >= endMs) return null
  let left = nowMs - startMs
  for (const leg of legs) {
    if (left < leg.durationMs) return { leg, part: left / leg.durationMs }
    left -= leg.durationMs
  }
  return null
}

export function dotLabel({ type, verb, object, subresource, code }: TraceEntry): string {
  const what = `${verb} ${object.kind || object.resource}${subresource === '' ? '' : `/${subresource}`}`
  return type === 'request' && code >= 400 ? `${what} ${code}` : what
}
