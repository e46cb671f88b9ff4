/** What each match and target of iptables brings along: its options, its texts and what it does to a packet. One object each. */
import type { Given, OptionTable } from '../options.ts'
import type { MatchKind, MatchOf, TargetKind, TargetOf } from '../rule.ts'
import type { Walk } from '../walk.ts'

export interface MatchExtension<K extends MatchKind> {
  readonly options: OptionTable
  build(given: Given): MatchOf<K>
  /** As iptables-save writes it after `-m name `, with a space before each word. */
  save(match: MatchOf<K>): string
  /** As `iptables -L` shows it; '' for nothing. */
  list(match: MatchOf<K>, numeric: boolean): string
  /** The test that it makes of each packet. Made once per rule. */
  compile(match: MatchOf<K>): (walk: Walk) => boolean
}

export interface TargetExtension<K extends TargetKind> {
  readonly options: OptionTable
  build(given: Given): TargetOf<K>
  /** As iptables-save writes it after `-j NAME`, with a space before each word. */
  save(target: TargetOf<K>): string
  list(target: TargetOf<K>, numeric: boolean): string
}

/** ' !' before an inverted option. */
export function bang(inverted: boolean | undefined): string {
  return inverted ? ' !' : ''
}
