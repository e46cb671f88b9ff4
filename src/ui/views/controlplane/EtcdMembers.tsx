import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EtcdMemberRow, EtcdRow } from '../../../worker/control-plane/protocol.ts'
import type { SimCommand } from '../../../worker/protocol.ts'
import { reported } from '../../app/report.ts'
import { useSession } from '../../engine/hooks.ts'
import { say } from '../../state/status.ts'
import styles from './ControlPlaneView.module.css'

const SIZES = [1, 3, 5]

/** The members of etcd: who leads, in which term, who lags; they can be stopped and started. */
export function EtcdMembers({ etcd, fixed }: { readonly etcd: EtcdRow; readonly fixed: boolean }) {
  const { t } = useTranslation('controlplane')
  const { api } = useSession()
  const [busy, setBusy] = useState(false)
  const send = (command: SimCommand): void => {
    setBusy(true)
    const sent = api.command(command).then(({ ok, message }) => say(ok ? 'success' : 'error', message))
    reported(sent.finally(() => setBusy(false)))
  }
  const { members, quorum, available } = etcd
  const term = members.find(({ role }) => role === 'leader')?.term ?? Math.max(...members.map((member) => member.term))
  const running = members.filter(({ role }) => role !== 'stopped' && role !== 'starting').length
  return (
    <div className={styles.members}>
      <label>
        {t('etcd.members')}{' '}
        <select
          className="field"
          value={members.length}
          disabled={fixed || busy}
          onChange={(event) => send({ type: 'etcd-resize', members: Number(event.target.value) })}
        >
          {SIZES.map((size) => (
            <option key={size} value={size}>
              {size}
            </option>
          ))}
        </select>
      </label>
      <p className={available ? styles.about : styles.error} aria-live="polite">
        {available ? t('etcd.quorum', { term, running, quorum }) : t('etcd.noQuorum', { term, running, quorum })}
      </p>
      <ul aria-label={t('etcd.members')}>
        {members.map((member) => (
          <MemberLine key={member.name} member={member} newest={term} disabled={fixed || busy} onSend={send} />
        ))}
      </ul>
    </div>
  )
}

interface MemberLineProps {
  readonly member: EtcdMemberRow
  /** The leader's term, or the newest. */
  readonly newest: number
  readonly disabled: boolean
  readonly onSend: (command: SimCommand) => void
}

function MemberLine({ member: { name, role, term, index }, newest, disabled, onSend }: MemberLineProps) {
  const { t } = useTranslation('controlplane')
  const stopped = role === 'stopped'
  return (
    <li data-role={role}>
      <span>
        <b>{name}</b> {t(`etcd.${role}`)}
        {term !== newest && ` · ${t('etcd.term', { term })}`}
        {index !== null && ` · ${t('etcd.index', { index })}`}
      </span>
      <button
        type="button"
        className={styles.chip}
        disabled={disabled || role === 'starting'}
        aria-label={t(stopped ? 'etcd.startName' : 'etcd.stopName', { name })}
        onClick={() => onSend({ type: stopped ? 'etcd-start' : 'etcd-stop', member: name })}
      >
        {t(stopped ? 'etcd.start' : 'etcd.stop')}
      </button>
    </li>
  )
}
