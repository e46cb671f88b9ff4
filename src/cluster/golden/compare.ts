import { collapse, collapseValue, type Anonymizer, type TraceLine } from './trace.ts'

/** Paths whose intermediate values depend on how fast other components are; only the last value counts. */
const LAST_ONLY =
  /^(status\.|subsets|endpoints\b|endpoints\[|ports\b|ports\[|metadata\.generation$|metadata\.resourceVersion|metadata\.annotations\.\[endpoints\.kubernetes\.io)/
/** The recorded controllers wrote their Events up to this much late, so the last ones may not have come in time. */
const EVENT_LAG_SECONDS = 5
/** Never compared: what depends on the machine that was recorded. */
const IGNORED =
  /containerID|imageID|resourceVersion|startedAt|finishedAt|startTime|observedGeneration|allocatedResources|declaredFeatures|nodeInfo|\.images|volumesInUse|hostIP|podIP|nodePort|clusterIP/

interface Life {
  created: boolean
  deleted: boolean
  readonly added: Map<string, unknown>
  readonly values: Map<string, unknown[]>
}

/** What two traces must agree on, as text; see differencesOf. */
function livesOf(lines: readonly TraceLine[], nameOf: (line: TraceLine) => string): Map<string, Life[]> {
  const byObject = new Map<string, Life>()
  const groups = new Map<string, Life[]>()
  for (const line of lines) {
    if (line.kind === 'Event' || line.name === undefined) continue
    const id = `${line.kind}/${line.name}`
    let life = byObject.get(id)
    if (!life || (life.deleted && line.event === 'ADDED')) {
      life = { created: line.event === 'ADDED', deleted: false, added: new Map(), values: new Map() }
      byObject.set(id, life)
      const group = `${line.kind}/${line.kind === 'Node' ? line.name : nameOf(line)}`
      groups.set(group, [...(groups.get(group) ?? []), life])
    }
    if (line.event === 'DELETED') {
      // What the last form of a deleted object shows depends on how it went.
      life.deleted = true
      continue
    }
    for (const [path, value] of Object.entries(line.changes ?? {})) {
      if (IGNORED.test(path)) continue
      const seen = life.values.get(collapse(path)) ?? []
      seen.push(value)
      life.values.set(collapse(path), seen)
      if (line.event === 'ADDED') life.added.set(collapse(path), value)
    }
  }
  return groups
}

/** One life as text: which values each path took. Only paths that `known` has are looked at in objects as created. */
function signature(kind: string, life: Life, known: ReadonlySet<string>): string {
  const parts: string[] = [life.created ? 'created' : '', life.deleted ? 'deleted' : '']
  for (const path of [...life.values.keys()].sort()) {
    if (!known.has(path)) continue
    if (kind === 'Pod' && path.startsWith('status.') && path !== 'status.phase') continue
    // How often a slice was written depends on how many pods were ready at a time.
    if (kind === 'EndpointSlice' && path === 'metadata.generation') continue
    const values = (life.values.get(path) ?? []).map((value) => JSON.stringify(value))
    // The last finalizer goes in a write of its own, or in the one that removes the object, whoever comes first.
    if (path === 'metadata.finalizers' && life.deleted && values.at(-1) === 'null') values.pop()
    if (LAST_ONLY.test(path)) {
      // What an object looked like when it went is a matter of timing.
      if (!life.deleted) parts.push(`${path}=${values.at(-1) ?? ''}`)
    } else parts.push(`${path}=${values.filter((value, i) => value !== values[i - 1]).join('>')}`)
  }
  return parts.join('\n')
}

/**
 * Compares two traces on what is firm in them: which objects came and went, the order of values that each of their
 * fields took, the last state, and which Events were recorded about what. Gives differences, none when they agree.
 * Events that come after `endSeconds`, when the recording had stopped, may be missing there.
 */
export function differencesOf(
  expected: readonly TraceLine[],
  actual: readonly TraceLine[],
  anonymizer: Anonymizer,
  endSeconds: number,
): string[] {
  const want = livesOf(expected.map(collapseLine), (line) => collapse(line.name ?? ''))
  const got = livesOf(
    actual.map((line) => anonymizeLine(line, anonymizer)),
    (line) => anonymizer.text(line.name ?? ''),
  )
  const out: string[] = []
  for (const [group, lives] of want) {
    const kind = group.slice(0, group.indexOf('/'))
    const known = new Set(lives.flatMap((life) => [...life.values.keys()]))
    const mine = got.get(group) ?? []
    // Endpoints whose Service is just going may come back for a moment.
    if (kind === 'Endpoints') for (const side of [mine, lives]) while (side.length > 1 && side.at(-1)?.deleted) side.pop()
    if (mine.length !== lives.length) {
      out.push(`${group}: ${mine.length} objects, recorded ${lives.length}`)
      continue
    }
    const left = mine.map((life) => signature(kind, life, known)).sort()
    const right = lives.map((life) => signature(kind, life, known)).sort()
    left.forEach((text, i) => {
      if (text !== right[i]) out.push(`${group}: ${firstDifference(right[i] ?? '', text)}`)
    })
  }
  for (const [group, lives] of got)
    if (!want.has(group) && lives.some((life) => life.created)) out.push(`${group}: not in the recording`)
  out.push(...eventDifferences(expected, actual, anonymizer, endSeconds))
  return out
}

function eventDifferences(
  expected: readonly TraceLine[],
  actual: readonly TraceLine[],
  anonymizer: Anonymizer,
  endSeconds: number,
): string[] {
  const text = ({ object, type, reason, message, source }: TraceLine) => `${object} ${type} ${reason} ${source}: ${message}`
  // Who loses a race against whom is chance, and so is what a look every 15 seconds sees in between.
  const isFirm = ({ kind, message, reason }: TraceLine) =>
    kind === 'Event' && !message?.includes('the object has been modified') && reason !== 'WaitForPodScheduled'
  const want = new Set(expected.filter(isFirm).map((line) => collapse(text(line))))
  const events = actual.filter(isFirm)
  const got = new Set(events.map((line) => anonymizer.text(text(line))))
  const inTime = new Set(
    events.filter((line) => line.t <= endSeconds - EVENT_LAG_SECONDS).map((line) => anonymizer.text(text(line))),
  )
  return [
    ...[...want].filter((line) => !got.has(line)).map((line) => `missing event ${line}`),
    ...[...inTime].filter((line) => !want.has(line)).map((line) => `extra event ${line}`),
  ]
}

/** Names keep their numbers, so that objects stay apart; values lose them. */
function collapseLine(line: TraceLine): TraceLine {
  return { ...line, changes: mapValues(line.changes, collapseValue), name: line.name }
}

function anonymizeLine(line: TraceLine, anonymizer: Anonymizer): TraceLine {
  return {
    ...line,
    changes: mapValues(
      line.changes,
      (value) => anonymizer.value(value),
      (path) => anonymizer.text(path),
    ),
  }
}

function mapValues(
  changes: TraceLine['changes'],
  map: (value: unknown) => unknown,
  mapPath: (path: string) => string = (path) => path,
): TraceLine['changes'] {
  return changes && Object.fromEntries(Object.entries(changes).map(([path, value]) => [mapPath(path), map(value)]))
}

function firstDifference(want: string, got: string): string {
  const a = want.split('\n')
  const b = got.split('\n')
  const missing = a.find((line) => !b.includes(line))
  const extra = b.find((line) => !a.includes(line))
  return `${extra ?? '(nothing)'}, recorded ${missing ?? '(nothing)'}`
}
