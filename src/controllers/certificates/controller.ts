import { isNotFound } from '../../apimachinery/errors.ts'
import { certificatesigningrequests } from '../../apimachinery/generated/resources.ts'
import type { CertificateSigningRequest } from '../../apimachinery/generated/types.ts'
import { encodeBase64 } from '../../apiserver/kinds/shared/base64.ts'
import { ControllerLoop } from '../../client/controller.ts'
import { formatTime, parseTime } from '../../sim/time.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { isToBeSigned, keptMs, signingProblem } from './signing.ts'

const WORKERS = 5

/** Signs approved requests. k8s 1.36: pkg/controller/certificates/signer. */
export function certificateSigningController(context: ControllerContext): Controller {
  const client = context.client('certificate-controller')
  const informer = context.informers.for(certificatesigningrequests)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'csrsigning',
    workers: WORKERS,
    *reconcile(name) {
      const csr = informer.get('', name)
      if (!csr || !isToBeSigned(csr)) return
      const message = signingProblem(csr)
      const lastUpdateTime = formatTime(context.sim.now)
      const refusal = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message, lastUpdateTime }
      const status =
        message === ''
          ? { ...csr.status, certificate: certificateFor(csr) }
          : { ...csr.status, conditions: [...(csr.status?.conditions ?? []), refusal] }
      yield* client.updateStatus(certificatesigningrequests, { ...csr, status })
    },
  })
  const consider = (csr: CertificateSigningRequest) => {
    if (isToBeSigned(csr)) loop.queue.add(csr.metadata.name ?? '')
  }
  informer.addHandler({ onAdd: consider, onUpdate: consider })
  return controllerFrom('certificatesigningrequest-signing-controller', [loop])
}

/** SIMPLIFIED: of the right form, but nothing in the simulation checks signatures. */
function certificateFor({ metadata, spec }: CertificateSigningRequest): string {
  const body = encodeBase64(
    `Kubarium simulated certificate for ${spec.username ?? ''}, ${metadata.name ?? ''} ${metadata.uid ?? ''}`,
  )
  return encodeBase64(`-----BEGIN CERTIFICATE-----\n${body.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`)
}

/** Deletes old requests. k8s 1.36: pkg/controller/certificates/cleaner. */
export function certificateCleaner(context: ControllerContext): Controller {
  const { sim } = context
  const client = context.client('certificate-controller')
  const informer = context.informers.for(certificatesigningrequests)
  const expiresMs = (csr: CertificateSigningRequest) => parseTime(csr.metadata.creationTimestamp ?? '') + keptMs(csr)
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'csrcleaner',
    workers: 1,
    *reconcile(name) {
      const csr = informer.get('', name)
      if (!csr) return
      const leftMs = expiresMs(csr) - sim.now
      if (leftMs > 0) return loop.queue.addAfter(name, leftMs)
      try {
        yield* client.delete(certificatesigningrequests, '', name)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  })
  const schedule = (csr: CertificateSigningRequest) =>
    loop.queue.addAfter(csr.metadata.name ?? '', Math.max(0, expiresMs(csr) - sim.now))
  informer.addHandler({ onAdd: schedule, onUpdate: schedule })
  return controllerFrom('certificatesigningrequest-cleaner-controller', [loop])
}
