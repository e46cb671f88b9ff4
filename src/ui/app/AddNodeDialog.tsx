import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useEngine } from '../engine/hooks.ts'
import { useDialogs } from '../state/dialogs.ts'
import { say } from '../state/status.ts'
import { Dialog } from './Dialog.tsx'
import styles from './Dialog.module.css'
import { reported } from './report.ts'

/** Plugs in machines; their kubelets register the Node objects themselves. */
export default function AddNodeDialog() {
  const { t } = useTranslation('shell')
  const engine = useEngine()
  const show = useDialogs((state) => state.show)
  const [name, setName] = useState('')
  const [cpu, setCpu] = useState('4')
  const [memoryGiB, setMemoryGiB] = useState('8')
  const [zone, setZone] = useState('')
  const [count, setCount] = useState('1')

  const add = async (): Promise<void> => {
    const reply = await engine.command({
      type: 'add-node',
      cpu: Number(cpu),
      memoryGiB: Number(memoryGiB),
      count: Number(count),
      ...(name === '' ? {} : { name }),
      ...(zone === '' ? {} : { zone }),
    })
    say(reply.ok ? 'success' : 'error', reply.message === '' ? t('action.added') : reply.message)
  }
  const fields = [
    { id: 'node-name', label: t('action.nodeName'), value: name, set: setName, placeholder: t('action.nodeNameHint') },
    { id: 'node-cpu', label: t('action.cpu'), value: cpu, set: setCpu, min: 1, max: 256 },
    { id: 'node-memory', label: t('action.memory'), value: memoryGiB, set: setMemoryGiB, min: 1, max: 4096 },
    { id: 'node-zone', label: t('action.zone'), value: zone, set: setZone },
    { id: 'node-count', label: t('action.count'), value: count, set: setCount, min: 1, max: 5000 },
  ]
  return (
    <Dialog title={t('action.addNode')}>
      <form
        className={styles.body}
        onSubmit={(event) => {
          event.preventDefault()
          show(null)
          reported(add())
        }}
      >
        <div className={styles.fields}>
          {fields.map(({ id, label, value, set, placeholder, min, max }) => (
            <div key={id} style={{ display: 'contents' }}>
              <label htmlFor={id}>{label}</label>
              <input
                id={id}
                className="field"
                type={min === undefined ? 'text' : 'number'}
                min={min}
                max={max}
                required={min !== undefined}
                placeholder={placeholder}
                value={value}
                onChange={(event) => set(event.target.value)}
              />
            </div>
          ))}
        </div>
        <p className="muted">{t('action.noCommand')}</p>
        <div className={styles.buttons}>
          <button type="button" className="btn" onClick={() => show(null)}>
            {t('action.cancel')}
          </button>
          <button type="submit" className="btn primary">
            {t('action.addNode')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
