import { utcParts } from '../../../sim/time.ts'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number) => String(n).padStart(2, '0')

const clock = (ms: number) => {
  const t = utcParts(ms)
  return `${two(t.hour)}:${two(t.minute)}:${two(t.second)}`
}

/** 'Mon, 05 Jan 2026 09:00:00 GMT' */
export function httpDate(ms: number): string {
  const t = utcParts(ms)
  return `${DAYS[t.weekday]}, ${two(t.day)} ${MONTHS[t.month - 1]} ${t.year} ${clock(ms)} GMT`
}

/** 'Mon Jan 05 09:00:00 UTC 2026' */
export function unixDate(ms: number): string {
  const t = utcParts(ms)
  return `${DAYS[t.weekday]} ${MONTHS[t.month - 1]} ${two(t.day)} ${clock(ms)} UTC ${t.year}`
}

/** '2026-01-05 09:00:00' */
export function plainDate(ms: number): string {
  const t = utcParts(ms)
  return `${t.year}-${two(t.month)}-${two(t.day)} ${clock(ms)}`
}

/** '05/Jan/2026:09:00:00 +0000', as web servers log. */
export function logDate(ms: number): string {
  const t = utcParts(ms)
  return `${two(t.day)}/${MONTHS[t.month - 1]}/${t.year}:${clock(ms)} +0000`
}
