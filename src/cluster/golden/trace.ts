import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import type { Change } from '../../etcd/etcd.ts'
import { difference, flatten } from './flatten.ts'

/** One line of a recorded trace: a watch event, or an Event object. */
export interface TraceLine {
  readonly t: number
  readonly event: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly kind: string
  readonly name?: string
  readonly changes?: { readonly [path: string]: unknown }
  /** For Event objects. */
  readonly object?: string
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly source?: string
  readonly count?: number
}

/** Turns a write into a trace line; names are still the run's own. */
export function lineOf(change: Change, startMs: number): TraceLine {
  const value = change.value as KubeObject & JsonObject
  const t = Math.round((change.timeMs - startMs) / 500) / 2
  const event = change.type === 'delete' ? 'DELETED' : change.previous ? 'MODIFIED' : 'ADDED'
  const kind = value.kind ?? ''
  if (kind === 'Event') {
    const { involvedObject, type, reason, message, source, count, reportingComponent } = value as unknown as EventObject
    return {
      t,
      event,
      kind,
      object: `${involvedObject.kind}/${involvedObject.name}`,
      type,
      reason,
      message,
      source: source?.component || reportingComponent,
      count,
    }
  }
  const before = change.previous ? flatten(change.previous as unknown as JsonObject) : new Map()
  const changes = difference(before, flatten(value))
  return { t, event, kind, name: value.metadata.name, changes }
}

interface EventObject {
  readonly involvedObject: { readonly kind: string; readonly name: string }
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly source?: { readonly component?: string }
  readonly count?: number
  readonly reportingComponent?: string
}

/**
 * Replaces what differs from run to run (template hashes, generated suffixes, uids, addresses, node names) by
 * placeholders without numbers, so that equal pods compare equal.
 */
export class Anonymizer {
  private readonly hashes = new Map<string, string>()
  private readonly minutes = new Map<string, string>()

  /** Learns the hashes and suffixes of an object's name. */
  learn(object: KubeObject): void {
    const labels = object.metadata.labels ?? {}
    const hash = labels['pod-template-hash'] ?? labels['controller-revision-hash'] ?? labels['controller.kubernetes.io/hash']
    if (hash !== undefined) {
      const bare = hash.includes('-') ? hash.slice(hash.lastIndexOf('-') + 1) : hash
      if (!this.hashes.has(bare)) this.hashes.set(bare, `<hash${this.hashes.size + 1}>`)
    }
    const minute = /-(\d{8,})$/.exec(object.metadata.name ?? '')?.[1]
    if (minute !== undefined && object.kind === 'Job' && !this.minutes.has(minute))
      this.minutes.set(minute, `<min${this.minutes.size + 1}>`)
  }

  text(text: string): string {
    let out = text
    for (const [hash, name] of this.hashes) out = out.replaceAll(hash, name)
    for (const [minute, name] of this.minutes) out = out.replaceAll(minute, name)
    return collapse(out)
  }

  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.value(item))
    return value
  }
}

/** Drops the numbers of placeholders, and puts placeholders where a raw value still stands. */
export function collapse(text: string): string {
  return text
    .replace(/<(x|ip|uid)\d+>/g, '<$1>')
    .replace(/-[bcdfghjklmnpqrstvwxz2456789]{5}(?![\w-])/g, '-<x>')
    .replace(/\b\d{1,3}(\.\d{1,3}){3}\b(?=$|[/:,\s"])/g, (ip) =>
      ip.startsWith('203.0.113') || ip.startsWith('198.51.100') ? ip : '<ip>',
    )
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uid>')
    .replace(/\bnode-[123]\b/g, '<node>')
}

export function collapseValue(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith('-----BEGIN') ? '<pem>' : collapse(value)
  if (Array.isArray(value)) return value.map(collapseValue)
  return value
}
