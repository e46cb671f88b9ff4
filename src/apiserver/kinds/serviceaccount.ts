import type { ServiceAccount } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { ageColumn, nameColumn } from './shared/columns.ts'
import { omitZero } from './shared/compact.ts'

const ENFORCE = 'kubernetes.io/enforce-mountable-secrets'

function warnings(account: ServiceAccount, old: ServiceAccount | undefined): string[] {
  const list: string[] = []
  if (account.metadata.annotations?.[ENFORCE] !== undefined && old?.metadata.annotations?.[ENFORCE] === undefined) {
    list.push(
      `metadata.annotations[${ENFORCE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
    )
  }
  return list
}

/** k8s 1.36: registry/core/serviceaccount strategy.go. */
export const serviceAccount = defineStrategy<ServiceAccount>({
  group: '',
  resource: 'serviceaccounts',
  shortNames: ['sa'],
  defaults: (object) => omitZero(object, ['secrets', 'imagePullSecrets']),
  warnings,
  columns: [nameColumn, ageColumn],
})
