import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkFault, NetTopology, NetworkAction } from '../../../../worker/network/protocol.ts'
import { reported } from '../../../app/report.ts'
import { useSession } from '../../../engine/hooks.ts'
import { Icon } from '../../../icons/Icon.tsx'
import { CommandLine } from '../../../panels/CommandLine.tsx'
import { say } from '../../../state/status.ts'
import { clusterAct, COMMANDS, type ClusterAct } from './cluster-acts.ts'
import styles from './Faults.module.css'

const EVERY = '*'

interface FaultPanelProps {
  readonly topology: NetTopology
  /** The machine that it was opened for; '' for the one outside. */
  readonly machine: string
  readonly onMachine: (machine: string) => void
  readonly onClose: () => void
}

/** Breaks the network on purpose, and mends it. */
export function FaultPanel({ topology, machine, onMachine, onClose }: FaultPanelProps) {
  const { t } = useTranslation('network')
  const act = useAct()
  const isNode = topology.nodes.some(({ name }) => name === machine)
  return (
    <aside className={styles.panel} aria-label={t('faults.title')}>
      <header>
        <h3>{t('faults.title')}</h3>
        <button type="button" className="btn bare icon" aria-label={t('faults.close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <Now topology={topology} onHeal={() => act({ act: 'heal' })} />
      <label>
        {t('faults.machine')}
        <select className="field" value={machine} onChange={(event) => onMachine(event.target.value)}>
          {topology.nodes.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
          <option value="">{t('source.outside')}</option>
        </select>
      </label>
      <LinkFaults key={`link ${machine}`} topology={topology} machine={machine} act={act} />
      {isNode && <NodeFaults key={machine} topology={topology} machine={machine} act={act} />}
      <ClusterFaults />
    </aside>
  )
}

type Act = (action: NetworkAction) => void

function useAct(): Act {
  const { api } = useSession()
  return (action) => {
    reported(
      api.command({ type: 'network', action }).then(({ ok, message }) => {
        if (message !== '' || !ok) say(ok ? 'info' : 'error', message)
      }),
    )
  }
}

/** What is wrong at this moment, and the one button that mends it. */
function Now({ topology, onHeal }: { readonly topology: NetTopology; readonly onHeal: () => void }) {
  const { t } = useTranslation('network')
  const { links, partition, nodes } = topology
  const outside = t('source.outside')
  const mtus = nodes.flatMap(({ name, devices }) =>
    devices
      .filter(({ kind, mtu }) => kind === 'physical' && mtu !== 1500)
      .map((device) => t('faults.nowMtu', { name, device: device.name, mtu: device.mtu })),
  )
  const full = nodes
    .filter(({ conntrack: { count, max } }) => max > 0 && count >= max)
    .map(({ name }) => t('faults.nowFull', { name }))
  const lines = [
    ...links.map(({ a, b, cut, delayMs, lossPercent }) => {
      const parts = [
        cut ? t('faults.cut') : '',
        delayMs > 0 ? `+${delayMs} ms` : '',
        lossPercent > 0 ? t('faults.lossOf', { percent: lossPercent }) : '',
      ]
      return `${a || outside} – ${b || outside}: ${parts.filter(Boolean).join(', ')}`
    }),
    ...partition.map((group) => t('faults.apart', { names: group.map((name) => name || outside).join(', ') })),
    ...mtus,
    ...full,
  ]
  if (lines.length === 0) return <p className="muted">{t('faults.none')}</p>
  return (
    <div className={styles.now}>
      <ul>
        {lines.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <button type="button" className="btn primary" onClick={onHeal}>
        {t('faults.heal')}
      </button>
    </div>
  )
}

interface MachineFaultsProps {
  readonly topology: NetTopology
  readonly machine: string
  readonly act: Act
}

/** The way between this machine and another one, or all others. */
function LinkFaults({ topology, machine, act }: MachineFaultsProps) {
  const { t } = useTranslation('network')
  const [other, setOther] = useState(EVERY)
  const others = [...topology.nodes.map(({ name }) => name), ''].filter((name) => name !== machine)
  const known = topology.links.find(({ a, b }) => (a === machine && b === other) || (b === machine && a === other))
  const [delay, setDelay] = useState('100')
  const [loss, setLoss] = useState('20')
  const set = (change: Partial<LinkFault>): void => {
    for (const b of other === EVERY ? others : [other]) {
      const now = topology.links.find((link) => (link.a === machine && link.b === b) || (link.b === machine && link.a === b))
      const fault: LinkFault = {
        cut: now?.cut ?? false,
        delayMs: now?.delayMs ?? 0,
        lossPercent: now?.lossPercent ?? 0,
        ...change,
      }
      act({ act: 'link', a: machine, b, fault })
    }
  }
  return (
    <fieldset>
      <legend>{t('faults.link')}</legend>
      <label>
        {t('faults.to')}
        <select className="field" value={other} onChange={(event) => setOther(event.target.value)}>
          <option value={EVERY}>{t('faults.everyone')}</option>
          {others.map((name) => (
            <option key={name} value={name}>
              {name || t('source.outside')}
            </option>
          ))}
        </select>
      </label>
      <div className={styles.row}>
        <button type="button" className="btn danger" onClick={() => set({ cut: true })}>
          {t('faults.doCut')}
        </button>
        <button type="button" className="btn" onClick={() => set({ cut: false, delayMs: 0, lossPercent: 0 })}>
          {t(known ? 'faults.mend' : 'faults.mendAll')}
        </button>
      </div>
      <div className={styles.row}>
        <input
          className="field"
          inputMode="numeric"
          value={delay}
          aria-label={t('faults.delayLabel')}
          onChange={(event) => setDelay(event.target.value)}
        />
        <span>ms</span>
        <button type="button" className="btn" onClick={() => set({ delayMs: within(delay, 10_000) })}>
          {t('faults.slow')}
        </button>
      </div>
      <div className={styles.row}>
        <input
          className="field"
          inputMode="numeric"
          value={loss}
          aria-label={t('faults.lossLabel')}
          onChange={(event) => setLoss(event.target.value)}
        />
        <span>%</span>
        <button type="button" className="btn" onClick={() => set({ lossPercent: within(loss, 100) })}>
          {t('faults.lose')}
        </button>
      </div>
      {machine !== '' && (
        <button type="button" className="btn" onClick={() => act({ act: 'partition', groups: [[machine]] })}>
          {t('faults.partition', { name: machine })}
        </button>
      )}
    </fieldset>
  )
}

function within(text: string, most: number): number {
  const value = Number(text)
  return Number.isFinite(value) ? Math.min(most, Math.max(0, value)) : 0
}

/** In the machine's own kernel. */
function NodeFaults({ topology, machine, act }: MachineFaultsProps) {
  const { t } = useTranslation('network')
  const devices = topology.nodes.find(({ name }) => name === machine)?.devices ?? []
  const [device, setDevice] = useState(devices.find(({ kind }) => kind === 'physical')?.name ?? devices[0]?.name ?? '')
  const [mtu, setMtu] = useState('1000')
  return (
    <fieldset>
      <legend>{t('faults.kernel', { name: machine })}</legend>
      <button type="button" className="btn" onClick={() => act({ act: 'flush', node: machine, table: 'nat' })}>
        {t('faults.flush')}
      </button>
      <CommandLine command={`iptables -t nat -F   # ${machine}`} />
      <button type="button" className="btn" onClick={() => act({ act: 'fill-conntrack', node: machine })}>
        {t('faults.fill')}
      </button>
      <div className={styles.row}>
        <select
          className="field"
          aria-label={t('faults.device')}
          value={device}
          onChange={(event) => setDevice(event.target.value)}
        >
          {devices.map(({ name, mtu: now }) => (
            <option key={name} value={name}>
              {name} ({now})
            </option>
          ))}
        </select>
        <input
          className="field"
          inputMode="numeric"
          value={mtu}
          aria-label="MTU"
          onChange={(event) => setMtu(event.target.value)}
        />
        <button
          type="button"
          className="btn"
          disabled={device === ''}
          onClick={() => act({ act: 'mtu', node: machine, device, mtu: Number(mtu) })}
        >
          {t('faults.setMtu')}
        </button>
      </div>
    </fieldset>
  )
}

/** Through the API, as anyone with kubectl could. */
function ClusterFaults() {
  const { t } = useTranslation('network')
  const { api } = useSession()
  const run = (act: ClusterAct): void =>
    reported(
      clusterAct(api, act).then((refused) =>
        say(refused === '' ? 'info' : 'error', refused === '' ? t(`faults.done.${act}`) : refused),
      ),
    )
  return (
    <fieldset>
      <legend>{t('faults.cluster')}</legend>
      {(
        [
          ['stopProxy', 'startProxy'],
          ['stopDns', 'startDns'],
        ] as const
      ).map(([stop, start]) => (
        <div key={stop}>
          <div className={styles.row}>
            <button type="button" className="btn" title={COMMANDS[stop]} onClick={() => run(stop)}>
              {t(`faults.${stop}`)}
            </button>
            <button type="button" className="btn" title={COMMANDS[start]} onClick={() => run(start)}>
              {t(`faults.${start}`)}
            </button>
          </div>
          <CommandLine command={COMMANDS[stop]} />
        </div>
      ))}
    </fieldset>
  )
}
