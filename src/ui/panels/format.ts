const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** k8s 1.36: duration.HumanDuration, the ages in kubectl's tables: '45s', '3m27s', '5h3m', '2d4h', '10d'. */
export function age(ms: number): string {
  if (ms < -SECOND) return '<invalid>'
  if (ms < 2 * MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))}s`
  if (ms < 10 * MINUTE) return two(ms, MINUTE, 'm', SECOND, 's')
  if (ms < 3 * HOUR) return `${Math.floor(ms / MINUTE)}m`
  if (ms < 8 * HOUR) return two(ms, HOUR, 'h', MINUTE, 'm')
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`
  if (ms < 8 * DAY) return two(ms, DAY, 'd', HOUR, 'h')
  if (ms < 2 * YEAR) return `${Math.floor(ms / DAY)}d`
  if (ms < 8 * YEAR) return two(ms, YEAR, 'y', DAY, 'd')
  return `${Math.floor(ms / YEAR)}y`
}

/** The larger unit, and what is left in the smaller one unless that is nothing. */
function two(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`
}

/** Time of day of the cluster, '09:14:32.250', in UTC as Kubernetes stores it. */
export function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23)
}

/** '2026-01-01' */
export function clockDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
