import { isConflict, isNotFound } from '../../apimachinery/errors.ts'
import { configmaps, secrets, serviceaccounts } from '../../apimachinery/generated/resources.ts'
import type { AuthenticationV1TokenRequest, Secret, ServiceAccount } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey, type KubeObject } from '../../apimachinery/resource.ts'
import { encodeBase64 } from '../../apiserver/kinds/shared/base64.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'

const TYPE = 'kubernetes.io/service-account-token'
const NAME = 'kubernetes.io/service-account.name'
const UID = 'kubernetes.io/service-account.uid'
/** SIMPLIFIED: tokens in Secrets are bound to their Secret and end after a hundred years; the old ones knew neither. */
const LIFE_SECONDS = 100 * 365 * 24 * 3600

/** What has to be done about a Secret that is to hold an account's token. k8s 1.36: serviceaccount tokens_controller syncSecret. */
export function planTokenSecret(secret: Secret, account: ServiceAccount | undefined): 'keep' | 'delete' | 'fill' {
  const uid = secret.metadata.annotations?.[UID]
  if (!account || (uid !== undefined && uid !== '' && uid !== account.metadata.uid)) return 'delete'
  const { token, namespace, ['ca.crt']: ca } = secret.data ?? {}
  return token && namespace && ca && uid === account.metadata.uid ? 'keep' : 'fill'
}

/** Puts tokens into Secrets that ask for one, and removes those whose account is gone. k8s 1.36: serviceaccount-token-controller. */
export function serviceAccountTokenController(context: ControllerContext): Controller {
  const client = context.client('tokens-controller')
  const secretInformer = context.informers.for(secrets)
  const accounts = context.informers.for(serviceaccounts)
  const maps = context.informers.for(configmaps)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'serviceaccount_tokens_secret',
    workers: 5,
    *reconcile(key) {
      const secret = secretInformer.getByKey(key)
      if (!secret || secret.metadata.deletionTimestamp !== undefined) return
      const { namespace, name } = splitKey(key)
      const account = accounts.get(namespace, secret.metadata.annotations?.[NAME] ?? '')
      const plan = planTokenSecret(secret, account)
      try {
        if (plan === 'delete') yield* client.delete(secrets, namespace, name, { preconditions: { uid: secret.metadata.uid } })
        if (plan !== 'fill' || !account) return
        const bound = { apiVersion: 'v1', kind: 'Secret', name, uid: secret.metadata.uid }
        const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {} }
        const spec = { audiences: [], expirationSeconds: LIFE_SECONDS, boundObjectRef: bound }
        const body = { ...request, spec } as KubeObject
        const answer = yield* client.createSubresource(serviceaccounts, namespace, account.metadata.name ?? '', 'token', body)
        const token = (answer as AuthenticationV1TokenRequest).status?.token ?? ''
        const ca = maps.get(namespace, 'kube-root-ca.crt')?.data?.['ca.crt'] ?? ''
        const annotations = { ...secret.metadata.annotations, [UID]: account.metadata.uid ?? '' }
        const data = {
          ...secret.data,
          token: encodeBase64(token),
          namespace: encodeBase64(namespace),
          'ca.crt': encodeBase64(ca),
        }
        yield* client.update(secrets, { ...secret, metadata: { ...secret.metadata, annotations }, data })
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error
      }
    },
  })
  const consider = (secret: Secret) => {
    if (secret.type === TYPE) loop.queue.add(keyOf(secret))
  }
  const ofAccount = ({ metadata }: ServiceAccount) => {
    for (const secret of secretInformer.list())
      if (
        secret.type === TYPE &&
        secret.metadata.namespace === metadata.namespace &&
        secret.metadata.annotations?.[NAME] === metadata.name
      )
        consider(secret)
  }
  secretInformer.addHandler({ onAdd: consider, onUpdate: consider })
  accounts.addHandler({ onAdd: ofAccount, onDelete: ofAccount })
  return controllerFrom('serviceaccount-token-controller', [loop])
}
