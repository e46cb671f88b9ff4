import { isNotFound } from '../../apimachinery/errors.ts'
import { secrets } from '../../apimachinery/generated/resources.ts'
import type { Secret } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import { parseTime } from '../../sim/time.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'

const NAMESPACE = 'kube-system'
const TYPE = 'bootstrap.kubernetes.io/token'

/** When a bootstrap token ends, milliseconds since the epoch; null when it never does. A time that can't be read is past. */
export function expiryOf(secret: Secret): number | null {
  const encoded = secret.data?.['expiration']
  if (!encoded) return null
  const ms = parseTime(decodeBase64(encoded))
  return Number.isNaN(ms) ? -Infinity : ms
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 of ASCII text. */
function decodeBase64(encoded: string): string {
  let out = ''
  let bits = 0
  let count = 0
  for (const digit of encoded.replace(/=+$/, '')) {
    bits = (bits << 6) | DIGITS.indexOf(digit)
    count += 6
    if (count < 8) continue
    count -= 8
    out += String.fromCharCode((bits >> count) & 255)
  }
  return out
}

/** Deletes bootstrap tokens when they expire. k8s 1.36: pkg/controller/bootstrap TokenCleaner. */
export function tokenCleaner(context: ControllerContext): Controller {
  const { sim } = context
  const client = context.client('token-cleaner')
  const informer = context.informers.for(secrets)
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'token_cleaner',
    workers: 1,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const secret = informer.get(namespace, name)
      const expiresMs = secret && secret.type === TYPE ? expiryOf(secret) : null
      if (!secret || expiresMs === null) return
      if (expiresMs > sim.now) return loop.queue.addAfter(key, expiresMs - sim.now)
      try {
        yield* client.delete(secrets, namespace, name, { preconditions: { uid: secret.metadata.uid } })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  })
  const enqueue = (secret: Secret) => {
    if (secret.type === TYPE && secret.metadata.namespace === NAMESPACE) loop.queue.add(keyOf(secret))
  }
  informer.addHandler({ onAdd: enqueue, onUpdate: enqueue })
  return controllerFrom('token-cleaner-controller', [loop])
}
