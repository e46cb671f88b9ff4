/** Why a cron schedule can't be read. Texts are those of the parser that Kubernetes uses (robfig/cron v3, standard fields). */
import { parseGoDuration } from '../../../apimachinery/duration.ts'

class ScheduleError extends Error {}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
]
const DESCRIPTORS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new ScheduleError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  const n = Number(text)
  if (n < 0) throw new ScheduleError(`negative number (${n}) not allowed: ${text}`)
  return n
}

function parseNumberOrName(text: string, bounds: Bounds): number {
  const named = bounds.names?.indexOf(text.toLowerCase()) ?? -1
  return named < 0 ? parseNumber(text) : named + bounds.min
}

function parseRange(expr: string, bounds: Bounds): void {
  const [range = '', stepText, ...moreSteps] = expr.split('/')
  const [low = '', high, ...moreHyphens] = range.split('-')
  let [start, end] = [bounds.min, bounds.max]
  if (low !== '*' && low !== '?') {
    start = parseNumberOrName(low, bounds)
    if (moreHyphens.length > 0) throw new ScheduleError(`too many hyphens: ${expr}`)
    end = high === undefined ? start : parseNumberOrName(high, bounds)
  }
  if (moreSteps.length > 0) throw new ScheduleError(`too many slashes: ${expr}`)
  const step = stepText === undefined ? 1 : parseNumber(stepText)
  if (stepText !== undefined && high === undefined) end = bounds.max
  if (start < bounds.min) throw new ScheduleError(`beginning of range (${start}) below minimum (${bounds.min}): ${expr}`)
  if (end > bounds.max) throw new ScheduleError(`end of range (${end}) above maximum (${bounds.max}): ${expr}`)
  if (start > end) throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${expr}`)
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${expr}`)
}

/** What Go's time.ParseDuration says of a text that is none. */
function durationProblem(text: string): string {
  const [, unit] = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*(?:\d+\.?\d*|\.\d+)([^\d.]*)/.exec(text) ?? []
  if (unit === undefined) return `invalid duration ${JSON.stringify(text)}`
  return unit === ''
    ? `missing unit in duration ${JSON.stringify(text)}`
    : `unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`
}

function parseDescriptor(text: string): void {
  if (DESCRIPTORS.includes(text)) return
  if (!text.startsWith('@every ')) throw new ScheduleError(`unrecognized descriptor: ${text}`)
  const duration = text.slice('@every '.length)
  if (Number.isNaN(parseGoDuration(duration))) {
    throw new ScheduleError(`failed to parse duration ${text}: time: ${durationProblem(duration)}`)
  }
}

/** True for a zone of the IANA database. SIMPLIFIED: as far as the JavaScript engine knows it. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function parseSchedule(text: string): void {
  if (text === '') throw new ScheduleError('empty spec string')
  let rest = text
  const zone = /^(?:CRON_)?TZ=(\S*)\s*/.exec(text)
  if (zone !== null) {
    const name = zone[1] ?? ''
    if (!isTimeZone(name)) throw new ScheduleError(`provided bad location ${name}: unknown time zone ${name}`)
    rest = text.slice(zone[0].length)
  }
  if (rest.startsWith('@')) return parseDescriptor(rest)
  const fields = rest.split(/\s+/).filter((f) => f !== '')
  if (fields.length !== 5) throw new ScheduleError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  for (const [i, field] of fields.entries()) {
    const bounds = FIELDS[i]
    if (bounds === undefined) continue
    for (const expr of field.split(',')) if (expr !== '') parseRange(expr, bounds)
  }
}

/** '' when the schedule is right. */
export function scheduleProblem(text: string): string {
  try {
    parseSchedule(text)
    return ''
  } catch (error) {
    if (error instanceof ScheduleError) return error.message
    throw error
  }
}
