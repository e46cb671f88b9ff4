import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '../../apimachinery/generated/types.ts'
import { randomSuffix } from '../../apimachinery/names.ts'
import { lookUp } from '../rest/context.ts'
import { deny, writes } from './forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const MIRROR = 'kubernetes.io/config.mirror'
/** A token lives an hour, and a little for skewed clocks. k8s 1.36: WarnOnlyBoundTokenExpirationSeconds. */
const TOKEN_SECONDS = 3607

function admit(attributes: AdmissionAttributes): Pod | void {
  if (!writes(attributes, 'pods', 'CREATE')) return
  const pod = attributes.object as Pod
  if (pod.metadata.annotations?.[MIRROR] !== undefined) return
  const name = pod.spec?.serviceAccountName || 'default'
  const account = accountOf(attributes, name)
  let spec: PodSpec = { ...(pod.spec ?? { containers: [] }), serviceAccountName: name, serviceAccount: name }
  const mounts = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
  if (mounts) spec = withTokenVolume(attributes, spec)
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
    spec = { ...spec, imagePullSecrets: account.imagePullSecrets }
  return { ...pod, spec }
}

function accountOf(attributes: AdmissionAttributes, name: string): ServiceAccount {
  const { registry, request } = attributes.scope
  const namespace = request.namespace ?? ''
  const account = lookUp<ServiceAccount>(registry, 'serviceaccounts', namespace, name)
  if (!account)
    throw deny(
      attributes,
      `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
    )
  return account
}

const hasMount = (container: Container) => container.volumeMounts?.some((m) => m.mountPath === MOUNT_PATH) ?? false

/** Adds the projected token volume to every container that has nothing at its place yet. */
function withTokenVolume({ scope }: AdmissionAttributes, spec: PodSpec): PodSpec {
  const present = spec.volumes?.find((v) => v.name.startsWith('kube-api-access-'))
  const random = scope.registry.sim.random('apiserver/names')
  const name = present?.name ?? `kube-api-access-${randomSuffix((bound) => random.int(bound))}`
  let needed = false
  const mount = <T extends Container>(containers: readonly T[]): readonly T[] =>
    containers.map((container) => {
      if (hasMount(container)) return container
      needed = true
      return { ...container, volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }] }
    })
  const containers = mount(spec.containers)
  const initContainers = spec.initContainers && mount(spec.initContainers)
  if (!needed) return spec
  return {
    ...spec,
    containers,
    ...(initContainers ? { initContainers } : {}),
    volumes: present ? spec.volumes : [...(spec.volumes ?? []), tokenVolume(name)],
  }
}

const NAMESPACE_ITEM = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }
/** One for all pods. */
const TOKEN_FILES: Volume['projected'] = {
  defaultMode: 0o644,
  sources: [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [NAMESPACE_ITEM] } },
  ],
}

function tokenVolume(name: string): Volume {
  return { name, projected: TOKEN_FILES }
}

function validate(attributes: AdmissionAttributes): void {
  if (!writes(attributes, 'pods', 'CREATE')) return
  const pod = attributes.object as Pod
  if (pod.metadata.annotations?.[MIRROR] !== undefined) {
    if (pod.spec?.serviceAccountName) throw deny(attributes, 'a mirror pod may not reference service accounts')
    if (pod.spec?.volumes?.some((v) => v.secret)) throw deny(attributes, 'a mirror pod may not reference secrets')
    return
  }
  const account = accountOf(attributes, pod.spec?.serviceAccountName ?? '')
  if (account.metadata.annotations?.['kubernetes.io/enforce-mountable-secrets'] !== 'true') return
  const allowed = new Set(account.secrets?.map((s) => s.name))
  for (const volume of pod.spec?.volumes ?? []) {
    const secret = volume.secret?.secretName
    if (secret && !allowed.has(secret))
      throw deny(
        attributes,
        `volume with secret.secretName=${JSON.stringify(secret)} is not allowed because service account ${account.metadata.name ?? ''} does not reference that secret`,
      )
  }
}

/** Gives pods a service account and its token. k8s 1.36: ServiceAccount. */
export const serviceAccountAdmission: AdmissionPlugin = { name: 'ServiceAccount', buckets: ['pods'], admit, validate }
