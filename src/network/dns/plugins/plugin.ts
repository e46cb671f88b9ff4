/** What a CoreDNS plugin is: set up from its directive, then one link in the chain that a query goes down. */
import type { Task } from '../../../sim/task.ts'
import type { Directive } from '../corefile.ts'
import { CorefileError } from '../corefile.ts'
import type { ClusterNames } from '../cluster-names.ts'
import { fullName, type DnsMessage, type DnsPeer, type DnsQuestion, type DnsReply, type DnsType } from '../message.ts'

/** A question on its way. `name` is full and in lower case. */
export interface Query {
  readonly name: string
  readonly type: DnsType
  readonly peer: DnsPeer
  readonly protocol: 'udp' | 'tcp'
  /** A rewrite rule has had it, and no further one may. */
  readonly rewritten?: boolean
  /** How often a CNAME has led here. */
  readonly depth: number
}

/** Answers; null: the server does not answer at all. */
export type Handler = (query: Query) => Task<DnsReply | null>
export type Link = (next: Handler) => Handler

/** What a DNS server needs of the world around it. */
export interface DnsWorld {
  /** Simulated milliseconds. */
  now(): number
  /** [0, 1). */
  random(): number
  readonly names: ClusterNames
  /** Asks another server; undefined: no answer. */
  ask(server: DnsPeer, question: DnsQuestion): Task<DnsMessage | { readonly failure: string } | undefined>
  readFile(path: string): string | undefined
  log(line: string): void
  readonly address: string
}

/** What setting up a plugin may use beside its directive. */
export interface Setup {
  readonly directive: Directive
  /** The zones of its server block. */
  readonly zones: readonly string[]
  readonly port: number
  readonly world: DnsWorld
  /** Answers through the whole chain of the server again: for the targets of CNAMEs. */
  readonly resolve: Handler
  /** Throws, as CoreDNS words it for this directive: `plugin/x: Corefile:3 - Error during parsing: …`. */
  fail(message: string, line?: number): never
  /** Throws about this plugin without a place. */
  refuse(message: string): never
}

export type Plugin = (setup: Setup) => Link

export const argumentError = (word: string) => `Wrong argument count or unexpected line ending after '${word}'`

export const nothing = (code: DnsReply['code'] = 'NOERROR'): DnsReply => ({ code, authoritative: false, answers: [] })

/** The zones that a directive names, or those of its server. */
export const zonesOf = (words: readonly string[], zones: readonly string[]): readonly string[] =>
  words.length > 0 ? words.map(fullName) : zones

/** A failure in setting up `name`, in CoreDNS' words. */
export function setupFailure(file: string, { name, line }: Directive): Pick<Setup, 'fail' | 'refuse'> {
  return {
    fail(message, at = line) {
      throw new CorefileError(`plugin/${name}: ${file}:${at} - Error during parsing: ${message}`)
    },
    refuse(message) {
      throw new CorefileError(`plugin/${name}: ${message}`)
    },
  }
}
