import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate } from '../../apimachinery/field-errors.ts'
import type { RuntimeClass } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { checkTolerations } from './shared/affinity.ts'
import { checkDnsLabel, checkImmutable, checkRequired, each } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { checkLabels } from './shared/labels.ts'
import { nodeLabelDeprecation } from './shared/pod-warnings.ts'
import { canonicalResources } from './shared/quantities.ts'
import { checkContainerResources } from './shared/resources.ts'

function validate(rc: RuntimeClass): FieldError[] {
  const { overhead, scheduling } = rc
  const seen = new Set<string>()
  const field = 'scheduling.tolerations'
  const twice = each(scheduling?.tolerations, (t, i) => {
    const key = JSON.stringify([t.key, t.operator, t.value, t.effect])
    if (seen.has(key)) return [duplicate(`${field}[${i}]`, t)]
    seen.add(key)
    return []
  })
  return [
    ...(rc.handler ? checkDnsLabel(rc.handler, 'handler') : checkRequired(rc.handler, 'handler')),
    ...(overhead ? checkContainerResources({ limits: overhead.podFixed ?? {} }, 'overhead') : []),
    ...checkLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ...checkTolerations(scheduling?.tolerations, field),
    ...twice,
  ]
}

/** k8s 1.36: registry/node/runtimeclass strategy.go. */
export const runtimeClass = defineStrategy<RuntimeClass>({
  group: 'node.k8s.io',
  resource: 'runtimeclasses',
  defaults: (object) => ({
    ...object,
    ...patch(object, 'overhead', (o) => ({ ...o, ...patch(o, 'podFixed', canonicalResources) })),
  }),
  validate,
  validateUpdate: (object, old) => checkImmutable(object.handler, old.handler, 'handler'),
  warnings: (object) =>
    Object.keys(object.scheduling?.nodeSelector ?? {}).flatMap((key) => {
      const message = nodeLabelDeprecation(key)
      return message === undefined ? [] : [`scheduling.nodeSelector: ${message}`]
    }),
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  columns: [nameColumn, column('Handler', '', (r) => r.handler), ageColumn],
})
