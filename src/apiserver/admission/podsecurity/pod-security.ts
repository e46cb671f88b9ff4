import type { CronJob, Namespace, Pod, PodTemplateSpec } from '../../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import { lookUp } from '../../rest/context.ts'
import { deny } from '../forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../plugin.ts'
import { violations } from './checks.ts'

const LABEL = 'pod-security.kubernetes.io/'

/** Kinds that make pods from a template: their authors are warned, but not stopped. */
const TEMPLATES: ReadonlySet<string> = new Set([
  'podtemplates',
  'replicationcontrollers',
  'replicasets.apps',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
])

function templateOf(bucket: string, object: KubeObject): PodTemplateSpec | undefined {
  if (bucket === 'cronjobs.batch') return (object as CronJob).spec?.jobTemplate.spec?.template
  const { spec, template } = object as { spec?: { template?: PodTemplateSpec }; template?: PodTemplateSpec }
  return template ?? spec?.template
}

function evaluate(attributes: AdmissionAttributes): void {
  const { scope, object, operation } = attributes
  const { info, registry, request } = scope
  const isPod = info.bucket === 'pods'
  if (!object || (operation !== 'CREATE' && operation !== 'UPDATE') || (!isPod && !TEMPLATES.has(info.bucket))) return
  if (request.subresource && request.subresource !== 'ephemeralcontainers') return
  const labels = lookUp<Namespace>(registry, 'namespaces', '', request.namespace ?? '')?.metadata.labels
  if (!labels) return
  const { spec, metadata = {} } = isPod ? (object as Pod) : (templateOf(info.bucket, object) ?? {})
  if (!spec) return
  const problem = (mode: string): string => {
    const level = labels[`${LABEL}${mode}`] ?? 'privileged'
    const found = violations(level, spec, metadata)
    if (found.length === 0) return ''
    const version = labels[`${LABEL}${mode}-version`] ?? 'latest'
    return `violate PodSecurity "${level}:${version}": ${found.map((v) => (v.detail ? `${v.reason} (${v.detail})` : v.reason)).join(', ')}`
  }
  const refused = isPod && (operation === 'CREATE' || request.subresource) ? problem('enforce') : ''
  if (refused) throw deny(attributes, refused.replace(/^violate/, 'violates'))
  const warned = problem('warn')
  if (warned) scope.warnings.push(`would ${warned}`)
}

/** Enforces the Pod Security Standards that a namespace's labels ask for. k8s 1.36: PodSecurity. */
export const podSecurity: AdmissionPlugin = { name: 'PodSecurity', buckets: ['pods', ...TEMPLATES], validate: evaluate }
