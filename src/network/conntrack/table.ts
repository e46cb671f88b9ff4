import { tupleKey, type Connection, type Direction, type Tuple } from './conntrack.ts'
import type { Settings } from './lifetime.ts'

const DEFAULT_MAX = 262_144
/** How many entries are looked at when one has to give way. */
const GIVE_WAY = 16

interface ConntrackCounters {
  found: number
  invalid: number
  insert: number
  insertFailed: number
  drop: number
  earlyDrop: number
  error: number
}

export interface Found {
  readonly connection: Connection
  readonly direction: Direction
}

/**
 * The connections of one network namespace, by the tuples of both their directions. What has timed out is forgotten when
 * somebody looks: each waits in the bucket of the second in which it ends, and is put on when it has lived longer.
 */
export class ConntrackTable {
  readonly now: () => number
  readonly settings: Settings
  readonly counters: ConntrackCounters = { found: 0, invalid: 0, insert: 0, insertFailed: 0, drop: 0, earlyDrop: 0, error: 0 }
  /** Rises with every entry that comes or goes. */
  version = 0
  private readonly byTuple = new Map<string, Found>()
  private readonly buckets = new Map<number, Connection[]>()
  private expiredUpTo = 0
  private count = 0

  constructor(now: () => number, settings: Settings) {
    this.now = now
    this.settings = settings
  }

  /** How many entries there are now. */
  get size(): number {
    this.expire()
    return this.count
  }

  /** nf_conntrack_max. */
  get max(): number {
    return this.settings('max') ?? DEFAULT_MAX
  }

  find(tuple: Tuple): Found | undefined {
    const found = this.byTuple.get(tupleKey(tuple))
    if (!found || found.connection.expiresMs > this.now()) return found
    this.delete(found.connection)
    return undefined
  }

  /** Whether there is room for one more; when not, one that never became a real connection may have to give way. */
  makeRoom(): boolean {
    if (this.count < this.max) return true
    this.expire()
    if (this.count < this.max) return true
    let looked = 0
    for (const { connection } of this.byTuple.values()) {
      if (!connection.assured) {
        this.delete(connection)
        this.counters.earlyDrop++
        return true
      }
      if (++looked >= GIVE_WAY) break
    }
    this.counters.drop++
    return false
  }

  /** Makes an entry known; false when another connection has one of its tuples. */
  insert(connection: Connection): boolean {
    this.expire()
    const [original, reply] = [tupleKey(connection.original), tupleKey(connection.reply)]
    if (this.find(connection.original) || this.find(connection.reply)) {
      this.counters.insertFailed++
      return false
    }
    connection.confirmed = true
    this.byTuple.set(original, { connection, direction: 'original' })
    this.byTuple.set(reply, { connection, direction: 'reply' })
    this.count++
    this.version++
    this.counters.insert++
    this.wait(connection)
    return true
  }

  /** Answers will have another tuple (IPVS chose a server). Also for connections that are known already. */
  alterReply(connection: Connection, reply: Tuple): void {
    if (connection.confirmed) {
      this.byTuple.delete(tupleKey(connection.reply))
      this.byTuple.set(tupleKey(reply), { connection, direction: 'reply' })
    }
    connection.reply = reply
  }

  delete(connection: Connection): void {
    const key = tupleKey(connection.original)
    if (this.byTuple.get(key)?.connection !== connection) return
    this.byTuple.delete(key)
    this.byTuple.delete(tupleKey(connection.reply))
    this.count--
    this.version++
  }

  /** All entries, oldest first. */
  list(): Connection[] {
    this.expire()
    const connections: Connection[] = []
    for (const { connection, direction } of this.byTuple.values()) if (direction === 'original') connections.push(connection)
    return connections
  }

  flush(): void {
    this.byTuple.clear()
    this.buckets.clear()
    this.count = 0
    this.version++
  }

  /** How many connections answer to `matches`; counts by the original direction. */
  countWhere(matches: (original: Tuple) => boolean): number {
    return this.list().filter(({ original }) => matches(original)).length
  }

  private expire(): void {
    const now = this.now()
    const second = Math.floor(now / 1000)
    if (second <= this.expiredUpTo) return
    const passed = second - this.expiredUpTo
    const due =
      passed > this.buckets.size
        ? [...this.buckets.keys()].filter((bucket) => bucket <= second).toSorted((a, b) => a - b)
        : Array.from({ length: passed }, (_, i) => this.expiredUpTo + 1 + i)
    this.expiredUpTo = second
    for (const bucket of due) {
      const waiting = this.buckets.get(bucket)
      this.buckets.delete(bucket)
      for (const connection of waiting ?? []) {
        if (connection.expiresMs <= now) this.delete(connection)
        else if (this.byTuple.get(tupleKey(connection.original))?.connection === connection) this.wait(connection)
      }
    }
  }

  private wait(connection: Connection): void {
    const bucket = Math.max(Math.ceil(connection.expiresMs / 1000), this.expiredUpTo + 1)
    const waiting = this.buckets.get(bucket)
    if (waiting) waiting.push(connection)
    else this.buckets.set(bucket, [connection])
  }
}
