/** What Felix keeps in iptables for pools with natOutgoing. Source: calico v3.31 felix/rules/nat.go. */
import type { Netns } from '../../link/netns.ts'
import { netfilterOf } from '../../netfilter/install.ts'
import { ensureRules } from '../rules.ts'
import type { Pool } from './ipam.ts'

const MASQUERADED = 'cali40masq-ipam-pools'
const ALL = 'cali40all-ipam-pools'

// SIMPLIFIED: Felix's chains for endpoints and policies are not there; policies hang on the hooks themselves.
const RULES: readonly string[] = [
  '*nat',
  ':cali-POSTROUTING - [0:0]',
  ':cali-nat-outgoing - [0:0]',
  '-A POSTROUTING -m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING',
  '-A cali-POSTROUTING -m comment --comment "cali:nYKhEzDlr11Jccal" -j cali-nat-outgoing',
  '-A cali-POSTROUTING -o tunl0 -m comment --comment "cali:SXWvdsbh4Mw7wOln" -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL -j MASQUERADE --random-fully',
  `-A cali-nat-outgoing -m comment --comment "cali:flqWnvo8yq4ULQLa" -m set --match-set ${MASQUERADED} src -m set ! --match-set ${ALL} dst -j MASQUERADE --random-fully`,
  'COMMIT',
]

/** How often Felix looks after its rules (iptablesRefreshInterval). */
const REFRESH_MS = 10_000
const lastMs = new WeakMap<Netns, number>()

export function keepRules(netns: Netns, pools: readonly Pool[], nowMs: number): void {
  const sets = netfilterOf(netns)?.sets
  if (!sets || nowMs - (lastMs.get(netns) ?? -Infinity) < REFRESH_MS) return
  lastMs.set(netns, nowMs)
  for (const name of [MASQUERADED, ALL]) {
    sets.ensure(name, { type: 'hash:net' }, 'IPv4')
    const wanted = pools.filter((pool) => name === ALL || pool.natOutgoing).map((pool) => pool.cidr)
    const there = [...(sets.members(name) ?? [])]
    for (const cidr of wanted) if (!there.includes(cidr)) sets.add(name, cidr)
    for (const cidr of there) if (!wanted.includes(cidr)) sets.delete(name, cidr)
  }
  ensureRules(netns, RULES)
}
