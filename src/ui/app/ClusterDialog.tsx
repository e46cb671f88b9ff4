import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../engine/hooks.ts'
import { Icon } from '../icons/Icon.tsx'
import { useClusterOptions } from '../state/cluster-options.ts'
import { useDialogs } from '../state/dialogs.ts'
import { useSelection } from '../state/selection.ts'
import { Dialog } from './Dialog.tsx'
import styles from './Dialog.module.css'

/** Builds a new cluster from a seed and numbers of nodes. */
export default function ClusterDialog() {
  const { t } = useTranslation('shell')
  const session = useSession()
  const show = useDialogs((state) => state.show)
  const present = useClusterOptions()
  const [seed, setSeed] = useState(String(present.seed))
  const [workers, setWorkers] = useState(String(present.workers))
  const [controlPlanes, setControlPlanes] = useState(present.controlPlanes)
  const build = (): void => {
    const options = { seed: Number(seed), workers: Number(workers), controlPlanes }
    useClusterOptions.setState(options)
    useSelection.getState().select(null)
    show(null)
    void session.start(options)
  }
  return (
    <Dialog title={t('cluster.new')}>
      <form
        className={styles.body}
        onSubmit={(event) => {
          event.preventDefault()
          build()
        }}
      >
        <p className="muted">{t('cluster.newHint')}</p>
        <div className={styles.fields}>
          <label htmlFor="cluster-workers">{t('cluster.workers')}</label>
          <input
            id="cluster-workers"
            className="field"
            type="number"
            min={0}
            max={5000}
            required
            value={workers}
            onChange={(event) => setWorkers(event.target.value)}
          />
          <label htmlFor="cluster-control-planes">{t('cluster.controlPlanes')}</label>
          <select
            id="cluster-control-planes"
            className="field"
            value={controlPlanes}
            onChange={(event) => setControlPlanes(event.target.value === '3' ? 3 : 1)}
          >
            <option value={1}>1</option>
            <option value={3}>{t('cluster.highAvailability')}</option>
          </select>
          <label htmlFor="cluster-seed">{t('cluster.seed')}</label>
          <input
            id="cluster-seed"
            className="field"
            type="number"
            min={0}
            max={4294967295}
            required
            value={seed}
            onChange={(event) => setSeed(event.target.value)}
          />
          <span className={styles.fieldHint}>{t('cluster.seedHint')}</span>
        </div>
        <div className={styles.buttons}>
          <button type="button" className="btn" style={{ marginRight: 'auto' }} onClick={() => show('add-node')}>
            <Icon name="plus" /> {t('cluster.addNode')}
          </button>
          <button type="button" className="btn" onClick={() => show(null)}>
            {t('action.cancel')}
          </button>
          <button type="submit" className="btn primary">
            {t('cluster.build')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
