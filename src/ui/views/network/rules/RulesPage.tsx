import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { NetTopology, RuleTables } from '../../../../worker/network/protocol.ts'
import { useSession } from '../../../engine/hooks.ts'
import { useParam } from '../store.ts'
import { CommandField } from './CommandField.tsx'
import { RuleDiagram } from './RuleDiagram.tsx'
import { ruleGraph } from './rule-graph.ts'
import { RuleTexts } from './RuleTexts.tsx'
import styles from './Rules.module.css'

/** Hit counters are read again this often. */
const AGAIN_MS = 1000

/** What stands in a node's kernel, as a picture and as text, and what the other modes would write. */
export function RulesPage({ topology }: { readonly topology: NetTopology }) {
  const { t } = useTranslation('network')
  const [nodeParam, setNode] = useParam('node')
  const [service, setService] = useParam('service')
  const [tableParam, setTable] = useParam('table')
  const node = topology.nodes.some(({ name }) => name === nodeParam) ? nodeParam : (topology.nodes.at(-1)?.name ?? '')
  const { tables, missing, read } = useTables(node, service)
  const names = useMemo(() => tableNames(tables), [tables])
  const table = names.includes(tableParam)
    ? tableParam
    : (names.find((name) => name === 'nat' || name.endsWith('kube-proxy')) ?? names[0] ?? '')
  const graph = useMemo(() => (tables ? ruleGraph(tables.chains, table, service) : null), [tables, table, service])
  return (
    <div className={styles.page}>
      <div className={styles.bar}>
        <label>
          {t('rules.node')}{' '}
          <select className="field" value={node} onChange={(event) => setNode(event.target.value)}>
            {topology.nodes.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          {t('rules.service')}{' '}
          <select className="field" value={service} onChange={(event) => setService(event.target.value)}>
            <option value="">{t('rules.allServices')}</option>
            {topology.services.map(({ namespace, name }) => (
              <option key={`${namespace}/${name}`}>{`${namespace}/${name}`}</option>
            ))}
          </select>
        </label>
        <label>
          {t('rules.table')}{' '}
          <select className="field" value={table} onChange={(event) => setTable(event.target.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {tables && (
          <span className="muted">
            {tables.mode
              ? t('rules.mode', { mode: tables.mode, count: tables.rules })
              : t('rules.noProxy', { count: tables.rules })}
          </span>
        )}
      </div>
      {missing && <p className="notice">{t('rules.noPower', { node })}</p>}
      {graph && tables && (
        <>
          {graph.columns.length === 0 ? <p className="notice">{t('rules.none')}</p> : <RuleDiagram graph={graph} />}
          <div className={styles.lower}>
            <RuleTexts tables={tables} service={service} />
            <CommandField key={node} node={node} onDone={read} />
          </div>
        </>
      )}
    </div>
  )
}

function tableNames(tables: RuleTables | null): readonly string[] {
  return [...new Set(tables?.chains.map(({ table }) => table) ?? [])]
}

/** Read now and then again and again while the page shows them. */
function useTables(node: string, service: string) {
  const { api } = useSession()
  const [tables, setTables] = useState<RuleTables | null>(null)
  const [missing, setMissing] = useState(false)
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (node === '') return
    let timer: ReturnType<typeof setTimeout> | undefined
    let isCurrent = true
    const read = async (): Promise<void> => {
      const beganMs = performance.now()
      const found = await api.ruleTables(node, service).catch(() => null)
      if (!isCurrent) return
      setTables((old) => (JSON.stringify(old) === JSON.stringify(found) ? old : found))
      setMissing(found === null)
      timer = setTimeout(() => void read(), Math.max(AGAIN_MS, (performance.now() - beganMs) * 5))
    }
    void read()
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [api, node, service, turn])
  return { tables: tables?.node === node ? tables : null, missing, read: () => setTurn((value) => value + 1) }
}
