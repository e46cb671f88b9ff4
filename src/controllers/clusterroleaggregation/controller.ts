import { jsonEqual } from '../../apimachinery/equal.ts'
import { clusterroles } from '../../apimachinery/generated/resources.ts'
import type { ClusterRole, PolicyRule } from '../../apimachinery/generated/types.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { compareText } from '../shared/text.ts'

const NAME = 'clusterrole-aggregation-controller'
const WORKERS = 5

/** Fills aggregated cluster roles with the rules of those that they select. k8s 1.36: pkg/controller/clusterroleaggregation. */
export function clusterRoleAggregationController(context: ControllerContext): Controller {
  const client = context.client(NAME)
  const informer = context.informers.for(clusterroles)
  /** Only these have to be looked at when any role changes. */
  informer.addIndex('aggregated', ({ aggregationRule }) => (aggregationRule ? ['yes'] : []))
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'ClusterRoleAggregator',
    workers: WORKERS,
    *reconcile(name) {
      const role = informer.get('', name)
      if (!role?.aggregationRule) return
      const rules = aggregatedRules(role, informer.list())
      if (jsonEqual(rules, role.rules ?? [])) return
      const applied = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules }
      yield* client.patch(clusterroles, '', name, applied, 'apply', { fieldManager: NAME, force: true })
    },
  })
  const wake = () => {
    for (const { metadata } of informer.byIndex('aggregated', 'yes')) loop.queue.add(metadata.name ?? '')
  }
  informer.addHandler({ onAdd: wake, onUpdate: wake, onDelete: wake })
  return controllerFrom(NAME, [loop])
}

/** Each rule once, in the order of selectors and then of names. */
function aggregatedRules(role: ClusterRole, roles: Iterable<ClusterRole>): PolicyRule[] {
  const others = [...roles].filter(({ metadata }) => metadata.name !== role.metadata.name)
  const sorted = others.toSorted((a, b) => compareText(a.metadata.name ?? '', b.metadata.name ?? ''))
  const rules: PolicyRule[] = []
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selects = compileSelector(selector)
    for (const other of sorted) {
      if (!selects(other.metadata.labels)) continue
      for (const rule of other.rules ?? []) if (!rules.some((known) => jsonEqual(known, rule))) rules.push(rule)
    }
  }
  return rules
}
