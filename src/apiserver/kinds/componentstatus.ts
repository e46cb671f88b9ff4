import type { ComponentStatus } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { column, nameColumn } from './shared/columns.ts'

const healthy = (object: ComponentStatus) => (object.conditions ?? []).find((c) => c.type === 'Healthy')

function statusCell(object: ComponentStatus): string {
  const condition = healthy(object)
  if (condition === undefined) return 'Unknown'
  return condition.status === 'True' ? 'Healthy' : 'Unhealthy'
}

/** Read only: nothing is stored. k8s 1.36: registry/core/componentstatus. */
export const componentStatus = defineStrategy<ComponentStatus>({
  group: '',
  resource: 'componentstatuses',
  shortNames: ['cs'],
  columns: [
    nameColumn,
    column('Status', 'Status of the component conditions', statusCell),
    column('Message', 'Message of the component conditions', (c) => healthy(c)?.message ?? ''),
    column('Error', 'Error of the component conditions', (c) => healthy(c)?.error ?? ''),
  ],
})
