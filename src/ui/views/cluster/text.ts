/** Width of a character of the monospaced face, in units of its size. */
export const MONO_ADVANCE = 0.604

/**
 * Breaks a name into lines of at most `width` characters, after a hyphen, dot or slash where there is one, and
 * never cuts it short: null when it needs more than `lines`.
 */
export function wrapName(name: string, width: number, lines: number): readonly string[] | null {
  if (width < 4) return null
  const made: string[] = []
  let rest = name
  while (rest.length > width) {
    let at = width
    while (at > width / 2 && !'-./:'.includes(rest[at - 1] ?? '')) at--
    if (at <= width / 2) at = width
    made.push(rest.slice(0, at))
    rest = rest.slice(at)
    if (made.length >= lines) return null
  }
  made.push(rest)
  return made.length <= lines ? made : null
}

/** 1.5Ki, 3.2Gi: bytes in the largest binary unit, at most one decimal. */
export function formatBytes(bytes: number): string {
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti']
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${trim(value)}${units[unit] ?? ''}`
}

/** 1.5/8Gi: part and whole in the unit of the whole. */
export function formatBytesOf(part: number, whole: number): string {
  let unit = 1
  while (whole / unit >= 1024) unit *= 1024
  return `${trim(part / unit)}/${formatBytes(whole)}`
}

/** Cores from thousandths: 0.25, 4. */
export function formatCpu(milli: number): string {
  return milli < 1000 && milli > 0 ? `${milli}m` : trim(milli / 1000)
}

function trim(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10)
}

/** Whole seconds left as kubectl writes durations: 27s, 2m5s. */
export function formatLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  return seconds < 120 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
