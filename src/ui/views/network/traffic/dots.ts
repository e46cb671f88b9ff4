import type { FlowRate } from '../../../../worker/network/protocol.ts'

/** Dots under way at a time, at most; above it each stands for several requests. */
export const MOST_DOTS = 500
/** A message tells of a stretch of time: its dots set out over this much of the page's time. */
const SPREAD_MS = 260
const THERE_MS = 800
const LOST_MS = 1400
/** Rates halve in this time when nothing comes any more. */
const HALF_LIFE_MS = 700

export interface Dot {
  readonly from: string
  readonly to: string
  /** Where it is lost; '' when it arrives and an answer comes back. */
  readonly lostAt: string
  readonly startMs: number
}
export interface DotPlace {
  readonly dot: Dot
  /** 0..1 of its way. */
  readonly part: number
  readonly phase: 'there' | 'back' | 'lost'
}
interface Rate {
  value: number
  atMs: number
}

/** Requests under way on the page, and how many pass along each way. Times are the page's. */
export class Dots {
  private dots: Dot[] = []
  private readonly rates = new Map<string, Rate>()
  /** Requests that one dot stands for. */
  each = 1
  /** Without motion only rates are kept. */
  motion = true

  /** Takes what passed in `spanMs` of simulated time. */
  take(flows: readonly FlowRate[], spanMs: number, nowMs: number): void {
    this.dots = this.dots.filter((dot) => nowMs < endOf(dot))
    const total = flows.reduce((sum, { count }) => sum + count, 0)
    for (const flow of flows) this.warm(flow, spanMs, nowMs)
    if (!this.motion || total === 0) return
    const room = Math.max(20, ((MOST_DOTS - this.dots.length) * SPREAD_MS) / THERE_MS)
    this.each = Math.max(1, Math.ceil(total / room))
    let n = 0
    for (const flow of flows) {
      for (let i = 0; i < flow.count; i++) {
        if (n++ % this.each !== 0) continue
        const lostAt = i < flow.failed ? flow.lostAt || flow.to || 'nowhere' : ''
        this.dots.push({ from: flow.from, to: flow.to, lostAt, startMs: nowMs + ((n * 7919) % total) * (SPREAD_MS / total) })
      }
    }
  }

  /** Requests a second between two ends. */
  rate(from: string, to: string, nowMs: number): number {
    const rate = this.rates.get(`${from} ${to}`)
    return rate ? rate.value * 0.5 ** (Math.max(0, nowMs - rate.atMs - SPREAD_MS) / HALF_LIFE_MS) : 0
  }

  /** All ways with traffic. */
  *ways(nowMs: number): Generator<{ readonly from: string; readonly to: string; readonly rate: number }> {
    for (const key of this.rates.keys()) {
      const [from = '', to = ''] = key.split(' ')
      const rate = this.rate(from, to, nowMs)
      if (rate > 0.05) yield { from, to, rate }
    }
  }

  *places(nowMs: number): Generator<DotPlace> {
    for (const dot of this.dots) {
      const sinceMs = nowMs - dot.startMs
      if (sinceMs < 0 || nowMs >= endOf(dot)) continue
      if (sinceMs < THERE_MS) yield { dot, part: sinceMs / THERE_MS, phase: 'there' }
      else if (dot.lostAt !== '') yield { dot, part: 1, phase: 'lost' }
      else yield { dot, part: 2 - sinceMs / THERE_MS, phase: 'back' }
    }
  }

  get size(): number {
    return this.dots.length
  }

  /** Whether the picture will look different a moment later. */
  isAlive(nowMs: number): boolean {
    if (this.dots.some((dot) => nowMs < endOf(dot))) return true
    for (const _way of this.ways(nowMs)) return true
    return false
  }

  private warm({ from, to, count }: FlowRate, spanMs: number, nowMs: number): void {
    if (spanMs <= 0) return
    const key = `${from} ${to}`
    const fresh = (count * 1000) / spanMs
    const old = this.rate(from, to, nowMs)
    this.rates.set(key, { value: old === 0 ? fresh : old * 0.6 + fresh * 0.4, atMs: nowMs })
  }
}

function endOf({ startMs, lostAt }: Dot): number {
  return startMs + (lostAt === '' ? 2 * THERE_MS : THERE_MS + LOST_MS)
}
