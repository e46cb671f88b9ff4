import { isConflict, isNotFound } from '../../apimachinery/errors.ts'
import { configmaps, pods, secrets, serviceaccounts } from '../../apimachinery/generated/resources.ts'
import type { Pod, Secret, ServiceAccount } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import { formatTime, parseTime } from '../../sim/time.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'

const TYPE = 'kubernetes.io/service-account-token'
const NAME = 'kubernetes.io/service-account.name'
const LAST_USED = 'kubernetes.io/legacy-token-last-used'
const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since'
const DAY_MS = 24 * 3_600_000
/** k8s 1.36: LegacySATokenCleaner CleanUpPeriod. */
const UNUSED_MS = 365 * DAY_MS
const dateOf = (ms: number) => formatTime(ms).slice(0, 10)

/** What the cleaner does about a token that was made on its own for an account. k8s 1.36: evaluateSATokens. */
export function planLegacyToken(
  secret: Secret,
  account: ServiceAccount | undefined,
  isMounted: boolean,
  nowMs: number,
): 'keep' | 'mark' | 'delete' {
  const keepSince = dateOf(nowMs - UNUSED_MS)
  const { labels = {}, creationTimestamp = '' } = secret.metadata
  if (secret.type !== TYPE || parseTime(creationTimestamp) >= nowMs - UNUSED_MS) return 'keep'
  const lastUsed = labels[LAST_USED]
  if (lastUsed !== undefined && !(lastUsed < keepSince)) return 'keep'
  if (!account?.secrets?.some(({ name }) => name === secret.metadata.name) || isMounted) return 'keep'
  const since = labels[INVALID_SINCE] ?? ''
  if (!/^\d{4}-\d\d-\d\d$/.test(since)) return 'mark'
  return since >= keepSince ? 'keep' : 'delete'
}

/** Invalidates, and a year later deletes, tokens in Secrets that nobody has used for a year. */
export function legacyTokenCleaner(context: ControllerContext): Controller {
  const { sim } = context
  const client = context.client('legacy-service-account-token-cleaner')
  const secretInformer = context.informers.for(secrets)
  const accounts = context.informers.for(serviceaccounts)
  const podInformer = context.informers.for(pods)
  const maps = context.informers.for(configmaps)
  const isMounted = ({ metadata }: Secret) =>
    [...podInformer.list()].some((pod) => pod.metadata.namespace === metadata.namespace && mountsSecret(pod, metadata.name ?? ''))
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'legacy_service_account_token_cleaner',
    workers: 1,
    *reconcile(key) {
      const secret = secretInformer.getByKey(key)
      if (!secret) return
      // It looks around once a day.
      loop.queue.addAfter(key, DAY_MS)
      const since = maps.get('kube-system', 'kube-apiserver-legacy-service-account-token-tracking')?.data?.['since']
      if (since === undefined || sim.now < parseTime(`${since}T00:00:00Z`) + DAY_MS + UNUSED_MS) return
      const { namespace, name } = splitKey(key)
      const account = accounts.get(namespace, secret.metadata.annotations?.[NAME] ?? '')
      const plan = planLegacyToken(secret, account, isMounted(secret), sim.now)
      const { uid, resourceVersion } = secret.metadata
      try {
        if (plan === 'mark') {
          const metadata = { uid, labels: { [INVALID_SINCE]: dateOf(sim.now) } }
          yield* client.patch(secrets, namespace, name, { metadata }, 'merge')
        } else if (plan === 'delete') yield* client.delete(secrets, namespace, name, { preconditions: { resourceVersion } })
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error
      }
    },
  })
  const consider = (secret: Secret) => {
    const ageMs = sim.now - parseTime(secret.metadata.creationTimestamp ?? '')
    if (secret.type === TYPE) loop.queue.addAfter(keyOf(secret), Math.max(0, UNUSED_MS - ageMs))
  }
  secretInformer.addHandler({ onAdd: consider })
  return controllerFrom('legacy-serviceaccount-token-cleaner-controller', [loop])
}

function mountsSecret({ spec }: Pod, name: string): boolean {
  if (spec?.volumes?.some(({ secret }) => secret?.secretName === name)) return true
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(
    ({ env = [], envFrom = [] }) =>
      env.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name === name) ||
      envFrom.some(({ secretRef }) => secretRef?.name === name),
  )
}
