/** Text forms of simulated time. The one place in the engine that may use the host's Date, for its calendar only. */

/** RFC 3339 with whole seconds in UTC, as metav1.Time is written: 2026-01-01T09:00:00Z */
export function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000)
  // Most calls ask for the second that was asked for last.
  if (second !== lastSecond) {
    lastSecond = second
    lastText = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`
  }
  return lastText
}
let lastSecond = Number.NaN
let lastText = ''

/** RFC 3339 with six decimals, as metav1.MicroTime is written. */
export function formatMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}

/** Milliseconds since the epoch, or NaN when the text is no RFC 3339 time. */
export function parseTime(text: string): number {
  return Date.parse(text)
}

/** Calendar parts in UTC. month is 1..12, weekday 0 (Sunday)..6. */
export function utcParts(ms: number): {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  weekday: number
} {
  const d = new Date(ms)
  return {
    year: d.getUTCFullYear(),
    month: d.getUTCMonth() + 1,
    day: d.getUTCDate(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
    second: d.getUTCSeconds(),
    weekday: d.getUTCDay(),
  }
}

/** Milliseconds since the epoch of a UTC calendar time; month is 1..12. */
export function utcTime(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  return Date.UTC(year, month - 1, day, hour, minute, second)
}
