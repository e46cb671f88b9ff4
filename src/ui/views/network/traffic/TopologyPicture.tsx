import { group } from 'd3'
import { memo, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { NetNode, NetPod, NetTopology } from '../../../../worker/network/protocol.ts'
import { podRef, useSelection } from '../../../state/selection.ts'
import styles from './Traffic.module.css'
import { usePicture } from './use-picture.ts'

/** With more pods on a node than this only squares are drawn. */
const MOST_NAMES = 12

interface TopologyPictureProps {
  readonly topology: NetTopology
  /** A machine, or '' for the one outside. */
  readonly onFaults: (machine: string) => void
}

/** Machines on their LAN, bridges, pods; what goes between them, and what is broken. */
export const TopologyPicture = memo(function TopologyPicture({ topology, onFaults }: TopologyPictureProps) {
  const { t } = useTranslation('network')
  const { area, canvas, each } = usePicture(topology)
  const byNode = useMemo(() => group(topology.pods, ({ node }) => node), [topology.pods])
  return (
    <>
      <div ref={area} className={styles.picture} role="group" aria-label={t('traffic.picture')}>
        <canvas ref={canvas} className={styles.canvas} aria-hidden="true" />
        <button
          type="button"
          className={styles.outside}
          data-end="outside"
          onContextMenu={(event) => {
            event.preventDefault()
            onFaults('')
          }}
          onClick={() => onFaults('')}
        >
          <b>{t('place.outside')}</b> <span className="mono">{topology.outside}</span>
        </button>
        <div className={styles.lan} data-end="lan">
          <span>
            {t('traffic.lan')}
            {topology.cni !== '' && ` · ${topology.cni} ${topology.cniMode}`}
          </span>
        </div>
        <div className={styles.nodes}>
          {topology.nodes.map((node) => (
            <NodeBox key={node.name} node={node} pods={byNode.get(node.name) ?? []} onFaults={onFaults} />
          ))}
        </div>
      </div>
      <p className={styles.note}>
        {topology.moreNodes > 0 && `${t('traffic.moreNodes', { count: topology.moreNodes })} `}
        {each > 1 && t('traffic.each', { count: each })}
      </p>
    </>
  )
})

interface NodeBoxProps {
  readonly node: NetNode
  readonly pods: readonly NetPod[]
  readonly onFaults: (machine: string) => void
}

function NodeBox({ node, pods, onFaults }: NodeBoxProps) {
  const { t } = useTranslation('network')
  const { name, address, powered, proxy, devices, conntrack } = node
  const own = pods.filter(({ hostNetwork }) => !hostNetwork)
  const host = pods.length - own.length
  const bridge = devices.find(({ kind }) => kind === 'bridge')
  const port = devices.find(({ kind }) => kind === 'physical')
  const named = own.length <= MOST_NAMES
  const full = conntrack.max > 0 && conntrack.count >= conntrack.max
  return (
    <section
      className={styles.node}
      data-end={`node:${name}`}
      data-off={!powered || undefined}
      onContextMenu={(event) => {
        event.preventDefault()
        onFaults(name)
      }}
    >
      <div className={styles.port} data-end={`port:${name}`}>
        <span className="mono">
          {port?.name ?? 'eth0'} {port && port.mtu !== 1500 && `mtu ${port.mtu}`}
        </span>
      </div>
      <header>
        <h3 className="mono wrap-anywhere">{name}</h3>
        <span className="mono muted">{address}</span>
        <button type="button" className="btn bare" aria-label={t('traffic.faultsOf', { name })} onClick={() => onFaults(name)}>
          …
        </button>
      </header>
      <p className={styles.facts}>
        {!powered && <b>{t('traffic.noPower')}</b>}
        {powered && (proxy ? t('traffic.proxy', { mode: proxy }) : <b>{t('traffic.noProxy')}</b>)}
        {conntrack.max > 0 && (
          <span data-full={full || undefined}>
            {t('traffic.connections', { count: conntrack.count })}
            {full && ` ${t('traffic.full')}`}
          </span>
        )}
      </p>
      {bridge && (
        <div className={styles.bridge} data-end={`bridge:${name}`}>
          <span className="mono">
            {bridge.name} {bridge.addresses[0]}
          </span>
        </div>
      )}
      <ul className={styles.pods} data-squares={!named || undefined}>
        {own.map((pod) => (
          <PodItem key={`${pod.namespace}/${pod.name}`} pod={pod} named={named} />
        ))}
      </ul>
      {host > 0 && <p className={styles.facts}>{t('traffic.hostPods', { count: host })}</p>}
    </section>
  )
}

function PodItem({ pod, named }: { readonly pod: NetPod; readonly named: boolean }) {
  const { namespace, name, node, ip, ready } = pod
  const select = useSelection((state) => state.select)
  const label = `${namespace}/${name} ${ip}`
  return (
    <li>
      <button
        type="button"
        className={styles.pod}
        data-end={`pod:${namespace}/${name}`}
        data-node={node}
        data-ready={ready || undefined}
        title={label}
        aria-label={label}
        onClick={() => select(podRef(namespace, name))}
      >
        <i />
        {named && <span className="mono">{name}</span>}
      </button>
    </li>
  )
}
