/** Rules as text: as iptables-save writes them. */
import { matchCode, targetCode } from './extensions/registry.ts'
import type { CidrMatch, Match, NameMatch, Rule, Target } from './rule.ts'

function named(option: string, match: NameMatch | undefined): string {
  return match ? `${match.inverted ? ' !' : ''} -${option} ${match.name}` : ''
}

/** '! -s 10.244.0.0/16'. */
export function printCidr(option: string, match: CidrMatch | undefined): string {
  return match ? `${match.inverted ? ' !' : ''} -${option} ${match.cidr}` : ''
}

/** ' -m tcp --dport 80'. */
export function printMatch(match: Match): string {
  return ` -m ${match.kind}${matchCode(match).save(match)}`
}

/** ' -j DNAT --to-destination 10.244.1.5:8080'; '' for none. */
export function printTarget(target: Target): string {
  if (target.kind === 'none') return ''
  if (target.kind === 'jump') return ` -j ${target.chain}`
  if (target.kind === 'goto') return ` -g ${target.chain}`
  const extension = targetCode(target)
  return ` -j ${target.kind}${extension ? extension.code.save(extension.target) : ''}`
}

const texts = new WeakMap<Rule, string>()

/** The whole rule after '-A CHAIN', beginning with a space unless it is empty. `counters` stand before the target. */
export function printRule(rule: Rule, counters = ''): string {
  const known = counters === '' ? texts.get(rule) : undefined
  if (known !== undefined) return known
  const text =
    printCidr('s', rule.source) +
    printCidr('d', rule.destination) +
    named('i', rule.inInterface) +
    named('o', rule.outInterface) +
    named('p', rule.protocol) +
    (rule.fragments === undefined ? '' : `${rule.fragments ? ' !' : ''} -f`) +
    rule.matches.map(printMatch).join('') +
    counters +
    printTarget(rule.target)
  if (counters === '') texts.set(rule, text)
  return text
}
