import { useState, type FormEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { PodWeighing, SchedulingChange, SchedulingView, WorkloadRef } from '../../../worker/scheduling/protocol.ts'
import { useFeed } from '../../engine/hooks.ts'
import styles from './SchedulingView.module.css'

const TYPES = [
  'request',
  'selector',
  'tolerate',
  'label',
  'taint',
  'untaint',
  'cordon',
  'uncordon',
  'replicas',
  'weight',
] as const
type FormType = (typeof TYPES)[number]
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

interface FormProps {
  readonly view: SchedulingView
  readonly weighing: PodWeighing | null
  readonly onAdd: (change: SchedulingChange) => void
}

/** One change at a time: what, where, and the new value. */
export function ChangeForm({ view, weighing, onAdd }: FormProps) {
  const { t } = useTranslation('scheduling')
  const [type, setType] = useState<FormType>('request')
  const [fields, setFields] = useState<{ readonly [field: string]: string }>({})
  const workloads = useWorkloads(view, type === 'replicas')
  const options = optionsFor(view, weighing, workloads)
  const value = (field: string): string => fields[field] ?? options[field]?.[0] ?? ''
  const change = changeOf(type, value, workloads)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (change) onAdd(change)
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <Labelled label={t('whatIf.what')}>
        <select className="field" value={type} onChange={(event) => setType(event.target.value as FormType)}>
          {TYPES.map((id) => (
            <option key={id} value={id}>
              {t(`whatIf.type.${id}`)}
            </option>
          ))}
        </select>
      </Labelled>
      {FIELDS[type].map((field) => (
        <Labelled key={field} label={t(`whatIf.field.${field}`)}>
          {options[field] ? (
            <select
              className="field mono"
              value={value(field)}
              onChange={(event) => setFields({ ...fields, [field]: event.target.value })}
            >
              {options[field].map((option) => (
                <option key={option} value={option}>
                  {option === '' ? t('whatIf.any') : option}
                </option>
              ))}
            </select>
          ) : (
            <input
              className="field mono"
              size={12}
              value={value(field)}
              type={field === 'replicas' || field === 'weight' ? 'number' : 'text'}
              min={0}
              max={field === 'weight' ? 100 : undefined}
              spellCheck={false}
              placeholder={PLACEHOLDERS[field]}
              onChange={(event) => setFields({ ...fields, [field]: event.target.value })}
            />
          )}
        </Labelled>
      ))}
      <button type="submit" className="btn" disabled={change === null}>
        {t('whatIf.add')}
      </button>
    </form>
  )
}

function Labelled({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <label>
      <span>{label}</span>
      {children}
    </label>
  )
}

const FIELDS: { readonly [type in FormType]: readonly string[] } = {
  request: ['container', 'resource', 'quantity'],
  selector: ['key', 'value'],
  tolerate: ['key', 'value', 'effect'],
  label: ['node', 'key', 'value'],
  taint: ['node', 'key', 'value', 'taintEffect'],
  untaint: ['node', 'key', 'taintEffect'],
  cordon: ['node'],
  uncordon: ['node'],
  replicas: ['workload', 'replicas'],
  weight: ['plugin', 'weight'],
}
const PLACEHOLDERS: { readonly [field: string]: string } = {
  quantity: '250m',
  key: 'disktype',
  value: 'ssd',
  replicas: '3',
  weight: '1',
}

function optionsFor(view: SchedulingView, weighing: PodWeighing | null, workloads: readonly WorkloadRef[]) {
  const options: { readonly [field: string]: readonly string[] } = {
    container: view.facts.containers.map(({ name }) => name),
    resource: ['cpu', 'memory'],
    node: weighing?.nodes.toSorted() ?? [],
    effect: ['', ...EFFECTS],
    taintEffect: EFFECTS,
    workload: workloads.map(textOf),
    plugin: weighing?.scorers.length ? weighing.scorers.map(({ plugin }) => plugin) : SCORERS,
  }
  return options
}
const SCORERS = [
  'NodeResourcesFit',
  'NodeResourcesBalancedAllocation',
  'ImageLocality',
  'TaintToleration',
  'NodeAffinity',
  'PodTopologySpread',
  'InterPodAffinity',
]

const textOf = ({ kind, namespace, name }: WorkloadRef) => `${kind}/${name} (${namespace})`

/** The change that the fields say; null while something is missing. An empty value takes the entry away. */
function changeOf(type: FormType, value: (field: string) => string, workloads: readonly WorkloadRef[]): SchedulingChange | null {
  const [node, key, text] = [value('node'), value('key').trim(), value('value').trim()]
  switch (type) {
    case 'request':
      return value('container') === ''
        ? null
        : {
            type,
            container: value('container'),
            resource: value('resource') === 'memory' ? 'memory' : 'cpu',
            quantity: value('quantity').trim(),
          }
    case 'selector':
      return key === '' ? null : { type, key, value: text === '' ? null : text }
    case 'tolerate':
      return { type, key, value: text, effect: value('effect') }
    case 'label':
      return key === '' || node === '' ? null : { type, node, key, value: text === '' ? null : text }
    case 'taint':
    case 'untaint': {
      const remove = type === 'untaint'
      return key === '' || node === '' ? null : { type: 'taint', node, key, value: text, effect: value('taintEffect'), remove }
    }
    case 'cordon':
    case 'uncordon':
      return node === '' ? null : { type: 'cordon', node, unschedulable: type === 'cordon' }
    case 'replicas': {
      const workload = workloads.find((candidate) => textOf(candidate) === value('workload'))
      const replicas = value('replicas')
      return workload && /^\d{1,5}$/.test(replicas) ? { type, workload, replicas: Number(replicas) } : null
    }
    case 'weight':
      return value('plugin') !== '' && /^\d{1,3}$/.test(value('weight'))
        ? { type, plugin: value('plugin'), weight: Math.min(100, Number(value('weight'))) }
        : null
  }
}

/** The pod's own workload, then the others that can be scaled. */
function useWorkloads(view: SchedulingView, wanted: boolean): readonly WorkloadRef[] {
  const deployments = useScalable('deployments', 'Deployment', wanted)
  const sets = useScalable('statefulsets', 'StatefulSet', wanted)
  const { owner } = view.facts
  const others = [...deployments, ...sets].filter(
    ({ kind, name, namespace }) => kind !== owner?.kind || name !== owner.name || namespace !== owner.namespace,
  )
  return owner && 'replicas' in owner && SCALABLE.has(owner.kind) ? [owner, ...others] : others
}
const SCALABLE = new Set(['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'])

function useScalable(resource: string, kind: string, wanted: boolean): readonly WorkloadRef[] {
  const { data } = useFeed(wanted ? { feed: 'table', group: 'apps', version: 'v1', resource } : null)
  return [...(data?.rows.values() ?? [])].map(({ namespace, name }) => {
    return { group: 'apps', version: 'v1', resource, kind, namespace, name, replicas: 0 }
  })
}
