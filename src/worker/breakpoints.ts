import { findResults, relaxedTemplate } from '../apimachinery/jsonpath.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import { changeTest } from '../apiserver/cel/change-test.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Change } from '../etcd/etcd.ts'
import { PodViewer } from './feeds/pod-view.ts'
import type { BreakCondition, BreakHit, BreakOperator } from './protocol.ts'

/** What a condition finds in an object: whether it holds, and the text that decided. */
interface Finding {
  readonly holds: boolean
  readonly found: string
}

/** A condition made ready: the bucket it watches and how it judges one of its objects. */
interface Watched {
  readonly condition: BreakCondition
  /** Undefined: all. */
  readonly bucket: string | undefined
  /** Of an object and what it was before a write; deleted ones are null. */
  readonly judge: (object: KubeObject | null, old: KubeObject | null) => Finding
}

/**
 * Conditions that stop the clock. They are asked on writes only, of the object before and after: what stops is that a
 * condition comes true, so one that holds already stops when it holds again. Costs nothing while there is none.
 */
export class Breakpoints {
  private watched: readonly Watched[] = []
  private cluster: Cluster | null = null
  private end: (() => void) | null = null
  private onHit: () => void = () => undefined
  /** The last thing that stopped the clock. */
  hit: BreakHit | null = null
  conditions: readonly BreakCondition[] = []

  /** Watches this cluster from now on; conditions on resources that it does not serve are dropped. `onHit` is called within the instant in which something comes true. */
  attach(cluster: Cluster, onHit: () => void): void {
    this.cluster = cluster
    this.onHit = onHit
    this.hit = null
    const { resources } = cluster.api
    const known = (c: BreakCondition) => c.type === 'status' || resources.find(c.group, c.version, c.resource) !== undefined
    this.set(this.conditions.filter(known))
  }

  /** Throws when a path can't be read or a resource isn't served. */
  set(conditions: readonly BreakCondition[]): void {
    const { cluster } = this
    this.watched = cluster ? conditions.map((condition) => makeReady(cluster, condition)) : []
    this.conditions = conditions
    this.end?.()
    this.end = null
    if (cluster && conditions.length > 0) this.end = cluster.etcd.watchAll((change) => this.take(change))
  }

  private take(change: Change): void {
    if (this.hit?.timeMs === change.timeMs) return
    const met = metBy(this.watched, change)
    if (!met) return
    const { condition, found } = met
    const info = [...(this.cluster?.api.resources.all() ?? [])].find(({ bucket }) => bucket === change.bucket)
    const { name = '', namespace = '' } = change.value.metadata
    const { group = '', version = '', resource = change.bucket, kind = '' } = info ?? {}
    this.hit = {
      condition,
      timeMs: change.timeMs,
      revision: change.revision,
      group,
      version,
      resource,
      kind,
      namespace,
      name,
      found,
    }
    this.onHit()
  }
}

function metBy(list: readonly Watched[], change: Change): { condition: BreakCondition; found: string } | null {
  const old = change.previous ?? null
  for (const { condition, bucket, judge } of list) {
    if ((bucket !== undefined && bucket !== change.bucket) || !isMeant(condition, change.value)) continue
    const now = judge(change.type === 'delete' ? null : change.value, old)
    if (now.holds && !(old && judge(old, old).holds)) return { condition, found: now.found }
  }
  return null
}

function isMeant(condition: BreakCondition, { metadata }: KubeObject): boolean {
  if (condition.namespace !== '' && metadata.namespace !== condition.namespace) return false
  return condition.type !== 'field' || condition.name === '' || metadata.name === condition.name
}

function makeReady(cluster: Cluster, condition: BreakCondition): Watched {
  if (condition.type === 'status') {
    const viewer = new PodViewer(cluster.api)
    const judge = (pod: KubeObject | null): Finding => {
      if (!pod) return NOTHING
      const found = viewer.view(pod as Pod).status
      return { holds: found === condition.status, found }
    }
    return { condition, bucket: 'pods', judge }
  }
  if (condition.type === 'expression') return expressionReady(cluster, condition)
  const { group, version, resource, path, operator, value } = condition
  const info = cluster.api.resources.find(group, version, resource)
  if (!info) throw new Error(`the server doesn't have a resource type "${resource}"`)
  const template = relaxedTemplate(path.trim())
  if (template === '') throw new Error('a path is needed, such as .status.readyReplicas')
  const read = (object: KubeObject) => findResults(template, object, { allowMissingKeys: true }).flat()
  read({ metadata: {} })
  return { condition, bucket: info.bucket, judge: (object) => (object ? compare(read(object), operator, value) : NOTHING) }
}

const NOTHING: Finding = { holds: false, found: '' }

/** An expression that fails for an object (a field that it does not have) does not hold for it. */
function expressionReady(cluster: Cluster, condition: BreakCondition & { readonly type: 'expression' }): Watched {
  const { group, version, resource, expression } = condition
  const info = resource === '' ? undefined : cluster.api.resources.find(group, version, resource)
  if (resource !== '' && !info) throw new Error(`the server doesn't have a resource type "${resource}"`)
  const holds = changeTest(expression)
  return { condition, bucket: info?.bucket, judge: (object, old) => ({ holds: holds(object, old), found: '' }) }
}

/** Whether one of the values compares as asked; none stands for '' or, among numbers, for 0. Exported for its tests. */
export function compare(values: readonly unknown[], operator: BreakOperator, wanted: string): Finding {
  const texts = values.map((value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)))
  const found = texts.join(' ')
  if (operator === 'exists') return { holds: texts.length > 0, found }
  if (operator === 'missing') return { holds: texts.length === 0, found }
  const numeric = wanted.trim() !== '' && Number.isFinite(Number(wanted))
  const candidates = texts.length > 0 ? texts : [numeric ? '0' : '']
  return {
    holds: candidates.some((text) => compareOne(text, operator, wanted, numeric)),
    found: texts.length > 0 ? found : '<none>',
  }
}

function compareOne(text: string, operator: BreakOperator, wanted: string, numeric: boolean): boolean {
  const asNumbers = numeric && text !== '' && Number.isFinite(Number(text))
  const [a, b] = asNumbers ? [Number(text), Number(wanted)] : [text, wanted]
  switch (operator) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
    default:
      return false
  }
}
