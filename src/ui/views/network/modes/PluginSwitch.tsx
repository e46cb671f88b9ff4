import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { NetTopology } from '../../../../worker/network/protocol.ts'
import type { ClockState } from '../../../../worker/protocol.ts'
import { reported } from '../../../app/report.ts'
import { useSession } from '../../../engine/hooks.ts'
import { CommandLine } from '../../../panels/CommandLine.tsx'
import { say } from '../../../state/status.ts'
import { backendCommands, BACKENDS, pluginCommands, switchBackend, type Backend } from '../faults/cluster-acts.ts'
import styles from './Modes.module.css'

type Choice = Backend | 'calico'
const CHOICES: readonly Choice[] = [...BACKENDS, 'calico']

/** Who lays the cables of pods, and how packets get from node to node. */
export function PluginSwitch({ topology: { cni, cniMode } }: { readonly topology: NetTopology }) {
  const { t } = useTranslation('network')
  const { api, hub } = useSession()
  const now: Choice | undefined = cni === 'calico' ? 'calico' : BACKENDS.find((backend) => backend === cniMode)
  const [chosen, setChosen] = useState<Choice | null>(null)
  const choice = chosen ?? now
  const changes = choice !== undefined && choice !== now
  const run = async (to: Choice): Promise<void> => {
    const plugin = to === 'calico' ? 'calico' : 'flannel'
    if (cni !== plugin) {
      const { ok, message } = await api.command({ type: 'network', action: { act: 'plugin', to: plugin } })
      say(ok ? 'info' : 'error', message)
    } else if (to !== 'calico') {
      const nowMs = (hub.read({ feed: 'clock' }).data as ClockState | undefined)?.nowMs ?? 0
      const refused = await switchBackend(api, to, nowMs)
      say(refused === '' ? 'info' : 'error', refused === '' ? t('plugin.restarts', { backend: to }) : refused)
    }
    setChosen(null)
  }
  const commands = (to: Choice): readonly string[] => {
    if (to === 'calico') return pluginCommands('calico')
    return cni === 'flannel' ? backendCommands(to) : pluginCommands('flannel')
  }
  return (
    <section className={styles.section}>
      <h3>{t('plugin.title')}</h3>
      <div className={styles.row} role="group" aria-label={t('plugin.title')}>
        {CHOICES.map((each) => (
          <button key={each} type="button" className="btn" aria-pressed={choice === each} onClick={() => setChosen(each)}>
            {each === 'calico' ? 'calico' : `flannel ${each}`}
          </button>
        ))}
        <button type="button" className="btn primary" disabled={!changes} onClick={() => choice && reported(run(choice))}>
          {t('plugin.apply')}
        </button>
      </div>
      {choice && <p className="muted">{t(`plugin.about.${choice}`)}</p>}
      {choice && changes && commands(choice).map((command) => <CommandLine key={command} command={command} />)}
    </section>
  )
}
