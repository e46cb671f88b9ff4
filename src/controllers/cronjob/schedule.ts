import { parseGoDuration } from '../../apimachinery/duration.ts'
import { utcParts, utcTime } from '../../sim/time.ts'
import { fromLocalMs, offsetMs } from './time-zone.ts'

/** When a CronJob runs. */
export interface Schedule {
  /** The first moment after `ms`, or undefined when there is none within five years. */
  next(ms: number): number | undefined
}

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const YEARS_AHEAD = 5

const NAMES: { readonly [name: string]: number } = Object.fromEntries([
  ...['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, i) => [name, i + 1]),
  ...['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'].map((name, i) => [name, i]),
])
const DESCRIPTORS: { readonly [name: string]: string } = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const

/** A field's values; `any` when it was a star, which matters for days. */
interface Field {
  readonly values: ReadonlySet<number>
  readonly any: boolean
}

/** Reads a schedule that validation has found right. k8s 1.36: robfig/cron ParseStandard. */
export function parseSchedule(text: string): Schedule {
  const zone = /^(?:CRON_)?TZ=(\S*)\s*/.exec(text)
  const rest = zone ? text.slice(zone[0].length) : text
  if (rest.startsWith('@every ')) return everySchedule(parseGoDuration(rest.slice('@every '.length)))
  const parts = (DESCRIPTORS[rest] ?? rest).split(/\s+/).filter((part) => part !== '')
  const fields = RANGES.map(([min, max], i) => parseField(parts[i] ?? '*', min, max))
  return new FieldSchedule(fields, zone?.[1] ?? '')
}

function everySchedule(durationMs: number): Schedule {
  const delayMs = Math.max(SECOND_MS, durationMs - (durationMs % SECOND_MS))
  return { next: (ms) => ms - (ms % SECOND_MS) + delayMs }
}

function parseField(text: string, min: number, max: number): Field {
  const values = new Set<number>()
  let any = false
  for (const expression of text.split(',')) {
    const [range = '', stepText] = expression.split('/')
    const [low = '', high] = range.split('-')
    const star = low === '*' || low === '?'
    const step = Number(stepText ?? 1)
    const start = star ? min : toNumber(low)
    const end = star || (stepText !== undefined && high === undefined) ? max : toNumber(high ?? low)
    any ||= star && step === 1
    for (let value = start; value <= end; value += step) values.add(value)
  }
  return { values, any }
}

const toNumber = (text: string) => NAMES[text.toLowerCase()] ?? Number(text)

/**
 * The usual five fields. Where clocks are put forward, a time that is skipped does not come; where they are put back,
 * one that is shown twice comes twice. k8s 1.36: robfig/cron SpecSchedule.Next.
 */
class FieldSchedule implements Schedule {
  private readonly fields: readonly Field[]
  private readonly zone: string

  constructor(fields: readonly Field[], zone: string) {
    this.fields = fields
    this.zone = zone
  }

  next(ms: number): number | undefined {
    let at = ms - (ms % SECOND_MS) + SECOND_MS
    const lastYear = this.local(at).year + YEARS_AHEAD
    for (;;) {
      const now = this.local(at)
      if (now.year > lastYear) return undefined
      if (!this.has(3, now.month)) at = this.midnight(now.year, now.month + 1, 1)
      else if (!this.isDay(now)) at = this.midnightAfter(now)
      else if (!this.has(1, now.hour)) at += HOUR_MS - now.minute * MINUTE_MS - now.second * SECOND_MS
      else if (!this.has(0, now.minute)) at = at - (at % MINUTE_MS) + MINUTE_MS
      else if (now.second !== 0) at = at - (at % MINUTE_MS) + MINUTE_MS
      else return at
    }
  }

  private local(ms: number) {
    return utcParts(ms + offsetMs(this.zone, ms))
  }

  private midnight(year: number, month: number, day: number): number {
    return fromLocalMs(this.zone, utcTime(year, month, day))
  }

  /** The next midnight; where clocks skip it, the first hour of the day. */
  private midnightAfter({ year, month, day }: { readonly year: number; readonly month: number; readonly day: number }): number {
    const at = this.midnight(year, month, day + 1)
    const { hour } = this.local(at)
    if (hour === 0) return at
    return hour > 12 ? at + (24 - hour) * HOUR_MS : at - hour * HOUR_MS
  }

  private has(field: number, value: number): boolean {
    return this.fields[field]?.values.has(value) ?? false
  }

  /** A day must match both day fields, or either of them when neither is a star. */
  private isDay({ day, weekday }: { readonly day: number; readonly weekday: number }): boolean {
    const both = this.fields[2]?.any || this.fields[4]?.any
    return both ? this.has(2, day) && this.has(4, weekday) : this.has(2, day) || this.has(4, weekday)
  }
}
