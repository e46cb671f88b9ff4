import { formatTime, utcTime } from '../../sim/time.ts'

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    const numeric = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', era: 'narrow', ...numeric })
    formats.set(zone, format)
  }
  return format
}

const DAY_MS = 86_400_000
const MAX_DAYS = 4096
/** Offset per zone and UTC day; NaN for days on which clocks are put forward or back. */
const days = new Map<string, number>()

/** How far a zone's clocks are ahead of UTC at that moment. Milliseconds. '' is UTC. */
export function offsetMs(zone: string, ms: number): number {
  if (zone === '' || zone === 'UTC' || zone === 'Etc/UTC') return 0
  const day = Math.floor(ms / DAY_MS)
  const key = `${zone} ${day}`
  let offset = days.get(key)
  if (offset === undefined) {
    const begin = computeOffsetMs(zone, day * DAY_MS)
    offset = begin === computeOffsetMs(zone, (day + 1) * DAY_MS) ? begin : Number.NaN
    if (days.size >= MAX_DAYS) days.clear()
    days.set(key, offset)
  }
  return Number.isNaN(offset) ? computeOffsetMs(zone, ms) : offset
}

function computeOffsetMs(zone: string, ms: number): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return utcTime(year, month, day, hour, minute, second) - Math.floor(ms / 1000) * 1000
}

/**
 * The moment at which a zone's clocks show that time, given as if it were UTC. A time that clocks skip or show twice
 * is resolved as Go's time.Date does: with the offset that holds at the time so computed.
 */
export function fromLocalMs(zone: string, localMs: number): number {
  return localMs - offsetMs(zone, localMs - offsetMs(zone, localMs))
}

/** 2026-01-02T02:30:00+08:00, or with Z when the zone is UTC. */
export function formatInZone(zone: string, ms: number): string {
  const offset = offsetMs(zone, ms)
  const two = (n: number) => String(n).padStart(2, '0')
  const minutes = Math.abs(offset) / 60_000
  const suffix = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
  return formatTime(ms + offset).replace('Z', suffix)
}
