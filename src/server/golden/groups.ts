import { runApiCase, type ApiCase } from '../../apiserver/golden.ts'
import { runBehaviourCase, type BehaviourCase } from '../../cluster/golden/behaviour.ts'
import { makeApiFixture } from '../../cluster/golden/api-fixture.ts'
import { runIptables, runIpvs, type ProxyCase } from '../../network/proxy/golden.ts'
import { nftablesRules } from '../../network/proxy/nftables/golden.ts'
import { runSchedulerCase, type SchedulerCase } from '../../scheduler/golden.ts'
import { firstDifference, unordered } from './difference.ts'
import { runTableRow } from './tables.ts'

export interface CaseOutcome {
  /** The line of the summary that it counts in. */
  readonly row: string
  readonly name: string
  /** Null when it passed. */
  readonly difference: string | null
}

export interface Group {
  /** Below the folder given. */
  readonly folder: string
  readonly run: (content: unknown, name: string) => readonly CaseOutcome[]
}

interface Table {
  readonly topic: string
  readonly rows: readonly { readonly input: unknown; readonly expect: Readonly<Record<string, unknown>> }[]
}

const api = (part: string): Group => ({
  folder: `api/${part}`,
  run: (content, name) => [
    {
      row: `api/${part}`,
      name,
      difference: attempt(() => runApiCase(content as ApiCase, makeApiFixture).differences[0] ?? null),
    },
  ],
})

export const groups: readonly Group[] = [
  api('defaulting'),
  api('validation'),
  api('protocol'),
  {
    folder: 'behaviour',
    run: (content, name) => [
      { row: 'behaviour', name, difference: attempt(() => runBehaviourCase(content as BehaviourCase).differences[0] ?? null) },
    ],
  },
  {
    folder: 'scheduler',
    run(content, name) {
      const { input, expect } = content as { input: SchedulerCase; expect: unknown }
      const ordered = new Set(['victims', 'feasible'])
      return [
        {
          row: 'scheduler',
          name,
          difference: attempt(() =>
            firstDifference(unordered(plain(runSchedulerCase(input)), ordered), unordered(expect, ordered)),
          ),
        },
      ]
    },
  },
  {
    folder: 'kube-proxy',
    run(content, name) {
      const { input, expect } = content as {
        input: ProxyCase
        expect: Readonly<Record<string, Readonly<Record<string, unknown>>>>
      }
      const modes = { iptables: runIptables, ipvs: runIpvs, nftables: nftablesRules }
      return Object.entries(modes).flatMap(([mode, run]) => {
        const wanted = expect[mode]
        if (!wanted) return []
        // Of what was made, what was recorded.
        const compare = () => {
          const made = plain(run(input)) as Record<string, unknown>
          const picked = Object.fromEntries(Object.keys(wanted).map((key) => [key, made[key]]))
          return firstDifference(byName(picked), byName(wanted))
        }
        return [{ row: `kube-proxy/${mode}`, name: `${name} ${mode}`, difference: attempt(compare) }]
      })
    },
  },
  {
    folder: 'tables',
    run(content) {
      const { topic, rows } = content as Table
      return rows.map(({ input, expect }, i) => {
        // Kept in the recording for humans; it is the text that was hashed.
        const { hashedText: _text, ...wanted } = expect
        return {
          row: `tables/${topic}`,
          name: `${topic}#${i}`,
          difference: attempt(() => firstDifference(plain(runTableRow(topic, input)), wanted)),
        }
      })
    },
  },
]

/** IPVS servers in one order: the kernel's own is none. */
function byName(value: Record<string, unknown>): unknown {
  const servers = value.virtualServers
  if (!Array.isArray(servers)) return value
  const sorted = (list: readonly unknown[]) => list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  const withReals = (servers as readonly Record<string, unknown>[]).map((server) => ({
    ...server,
    realServers: sorted((server.realServers ?? []) as readonly unknown[]),
  }))
  return { ...value, virtualServers: sorted(withReals) }
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown

function attempt(run: () => string | null): string | null {
  try {
    return run()
  } catch (error) {
    return error instanceof Error
      ? `${error.name}: ${error.message} ${(error.stack ?? '').split('\n')[1]?.trim() ?? ''}`
      : String(error)
  }
}
