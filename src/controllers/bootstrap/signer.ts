import { isConflict, isNotFound } from '../../apimachinery/errors.ts'
import { configmaps, secrets } from '../../apimachinery/generated/resources.ts'
import type { ConfigMap, Secret } from '../../apimachinery/generated/types.ts'
import { hmacSha256, utf8 } from '../../apimachinery/sha256.ts'
import { decodeBase64, encodeBase64 } from '../../apiserver/kinds/shared/base64.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { expiryOf } from './token-cleaner.ts'

const PUBLIC = 'kube-public'
const CLUSTER_INFO = 'cluster-info'
const SECRETS = 'kube-system'
const TYPE = 'bootstrap.kubernetes.io/token'
const PREFIX = 'jws-kubeconfig-'

const url = (base64: string) => base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const bytesToText = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')

/**
 * A JSON web signature without its payload: header, nothing, HMAC with the token's secret.
 * k8s 1.36: cluster-bootstrap token/jws ComputeDetachedSignature.
 */
export function detachedSignature(content: string, tokenId: string, tokenSecret: string): string {
  const header = url(encodeBase64(JSON.stringify({ alg: 'HS256', kid: tokenId })))
  const payload = url(encodeBase64(content))
  const mac = hmacSha256(utf8(tokenSecret), utf8(`${header}.${payload}`))
  return `${header}..${url(btoaBytes(bytesToText(mac)))}`
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 of bytes given as characters. */
function btoaBytes(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; i += 3) {
    const word = (text.charCodeAt(i) << 16) | ((text.charCodeAt(i + 1) || 0) << 8) | (text.charCodeAt(i + 2) || 0)
    for (let part = 0; part < 4; part++) out += i + part > text.length ? '=' : DIGITS.charAt((word >> (18 - 6 * part)) & 63)
  }
  return out
}

/** Token id and secret of a Secret that may sign, null of any other. k8s 1.36: validateSecretForSigning. */
export function signingToken({ type, metadata, data }: Secret, nowMs: number): { id: string; secret: string } | null {
  const read = (key: string) => decodeBase64(data?.[key] ?? '')
  const id = read('token-id')
  const secret = read('token-secret')
  if (type !== TYPE || metadata.name !== `bootstrap-token-${id}` || secret === '') return null
  if (read('usage-bootstrap-signing') !== 'true') return null
  const expiresMs = expiryOf({ type, metadata, data })
  return expiresMs !== null && expiresMs <= nowMs ? null : { id, secret }
}

/** The ConfigMap with a signature for each token; null if it has them already. k8s 1.36: Signer signConfigMap. */
export function signed(map: ConfigMap, tokens: readonly { readonly id: string; readonly secret: string }[]): ConfigMap | null {
  const content = map.data?.['kubeconfig']
  if (content === undefined) return null
  const old = Object.entries(map.data ?? {})
  const bare = old.filter(([key]) => !key.startsWith(PREFIX))
  const fresh = tokens.map(({ id, secret }) => [`${PREFIX}${id}`, detachedSignature(content, id, secret)] as const)
  const right = old.length === bare.length + fresh.length && fresh.every(([key, value]) => map.data?.[key] === value)
  return right ? null : { ...map, data: Object.fromEntries([...bare, ...fresh]) }
}

/** Signs what joining nodes are told of the cluster, once for each bootstrap token. k8s 1.36: pkg/controller/bootstrap Signer. */
export function bootstrapSigner(context: ControllerContext): Controller {
  const client = context.client('bootstrap-signer')
  const maps = context.informers.for(configmaps)
  const secretInformer = context.informers.for(secrets)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'bootstrap_signer_queue',
    workers: 1,
    *reconcile() {
      const map = maps.get(PUBLIC, CLUSTER_INFO)
      const tokens = [...secretInformer.list()].flatMap((secret) =>
        secret.metadata.namespace === SECRETS ? (signingToken(secret, context.sim.now) ?? []) : [],
      )
      const next = map && signed(map, tokens)
      if (!next) return
      try {
        yield* client.update(configmaps, next)
      } catch (error) {
        // The change that was missed brings the key back.
        if (!isConflict(error) && !isNotFound(error)) throw error
      }
    },
  })
  const wake = () => loop.queue.add(CLUSTER_INFO)
  const onMap = ({ metadata }: ConfigMap) => {
    if (metadata.namespace === PUBLIC && metadata.name === CLUSTER_INFO) wake()
  }
  const onSecret = ({ type, metadata }: Secret) => {
    if (type === TYPE && metadata.namespace === SECRETS) wake()
  }
  maps.addHandler({ onAdd: onMap, onUpdate: onMap })
  secretInformer.addHandler({ onAdd: onSecret, onUpdate: onSecret, onDelete: onSecret })
  return controllerFrom('bootstrap-signer-controller', [loop])
}
